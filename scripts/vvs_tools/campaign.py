# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A campaign: which target runs when on which core, restarted after each finding, every finding replayed."""

import math
import os
import shutil
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from vvs_tools import atomic, corpus, engine, findings, process, reach, tokens
from vvs_tools.boxes import Box, Boxes, listed
from vvs_tools.canary import Canary, canary_twin
from vvs_tools.console import Exit, Stop
from vvs_tools.engine import Numbers
from vvs_tools.engines import Engine, LibFuzzer, Run, known_to
from vvs_tools.findings import Finding
from vvs_tools.folder import locked
from vvs_tools.slices import Slices
from vvs_tools.targets import Target
from vvs_tools.triaging import Triage

POLL_S = 0.05
REPLAY_TIMEOUT_S = 3 * engine.INPUT_TIMEOUT_S
# What an earlier campaign found is replayed at the end of this one, for so long at most.
EARLIER_SECONDS = 10
# So long at most the costly oracles look at what led further.
NEW_SECONDS = 60
# Of a target that is bound by inputs.
RUNS_SECONDS = 600
# So long at most findings are looked into when the time is over; scripts/triage goes on from there.
TRIAGE_SECONDS = 120
# Of inputs that fail in a way that is known, so many are kept; the others are counted.
KEPT_INPUTS = 10
# Of processes that have ended, so many logs a target.
KEPT_LOGS = 20
# With less free space a finding could be cut off when it is written.
FREE_BYTES = 16 << 20


@dataclass(frozen=True)
class Piece:
    """A stretch of the campaign in which one job runs one target; ends so many seconds after its start."""

    target: Target
    end: float


def wall_seconds(targets: int, jobs: int, seconds: float, each: bool) -> float:
    """How long the whole lasts: `seconds`, or with `each` until every target had so many."""
    return seconds * max(1.0, targets / jobs) if each else seconds


def plan(targets: Sequence[Target], jobs: int, wall: float) -> list[list[Piece]]:
    """Equal shares, a list of pieces for each job: the time of all jobs laid end to end, dealt out, and cut
    where a job ends (McNaughton's rule), so that no core idles."""
    share = wall * jobs / len(targets)
    result: list[list[Piece]] = []
    for job in range(jobs):
        begin = job * wall
        ends = [(target, (n + 1) * share - begin) for n, target in enumerate(targets)]
        # A sliver that rounding leaves is no piece.
        mine = [(target, end) for target, end in ends if POLL_S < end < wall + share - POLL_S]
        result.append([Piece(target, min(end, wall)) for target, end in mine])
    return result


def plan_runs(targets: Sequence[Target], jobs: int) -> list[list[Piece]]:
    """Each target in one job, from which its inputs follow; more time than they need."""
    dealt = [targets[job::jobs] for job in range(min(jobs, len(targets)))]
    return [[Piece(target, (n + 1) * RUNS_SECONDS) for n, target in enumerate(mine)] for mine in dealt]


