# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/test: the stages, in order, and what they add up to."""

import enum
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import click
from rich.console import Console

from vvs_tools import OUT, TOP, build, process, results, sanitizers, usage
from vvs_tools.console import Exit, Progress, Stop, main, make_console

LOGS = OUT / "test"
PYTHON = TOP / ".venv" / "bin" / "python"


class Level(enum.IntEnum):
    """The shortest run that has the stage."""

    QUICK = 0
    NORMAL = 1
    ALL = 2


class Kind(enum.Enum):
    """What runs a stage; ctest and pytest count their tests, a check only passes or fails."""

    CTEST = "ctest"
    PYTEST = "pytest"
    CHECK = "check"


@dataclass(frozen=True)
class Stage:
    """One line of the run: what it builds first, and what it runs."""

    name: str
    kind: Kind
    level: Level
    argv: tuple[str, ...] = ()
    preset: str = ""
    group: str = ""  # of scripts/packages.txt, besides base
    timeout_s: int = 600
    quick: tuple[str, ...] = ()  # in place of argv, with --quick


def tool(name: str, *argv: str) -> tuple[str, ...]:
    return (f"scripts/{name}", *argv)


def module(name: str, *argv: str) -> tuple[str, ...]:
    return ("scripts/launch.bash", name, *argv)


def replay(preset: str) -> tuple[str, ...]:
    return module("corpus", "--preset", preset)


# Enough inputs for the floors to be judged, and the same ones however slow the machine is.
SHORT_CAMPAIGN = tool("fuzz", "--runs", "100000", "--seed", "1", "--out", "build/out/test/campaign")
TSAN_CAMPAIGN = tool(
    "fuzz", "--sanitizer", "thread", "--seconds", "20", "--out", "build/out/test/campaign-tsan"
)

# The tests that are skipped elsewhere where what they need is not there.
READERS = (
    "conformance/tools/test_tshark.py",
    "conformance/matrix/test_page.py",
    "scripts/tests/test_completion_shells.py",
    "scripts/tests/test_report_page.py",
)

STAGES = (
    Stage("unit", Kind.CTEST, Level.QUICK, preset="unit"),
    Stage("corpus", Kind.CHECK, Level.QUICK, replay("unit"), "unit"),
    Stage("conformance", Kind.PYTEST, Level.QUICK, ("conformance",), preset="unit"),
    Stage("tools", Kind.PYTEST, Level.QUICK, ("scripts/tests",), preset="unit", timeout_s=3600),
    Stage(
        "lint",
        Kind.CHECK,
        Level.QUICK,
        tool("lint"),
        preset="unit",
        timeout_s=1800,
        quick=tool("lint", "--quick"),
    ),
    Stage("unit-gcc", Kind.CTEST, Level.NORMAL, preset="unit-gcc"),
    Stage("unit-msan", Kind.CTEST, Level.NORMAL, preset="unit-msan"),
    Stage("corpus-msan", Kind.CHECK, Level.NORMAL, replay("unit-msan"), "unit-msan"),
    Stage("campaign", Kind.CHECK, Level.NORMAL, SHORT_CAMPAIGN, timeout_s=1800),
    Stage("release", Kind.CTEST, Level.NORMAL, preset="release"),
    Stage("freestanding", Kind.CHECK, Level.NORMAL, module("freestanding")),
    Stage("shared-words", Kind.CHECK, Level.NORMAL, module("shared_words"), group="cross"),
    Stage("readers", Kind.PYTEST, Level.ALL, READERS, preset="unit", group="readers"),
    Stage(
        "ossfuzz",
        Kind.CHECK,
        Level.NORMAL,
        module("ossfuzz", "--setting", "address", "--target", "tx_packet"),
    ),
    Stage("ossfuzz-all", Kind.CHECK, Level.ALL, module("ossfuzz"), timeout_s=3600),
    Stage("trace", Kind.CHECK, Level.ALL, replay("trace"), "trace"),
    Stage("unit-tsan", Kind.CTEST, Level.ALL, preset="unit-tsan"),
    Stage("campaign-tsan", Kind.CHECK, Level.ALL, TSAN_CAMPAIGN),
    Stage("unit-m32", Kind.CTEST, Level.ALL, preset="unit-m32", group="cross"),
    Stage("unit-gcc-m32", Kind.CTEST, Level.ALL, preset="unit-gcc-m32", group="cross"),
    Stage("unit-s390x", Kind.CTEST, Level.ALL, preset="unit-s390x", group="cross", timeout_s=1800),
    Stage("corpus-m32", Kind.CHECK, Level.ALL, replay("unit-m32"), "unit-m32", "cross"),
    Stage("corpus-s390x", Kind.CHECK, Level.ALL, replay("unit-s390x"), "unit-s390x", "cross", 1800),
    Stage(
        "answers-m32", Kind.CHECK, Level.ALL, module("answers", "--preset", "unit-m32"), "unit-m32", "cross"
    ),
    Stage(
        "answers-s390x",
        Kind.CHECK,
        Level.ALL,
        module("answers", "--preset", "unit-s390x"),
        "unit-s390x",
        "cross",
        1800,
    ),
    Stage("coverage", Kind.CHECK, Level.ALL, tool("coverage"), preset="coverage", timeout_s=1800),
    Stage("faults", Kind.PYTEST, Level.ALL, ("scripts/tests/test_faults.py", "--kills=100"), timeout_s=3600),
    Stage("mutate", Kind.CHECK, Level.ALL, tool("mutate"), timeout_s=3600),
)


