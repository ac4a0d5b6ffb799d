# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/fuzz: build, run a campaign, sum it up."""

import json
import os
import random
import re
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from vvs_tools import (
    OUT,
    build,
    findings,
    fuzz_view,
    imports,
    offers,
    rust_vmm,
    sanitizers,
    screen,
    targets,
    triaging,
    usage,
)
from vvs_tools.campaign import Campaign, plan, plan_runs, wall_seconds
from vvs_tools.canary import Canary
from vvs_tools.console import Exit, Progress, Stop, main, make_console
from vvs_tools.engine_afl import Afl
from vvs_tools.engines import Engine, LibFuzzer
from vvs_tools.folder import Folder, locked
from vvs_tools.recorder import Recorder
from vvs_tools.repeat import Commands
from vvs_tools.slices import Slices
from vvs_tools.status import Options, Status

SECONDS = 60
SEED_MAX = 2**31 - 1
ENGINES: dict[str, type[Engine]] = {made.name: made for made in (LibFuzzer, Afl)}
# ThreadSanitizer has nothing to see in a target of one thread.
THREADED = ("threads",)
# A compiler's, a linker's or CMake's; a command line with -Werror is none.
BUILD_ERROR = re.compile(r"^.*\b(?:error:|CMake Error\b).*$", re.MULTILINE)
VERDICTS = {
    Exit.CLEAN: "clean",
    Exit.FINDINGS: "findings",
    Exit.INCONCLUSIVE: "inconclusive",
    Exit.INTERRUPTED: "interrupted",
}
CLOSING = {
    Exit.CLEAN: "clean: no finding",
    Exit.FINDINGS: "findings: each command above shows one again",
    Exit.INCONCLUSIVE: "inconclusive: not all ran as it should",
    Exit.INTERRUPTED: "interrupted: findings and corpus are kept, the next campaign goes on from there",
}


def first_error(log: Path) -> str:
    found = BUILD_ERROR.search(log.read_text(errors="replace"))
    return f"\n{found[0].strip()}" if found else ""


def compile_all(
    found: list[targets.Target], engine: Engine, presets: tuple[str, str], console: Console
) -> None:
    fuzzing, plain = presets
    needed = [targets.every()["canary"], *found]
    wanted = {
        fuzzing: [name for target in needed for name in engine.programs(target, fuzzing)],
        plain: [target.replay(plain).name for target in needed],
    }
    # Draws a finding, and says it as JSON.
    wanted.setdefault(triaging.TOOLS_PRESET, []).extend(triaging.TOOLS)
    with Progress(console, "fuzz") as progress:
        compile_peers(found, engine, lambda: progress.tick("building the peers"))
        for preset, programs in wanted.items():
            try:
                build.build(preset, programs, tick=lambda: progress.tick("building"))
            except build.BuildFailed as failure:
                message = f"{failure}: log {failure.log}; repeat: {failure.command}"
                raise Stop(Exit.SETUP, message + first_error(failure.log)) from None
            except OSError as error:
                raise Stop(
                    Exit.SETUP,
                    f"preset {preset} can't be built here: {error}; what is missing: scripts/setup --check",
                ) from None


def compile_peers(found: list[targets.Target], engine: Engine, tick: Callable[[], None]) -> None:
    """What some targets run beside the library: as the engine wants it, and as replay does."""
    if not any(target.peers for target in found):
        return
    try:
        rust_vmm.adapters(tick)
        if engine.name == LibFuzzer.name:
            rust_vmm.adapters(tick, counted=True)
    except rust_vmm.NotBuilt as missing:
        raise Stop(Exit.SETUP, f"the peers are not built: {missing}") from None
    except build.BuildFailed as failure:
        raise Stop(Exit.SETUP, f"{failure}: log {failure.log}; repeat: {failure.command}") from None


def verdict_of(campaign: Campaign) -> Exit:
    tallies, canary = campaign.tallies.values(), campaign.canary
    if any(tally.all_findings() for tally in tallies) or (canary and canary.finding):
        return Exit.FINDINGS
    if canary and not canary.found:
        return Exit.INCONCLUSIVE
    if any(tally.fault or tally.missed() or not tally.done.executions or tally.aimless for tally in tallies):
        return Exit.INCONCLUSIVE
    return Exit.CLEAN


def pieces_of(options: Options, found: list[targets.Target], campaign: Campaign) -> Generator[None]:
    """The campaign, running."""
    if options.runs:
        return campaign.run(plan_runs(found, options.jobs))
    if options.sliced:
        given = {name: tally.done.seconds for name, tally in campaign.tallies.items()}
        return campaign.run_slices(Slices(options.targets, options.wall_s, options.jobs, given))
    return campaign.run(plan(found, options.jobs, options.wall_s))


@dataclass
class Ended:
    """How it came to its end."""

    interrupted: bool = False
    stopped: Stop | None = None
    code: Exit | None = None


