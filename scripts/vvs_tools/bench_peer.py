# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/bench parse --peer: the same chains through rust-vmm's virtio-vsock, measured in the same run."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from vvs_tools import OUT, bench_parse, build, rust_vmm
from vvs_tools.bench_parse import MODES, Case, Measured
from vvs_tools.console import Exit, Stop

PROGRAM = "peer_parse"
# The peer that is compared is optimised as a whole, as its own benchmarks are; how cargo builds by default is
# measured beside it. Ours is optimised file by file in both.
PROFILES = {"peer": "whole", "peer_default": "release"}
HEADINGS = {"peer": "rust-vmm", "peer_default": "cargo's default"}
GOAL = 4
OURS_COLOUR, PEER_COLOURS = "#1f77b4", ("#c0392b", "#e6b0aa")


@dataclass(frozen=True)
class Compared:
    """One case on both."""

    ours: Measured
    peers: dict[str, Measured]  # by the keys of PROFILES

    def ratio(self, peer: str, mode: str) -> float:
        return self.peers[peer].instructions[mode] / self.ours.instructions[mode]

    def as_object(self) -> dict[str, object]:
        found = self.ours.as_object()
        for name, peer in self.peers.items():
            found |= {f"{name}_{mode}_instructions": peer.instructions[mode] for mode in MODES}
            found |= {f"{name}_{mode}_ns": round(peer.nanoseconds[mode], 1) for mode in MODES}
        return found


def programs(tick: Callable[[], None]) -> dict[str, Path]:
    """Build the peer's program in each profile."""
    try:
        rust_vmm.fetch(tick)
        return {
            name: rust_vmm.compile_package(PROGRAM, profile, tick) / PROGRAM
            for name, profile in PROFILES.items()
        }
    except rust_vmm.NotBuilt as missing:
        raise Stop(Exit.SETUP, f"the peer is not built: {missing}") from None
    except build.BuildFailed as failure:
        raise Stop(Exit.SETUP, f"{failure}: log {failure.log}; repeat: {failure.command}") from None


def compare(case: Case, ours: Measured, built: dict[str, Path], tick: Callable[[], None]) -> Compared:
    return Compared(ours, {name: bench_parse.measure(case, tick, program) for name, program in built.items()})


def show(results: Sequence[Compared], console: Console) -> None:
    table = Table("case", "regions", "", box=None, header_style="bold")
    for heading in ("vvs", "ns", *(h for peer in HEADINGS.values() for h in (peer, "ns", "times"))):
        table.add_column(heading, justify="right")
    for found in results:
        for mode in MODES:
            case = found.ours.case
            cells = [Text(case.name), Text(str(case.regions)), Text(mode)]
            cells += [Text(str(found.ours.instructions[mode])), Text(f"{found.ours.nanoseconds[mode]:.0f}")]
            for name, peer in found.peers.items():
                ratio = found.ratio(name, mode)
                cells += [Text(str(peer.instructions[mode])), Text(f"{peer.nanoseconds[mode]:.0f}")]
                cells.append(Text(f"{ratio:.1f}"))
            table.add_row(*cells)
    console.print(
        "instructions a packet (callgrind); rust-vmm as its own benchmarks are built, with link-time"
        " optimisation and one unit, then as cargo builds by default:"
    )
    console.print(table)
    lowest = min(found.ratio("peer", mode) for found in results for mode in MODES)
    word = "met" if lowest >= GOAL else "missed"
    style = "green" if lowest >= GOAL else "bold red"
    console.print(
        f"the goal, a quarter of rust-vmm in every case: {word}, at least {lowest:.1f} times", style=style
    )


def draw(results: Sequence[Compared], path: Path) -> None:
    """A panel for each mode, a group of bars for each case."""
    os.environ.setdefault("MPLCONFIGDIR", str(OUT / "bench"))
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams |= {"svg.hashsalt": "bench", "svg.fonttype": "none", "font.size": 9}
    from matplotlib import pyplot

    names = [
        f"{found.ours.case.name}, {found.ours.case.regions}"
        + (" region" if found.ours.case.regions == 1 else " regions")
        for found in results
    ]
    figure, axes = pyplot.subplots(1, len(MODES), figsize=(9, 3.6), layout="constrained", sharey=True)
    labels = ("vvs", "rust-vmm, built as its own benchmarks", "rust-vmm, as cargo builds by default")
    for panel, mode in zip(axes, MODES, strict=True):
        rows = [[found.ours.instructions[mode] for found in results]]
        rows += [[found.peers[name].instructions[mode] for found in results] for name in PROFILES]
        for row, (values, colour) in enumerate(zip(rows, (OURS_COLOUR, *PEER_COLOURS), strict=True)):
            places = [place + 0.27 * (row - 1) for place in range(len(results))]
            bars = panel.barh(
                places, values, 0.25, color=colour, label=labels[row] if mode == MODES[0] else None
            )
            panel.bar_label(bars, fontsize=6, padding=2)
        panel.set_yticks(range(len(results)), names)
        panel.set_xlabel(f"instructions a packet, {mode}")
        panel.spines[["top", "right"]].set_visible(False)
    axes[0].invert_yaxis()
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
