# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""C sources as clang reads them: each expression and statement with its place in the text."""

import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vvs_tools import process
from vvs_tools.console import Exit, Stop

Json = dict[str, Any]


@dataclass(frozen=True)
class Span:
    """Part of a file, by characters."""

    file: Path
    begin: int
    end: int


@dataclass
class Node:
    """One node. What a macro makes has several spans: where it is written, and where the macro is used."""

    kind: str
    data: Json
    spans: list[Span]
    children: list["Node"] = field(default_factory=list)

    def walk(self) -> Iterator["Node"]:
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass
class Function:
    """A function, or a variable of file scope, of the files looked at."""

    name: str
    node: Node


class Reader:
    """Turns clang's JSON into nodes. It names a file only where it differs from the one before, so places
    have to be read in the order in which they were printed."""

    def __init__(self, texts: dict[Path, str]) -> None:
        self.texts = texts
        self.file = Path()

    def place(self, bare: Json) -> tuple[Path, int, int]:
        """File, first character and end of a token."""
        if "file" in bare:
            self.file = Path(bare["file"])
        offset = bare.get("offset", -1)
        return self.file, offset, offset + bare.get("tokLen", 0)

    def places(self, loc: Json) -> list[tuple[Path, int, int]]:
        """Where a token may be said to be, the text it is written in first; none outside the files."""
        found = []
        if "spellingLoc" in loc:
            found.append(self.place(loc["spellingLoc"]))
            found.append(self.call(*self.place(loc["expansionLoc"])))
        else:
            found.append(self.place(loc))
        return [each for each in found if each[0] in self.texts and each[1] >= 0]

    def call(self, file: Path, begin: int, end: int) -> tuple[Path, int, int]:
        """The use of a macro, with its arguments if it has some."""
        text = self.texts.get(file, "")
        return (file, begin, closing(text, end)) if text[end : end + 1] == "(" else (file, begin, end)

    def read(self, data: Json) -> Node:
        spans = []
        for key, value in data.items():
            if key == "loc" or (key in ("begin", "end") and isinstance(value, dict)):
                self.places(value)
            elif key == "range":
                spans = self.between(self.places(value["begin"]), self.places(value["end"]))
        node = Node(data.get("kind", ""), data, spans)
        # A part that is not there, as a loop's initialisation, keeps its place.
        node.children = [self.read(child) for child in data.get("inner", ())]
        return node

    @staticmethod
    def between(begins: list[tuple[Path, int, int]], ends: list[tuple[Path, int, int]]) -> list[Span]:
        spans = [Span(b[0], b[1], e[2]) for b in begins for e in ends if b[0] == e[0] and b[1] < e[2]]
        return list(dict.fromkeys(spans))


def closing(text: str, opening: int) -> int:
    """The character behind the parenthesis that closes the one at `opening`."""
    depth = 0
    for at in range(opening, len(text)):
        depth += (text[at] == "(") - (text[at] == ")")
        if depth == 0:
            return at + 1
    return opening


def balanced(text: str) -> bool:
    depth = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        if depth < 0:
            return False
    return depth == 0


def dump(argv: Sequence[str], folder: Path) -> Json:
    """clang's tree of a source; `argv` compiles it."""
    command = [*argv, "-fsyntax-only", "-w", "-Xclang", "-ast-dump=json"]
    done = subprocess.run(process.command_line(command), cwd=folder, capture_output=True)
    if done.returncode:
        raise Stop(
            Exit.SETUP,
            f"clang can't read {argv[-1]}; repeat: scripts/test --stage unit\n"
            f"{done.stderr.decode(errors='replace').strip()}",
        )
    return json.loads(done.stdout)


def has_body(node: Node) -> bool:
    kinds = {child.kind for child in node.children}
    if node.kind == "FunctionDecl":
        return "CompoundStmt" in kinds
    return node.kind == "VarDecl" and bool(node.children)


def functions(tree: Json, texts: dict[Path, str], chosen: Callable[[Path], bool]) -> Iterator[Function]:
    """What is defined in the chosen files among `texts`, in the order of the text."""
    reader = Reader(texts)
    for child in tree["inner"]:
        node = reader.read(child)
        if has_body(node) and any(chosen(span.file) for span in node.spans):
            yield Function(node.data.get("name", ""), node)
