# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What a campaign asks of an engine, and libFuzzer behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from vvs_tools import engine, process
from vvs_tools.engine import Numbers
from vvs_tools.targets import Target


@dataclass(frozen=True)
class Run:
    """One process of an engine on one target. It ends by a finding of its own, or when its time is over."""

    target: Target
    preset: str
    log: Path
    artifacts: Path
    corpora: Sequence[Path]  # found inputs go to the first; the others are only read
    seconds: int
    seed: int
    most: int = -1  # inputs; negative without end
    others: int = 0  # processes that work on the same target already
    known: Path | None = None  # tokens, a line each, behind which it goes on where the engine can


def known_to(tokens: Path | None) -> dict[str, str]:
    """The environment of a process that goes on behind these (fuzz/driver/known.h)."""
    return {"VVS_KNOWN": str(tokens)} if tokens else {}


class Engine(Protocol):
    """Files of a process lie beside its log, from which they are found again."""

    name: str
    goes_on: bool  # a process leaves an input behind whose report is known
    floor_factor: float  # of the shares in fuzz/targets.json, which are what libFuzzer comes to
    presets: ClassVar[Mapping[str, tuple[str, str]]]  # by sanitizer: whose engine, whose replay

    def programs(self, target: Target, preset: str) -> list[str]:
        """What is to be built for a target."""

    def start(self, run: Run, base: Mapping[str, str]) -> tuple[list[str | Path], dict[str, str]]:
        """The command line, and what the environment `base` needs besides."""

    def read(self, log: Path, seconds: float) -> Numbers:
        """What it has done, while it runs or after."""

    def is_complete(self, log: Path) -> bool:
        """Whether it has said its last word, behind which it may hang."""

    def end(self, run: Run) -> dict[Path, str]:
        """Called once behind its end: the inputs that failed, in `run.artifacts`, with what was printed."""

    def loaded(self, log: Path) -> bool:
        """Whether it came past the inputs that it was given."""

    def complaint(self, log: Path, code: int) -> str:
        """Why it ended without a finding before its time; empty where it did not."""

    def recover(self, runs: Path, corpus: Path, artifacts: Path) -> None:
        """Keep what processes with logs in `runs` found and nobody has asked them for."""


class LibFuzzer:
    """Writes what it finds to where it belongs at once."""

    name = "libfuzzer"
    goes_on = True
    floor_factor = 1.0
    presets: ClassVar = {
        "address": ("fuzz", "unit"),
        "memory": ("fuzz-msan", "unit-msan"),
        "thread": ("fuzz-tsan", "unit-tsan"),
    }

    def programs(self, target: Target, preset: str) -> list[str]:
        return [target.engine(preset).name]

    def start(self, run: Run, base: Mapping[str, str]) -> tuple[list[str | Path], dict[str, str]]:
        argv = engine.command(
            run.target, run.preset, run.seconds, run.artifacts, run.corpora, seed=run.seed, runs=run.most
        )
        return argv, {"VVS_STATS": str(engine.stats_of(run.log))} | known_to(run.known)

    def read(self, log: Path, seconds: float) -> Numbers:
        return engine.read(log, seconds)

    def is_complete(self, log: Path) -> bool:
        return engine.is_complete(log)

    def end(self, run: Run) -> dict[Path, str]:
        artifact = engine.artifact(run.log)
        return {artifact: engine.log_tail(run.log)} if artifact else {}

    def loaded(self, log: Path) -> bool:
        return engine.loaded(log)

    def complaint(self, log: Path, code: int) -> str:
        ended_well = code in (0, engine.INTERRUPTED, process.TIMED_OUT)
        return "" if ended_well else f"exits {code} without a finding: {process.tail(log, 1)}"

    def recover(self, runs: Path, corpus: Path, artifacts: Path) -> None:
        pass
