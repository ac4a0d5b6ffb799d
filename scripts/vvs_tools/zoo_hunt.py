# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The hunt for one planted bug: by the vectors, then target by target, PRNG seed by PRNG seed."""

import json
import math
import os
import shutil
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from vvs_tools import TOP, corpus, engine, engine_afl, engines, findings, process, sanitizers, targets
from vvs_tools.console import Exit, Stop
from vvs_tools.engines import Engine
from vvs_tools.targets import Target
from vvs_tools.zoo_copy import Copy
from vvs_tools.zoo_list import Bug

FIRST_SECONDS = 20
LONG_SECONDS = 120
PRNG_SEEDS = (1, 2, 3, 4, 5)
# What the engine's own exit leaves uncounted of its target is less than this.
POLL_S = 0.05
# Of the processor's time; on a busy machine a run may take so many times longer.
PATIENCE = 12
# Where a target needs another sanitizer than most.
SANITIZERS = {"threads": "thread"}
PLAIN_PRESET = "unit"
VECTORS_TIMEOUT_S = 900


@dataclass(frozen=True)
class Run:
    """One process of a target, from one PRNG seed. Seconds are the processor's, all threads together."""

    seed: int
    budget_s: int
    found: bool
    seconds: float
    kind: str = ""
    input: str = ""


@dataclass
class Result:
    """What is known of a bug so far."""

    bug: Bug
    seeds: int  # how many PRNG seeds a median needs
    conformance: bool | None = None
    vector: str = ""  # the first that holds it
    runs: dict[str, list[Run]] = field(default_factory=dict)
    done: bool = False
    trouble: Stop | None = (
        None  # why there is no verdict: the patch does not build, nothing could be measured
    )

    def found(self, target: str) -> int:
        return sum(run.found for run in self.runs[target])

    def median_s(self, target: str) -> float | None:
        """None where the median is a run that found nothing."""
        times = (run.seconds if run.found else math.inf for run in self.runs[target])
        median = statistics.median(times)
        return round(median, 2) if math.isfinite(median) else None

    @property
    def best(self) -> str | None:
        """The target that finds it by the median of all PRNG seeds, soonest first."""
        whole = {name: self.median_s(name) for name, runs in self.runs.items() if len(runs) == self.seeds}
        times = {name: median for name, median in whole.items() if median is not None}
        return min(times, key=lambda name: times[name]) if times else None

    @property
    def verdict(self) -> str:
        if self.bug.not_plantable:
            return "not plantable yet"
        if self.trouble:
            return "unusable" if self.trouble.code == Exit.SETUP else "inconclusive"
        return "found" if self.best else "missed"

    def kinds(self) -> str:
        """Who saw it, the most frequent first."""
        seen = Counter(run.kind for run in self.runs.get(self.best or "", ()) if run.found)
        return ", ".join(kind for kind, _ in seen.most_common(2))

    def as_object(self) -> dict[str, object]:
        return {
            "id": self.bug.id,
            "class": self.bug.kind,
            "conformance": self.conformance,
            "targets": {
                name: {"found": self.found(name), "seeds": len(runs), "median_s": self.median_s(name)}
                for name, runs in self.runs.items()
                if runs
            },
            "verdict": self.verdict,
        } | ({"reason": str(self.trouble)} if self.trouble else {})

    def write(self, folder: Path) -> None:
        """All of it, single runs too."""
        runs = {name: [asdict(run) for run in each] for name, each in self.runs.items()}
        text = json.dumps(self.as_object() | {"vector": self.vector, "runs": runs}, indent=2)
        (folder / "result.json").write_text(text + "\n")


@dataclass(frozen=True)
class Way:
    """How every bug is hunted."""

    engine: Engine
    with_seeds: bool = True  # the committed inputs
    prng_seeds: tuple[int, ...] = PRNG_SEEDS

    def preset(self, target: Target) -> str | None:
        """None where the engine can't run the target."""
        return self.engine.presets.get(SANITIZERS.get(target.name, "address"), (None,))[0]

    def targets(self) -> dict[str, Target]:
        return {name: target for name, target in targets.campaign().items() if self.preset(target)}