@dataclass
class Tally:
    """One target's folders, what its processes have done, and what came of it."""

    target: Target
    folder: Path
    preset: str  # whose replay program judges
    most: int | None = None  # inputs, which are to follow from the committed ones alone
    engine: Engine = field(default_factory=LibFuzzer)
    done: Numbers = field(default_factory=Numbers)
    running: dict[Path, float] = field(default_factory=dict)  # log, and when it was begun
    runs: int = 0
    dropped: int = 0  # corpus entries that were cut off
    earlier: list[Path] = field(default_factory=list)  # findings of earlier campaigns
    known: set[str] = field(default_factory=set)  # corpus entries of earlier campaigns
    checked: int = 0  # new ones, under the costly oracles
    pending: dict[Path, str] = field(default_factory=dict)  # found, not replayed yet; what was printed
    judging: set[Path] = field(default_factory=set)  # of those: is being replayed
    findings: dict[Path, Finding] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)  # inputs given to the engine that failed
    tokens: set[str] = field(default_factory=set)  # of oracles' reports that are known
    floors: list[reach.Verdict] = field(default_factory=list)  # beside what was measured, when all is over
    fault: str = ""  # why it was given up

    @property
    def corpus(self) -> Path:
        return self.folder / ("corpus" if self.most is None else "fresh")

    @property
    def seeds(self) -> Path:
        """Links to the committed inputs, by content."""
        return self.folder / "seeds"

    @property
    def runs_folder(self) -> Path:
        return self.folder / "runs"

    @property
    def artifacts(self) -> Path:
        return self.folder / "findings"

    @property
    def known_tokens(self) -> Path | None:
        """What processes go on behind. Begun anew by each campaign: what was found once may be mended."""
        return self.folder / "known" if self.target.goes_on else None

    def learn(self, text: str) -> bool:
        """From what a failing program printed; whether the next process comes past it."""
        if not self.known_tokens or not tokens.is_said(text):
            return False
        self.tokens.add(str(tokens.token_of(text)))
        atomic.write(self.known_tokens, "".join(f"{each}\n" for each in sorted(self.tokens)))
        return self.engine.goes_on

    def prepare(self) -> None:
        (self.folder / "known").unlink(missing_ok=True)
        for folder in (self.corpus, self.artifacts):
            folder.mkdir(parents=True, exist_ok=True)
        self.engine.recover(self.runs_folder, self.corpus, self.artifacts)
        for folder in (self.seeds, self.runs_folder, self.folder / "fresh"):
            shutil.rmtree(folder, ignore_errors=True)
        for folder in (self.corpus, self.seeds, self.runs_folder):
            folder.mkdir(parents=True, exist_ok=True)
        for name in (self.target.name, *self.target.borrows):
            corpus.link(name, self.seeds)
        self.dropped = findings.drop_cut_off(self.corpus)
        self.known = {path.name for path in self.corpus.iterdir()}
        self.earlier = sorted(self.artifacts.iterdir())

    @property
    def left(self) -> int:
        """Inputs yet to be run; negative without end."""
        return -1 if self.most is None else max(0, self.most - self.done.executions)

    def numbers(self) -> Numbers:
        """Up to now."""
        now = time.monotonic()
        live = (self.engine.read(log, now - began) for log, began in self.running.items())
        return sum(live, self.done)

    def judge_reach(self, preset: str) -> None:
        program = self.target.engine(preset)
        functions = reach.functions_at(program, self.done.places)
        self.floors = reach.judge(self.target.floors.scaled(self.engine.floor_factor), self.done, functions)

    def missed(self) -> list[reach.Verdict]:
        """Floors; none where too little ran to tell."""
        return [verdict for verdict in self.floors if not verdict.met and reach.enough(self.done)]

    @property
    def aimless(self) -> bool:
        """It has run, and what it is about was never reached: with few inputs no floor would tell."""
        return bool(self.target.floors.parsed and self.done.executions and not self.done.parsed)

    def all_findings(self) -> list[Finding]:
        """Those that nobody had the time to replay too."""
        rest = [self.found(path, text, "not replayed yet") for path, text in self.pending.items()]
        return [*self.findings.values(), *rest]

    def found(self, path: Path, text: str, doubt: str = "") -> Finding:
        token = tokens.token_of(text)
        command = findings.repro_command(path, self.target.name, self.preset)
        return Finding(path, findings.kind_of(text), command, findings.report_of(text), token.id, doubt)

    def entries(self) -> int:
        """Of the working corpus."""
        with os.scandir(self.corpus) as found:
            return sum(1 for _ in found)

    def tidy(self, log: Path) -> None:
        """Only the newest logs are of use, and a campaign may last for days."""
        old = self.runs_folder / f"{int(log.stem) - KEPT_LOGS}.log"
        for path in (old, engine.stats_of(old)):
            path.unlink(missing_ok=True)


