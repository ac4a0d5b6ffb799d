# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Inputs that fail: their names, what kind of fault it is, and the command that shows it again."""

import hashlib
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from vvs_tools import TOP

ORACLE = re.compile(r"^oracle ([\w-]+): ", re.MULTILINE)
LEAK = re.compile(r"^(?:==\d+==)?ERROR: LeakSanitizer", re.MULTILINE)
SUMMARY = re.compile(r"^SUMMARY: (?:\w+Sanitizer|libFuzzer): ([\w-]+(?: (?:signal|race))?)", re.MULTILINE)
REPORT = re.compile(
    r"^(oracle [\w-]+: .+|.*runtime error: .+|==\d+==\s*(?:ERROR|WARNING): .+|WARNING: ThreadSanitizer: .+)$",
    re.MULTILINE,
)
REPLAYED = re.compile(r"^replay: finding in (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Finding:
    """One input that fails."""

    file: Path
    kind: str
    command: str
    report: str = ""  # the line that says what is wrong
    token: str = ""  # equal for those that are one (tokens.py)
    doubt: str = ""  # why it may be none

    def as_object(self) -> dict[str, str]:
        told = {"file": shown(self.file), "kind": self.kind, "token": self.token, "command": self.command}
        return told | ({"doubt": self.doubt} if self.doubt else {})


def shown(path: Path) -> str:
    """As a person types it in the checkout."""
    return str(path.relative_to(TOP) if path.is_relative_to(TOP) else path)


def kind_of(text: str) -> str:
    """The oracle's name, or a sanitizer's class of error, from what a failing program printed."""
    if found := ORACLE.search(text):
        return found[1]
    if LEAK.search(text):
        return "memory-leak"
    if found := SUMMARY.search(text):
        return found[1].replace(" ", "-")
    return "undefined-behavior" if " runtime error: " in text else "crash"


def report_of(text: str) -> str:
    found = REPORT.search(text)
    return found[1].strip() if found else ""


def replayed(text: str) -> Path | None:
    """The input that a replay program says it failed on."""
    found = REPLAYED.search(text)
    return Path(found[1]) if found else None


def repro_command(path: Path, target: str, preset: str) -> str:
    """Says of target and preset only what scripts/repro would not find out itself."""
    argv = ["scripts/repro", shown(path)]
    if target not in path.parts:
        argv += ["--target", target]
    if preset != "unit":
        argv += ["--preset", preset]
    return shlex.join(argv)


def name_of(content: bytes) -> str:
    """What libFuzzer names an input with this content."""
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def content_name(path: Path) -> str:
    return name_of(path.read_bytes())


def is_cut_off(path: Path) -> bool:
    """Whether a file that libFuzzer named by its content was not written to its end."""
    return path.name.rpartition("-")[2] != content_name(path)


def drop_cut_off(corpus: Path) -> int:
    """Remove the entries that a killed process or a full disk left half written; how many."""
    broken = [path for path in corpus.iterdir() if path.is_file() and is_cut_off(path)]
    for path in broken:
        path.unlink()
    return len(broken)