def timed(
    argv: Sequence[str], log: Path, env: Mapping[str, str], budget_s: float, tick: Callable[[], None]
) -> tuple[int, float]:
    """Run to the end, or until the budget is used up: the exit code or TIMED_OUT, and processor seconds."""
    with log.open("wb") as out:
        child = process.start(argv, out, env)
    used = 0.0
    try:
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            if pid:
                child.returncode = os.waitstatus_to_exitcode(status)
                return child.returncode, max(used, usage.ru_utime + usage.ru_stime)
            used = max(used, process.processor_seconds(child.pid))
            if used >= budget_s:
                process.end(child)
                return process.TIMED_OUT, used
            tick()
            time.sleep(POLL_S)
    except BaseException:
        process.end(child)
        raise


def build_replay(copy: Copy, target: Target, log: Path, tick: Callable[[], None]) -> None:
    copy.build(PLAIN_PRESET, [target.replay(PLAIN_PRESET).name], log, tick)


def replay(copy: Copy, target: Target, path: Path, log: Path, tick: Callable[[], None]) -> int:
    """The exit code of a replay by the library of `copy`."""
    program = copy.own(target.replay(PLAIN_PRESET), PLAIN_PRESET)
    env = sanitizers.environment()
    return process.run([program, path], log, timeout=3 * engine.INPUT_TIMEOUT_S, env=env, tick=tick)


class Control:
    """The library without a bug: what it fails as well was not found because of the bug."""

    def __init__(self, copy: Copy) -> None:
        self.copy = copy
        self.built: set[str] = set()
        self.lock = threading.Lock()

    def check(self, target: Target, path: Path, tick: Callable[[], None]) -> None:
        log = path.with_name("control.log")
        with self.lock:
            if not self.built:
                self.copy.refresh()
            if target.name not in self.built:
                build_replay(self.copy, target, log, tick)
                self.built.add(target.name)
        if replay(self.copy, target, path, log, tick):
            repeat = findings.repro_command(path, target.name, PLAIN_PRESET)
            raise Stop(Exit.INCONCLUSIVE, f"{target.name} fails without the bug too; repeat: {repeat}")


