# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/conformance: the vectors on the library, or the requirements with their vectors."""

import json
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import click
from click.core import ParameterSource
from rich.console import Console

from vvs_tools import (
    OUT,
    TOP,
    build,
    conformance_adapter,
    conformance_matrix,
    conformance_sarif,
    conformance_wrong,
    offers,
    process,
    sanitizers,
    usage,
)
from vvs_tools.console import Exit, Progress, Stop, main, make_console

LOGS = OUT / "conformance"
PYTHON = TOP / ".venv" / "bin" / "python"
VERDICTS = ("pass", "fail", "crash", "timeout", "error", "unsupported")
STATES = ("tested", "later", "untestable")
TIMEOUT_S = 900
TOOLS = ["vvs-run", "scn", "vvs_iut", "vvs_iut_faulty"]


@dataclass(frozen=True)
class Verdict:
    """What became of one vector, or of one test of the suite itself."""

    name: str
    verdict: str
    text: str = ""
    vector: bool = True


def vectors() -> ModuleType:
    """The suite's own reader of its files; the suite is a package beside scripts/."""
    return conformance_adapter.vectors


def read_junit(path: Path) -> list[Verdict]:
    """The verdicts in what pytest wrote."""
    found = []
    # The file was written by a program that we started.
    for case in ET.parse(path).iter("testcase") if path.exists() else ():  # noqa: S314
        fault = next((child for child in case if child.tag in ("failure", "error", "skipped")), None)
        said = case.find("properties/property[@name='verdict']")
        name = case.get("name", "?")
        if said is not None:
            name = name.removeprefix("test_vector[").removesuffix("]")
        verdict = "pass" if fault is None else "unsupported" if fault.tag == "skipped" else "fail"
        if said is not None:
            verdict = said.get("value", verdict)
        text = "" if fault is None else fault.text or fault.get("message", "")
        found.append(Verdict(name, verdict, text, said is not None))
    return found


def run_pytest(filters: tuple[str, ...], junit: Path, console: Console) -> tuple[int, Path]:
    """Build the scenario tools and run the suite; the exit code and the log."""
    log = LOGS / "pytest.log"
    argv = [str(PYTHON), "-P", "-m", "pytest", f"--junitxml={junit}"]
    argv += [f"--vectors={each}" for each in filters]
    argv.append("conformance/runner/test_vectors.py" if filters else "conformance")
    junit.unlink(missing_ok=True)
    with Progress(console, "conformance") as progress:
        build.build("unit", TOOLS, tick=lambda: progress.tick("building"))
        code = process.run(
            argv, log, timeout=TIMEOUT_S, env=sanitizers.environment(), tick=lambda: progress.tick("running")
        )
    return code, log


def show(verdicts: list[Verdict], console: Console) -> None:
    """Each failure whole, then one line that counts."""
    for verdict in verdicts:
        if verdict.verdict not in ("pass", "unsupported"):
            console.print(verdict.text.strip())
            if not verdict.vector:
                console.print(f"Repeat: scripts/test --stage conformance --filter {verdict.name}")
            console.print()
    counted = Counter(verdict.verdict for verdict in verdicts)
    failed = sum(counted[name] for name in VERDICTS[1:5])
    extra = ", ".join(f"{counted[name]} {name}" for name in VERDICTS[2:] if counted[name])
    line = f"{counted['pass']} passed, {failed} failed" + (f" ({extra})" if extra else "")
    console.print(line, style="bold red" if failed else "green")


def chosen(filters: tuple[str, ...]) -> list[Any]:
    """The vectors that run; ends the command at one that is wrong."""
    module = vectors()
    try:
        found = list(module.select(filters) if filters else module.load())
    except module.Invalid as error:
        raise Stop(Exit.USAGE, f"{error}; see conformance/README.md") from error
    for each in filters:
        if not any(module.picks(each, vector.id, vector.requirements) for vector in found):
            raise Stop(
                Exit.NOTHING_RAN, f"no vector matches {each}; scripts/conformance --list --json names all"
            )
    return found


def requirement_line(entry: dict[str, Any], width: int | None) -> str:
    """A requirement in one line, cut to the width of the terminal if it is for one."""
    start = f"{entry['id']:16} {entry['level']:10} {entry['status']:10} {len(entry['vectors']):3}"
    line = f"{start}  {entry['summary']}"
    return line if width is None or len(line) <= width else line[: width - 3] + "..."


def list_requirements(as_json: bool, console: Console) -> Exit:
    chosen(())
    try:
        catalogue = vectors().catalogue()
    except vectors().Invalid as error:
        raise Stop(Exit.USAGE, f"{error}; see conformance/README.md") from error
    if as_json:
        click.echo(json.dumps({"requirements": catalogue}, indent=2))
        return Exit.CLEAN
    for entry in catalogue:
        console.print(requirement_line(entry, console.width if console.is_terminal else None))
    counted = Counter(entry["status"] for entry in catalogue)
    console.print(", ".join(f"{counted[state]} {state}" for state in STATES))
    return Exit.CLEAN


