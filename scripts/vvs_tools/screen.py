# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What a campaign shows while it runs, to whoever started it and to whoever looks from elsewhere."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from vvs_tools import folder
from vvs_tools.console import HEARTBEAT_S
from vvs_tools.fuzz_view import number_cells, percent, reach_table, tight_table, ways_of
from vvs_tools.status import Standing, Status

REFRESH_S = 0.5
LOOK_S = 1.0  # of who looks from elsewhere
HEADINGS = ("target", "job s", "exec/s", "edges", "parsed", "corpus", "last new", "findings")
MOST_FINDINGS = 8


def clock(seconds: float) -> str:
    """1:02:03."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


def ago(status: Status, standing: Standing) -> str:
    if standing.last_new_s is None:
        return "-"
    return clock(max(0.0, status.elapsed_s - standing.last_new_s))


def head(status: Status, rate: float | None = None) -> str:
    """All of it in a line."""
    total = status.total
    most = status.options.runs
    time_left = f" of {clock(status.options.wall_s)}" if most is None else f", {most:,} inputs a target"
    news = [standing.last_new_s for standing in status.targets if standing.last_new_s is not None]
    last = f"last new {clock(max(0.0, status.elapsed_s - max(news)))} ago" if news else "nothing new yet"
    corpus = sum(standing.corpus for standing in status.targets)
    found = sum(not seen.doubt for seen in status.findings)
    speed = total.per_second if rate is None else rate
    return (
        f"fuzz  {clock(status.elapsed_s)}{time_left}  {total.executions:,} executions, {speed:,.0f}/s, "
        f"{percent(total.share(total.parsed))} parsed, corpus {corpus:,}, {found} findings, {last}"
    )


def target_table(status: Status) -> Table:
    table = tight_table(*HEADINGS)
    for standing in status.targets:
        numbers = standing.numbers
        _, *measured = number_cells(numbers)
        mark = " <" if standing.running else ""
        cells = [standing.name + mark, f"{numbers.seconds:.0f}", *measured, f"{standing.corpus:,}"]
        style = "bold" if standing.running else "dim" if not standing.runs else ""
        table.add_row(*cells, ago(status, standing), str(standing.findings), style=style)
    return table


def render(status: Status, rate: float | None = None) -> Group:
    """The whole screen."""
    parts = [Text(head(status, rate), style="bold"), Text(), target_table(status)]
    each = {standing.name: standing.numbers for standing in status.targets}
    if ways_of(each) and status.total.generated:
        parts += [Text(), reach_table(each)]
    for seen in status.findings[:MOST_FINDINGS]:
        word, style = ("UNSURE", "yellow") if seen.doubt else ("FINDING", "bold red")
        parts.append(
            Text(f"{word} {', '.join(seen.targets)}: {seen.token}", style=style, overflow="ellipsis")
        )
    if len(status.findings) > MOST_FINDINGS:
        parts.append(Text(f"and {len(status.findings) - MOST_FINDINGS} more"))
    return Group(*parts)


class Screen(AbstractContextManager["Screen"]):
    """All of it on a terminal; elsewhere one line each HEARTBEAT_S seconds."""

    def __init__(self, console: Console, source: Callable[[], Status]) -> None:
        self.console = console
        self.source = source
        self.spoke = time.monotonic()
        self.before = (0.0, 0)
        self.speed: float | None = None
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

    def rate(self, status: Status) -> float | None:
        """Executions a second, lately."""
        now = status.elapsed_s, status.total.executions
        if now[0] > self.before[0]:
            self.speed = max(0, now[1] - self.before[1]) / (now[0] - self.before[0])
            self.before = now
        return self.speed

    def tick(self) -> None:
        """Called often."""
        now = time.monotonic()
        if now - self.spoke < (REFRESH_S if self.live else HEARTBEAT_S):
            return
        self.spoke = now
        self.show(self.source())

    def show(self, status: Status) -> None:
        if self.live:
            self.live.update(render(status, self.rate(status)), refresh=True)
        else:
            self.console.print(head(status, self.rate(status)))


def watch(place: Path, console: Console) -> Status:
    """Look at a campaign in another process until it ends; how it stands then."""
    status = Status.read(place)
    with Screen(console, lambda: Status.read(place)) as screen:
        while folder.is_locked(place):
            screen.tick()
            time.sleep(LOOK_S if not screen.live else REFRESH_S)
            status = Status.read(place)
    console.print(render(status))
    if not status.ended:
        console.print(f"cut off: scripts/fuzz --resume {place}", style="bold yellow")
    return status
