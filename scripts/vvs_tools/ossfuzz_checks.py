# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What OSS-Fuzz demands of a built target, each as a check: bad_build_check, and the rules of where it runs.

A check yields what is wrong, in one line each. Thresholds are OSS-Fuzz's own.
"""

import configparser
import re
import shutil
import struct
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from vvs_tools import TOP, confine, corpus, engine_afl, process
from vvs_tools.targets import Target

EDGES_MIN = 100
# Calls of each runtime in the whole program: the least where it is wanted, the most where it is not.
CALLS = {"asan": (1000, 0), "msan": (1000, 3), "ubsan": (168, 200), "dfsan": (100, 0)}
RUNTIMES = {"address": "asan", "memory": "msan", "undefined": "ubsan"}

INPUT_SECONDS = 25
MEMORY_MB = 2560
PRNG_SEED = 1337
START_RUNS = 4
# Enough to go on behind the seeds.
FUZZ_RUNS = 2000
AFL_SECONDS = 4
# Each input has its own limit; this one is for a program that hangs.
HANG_SECONDS = 300

ELF_X86_64 = 62
# What every machine of OSS-Fuzz has.
LIBRARIES = re.compile(r"(?:lib(?:c|m|dl|rt|pthread|resolv|gcc_s|stdc\+\+)|ld-linux-x86-64)\.so\.\d+")
FUNCTION_OR_CALL = re.compile(
    rb"^[0-9a-f]+ <([^>]+)>:$|\tcallq? +[0-9a-f]+ <__(asan|dfsan|msan|ubsan)", re.MULTILINE
)
# Later than x86-64 had at first: AVX by its registers, BMI by name. Of bsf objdump makes tzcnt.
LATE = re.compile(
    rb"\t(?:(v[a-z0-9]+) +[^<\n]*%[xyz]mm\d|(andn|bextr|bls(?:i|msk|r)|mulx|pdep|pext|rorx|s[ah][rl]x) )"
)
NEEDED = re.compile(r"^ +NEEDED +(\S+)$", re.MULTILINE)
LOADED = re.compile(r"^INFO: Loaded \d+ modules? +\((\d+) inline 8-bit counters\)", re.MULTILINE)
FILES = re.compile(r"^INFO: seed corpus: files: (\d+)", re.MULTILINE)
DICTIONARY = re.compile(r"^Dictionary: (\d+) entries", re.MULTILINE)
READY = "All set and ready to roll"


@dataclass(frozen=True)
class Limits:
    """Of one execution."""

    seconds: int = INPUT_SECONDS
    memory_mb: int = MEMORY_MB


@dataclass
class Built:
    """One target in a folder as a service has it, and a scratch folder that alone it may write to."""

    target: Target
    folder: Path
    scratch: Path
    sanitizer: str
    engine: str
    env: Mapping[str, str]
    limits: Limits = Limits()
    tick: Callable[[], None] = lambda: None

    @property
    def program(self) -> Path:
        return self.folder / self.target.name

    @property
    def log(self) -> Path:
        return self.scratch.with_suffix(".log")

    @property
    def seeds(self) -> Path:
        return self.scratch / "seeds"

    @cached_property
    def listing(self) -> bytes:
        return self.output("objdump", "-d", "--no-show-raw-insn", self.program).encode()

    def output(self, *argv: str | Path, **env: str) -> str:
        process.run(argv, self.log, env={**self.env, **env}, timeout=HANG_SECONDS, tick=self.tick)
        return self.log.read_text(errors="replace")

    def confined(self, *words: str | Path, name: str = "") -> tuple[int, str]:
        """Run the target from another folder, with one to write to and nothing else to open."""
        argv = confine.command([self.program, *words], read=[self.folder], write=[self.scratch], name=name)
        env = {**self.env, "TMPDIR": str(self.scratch), "PYTHONPATH": str(TOP / "scripts")}
        code = process.run(argv, self.log, env=env, timeout=HANG_SECONDS, tick=self.tick)
        return code, self.log.read_text(errors="replace")

    def prepare(self) -> None:
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True)


def last_line(text: str) -> str:
    """Of the report, where there is one."""
    found = re.search(r"^(?:==\d+==)? ?(?:ERROR|SUMMARY): .*", text, re.MULTILINE)
    return found[0] if found else (text.strip().splitlines() or ["no output"])[-1]


def some(names: Iterable[str]) -> str:
    first, *more = sorted(names)
    return f"{first} and {len(more)} more" if more else first


def check_program(built: Built) -> Iterator[str]:
    """For the right machine, with nothing behind it that is not there."""
    with built.program.open("rb") as file:
        head = file.read(20)
    if head[:4] != b"\x7fELF" or struct.unpack_from("<H", head, 18)[0] != ELF_X86_64:
        yield "is no program for x86_64"
        return
    if b"LLVMFuzzerTestOneInput" not in built.program.read_bytes():
        yield "has no LLVMFuzzerTestOneInput, by which a service knows a target"
    for library in NEEDED.findall(built.output("objdump", "-p", built.program)):
        if not LIBRARIES.fullmatch(library):
            yield f"needs {library}, which is not where it runs"


def check_sanitizer(built: Built) -> Iterator[str]:
    """Compiled with the one that is asked for, the library too, and with no other."""
    wanted = RUNTIMES[built.sanitizer]
    calls: Counter[str] = Counter()
    in_library = False
    own = 0
    for function, runtime in FUNCTION_OR_CALL.findall(built.listing):
        if function:
            in_library = function.startswith(b"vvs_")
        else:
            calls[runtime.decode()] += 1
            own += in_library and runtime.decode() == wanted
    for runtime, (least, most) in CALLS.items():
        if runtime == wanted and calls[runtime] < least:
            yield f"has {calls[runtime]} calls of {runtime}: under {least}, it is not compiled with it"
        if runtime != wanted and calls[runtime] > most:
            yield f"has {calls[runtime]} calls of {runtime} in a build for {wanted}: over {most}, it is mixed"
    if not own:
        yield f"has no call of {wanted} from the library, which is not compiled with it"


def check_machine(built: Built) -> Iterator[str]:
    late = LATE.search(built.listing)
    if late:
        name = (late[1] or late[2]).decode()
        yield f"has the instruction {name}, which is not in every x86-64 (-march=native?)"


def check_options(built: Built) -> Iterator[str]:
    path = built.folder / f"{built.target.name}.options"
    options = configparser.ConfigParser()
    options.read(path)
    said = options.get("libfuzzer", "max_len", fallback="nothing")
    if said != str(built.target.max_len):
        yield f"{path.name} says {said} for max_len, not {built.target.max_len}"


def check_seeds(built: Built) -> Iterator[str]:
    """Every committed input is in the zip, and nothing else; unpacks it."""
    path = built.folder / f"{built.target.name}_seed_corpus.zip"
    if not path.exists():
        yield f"has no {path.name}"
        return
    committed = {"/".join(file.parts[-2:]): file.read_bytes() for file in corpus.files(built.target.name)}
    with zipfile.ZipFile(path) as archive:
        packed = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
        archive.extractall(built.seeds)
    other = {name for name in committed.keys() & packed.keys() if packed[name] != committed[name]}
    if lacking := committed.keys() - packed.keys():
        yield f"{path.name} lacks {some(lacking)}"
    if strange := packed.keys() - committed.keys():
        yield f"{path.name} has {some(strange)}, not committed"
    if other:
        yield f"{path.name} has another content for {some(other)}"


def check_start(built: Built) -> Iterator[str]:
    """From no input, by another name."""
    code, text = built.confined(f"-seed={PRNG_SEED}", f"-runs={START_RUNS}", name="another-name")
    if code or f"Done {START_RUNS} runs" not in text:
        yield f"does not start (exit code {code}): {last_line(text)}"
        return
    edges = LOADED.search(text)
    if not edges or int(edges[1]) <= EDGES_MIN:
        yield f"has {edges[1] if edges else 0} edges instrumented; it takes more than {EDGES_MIN}"


def check_runs(built: Built) -> Iterator[str]:
    """Its own seeds, and some way on from there, each execution inside of the limits."""
    fresh = built.scratch / "fresh"
    fresh.mkdir()
    code, text = built.confined(
        f"-dict={built.folder / built.target.name}.dict",
        f"-timeout={built.limits.seconds}",
        f"-rss_limit_mb={built.limits.memory_mb}",
        f"-max_len={built.target.max_len}",
        f"-artifact_prefix={built.scratch}/",
        f"-seed={PRNG_SEED}",
        f"-runs={FUZZ_RUNS}",
        fresh,
        built.seeds,
    )
    if code:
        yield f"fails on its seeds or behind them (exit code {code}): {last_line(text)}"
    files = FILES.search(text)
    if not files or int(files[1]) != sum(path.is_file() for path in built.seeds.rglob("*")):
        yield f"takes {files[1] if files else 'none'} of its seeds"
    words = DICTIONARY.search(text)
    if not words or words[1] == "0":
        yield "takes no word of its dictionary"


def check_merge(built: Built) -> Iterator[str]:
    """The engine starts itself for each attempt, so argv[0] is its path here."""
    merged = built.scratch / "merged"
    merged.mkdir()
    code, text = built.confined("-merge=1", merged, built.seeds)
    if code or not any(merged.iterdir()):
        yield f"merges nothing (exit code {code}): {last_line(text)}"


def check_afl_start(built: Built) -> Iterator[str]:
    """Each seed in a process that no engine drives, by another name."""
    files = sorted(path for path in built.seeds.rglob("*") if path.is_file())
    code, text = built.confined(*files, name="another-name")
    if code:
        yield f"fails on its seeds (exit code {code}): {last_line(text)}"


def check_afl_runs(built: Built) -> Iterator[str]:
    """Under the engine, which needs more than the target may have: from its seeds, for some seconds."""
    log = built.scratch / "default.log"  # as the engine names its only process
    argv: list[str | Path] = ["afl-fuzz", "-i", built.seeds, "-o", engine_afl.instances(log)]
    argv += ["-V", str(AFL_SECONDS), "-m", "none", "-t", str(1000 * built.limits.seconds)]
    argv += ["-b", str(engine_afl.free_cpu(())), "-x", f"{built.program}.dict", "--", built.program]
    text = engine_afl.COLOUR.sub("", built.output(*argv, **engine_afl.SETTINGS, **engine_afl.OPTIONS))
    if READY not in text:
        aborted = engine_afl.ABORTED.search(text)
        yield f"afl-fuzz does not start: {aborted[1].strip() if aborted else last_line(text)}"
        return
    said = engine_afl.fuzzer_stats(log)
    # A program without any has the engine's default for all of them, and is seen to take one.
    edges = int(said.get("total_edges", 0)) if int(said.get("edges_found", 0)) > 1 else 0
    if edges <= EDGES_MIN:
        yield f"has {edges} edges instrumented; it takes more than {EDGES_MIN}"
    if any(engine_afl.own(log).glob("crashes/id:*")) or any(engine_afl.own(log).glob("hangs/id:*")):
        yield "afl-fuzz finds a crash or a hang"


STATIC = (check_program, check_sanitizer, check_machine, check_options, check_seeds)
RUNNING = {
    "libfuzzer": (check_start, check_runs, check_merge),
    "afl": (check_afl_start, check_afl_runs),
}


def faults(built: Built, checks: Sequence[Callable[[Built], Iterator[str]]] = ()) -> list[str]:
    """What is wrong with a target, all of it; a program that is none is not run."""
    built.prepare()
    if not built.program.is_file():
        return ["is not there"]
    found = list(check_program(built))
    if found:
        return found
    chosen = checks or (*STATIC[1:], *RUNNING[built.engine])
    return [fault for check in chosen for fault in check(built)]
