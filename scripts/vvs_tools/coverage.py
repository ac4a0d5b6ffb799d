# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/coverage: which lines and branches of lib/src the unit tests and the corpus reach, which not."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import click
from rich.table import Table

from vvs_tools import OUT, TOP, build, corpus, process, usage
from vvs_tools.console import Exit, Progress, Stop, main, make_console
from vvs_tools.folder import Folder

PRESET = "coverage"
WORK = OUT / "coverage"
SOURCES = TOP / "lib" / "src"


@dataclass
class File:
    """What was reached of one source file. A branch is one outcome of one condition."""

    lines: int = 0
    lines_hit: int = 0
    branches: int = 0
    branches_hit: int = 0
    missed_lines: list[int] = field(default_factory=list)
    missed_branches: list[tuple[int, int, str]] = field(default_factory=list)
    counts: dict[int, int] = field(default_factory=dict, compare=False)  # how often each line ran

    def as_object(self) -> dict[str, object]:
        told = asdict(self)
        del told["counts"]
        return told


def collect(progress: Progress) -> list[Path]:
    """Run everything that counts; the raw profiles."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    env = {"LLVM_PROFILE_FILE": str(WORK / "%p-%m.profraw")}
    tests = ["ctest", "--test-dir", str(build.directory(PRESET)), "-j2", "--output-on-failure"]
    if process.run(tests, WORK / "tests.log", env=os.environ | env, tick=progress.tick):
        print(process.tail(WORK / "tests.log"))
        raise Stop(Exit.FINDINGS, "the unit tests fail; repeat: scripts/test --stage unit")
    for target in corpus.targets() if (TOP / "fuzz" / "targets.json").exists() else ():
        inputs = corpus.files(target)
        faults = list(corpus.replay(PRESET, target, inputs, os.environ | env))
        if faults:
            raise Stop(
                Exit.FINDINGS, f"{target}: {len(faults)} inputs fail; repeat: scripts/test --stage corpus"
            )
        progress.tick()
    return sorted(WORK.glob("*.profraw"))


def instrumented() -> list[Path]:
    """The programs of the preset that carry a coverage map."""
    found = []
    for path in sorted(build.directory(PRESET).rglob("*")):
        if path.is_file() and path.stat().st_mode & 0o111 and path.open("rb").read(4) == b"\x7fELF":
            sections = subprocess.run(["readelf", "-SW", path], capture_output=True, text=True).stdout
            if "__llvm_covmap" in sections:
                found.append(path)
    return found


def llvm(tool: str, *argv: str | Path) -> str:
    done = subprocess.run([build.llvm_tool(tool), *argv], capture_output=True, text=True, cwd=TOP)
    if done.returncode:
        raise Stop(
            Exit.INCONCLUSIVE, f"{tool} fails; begin anew: rm -r build/coverage: {done.stderr.strip()}"
        )
    return done.stdout


def objects(programs: Sequence[Path]) -> list[str]:
    return [str(programs[0]), *(f"-object={program}" for program in programs[1:])]


def read_lcov(text: str) -> dict[Path, File]:
    """Lines by file from llvm-cov's lcov export."""
    files: dict[Path, File] = {}
    current = File()
    for record in text.splitlines():
        key, _, value = record.partition(":")
        if key == "SF":
            current = files.setdefault(Path(value), File())
        elif key == "DA":
            number, hits = map(int, value.split(",")[:2])
            current.lines += 1
            current.lines_hit += hits > 0
            current.counts[number] = hits
            if not hits:
                current.missed_lines.append(number)
    return files


def add_branches(
    files: dict[Path, File], export: dict[str, list[dict[str, list[dict[str, object]]]]]
) -> None:
    """Branches by file from llvm-cov's JSON export, where they have columns. One condition may stand there
    several times (a macro, an inlined function): an outcome is reached if any of them reached it."""
    for entry in export["data"][0]["files"]:
        target = files.setdefault(Path(str(entry["filename"])), File())
        outcomes: dict[tuple[int, int, str], int] = {}
        for branch in entry["branches"]:
            line, column, _, _, taken, not_taken = branch[:6]
            for outcome, hits in (("true", taken), ("false", not_taken)):
                outcomes[line, column, outcome] = outcomes.get((line, column, outcome), 0) + hits
        target.branches = len(outcomes)
        target.missed_branches = sorted(where for where, hits in outcomes.items() if not hits)
        target.branches_hit = target.branches - len(target.missed_branches)


