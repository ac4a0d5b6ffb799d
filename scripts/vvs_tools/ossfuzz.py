# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Build the targets as OSS-Fuzz and ClusterFuzzLite do, in a scratch folder, and check them as those do."""

import os
import shlex
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from vvs_tools import OUT, TOP, confine, lint, offers, ossfuzz_checks, process, targets, usage
from vvs_tools.build import llvm_tool, locked
from vvs_tools.console import Exit, Progress, Stop, main, make_console

FOLDER = OUT / "ossfuzz"
SOURCE = "vsock-anvil"  # below $SRC
SCRIPT = Path(".clusterfuzzlite", "build.sh")
BUILD_SECONDS = 900

# What their base-builder image sets.
COMMON = "-O1 -fno-omit-frame-pointer -gline-tables-only -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION"
COVERAGE = "-fsanitize=fuzzer-no-link"
CHECKED = (
    "array-bounds,bool,builtin,enum,function,integer-divide-by-zero,null,object-size,return,"
    "returns-nonnull-attribute,shift,signed-integer-overflow,unreachable,vla-bound,vptr"
)
SANITIZERS = {
    "address": "-fsanitize=address -fsanitize-address-use-after-scope",
    "undefined": f"-fsanitize={CHECKED},unsigned-integer-overflow -fno-sanitize-recover={CHECKED}",
    "memory": "-fsanitize=memory -fsanitize-memory-track-origins",
}
# An unsigned overflow is a signal to their engine, and no fault.
RUN_ENV = {"UBSAN_OPTIONS": "silence_unsigned_overflow=1:print_stacktrace=1"}
AFL_DRIVER = Path("/usr/lib/afl/libAFLDriver.a")
# Of that image's tools those that are needed: the build finds no other.
TOOLS = ("ar", "bash", "cmake", "env", "ld", "make", "nproc", "ranlib", "rm", "sh", "uname")


@dataclass(frozen=True)
class Setting:
    """One build that a service makes."""

    name: str
    sanitizer: str
    engine: str = "libfuzzer"

    @property
    def folder(self) -> Path:
        return FOLDER / self.name

    @property
    def moved(self) -> Path:
        """What was built, in another place than $OUT."""
        return self.folder / "moved"


SETTINGS = {
    setting.name: setting
    for setting in (
        *(Setting(sanitizer, sanitizer) for sanitizer in SANITIZERS),
        Setting("afl", "address", "afl"),
    )
}


def tools(setting: Setting) -> dict[str, str]:
    """What the build may call, and by which name."""
    clang = llvm_tool("clang")
    found = {name: name for name in TOOLS}
    found |= {"clang": clang, "clang++": clang.replace("clang", "clang++")}
    if setting.engine == "afl":
        found |= {name: name for name in ("afl-clang-fast", "afl-clang-fast++")}
    return found


def environment(setting: Setting, folder: Path) -> dict[str, str]:
    """What build.sh finds, and all of it; `folder` has src, work, out and the tools."""
    afl = setting.engine == "afl"
    compiler, library = ("afl-clang-fast", str(folder / "libFuzzingEngine.a")) if afl else ("clang", "")
    flags = " ".join([COMMON, SANITIZERS[setting.sanitizer], *([] if afl else [COVERAGE])])
    return {
        "PATH": str(folder / "bin"),
        "SRC": str(folder / "src"),
        "WORK": str(folder / "work"),
        "OUT": str(folder / "out"),
        "CC": compiler,
        "CXX": f"{compiler}++",
        "CFLAGS": flags,
        "CXXFLAGS": flags,
        "LIB_FUZZING_ENGINE": library or "-fsanitize=fuzzer",
        "FUZZING_ENGINE": setting.engine,
        "SANITIZER": setting.sanitizer,
        "ARCHITECTURE": "x86_64",
        **({"AFL_QUIET": "1", "AFL_LLVM_CMPLOG": "1"} if afl else {}),
    }


