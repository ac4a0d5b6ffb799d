# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""rust-vmm's crates, built by cargo: the adapters of two versions, and what a packet costs the newer one."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import click

from vvs_tools import BUILD, OUT, TOP, build, process, usage
from vvs_tools.console import Exit, Progress, Stop, main, make_console

PROJECT = TOP / "conformance" / "adapters" / "rust-vmm"
ADAPTERS = BUILD / "adapters"
TARGET = ADAPTERS / "cargo"
LOG = OUT / "build" / "rust-vmm.log"
TIMEOUT_S = 900

# What an adapter is called, and cargo's names of its package and its library.
PACKAGES = {
    "rust-vmm-0.8.0": ("rust-vmm-0_8_0", "librust_vmm_0_8_0.so"),
    "rust-vmm-latest": ("rust-vmm-latest", "librust_vmm_latest.so"),
}
# The engine counts the edges of what is built so, as it does those of the library.
COUNTED = (
    "-Cpasses=sancov-module -Ccodegen-units=1 -Cllvm-args=-sanitizer-coverage-level=3"
    " -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
)


class NotBuilt(Exception):
    """What is missing here, so that there are no such adapters: no verdict on anything."""


class CargoFailed(build.BuildFailed):
    """Sources that are there do not compile."""

    def __str__(self) -> str:
        return f"{self.preset} does not build"


def cargo(*argv: str) -> list[str]:
    return ["cargo", *argv, "--manifest-path", str((PROJECT / "Cargo.toml").relative_to(TOP))]


def run(argv: list[str], tick: Callable[[], None], flags: str = "") -> bool:
    env = os.environ | ({"RUSTFLAGS": flags} if flags else {})
    return process.run(argv, LOG, timeout=TIMEOUT_S, append=True, env=env, tick=tick) == 0


def fetch(tick: Callable[[], None]) -> None:
    """Have the crates' sources; raises NotBuilt."""
    if not shutil.which("cargo"):
        raise NotBuilt("there is no cargo; install Rust, or name other adapters and targets")
    LOG.parent.mkdir(parents=True, exist_ok=True)
    LOG.write_bytes(b"")
    if not run(cargo("fetch", "--quiet"), tick):
        raise NotBuilt(
            f"cargo can't fetch the crates: {process.tail(LOG, 1)}; log: {LOG.relative_to(TOP)}; "
            "try again with a network"
        )


def compile_package(package: str, profile: str, tick: Callable[[], None], flags: str = "") -> Path:
    """Build one package of the project from fetched sources; its folder, or CargoFailed."""
    argv = [*cargo("build", "--offline", "--package", package, "--profile", profile)]
    folder = TARGET.with_name("cargo-counted") if flags else TARGET
    argv += ["--target-dir", str(folder.relative_to(TOP))]
    if flags:
        # So that they are not for what only runs while it is built.
        argv += ["--target", host()]
        folder /= host()
    if not run(argv, tick, flags):
        again = [f"RUSTFLAGS={flags}", *argv] if flags else argv
        raise CargoFailed(package, LOG, shlex.join(again))
    return folder / profile


def host() -> str:
    """What cargo calls this machine."""
    told = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"^host: (\S+)$", told, re.MULTILINE)
    if not found:
        raise NotBuilt("there is no rustc; install Rust, or name other adapters and targets")
    return found[1]


def adapters(tick: Callable[[], None] = lambda: None, counted: bool = False) -> dict[str, Path]:
    """Build the shared objects, those that count their edges if wanted; raises NotBuilt or CargoFailed."""
    fetch(tick)
    found = {}
    for name, (package, library) in PACKAGES.items():
        folder = compile_package(package, "release", tick, COUNTED if counted else "")
        found[name] = ADAPTERS / f"{name}{'-counted' if counted else ''}.so"
        # Whoever has the old one loaded keeps it.
        fresh = found[name].with_suffix(".part")
        shutil.copyfile(folder / library, fresh)
        fresh.replace(found[name])
    return found


EPILOG = usage.epilog("  scripts/launch.bash rust_vmm")


@click.command(epilog=EPILOG)
def cli() -> Exit:
    """Build the adapters rust-vmm-0.8.0 and rust-vmm-latest."""
    with Progress(make_console(stderr=True), "rust-vmm") as progress:
        try:
            built = adapters(lambda: progress.tick("building"))
        except NotBuilt as missing:
            raise Stop(Exit.SETUP, str(missing)) from None
        except CargoFailed as failure:
            print(process.tail(failure.log))
            raise Stop(Exit.SETUP, f"{failure}; repeat: {failure.command}") from None
    for path in built.values():
        print(path.relative_to(TOP))
    return Exit.CLEAN


if __name__ == "__main__":
    main(cli, "launch.bash rust_vmm")
