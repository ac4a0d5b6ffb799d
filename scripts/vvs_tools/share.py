# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/share: a campaign's corpora dealt out to several machines, and brought together again."""

import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import click

from vvs_tools import OUT, build, corpus, engine_afl, findings, process, sanitizers, targets, usage
from vvs_tools.console import Exit, Progress, Stop, main, make_console
from vvs_tools.engines import LibFuzzer
from vvs_tools.findings import content_name, is_cut_off
from vvs_tools.folder import Folder
from vvs_tools.targets import Target

CAMPAIGN = OUT / "fuzz"
MERGE_SECONDS = 3600
# Where running processes of AFL++ look, among those of their own machine.
OTHERS = "others"
NUMBERED = re.compile(r"id:(\d{6})")

There = click.Path(path_type=Path, exists=True, file_okay=False)


def corpus_of(campaign: Path, target: Target) -> Path:
    return campaign / target.name / "corpus"


def afl_instances(campaign: Path, target: Target) -> Path:
    """Of this target, while it runs."""
    return campaign / target.name / "runs" / "afl"


def entries(campaign: Path, target: Target) -> dict[str, Path]:
    """The inputs of the working corpus by content, without what a killed process or a copy has cut off."""
    folder = corpus_of(campaign, target)
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return {path.name: path for path in found if path.is_file() and not is_cut_off(path)}


def queued(campaign: Path, target: Target) -> dict[str, Path]:
    """What processes of AFL++ have found and nobody has fetched yet, by content."""
    found = sorted(afl_instances(campaign, target).glob("*/queue/id:*"))
    return {content_name(path): path for path in found if engine_afl.is_own(path)}


def copy(source: Path, folder: Path, name: str) -> None:
    """Whole or not at all, also to a process that looks meanwhile."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(prefix=".undone-", dir=folder.parent, delete=False) as file:
        fresh = Path(file.name)
    try:
        shutil.copyfile(source, fresh)
        fresh.replace(folder / name)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def deal(found: Iterable[Path], count: int) -> list[list[Path]]:
    """In `count` lists of about equal bytes, the same ones each time: the largest first, to the lightest."""
    lists: list[list[Path]] = [[] for _ in range(count)]
    weights = [0] * count
    sizes = {path: path.stat().st_size for path in found}
    for path in sorted(sizes, key=lambda path: (-sizes[path], path.name)):
        lightest = min(range(count), key=lambda n: (weights[n], len(lists[n])))
        lists[lightest].append(path)
        weights[lightest] += sizes[path]
    return lists


def tell_running(campaign: Path, target: Target, taken: Iterable[Path]) -> None:
    """Processes of AFL++ read a folder beside their own, numbered in order; libFuzzer's read the corpus."""
    instances = afl_instances(campaign, target)
    if not instances.is_dir():
        return
    queue = instances / OTHERS / "queue"
    numbers = [int(found[1]) for path in queue.glob("id:*") if (found := NUMBERED.match(path.name))]
    for number, path in enumerate(taken, max(numbers, default=-1) + 1):
        copy(path, queue, f"id:{number:06},{OTHERS}")


def leads_further(
    campaign: Path, target: Target, new: dict[str, Path], progress: Progress
) -> dict[str, Path]:
    """Those of `new` that reach what neither the campaign nor the committed inputs do: the engine's merge."""
    log = OUT / "share" / f"{target.name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    preset = LibFuzzer.presets["address"][0]
    with tempfile.TemporaryDirectory(dir=log.parent) as scratch:
        known, others = Path(scratch, "known"), Path(scratch, "others")
        for folder, links in ((known, entries(campaign, target)), (others, new)):
            folder.mkdir()
            for name, path in links.items():
                (folder / name).symlink_to(path.absolute())
        corpus.link(target.name, known)
        # What leads further is written to the first folder.
        argv = [target.engine(preset), "-merge=1", f"-max_len={target.max_len}", known, others]
        env = sanitizers.environment()
        tick = partial(progress.tick, target.name)
        code = process.run(argv, log, timeout=MERGE_SECONDS, env=env, tick=tick)
        if code:
            raise Stop(
                Exit.INCONCLUSIVE,
                f"{target.name}: merge exits {code}; its log tells why: {findings.shown(log)}",
            )
        return {path.name: new[path.name] for path in known.iterdir() if not path.is_symlink()}


