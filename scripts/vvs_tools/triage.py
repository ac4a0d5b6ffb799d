# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/triage: the findings of a campaign, looked into, or made regressions."""

import json
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from vvs_tools import OUT, boxes, build, findings, fuzz_view, offers, promote, targets, triaging, usage
from vvs_tools.boxes import Box, Boxes
from vvs_tools.console import Exit, Progress, Stop, main, make_console
from vvs_tools.folder import locked


def box_named(name: str, out: Path) -> Box:
    """By its folder, a file in it, or its id in `out`."""
    for folder in (Path(name), Path(name).parent, boxes.folder_of(out) / name):
        if (folder / boxes.ABOUT).exists():
            return Box.read(folder.resolve())
    raise Stop(
        Exit.USAGE, f"no finding {name}; scripts/triage {findings.shown(out)} lists those that are there"
    )


def compile_for(found: Sequence[targets.Target], preset: str, progress: Progress) -> None:
    wanted = {preset: [target.replay(preset).name for target in found]}
    wanted.setdefault(triaging.TOOLS_PRESET, []).extend(triaging.TOOLS)
    for name, programs in wanted.items():
        try:
            build.build(name, programs, tick=lambda: progress.tick("building"))
        except build.BuildFailed as failure:
            raise Stop(Exit.SETUP, f"{failure}: log {failure.log}; repeat: {failure.command}") from None


def finish(out: Path, console: Console) -> None:
    """Look into what no campaign has had the time for, and ask the builds that a short one does not ask."""
    with locked(out), Progress(console, "triage") as progress:
        found = Boxes(out)
        known = targets.nameable()
        for box in found.waiting(triaging.OTHER_BUILDS):
            mine = [target for target in known.values() if (out / target.name).exists()]
            compile_for(mine, box.preset, progress)
            work = triaging.Triage(found, mine, triaging.run_alone(progress), triaging.OTHER_BUILDS)
            for _ in work.run(box):
                progress.tick(box.id)


EPILOG = usage.epilog(
    """
  scripts/triage                                    the findings of build/out/fuzz
  scripts/triage weekend --finish                   first shrink, repeat, ask other builds
  scripts/triage weekend --json
  scripts/triage --promote used-len-0123abcd a-refused-chain-has-no-length
""",
    Exit.FINDINGS,
    notes="""
A promoted finding is an entry of corpus/TARGET/regression, and a vector in conformance/vectors/regression
where one can say it; scripts/test runs both from then on. Each finding is a folder in DIR/findings.
""",
)


@click.command(epilog=EPILOG)
@click.argument(
    "out", metavar="[DIR]", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False)
)
@click.option("--finish", "finishing", is_flag=True, help="Shrink and repeat the rest, and ask other builds.")
@click.option(
    "--promote",
    "promoted",
    nargs=2,
    metavar="FINDING SLUG",
    shell_complete=offers.findings,
    help="Make one a regression.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, and nothing else.")
def cli(out: Path | None, finishing: bool, promoted: tuple[str, str] | None, as_json: bool) -> Exit:
    """List the findings of the campaign in DIR, build/out/fuzz by default."""
    console = make_console(stderr=as_json)
    out = (out or OUT / "fuzz").resolve()
    if promoted:
        box = box_named(promoted[0], out)
        for path in promote.promote(box, promoted[1]):
            console.print(f"written: {findings.shown(path)}")
        if not box.vector:
            console.print("no vector: what any device answers does not show it, the target's oracles do")
        return Exit.CLEAN
    if finishing:
        finish(out, console)
    found = boxes.listed(boxes.read_all(out))
    if as_json:
        click.echo(json.dumps({"findings": [box.as_object() for box in found]}, indent=2))
    for box in found if not as_json else ():
        console.print(box.id, style="bold")
        fuzz_view.show_box(box, console)
    console.print(f"{len(found)} findings in {findings.shown(out)}")
    return Exit.FINDINGS if found else Exit.CLEAN


if __name__ == "__main__":
    main(cli, "triage")
