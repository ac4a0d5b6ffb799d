# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Which lines of lib/src a campaign's inputs run, and how often: its corpora in the coverage build."""

import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vvs_tools import OUT, build, corpus, coverage
from vvs_tools.console import Exit, Progress, Stop
from vvs_tools.targets import Target

WORK = OUT / "report"


@dataclass
class Line:
    """One line of a source."""

    number: int
    text: str
    count: int | None  # None: nothing there can run
    never: list[str] = field(default_factory=list)  # outcomes of its conditions


@dataclass
class Source:
    """One file."""

    name: str
    file: coverage.File
    lines: list[Line]

    @property
    def share(self) -> float:
        return self.file.lines_hit / self.file.lines if self.file.lines else 0.0


@dataclass
class Reached:
    """All of lib/src."""

    sources: list[Source]
    inputs: int
    failed: int  # of those; what they ran before does not count

    @property
    def total(self) -> coverage.File:
        every = [source.file for source in self.sources]
        return coverage.File(
            lines=sum(file.lines for file in every),
            lines_hit=sum(file.lines_hit for file in every),
            branches=sum(file.branches for file in every),
            branches_hit=sum(file.branches_hit for file in every),
        )


def inputs_of(out: Path, target: Target) -> list[Path]:
    """Committed ones it started from, and what the campaign found."""
    found = [path for name in (target.name, *target.borrows) for path in corpus.files(name)]
    working = [out / target.name / name for name in ("corpus", "fresh")]
    return found + sorted(path for folder in working if folder.is_dir() for path in folder.iterdir())


def source_of(path: Path, file: coverage.File) -> Source:
    never = defaultdict(list)
    for line, _, outcome in file.missed_branches:
        never[line].append(outcome)
    lines = [
        Line(number, text, file.counts.get(number), never[number] if file.counts.get(number) else [])
        for number, text in enumerate(path.read_text().splitlines(), 1)
    ]
    return Source(path.name, file, lines)


def replay(out: Path, target: Target, work: Path, progress: Progress) -> tuple[int, int]:
    """How many inputs ran, and how many of those failed."""
    env = os.environ | {"LLVM_PROFILE_FILE": str(work / f"{target.name}-%m.profraw")}
    inputs = inputs_of(out, target)
    failed = 0
    for _ in corpus.replay(coverage.PRESET, target.name, inputs, env):
        failed += 1
        progress.tick(target.name)
    return len(inputs), failed


def measure(out: Path, found: Sequence[Target], progress: Progress) -> Reached:
    programs = [target.replay(coverage.PRESET) for target in found]
    build.build(
        coverage.PRESET, [path.name for path in programs], tick=lambda: progress.tick("building for coverage")
    )
    WORK.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="coverage-", dir=WORK))
    try:
        counts = [replay(out, target, work, progress) for target in found]
        profiles = sorted(work.glob("*.profraw"))
        if not profiles:
            raise Stop(
                Exit.INCONCLUSIVE,
                "no input could be replayed, so no line is known to be reached; try --no-coverage",
            )
        merged = work / "merged.profdata"
        coverage.llvm("llvm-profdata", "merge", "-sparse", *profiles, "-o", merged)
        files = coverage.measure(programs, merged)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    sources = [source_of(coverage.SOURCES / name, file) for name, file in files.items()]
    ran, failed = (sum(each) for each in zip(*counts, strict=True))
    return Reached(sources, ran, failed)