def told(campaign: Path, parts: Sequence[Path]) -> Iterator[tuple[Target, dict[str, Path], int]]:
    """Each target of which there is something: what the campaign has not, and how much there is."""
    for target in targets.campaign().values():
        found = {
            name: path
            for part in parts
            for name, path in {**queued(part, target), **entries(part, target)}.items()
        }
        if found:
            own = entries(campaign, target)
            yield target, {name: path for name, path in found.items() if name not in own}, len(found)


SPLIT = """
  scripts/share split build/out/fuzz part-1 part-2 part-3    for three machines: scripts/fuzz --out part-2
"""
JOIN = """
  scripts/share join part-1 part-2 part-3                    all of it into build/out/fuzz again
  scripts/share join --merge part-2                          only what leads further
"""


@click.group(
    epilog=usage.epilog(
        SPLIT.rstrip() + JOIN,
        Exit.INCONCLUSIVE,
        Exit.NOTHING_RAN,
        notes="""
A running campaign takes what is joined to it at once; fuzz/MACHINES.md says how machines work together.
""",
    )
)
def cli() -> None:
    """Deal a campaign's corpora out to several machines, and bring them together again.

    A part is a campaign's folder as `scripts/fuzz --out` has it. Findings stay where they were made.
    """


@cli.command(epilog=usage.epilog(SPLIT, Exit.NOTHING_RAN))
@click.argument("campaign", type=There)
@click.argument("parts", metavar="PART...", nargs=-1, required=True, type=Folder())
def split(campaign: Path, parts: tuple[Path, ...]) -> Exit:
    """Deal the working corpora of CAMPAIGN out to folders, about as many bytes to each.

    The campaign keeps all of its own. A folder that has a corpus already is refused.
    """
    if len(set(parts)) < len(parts):
        raise click.UsageError("one part is named twice; name each once")
    for part in parts:
        if any(part.glob("*/corpus/*")):
            raise click.UsageError(f"{part} has a corpus already; scripts/share join takes it up")
    count = 0
    for target in targets.campaign().values():
        dealt = deal(entries(campaign, target).values(), len(parts))
        for part, paths in zip(parts, dealt, strict=True):
            for path in paths:
                copy(path, corpus_of(part, target), path.name)
        if any(dealt):
            print(f"{target.name}: {' + '.join(str(len(paths)) for paths in dealt)} inputs")
        count += sum(map(len, dealt))
    if not count:
        raise Stop(
            Exit.NOTHING_RAN, f"no corpus in {campaign}; name a folder that scripts/fuzz --out has filled"
        )
    return Exit.CLEAN


@cli.command(epilog=usage.epilog(JOIN, Exit.INCONCLUSIVE, Exit.NOTHING_RAN))
@click.argument("parts", metavar="PART...", nargs=-1, required=True, type=There)
@click.option(
    "--into", "campaign", type=Folder(), default=CAMPAIGN, help="The campaign.  [default: build/out/fuzz]"
)
@click.option("--merge", is_flag=True, help="Take only what leads further than the inputs that are there.")
def join(parts: tuple[Path, ...], campaign: Path, merge: bool) -> Exit:
    """Add the inputs of folders to the working corpora of a campaign, which may be running.

    Taken are working corpora and the queues of AFL++, from a campaign's folder or a copy of one.
    """
    if campaign in [part.absolute() for part in parts]:
        raise click.UsageError(f"{campaign} is to be joined into itself; name another with --into")
    console = make_console()
    found = list(told(campaign, parts))
    if not found:
        raise Stop(
            Exit.NOTHING_RAN,
            f"no corpus in {', '.join(map(str, parts))}; name folders that scripts/fuzz --out has filled",
        )
    if merge:
        preset = LibFuzzer.presets["address"][0]
        try:
            build.build(preset, [target.engine(preset).name for target, _, _ in found])
        except build.BuildFailed as failure:
            raise Stop(Exit.SETUP, f"{failure}: log {failure.log}; repeat: {failure.command}") from None
    with Progress(console, "share") as progress:
        for target, new, there in found:
            taken = leads_further(campaign, target, new, progress) if merge and new else new
            for name, path in taken.items():
                copy(path, corpus_of(campaign, target), name)
            tell_running(campaign, target, taken.values())
            console.print(
                f"{target.name}: {len(taken)} of {there} taken, {len(entries(campaign, target))} now"
            )
    return Exit.CLEAN


if __name__ == "__main__":
    main(cli, "share")
