# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""AFL++: its command line and environment, and what its processes leave behind."""

import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from vvs_tools import engine, findings, process
from vvs_tools.engine import Numbers
from vvs_tools.engines import Run
from vvs_tools.targets import Target

# Nothing to any target: without an input that does not fail the engine refuses to start.
FIRST_INPUT = b"\x01"

COLOUR = re.compile(r"\x1b\[[\d;?]*[a-zA-Z]")
SKIPPED = re.compile(r"Test case '[^']*\borig:(\w+)' results in a (crash|timeout)")
ABORTED = re.compile(r"PROGRAM ABORT : (.+)")
PROC = Path("/proc")
PINNED = re.compile(r"^Cpus_allowed_list:\t(\d+)$", re.MULTILINE)

# The engine insists on the first two; leaks are what a replay looks for.
OPTIONS = {
    "ASAN_OPTIONS": f"abort_on_error=1:symbolize=0:detect_leaks=0:hard_rss_limit_mb={engine.RSS_LIMIT_MB}",
    "UBSAN_OPTIONS": "abort_on_error=1:symbolize=0",
    "MSAN_OPTIONS": "exit_code=86:symbolize=0",
}
SETTINGS = {
    "AFL_NO_UI": "1",
    "AFL_SKIP_CPUFREQ": "1",
    "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1",
    "AFL_NO_CRASH_README": "1",
    "AFL_BENCH_UNTIL_CRASH": "1",
}

# Besides, where an input that is given and fails is the end, as one that is found is.
SEEDS_COUNT = {"AFL_EXIT_ON_SEED_ISSUES": "1"}


def instances(log: Path) -> Path:
    """A folder for each process; those of one target learn from one another there."""
    return log.parent / "afl"


def own(log: Path) -> Path:
    return instances(log) / log.stem


def inputs(log: Path) -> Path:
    """What the process starts from."""
    return log.with_suffix(".inputs")


def mutator(target: Target, preset: str) -> Path:
    """Of a target of scenarios: what the engine's own process loads."""
    return target.engine(preset).with_name(f"mutate_{target.name}.so")


def command(run: Run, cpu: int) -> list[str | Path]:
    """A main takes the queue in order and trims nothing, which is of use beside one other process. On another
    core than the target, the engine would be several times slower: so both are bound to one."""
    options = {
        "-i": inputs(run.log),
        "-o": instances(run.log),
        "-M" if run.others == 1 else "-S": run.log.stem,
        "-V": run.seconds,
        "-t": 1000 * engine.INPUT_TIMEOUT_S,
        "-G": run.target.max_len,
        "-s": run.seed,
        "-b": cpu,
    }
    if run.most >= 0:
        options["-E"] = run.most
    if run.target.input == "bytes":
        # Solving comparisons takes a fifth of all executions. A scenario's mutator comes there without.
        options["-c"] = 0
        if run.target.dictionary.exists():
            options["-x"] = run.target.dictionary
    words = [word for option in options.items() for word in map(str, option)]
    return ["afl-fuzz", *words, "--", run.target.engine(run.preset)]


def environment(run: Run, base: Mapping[str, str]) -> dict[str, str]:
    """What the engine and the target need set; the last word on an option counts."""
    env = {name: ":".join(filter(None, (base.get(name), ours))) for name, ours in OPTIONS.items()}
    env |= SETTINGS | {"VVS_STATS": str(engine.stats_of(run.log))}
    if run.target.input == "scenario":
        library = str(mutator(run.target, run.preset))
        env |= {"AFL_CUSTOM_MUTATOR_LIBRARY": library, "AFL_CUSTOM_MUTATOR_ONLY": "1"}
    return env


def free_cpu(taken: Iterable[int]) -> int:
    """Of our cores, the one with the fewest processes bound to it; those for `taken` are about to be."""
    bound = Counter(taken)
    for status in PROC.glob("[0-9]*/status"):
        try:
            found = PINNED.search(status.read_text())
        except OSError:  # it has ended meanwhile
            continue
        if found:
            bound[int(found[1])] += 1
    return min(sorted(os.sched_getaffinity(0)), key=lambda cpu: bound[cpu])


