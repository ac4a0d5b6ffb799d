# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Which target a free job turns to next: where new coverage still comes, and no target is forgotten."""

from collections.abc import Mapping, Sequence

# Of an equal share: so much each target gets in any case.
LEAST_SHARE = 0.5
# Long enough for an engine to load its corpus and go on from there, and at least so many a target.
SHORTEST_S, LONGEST_S = 10.0, 300.0
TURNS = 8
# How much the newest slice of a target counts against all before.
NEWEST = 0.5


class Slices:
    """Deals out the time of a campaign."""

    def __init__(
        self, names: Sequence[str], wall: float, jobs: int, given: Mapping[str, float] | None = None
    ) -> None:
        self.wall = wall
        self.jobs = jobs
        self.given = {name: (given or {}).get(name, 0.0) for name in names}
        self.gain: dict[str, float] = {}  # new coverage a second
        self.running: list[str] = []
        self.length = min(LONGEST_S, max(SHORTEST_S, wall * jobs / (TURNS * len(names))))

    def take(self, elapsed: float) -> tuple[str, float]:
        """A target, and when its slice ends. `told` is to follow."""
        idle = [name for name in self.given if name not in self.running] or list(self.given)
        behind = min(idle, key=lambda name: self.given[name])
        least = LEAST_SHARE * sum(self.given.values()) / len(self.given)
        untried = [name for name in idle if name not in self.gain]
        if untried:
            name = untried[0]
        elif self.given[behind] < least:
            name = behind
        else:
            name = max(idle, key=lambda name: self.gain[name])
        self.running.append(name)
        return name, min(self.wall, elapsed + self.length)

    def told(self, name: str, seconds: float, new: int) -> None:
        """A slice has ended: how long it was, and how much it found that was not covered before."""
        self.running.remove(name)
        self.given[name] += seconds
        now = new / max(seconds, 1.0)
        self.gain[name] = NEWEST * now + (1 - NEWEST) * self.gain.get(name, now)
