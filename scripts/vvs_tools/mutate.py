# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/mutate: how many small changes of the library the tests notice."""

import fcntl
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import click
from rich.console import Console

from vvs_tools import build, mutate_ast, mutate_list, mutate_operators, offers, process, usage
from vvs_tools.console import Exit, Progress, Stop, main, make_console
from vvs_tools.mutate_build import SOURCES, WORK, Objects, Recipe, recipe
from vvs_tools.mutate_operators import Mutant, Texts
from vvs_tools.mutate_run import Bench, Verdict

Item = TypeVar("Item")
Found = TypeVar("Found")

PLAIN, CHECKED = "mutant", "mutant-asan"
GOAL = 95.0  # percent of those not listed
LAST = WORK / "survivors.json"
DROPPED = {
    "same": "the same object code as the library's",
    "twin": "the same object code as another mutant's",
    "broken": "not compiled",
}


@dataclass
class Outcome:
    """What became of each mutant, and what the list says of it."""

    verdicts: dict[Mutant, Verdict] = field(default_factory=dict)
    reasons: dict[tuple[str, str, str], str] = field(default_factory=dict)
    stale: list[str] = field(default_factory=list)

    def of_state(self, state: str) -> list[Mutant]:
        return [mutant for mutant, verdict in self.verdicts.items() if verdict.state == state]

    @property
    def listed(self) -> list[Mutant]:
        return [each for each in self.of_state("survived") if mutate_list.key_of(each) in self.reasons]

    @property
    def survivors(self) -> list[Mutant]:
        return [each for each in self.of_state("survived") if mutate_list.key_of(each) not in self.reasons]

    @property
    def score(self) -> float | None:
        """Percent killed of those that are not listed; None where there are none."""
        killed = len(self.of_state("killed"))
        counted = killed + len(self.survivors)
        return 100.0 * killed / counted if counted else None

    @property
    def code(self) -> Exit:
        below = self.score is not None and self.score < GOAL
        return Exit.FINDINGS if below or self.stale else Exit.CLEAN


def read_texts() -> Texts:
    return {path: path.read_text() for path in sorted(SOURCES.iterdir()) if path.suffix in (".c", ".h")}


def all_mutants(plan: Recipe, texts: Texts) -> list[Mutant]:
    """Every mutant of lib/src."""
    functions = []
    for source, argv in plan.compilers.items():
        command = [part for part in argv if part != "-I."] + [f"-I{SOURCES}", str(SOURCES / source)]
        functions += mutate_ast.functions(mutate_ast.dump(command, SOURCES), texts, texts.__contains__)
    return mutate_operators.mutants(functions, texts)


def last_survivors() -> set[str]:
    if not LAST.exists():
        raise click.UsageError("--survivors: no whole run has ended yet; first: scripts/mutate")
    return set(json.loads(LAST.read_text()))


def select(
    everything: list[Mutant], files: Sequence[str], function: str, ids: Sequence[str], survivors: bool
) -> list[Mutant]:
    """Those asked for; a name that means none is an error."""
    names = {mutant.file for mutant in everything}
    wanted = {Path(file).name for file in files}
    for name in sorted(wanted - names):
        raise click.UsageError(f"no {name} with a mutant; there are: {', '.join(sorted(names))}")
    if function and function not in {mutant.function for mutant in everything}:
        raise click.UsageError(f"no function {function} in lib/src; scripts/mutate --list names all")
    for id_ in ids:
        if not any(mutant.id == id_ for mutant in everything):
            raise click.UsageError(f"no mutant {id_}; scripts/mutate --list names all")
    again = last_survivors() if survivors else set()
    return [
        mutant
        for mutant in everything
        if (not wanted or mutant.file in wanted)
        and function in ("", mutant.function)
        and (not ids or mutant.id in ids)
        and (not survivors or mutant.id in again)
    ]


