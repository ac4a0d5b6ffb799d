# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/lint: the formatters and analysers, and the project's own rules."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

import click

from vvs_tools import OUT, TOP, atomic, build, process, tidy, usage
from vvs_tools.console import Exit, Progress, Stop, main, make_console

PYTHON_BIN = TOP / ".venv" / "bin"
WORKERS = 2

FLAGS = OUT / "lint"

# It follows paths through the code, and takes nine tenths of the time.
ANALYSER = "-clang-analyzer-*"
# Tests run under the sanitizers; there these are slow, or complain of how a test opens its file.
NOT_FOR_TESTS = f"{ANALYSER},-cert-*,-bugprone-unsafe-functions,-bugprone-narrowing-conversions"


@dataclass(frozen=True)
class Check:
    """One tool's verdict: its name, what it printed, whether it is content."""

    name: str
    output: str
    clean: bool


def tracked() -> list[Path]:
    """The files git has or would take."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=TOP,
        capture_output=True,
        text=True,
    )
    if listing.returncode:
        raise Stop(Exit.SETUP, f"lint asks git for the files; try git status: {listing.stderr.strip()}")
    paths = sorted({TOP / name for name in listing.stdout.split("\0") if name})
    return [path for path in paths if path.is_file()]


def call(name: str, argv: Sequence[str | Path]) -> Check:
    done = subprocess.run(process.command_line(argv), cwd=TOP, capture_output=True, text=True)
    return Check(name, (done.stdout + done.stderr).strip(), done.returncode == 0)


def is_bash(path: Path) -> bool:
    with path.open("rb") as file:
        return file.readline(64).startswith((b"#!/usr/bin/env bash", b"#!/bin/bash", b"#!/bin/sh"))


def clang_format(files: list[Path], fix: bool) -> Check:
    sources = [path for path in files if path.suffix in (".c", ".h")]
    if not sources:
        return Check("clang-format", "", True)
    mode = ["-i"] if fix else ["--dry-run", "--Werror", "-fno-color-diagnostics"]
    check = call("clang-format", [build.llvm_tool("clang-format"), *mode, *sources])
    places = re.findall(r"^(\S+?:\d+):\d+: error", check.output, re.MULTILINE)
    lines = [f"{Path(place).relative_to(TOP)}: not laid out as .clang-format says" for place in places]
    return Check(check.name, "\n".join(dict.fromkeys(lines)) or check.output, check.clean)


def compiled_sources(files: list[Path]) -> list[Path]:
    """The C files that the preset unit compiles: only those have flags to be read with, here once each.

    clang-tidy reads a file as often as the build compiles it, for one program after the other.
    """
    database = build.configure("unit") / "compile_commands.json"
    entries = json.loads(database.read_text()) if database.exists() else []
    flags = {Path(entry["file"]).resolve(): entry for entry in entries}
    FLAGS.mkdir(parents=True, exist_ok=True)
    atomic.write_json(FLAGS / database.name, [*flags.values()])
    return [path for path in files if path.suffix == ".c" and path in flags]


def clang_tidy(source: Path, quick: bool) -> Check:
    argv = [build.llvm_tool("clang-tidy"), "--quiet", "-p", FLAGS, source]
    if source.parent.name == "test":
        argv.append(f"--checks={NOT_FOR_TESTS}")
    elif quick:
        argv.append(f"--checks={ANALYSER}")
    check = call(f"clang-tidy {source.relative_to(TOP)}", argv)
    # On stderr it counts the warnings that it suppressed; that is no finding.
    return check if not check.clean else Check(check.name, "", True)


def ruff(files: list[Path], fix: bool) -> Check:
    sources = [path for path in files if path.suffix == ".py"]
    steps = (["check", "--fix"], ["format"]) if fix else (["check"], ["format", "--check"])
    done = [call("ruff", [PYTHON_BIN / "ruff", *step, "--quiet", *sources]) for step in steps]
    return Check("ruff", "\n".join(c.output for c in done if c.output), all(c.clean for c in done))


def rustfmt(files: list[Path], fix: bool) -> Check:
    """Where there is no Rust nobody writes any: what is in git was laid out before."""
    sources = [path for path in files if path.suffix == ".rs"]
    if not sources or not shutil.which("rustfmt"):
        return Check("rustfmt", "", True)
    mode = [] if fix else ["--check", "--color=never"]
    return call("rustfmt", ["rustfmt", "--edition", "2021", *mode, *sources])


def shellcheck(files: list[Path]) -> Check:
    return call("shellcheck", ["shellcheck", *filter(is_bash, files)])


def own_rules(files: list[Path]) -> Check:
    found = [str(finding) for path in files for finding in tidy.findings(path)]
    return Check("tidy", "\n".join(found), not found)


def tasks(files: list[Path], fix: bool, quick: bool) -> list[Callable[[], Check]]:
    """One callable a check, the long ones first."""
    return [
        *(lambda source=source: clang_tidy(source, quick) for source in compiled_sources(files)),
        lambda: clang_format(files, fix),
        lambda: ruff(files, fix),
        lambda: rustfmt(files, fix),
        lambda: shellcheck(files),
        lambda: own_rules(files),
    ]


EPILOG = usage.epilog(
    """
  scripts/lint
  scripts/lint --fix      lay out C, Python and Rust as they should be, then check the rest
  scripts/lint --quick    in seconds, while you write
""",
    Exit.FINDINGS,
)


@click.command(epilog=EPILOG)
@click.option("--fix", is_flag=True, help="Apply what clang-format, ruff and rustfmt can mend.")
@click.option(
    "--quick", is_flag=True, help="Leave clang's static analyser out, which takes most of the time."
)
def cli(fix: bool, quick: bool) -> Exit:
    """Check layout, warnings of the analysers and the project's own rules."""
    console = make_console()
    try:
        todo = tasks(tracked(), fix, quick)
    except build.BuildFailed as failure:
        console.print(process.tail(failure.log))
        raise Stop(Exit.FINDINGS, f"{failure}, so clang-tidy can't run; repeat: {failure.command}") from None
    with Progress(console, "lint") as progress, ThreadPoolExecutor(WORKERS) as pool:
        running = [pool.submit(task) for task in todo]
        while wait(running, timeout=0.2).not_done:
            progress.tick(f"{sum(future.done() for future in running)} of {len(running)} checks")
        checks = [future.result() for future in running]
    faults = [check for check in checks if not check.clean]
    for check in faults:
        console.print(f"{check.name}:", style="bold red")
        console.print(check.output)
    console.print(f"lint: {len(checks)} checks, {len(faults)} with findings")
    if faults:
        console.print("repeat: scripts/lint    (layout alone is mended by: scripts/lint --fix)")
    return Exit.FINDINGS if faults else Exit.CLEAN


if __name__ == "__main__":
    main(cli, "lint")
