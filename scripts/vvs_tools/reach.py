# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""How far a campaign's generated inputs came, beside the floors of their target."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from vvs_tools import build
from vvs_tools.console import Exit, Stop
from vvs_tools.engine import Numbers
from vvs_tools.floors import Floors

# Of fewer inputs a share says little, unless they took the time of a campaign.
JUDGED_INPUTS = 100_000
JUDGED_SECONDS = 60


@dataclass(frozen=True)
class Verdict:
    """One floor beside what was measured; of functions: how many, and which are missing."""

    floor: str
    least: float
    measured: float
    missing: tuple[str, ...] = ()

    @property
    def met(self) -> bool:
        return self.measured >= self.least

    def as_object(self) -> dict[str, object]:
        told = {"floor": self.floor, "least": self.least, "measured": self.measured, "met": self.met}
        return told | ({"missing": list(self.missing)} if self.floor == "functions" else {})

    def line(self) -> str:
        if self.floor == "functions":
            return f"never in {', '.join(self.missing)}"
        return f"{self.floor}: {100 * self.measured:.1f}% of generated inputs, at least {100 * self.least:g}%"


def enough(numbers: Numbers) -> bool:
    """Whether a missed floor means something."""
    return numbers.executions >= JUDGED_INPUTS or numbers.seconds >= JUDGED_SECONDS


def judge(floors: Floors, numbers: Numbers, functions: frozenset[str]) -> list[Verdict]:
    """`functions` are those that generated inputs reached."""
    verdicts = []
    for name, least, count in (
        ("parsed", floors.parsed, numbers.parsed),
        ("compared", floors.compared, numbers.compared),
    ):
        if least is not None:
            verdicts.append(Verdict(name, least, numbers.share(count) or 0.0))
    for tag, least in floors.tags.items():
        verdicts.append(Verdict(tag, least, numbers.share(numbers.tags[tag]) or 0.0))
    if floors.functions:
        missing = tuple(name for name in floors.functions if name not in functions)
        wanted = len(floors.functions)
        verdicts.append(Verdict("functions", wanted, wanted - len(missing), missing))
    return verdicts


def functions_at(program: Path, places: frozenset[int]) -> frozenset[str]:
    """The functions that addresses in a program's file belong to, inlined ones too."""
    if not places:
        return frozenset()
    tool = build.llvm_tool("llvm-symbolizer")
    argv = [
        tool,
        f"--obj={program}",
        "--relative-address",
        "--output-style=JSON",
    ]
    text = "\n".join(map(hex, sorted(places)))
    done = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise Stop(
            Exit.INCONCLUSIVE,
            f"what the targets reach is not known; try scripts/setup: {tool}: {done.stderr.strip()}",
        )
    frames = [frame for line in done.stdout.splitlines() for frame in json.loads(line).get("Symbol", [])]
    return frozenset(frame["FunctionName"] for frame in frames)
