# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/merge: of what campaigns found, few and small inputs that cover the same, to commit."""

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from vvs_tools import (
    OUT,
    TOP,
    atomic,
    build,
    corpus,
    engine,
    findings,
    offers,
    process,
    sanitizers,
    targets,
    usage,
)
from vvs_tools.console import Exit, Progress, Stop, main, make_console
from vvs_tools.engines import LibFuzzer
from vvs_tools.folder import locked
from vvs_tools.targets import Target

PRESET = LibFuzzer.presets["address"][0]
WORK = OUT / "merge"
CAP_BYTES = (1 << 20) - 1  # of a target's whole committed corpus
TIMEOUT_S = 1800
FOUND = "found"
# What the engine says that its second and later folders have beyond the first.
ADDED = re.compile(r"^MERGE-OUTER: \d+ new files with (\d+) new features added", re.MULTILINE)


@dataclass(frozen=True)
class Merged:
    """Inputs beside the other committed ones: better are those that cover more, or as much in fewer bytes."""

    features: int  # that those others have not
    files: list[Path]

    @property
    def size(self) -> int:
        return sum(path.stat().st_size for path in self.files)

    def better_than(self, other: "Merged") -> bool:
        return (self.features, -self.size) > (other.features, -other.size)


@dataclass(frozen=True)
class Result:
    """What became of one target."""

    target: str
    replaced: bool
    files: int
    bytes: int
    features: int  # beyond those of seeds and regressions
    was_files: int
    was_bytes: int
    was_features: int

    def __str__(self) -> str:
        now = f"{self.files} files, {self.bytes} bytes, {self.features} features"
        was = f"{self.was_files}, {self.was_bytes}, {self.was_features}"
        return f"{self.target}: {now} (there were {was}): {'replaced' if self.replaced else 'left as it was'}"


class Merge:
    """Of one target, in a folder of its own."""

    def __init__(self, target: Target, progress: Progress) -> None:
        self.target = target
        self.progress = progress
        self.work = WORK / target.name
        self.folder = TOP / "corpus" / target.name
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)

    def fixed(self) -> list[Path]:
        """Committed inputs that stay in any case."""
        return [path for path in corpus.files(self.target.name) if path.parent.name != FOUND]

    def found(self) -> list[Path]:
        return [path for path in corpus.files(self.target.name) if path.parent.name == FOUND]

    def smallest(self, name: str, folders: Sequence[Path]) -> Merged:
        """Of the inputs in `folders`, those that cover what `fixed` and smaller ones do not."""
        place = self.work / name
        place.mkdir()
        kept = {findings.content_name(path): path for path in self.fixed()}
        for content, path in kept.items():
            shutil.copyfile(path, place / content)
        log = self.work / f"{name}.log"
        options = ["-merge=1", "-use_counters=0", f"-max_len={self.target.max_len}"]
        options += [f"-timeout={engine.INPUT_TIMEOUT_S}", f"-rss_limit_mb={engine.RSS_LIMIT_MB}"]
        options += [f"-artifact_prefix={self.work}/", f"-merge_control_file={self.work}/{name}.control"]
        argv = [self.target.engine(PRESET), *options, place, *folders]
        env = sanitizers.environment()
        code = process.run(
            argv, log, timeout=TIMEOUT_S, env=env, tick=lambda: self.progress.tick(self.target.name)
        )
        added = ADDED.search(log.read_text(errors="replace"))
        if code or not added:
            why = f"{self.target.name}: merge exits {code}: {process.tail(log, 1)}"
            raise Stop(Exit.INCONCLUSIVE, f"{why}; its log tells why: {findings.shown(log)}")
        files = [path for path in place.iterdir() if path.name not in kept]
        return Merged(int(added[1]), sorted(files, key=lambda path: (path.stat().st_size, path.name)))

    def capped(self, merged: Merged) -> Merged:
        """The smallest of them, up to what the committed corpus may have; measured anew where that cuts."""
        room = CAP_BYTES - sum(path.stat().st_size for path in self.fixed())
        kept = self.work / "capped"
        kept.mkdir()
        for path in merged.files:
            room -= path.stat().st_size
            if room < 0:
                return self.smallest("measured", [kept])
            shutil.copyfile(path, kept / path.name)
        return merged

    def run(self, sources: Sequence[Path]) -> Result:
        """Replace what is committed, if what is found is better."""
        old_folder = self.folder / FOUND
        here = [old_folder] if self.found() else []
        was = Merged(0, [])
        if here:
            was = Merged(self.smallest("old", here).features, self.found())
        new = self.capped(self.smallest("new", [*here, *sources]))
        replaced = new.better_than(was)
        numbers = (len(new.files), new.size, new.features, len(was.files), was.size, was.features)
        if replaced:
            replace(old_folder, new.files)
        return Result(self.target.name, replaced, *numbers)


def replace(folder: Path, files: Sequence[Path]) -> None:
    """Make `folder` hold `files`. New ones come before old ones go, so that at each moment all is covered."""
    atomic.sweep(folder.parent)
    folder.mkdir(exist_ok=True)
    names = {path.name for path in files}
    for path in files:
        atomic.write(folder / path.name, path.read_bytes(), scratch=folder.parent)
    for path in folder.iterdir():
        if path.name not in names:
            path.unlink()
    atomic.sync_folder(folder)


def sources_of(folder: Path, target: Target) -> list[Path]:
    """Where a campaign keeps its corpus, or a folder with one folder a target."""
    places = (folder / target.name / "corpus", folder / target.name)
    return next(([place] for place in places if place.is_dir() and any(place.iterdir())), [])


EPILOG = usage.epilog(
    """
  scripts/merge                         what build/out/fuzz has found, into corpus/*/found
  scripts/merge tx_packet --from weekend
  scripts/merge --json
""",
    Exit.INCONCLUSIVE,
    Exit.NOTHING_RAN,
    notes="""
An input stays if it covers what seeds, regressions and smaller inputs do not. What is committed is replaced
only by what covers more, or as much in fewer bytes; a target's whole corpus stays under 1 MiB.
""",
)


@click.command(epilog=EPILOG)
@click.argument("names", metavar="[TARGET]...", nargs=-1, shell_complete=offers.TARGETS)
@click.option(
    "--from",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False, resolve_path=True),
    help="A campaign's folder, or one with a folder for each target.  [default: build/out/fuzz]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, and nothing else.")
def cli(names: tuple[str, ...], folder: Path | None, as_json: bool) -> Exit:
    """Make what was found as small as it gets, and commit it to the corpus where it is better."""
    console = make_console(stderr=as_json)
    folder = folder or OUT / "fuzz"
    found = [target for target in targets.chosen(names) if sources_of(folder, target)]
    if not found:
        raise Stop(
            Exit.NOTHING_RAN,
            f"{findings.shown(folder)} has no corpus of a target: nothing to merge; first: scripts/fuzz",
        )
    results = []
    with Progress(console, "merge") as progress:
        programs = [target.engine(PRESET).name for target in found]
        try:
            build.build(PRESET, programs, tick=lambda: progress.tick("building"))
        except build.BuildFailed as failure:
            raise Stop(Exit.SETUP, f"{failure}: log {failure.log}; repeat: {failure.command}") from None
        with locked(WORK, "another merge", "wait for its end"):
            for target in found:
                results.append(Merge(target, progress).run(sources_of(folder, target)))
                console.print(str(results[-1]))
    if as_json:
        click.echo(json.dumps({"targets": [asdict(result) for result in results]}, indent=2))
    return Exit.CLEAN


if __name__ == "__main__":
    main(cli, "merge")
