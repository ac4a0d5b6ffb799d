# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Rules that no packaged tool checks: sizes, licence lines, names, documented symbols, no machine's paths."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from vvs_tools import TOP

MAX_FUNCTION_LINES = 70
MAX_FILE_LINES = 600
MAX_LINE_LENGTH = 100

LICENCE = "SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause"
LICENSED_SUFFIXES = (".c", ".h", ".py", ".rs", ".cmake")

# Words that mean something else here, or several things; the specification's own are used instead.
BANNED_WORDS = {"frame", "node", "fuzzer", "testcase", "master", "slave"}
IDENTIFIER = re.compile(r"\b(?:vvs|VVS)_\w+")

# The brackets keep these from matching themselves.
HOSTS = ("deb[.]debian[.]org", "pypi[.]org", "pythonhosted[.]org", "crates[.]io", "registry[.]npmjs[.]org")
MACHINE = re.compile("|".join((r"/wor[k]/", r"/hom[e]/[a-z]", r"/roo[t]/", *HOSTS)))

DECLARATION = re.compile(r"^(?!typedef|#|\s|/|\*|return)[\w *]*?\b(vvs_\w+)\(", re.MULTILINE)


@dataclass(frozen=True)
class Finding:
    """What is amiss, and where."""

    path: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path.relative_to(TOP)}:{self.line}: {self.text}"


Rule = Callable[[Path, str], Iterator[tuple[int, str]]]


def line_of(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def file_length(_path: Path, text: str) -> Iterator[tuple[int, str]]:
    lines = text.count("\n")
    if lines > MAX_FILE_LINES:
        yield lines, f"{lines} lines, at most {MAX_FILE_LINES} are allowed"


def line_length(_path: Path, text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > MAX_LINE_LENGTH:
            yield number, f"{len(line)} columns, at most {MAX_LINE_LENGTH} are allowed"


def c_function_length(_path: Path, text: str) -> Iterator[tuple[int, str]]:
    """clang-format puts the braces of functions, and no others, in the first column alone."""
    began = 0
    for number, line in enumerate(text.splitlines(), 1):
        if line == "{":
            began = number
        elif line == "}" and began:
            if number - began > MAX_FUNCTION_LINES:
                yield began, f"function of {number - began} lines, at most {MAX_FUNCTION_LINES} are allowed"
            began = 0


def python_function_length(_path: Path, text: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                yield node.lineno, f"{node.name} has {lines} lines, at most {MAX_FUNCTION_LINES} are allowed"


def licence(path: Path, text: str) -> Iterator[tuple[int, str]]:
    """In the first line, or in the second after a #! line; an empty file is nobody's work."""
    if not text:
        return
    head = text.splitlines()[: 2 if text.startswith("#!") else 1]
    if not any(LICENCE in line for line in head):
        yield 1, f"no licence line: {LICENCE}"


def names(_path: Path, text: str) -> Iterator[tuple[int, str]]:
    for match in IDENTIFIER.finditer(text):
        banned = BANNED_WORDS.intersection(match[0].lower().split("_"))
        if banned:
            yield line_of(text, match.start()), f"{match[0]}: the word {banned.pop()} is not used in names"


def documented(_path: Path, text: str) -> Iterator[tuple[int, str]]:
    """A public function's comment stands directly above it and opens with its name. An unbroken run of
    declarations may share a comment that names each, or opens with "vvs_x and its kin"."""
    for match in DECLARATION.finditer(text):
        above = text[: match.start()].rpartition("\n\n")[2]
        comments = re.findall(r"^/\*(.*?)\*/", above, re.DOTALL | re.MULTILINE)
        opening = comments[-1].strip() if comments else ""
        family = re.match(r"vvs_\w+ and its kin\b", opening)
        if not family and not (opening.startswith("vvs_") and re.search(rf"\b{match[1]}\b", opening)):
            yield line_of(text, match.start()), f"{match[1]} has no comment above it that opens with its name"


def one_machine(_path: Path, text: str) -> Iterator[tuple[int, str]]:
    for match in MACHINE.finditer(text):
        yield line_of(text, match.start()), f"{match[0]}: a path of one machine, or a registry's host"


def rules_for(path: Path) -> list[Rule]:
    rules: list[Rule] = [one_machine]
    in_c = path.suffix in (".c", ".h")
    if in_c:
        rules += [file_length, line_length, c_function_length, names]
    if path.suffix == ".rs":
        rules += [file_length, line_length]
    if path.suffix == ".py":
        rules += [file_length, python_function_length]
    if path.suffix in LICENSED_SUFFIXES:
        rules.append(licence)
    if path.is_relative_to(TOP / "lib" / "include") and path.suffix == ".h":
        rules.append(documented)
    return rules


def findings(path: Path) -> Iterator[Finding]:
    """What the rules say of one file; a file that is no text has nothing to say."""
    try:
        text = path.read_text()
    except UnicodeDecodeError:
        return
    for rule in rules_for(path):
        for line, what in rule(path, text):
            yield Finding(path, line, what)
