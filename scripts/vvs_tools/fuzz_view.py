# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What scripts/fuzz shows at its end: tables, or one JSON object."""

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from vvs_tools import reach
from vvs_tools.boxes import Box
from vvs_tools.campaign import Campaign, Tally
from vvs_tools.canary import Canary
from vvs_tools.engine import Numbers
from vvs_tools.findings import shown
from vvs_tools.floors import TAGS, WAYS
from vvs_tools.repeat import Commands

HEADINGS = ("target", "job s", "executions", "exec/s", "edges", "parsed", "findings")
TAG_WORDS = {"header-cut": "header cut", "region-crossing": "crossing"}
# From here on counts are told in millions: four of them, with their shares, fit into 80 columns.
MILLIONS_FROM = 10**7


def percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}%"


def short_count(count: int) -> str:
    return f"{count:,}" if count < MILLIONS_FROM else f"{count / 10**6:,.0f} M"


def number_cells(numbers: Numbers) -> list[str]:
    parsed = percent(numbers.share(numbers.parsed))
    return [f"{numbers.executions:,}", f"{numbers.per_second:,.0f}", str(numbers.edges), parsed]


def tight_table(*headings: str) -> Table:
    """Names left, numbers right."""
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0), pad_edge=False)
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left", no_wrap=True)
    return table


def findings_cell(found: int, inputs: int) -> str:
    """As many as are listed below the table, and the inputs that showed them."""
    return f"{found} ({inputs:,} inputs)" if inputs > found else str(found)


def target_table(tallies: Sequence[Tally], boxes: Iterable[Box]) -> Table:
    table = tight_table(*HEADINGS)
    certain = [box for box in boxes if not box.doubt]
    for tally in tallies:
        name = tally.target.name
        mine = [box.targets[name] for box in certain if name in box.targets]
        cells = [name, f"{tally.done.seconds:.0f}", *number_cells(tally.done)]
        cell = findings_cell(len(mine), sum(mine))
        table.add_row(*cells, Text(cell, style="bold red" if mine else ""))
    return table


def ways_of(names: Iterable[str]) -> list[str]:
    """Those that a target can serve: tx_packet has one direction, packed_queue one ring format."""
    words = {name.partition("_")[0] for name in names}
    return [way for way in WAYS if words & set(way.split("/"))]


def reach_table(each: Mapping[str, Numbers]) -> Table:
    """Counts over all targets; shares of what those generated that came this way at all."""
    ways = ways_of(each)
    table = tight_table("", *(way.replace("/", " ") for way in ways))
    rows: dict[str, list[Text]] = {tag: [] for tag in TAGS}
    for way in ways:
        here = [numbers for numbers in each.values() if any(numbers.tags[f"{way}/{tag}"] for tag in TAGS)]
        both = sum(here, Numbers())
        for tag, cells in rows.items():
            count = both.tags[f"{way}/{tag}"]
            cell = f"{short_count(count)} {percent(both.share(count)):>5}"
            cells.append(Text(cell, style="" if count else "yellow"))
    for tag, cells in rows.items():
        table.add_row(TAG_WORDS.get(tag, tag), *cells)
    return table


def show_canary(canary: Canary, command: str, found: bool, console: Console) -> None:
    """`found`: there are findings, so what the canary stands for is shown without it."""
    if canary.found:
        console.print(f"canary: planted bug found in {canary.seconds:.1f} s, {canary.executions:,} inputs")
        return
    console.print(f"canary: planted bug {canary.fault or 'not looked for to the end'}", style="bold yellow")
    if found:
        return
    console.print("  a campaign that does not find a known bug would not have found an unknown one")
    console.print(f"  repeat: {command}")


def how_small(box: Box) -> str:
    """What was done with its input."""
    if not box.triaged:
        return "not looked into yet"
    flaky = "flaky: " if box.flaky else ""
    tried = f", {flaky}fails in {box.failed} of {box.runs} replays" if box.runs else ""
    return f"{box.bytes_found} bytes, shrunk to {box.bytes_small}{tried}"


def show_box(box: Box, console: Console) -> None:
    inputs = f"  ({box.count:,} inputs)" if box.count > 1 else ""
    if box.doubt:
        console.print(
            f"UNSURE {', '.join(box.targets)}: {box.kind}, {box.doubt}{inputs}", style="bold yellow"
        )
    else:
        console.print(f"FINDING {', '.join(box.targets)}: {box.kind}{inputs}", style="bold red")
    if box.report:
        console.print(f"  {box.report}")
    console.print(f"  {shown(box.folder)}: {how_small(box)}")
    for preset, build in box.builds.items():
        console.print(f"  {preset}: {build.says}")
    console.print(f"  reproduce: {box.command}")


def show_pending(tally: Tally, console: Console) -> None:
    """What nobody had the time to replay: the kind as the engine saw it."""
    for found in (tally.found(path, text) for path, text in tally.pending.items()):
        console.print(f"UNSURE {tally.target.name}: {found.kind}, not replayed yet", style="bold yellow")
        console.print(f"  reproduce: {found.command}")


def show(campaign: Campaign, console: Console, commands: Commands) -> None:
    """The summary."""
    tallies = list(campaign.tallies.values())
    boxes = campaign.listed()
    numbers = {name: tally.done for name, tally in campaign.tallies.items()}
    console.print(target_table(tallies, boxes))
    if ways_of(numbers) and any(each.generated for each in numbers.values()):
        console.print(
            "\ngenerated inputs that reached a parsed packet, by direction, ring format and framing:"
        )
        console.print(reach_table(numbers))
    console.print()
    if campaign.canary:
        show_canary(campaign.canary, commands.canary(), bool(boxes), console)
    for box in boxes:
        show_box(box, console)
    for tally in tallies:
        show_pending(tally, console)
        if tally.dropped:
            console.print(f"{tally.target.name}: {tally.dropped} half-written corpus entries dropped")
        if tally.fault:
            console.print(f"{tally.target.name}: {tally.fault}", style="bold yellow")
        if tally.aimless and not boxes:
            why = (
                f"{tally.target.name}: none of {tally.done.executions:,} inputs was parsed; give it more time"
            )
            console.print(why, style="bold yellow")
        for verdict in tally.missed():
            console.print(f"FLOOR MISSED {tally.target.name}: {verdict.line()}", style="bold yellow")
            console.print(f"  repeat: {commands.reach(tally.target.name)}")


def as_object(campaign: Campaign, verdict: str) -> dict[str, object]:
    canary = {"canary": campaign.canary.as_object()} if campaign.canary else {}
    return {
        "engine": campaign.engine.name,
        "seed": campaign.seed,
        **canary,
        "targets": [
            {
                "name": name,
                "seconds": round(tally.done.seconds, 1),
                "executions": tally.done.executions,
                "exec_per_s": round(tally.done.per_second),
                "edges": tally.done.edges,
                "parsed": tally.done.share(tally.done.parsed),
                "tags": {key: tally.done.share(count) for key, count in tally.done.tags.items()},
                "floors": {
                    "judged": reach.enough(tally.done),
                    "each": [verdict.as_object() for verdict in tally.floors],
                },
                "checked": tally.checked,
                "findings": [finding.as_object() for finding in tally.all_findings()],
            }
            | ({"fault": tally.fault} if tally.fault else {})
            for name, tally in campaign.tallies.items()
        ],
        "findings": [box.as_object() | {"folder": shown(box.folder)} for box in campaign.listed()],
        "verdict": verdict,
    }
