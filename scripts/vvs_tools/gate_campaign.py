# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The gate's campaign: from the committed inputs and one PRNG seed, affected targets first."""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from rich.console import Console

from vvs_tools import fuzz, reach, sanitizers, screen
from vvs_tools.campaign import Campaign, Piece, plan
from vvs_tools.canary import Canary
from vvs_tools.engines import LibFuzzer
from vvs_tools.recorder import Recorder
from vvs_tools.repeat import Commands
from vvs_tools.status import Options
from vvs_tools.targets import Target

SEED = 1
SANITIZER = "address"
PRESETS = LibFuzzer.presets[SANITIZER]


def pieces(found: Sequence[Target], affected: Sequence[str], jobs: int, seconds: float) -> list[list[Piece]]:
    """Half of the time for those that a change affects, before the others share the rest; without them, or
    with nothing else, equal shares."""
    first = sorted((t for t in found if t.name in affected), key=lambda t: affected.index(t.name))
    rest = [target for target in found if target not in first]
    if not first or not rest:
        return plan(first or rest, jobs, seconds)
    half = seconds / 2
    later = [[Piece(each.target, each.end + half) for each in job] for job in plan(rest, jobs, half)]
    return [[*a, *b] for a, b in zip(plan(first, jobs, half), later, strict=True)]


class Fuzzing:
    """One campaign, and what of it proves nothing."""

    def __init__(self, found: Sequence[Target], out: Path, seconds: int, jobs: int) -> None:
        names = [target.name for target in found]
        self.options = Options(names, SANITIZER, LibFuzzer.name, jobs, SEED, float(seconds), sliced=False)
        self.campaign = Campaign(
            found, out, PRESETS, sanitizers.environment(), Canary(out / "canary", PRESETS, SEED), seed=SEED
        )
        # Working corpora of former ones would make another campaign of it; their findings stay.
        for target in found:
            shutil.rmtree(out / target.name, ignore_errors=True)

    def run(
        self,
        affected: Sequence[str],
        confirmed: Iterable[str],
        failed: Mapping[str, Sequence[Path]],
        console: Console,
    ) -> None:
        """`confirmed` are findings that were seen to fail already, `failed` the inputs that did: the engine
        would end at each of them."""
        campaign, options = self.campaign, self.options
        found = [tally.target for tally in campaign.tallies.values()]
        recorder = Recorder(campaign, options)
        campaign.confirmed |= set(confirmed)
        planned = pieces(found, affected, options.jobs, options.wall_s)
        with campaign.prepared(), screen.Screen(console, recorder.status) as view:
            for name, paths in failed.items():
                for path in paths:
                    campaign.forget(campaign.tallies[name], path)
            recorder.begin()
            with closing(campaign.run(planned)) as running:
                for _ in running:
                    recorder.tick()
                    view.tick()
            for tally in campaign.tallies.values():
                tally.judge_reach(PRESETS[0])
            recorder.end(fuzz.VERDICTS[fuzz.verdict_of(campaign)])

    def troubles(self) -> list[str]:
        """Why it proves nothing, each with the command that repeats it. A target whose processes a finding
        ends early is not held to its floors, nor the canary where another fault is met first."""
        campaign = self.campaign
        commands = Commands(self.options.targets, SANITIZER, SEED, None)
        listed = campaign.listed()
        found = []
        if not campaign.canary.found and not campaign.canary.finding:
            found.append(f"canary: planted bug {campaign.canary.fault}; repeat: {commands.canary()}")
        for name, tally in campaign.tallies.items():
            repeat = f"repeat: {commands.reach(name)}"
            if tally.fault:
                found.append(f"{name}: {tally.fault}; {repeat}")
            if tally.pending:
                found.append(f"{name}: {len(tally.pending)} findings were not replayed; {repeat}")
            if any(name in box.targets for box in listed):
                continue
            if not tally.done.executions or tally.aimless:
                found.append(f"{name}: none of {tally.done.executions:,} inputs was parsed; {repeat}")
            found += [f"{name}: floor missed, {missed.line()}; {repeat}" for missed in tally.missed()]
        return found

    def judged(self) -> list[str]:
        """Targets that ran long enough for their floors."""
        return [name for name, tally in self.campaign.tallies.items() if reach.enough(tally.done)]
