# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/zoo: real bugs planted in copies of lib/, and who finds each in how long."""

import fcntl
import json
import os
import queue
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

import click

from vvs_tools import OUT, offers, usage, zoo_list, zoo_view
from vvs_tools.console import Exit, Progress, Stop, main, make_console
from vvs_tools.engines import LibFuzzer
from vvs_tools.fuzz import ENGINES
from vvs_tools.zoo_copy import Copy, Unusable
from vvs_tools.zoo_hunt import PRNG_SEEDS, Control, Hunt, Result, Way
from vvs_tools.zoo_list import Bug

WORK = OUT / "zoo"


class Ended(Exception):
    """Told to end."""


class Zoo:
    """Hunts for many bugs, each job in a copy of its own."""

    def __init__(self, bugs: Sequence[Bug], jobs: int, way: Way, out: Path) -> None:
        self.way = way
        self.out = out
        self.ending = threading.Event()
        self.copies: queue.SimpleQueue[Copy] = queue.SimpleQueue()
        for number in range(min(jobs, len(bugs))):
            self.copies.put(Copy(WORK / "copies" / str(number)))
        self.control = Control(Copy(WORK / "copies" / "control"))
        self.results = {bug.id: Result(bug, len(way.prng_seeds)) for bug in bugs}
        self.running: set[str] = set()

    def tick(self) -> None:
        if self.ending.is_set():
            raise Ended

    def hunt(self, bug: Bug) -> None:
        self.tick()
        copy = self.copies.get()
        self.running.add(bug.id)
        try:
            hunt = Hunt(bug, copy, self.control, self.way, self.out, self.tick)
            self.results[bug.id] = hunt.result
            hunt.run()
        except Unusable as unusable:
            self.results[bug.id].trouble = Stop(Exit.SETUP, f"{bug.id}: {unusable}")
        except Stop as stop:
            self.results[bug.id].trouble = stop
        finally:
            self.running.discard(bug.id)
            self.copies.put(copy)

    def check(self) -> None:
        """Those whose patch does not apply are told before the first hunt."""
        copy = self.copies.get()
        for result in self.results.values():
            if result.bug.patch:
                try:
                    copy.plant(result.bug.patch)
                except Unusable as unusable:
                    result.trouble = Stop(Exit.SETUP, str(unusable))
        self.copies.put(copy)

    def run(self, jobs: int, progress: Progress) -> None:
        with ThreadPoolExecutor(jobs) as pool:
            waiting: set[Future[None]] = {
                pool.submit(self.hunt, result.bug) for result in self.results.values() if not result.trouble
            }
            hunts = len(waiting)
            try:
                while waiting:
                    done, waiting = wait(waiting, timeout=0.2)
                    for future in done:
                        future.result()
                    progress.tick(
                        f"{hunts - len(waiting)} of {hunts} bugs, at {', '.join(sorted(self.running))}"
                    )
            finally:
                self.ending.set()


@contextmanager
def working() -> Iterator[None]:
    """No other run in the same folder."""
    WORK.mkdir(parents=True, exist_ok=True)
    with (WORK / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Stop(Exit.INCONCLUSIVE, f"another zoo works in {WORK}; wait for its end") from None
        yield


EPILOG = usage.epilog(
    """
  scripts/zoo                              the historic bugs of fuzz/zoo, five PRNG seeds each
  scripts/zoo kinds --quick                those of further kinds, one seed
  scripts/zoo used-len-leak tx-inline-len
  scripts/zoo --engine afl --quick         the same hunts by AFL++
  scripts/zoo --patch mine.patch --json
""",
    Exit.FINDINGS,
    Exit.INCONCLUSIVE,
    notes="""
A bug is found when the median of its seeds is; times are the processor's. What was measured, and the
inputs that showed it, are in build/out/zoo/ENGINE/bugs. AFL++ does without the target `threads`.
Findings are bugs that are missed; set-up failed is a patch that does not apply or build, too: the others are
hunted all the same.
""",
)


@click.command(epilog=EPILOG)
@click.argument("names", metavar="[BUG]...", nargs=-1, shell_complete=offers.BUGS)
@click.option(
    "--patch",
    "patches",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="Any patch against lib/; several times for several bugs.",
)
@click.option("--quick", is_flag=True, help="One PRNG seed instead of five.")
@click.option(
    "--no-seeds", is_flag=True, help="Without the committed inputs: by what the engine makes alone."
)
@click.option(
    "--engine",
    "engine_name",
    type=click.Choice(list(ENGINES)),
    default="libfuzzer",
    show_default=True,
    help="What makes the inputs.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end, and nothing else.")
@click.option("--jobs", type=click.IntRange(1), help="Bugs at a time.  [default: cores]")
@click.option(
    "--picture",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Where it is drawn.  [default: build/out/zoo/ENGINE/zoo.svg]",
)
def cli(
    names: tuple[str, ...],
    patches: tuple[Path, ...],
    quick: bool,
    no_seeds: bool,
    engine_name: str,
    as_json: bool,
    jobs: int | None,
    picture: Path | None,
) -> Exit:
    """Plant each BUG in a copy of lib/, and see whether the vectors hold it and how soon the targets find it.

    A BUG is one of fuzz/zoo/bugs.json or kinds.json, or the name of a list: bugs (the default) or kinds.
    """
    console = make_console(stderr=as_json)
    bugs = zoo_list.chosen(names, patches)
    jobs = jobs or os.cpu_count() or 1
    out = WORK / engine_name
    way = Way(ENGINES[engine_name](), not no_seeds, PRNG_SEEDS[:1] if quick else PRNG_SEEDS)
    zoo = Zoo(bugs, jobs, way, out / "bugs")
    interrupted = False
    with working():
        try:
            with Progress(console, "zoo") as progress:
                zoo.check()
                zoo.run(jobs, progress)
        except KeyboardInterrupt:
            interrupted = True
        results = list(zoo.results.values())
        known = [result for result in results if result.done or result.runs or result.trouble]
        if as_json:
            click.echo(json.dumps(zoo_view.as_object(known, engine_name), indent=2))
        elif known:
            options = [name for name, given in (("--quick", quick), ("--no-seeds", no_seeds)) if given]
            options += [] if engine_name == LibFuzzer.name else ["--engine", engine_name]
            zoo_view.show(known, console, options)
        zoo_view.draw(results, picture or out / "zoo.svg")
    if interrupted:
        raise KeyboardInterrupt
    # Each is told, the last one as every command tells why it ended.
    troubles = sorted((result.trouble for result in results if result.trouble), key=lambda stop: -stop.code)
    for trouble in troubles[1:]:
        click.echo(f"zoo: {trouble}", err=True)
    if troubles:
        raise troubles[0]
    return Exit.FINDINGS if any(result.verdict == "missed" for result in results) else Exit.CLEAN


if __name__ == "__main__":
    main(cli, "zoo")
