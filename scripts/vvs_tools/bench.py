# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/bench: how fast the library parses, how fast the targets run."""

import json
from functools import partial
from pathlib import Path

import click

from vvs_tools import bench_fuzz, bench_oracles, bench_parse, bench_peer, build, offers, targets, usage
from vvs_tools.console import Exit, Progress, Stop, main, make_console

PARSE = """
  scripts/bench parse             instructions a packet, beside the goals; a minute
  scripts/bench parse --peer      the same chains through rust-vmm's virtio-vsock too; needs cargo
  scripts/bench parse --json
"""
FUZZ = """
  scripts/bench fuzz              executions a second, beside the engine alone; two minutes
  scripts/bench fuzz tx_packet
"""
NOTES = "A missed goal is no failure. Inconclusive is what could not be measured."


def epilog(examples: str) -> str:
    return usage.epilog(examples, Exit.INCONCLUSIVE, notes=NOTES)


as_json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object, and nothing else."
)


def compile_for(preset: str, programs: list[str], progress: Progress) -> None:
    try:
        build.build(preset, programs, tick=lambda: progress.tick("building"))
    except build.BuildFailed as failure:
        raise Stop(Exit.SETUP, f"{failure}: log {failure.log}; repeat: {failure.command}") from None


@click.group(epilog=epilog(PARSE.rstrip() + FUZZ), no_args_is_help=False)
def cli() -> None:
    """Measure the library, or the fuzz targets."""


@cli.command(epilog=epilog(PARSE))
@click.option("--peer", is_flag=True, help="Measure rust-vmm's virtio-vsock too, in the same run.")
@click.option(
    "--picture",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="With --peer: where it is drawn.",
)
@as_json_option
def parse(peer: bool, picture: Path | None, as_json: bool) -> Exit:
    """Instructions that one packet costs, counted by callgrind, and nanoseconds for orientation."""
    if picture and not peer:
        raise click.UsageError("--picture draws what is compared: it needs --peer")
    console = make_console()
    with Progress(make_console(stderr=True), "bench parse") as progress:
        compile_for(bench_parse.PRESET, [bench_parse.PROGRAM], progress)
        built = bench_peer.programs(lambda: progress.tick("building the peer")) if peer else {}
        results, compared = [], []
        for case in bench_parse.CASES:
            tick = partial(progress.tick, f"{case.name}, {case.regions} regions")
            results.append(bench_parse.measure(case, tick, bench_parse.own_program()))
            if peer:
                compared.append(bench_peer.compare(case, results[-1], built, tick))
    if picture:
        bench_peer.draw(compared, picture)
    if as_json:
        cases = [found.as_object() for found in (compared or results)]
        click.echo(json.dumps({"cases": cases}, indent=2))
    elif peer:
        bench_peer.show(compared, console)
    else:
        bench_parse.show(results, console)
    return Exit.CLEAN


@cli.command(epilog=epilog(FUZZ))
@click.argument("names", metavar="[TARGET]...", nargs=-1, shell_complete=offers.TARGETS)
@as_json_option
def fuzz(names: tuple[str, ...], as_json: bool) -> Exit:
    """Executions a second of one process, in turns with a target that does nothing; then what each oracle
    costs."""
    chosen = targets.chosen(names)
    judged = [target for target in chosen if target.input == "scenario"]
    programs = [target.engine(bench_fuzz.PRESET).name for target in chosen]
    programs.append(targets.every()[bench_fuzz.CEILING].engine(bench_fuzz.PRESET).name)
    with Progress(make_console(stderr=True), "bench fuzz") as progress:
        compile_for(bench_fuzz.PRESET, programs, progress)
        compile_for(
            bench_oracles.PRESET, [target.engine(bench_oracles.PRESET).name for target in judged], progress
        )
        costs = [
            bench_oracles.measure(target, lambda target=target: progress.tick(f"{target.name}, its oracles"))
            for target in judged
        ]
        speeds = bench_fuzz.measure([target.name for target in chosen], progress.tick)
    if as_json:
        found = {"targets": [speed.as_object() for speed in speeds]}
        click.echo(json.dumps(found | {"costs": [cost.as_object() for cost in costs]}, indent=2))
        return Exit.CLEAN
    bench_fuzz.show(speeds, make_console())
    if costs:
        bench_oracles.show(costs, make_console())
    return Exit.CLEAN


if __name__ == "__main__":
    main(cli, "bench")