def as_object(verdicts: list[Verdict], code: Exit, requirements: dict[str, list[str]]) -> dict[str, object]:
    counted = Counter(verdict.verdict for verdict in verdicts)
    return {
        "vectors": [
            {"id": each.name, "verdict": each.verdict, "requirements": requirements.get(each.name, [])}
            | ({"text": each.text} if each.text else {})
            for each in verdicts
            if each.vector
        ],
        "suite": [{"test": each.name, "verdict": each.verdict} for each in verdicts if not each.vector],
        "counts": {name: counted[name] for name in VERDICTS},
        "verdict": {Exit.CLEAN: "pass", Exit.INCONCLUSIVE: "inconclusive"}.get(code, "fail"),
    }


EPILOG = usage.epilog(
    """
  scripts/conformance                                   all vectors, and the suite's own tests
  scripts/conformance --filter tx/framing               the vectors of a folder
  scripts/conformance --filter 'split/*/next-*'         those whose id matches
  scripts/conformance --filter SPLIT-DESC-005           those of a requirement
  scripts/conformance --filter tx/framing/split-header-43
  scripts/conformance --junit conformance.xml           for CI
  scripts/conformance --list                            id, level, status, number of vectors, summary
  scripts/conformance --list --json                     the same, with the vectors, or why there is none
  scripts/conformance --adapter example                 another implementation: of the tree,
  scripts/conformance --adapter 'python3 mine.py'       a program that speaks PROTOCOL.md,
  scripts/conformance --adapter ./mine.so               or an object with vvs_iut.h
  scripts/conformance --adapter ./mine.so --strict --known known.txt --sarif mine.sarif
  scripts/conformance --adapter wrong                   whether each requirement is failed by a wrong device
  scripts/conformance smoke --adapter 'python3 mine.py'  what it still lacks, case by case
  scripts/conformance --matrix matrix.html --adapter vvs --adapter ./mine.so
  scripts/conformance --markdown matrix.md --adapter vvs --adapter ./mine.so
  scripts/conformance --export vectors.tar.gz           the vectors, for use without this project's code
""",
    Exit.FINDINGS,
    Exit.INCONCLUSIVE,
    Exit.NOTHING_RAN,
    notes="""
Findings are vectors that fail, or an entry of a list that is stale; set-up failed too where an adapter is
not built or says no hello.
""",
)


ADAPTER = click.option(
    "--adapter",
    "wanted",
    metavar="NAME|CMD|FILE.so",
    shell_complete=offers.ADAPTERS,
    help="The implementation: of adapters.toml, or any other.",
)


