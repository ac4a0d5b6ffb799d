# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""libFuzzer: its command line, and what its processes say they have done."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

from vvs_tools.targets import Target

INPUT_TIMEOUT_S = 10
NEVER_S = 10**9
RSS_LIMIT_MB = 2048
INTERRUPTED = 72  # its exit code after SIGTERM
TAIL_BYTES = 1 << 16

STATUS = re.compile(r"^#(\d+)\t\S+\s+cov: (\d+)", re.MULTILINE)
EXECUTED = re.compile(r"^stat::number_of_executed_units: (\d+)", re.MULTILINE)
LAST_WORD = "stat::peak_rss_mb"
WRITTEN = re.compile(r"Test unit written to (.+)$", re.MULTILINE)
LOADED = re.compile(r"^#\d+\tINITED", re.MULTILINE)


def command(
    target: Target,
    preset: str,
    seconds: int,
    artifacts: Path,
    corpora: Sequence[Path],
    *,
    seed: int = 0,
    runs: int = -1,
) -> list[str | Path]:
    """Found inputs go to the first of `corpora`; the others are only read. PRNG seed 0 is any, -1 runs are
    without end."""
    dictionary = [f"-dict={target.dictionary}"] if target.dictionary.exists() else []
    # What is bound by inputs follows from them alone; else other jobs' inputs are taken in each second.
    alone = ["-reload=0"] if runs >= 0 else []
    return [
        target.engine(preset),
        f"-seed={seed}",
        f"-runs={runs}",
        f"-max_total_time={seconds}",
        f"-max_len={target.max_len}",
        f"-artifact_prefix={artifacts}/",
        f"-timeout={INPUT_TIMEOUT_S}",
        f"-report_slow_units={NEVER_S}",  # by the wall clock, which may jump; what is too slow is a timeout
        f"-rss_limit_mb={RSS_LIMIT_MB}",
        "-reduce_inputs=0",  # it searches each counter among those of the parent, and rewrites files
        # How often an edge is taken tells little of inputs that are built by structure: a fifth of the corpus
        # and a fifth more executions without, and bugs are found as soon.
        "-use_counters=0",
        "-print_final_stats=1",
        *alone,
        *dictionary,
        *corpora,
    ]


@dataclass
class Numbers:
    """What was done, by one process or by many of one target."""

    seconds: float = 0.0
    executions: int = 0
    edges: int = 0
    generated: int = 0  # of the executed inputs: made by the mutator
    parsed: int = 0  # of those: reached a packet
    tags: Counter[str] = field(default_factory=Counter)
    places: frozenset[int] = frozenset()  # of lib/, which they reached: addresses in the program's file
    compared: int = 0  # of those generated: had something to compare with another form of them

    def __add__(self, other: Self) -> "Numbers":
        return Numbers(
            self.seconds + other.seconds,
            self.executions + other.executions,
            max(self.edges, other.edges),
            self.generated + other.generated,
            self.parsed + other.parsed,
            Counter({tag: self.tags[tag] + other.tags[tag] for tag in {**self.tags, **other.tags}}),
            self.places | other.places,
            self.compared + other.compared,
        )

    def as_object(self) -> dict[str, Any]:
        told = {each.name: getattr(self, each.name) for each in fields(self)}
        return told | {"tags": dict(self.tags), "places": sorted(self.places)}

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Self:
        return cls(**{**told, "tags": Counter(told["tags"]), "places": frozenset(told["places"])})

    @property
    def per_second(self) -> float:
        return self.executions / self.seconds if self.seconds else 0.0

    def share(self, count: int) -> float | None:
        """Of the generated inputs; None where the target has none, or does not count them."""
        return round(count / self.generated, 4) if self.generated else None


def log_tail(log: Path) -> str:
    """The end of a log, which may be long."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - TAIL_BYTES))
        return file.read().decode(errors="replace")


def stats_of(log: Path) -> Path:
    """Where the process with this log is to write its statistics (VVS_STATS, fuzz/driver/stats.h)."""
    return log.with_suffix(".json")


def artifact(log: Path) -> Path | None:
    """The input that ended the process, if one did."""
    found = WRITTEN.search(log_tail(log))
    path = Path(found[1]) if found else None
    return path if path and path.exists() else None


def counted(log: Path) -> Numbers:
    """What the target itself has written down, once a second."""
    stats = stats_of(log)
    told = json.loads(stats.read_text()) if stats.exists() else {}
    return Numbers(
        executions=told.get("inputs", 0),
        generated=told.get("generated", 0),
        parsed=told.get("parsed_inputs", 0),
        tags=Counter(told.get("tags", {})),
        places=frozenset(told.get("places", ())),
        compared=told.get("compared_inputs", 0),
    )


def read(log: Path, seconds: float) -> Numbers:
    """Of one process, while it runs (some of it up to a second old) or after."""
    text = log_tail(log)
    numbers = counted(log)
    status = STATUS.findall(text)
    last, edges = map(int, status[-1]) if status else (0, 0)
    executed = EXECUTED.search(text)
    executions = int(executed[1]) if executed else max(last, numbers.executions)
    return replace(numbers, seconds=seconds, executions=executions, edges=edges)


def is_complete(log: Path) -> bool:
    """Whether the process has said its last word. Told to end inside of malloc, it hangs behind it."""
    return LAST_WORD in log_tail(log)


def loaded(log: Path) -> bool:
    """Whether it came past the inputs that it was given."""
    with log.open(errors="replace") as file:
        return any(LOADED.match(line) for line in file)
