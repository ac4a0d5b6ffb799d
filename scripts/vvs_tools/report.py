# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/report: a campaign's folder as one page: how it went, what it reached, what it found."""

import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from vvs_tools import (
    atomic,
    boxes,
    build,
    findings,
    folder,
    fuzz,
    reach,
    report_finding,
    report_lines,
    report_page,
    report_plots,
    report_vectors,
    revision,
    targets,
    triage,
    usage,
)
from vvs_tools.boxes import Box
from vvs_tools.console import Exit, Progress, Stop, main, make_console
from vvs_tools.recorder import program_of
from vvs_tools.report_finding import Told
from vvs_tools.report_page import CUT_OFF, RUNNING, Judged, Report
from vvs_tools.status import FILE, SERIES, Standing, Status
from vvs_tools.targets import Target

PAGE = "report.html"


def verdict_of(status: Status, out: Path) -> str:
    if status.ended:
        return status.ended
    return RUNNING if folder.is_locked(out) else CUT_OFF


def known_targets(status: Status) -> dict[str, Target]:
    """Of the campaign; a usage error where this checkout has not heard of one."""
    known = targets.every()
    if strange := [name for name in status.options.targets if name not in known]:
        raise Stop(
            Exit.USAGE,
            f"the campaign ran a target {strange[0]}, which fuzz/targets.json has not; try its checkout",
        )
    return {name: known[name] for name in status.options.targets}


def judge(target: Target, standing: Standing, status: Status) -> Judged:
    """Functions are known by addresses in the program that ran: of another one they would be others."""
    engine = fuzz.ENGINES[status.options.engine]()
    program = target.engine(engine.presets[status.options.sanitizer][0])
    same = program.exists() and program_of(program) == status.programs.get(target.name)
    functions = reach.functions_at(program, standing.numbers.places) if same else frozenset()
    floors = reach.judge(target.floors.scaled(engine.floor_factor), standing.numbers, functions)
    unknown = ""
    if not same and target.floors.functions:
        floors = [floor for floor in floors if floor.floor != "functions"]
        unknown = "Which functions it entered is not known: its program is gone, or was built anew since."
    return Judged(target, standing, floors, reach.enough(standing.numbers), unknown)


def tell_all(every: Mapping[str, Box], progress: Progress) -> list[Told]:
    """The findings, each with those that turned out to be the same."""
    known, found = targets.every(), boxes.listed(every.values())
    for preset in {box.preset for box in found}:
        mine = {box.target: known[box.target] for box in found if box.preset == preset}
        triage.compile_for(list(mine.values()), preset, progress)
    told = []
    for box in found:
        progress.tick(box.id)
        others = [each for each in boxes.group_of(box, every) if each is not box]
        told.append(report_finding.tell(box, known[box.target], others))
    differing = [each for each in told if each.played and each.played.answers.differs]
    failed, counts = report_vectors.failing(lambda: progress.tick("conformance")) if differing else ((), {})
    for each in differing:
        own = each.box.requirements
        each.take_vectors(report_vectors.alike(each.played.answers, failed, counts, own))
    return told


def measure(out: Path, found: Sequence[Target], progress: Progress) -> report_lines.Reached:
    try:
        return report_lines.measure(out, found, progress)
    except build.BuildFailed as failure:
        raise Stop(Exit.SETUP, f"{failure}: log {failure.log}; repeat: {failure.command}") from None


def gather(out: Path, progress: Progress, *, coverage: bool) -> Report:
    status = Status.read(out)
    known = known_targets(status)
    verdict = verdict_of(status, out)
    judged = [judge(known[standing.name], standing, status) for standing in status.targets]
    points = [point for point in atomic.read_lines(out / SERIES) if "targets" in point]
    # Those that ran: of a target that is only named nothing is known.
    ran = [each.target for each in judged if each.standing.numbers.executions]
    return Report(
        name=out.name,
        status=status,
        verdict=verdict,
        judged=judged,
        told=tell_all({box.id: box for box in boxes.read_all(out)}, progress),
        plots=report_plots.plots(points, status),
        reached=measure(out, ran, progress) if coverage and ran else None,
        revision=revision.here(),
        written=time.strftime("%Y-%m-%d %H:%M", time.localtime((out / FILE).stat().st_mtime)),
        reasons=report_page.reasons_of(status, judged) if verdict == "inconclusive" else (),
    )


def check_writable(path: Path) -> None:
    """Before the work, not at its end."""
    if path.is_dir():
        raise click.UsageError(f"-o {path} is a folder")
    if not path.parent.is_dir():
        raise click.UsageError(f"-o {path}: there is no folder {path.parent}")
    try:
        with tempfile.TemporaryFile(prefix=atomic.UNDONE, dir=path.parent):
            pass
    except OSError as error:
        raise click.UsageError(f"-o {path} can't be written: {error.strerror}; name another") from None


EPILOG = usage.epilog(
    """
  scripts/report                                the campaign in build/out/fuzz
  scripts/report weekend -o weekend.html
  scripts/report weekend --no-coverage          without lib/ line by line, which takes a build
  scripts/report weekend --json >weekend.json   the page too, and the same as JSON
""",
    Exit.INCONCLUSIVE,
    notes="""
The page needs nothing but itself, and can be sent to somebody: each finding has its input in it. A campaign
that still runs is shown as it stands. What it has found is no failure of the report.
""",
)


@click.command(epilog=EPILOG)
@click.argument(
    "out", metavar="[DIR]", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False)
)
@click.option(
    "-o", "--out", "page", type=click.Path(path_type=Path), help="Where it goes.  [default: DIR/report.html]"
)
@click.option("--coverage/--no-coverage", default=True, help="lib/ line by line, by the coverage build.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object too, and nothing else.")
def cli(out: Path | None, page: Path | None, coverage: bool, as_json: bool) -> Exit:
    """Write a campaign's folder, build/out/fuzz by default, as one HTML page."""
    console = make_console(stderr=as_json)
    out = (out or fuzz.OUT / "fuzz").resolve()
    page = (page or out / PAGE).absolute()
    Status.read(out)
    check_writable(page)
    with Progress(make_console(stderr=True), "report") as progress:
        report = gather(out, progress, coverage=coverage)
        try:
            atomic.write(page, report_page.html(report))
        except OSError as error:
            why = f"can't be written: {error.strerror}; name another"
            raise Stop(Exit.USAGE, f"{findings.shown(page)} {why}") from None
    if as_json:
        click.echo(json.dumps(report.as_object(), indent=2))
    console.print(f"{findings.shown(page)}: {report.verdict}, {len(report.told)} findings")
    return Exit.CLEAN


if __name__ == "__main__":
    main(cli, "report")