@dataclass
class Report:
    """How a stage ended. A failed stage without a failed test counts as one failure."""

    stage: Stage
    log: Path
    found: list[results.Result] = field(default_factory=list)
    fault: str = ""
    code: Exit = Exit.FINDINGS
    repeat: str = ""
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        return bool(self.fault) or results.count(self.found, "failed") > 0

    def counted(self) -> list[results.Result]:
        if self.fault and not results.count(self.found, "failed"):
            return [*self.found, results.Result(self.stage.name, "failed", self.seconds, self.fault)]
        return self.found


def ctest_argv(stage: Stage, junit: Path, keyword: str) -> list[str]:
    argv = ["ctest", "--test-dir", str(build.directory(stage.preset).relative_to(TOP))]
    argv += ["-j2", "--timeout", "300", "--output-on-failure", "--output-junit", str(junit)]
    # Cut output would lose the lines that are counted.
    argv += ["--test-output-size-passed", "100000000", "--test-output-size-failed", "100000000"]
    return argv + (["-R", keyword] if keyword else [])


def pytest_argv(stage: Stage, junit: Path, level: Level, keyword: str) -> list[str]:
    argv = [str(PYTHON), "-P", "-m", "pytest", *stage.argv, f"--junitxml={junit}"]
    argv += {Level.QUICK: ["-m", "not slow and not long"], Level.NORMAL: ["-m", "not long"]}.get(level, [])
    return argv + (["-k", keyword] if keyword else [])


def execute(stage: Stage, report: Report, level: Level, keyword: str, tick: Callable[[], None]) -> None:
    """Run the stage's own command and read what it counted into `report`."""
    junit = LOGS / f"{stage.name}.xml"
    junit.unlink(missing_ok=True)
    env = sanitizers.environment({"CMOCKA_MESSAGE_OUTPUT": "TAP"})
    argv = {
        Kind.CTEST: lambda: ctest_argv(stage, junit, keyword),
        Kind.PYTEST: lambda: pytest_argv(stage, junit, level, keyword),
        Kind.CHECK: lambda: list(stage.quick if stage.quick and level is Level.QUICK else stage.argv),
    }[stage.kind]()
    code = process.run(argv, report.log, timeout=stage.timeout_s, env=env, tick=tick)
    if stage.kind is Kind.CHECK:
        report.repeat = shlex.join(argv)
    else:
        read = results.read_ctest if stage.kind is Kind.CTEST else results.read_pytest
        report.found = read(junit)
    if code == process.TIMED_OUT:
        report.fault = f"ended after {stage.timeout_s} s"
    elif stage.kind is not Kind.CHECK and not report.found:
        report.fault, report.code = "no test ran", Exit.NOTHING_RAN
    elif code:
        report.fault = f"{argv[0]} exits {code}"