def spread(
    jobs: int,
    work: Callable[[Item, int], Found],
    items: Sequence[Item],
    progress: Progress,
    what: str,
) -> Iterator[tuple[Item, Found]]:
    """Work on all items, `jobs` at a time; each with its result as it comes."""
    pool = ThreadPoolExecutor(jobs)
    try:
        futures = {pool.submit(work, item, number): item for number, item in enumerate(items)}
        for count, future in enumerate(as_completed(futures), 1):
            progress.tick(f"{what} {count} of {len(items)}")
            yield futures[future], future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def compile_all(
    bench: Bench, mutants: Sequence[Mutant], progress: Progress
) -> tuple[dict[Mutant, Objects], dict[Mutant, Verdict]]:
    """The objects of those that differ from the library and from each other, and why others are dropped."""
    made = dict(spread(bench.jobs, lambda m, _: bench.objects_of(m), mutants, progress, "compiling"))
    first: dict[str, Mutant] = {}
    differ: dict[Mutant, Objects] = {}
    dropped: dict[Mutant, Verdict] = {}
    for mutant in mutants:
        objects = made[mutant]
        twin = first.setdefault(json.dumps(objects, sort_keys=True), mutant)
        if objects is None:
            dropped[mutant] = Verdict("broken")
        elif not objects:
            dropped[mutant] = Verdict("same")
        elif twin is not mutant:
            dropped[mutant] = Verdict("twin", twin.id)
        else:
            differ[mutant] = objects
    return differ, dropped


def judge(bench: Bench, mutants: Sequence[Mutant], progress: Progress) -> dict[Mutant, Verdict]:
    """What became of each, with one build."""
    bench.check_base()
    differ, found = compile_all(bench, mutants, progress)
    tried = spread(
        bench.jobs,
        lambda m, n: bench.try_out(differ[m], n),
        list(differ),
        progress,
        f"running ({bench.recipe.preset})",
    )
    return found | dict(tried)


def run(
    plan: Recipe, texts: Texts, mutants: list[Mutant], jobs: int, progress: Progress
) -> dict[Mutant, Verdict]:
    """A plain build first; the sanitizers, ten times slower, see only what survives it."""
    found = judge(Bench(plan, texts, jobs), mutants, progress)
    left = [mutant for mutant in mutants if found[mutant].state == "survived"]
    if left:
        checked = recipe(CHECKED, lambda: progress.tick(f"building {CHECKED}"))
        again = judge(Bench(checked, texts, jobs), left, progress)
        by_id = {mutant.id: verdict for mutant, verdict in again.items()}
        for mutant, verdict in again.items():
            verdict = by_id.get(verdict.by, verdict)  # a twin's is that of the other
            if verdict.state == "killed":
                found[mutant] = Verdict("killed", f"sanitizers, {verdict.by}")
    return {mutant: found[mutant] for mutant in mutants}


def as_object(outcome: Outcome) -> dict[str, object]:
    counted = Counter(verdict.state for verdict in outcome.verdicts.values())
    return {
        "killed": counted["killed"],
        "survived": len(outcome.survivors),
        "listed": len(outcome.listed),
        "dropped": {state: counted[state] for state in DROPPED},
        "score": outcome.score,
        "goal": GOAL,
        "survivors": [
            {
                "id": mutant.id,
                "file": f"lib/src/{mutant.file}",
                "line": mutant.line,
                "column": mutant.column,
                "function": mutant.function,
                "change": mutant.change.label,
            }
            for mutant in outcome.survivors
        ],
        "stale": outcome.stale,
        "killers": dict(
            Counter(outcome.verdicts[each].by for each in outcome.of_state("killed")).most_common()
        ),
    }


def show(outcome: Outcome, console: Console, whole: bool) -> None:
    """Survivors and stale entries, then what it adds up to; a few mutants that were asked for by id, each."""
    for mutant in outcome.verdicts if whole else outcome.survivors:
        verdict = outcome.verdicts[mutant]
        console.print(f"lib/src/{mutant}")
        end = f": {verdict.by}" if verdict.by else ""
        reason = outcome.reasons.get(mutate_list.key_of(mutant))
        console.print(f"  {verdict.state}{end}" + (f"; listed: {reason}" if reason else ""))
        console.print(f"  in {mutant.function}; repeat: scripts/mutate --id {mutant.id}")
    for line in outcome.stale:
        console.print(f"stale in {mutate_list.LIST.name}: {line}", style="bold red")
        console.print(f"  repeat: scripts/mutate {line.split()[0]}")
    counted = Counter(verdict.state for verdict in outcome.verdicts.values())
    for state, meaning in DROPPED.items():
        console.print(f"{counted[state]:6} dropped, {meaning}")
    console.print(f"{len(outcome.listed):6} survived and listed with a reason")
    score = "-" if outcome.score is None else f"{outcome.score:.1f} %"
    console.print(
        f"{counted['killed']} killed, {len(outcome.survivors)} survived: {score}, the goal is {GOAL:.0f} %",
        style="bold red" if outcome.code else "green",
    )


