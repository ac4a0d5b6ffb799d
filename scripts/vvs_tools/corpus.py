# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Replay every committed corpus file through its target's replay program, which needs no engine."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from vvs_tools import OUT, TOP, build, findings, process, sanitizers, usage
from vvs_tools.console import Exit, Stop, main

KINDS = ("seed", "found", "regression")
BATCH = 256  # files a process: far under the limit on a command line, and quick to search
TIMEOUT_S = 600
LOG = OUT / "corpus" / "replay.log"


def targets() -> list[str]:
    """Those in fuzz/targets.json, the only list of targets, that look for faults and so have a corpus."""
    path = TOP / "fuzz" / "targets.json"
    if not path.exists():
        raise Stop(
            Exit.NOTHING_RAN, "no fuzz/targets.json, so no target to replay; get it back: git checkout fuzz"
        )
    listed = json.loads(path.read_text())["targets"]
    return [target["name"] for target in listed if target["campaign"]]


def files(target: str) -> list[Path]:
    folder = TOP / "corpus" / target
    return sorted(path for kind in KINDS for path in (folder / kind).glob("*") if path.is_file())


def link(target: str, folder: Path) -> None:
    """Links to the committed inputs in `folder`, by content."""
    for path in files(target):
        link = folder / findings.content_name(path)
        if not link.exists():
            link.symlink_to(path)


def program(preset: str, target: str) -> Path:
    return build.directory(preset) / "fuzz" / f"replay-{target}"


def replay(
    preset: str, target: str, inputs: Sequence[Path], env: Mapping[str, str]
) -> Iterator[tuple[Path, str]]:
    """The inputs that fail, each with the end of what was printed; one by one only where a batch fails."""
    argv = [*build.emulator(preset), program(preset, target)]
    for start in range(0, len(inputs), BATCH):
        batch = inputs[start : start + BATCH]
        if not process.run([*argv, *batch], LOG, timeout=TIMEOUT_S, env=env):
            continue
        together = process.tail(LOG)
        alone = []
        for path in batch:
            if process.run([*argv, path], LOG, timeout=TIMEOUT_S, env=env):
                alone.append((path, process.tail(LOG)))
        fault = f"fails only together with the next {len(batch) - 1} files:\n{together}"
        yield from alone or [(batch[0], fault)]


def replay_target(preset: str, target: str, env: Mapping[str, str]) -> bool:
    """Replay one target's corpus and say how it went; whether all is well."""
    inputs = files(target)
    if not inputs:
        print(f"{target}: no input in corpus/{target}: a replay of nothing proves nothing")
        return False
    if not program(preset, target).exists():
        print(f"{target}: the preset {preset} builds no {program(preset, target).relative_to(TOP)}")
        return False
    faults = list(replay(preset, target, inputs, env))
    for path, text in faults:
        print(f"{text}\nrepeat: scripts/repro {path.relative_to(TOP)}\n")
    print(f"{target}: {len(inputs)} files, {len(faults)} failed")
    return not faults


EPILOG = usage.epilog(
    """
  scripts/launch.bash corpus
  scripts/launch.bash corpus --preset unit-msan
""",
    Exit.FINDINGS,
    Exit.NOTHING_RAN,
)


@click.command(epilog=EPILOG)
@click.option("--preset", default="unit", show_default=True, help="Whose replay programs; built first.")
def cli(preset: str) -> Exit:
    """Replay corpus/<target>/{seed,found,regression} of every target."""
    try:
        build.build(preset)
    except build.BuildFailed as failure:
        print(process.tail(failure.log))
        raise Stop(Exit.FINDINGS, f"{failure}; repeat: {failure.command}") from None
    env = sanitizers.environment()
    well = [replay_target(preset, target, env) for target in targets()]
    return Exit.CLEAN if all(well) else Exit.FINDINGS


if __name__ == "__main__":
    main(cli, "launch.bash corpus")