def run_stage(stage: Stage, console: Console, level: Level, keyword: str) -> Report:
    """Set up, build, execute; never raises for what the stage itself gets wrong."""
    filtered = ["--filter", keyword] if keyword else []
    repeat = shlex.join(["scripts/test", "--stage", stage.name, *filtered])
    report = Report(stage, LOGS / f"{stage.name}.log", repeat=repeat)
    with Progress(console, stage.name) as progress:
        try:
            if stage.group and process.run(tool("setup", "--group", stage.group), report.log):
                raise Stop(Exit.SETUP, process.tail(report.log, 1))
            if stage.preset:
                build.build(stage.preset, log=report.log, tick=lambda: progress.tick("building"))
            execute(stage, report, level, keyword, progress.tick)
        except Stop as stop:
            report.fault, report.code = str(stop), stop.code
        except build.BuildFailed as failure:
            report.fault, report.repeat = str(failure), failure.command
        report.seconds = progress.elapsed
    return report


def show(report: Report, console: Console) -> None:
    """One line; for a failed stage the end of its log and the command that repeats it too."""
    if not report.failed:
        text = "ok" if report.stage.kind is Kind.CHECK else results.closing_line(report.found)
        console.print(f"{report.stage.name:14}{report.seconds:7.1f} s  {text}", style="green")
        return
    text = results.closing_line(report.found) if report.found else report.fault
    console.print(f"{report.stage.name:14}{report.seconds:7.1f} s  FAILED: {text}", style="bold red")
    console.print(process.tail(report.log))
    for result in report.found:
        if result.outcome == "failed":
            console.print(f"  failed: {result.name}")
    console.print(f"  log:    {report.log.relative_to(TOP)}")
    console.print(f"  repeat: {report.repeat}")


def chosen(level: Level, names: tuple[str, ...]) -> list[Stage]:
    if names:
        return [stage for stage in STAGES if stage.name in names]
    return [stage for stage in STAGES if stage.level <= level]


EPILOG = usage.epilog(
    """
  scripts/test                              what a merge needs, under 15 minutes
  scripts/test --quick                      under 2 minutes
  scripts/test --all --junit junit.xml      32-bit, big-endian, trace and coverage too
  scripts/test --stage unit --filter chain  one stage, and of it the tests that match
""",
    Exit.FINDINGS,
    Exit.NOTHING_RAN,
)


@click.command(epilog=EPILOG)
@click.option("--quick", "level", flag_value=Level.QUICK, type=Level, help="Only what takes seconds.")
@click.option("--all", "level", flag_value=Level.ALL, type=Level, help="What takes long too.")
@click.option(
    "--stage", "names", multiple=True, type=click.Choice([s.name for s in STAGES]), help="Only this."
)
@click.option(
    "--filter", "keyword", default="", help="Only tests that match (ctest -R, pytest -k); needs --stage."
)
@click.option(
    "--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write the results there as JUnit."
)
def cli(level: Level | None, names: tuple[str, ...], keyword: str, junit: Path | None) -> Exit:
    """Run the unit tests, conformance, corpus replay, the tools' own tests and lint.

    Ends with `N passed, N failed[, N skipped]`: replayed corpus files and lint checks do not count, but a
    stage that fails counts as a failure. Logs are in build/out/test.
    """
    if keyword and not names:
        raise click.UsageError("--filter needs --stage: say of which stage the tests are")
    level = Level.NORMAL if level is None else level
    junit = junit and junit.absolute()
    console = make_console()
    reports = []
    for stage in chosen(level, names):
        reports.append(run_stage(stage, console, level, keyword))
        show(reports[-1], console)
    if junit:
        results.write_junit(junit, {report.stage.name: report.counted() for report in reports})
    failed = {report.stage.name: report.code for report in reports if report.failed}
    if failed:
        console.print(f"failed: {', '.join(failed)}", style="bold red")
    console.print(results.closing_line([result for report in reports for result in report.counted()]))
    # A finding outranks a stage that could not run.
    return min(failed.values(), default=Exit.CLEAN)


if __name__ == "__main__":
    main(cli, "test")
