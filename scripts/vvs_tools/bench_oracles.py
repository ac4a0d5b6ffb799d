# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What each oracle costs: its share of a campaign's instructions, by callgrind. An engine with a PRNG seed
generates the same inputs again, so the figures repeat."""

import re
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from vvs_tools import OUT, engine, process
from vvs_tools.console import Exit, Stop
from vvs_tools.targets import Target

PRESET = "cost"
LOG = OUT / "bench" / "oracles.log"
TIMEOUT_S = 300
SECONDS = 600  # never reached
RUNS = 20000
WHOLE = "LLVMFuzzerTestOneInput"
ENTRIES = ("oracle_run", "oracle_play")  # what they call themselves is the run, not an oracle
# Files that are no oracle of their own, but what several of them stand on.
SHARED = {"observer": "in common", "oracle": "in common", "shadow": "in common"}


@dataclass(frozen=True)
class Cost:
    """One target's instructions, of all inputs together."""

    name: str
    whole: int
    oracles: Counter[str]

    def share(self, oracle: str) -> float:
        return self.oracles[oracle] / self.whole

    def as_object(self) -> dict[str, object]:
        each = {
            oracle: {"instructions": round(count / RUNS), "share": round(self.share(oracle), 4)}
            for oracle, count in self.oracles.most_common()
        }
        return {"name": self.name, "instructions": round(self.whole / RUNS), "oracles": each}


def oracle_of(file: str) -> str | None:
    """Which oracle a source file belongs to; model_*.c is one."""
    path = Path(file)
    if path.parent.name != "oracle" or path.suffix != ".c" or path.stem == "frames":
        return None
    name = "model" if path.stem.startswith("model") else path.stem
    return SHARED.get(name, name.replace("_", "-"))


def count(lines: list[str]) -> tuple[int, Counter[str]]:
    """The whole and each oracle, of a callgrind file without compressed names. An oracle's are its own
    instructions, and those of calls that leave the oracles; decoding and the run itself are no oracle."""
    whole, oracles = 0, Counter[str]()
    function_file = function = file = called_file = called = ""
    in_call = False
    for line in lines:
        key, is_name, value = line.partition("=")
        if is_name and key == "fl":
            function_file = file = called_file = value
        elif is_name and key == "fn":
            function = value.split("'")[0]
        elif is_name and key in ("fi", "fe"):
            file = value
        elif is_name and key in ("cfi", "cfl"):
            called_file = value
        elif is_name and key == "cfn":
            called = value.split("'")[0]
        elif is_name and key == "calls":
            in_call = True
        elif re.match(r"[\d+*-]\S* \d+$", line):
            spent = int(line.split()[1])
            if in_call and called == WHOLE:
                whole += spent
            name = oracle_of(function_file)
            if name and (not in_call or (function not in ENTRIES and not oracle_of(called_file))):
                oracles[name] += spent
            in_call, called_file = False, file
    return whole, oracles


def measure(target: Target, tick: Callable[[], None]) -> Cost:
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=LOG.parent) as name:
        folder = Path(name)
        found = folder / "callgrind"
        options = [f"--callgrind-out-file={found}", "--compress-strings=no", "--compress-pos=no"]
        # Committed inputs are not given: a few of them are as long as a scenario can be.
        (folder / "corpus").mkdir()
        argv = engine.command(target, PRESET, SECONDS, folder, [folder / "corpus"])
        argv = ["valgrind", "--tool=callgrind", *options, *argv, f"-runs={RUNS}", "-seed=1"]
        code = process.run(argv, LOG, timeout=TIMEOUT_S, tick=tick)
        if code:
            what = f"{target.name} under callgrind exits {code}: {process.tail(LOG, 1)}; its log: {LOG}"
            raise Stop(Exit.INCONCLUSIVE, what)
        return Cost(target.name, *count(found.read_text().splitlines()))


def show(costs: list[Cost], console: Console) -> None:
    table = Table("oracle", box=None, header_style="bold")
    for cost in costs:
        table.add_column(cost.name, justify="right")
    total = sum((cost.oracles for cost in costs), Counter[str]())
    for oracle, _ in total.most_common():
        table.add_row(oracle, *(f"{cost.share(oracle):.1%}" for cost in costs))
    table.add_row("instructions an input", *(f"{cost.whole / RUNS:,.0f}" for cost in costs))
    console.print("what each oracle takes of an input's instructions (frames and other sanitizers aside):")
    console.print(table)