def work(campaign: Campaign, recorder: Recorder, found: list[targets.Target], console: Console) -> Ended:
    """To the end, whatever that is."""
    ended = Ended()
    try:
        with campaign.prepared(), screen.Screen(console, recorder.status) as view:
            recorder.begin()
            try:
                with closing(pieces_of(recorder.options, found, campaign)) as running:
                    for _ in running:
                        recorder.tick()
                        view.tick()
            except KeyboardInterrupt:
                ended.interrupted = True
            ended.code = verdict(campaign, ended)
            recorder.end(VERDICTS[ended.code])
    except KeyboardInterrupt:
        ended.interrupted = True
    except OSError as error:
        ended.stopped = Stop(Exit.INCONCLUSIVE, str(error))
    except Stop as stop:
        ended.stopped = stop
    return ended


def verdict(campaign: Campaign, ended: Ended) -> Exit:
    for tally in campaign.tallies.values():
        tally.judge_reach(campaign.fuzz_preset)
    code = Exit.INTERRUPTED if ended.interrupted else verdict_of(campaign)
    return Exit.INCONCLUSIVE if ended.stopped and code is Exit.CLEAN else code


def go(options: Options, out: Path, before: Status | None, as_json: bool) -> Exit:
    """A whole campaign, and its summary."""
    console = make_console(stderr=as_json)
    engine = ENGINES[options.engine]()
    presets = engine.presets[options.sanitizer]
    found = targets.chosen(tuple(options.targets))
    compile_all(found, engine, presets, console)
    canary = Canary(out / "canary", presets, options.seed, engine)
    builds = triaging.OTHER_BUILDS if options.sliced else ()
    env = sanitizers.environment()
    campaign = Campaign(
        found, out, presets, env, canary, seed=options.seed, most=options.runs, engine=engine, builds=builds
    )
    ended = work(campaign, Recorder(campaign, options, before), found, console)
    if ended.stopped and not any(tally.runs for tally in campaign.tallies.values()):
        raise ended.stopped
    code = verdict(campaign, ended) if ended.code is None else ended.code
    if as_json:
        click.echo(json.dumps(fuzz_view.as_object(campaign, VERDICTS[code]), indent=2))
    else:
        commands = Commands(options.targets, options.sanitizer, options.seed, options.runs, options.engine)
        fuzz_view.show(campaign, console, commands)
    if ended.stopped:
        console.print(f"stopped: {ended.stopped}")
    console.print(CLOSING[code], style="green" if code is Exit.CLEAN else "bold red")
    return code


def seconds_of(seconds: int | None, minutes: float | None, hours: float | None) -> float | None:
    """The one that is said."""
    said = [("--seconds", seconds, 1), ("--minutes", minutes, 60), ("--hours", hours, 3600)]
    given = [(name, value * unit) for name, value, unit in said if value]
    if len(given) > 1:
        raise click.UsageError(f"{given[0][0]} and {given[1][0]}: one of them says how long")
    return float(given[0][1]) if given else None


def resumed(folder: Path, more_s: float | None, jobs: int | None) -> tuple[Options, Status]:
    """What was asked for, once more, and how far it came."""
    before = Status.read(folder)
    options = before.options
    if options.runs:
        raise click.UsageError(
            f"--resume: a campaign of --runs is the same each time; begin it anew: --runs {options.runs}"
        )
    wall_s = before.elapsed_s + more_s if more_s else options.wall_s
    if wall_s - before.elapsed_s < 1:
        raise click.UsageError(
            f"--resume {findings.shown(folder)}: its time is over; add some with --minutes N"
        )
    return replace(options, wall_s=wall_s, jobs=jobs or options.jobs, sliced=True), before


EPILOG = usage.epilog(
    """
  scripts/fuzz                                      all targets, 60 seconds in all
  scripts/fuzz tx_packet rx_packet --seconds 600
  scripts/fuzz --hours 60 --out weekend             time goes to where new coverage comes
  scripts/fuzz --watch weekend                      how it stands, from another terminal
  scripts/fuzz --resume weekend                     go on after it was cut off; add time with --hours
  scripts/fuzz --import THEIRS --minutes 10         begin with the inputs below a folder
  scripts/fuzz --each --seconds 300 --jobs 2        five minutes for each target
  scripts/fuzz tx_packet --sanitizer memory
  scripts/fuzz --sanitizer thread                   a driver thread against a device thread
  scripts/fuzz differential --seconds 300           beside rust-vmm's crates; needs cargo
  scripts/fuzz --engine afl                         the same targets under AFL++
  scripts/fuzz --seconds 10 --json >campaign.json
  scripts/fuzz --runs 100000 --seed 1               the same campaign each time
""",
    Exit.FINDINGS,
    Exit.INCONCLUSIVE,
    notes="""
Inconclusive is a campaign that proves nothing: it did not find the bug planted in the target `canary`, or a
target stayed under a floor of fuzz/targets.json (judged from 60 seconds or 100,000 inputs on), or none of
its inputs was parsed.
""",
)


THERE = click.Path(path_type=Path, exists=True, file_okay=False, resolve_path=True)
# What may be said beside these; a campaign that goes on is as it began.
BESIDE = {"watch": {"as_json"}, "resume": {"as_json", "jobs", "seconds", "minutes", "hours"}}


