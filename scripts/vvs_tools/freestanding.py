# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Compile lib/ as for a monitor without a C library, and name every symbol that it then lacks."""

import subprocess
import tempfile
from pathlib import Path

import click

from vvs_tools import TOP, build, process, usage
from vvs_tools.console import Exit, Stop, main

ALLOWED = {"memcpy", "memmove", "memset"}
FLAGS = ["-std=c11", "-O2", "-ffreestanding", "-nostdlib", "-fno-stack-protector"]


def undefined(compiler: str, sources: list[Path], scratch: Path) -> set[str]:
    """What is undefined once all of `sources` are joined to one object."""
    joined = scratch / "joined.o"
    argv = [compiler, *FLAGS, f"-I{TOP}/lib/include", f"-I{TOP}/lib/src", "-r", *sources, "-o", joined]
    for step in (argv, ["nm", "--undefined-only", "--format=posix", joined]):
        done = subprocess.run(process.command_line(step), capture_output=True, text=True)
        if done.returncode:
            raise Stop(
                Exit.FINDINGS,
                f"{compiler} fails; repeat: scripts/launch.bash freestanding\n{done.stderr}",
            )
    return {line.split()[0] for line in done.stdout.splitlines()}


def check() -> Exit:
    sources = sorted((TOP / "lib" / "src").glob("*.c"))
    if not sources:
        raise Stop(Exit.NOTHING_RAN, "no source in lib/src; get it back: git checkout lib")
    code = Exit.CLEAN
    for compiler in (build.llvm_tool("clang"), "gcc"):
        with tempfile.TemporaryDirectory() as scratch:
            extra = undefined(compiler, sources, Path(scratch)) - ALLOWED
        print(f"{compiler}: {len(sources)} files, undefined besides the allowed: {sorted(extra) or 'none'}")
        if extra:
            code = Exit.FINDINGS
    return code


EPILOG = usage.epilog("  scripts/launch.bash freestanding", Exit.FINDINGS, Exit.NOTHING_RAN)


@click.command(epilog=EPILOG)
def cli() -> Exit:
    """Compile lib/ as for a monitor without a C library, and name every symbol that it then lacks."""
    return check()


if __name__ == "__main__":
    main(cli, "launch.bash freestanding")
