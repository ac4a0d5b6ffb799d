# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/gate: whether a change may be merged."""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click
from rich.console import Console

from vvs_tools import (
    OUT,
    TOP,
    atomic,
    fuzz,
    gate_base,
    gate_failure,
    gate_known,
    gate_replay,
    gate_view,
    targets,
    usage,
)
from vvs_tools.boxes import Box, Boxes
from vvs_tools.console import Exit, Progress, Stop, main, make_console
from vvs_tools.engines import LibFuzzer
from vvs_tools.folder import locked
from vvs_tools.gate_base import Base
from vvs_tools.gate_campaign import PRESETS, Fuzzing
from vvs_tools.gate_failure import Failure, Held
from vvs_tools.gate_known import Known
from vvs_tools.gate_replay import Replay, Replayed, Vectors

SECONDS = 60
WORK = OUT / "gate"
CAMPAIGN = WORK / "campaign"
KNOWN = TOP / "fuzz" / "known.toml"


@dataclass
class Gate:
    """One run, stage by stage, and what it came to."""

    base: str  # a commit; none: each finding counts
    seconds: int
    jobs: int
    known: Sequence[Known]
    console: Console
    changed: list[str] = field(default_factory=list)
    affected: list[str] = field(default_factory=list)
    replayed: list[Replayed] = field(default_factory=list)
    vectors: Vectors | None = None
    stale: list[str] = field(default_factory=list)
    fuzzing: Fuzzing | None = None
    failures: list[Failure] = field(default_factory=list)
    unsure: list[Box] = field(default_factory=list)
    boxes: dict[str, Box] = field(default_factory=dict)  # of the failures

    def run(self) -> None:
        found = list(targets.campaign().values())
        if self.base:
            self.changed = gate_base.changed(self.base)
            self.affected = gate_base.affected(self.base, self.changed)
        gate_view.show_begin(self, self.console)
        fuzz.compile_all(found, LibFuzzer(), PRESETS, self.console)
        with Progress(self.console, "gate") as progress:
            self.replay(found, lambda: progress.tick("replaying the corpora"))
            self.vectors = gate_replay.vectors(WORK, lambda: progress.tick("running the vectors"))
            gate_view.show_vectors(self.vectors, self.console)
            self.check_known(lambda: progress.tick("replaying known failures"))
        self.fuzz(found)
        with Progress(self.console, "gate") as progress:
            self.judge(lambda: progress.tick("comparing with the base"))

    def replay(self, found: Sequence[targets.Target], tick: Callable[[], None]) -> None:
        boxes = Boxes(CAMPAIGN)
        for box in boxes.all.values():
            box.targets = {box.target: 0}  # what a former gate has counted is not ours
        replay = Replay(boxes, WORK, tick)
        self.replayed = [replay.run(target) for target in found]
        gate_view.show_replayed(self.replayed, self.console)

    def check_known(self, tick: Callable[[], None]) -> None:
        failed = [held.id for held in self.vectors.held]
        for entry in self.known:
            if entry.kind == "vector":
                why = gate_known.stale_vectors(entry, self.vectors.ids, failed)
            else:
                why = gate_known.stale_finding(entry, WORK / "known", tick)
            self.stale += [why] if why else []

    def fuzz(self, found: Sequence[targets.Target]) -> None:
        self.fuzzing = Fuzzing(found, CAMPAIGN, self.seconds, self.jobs)
        confirmed = {id_ for done in self.replayed for id_ in done.failed.values()}
        failed = {done.target.name: list(done.failed) for done in self.replayed}
        self.fuzzing.run(self.affected, confirmed, failed, self.console)
        gate_view.show_campaign(self.fuzzing.campaign, self.console)

    def judge(self, tick: Callable[[], None]) -> None:
        """What fails is new, unless the list knows it or the base has it."""
        base = Base(self.base, WORK, tick) if self.base else None
        for box in self.fuzzing.campaign.listed():
            if box.runs and not box.failed:
                box.doubt = f"none of {box.runs} replays shows it again"
            if box.doubt:
                self.unsure.append(box)
                continue
            failure = gate_failure.of_box(box, self.changed)
            entry = gate_known.of_finding(self.known, box.id)
            if entry:
                failure.verdict, failure.why = "known", entry.reason
            elif base:
                has, failure.why = base.judge(box)
                failure.verdict = "old" if has else "new"
            self.failures.append(failure)
            self.boxes[box.id] = box
        self.judge_vectors(base, tick)

    def judge_vectors(self, base: Base | None, tick: Callable[[], None]) -> None:
        """A vector whose scenario is the input of a finding is that finding, unless this one is let through
        because of the base, and the vector is new."""
        rest = list(self.vectors.held)
        by_reason: dict[str, list[Held]] = {}
        for entry in (each for each in self.known if each.kind == "vector"):
            mine = [held for held in rest if entry.matches(held.id)]
            by_reason.setdefault(entry.reason, []).extend(mine)
            rest = [held for held in rest if held not in mine]
        for reason, mine in by_reason.items():
            self.failures += gate_failure.of_vectors(mine, "known", reason)
        rest = self.fold(rest, "known")
        old, why = self.ask_base(base, rest, tick)
        new = [held for held in rest if held not in old]
        self.failures += gate_failure.of_vectors(self.fold(new, "new"), "new", why)
        self.failures += gate_failure.of_vectors(self.fold(old, "old"), "old", why)

    def fold(self, held: Sequence[Held], verdict: gate_failure.Verdict) -> list[Held]:
        """Into the findings with this verdict; the others are left."""
        shown = {str(path): id_ for done in self.replayed for path, id_ in done.failed.items()}
        boxes = self.fuzzing.campaign.boxes
        whole = {id_: boxes.root(boxes.all[id_]).id for id_ in shown.values()}
        mine = {each.id: each for each in self.failures if each.verdict == verdict and each.targets}
        left = []
        for vector in held:
            ids = [whole[shown[path]] for path in vector.inputs if path in shown]
            failure = next((mine[id_] for id_ in ids if id_ in mine), None)
            if failure:
                failure.vectors.append(vector.id)
            else:
                left.append(vector)
        return left

    def ask_base(
        self, base: Base | None, held: Sequence[Held], tick: Callable[[], None]
    ) -> tuple[list[Held], str]:
        """Those that it fails in the same way, and its words."""
        if not base or not held:
            return [], ""
        runner = base.runner()
        if isinstance(runner, str):
            return [], runner
        done = gate_replay.vectors(WORK, tick, [each.id for each in held], runner)
        there = {each.id: each.verdict for each in done.held}
        old = [each for each in held if there.get(each.id) == each.verdict]
        return old, f"base {base.name}: {len(old)} of {len(held)} vectors fail in the same way"

    @property
    def new(self) -> list[Failure]:
        return [failure for failure in self.failures if failure.verdict == "new"]

    @property
    def code(self) -> Exit:
        if self.new or self.stale:
            return Exit.FINDINGS
        return Exit.INCONCLUSIVE if self.fuzzing.troubles() else Exit.CLEAN

    def draft(self) -> Path | None:
        """Where the entries are that would let the new ones through."""
        path = WORK / "known.toml"
        if not self.new:
            path.unlink(missing_ok=True)
            return None
        found = [self.boxes[failure.id] for failure in self.new if failure.id in self.boxes]
        vectors = [id_ for failure in self.new if not failure.targets for id_ in failure.vectors]
        atomic.write(path, gate_known.draft(found, vectors))
        return path


