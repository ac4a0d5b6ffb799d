# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""rust-vmm's crates, built by cargo: the adapters of two versions, and what a packet costs the newer one."""

import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

from vvs_tools import BUILD, OUT, TOP, build, process

PROJECT = TOP / "conformance" / "adapters" / "rust-vmm"
ADAPTERS = BUILD / "adapters"
TARGET = ADAPTERS / "cargo"
LOG = OUT / "build" / "rust-vmm.log"
TIMEOUT_S = 900

# What an adapter is called, and cargo's name of its library.
LIBRARIES = {"rust-vmm-0.8.0": "librust_vmm_0_8_0.so", "rust-vmm-latest": "librust_vmm_latest.so"}


class NotBuilt(Exception):
    """What is missing here, so that there are no such adapters: no verdict on anything."""


def cargo(*argv: str) -> list[str]:
    return ["cargo", *argv, "--manifest-path", str((PROJECT / "Cargo.toml").relative_to(TOP))]


def run(argv: list[str], tick: Callable[[], None]) -> bool:
    return process.run(argv, LOG, timeout=TIMEOUT_S, append=True, tick=tick) == 0


def fetch(tick: Callable[[], None]) -> None:
    """Have the crates' sources; raises NotBuilt."""
    if not shutil.which("cargo"):
        raise NotBuilt("there is no cargo")
    LOG.parent.mkdir(parents=True, exist_ok=True)
    LOG.write_bytes(b"")
    if not run(cargo("fetch", "--quiet"), tick):
        raise NotBuilt(f"cargo can't fetch the crates: {process.tail(LOG, 1)} (log: {LOG})")


def compile_package(package: str, profile: str, tick: Callable[[], None]) -> Path:
    """Build one package of the project from fetched sources; its folder, or BuildFailed."""
    argv = [*cargo("build", "--offline", "--package", package, "--profile", profile)]
    argv += ["--target-dir", str(TARGET.relative_to(TOP))]
    if not run(argv, tick):
        raise build.BuildFailed(package, LOG, shlex.join(argv))
    return TARGET / profile


def adapters(tick: Callable[[], None] = lambda: None) -> dict[str, Path]:
    """Build the shared objects; raises NotBuilt or BuildFailed."""
    fetch(tick)
    found = {}
    for name, library in LIBRARIES.items():
        folder = compile_package(name.replace(".", "_"), "release", tick)
        found[name] = ADAPTERS / f"{name}.so"
        # Whoever has the old one loaded keeps it.
        fresh = found[name].with_suffix(".part")
        shutil.copyfile(folder / library, fresh)
        fresh.replace(found[name])
    return found
