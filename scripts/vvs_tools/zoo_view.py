# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What the zoo came to: a table, a closing line, and a picture."""

import os
import shlex
import statistics
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from vvs_tools import OUT
from vvs_tools.zoo_hunt import LONG_SECONDS, Result

TABLE_WIDTH = 140
FOUND, HELD, LOST = "#1f77b4", "#2a9d4a", "#c0392b"


def _row(result: Result) -> tuple[str, ...]:
    bug = result.bug
    if bug.not_plantable:
        return (bug.id, bug.kind, "", "", "", "", "not plantable yet")
    if result.trouble:
        return (bug.id, bug.kind, "", "", "", "", result.verdict)
    held = "yes" if result.conformance else "no"
    best = result.best
    if not best:
        tried = sum(len(runs) for runs in result.runs.values())
        state = f"missed in {tried} runs" if result.done else "not finished"
        return (bug.id, bug.kind, held, "", "", "", state)
    found = f"{result.found(best)}/{len(result.runs[best])}"
    return (bug.id, bug.kind, held, best, found, f"{result.median_s(best):.2f}", result.kinds())


def times(results: Sequence[Result]) -> list[float]:
    """The median of each bug that was found."""
    medians = (result.median_s(result.best) for result in results if result.best)
    return sorted(median for median in medians if median is not None)


def as_object(results: Sequence[Result], engine: str) -> dict[str, object]:
    return {"engine": engine, "bugs": [result.as_object() for result in results]}


def show(results: Sequence[Result], console: Console, options: Sequence[str]) -> None:
    table = Table("bug", "class", "vectors", "target", "found", "cpu s", "by", box=None)
    table.columns[5].justify = "right"
    for result in results:
        table.add_row(*_row(result))
    # A line for each bug, on a narrow terminal or none too.
    console.width = max(console.width, TABLE_WIDTH)
    console.print(table)
    for result in results:
        if result.bug.not_plantable:
            console.print(f"{result.bug.id}: {result.bug.not_plantable}")
    planted = [result for result in results if result.bug.patch and result.done]
    found = times(planted)
    line = f"{len(found)} of {len(planted)} found"
    if found:
        line += f", median {statistics.median(found):.2f} s, slowest {found[-1]:.2f} s"
    line += f"; the vectors alone hold {sum(bool(result.conformance) for result in planted)}"
    console.print(line, style="green" if len(found) == len(planted) else "bold red")
    for result in planted:
        if result.verdict == "missed":
            console.print(f"repeat: {shlex.join(['scripts/zoo', *result.bug.arguments, *options])}")


def draw(results: Sequence[Result], path: Path) -> None:
    """A line for each bug, by class; a dot for each PRNG seed of the target that finds it."""
    planted = [result for result in results if result.bug.patch and result.done]
    if not planted:
        return
    os.environ.setdefault("MPLCONFIGDIR", str(OUT / "zoo"))
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams |= {"svg.hashsalt": "zoo", "svg.fonttype": "none", "font.size": 9}
    from matplotlib import pyplot

    planted.sort(key=lambda result: (result.bug.kind, result.bug.id))
    figure, axes = pyplot.subplots(figsize=(9, 1.2 + 0.22 * len(planted)), layout="constrained")
    for line, result in enumerate(planted):
        color = HELD if result.conformance else FOUND
        runs = result.runs[result.best] if result.best else ()
        hits = [run.seconds for run in runs if run.found]
        axes.plot(hits, [line] * len(hits), "o", color=color, markersize=5, alpha=0.7, clip_on=False)
        if len(hits) < max(len(runs), 1):
            axes.plot([LONG_SECONDS], [line], "x", color=LOST, clip_on=False)
        if line and planted[line - 1].bug.kind != result.bug.kind:
            axes.axhline(line - 0.5, color="#dddddd", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_xlim(0.01, LONG_SECONDS)
    axes.set_xticks([0.01, 0.1, 1, 10, 100], ["0.01 s", "0.1 s", "1 s", "10 s", "100 s"])
    axes.set_yticks(range(len(planted)), [f"{each.bug.kind}: {each.bug.id}" for each in planted])
    axes.set_ylim(len(planted) - 0.5, -0.5)
    axes.set_xlabel("processor seconds until the first finding, a dot for each PRNG seed")
    for label, marker, color in (
        ("found, and held by the vectors", "o", HELD),
        ("found, not held by the vectors", "o", FOUND),
        ("not found", "x", LOST),
    ):
        axes.plot([], [], marker, color=color, label=label)
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