class Hunt:
    """One bug in one copy. `tick` is called often, and may raise to end it."""

    def __init__(
        self,
        bug: Bug,
        copy: Copy,
        control: Control,
        way: Way,
        out: Path,
        tick: Callable[[], None],
    ) -> None:
        self.copy = copy
        self.control = control
        self.folder = out / bug.id
        self.way = way
        self.tick = tick
        self.result = Result(bug, len(way.prng_seeds))

    def run(self) -> None:
        """To the end; what was measured is in `result`, and on disk, at each moment."""
        bug = self.result.bug
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        if bug.patch:
            self.copy.plant(bug.patch)
            self.ask_vectors()
            self.ask_targets()
        self.result.done = True
        self.result.write(self.folder)

    def ask_vectors(self) -> None:
        log = self.folder / "build-unit.log"
        self.copy.build(PLAIN_PRESET, ["vvs-run"], log, self.tick)
        env = sanitizers.environment(
            {"VVS_RUN": str(self.copy.build_folder(PLAIN_PRESET) / "fuzz" / "vvs-run")}
        )
        env["PYTHONPATH"] = str(TOP / "scripts")
        argv = [TOP / ".venv" / "bin" / "python", "-P", "-m", "vvs_tools.zoo_vectors"]
        log = self.folder / "vectors.log"
        code = process.run(argv, log, timeout=VECTORS_TIMEOUT_S, env=env, tick=self.tick)
        if code not in (Exit.CLEAN, Exit.FINDINGS):
            raise Stop(
                Exit.INCONCLUSIVE, f"the vectors can't be run: {process.tail(log, 1)}; the whole log: {log}"
            )
        self.result.conformance = code == Exit.FINDINGS
        self.result.vector = process.tail(log, 1) if self.result.conformance else ""
        self.result.write(self.folder)

    def order(self) -> Iterator[tuple[Target, bool]]:
        """Each target that the engine can run, the likely ones first, and whether it is one of those."""
        known = self.way.targets()
        first = [name for name in self.result.bug.targets if name in known]
        yield from ((known[name], True) for name in first)
        yield from ((target, False) for name, target in known.items() if name not in first)

    def ask_targets(self) -> None:
        """Until one finds it by the median."""
        half = len(self.way.prng_seeds) // 2 + 1
        for target, is_likely in self.order():
            self.ask(target, FIRST_SECONDS, give_up=half if is_likely else 1)
            if self.result.best:
                return
        runs = self.result.runs
        some = [target for target, is_likely in self.order() if is_likely or self.result.found(target.name)]
        for target in sorted(some, key=lambda target: -self.result.found(target.name)):
            kept = [run for run in runs[target.name] if run.found]
            runs[target.name] = kept
            self.ask(target, LONG_SECONDS, give_up=half)
            if self.result.best:
                return

    def ask(self, target: Target, seconds: int, give_up: int) -> None:
        """From each PRNG seed that has no run yet, until so many found nothing."""
        log = self.folder / f"build-{target.name}.log"
        preset = self.way.preset(target)
        self.copy.build(preset, self.way.engine.programs(target, preset), log, self.tick)
        runs = self.result.runs.setdefault(target.name, [])
        for seed in self.way.prng_seeds:
            if any(run.seed == seed for run in runs):
                continue
            runs.append(self.once(target, seed, seconds))
            runs.sort(key=lambda run: run.seed)
            self.result.write(self.folder)
            if sum(not run.found for run in runs) >= give_up:
                return

    def start(self, run: engines.Run) -> tuple[list[str], dict[str, str]]:
        """Command line and environment of this copy's target."""
        # Naming places costs more time than most bugs.
        env = sanitizers.environment() | engine_afl.SEEDS_COUNT
        env["ASAN_OPTIONS"] += ":symbolize=0"
        argv, more = self.way.engine.start(run, env)
        own = {name: self.copy.own(value, run.preset) for name, value in more.items()}
        return [self.copy.own(word, run.preset) for word in argv], env | own

    def once(self, target: Target, seed: int, seconds: int) -> Run:
        """One process, held to `seconds` of the processor's time."""
        folder = self.folder / f"{target.name}-{seed}"
        shutil.rmtree(folder, ignore_errors=True)
        made, given, log = folder / "corpus", folder / "seeds", folder / "log"
        for each in (made, given):
            each.mkdir(parents=True)
        if self.way.with_seeds:
            corpus.link(target.name, given)
        preset = self.way.preset(target)
        run = engines.Run(target, preset, log, folder, [made, given], PATIENCE * seconds, seed)
        argv, env = self.start(run)
        code, used = timed(argv, log, env, seconds, self.tick)
        failed = self.way.engine.end(run)
        for each in (made, given, folder / "afl"):
            shutil.rmtree(each, ignore_errors=True)
        for path, text in failed.items():
            # Slow, but not too slow.
            if path.name.startswith("slow-unit-"):
                continue
            kind = self.judge(target, path, text)
            if kind:
                return Run(seed, seconds, True, round(used, 2), kind, findings.shown(path))
        where = f"{target.name} on {self.result.bug.id} (log: {log})"
        complaint = self.way.engine.complaint(log, code)
        if complaint:
            raise Stop(Exit.INCONCLUSIVE, f"{complaint}; see the log: {where}")
        if used < seconds / 2:
            raise Stop(
                Exit.INCONCLUSIVE, f"got {used:.0f} of {seconds} processor seconds; try fewer --jobs: {where}"
            )
        shutil.rmtree(folder)
        return Run(seed, seconds, False, round(used, 2))

    def judge(self, target: Target, path: Path, text: str) -> str:
        """The kind of a finding. An engine that keeps no output of the target leaves that to a replay; empty
        where this does not show it again."""
        self.control.check(target, path, self.tick)
        if text:
            return findings.kind_of(text)
        log = path.with_name("replay.log")
        build_replay(self.copy, target, log, self.tick)
        fails = replay(self.copy, target, path, log, self.tick)
        return findings.kind_of(engine.log_tail(log)) if fails else ""