@contextmanager
def alone(progress: Progress) -> Iterator[None]:
    """Two runs at once would write the same trees: one after the other."""
    WORK.mkdir(parents=True, exist_ok=True)
    with (WORK / ".lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                progress.tick("waits for another scripts/mutate")
                time.sleep(process.POLL_S)
        yield


EPILOG = usage.epilog(
    """
  scripts/mutate                                 all of lib/src
  scripts/mutate chain.c                         one file
  scripts/mutate --function vvs_queue_undo       one function
  scripts/mutate --id 5f0a11e2                   one mutant, and what became of it
  scripts/mutate --survivors                     those that survived the last run
  scripts/mutate --list                          every mutant; none runs
""",
    Exit.FINDINGS,
    Exit.INCONCLUSIVE,
    Exit.NOTHING_RAN,
    notes="""
Findings are fewer mutants noticed than the goal, or a listed one that is noticed or gone.
""",
)


@click.command(epilog=EPILOG)
@click.argument("files", nargs=-1, shell_complete=offers.SOURCES)
@click.option("--function", default="", metavar="NAME", help="Only mutants of this function.")
@click.option("--id", "ids", multiple=True, metavar="ID", help="Only this mutant.")
@click.option("--survivors", is_flag=True, help="Only those that survived the last whole run.")
@click.option("--list", "listing", is_flag=True, help="List the mutants; compile and run none.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--jobs", type=click.IntRange(1, 64), help="Mutants at a time.  [default: cores]")
def cli(
    files: tuple[str, ...],
    function: str,
    ids: tuple[str, ...],
    survivors: bool,
    listing: bool,
    as_json: bool,
    jobs: int | None,
) -> Exit:
    """Change each operator, constant, condition and statement of lib/src, one at a time, and see whether unit
    cases, the answers to all recorded scenarios or an oracle notice.

    A survivor is a gap in the tests, or changes nothing that can be seen: then lib/test/mutants.json says
    why. An interrupted run goes on where it was.
    """
    console = make_console(stderr=as_json or listing)
    jobs = jobs or os.cpu_count() or 1
    texts = read_texts()
    with Progress(console, "mutate") as progress:
        try:
            plan = recipe(PLAIN, lambda: progress.tick("building"))
            everything = all_mutants(plan, texts)
            chosen = select(everything, files, function, ids, survivors)
            if not chosen:
                raise Stop(Exit.NOTHING_RAN, "no mutant is all of that; scripts/mutate --list names all")
            if listing:
                for mutant in chosen:
                    click.echo(f"{mutant.id}  lib/src/{mutant}  [{mutant.function}]")
                return Exit.CLEAN
            entries = mutate_list.read(mutate_list.LIST)
            with alone(progress):
                verdicts = run(plan, texts, chosen, jobs, progress)
        except build.BuildFailed as failure:
            raise Stop(Exit.SETUP, f"{failure}: log {failure.log}; repeat: {failure.command}") from failure
    by_id = {mutant.id: verdict.state for mutant, verdict in verdicts.items()}
    # What holds for a mutant holds for its twins.
    states = {mutant: by_id.get(verdict.by, verdict.state) for mutant, verdict in verdicts.items()}
    stale = mutate_list.stale(entries, states, everything)
    outcome = Outcome(verdicts, mutate_list.reasons(entries), stale)
    if len(chosen) == len(everything):
        LAST.write_text(json.dumps([mutant.id for mutant in outcome.survivors]))
    if as_json:
        click.echo(json.dumps(as_object(outcome), indent=2))
    else:
        show(outcome, console, bool(ids))
    return outcome.code


if __name__ == "__main__":
    main(cli, "mutate")