class Campaign:
    """Runs a plan: one generator for each job, polled by one loop, so that every end passes there."""

    def __init__(
        self,
        targets: Sequence[Target],
        out: Path,
        presets: tuple[str, str],
        env: Mapping[str, str],
        canary: Canary | None = None,
        *,
        seed: int = 1,
        most: int | None = None,
        engine: Engine | None = None,
        builds: Sequence[str] = (),
    ) -> None:
        self.out = out
        self.fuzz_preset, self.preset = presets
        self.builds = builds  # that are asked of each finding, besides the preset's own
        self.env = env
        self.canary = canary
        self.seed = seed
        self.engine = engine or LibFuzzer()
        self.tallies = {
            target.name: Tally(target, out / target.name, presets[1], most, self.engine) for target in targets
        }
        self.boxes: Boxes | None = None  # of the folder, once it is ours
        self.confirmed: set[str] = set()  # boxes that this campaign has seen fail
        self.looked_into: set[str] = set()
        self.before = 0.0  # seconds of the campaign that this one goes on with
        self.began = time.monotonic()

    @property
    def elapsed(self) -> float:
        return self.before + time.monotonic() - self.began

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """Folders made, half-written entries dropped, and no other campaign in the same folder."""
        with locked(self.out):
            self.check_space()
            self.boxes = Boxes(self.out)
            for tally in self.tallies.values():
                tally.prepare()
            yield

    def check_space(self) -> None:
        free = shutil.disk_usage(self.out).free
        if free < FREE_BYTES:
            raise Stop(
                Exit.INCONCLUSIVE,
                f"no space: {free >> 20} MiB free in {self.out}, it takes {FREE_BYTES >> 20}; "
                "make room, or try --out DIR",
            )

    def run(self, jobs: Sequence[Sequence[Piece]]) -> Generator[None]:
        """Run to the end, yielding often; closing it ends every child. The canary's time is its own."""
        yield from self.all_of([self.job(pieces) for pieces in jobs], len(jobs))

    def run_slices(self, slices: Slices) -> Generator[None]:
        """The same, each job on what target the slices say."""
        yield from self.all_of([self.slice_job(slices) for _ in range(slices.jobs)], slices.jobs)

    def all_of(self, working: list[Generator[None]], jobs: int) -> Generator[None]:
        self.began = time.monotonic()
        if self.canary:
            yield from self.together([self.canary.run(self.child, self.env)])
            if self.canary.finding:
                box = self.boxes.fold(canary_twin(), self.preset, self.canary.finding, self.canary.said, 0.0)
                self.confirmed.add(box.id)
        self.began = time.monotonic()
        yield from self.together(working)
        yield from self.together([self.check_new(tally) for tally in self.tallies.values()])
        yield from self.together([self.judge_earlier(tally) for tally in self.tallies.values()])
        yield from self.together([self.judge_boxes()])
        until = self.elapsed + TRIAGE_SECONDS
        yield from self.together([self.look_into(until) for _ in range(jobs)])

    def together(self, working: list[Generator[None]]) -> Generator[None]:
        done = object()
        try:
            while working:
                self.check_space()
                working = [job for job in working if next(job, done) is not done]
                yield
                time.sleep(POLL_S)
        finally:
            for job in working:
                job.close()

    def job(self, pieces: Sequence[Piece]) -> Generator[None]:
        for piece in pieces:
            tally = self.tallies[piece.target.name]
            while self.elapsed < piece.end and tally.left and not tally.fault:
                yield from self.fuzz(tally, piece.end)
                yield from self.judge(tally, piece.end)
            if tally.left > 0 and not tally.fault:
                tally.fault = f"{tally.left:,} of {tally.most:,} inputs were not run in {RUNS_SECONDS} s"

    def slice_job(self, slices: Slices) -> Generator[None]:
        """Findings are looked into as they come: the campaign may last for days."""
        while self.elapsed < slices.wall - POLL_S and not all(tally.fault for tally in self.tallies.values()):
            name, end = slices.take(self.elapsed)
            tally, began = self.tallies[name], self.elapsed
            before = tally.entries() + tally.numbers().edges
            while self.elapsed < end and not tally.fault:
                yield from self.fuzz(tally, end)
                yield from self.judge(tally, end)
                yield from self.look_into(slices.wall)
            new = tally.entries() + tally.numbers().edges - before
            slices.told(name, self.elapsed - began, max(0, new))
            yield

    def look_into(self, until: float) -> Generator[None]:
        """What nobody has looked into yet, by this job or another."""
        targets = [tally.target for tally in self.tallies.values()]
        triage = Triage(self.boxes, targets, self.child_of_triage, self.builds, self.env)
        for box in self.boxes.waiting():
            if self.elapsed > until:
                return
            if box.id not in self.looked_into:
                self.looked_into.add(box.id)
                yield from triage.run(box)

    def child_of_triage(
        self, argv: Sequence[str | Path], log: Path, seconds: float, env: Mapping[str, str]
    ) -> Generator[None, None, int]:
        return (yield from self.child(argv, log, self.elapsed + seconds, **env))

    def listed(self) -> list[Box]:
        """The findings of this campaign."""
        return (
            listed(box for box in self.boxes.all.values() if box.id in self.confirmed) if self.boxes else []
        )

    def child(
        self, argv: Sequence[str | Path], log: Path, until: float, /, **env: str
    ) -> Generator[None, None, int]:
        """Yields while the child runs; at last its exit code, or TIMED_OUT."""
        with log.open("wb") as out:
            child = process.start(argv, out, {**self.env, **env})
        try:
            while child.poll() is None and self.elapsed <= until:
                yield
            if child.poll() is not None:
                return child.returncode
            child.terminate()
            # A report that is being written comes to its end; other jobs go on meanwhile.
            while child.poll() is None and self.elapsed <= until + process.GRACE_S:
                if self.engine.is_complete(log):
                    child.kill()
                yield
            return process.TIMED_OUT
        finally:
            if child.poll() is None:
                process.end(child)

    def fuzz(self, tally: Tally, until: float) -> Generator[None]:
        """One process of the engine; it ends by its own finding, or at `until`."""
        tally.runs += 1
        log = tally.runs_folder / f"{tally.runs}.log"
        run = Run(
            tally.target,
            self.fuzz_preset,
            log,
            tally.artifacts,
            [tally.corpus, tally.seeds],
            math.ceil(until - self.elapsed),
            self.seed + tally.runs,
            tally.left,
            len(tally.running),
            tally.known_tokens,
        )
        argv, env = self.engine.start(run, self.env)
        began = tally.running[log] = time.monotonic()
        try:
            code = yield from self.child(argv, log, until, **env)
        finally:
            del tally.running[log]
            tally.done += self.engine.read(log, time.monotonic() - began)
            failed = self.engine.end(run)
            tally.tidy(log)
            tally.pending |= {path: text for path, text in failed.items() if path not in tally.findings}
        given = [path for path in failed if self.forget(tally, path)]
        stuck = [path for path, text in failed.items() if not tally.learn(text)]
        if stuck and not given and not self.engine.loaded(log):
            tally.fault = "fails on the engine's own first input, so it generates nothing"
        elif not failed and (complaint := self.engine.complaint(log, code)):
            tally.fault = f"{complaint} (log: {findings.shown(log)})"

    def forget(self, tally: Tally, artifact: Path) -> bool:
        """Let the next process do without an input that fails, or it would come no further; whether it was
        given, perhaps to another job too."""
        name = findings.content_name(artifact)
        for entry in (tally.corpus / name, tally.seeds / name):
            if entry.exists():
                tally.forgotten.add(name)
                entry.unlink()
        return name in tally.forgotten

    def judge(self, tally: Tally, until: float) -> Generator[None]:
        """Replay what was found, be it little longer than the time that the target has."""
        for path, text in list(tally.pending.items()):
            if self.elapsed > until + EARLIER_SECONDS:
                return
            # Another job of this target may be at it: two replays would write one log.
            if path in tally.judging or path not in tally.pending:
                continue
            tally.judging.add(path)
            fails, replayed = yield from self.replay(tally, path)
            doubt = "" if fails else "not reproduced by a replay"
            if findings.is_cut_off(path):
                doubt = "cut off when it was written"
            self.keep(
                tally, tally.found(path, replayed if fails else text, doubt), replayed if fails else text
            )
            tally.pending.pop(path, None)
            tally.judging.discard(path)

    def keep(self, tally: Tally, finding: Finding, text: str, *, again: bool = False) -> None:
        """Lay it down, or count it where it is known; of what is known well enough the input goes."""
        box = self.boxes.fold(tally.target, self.preset, finding, text, self.elapsed, again=again)
        tally.learn(text)
        self.confirmed.add(box.id)
        if box.count > KEPT_INPUTS and not again:
            finding.file.unlink(missing_ok=True)
        else:
            tally.findings[finding.file] = finding

    def judge_boxes(self) -> Generator[None]:
        """What an earlier campaign has laid down and this one has not met: does it still fail?"""
        until = self.elapsed + EARLIER_SECONDS
        for box in listed(self.boxes.all.values()):
            tally = self.tallies.get(box.target)
            if tally is None or box.id in self.confirmed or box.doubt or self.elapsed > until:
                continue
            fails, _ = yield from self.replay(tally, box.input)
            if fails:
                self.confirmed.add(box.id)
            else:
                box.mended = True
                box.write()

    def check_new(self, tally: Tally) -> Generator[None]:
        """The costly oracles have seen one input in so many: replay has all of them, and sees what led
        further."""
        until = self.elapsed + NEW_SECONDS
        rest = sorted(path for path in tally.corpus.iterdir() if path.name not in tally.known)
        log = tally.runs_folder / "new.log"
        while rest and self.elapsed < until:
            batch = rest[: corpus.BATCH]
            argv = [tally.target.replay(tally.preset), *batch]
            code = yield from self.child(argv, log, until, **known_to(tally.known_tokens))
            if code == process.TIMED_OUT:
                break
            text = engine.log_tail(log)
            failed = findings.replayed(text) if code else None
            if code and failed not in batch:
                tally.fault = f"the replay of new corpus entries exits {code} (log: {findings.shown(log)})"
                return
            done = batch.index(failed) + 1 if failed else len(batch)
            tally.checked += done
            rest = rest[done:]
            if failed:
                artifact = failed.replace(tally.artifacts / f"crash-{failed.name}")
                self.keep(tally, tally.found(artifact, text), text)
        if rest:
            tally.fault = f"no time to replay {len(rest)} new corpus entries under the costly oracles"

    def judge_earlier(self, tally: Tally) -> Generator[None]:
        """What an earlier campaign left behind, perhaps without a word, is a finding as long as it fails."""
        until = self.elapsed + EARLIER_SECONDS
        rest = [path for path in tally.earlier if path not in tally.findings and path.exists()]
        for number, path in enumerate(rest):
            if self.elapsed > until:
                tally.fault = f"no time to replay {len(rest) - number} findings of earlier campaigns"
                break
            fails, replayed = yield from self.replay(tally, path)
            if fails:
                self.keep(tally, tally.found(path, replayed), replayed, again=True)

    def replay(self, tally: Tally, path: Path) -> Generator[None, None, tuple[bool, str]]:
        """Whether it fails, and what the program printed."""
        log = tally.runs_folder / f"replay-{path.name}.log"
        argv = [tally.target.replay(tally.preset), path]
        code = yield from self.child(argv, log, self.elapsed + REPLAY_TIMEOUT_S)
        text = engine.log_tail(log)
        if code == process.TIMED_OUT:
            text += f"\nSUMMARY: libFuzzer: timeout\nended after {REPLAY_TIMEOUT_S} s\n"
        return code != 0, text