@click.group(epilog=EPILOG, invoke_without_command=True)
@click.option("--list", "listing", is_flag=True, help="List the requirements; run nothing.")
@click.option(
    "--filter",
    "filters",
    multiple=True,
    metavar="GLOB|FOLDER|REQUIREMENT",
    shell_complete=offers.vectors,
    help="Only vectors whose id matches, that lie in the folder, or that name the requirement.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write the results there as JUnit."
)
@click.option(
    "--sarif", type=click.Path(path_type=Path, dir_okay=False), help="Write what fails there as SARIF 2.1.0."
)
@click.option(
    "--adapter",
    "wanted",
    multiple=True,
    metavar="NAME|CMD|FILE.so",
    shell_complete=offers.ADAPTERS,
    help="The implementation: of adapters.toml, or any other. Several with --matrix and --markdown.",
)
@click.option("--strict", is_flag=True, help="What is harmless but advised against (non-strict) fails too.")
@click.option(
    "--known",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Vectors that are expected to fail; one that passes fails the run.",
)
@click.option(
    "--matrix",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write requirements by adapters as HTML.",
)
@click.option(
    "--markdown", type=click.Path(path_type=Path, dir_okay=False), help="Write the same as Markdown."
)
@click.option(
    "--export",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the vectors as a tar.gz for others.",
)
@click.pass_context
def cli(context: click.Context, **options: object) -> Exit | None:
    """Run the conformance vectors on the library, or on another implementation (--adapter).

    A vector passes when each answer is what any device gives (spec) and, of the library, what it promises
    besides (vvs). A crash, a timeout and an adapter's error are verdicts of their own.
    """
    if context.invoked_subcommand is None:
        return run_vectors(**options)
    given = [name for name in options if context.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    if given:
        spelled = {each.name: each.opts[0] for each in context.command.params}
        raise click.UsageError(
            f"options of {context.invoked_subcommand} go behind its name; put {spelled[given[0]]} there"
        )
    return None


SMOKE = """
  scripts/conformance smoke --adapter 'python3 mine.py'
  scripts/conformance smoke --adapter example            one of the tree
"""


@cli.command("smoke", epilog=usage.epilog(SMOKE, Exit.FINDINGS, notes="Findings are cases that are missing."))
@ADAPTER
def smoke_command(wanted: str | None) -> Exit:
    """Say, case by case, what an adapter still lacks."""
    if not wanted:
        raise click.UsageError("smoke needs --adapter: a name of the tree, or a command line")
    adapter = conformance_adapter.find(wanted)
    if adapter.kind != "program":
        raise click.UsageError(
            "smoke takes an adapter that speaks PROTOCOL.md; an object has all vectors: leave smoke out"
        )
    return with_build(lambda: conformance_adapter.run_smoke(adapter, make_console()))


def with_build(action: Callable[[], Exit]) -> Exit:
    try:
        return action()
    except build.BuildFailed as failure:
        raise Stop(Exit.SETUP, f"{failure}: log {failure.log}; repeat: {failure.command}") from failure


def run_vectors(
    listing: bool,
    filters: tuple[str, ...],
    as_json: bool,
    junit: Path | None,
    sarif: Path | None,
    wanted: tuple[str, ...],
    strict: bool,
    known: Path | None,
    matrix: Path | None,
    markdown: Path | None,
    export: Path | None,
) -> Exit:
    """What the command does without a subcommand."""
    if not all(each.strip() for each in filters):
        raise click.UsageError("--filter is empty: it takes a glob, a folder or a requirement")
    outputs = {"--junit": junit, "--sarif": sarif, "--matrix": matrix, "--markdown": markdown}
    outputs |= {"--export": export}
    for option, path in outputs.items():
        if path and not path.absolute().parent.is_dir():
            raise click.UsageError(f"{option}: there is no folder {path.parent}; make it first")
    console = make_console(stderr=as_json)
    if listing:
        if filters or any(outputs.values()) or wanted or strict or known:
            raise click.UsageError("--list runs nothing: it takes --json alone")
        return list_requirements(as_json, make_console())
    if export:
        if as_json or junit or sarif or matrix or markdown or wanted or strict or known:
            raise click.UsageError("--export runs nothing: it takes --filter alone")
        return with_build(lambda: conformance_matrix.export(chosen(filters), export, console))
    if matrix or markdown:
        if junit or sarif or known:
            what = "--junit, --sarif and --known"
            raise click.UsageError(f"{what} are for one adapter, not for --matrix and --markdown")
        return with_build(
            lambda: conformance_matrix.compare(
                wanted,
                chosen(filters),
                console,
                strict=strict,
                html=matrix,
                markdown=markdown,
                as_json=as_json,
            )
        )
    if len(wanted) > 1:
        raise click.UsageError(
            "several --adapter are compared by --matrix FILE or --markdown FILE; give one of these"
        )
    adapter = wanted[0] if wanted else None
    junit = junit and junit.absolute()
    if adapter == conformance_wrong.NAME:
        if junit or sarif or strict or known:
            raise click.UsageError("--adapter wrong takes --filter and --json alone")
        return with_build(lambda: conformance_wrong.run(filters, as_json, console))
    if adapter or strict or known or sarif:
        return with_build(
            lambda: run_adapter(adapter, filters, as_json, junit, sarif, console, strict, known)
        )
    return with_build(lambda: run_library(filters, as_json, junit, console))


def run_adapter(
    wanted: str | None,
    filters: tuple[str, ...],
    as_json: bool,
    junit: Path | None,
    sarif: Path | None,
    console: Console,
    strict: bool,
    known: Path | None,
) -> Exit:
    """The vectors alone, on any implementation."""
    adapter = conformance_adapter.find(wanted or "vvs")
    picked = chosen(filters)
    found = conformance_adapter.run(adapter, picked, console, strict, conformance_adapter.read_known(known))
    if junit:
        conformance_adapter.write_junit(junit, found)
    if sarif:
        conformance_sarif.write(sarif.absolute(), found)
    if as_json:
        click.echo(json.dumps(found.to_json(), indent=2))
        return conformance_adapter.EXITS[found.verdict]
    return conformance_adapter.show(found, console)


def run_library(filters: tuple[str, ...], as_json: bool, junit: Path | None, console: Console) -> Exit:
    """The vectors on the library, and the suite's own tests, by pytest."""
    requirements = {vector.id: vector.requirements for vector in chosen(filters)}
    junit = junit or LOGS / "junit.xml"
    code, log = run_pytest(filters, junit, console)
    verdicts = read_junit(junit)
    if not verdicts:
        console.print(process.tail(log))
        raise Stop(Exit.NOTHING_RAN, f"nothing ran: pytest exits {code}; log: {log}")
    passed = any(verdict.verdict == "pass" for verdict in verdicts)
    end = Exit.FINDINGS if code else Exit.CLEAN if passed else Exit.INCONCLUSIVE
    if as_json:
        click.echo(json.dumps(as_object(verdicts, end, requirements), indent=2))
    else:
        show(verdicts, console)
        if code and all(verdict.verdict in ("pass", "unsupported") for verdict in verdicts):
            console.print(process.tail(log))
    return end


if __name__ == "__main__":
    main(cli, "conformance")
