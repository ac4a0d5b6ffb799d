# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Writes down how a campaign stands while it runs: campaign.json as it is, series.jsonl as it was."""

import time
from pathlib import Path

from vvs_tools import atomic, revision
from vvs_tools.boxes import listed
from vvs_tools.campaign import Campaign, Tally
from vvs_tools.status import FILE, SERIES, Options, Seen, Standing, Status

WRITE_S = 5.0
# Points of the series come so often; of a long campaign less often, or the file would be large: so many each
# time that its age grows by a factor of e.
POINT_S, POINTS = 5.0, 720


def program_of(path: Path) -> list[int]:
    """What tells one build of it from another."""
    about = path.stat()
    return [about.st_size, about.st_mtime_ns]


class Recorder:
    """Of one campaign."""

    def __init__(self, campaign: Campaign, options: Options, before: Status | None = None) -> None:
        self.campaign = campaign
        self.options = options
        self.revision = revision.here()
        self.entries: dict[str, int] = {}
        self.last_new: dict[str, float] = {}
        self.wrote = self.pointed = -POINT_S
        if before:
            self.go_on(before)

    def programs(self) -> dict[str, list[int]]:
        found = {}
        for name, tally in self.campaign.tallies.items():
            path = tally.target.engine(self.campaign.fuzz_preset)
            if path.exists():
                found[name] = program_of(path)
        return found

    def go_on(self, before: Status) -> None:
        """From what an earlier process has written; addresses in a program that was built anew are others."""
        self.campaign.before = before.elapsed_s
        programs = self.programs()
        for standing in before.targets:
            tally = self.campaign.tallies[standing.name]
            tally.done, tally.runs = standing.numbers, standing.runs
            if before.programs.get(standing.name) != programs.get(standing.name):
                tally.done.places = frozenset()
            if standing.last_new_s is not None:
                self.last_new[standing.name] = standing.last_new_s

    def standing(self, tally: Tally) -> Standing:
        name = tally.target.name
        entries = tally.entries()
        if entries > self.entries.get(name, entries):
            self.last_new[name] = round(self.campaign.elapsed, 1)
        self.entries[name] = entries
        mine = [box for box in self.campaign.listed() if name in box.targets and not box.doubt]
        return Standing(
            name,
            tally.numbers(),
            tally.runs,
            len(tally.running),
            entries,
            self.last_new.get(name),
            len(mine),
            sum(box.targets[name] for box in mine),
            tally.fault,
        )

    def status(self, ended: str = "") -> Status:
        return Status(
            self.options,
            round(self.campaign.elapsed, 1),
            ended,
            [self.standing(tally) for tally in self.campaign.tallies.values()],
            [Seen.of(box) for box in listed(self.campaign.listed())],
            self.programs(),
            self.campaign.canary.as_object() if self.campaign.canary else {},
            self.revision,
        )

    def begin(self) -> None:
        """The series of another campaign in this folder is over."""
        if not self.campaign.before:
            for name in (SERIES, FILE):
                (self.campaign.out / name).unlink(missing_ok=True)
        self.write(self.status())

    def write(self, status: Status) -> None:
        status.write(self.campaign.out)
        atomic.append_line(self.campaign.out / SERIES, status.point())
        self.wrote = self.pointed = time.monotonic()

    def tick(self) -> None:
        """Called often."""
        now = time.monotonic()
        if now - self.wrote < WRITE_S:
            return
        self.wrote = now
        status = self.status()
        status.write(self.campaign.out)
        if now - self.pointed >= max(POINT_S, self.campaign.elapsed / POINTS):
            self.pointed = now
            atomic.append_line(self.campaign.out / SERIES, status.point())

    def end(self, verdict: str) -> None:
        self.write(self.status(verdict))
