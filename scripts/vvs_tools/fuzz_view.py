# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What scripts/fuzz shows: while it runs, and at its end as tables or as one JSON object."""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from vvs_tools import reach
from vvs_tools.campaign import Campaign, Piece, Tally
from vvs_tools.canary import Canary
from vvs_tools.console import HEARTBEAT_S
from vvs_tools.engine import Numbers
from vvs_tools.findings import Finding, shown
from vvs_tools.floors import TAGS, WAYS
from vvs_tools.repeat import Commands

REFRESH_S = 0.5
HEADINGS = ("target", "cpu s", "executions", "exec/s", "edges", "parsed", "findings")
TAG_WORDS = {"header-cut": "header cut", "region-crossing": "crossing"}


def percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}%"


def number_cells(numbers: Numbers) -> list[str]:
    parsed = percent(numbers.share(numbers.parsed))
    return [f"{numbers.executions:,}", f"{numbers.per_second:,.0f}", str(numbers.edges), parsed]


def tight_table(*headings: str) -> Table:
    """Names left, numbers right; ten million inputs fit into 80 columns."""
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0), pad_edge=False)
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left", no_wrap=True)
    return table


def by_kind(found: Sequence[Finding]) -> dict[str, list[Finding]]:
    """The smallest input of each kind first: it is the one to look at."""
    result: dict[str, list[Finding]] = {}
    for finding in sorted(found, key=lambda finding: finding.file.stat().st_size):
        result.setdefault(finding.kind, []).append(finding)
    return result


def findings_cell(tally: Tally) -> str:
    """As many as are listed below the table, one of each kind."""
    found = tally.all_findings()
    kinds = len(by_kind(found))
    return f"{kinds} ({len(found)} inputs)" if len(found) > kinds else str(kinds)


class View(AbstractContextManager["View"]):
    """A table on a terminal; elsewhere one line each HEARTBEAT_S seconds."""

    def __init__(self, console: Console, campaign: Campaign, jobs: Sequence[Sequence[Piece]]) -> None:
        self.console = console
        self.campaign = campaign
        self.jobs = jobs
        self.spoke = time.monotonic()
        self.live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self.live:
            self.live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.live:
            self.live.stop()

    def tick(self) -> None:
        """Called often."""
        now = time.monotonic()
        if now - self.spoke < (REFRESH_S if self.live else HEARTBEAT_S):
            return
        self.spoke = now
        if self.live:
            self.live.update(self.table(), refresh=True)
        else:
            self.console.print(self.line())

    def left(self, name: str) -> str:
        """Inputs that a target still has to run, or seconds that the plan has for it, in the job that has the
        most of them."""
        tally = self.campaign.tallies[name]
        if tally.most is not None:
            return f"{max(0, tally.most - tally.numbers().executions):,}"
        most = 0.0
        for pieces in self.jobs:
            begin = self.campaign.elapsed
            for piece in pieces:
                if piece.target.name == name:
                    most = max(most, piece.end - begin)
                begin = max(begin, piece.end)
        return f"{most:.0f} s"

    def table(self) -> Table:
        counted = any(tally.most is not None for tally in self.campaign.tallies.values())
        table = tight_table(*HEADINGS[:1], "inputs left" if counted else "time left", *HEADINGS[2:])
        for name, tally in self.campaign.tallies.items():
            style = "bold" if tally.running else "dim" if not tally.runs else ""
            cells = [name, self.left(name), *number_cells(tally.numbers())]
            table.add_row(*cells, findings_cell(tally), style=style)
        return table

    def line(self) -> str:
        tallies = self.campaign.tallies.values()
        numbers = sum((tally.numbers() for tally in tallies), Numbers())
        running = ", ".join(tally.target.name for tally in tallies if tally.running)
        found = sum(len(by_kind(tally.all_findings())) for tally in tallies)
        return (
            f"fuzz  {self.campaign.elapsed:.0f} s  {running}  {numbers.executions:,} executions, "
            f"{percent(numbers.share(numbers.parsed))} parsed, {found} findings"
        )


def target_table(tallies: Sequence[Tally]) -> Table:
    table = tight_table(*HEADINGS)
    for tally in tallies:
        cells = [tally.target.name, f"{tally.done.seconds:.0f}", *number_cells(tally.done)]
        table.add_row(*cells, Text(findings_cell(tally), style="bold red" if tally.all_findings() else ""))
    return table


def ways_of(tallies: Sequence[Tally]) -> list[str]:
    """Those that a target can serve: tx_packet has one direction, packed_queue one ring format."""
    words = {tally.target.name.partition("_")[0] for tally in tallies}
    return [way for way in WAYS if words & set(way.split("/"))]


def reach_table(tallies: Sequence[Tally]) -> Table:
    """Counts over all targets; shares of what those generated that came this way at all."""
    ways = ways_of(tallies)
    table = tight_table("", *(way.replace("/", " ") for way in ways))
    rows: dict[str, list[Text]] = {tag: [] for tag in TAGS}
    for way in ways:
        here = [tally.done for tally in tallies if any(tally.done.tags[f"{way}/{tag}"] for tag in TAGS)]
        both = sum(here, Numbers())
        for tag, cells in rows.items():
            count = both.tags[f"{way}/{tag}"]
            cells.append(Text(f"{count:,} {percent(both.share(count)):>5}", style="" if count else "yellow"))
    for tag, cells in rows.items():
        table.add_row(TAG_WORDS.get(tag, tag), *cells)
    return table


def show_canary(canary: Canary, command: str, console: Console) -> None:
    if canary.found:
        console.print(f"canary: planted bug found in {canary.seconds:.1f} s, {canary.executions:,} inputs")
        return
    console.print(f"canary: planted bug {canary.fault or 'not looked for to the end'}", style="bold yellow")
    console.print("  a campaign that does not find a known bug would not have found an unknown one")
    console.print(f"  repeat: {command}")


def show_finding(name: str, found: Sequence[Finding], console: Console) -> None:
    more = f"  (and {len(found) - 1} more inputs)" if len(found) > 1 else ""
    console.print(f"FINDING {name}: {found[0].kind}{more}", style="bold red")
    if found[0].report:
        console.print(f"  {found[0].report}")
    console.print(f"  {shown(found[0].file)}")
    console.print(f"  reproduce: {found[0].command}")


def show(campaign: Campaign, console: Console, commands: Commands) -> None:
    """The summary."""
    tallies = list(campaign.tallies.values())
    console.print(target_table(tallies))
    if ways_of(tallies) and any(tally.done.generated for tally in tallies):
        console.print(
            "\ngenerated inputs that reached a parsed packet, by direction, ring format and framing:"
        )
        console.print(reach_table(tallies))
    console.print()
    if campaign.canary:
        show_canary(campaign.canary, commands.canary(), console)
        if campaign.canary.finding:
            show_finding("canary", [campaign.canary.finding], console)
    for tally in tallies:
        if tally.dropped:
            console.print(f"{tally.target.name}: {tally.dropped} half-written corpus entries dropped")
        for found in by_kind(tally.all_findings()).values():
            show_finding(tally.target.name, found, console)
        if tally.fault:
            console.print(f"{tally.target.name}: {tally.fault}", style="bold yellow")
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
        "verdict": verdict,
    }