def lay_out(setting: Setting, folder: Path, files: Sequence[Path]) -> None:
    """The source as git has it, and the tools. $WORK is kept from build to build, as theirs is."""
    for part in ("src", "out", "bin"):
        shutil.rmtree(folder / part, ignore_errors=True)
    for part in ("work", "out", "bin"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for path in files:
        copy = folder / "src" / SOURCE / path.relative_to(TOP)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    for name, program in tools(setting).items():
        found = shutil.which(program)
        if not found:
            raise Stop(Exit.SETUP, f"no {program}: run scripts/setup")
        (folder / "bin" / name).symlink_to(found)
    if setting.engine == "afl":
        shutil.copy(AFL_DRIVER, folder / "libFuzzingEngine.a")


def build(setting: Setting, tick: Callable[[], None] = lambda: None) -> list[str]:
    """Run build.sh, and move what it made to where nobody has said it would be; what is wrong."""
    env = [f"{name}={value}" for name, value in environment(setting, FOLDER).items()]
    log = FOLDER / f"{setting.name}-build.log"
    script = FOLDER / "src" / SOURCE / SCRIPT
    argv = ["env", "-i", *env, FOLDER / "bin" / "bash", "-eux", script]
    if process.run(argv, log, timeout=BUILD_SECONDS, tick=tick):
        return [f"build.sh fails, log {log.relative_to(TOP)}:\n{process.tail(log, 15)}"]
    shutil.rmtree(setting.folder, ignore_errors=True)
    setting.folder.mkdir()
    shutil.move(FOLDER / "out", setting.moved)
    return strangers(setting.moved)


def strangers(folder: Path) -> list[str]:
    """A service takes every program for a target."""
    programs = {path.name for path in folder.iterdir() if path.is_file() and os.access(path, os.X_OK)}
    return [f"{name} is built, and is no target" for name in sorted(programs - targets.campaign().keys())]


def run(setting: Setting, found: Sequence[targets.Target], tick: Callable[[str], None]) -> list[str]:
    """Build and check; all that is wrong. A build with faults has nothing to be checked."""
    lay_out(setting, FOLDER, lint.tracked())
    faults = build(setting, partial(tick, "building"))
    for target in found if not faults else ():
        built = ossfuzz_checks.Built(
            target,
            setting.moved,
            setting.folder / "scratch" / target.name,
            setting.sanitizer,
            setting.engine,
            os.environ | RUN_ENV,
            tick=partial(tick, target.name),
        )
        faults += [f"{target.name} {fault}" for fault in ossfuzz_checks.faults(built)]
    return faults


EPILOG = usage.epilog(
    """
  scripts/launch.bash ossfuzz
  scripts/launch.bash ossfuzz --setting memory --target tx_packet
""",
    Exit.FINDINGS,
)


@click.command(epilog=EPILOG)
@click.option("--setting", "names", multiple=True, type=click.Choice(list(SETTINGS)), help="Only this build.")
@click.option(
    "--target",
    "chosen",
    multiple=True,
    metavar="TARGET",
    shell_complete=offers.TARGETS,
    help="Check only this one.",
)
def cli(names: tuple[str, ...], chosen: tuple[str, ...]) -> Exit:
    """Run .clusterfuzzlite/build.sh with the variables of each setting, and check what it built.

    Looked at are sanitizers, edges, seeds, dictionary, options, and the run of each target with nothing but a
    temporary folder. Logs are in build/out/ossfuzz.
    """
    found = targets.chosen(chosen)
    if not confine.available():
        raise Stop(
            Exit.SETUP,
            "no Landlock, by which targets are kept from all but their files: try Linux 5.13 or later",
        )
    console = make_console()
    clean = True
    for setting in [SETTINGS[name] for name in names] or SETTINGS.values():
        # One folder, as a service has it: two commands wait for each other.
        with locked("out/ossfuzz"), Progress(console, f"ossfuzz {setting.name}") as progress:
            faults = run(setting, found, progress.tick)
        for fault in faults:
            console.print(f"{setting.name}: {fault}")
        console.print(f"{setting.name}: {len(found)} targets, {progress.elapsed:.0f} s, {len(faults)} faults")
        if faults:
            clean = False
            only = [word for name in chosen for word in ("--target", name)]
            repeat = ["scripts/launch.bash", "ossfuzz", "--setting", setting.name, *only]
            console.print(f"repeat: {shlex.join(repeat)}")
    return Exit.CLEAN if clean else Exit.FINDINGS


if __name__ == "__main__":
    main(cli, "launch.bash ossfuzz")