def alone(context: click.Context) -> None:
    """--watch and --resume have a campaign already."""
    given = {
        name
        for name, value in context.params.items()
        if value and context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
    }
    for name, others in BESIDE.items():
        if name in given and (surplus := sorted(given - others - {name})):
            spelled = {each.name: each.opts[0] for each in context.command.params}
            raise click.UsageError(
                f"--{name} takes no {spelled[surplus[0]]}: its campaign has begun; leave it out"
            )


def asked(names: tuple[str, ...], long: float | None, said: Mapping[str, Any]) -> Options:
    """What a new campaign is to be."""
    runs, jobs = said["runs"], said["jobs"] or os.cpu_count() or 1
    if runs and (long or said["each"]):
        raise click.UsageError(
            "--runs takes the place of --seconds, --minutes, --hours and --each; leave them out"
        )
    if runs and said["engine"] != LibFuzzer.name:
        raise click.UsageError(
            "--runs promises the same inputs each time, which only libfuzzer can keep; try --seconds"
        )
    if said["sanitizer"] not in ENGINES[said["engine"]].presets:
        raise click.UsageError(
            f"--sanitizer {said['sanitizer']} is not for --engine {said['engine']}; try {LibFuzzer.name}"
        )
    found = targets.chosen(names or (THREADED if said["sanitizer"] == "thread" else ()))
    if said["sanitizer"] != "address" and any(target.peers for target in found):
        raise click.UsageError(
            f"--sanitizer {said['sanitizer']} knows nothing of what a target's peers do; leave it out"
        )
    return Options(
        targets=[target.name for target in found],
        sanitizer=said["sanitizer"],
        engine=said["engine"],
        jobs=jobs,
        seed=said["seed"] or random.randint(1, SEED_MAX),
        wall_s=wall_seconds(len(found), jobs, long or SECONDS, said["each"]),
        sliced=bool(said["minutes"] or said["hours"]),
        runs=runs,
    )


def show_watched(folder: Path, as_json: bool) -> Exit:
    """Its verdict is not ours: whoever looks has found nothing."""
    console = make_console(stderr=as_json)
    status = screen.watch(folder, console)
    if as_json:
        click.echo(json.dumps(status.as_object(), indent=2))
    return Exit.CLEAN


@click.command(epilog=EPILOG)
@click.argument("names", metavar="[TARGET]...", nargs=-1, shell_complete=offers.TARGETS)
@click.option("--seconds", type=click.IntRange(1), help="How long, in equal shares.  [default: 60]")
@click.option("--minutes", type=click.FloatRange(0.1), help="How long; time goes to where coverage comes.")
@click.option("--hours", type=click.FloatRange(0.01), help="The same for long ones.")
@click.option("--each", is_flag=True, help="So long for each target.")
@click.option(
    "--runs", type=click.IntRange(1), help="So many inputs of each target, from the committed ones alone."
)
@click.option("--seed", type=click.IntRange(1, SEED_MAX), help="The engine's PRNG seed.  [default: any]")
@click.option("--jobs", type=click.IntRange(1), help="Processes at a time.  [default: cores]")
@click.option(
    "--engine",
    type=click.Choice(list(ENGINES)),
    default="libfuzzer",
    show_default=True,
    help="What makes the inputs.",
)
@click.option(
    "--sanitizer",
    type=click.Choice(list(LibFuzzer.presets)),
    default="address",
    show_default=True,
    help="What the targets are built with.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end, and nothing else.")
@click.option(
    "--out",
    type=Folder(),
    default=OUT / "fuzz",
    help="Where the working corpus, findings and logs are kept.  [default: build/out/fuzz]",
)
@click.option("--resume", type=THERE, help="Go on with the campaign in this folder, as it began.")
@click.option("--watch", type=THERE, help="Look at the campaign in this folder; run nothing.")
@click.option("--import", "imported", type=THERE, help="First take the inputs below this folder.")
@click.pass_context
def cli(context: click.Context, names: tuple[str, ...], out: Path, as_json: bool, **said: object) -> Exit:
    """Run a fuzz campaign over all targets, or over those named, and sum it up.

    The committed inputs are only read; what is found on the way is kept in build/out/fuzz, and the next
    campaign goes on from there. Each finding has a folder in build/out/fuzz/findings.
    """
    alone(context)
    if said["watch"]:
        return show_watched(said["watch"], as_json)
    long = seconds_of(said["seconds"], said["minutes"], said["hours"])
    if said["resume"]:
        options, before = resumed(said["resume"], long, said["jobs"])
        return go(options, said["resume"], before, as_json)
    options = asked(names, long, said)
    if said["imported"]:
        console = make_console(stderr=as_json)
        with locked(out):
            count = imports.take(said["imported"], targets.chosen(tuple(options.targets)), out, console)
        console.print(f"{count} inputs taken from {findings.shown(said['imported'])}")
    return go(options, out, None, as_json)


if __name__ == "__main__":
    main(cli, "fuzz")