EPILOG = usage.epilog(
    """
  scripts/gate --base main                          what a branch adds
  scripts/gate --base origin/main --seconds 300 --sarif gate.sarif --junit gate.xml
  scripts/gate --known mine.toml                    without a base each finding counts
  scripts/gate --base HEAD --json >gate.json        what is not committed yet
""",
    Exit.FINDINGS,
    Exit.INCONCLUSIVE,
    Exit.NOTHING_RAN,
    notes="""
Corpora, vectors, then a campaign from one PRNG seed, half of whose time goes to the targets that the change
affects. A finding counts if it fails again here, the base does not fail in the same way, and fuzz/known.toml
does not list it. In GitHub Actions it is an annotation too. Findings are in build/out/gate/campaign/findings.
A stale entry of the list is a finding. Inconclusive are canary, floors, a target that did not run.
""",
)
OUTPUT = click.Path(path_type=Path, dir_okay=False)


@click.command(epilog=EPILOG)
@click.option("--base", "revision", metavar="REV", help="What it fails as well is let through.")
@click.option(
    "--seconds", type=click.IntRange(1), default=SECONDS, show_default=True, help="Of the campaign."
)
@click.option("--jobs", type=click.IntRange(1), help="Processes of it at a time.  [default: cores]")
@click.option("--sarif", type=OUTPUT, help="Write the findings there as SARIF 2.1.0.")
@click.option("--junit", type=OUTPUT, help="Write all that was checked there as JUnit.")
@click.option(
    "--known",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, resolve_path=True),
    default=KNOWN,
    help="What is known to fail.  [default: fuzz/known.toml]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end, and nothing else.")
def cli(
    revision: str | None,
    seconds: int,
    jobs: int | None,
    sarif: Path | None,
    junit: Path | None,
    known: Path,
    as_json: bool,
) -> Exit:
    """Say whether this checkout may be merged: refused is what fails here and not in the base."""
    for option, path in (("--sarif", sarif), ("--junit", junit)):
        if path and not path.absolute().parent.is_dir():
            raise click.UsageError(f"{option}: there is no folder {path.parent}")
    console = make_console(stderr=as_json)
    entries = gate_known.read(known)
    base = gate_base.find(revision) if revision else ""
    gate = Gate(base, seconds, jobs or os.cpu_count() or 1, entries, console)
    try:
        with locked(WORK, "another gate", "wait for its end"):
            gate.run()
            gate_view.write(gate, sarif, junit)
            draft = gate.draft()
    except OSError as error:
        raise Stop(Exit.INCONCLUSIVE, str(error)) from None
    if as_json:
        click.echo(json.dumps(gate_view.as_object(gate), indent=2))
    gate_view.show_end(gate, draft, console)
    return gate.code


if __name__ == "__main__":
    main(cli, "gate")
