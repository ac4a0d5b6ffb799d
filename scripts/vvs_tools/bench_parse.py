# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/bench parse: what one packet costs, in instructions, beside a quarter of what it costs the peer."""

import re
import resource
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from vvs_tools import OUT, build, process
from vvs_tools.console import Exit, Stop

PRESET = "release"
PROGRAM = "bench_parse"
MODES = ("parse", "full")
LOG = OUT / "bench" / "parse.log"
TIMEOUT_S = 120
# Multiples of the queue's size in bench_parse.c: the driver makes a lap available at a time.
COUNTS = (2560, 5120)
NATIVE_COUNTS = (1 << 18, 1 << 21)


@dataclass(frozen=True)
class Case:
    """A line of the report: its name for bench_parse, and the goals in instructions a packet."""

    name: str
    regions: int
    program_case: str
    goals: tuple[int, int]  # parse, full


# A quarter of rust-vmm's virtio-vsock 0.12.0 as its own benchmarks are built, with LTO and one unit; the last
# line's are ours.
CASES = (
    Case("tx2", 1, "tx2", (286, 432)),
    Case("tx1", 1, "tx1", (216, 362)),
    Case("rx2", 1, "rx2", (212, 358)),
    Case("rx1", 1, "rx1", (142, 288)),
    Case("ctl", 1, "ctl", (173, 319)),
    Case("tx2", 64, "tx2-64", (363, 572)),
    Case("tx2-apart", 64, "tx2-apart", (450, 650)),
)


@dataclass(frozen=True)
class Measured:
    """What one packet takes, by mode."""

    case: Case
    instructions: dict[str, int]
    nanoseconds: dict[str, float]

    def as_object(self) -> dict[str, object]:
        found: dict[str, object] = {"case": self.case.name, "regions": self.case.regions}
        found |= {f"{mode}_instructions": self.instructions[mode] for mode in MODES}
        return found | {f"{mode}_ns": round(self.nanoseconds[mode], 1) for mode in MODES}


def checked(argv: list[str | Path], tick: Callable[[], None]) -> None:
    code = process.run(argv, LOG, timeout=TIMEOUT_S, tick=tick)
    if code:
        raise Stop(
            Exit.INCONCLUSIVE,
            f"{' '.join(map(str, argv))} exits {code}: {process.tail(LOG, 1)}; its log: {LOG}",
        )


def instructions(argv: list[str | Path], count: int, tick: Callable[[], None]) -> int:
    callgrind: list[str | Path] = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    checked([*callgrind, *argv, str(count)], tick)
    found = re.search(r"Collected : (\d+)", LOG.read_text())
    if not found:
        raise Stop(Exit.INCONCLUSIVE, f"callgrind says no count; its log tells why: {LOG}")
    return int(found[1])


def cpu_seconds(argv: list[str | Path], count: int, tick: Callable[[], None]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    checked([*argv, str(count)], tick)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def of_one(cost: Callable[[int], float], counts: tuple[int, int]) -> float:
    """The difference of two runs is free of what comes once."""
    few, many = counts
    return (cost(many) - cost(few)) / (many - few)


def own_program() -> Path:
    return build.directory(PRESET) / "lib" / "bench" / PROGRAM


def measure(case: Case, tick: Callable[[], None], program: Path) -> Measured:
    counted, timed = {}, {}
    for mode in MODES:
        argv = [program, case.program_case, mode]
        counted[mode] = round(of_one(lambda count, argv=argv: instructions(argv, count, tick), COUNTS))
        timed[mode] = 1e9 * of_one(lambda count, argv=argv: cpu_seconds(argv, count, tick), NATIVE_COUNTS)
    return Measured(case, counted, timed)


def show(results: list[Measured], console: Console) -> None:
    table = Table("case", "regions", box=None, header_style="bold")
    for mode in MODES:
        for heading in (mode, "goal", "", "ns"):
            table.add_column(heading, justify="right")
    for found in results:
        cells = [Text(found.case.name), Text(str(found.case.regions))]
        for mode, goal in zip(MODES, found.case.goals, strict=True):
            met = found.instructions[mode] <= goal
            word = Text("met" if met else "missed", style="green" if met else "red")
            cells += [Text(str(found.instructions[mode])), Text(str(goal)), word]
            cells.append(Text(f"{found.nanoseconds[mode]:.0f}"))
        table.add_row(*cells)
    console.print("instructions a packet (callgrind), beside a quarter of rust-vmm's virtio-vsock:")
    console.print(table)
