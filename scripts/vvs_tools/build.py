# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Build presets: the compiler chosen, configured, built, one build of a preset at a time."""

import fcntl
import json
import os
import re
import shlex
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import click

from vvs_tools import BUILD, OUT, TOP, process, usage
from vvs_tools.console import Exit, Stop, main

LLVM_VERSIONS = range(19, 13, -1)


class BuildFailed(Exception):
    """A preset does not build: the log, and the command that repeats it."""

    def __init__(self, preset: str, log: Path, command: str) -> None:
        super().__init__(f"preset {preset} does not build")
        self.preset = preset
        self.log = log
        self.command = command


@cache
def presets() -> dict[str, dict[str, object]]:
    """The configure presets by name, hidden ones too."""
    data = json.loads((TOP / "CMakePresets.json").read_text())
    return {preset["name"]: preset for preset in data["configurePresets"]}


def directory(preset: str) -> Path:
    return BUILD / preset


def emulator(preset: str) -> list[str]:
    """What the programs of a configured preset are to be run by; nothing for most."""
    cache_file = directory(preset) / "CMakeCache.txt"
    text = cache_file.read_text() if cache_file.exists() else ""
    found = re.search(r"^CMAKE_CROSSCOMPILING_EMULATOR:\w+=(.+)$", text, re.MULTILINE)
    return found[1].split(";") if found else []


@cache
def llvm_tool(name: str) -> str:
    """`name` of the newest LLVM from 19 down to 14; always versioned, since formats differ between them."""
    for version in LLVM_VERSIONS:
        if shutil.which(f"{name}-{version}"):
            return f"{name}-{version}"
    raise Stop(Exit.SETUP, f"no {name}-19 (nor an older one down to 14): run scripts/setup")


def compiler(preset: str) -> str:
    """The compiler the preset or one of its parents names; clang in the version that is there."""
    found = presets()[preset]
    while "CMAKE_C_COMPILER" not in found.get("cacheVariables", {}):
        found = presets()[found["inherits"]]
    name = found["cacheVariables"]["CMAKE_C_COMPILER"]
    return llvm_tool("clang") if name.startswith("clang") else name


@contextmanager
def locked(preset: str) -> Iterator[None]:
    """Two commands that want the same preset build it one after the other."""
    directory(preset).mkdir(parents=True, exist_ok=True)
    with (directory(preset) / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def commands(preset: str, targets: Sequence[str] = ()) -> list[list[str]]:
    """What builds `targets` (all by default) of the preset."""
    configure = ["cmake", "--preset", preset, f"-DCMAKE_C_COMPILER={compiler(preset)}"]
    build = ["cmake", "--build", "--preset", preset, "-j", str(os.cpu_count() or 1)]
    return [configure, [*build, "--target", *targets] if targets else build]


def _run(preset: str, steps: Sequence[Sequence[str]], log: Path | None, tick: Callable[[], None]) -> Path:
    log = log or OUT / "build" / f"{preset}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"")
    with locked(preset):
        for step in steps:
            if process.run(step, log, append=True, tick=tick):
                raise BuildFailed(preset, log, " && ".join(shlex.join(part) for part in steps))
    return directory(preset)


def configure(preset: str) -> Path:
    """Only write the build files, compile_commands.json among them; the preset's folder, or BuildFailed."""
    return _run(preset, commands(preset)[:1], OUT / "build" / f"{preset}-configure.log", lambda: None)


def build(
    preset: str,
    targets: Sequence[str] = (),
    *,
    log: Path | None = None,
    tick: Callable[[], None] = lambda: None,
) -> Path:
    """Build, and return the preset's folder; raises BuildFailed."""
    if preset not in presets():
        visible = (name for name, found in presets().items() if not found.get("hidden"))
        raise Stop(Exit.USAGE, f"no preset {preset}; there are: {', '.join(visible)}")
    return _run(preset, commands(preset, targets), log, tick)


EPILOG = usage.epilog(
    """
  scripts/launch.bash build unit
  scripts/launch.bash build unit vvs-run scn
""",
)


@click.command(epilog=EPILOG)
@click.argument("preset")
@click.argument("names", metavar="[PROGRAM]...", nargs=-1)
def cli(preset: str, names: tuple[str, ...]) -> Exit:
    """Build programs of a preset, all by default."""
    try:
        build(preset, names)
    except BuildFailed as failure:
        raise Stop(Exit.SETUP, f"{failure}: log {failure.log}; repeat: {failure.command}") from None
    return Exit.CLEAN


if __name__ == "__main__":
    main(cli, "launch.bash build")