def prepare(run: Run) -> None:
    """Copy the inputs to where the engine takes them from: it follows no links."""
    folder = inputs(run.log)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "first").write_bytes(FIRST_INPUT)
    for path in (path for corpus in run.corpora for path in corpus.iterdir()):
        shutil.copyfile(path, folder / path.name)


def keep(path: Path, folder: Path, prefix: str = "") -> Path:
    """Copy to `folder`, named by content as libFuzzer names it."""
    kept = folder / f"{prefix}{findings.content_name(path)}"
    if not kept.exists():
        shutil.copyfile(path, kept)
    return kept


def keep_failed(instance: Path, artifacts: Path) -> dict[Path, str]:
    """The inputs that failed, by what they are named in `artifacts`; with what there is to say of them."""
    crashes = [keep(path, artifacts, "crash-") for path in sorted(instance.glob("crashes/id:*"))]
    hangs = [keep(path, artifacts, "timeout-") for path in sorted(instance.glob("hangs/id:*"))]
    return dict.fromkeys(crashes, "") | dict.fromkeys(hangs, "SUMMARY: libFuzzer: timeout\n")


def is_own(path: Path) -> bool:
    """Whether an entry of a queue was found, and not given."""
    return ",orig:" not in path.name


def keep_queue(instance: Path, corpus: Path) -> None:
    """Add to `corpus` what was found on the way."""
    for path in instance.glob("queue/id:*"):
        if is_own(path):
            keep(path, corpus)


def plain_log(log: Path) -> str:
    return COLOUR.sub("", log.read_text(errors="replace"))


def fuzzer_stats(log: Path) -> dict[str, str]:
    """What the engine says at its start, once a minute and at its end."""
    path = own(log) / "fuzzer_stats"
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}


class Afl:
    """Keeps what it finds in a folder of its own, from where we fetch it."""

    name = "afl"
    goes_on = False  # it keeps what an input reached that was left behind
    # It chooses what to mutate by other rules, and inputs of bytes by its own mutators.
    floor_factor = 0.33
    # MSan would need the engine's own driver to be instrumented.
    presets: ClassVar = {"address": ("fuzz-afl", "unit")}

    def __init__(self) -> None:
        self.cpus: dict[Path, int] = {}  # of those that run, by log

    def programs(self, target: Target, preset: str) -> list[str]:
        loaded = [mutator(target, preset).stem] if target.input == "scenario" else []
        return [target.engine(preset).name, *loaded]

    def start(self, run: Run, base: Mapping[str, str]) -> tuple[list[str | Path], dict[str, str]]:
        prepare(run)
        cpu = self.cpus[run.log] = free_cpu(self.cpus.values())
        return command(run, cpu), environment(run, base)

    def read(self, log: Path, seconds: float) -> Numbers:
        """Some of it is up to a second old, edges up to a minute."""
        said = fuzzer_stats(log)
        counted = engine.counted(log)
        executed = max(int(said.get("execs_done", 0)), counted.executions)
        edges = int(said.get("edges_found", 0))
        return replace(counted, seconds=seconds, executions=executed, edges=edges)

    def is_complete(self, log: Path) -> bool:
        return False

    def end(self, run: Run) -> dict[Path, str]:
        self.cpus.pop(run.log, None)
        keep_queue(own(run.log), run.corpora[0])
        failed = keep_failed(own(run.log), run.artifacts)
        for name, kind in SKIPPED.findall(plain_log(run.log)):
            failed.setdefault(keep(inputs(run.log) / name, run.artifacts, f"{kind}-"), "")
        shutil.rmtree(inputs(run.log), ignore_errors=True)
        return failed

    def loaded(self, log: Path) -> bool:
        return not ABORTED.search(plain_log(log))

    def complaint(self, log: Path, code: int) -> str:
        aborted = ABORTED.search(plain_log(log))
        if aborted:
            return f"ends without a finding: {aborted[1].strip()}"
        ended_well = code in (0, process.TIMED_OUT)
        return "" if ended_well else f"exits {code} without a finding: {process.tail(log, 1)}"

    def recover(self, runs: Path, corpus: Path, artifacts: Path) -> None:
        for instance in runs.glob("afl/*/"):
            keep_queue(instance, corpus)
            keep_failed(instance, artifacts)