def measure(programs: Sequence[Path], profile: Path) -> dict[str, File]:
    """By file name; a source that no program links is there too, with nothing known of it."""
    common = [*objects(programs), f"-instr-profile={profile}"]
    files = read_lcov(llvm("llvm-cov", "export", "-format=lcov", *common, SOURCES))
    add_branches(files, json.loads(llvm("llvm-cov", "export", *common, SOURCES)))
    result = {path.name: File() for path in sorted(SOURCES.glob("*.c"))}
    result.update({path.name: file for path, file in sorted(files.items())})
    return result


def percent(part: int, whole: int) -> str:
    return f"{part}/{whole}  {100 * part / whole:.1f} %" if whole else "-"


def show(files: dict[str, File]) -> None:
    console = make_console()
    table = Table("lib/src", "lines", "branches", box=None)
    for name, file in files.items():
        table.add_row(name, percent(file.lines_hit, file.lines), percent(file.branches_hit, file.branches))
    table.add_row(
        "all",
        percent(sum(f.lines_hit for f in files.values()), sum(f.lines for f in files.values())),
        percent(sum(f.branches_hit for f in files.values()), sum(f.branches for f in files.values())),
    )
    console.print(table)
    for name, file in files.items():
        source = (SOURCES / name).read_text().splitlines()
        for line in file.missed_lines:
            console.print(f"line    lib/src/{name}:{line}: {source[line - 1].strip()}")
        for line, column, outcome in file.missed_branches:
            console.print(
                f"branch  lib/src/{name}:{line}:{column}: never {outcome}: {source[line - 1].strip()}"
            )
        if name.endswith(".c") and not file.lines:
            console.print(f"file    lib/src/{name}: in no test program, nothing is known")


EPILOG = usage.epilog(
    """
  scripts/coverage
  scripts/coverage --html build/out/coverage-html
  scripts/coverage --json > coverage.json
""",
    Exit.FINDINGS,
    Exit.INCONCLUSIVE,
    Exit.NOTHING_RAN,
    notes="""
Findings are tests or inputs that fail, or a build that does; what is not reached is none.
""",
)


@click.command(epilog=EPILOG)
@click.option("--html", type=Folder(), help="Annotated sources, written there.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object by file instead of the table.")
def cli(html: Path | None, as_json: bool) -> Exit:
    """Line and branch coverage of lib/src by unit tests and corpus replay, with all that is missed."""
    with Progress(make_console(stderr=True), "coverage") as progress:
        try:
            build.build(PRESET, tick=lambda: progress.tick("building"))
        except build.BuildFailed as failure:
            raise Stop(
                Exit.FINDINGS, f"{failure}: {process.tail(failure.log)}\nrepeat: {failure.command}"
            ) from None
        profiles, programs = collect(progress), instrumented()
        if not profiles or not programs:
            raise Stop(Exit.NOTHING_RAN, "no instrumented program ran; begin anew: rm -r build/coverage")
        merged = WORK / "merged.profdata"
        llvm("llvm-profdata", "merge", "-sparse", *profiles, "-o", merged)
        files = measure(programs, merged)
        if html:
            common = [*objects(programs), f"-instr-profile={merged}"]
            llvm(
                "llvm-cov",
                "show",
                "-format=html",
                "-show-branches=count",
                f"-output-dir={html}",
                *common,
                SOURCES,
            )
    if as_json:
        print(json.dumps({name: file.as_object() for name, file in files.items()}, indent=2))
    else:
        show(files)
    return Exit.CLEAN


if __name__ == "__main__":
    main(cli, "coverage")
