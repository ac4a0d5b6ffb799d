# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The hunt for one planted bug: by the vectors, then target by target, PRNG seed by PRNG seed."""

import json
import math
import os
import shutil
import signal
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from vvs_tools import TOP, engine, findings, process, sanitizers, targets
from vvs_tools.console import Exit, Stop
from vvs_tools.targets import Target
from vvs_tools.zoo_copy import Copy
from vvs_tools.zoo_list import Bug

FIRST_SECONDS = 20
LONG_SECONDS = 120
PRNG_SEEDS = (1, 2, 3, 4, 5)
POLL_S = 0.02
# Of the processor's time; on a busy machine a run may take so many times longer.
PATIENCE = 12
# What fuzzes, and where a target needs another sanitizer than most.
PRESET = "fuzz"
PRESETS = {"threads": "fuzz-tsan"}
VECTORS_PRESET = "unit"
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
        }

    def write(self, folder: Path) -> None:
        """All of it, single runs too."""
        runs = {name: [asdict(run) for run in each] for name, each in self.runs.items()}
        text = json.dumps(self.as_object() | {"vector": self.vector, "runs": runs}, indent=2)
        (folder / "result.json").write_text(text + "\n")


class LibFuzzer:
    """How this engine is started, and what its end means."""

    def __init__(self, with_seeds: bool) -> None:
        self.with_seeds = with_seeds

    def preset(self, target: Target) -> str:
        return PRESETS.get(target.name, PRESET)

    def program(self, target: Target) -> Path:
        return target.engine(self.preset(target))

    def command(self, target: Target, seed: int, seconds: int, folder: Path) -> list[str | Path]:
        corpus = folder / "corpus"
        corpus.mkdir()
        corpora = [corpus, *(target.seeds if self.with_seeds else ())]
        return engine.command(target, self.preset(target), seconds, folder, corpora, seed=seed)

    def finding(self, code: int, log: Path) -> Path | None:
        """The input that made the process end with `code`, if one did."""
        ended_well = (0, engine.INTERRUPTED, -signal.SIGXCPU, 128 + signal.SIGXCPU)
        return None if code in ended_well else engine.artifact(log)

    def went_well(self, code: int) -> bool:
        return code in (0, -signal.SIGXCPU, 128 + signal.SIGXCPU)


def timed(
    argv: list[str | Path], log: Path, env: Mapping[str, str], tick: Callable[[], None]
) -> tuple[int, float]:
    """Run to the end; the exit code, and the processor's seconds that it took."""
    with log.open("wb") as out:
        child = process.start(argv, out, env)
    try:
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            if pid:
                child.returncode = os.waitstatus_to_exitcode(status)
                return child.returncode, usage.ru_utime + usage.ru_stime
            tick()
            time.sleep(POLL_S)
    except BaseException:
        process.end(child)
        raise


class Control:
    """The library without a bug: what it fails as well was not found because of the bug."""

    preset = "unit"

    def __init__(self, copy: Copy) -> None:
        self.copy = copy
        self.built: set[str] = set()
        self.lock = threading.Lock()

    def check(self, target: Target, path: Path, tick: Callable[[], None]) -> None:
        program = target.replay(self.preset)
        log = path.with_name("control.log")
        with self.lock:
            if not self.built:
                self.copy.refresh()
            if target.name not in self.built:
                self.copy.build(self.preset, [program.name], log, tick)
                self.built.add(target.name)
        code = process.run(
            [self.copy.program(program), path],
            log,
            timeout=3 * engine.INPUT_TIMEOUT_S,
            env=sanitizers.environment(),
            tick=tick,
        )
        if code:
            repeat = findings.repro_command(path, target.name, self.preset)
            raise Stop(Exit.INCONCLUSIVE, f"{target.name} fails without the bug too: {repeat}")


