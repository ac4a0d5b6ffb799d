# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/bench fuzz: executions a second of CPU time, beside what the engine alone does meanwhile."""

import resource
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from vvs_tools import OUT, engine, findings, process, sanitizers, targets
from vvs_tools.console import Exit, Stop

PRESET = "fuzz"
CEILING = "nothing"
ROUNDS = 3
SECONDS = 3
LOG = OUT / "bench" / "fuzz.log"
GOAL = 0.1


@dataclass
class Speed:
    """One target's rounds, each beside a round of the ceiling."""

    name: str
    own: list[float] = field(default_factory=list)
    ceiling: list[float] = field(default_factory=list)

    def as_object(self) -> dict[str, object]:
        own, ceiling = statistics.median(self.own), statistics.median(self.ceiling)
        return {
            "name": self.name,
            "exec_per_s": round(own),
            "ceiling_exec_per_s": round(ceiling),
            "ratio": round(own / ceiling, 4),
        }


def run_once(target: targets.Target, folder: Path, tick: Callable[[], None]) -> float:
    """Executions a second of CPU time. The working corpus is kept from round to round."""
    corpus = folder / target.name
    if not corpus.exists():
        corpus.mkdir()
        if target.name == CEILING:
            (corpus / "full-length").write_bytes(bytes(target.max_len))
    # The engine goes on until more than the seconds given went by.
    argv = engine.command(target, PRESET, SECONDS - 1, folder, [corpus, *target.seeds])
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    code = process.run(argv, LOG, timeout=10 * SECONDS, env=sanitizers.environment(), tick=tick)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if code:
        what = findings.kind_of(engine.log_tail(LOG)) if engine.artifact(LOG) else process.tail(LOG, 1)
        raise Stop(Exit.INCONCLUSIVE, f"{target.name} ends early: {what}; try: scripts/fuzz {target.name}")
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return engine.read(LOG, seconds).per_second


def measure(names: list[str], tick: Callable[[str], None]) -> list[Speed]:
    """All rounds, alternating, so that a busy machine slows both sides."""
    speeds = [Speed(name) for name in names]
    known = targets.every()
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=LOG.parent) as folder:
        for number in range(ROUNDS):
            for speed in speeds:
                doing = f"{speed.name}, round {number + 1} of {ROUNDS}"
                for name, rates in ((speed.name, speed.own), (CEILING, speed.ceiling)):
                    rates.append(run_once(known[name], Path(folder), lambda doing=doing: tick(doing)))
    return speeds


def show(speeds: list[Speed], console: Console) -> None:
    table = Table("target", box=None, header_style="bold")
    for heading in ("exec/s", "ceiling", "ratio", f"goal {GOAL}"):
        table.add_column(heading, justify="right")
    for found in (speed.as_object() for speed in speeds):
        met = found["ratio"] >= GOAL
        table.add_row(
            found["name"],
            f"{found['exec_per_s']:,}",
            f"{found['ceiling_exec_per_s']:,}",
            f"{found['ratio']:.3f}",
            Text("met" if met else "missed", style="green" if met else "red"),
        )
    console.print("executions a second of CPU time, beside a target that does nothing:")
    console.print(table)
