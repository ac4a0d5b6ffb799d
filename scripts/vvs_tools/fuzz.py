# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/fuzz: build, run a campaign, sum it up."""

import json
import os
import random
import re
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console

from vvs_tools import OUT, build, fuzz_view, rust_vmm, sanitizers, targets
from vvs_tools.campaign import Campaign, plan, plan_runs, wall_seconds
from vvs_tools.canary import Canary
from vvs_tools.console import Exit, Progress, Stop, main, make_console
from vvs_tools.engine_afl import Afl
from vvs_tools.engines import Engine, LibFuzzer
from vvs_tools.folder import Folder
from vvs_tools.repeat import Commands

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
    with Progress(console, "fuzz") as progress:
        compile_peers(found, engine, lambda: progress.tick("building the peers"))
        for preset, programs in wanted.items():
            try:
                build.build(preset, programs, tick=lambda: progress.tick("building"))
            except build.BuildFailed as failure:
                message = f"{failure}: log {failure.log}; repeat: {failure.command}"
                raise Stop(Exit.SETUP, message + first_error(failure.log)) from None


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
    if any(tally.fault or tally.missed() or not tally.done.executions for tally in tallies):
        return Exit.INCONCLUSIVE
    return Exit.CLEAN


EPILOG = """\b
Examples:
  scripts/fuzz                                      all targets, 60 seconds in all
  scripts/fuzz tx_packet rx_packet --seconds 600
  scripts/fuzz --each --seconds 300 --jobs 2        five minutes for each target
  scripts/fuzz tx_packet --sanitizer memory
  scripts/fuzz --sanitizer thread                   a driver thread against a device thread
  scripts/fuzz differential --seconds 300           beside rust-vmm's crates; needs cargo
  scripts/fuzz --engine afl                         the same targets under AFL++
  scripts/fuzz --seconds 10 --json >campaign.json
  scripts/fuzz --runs 100000 --seed 1               the same campaign each time
Exit: 0 clean, 1 findings, 2 usage, 3 setup failed, 4 inconclusive, 130 interrupted.
Inconclusive is a campaign that proves nothing: it did not find the bug planted in the target `canary`, or a
target stayed under a floor of fuzz/targets.json (judged from 60 seconds or 100,000 inputs on).
"""


@click.command(epilog=EPILOG)
@click.argument("names", metavar="[TARGET]...", nargs=-1)
@click.option("--seconds", type=click.IntRange(1), help="How long, in all.  [default: 60]")
@click.option("--each", is_flag=True, help="So many seconds for each target.")
@click.option(
    "--runs", type=click.IntRange(1), help="So many inputs of each target, from the committed ones alone."
)
@click.option("--seed", type=click.IntRange(1, SEED_MAX), help="The engine's PRNG seed.  [default: any]")
@click.option("--jobs", type=click.IntRange(1), help="Processes at a time.  [default: cores]")
@click.option(
    "--engine", "engine_name", type=click.Choice(list(ENGINES)), default="libfuzzer", show_default=True
)
@click.option("--sanitizer", type=click.Choice(list(LibFuzzer.presets)), default="address", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end, and nothing else.")
@click.option(
    "--out",
    type=Folder(),
    default=OUT / "fuzz",
    help="Where the working corpus, findings and logs are kept.  [default: build/out/fuzz]",
)
def cli(
    names: tuple[str, ...],
    seconds: int | None,
    each: bool,
    runs: int | None,
    seed: int | None,
    jobs: int | None,
    engine_name: str,
    sanitizer: str,
    as_json: bool,
    out: Path,
) -> Exit:
    """Run a fuzz campaign over all targets, or over those named, and sum it up.

    The committed inputs are only read; what is found on the way is kept in build/out/fuzz, and the next
    campaign goes on from there.
    """
    if runs and (seconds or each):
        raise click.UsageError("--runs takes the place of --seconds and --each")
    engine = ENGINES[engine_name]()
    if runs and engine_name != LibFuzzer.name:
        raise click.UsageError("--runs promises the same inputs each time, which only libfuzzer can keep")
    if sanitizer not in engine.presets:
        raise click.UsageError(f"--sanitizer {sanitizer} is not for --engine {engine_name}")
    console = make_console(stderr=as_json)
    found = targets.chosen(names or (THREADED if sanitizer == "thread" else ()))
    if sanitizer != "address" and any(target.peers for target in found):
        raise click.UsageError(f"--sanitizer {sanitizer} knows nothing of what a target's peers do")
    presets = engine.presets[sanitizer]
    compile_all(found, engine, presets, console)
    jobs = jobs or os.cpu_count() or 1
    wall = wall_seconds(len(found), jobs, seconds or SECONDS, each)
    pieces = plan_runs(found, jobs) if runs else plan(found, jobs, wall)
    seed = seed or random.randint(1, SEED_MAX)
    canary = Canary(out / "canary", presets, seed, engine)
    campaign = Campaign(
        found, out, presets, sanitizers.environment(), canary, seed=seed, most=runs, engine=engine
    )
    stopped: Stop | None = None
    interrupted = False
    try:
        with campaign.prepared(), fuzz_view.View(console, campaign, pieces) as view:
            for _ in campaign.run(pieces):
                view.tick()
    except KeyboardInterrupt:
        interrupted = True
    except OSError as error:
        stopped = Stop(Exit.INCONCLUSIVE, str(error))
    except Stop as stop:
        stopped = stop
    if stopped and not any(tally.runs for tally in campaign.tallies.values()):
        raise stopped
    for tally in campaign.tallies.values():
        tally.judge_reach(presets[0])
    code = Exit.INTERRUPTED if interrupted else verdict_of(campaign)
    if stopped and code is Exit.CLEAN:
        code = Exit.INCONCLUSIVE
    if as_json:
        click.echo(json.dumps(fuzz_view.as_object(campaign, VERDICTS[code]), indent=2))
    else:
        commands = Commands([target.name for target in found], sanitizer, seed, runs, engine_name)
        fuzz_view.show(campaign, console, commands)
    if stopped:
        console.print(f"stopped: {stopped}")
    console.print(CLOSING[code], style="green" if code is Exit.CLEAN else "bold red")
    return code


if __name__ == "__main__":
    main(cli, "fuzz")