class Hunt:
    """One bug in one copy. `tick` is called often, and may raise to end it."""

    def __init__(
        self,
        bug: Bug,
        copy: Copy,
        control: Control,
        engine: LibFuzzer,
        out: Path,
        seeds: tuple[int, ...],
        tick: Callable[[], None],
    ) -> None:
        self.copy = copy
        self.control = control
        self.folder = out / bug.id
        self.seeds = seeds
        self.tick = tick
        self.engine = engine
        self.result = Result(bug, len(seeds))

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
        self.copy.build(VECTORS_PRESET, ["vvs-run"], log, self.tick)
        env = sanitizers.environment(
            {"VVS_RUN": str(self.copy.build_folder(VECTORS_PRESET) / "fuzz" / "vvs-run")}
        )
        env["PYTHONPATH"] = str(TOP / "scripts")
        argv = [TOP / ".venv" / "bin" / "python", "-P", "-m", "vvs_tools.zoo_vectors"]
        log = self.folder / "vectors.log"
        code = process.run(argv, log, timeout=VECTORS_TIMEOUT_S, env=env, tick=self.tick)
        if code not in (Exit.CLEAN, Exit.FINDINGS):
            raise Stop(Exit.INCONCLUSIVE, f"the vectors can't be run: {process.tail(log, 1)} (log: {log})")
        self.result.conformance = code == Exit.FINDINGS
        self.result.vector = process.tail(log, 1) if self.result.conformance else ""
        self.result.write(self.folder)

    def order(self) -> Iterator[tuple[Target, bool]]:
        """Each target, the likely ones first, and whether it is one of those."""
        known = targets.campaign()
        first = [name for name in self.result.bug.targets if name in known]
        yield from ((known[name], True) for name in first)
        yield from ((target, False) for name, target in known.items() if name not in first)

    def ask_targets(self) -> None:
        """Until one finds it by the median."""
        for target, is_likely in self.order():
            self.ask(target, FIRST_SECONDS, give_up=1 if not is_likely else len(self.seeds) // 2 + 1)
            if self.result.best:
                return
        runs = self.result.runs
        some = [target for target, is_likely in self.order() if is_likely or self.result.found(target.name)]
        for target in sorted(some, key=lambda target: -self.result.found(target.name)):
            kept = [run for run in runs[target.name] if run.found]
            runs[target.name] = kept
            self.ask(target, LONG_SECONDS, give_up=len(self.seeds) // 2 + 1)
            if self.result.best:
                return

    def ask(self, target: Target, seconds: int, give_up: int) -> None:
        """From each PRNG seed that has no run yet, until so many found nothing."""
        log = self.folder / f"build-{target.name}.log"
        self.copy.build(self.engine.preset(target), [self.engine.program(target).name], log, self.tick)
        runs = self.result.runs.setdefault(target.name, [])
        for seed in self.seeds:
            if any(run.seed == seed for run in runs):
                continue
            runs.append(self.once(target, seed, seconds))
            runs.sort(key=lambda run: run.seed)
            self.result.write(self.folder)
            if sum(not run.found for run in runs) >= give_up:
                return

    def once(self, target: Target, seed: int, seconds: int) -> Run:
        """One process, held to `seconds` of the processor's time."""
        folder = self.folder / f"{target.name}-{seed}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        log = folder / "log"
        argv = self.engine.command(target, seed, PATIENCE * seconds, folder)
        argv[0] = self.copy.program(self.engine.program(target))
        limit = ["prlimit", f"--cpu={seconds}:{seconds + 5}", "--"]
        # Naming places costs more time than most bugs.
        env = sanitizers.environment()
        env["ASAN_OPTIONS"] += ":symbolize=0"
        code, used = timed([*limit, *argv], log, env, self.tick)
        text = engine.log_tail(log)
        artifact = self.engine.finding(code, log)
        if artifact:
            shutil.rmtree(folder / "corpus")
            self.control.check(target, artifact, self.tick)
            return Run(seed, seconds, True, round(used, 2), findings.kind_of(text), findings.shown(artifact))
        where = f"{target.name} on {self.result.bug.id} (log: {log})"
        if not self.engine.went_well(code):
            raise Stop(Exit.INCONCLUSIVE, f"exit code {code} without a finding: {where}")
        if used < seconds / 2:
            raise Stop(Exit.INCONCLUSIVE, f"got {used:.0f} of {seconds} processor seconds: {where}")
        shutil.rmtree(folder)
        return Run(seed, seconds, False, round(used, 2))
