# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Every scenario we have, answered on another host: the answers must be the same bytes."""

import json
import subprocess
from collections.abc import Iterator

import click

from vvs_tools import TOP, build, corpus, process, sanitizers, targets, usage
from vvs_tools.console import Exit, Stop, main

HERE = "unit"
TIMEOUT_S = 1500


def scenarios() -> Iterator[tuple[str, str]]:
    """The scenario of each vector and corpus file: where it is from, and one line of JSON."""
    for path in sorted((TOP / "conformance" / "vectors").rglob("*.json")):
        scenario = json.loads(path.read_text())["scenario"]
        yield str(path.relative_to(TOP)), json.dumps({"version": 1, **scenario}, separators=(",", ":"))
    scn = build.directory(HERE) / "fuzz" / "scn"
    for target in targets.campaign().values():
        for path in corpus.files(target.name) if target.input == "scenario" else ():
            text = subprocess.run([scn, "json", path], capture_output=True, text=True, check=True).stdout
            yield str(path.relative_to(TOP)), json.dumps(json.loads(text), separators=(",", ":"))


def answers(preset: str, lines: list[str]) -> list[str]:
    """One line of answers for each line, from the preset's runner."""
    argv = process.command_line([*build.emulator(preset), build.directory(preset) / "fuzz" / "vvs-run"])
    done = subprocess.run(
        argv,
        input="".join(line + "\n" for line in lines),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        env=sanitizers.environment(),
        check=False,
    )
    found = done.stdout.splitlines()
    if done.returncode or len(found) != len(lines):
        raise Stop(
            Exit.FINDINGS,
            f"{preset}: {len(found)} answers to {len(lines)} scenarios; "
            f"repeat: scripts/launch.bash answers --preset {preset}\n{done.stderr}",
        )
    return found


def unmappable(line: str) -> bool:
    return bool(json.loads(line).get("unmappable"))


EPILOG = usage.epilog("  scripts/launch.bash answers --preset unit-s390x", Exit.FINDINGS)


@click.command(epilog=EPILOG)
@click.option("--preset", required=True, help="The other host's; built first.")
def cli(preset: str) -> Exit:
    """Compare the answers of --preset with this host's, byte by byte."""
    try:
        build.build(HERE)
        build.build(preset)
    except build.BuildFailed as failure:
        print(process.tail(failure.log))
        raise Stop(Exit.FINDINGS, f"{failure}; repeat: {failure.command}") from None
    names, lines = zip(*scenarios(), strict=True)
    pairs = list(zip(names, answers(HERE, lines), answers(preset, lines), strict=True))
    too_large = [name for name, _, there in pairs if unmappable(there)]
    differ = [(name, here, there) for name, here, there in pairs if here != there and not unmappable(there)]
    for name, here, there in differ:
        print(f"{name}\n  {HERE}: {here}\n  {preset}: {there}\nrepeat: scripts/repro {name}\n")
    print(f"{preset}: {len(pairs)} scenarios, {len(differ)} answered otherwise than here")
    if too_large:
        print(f"{preset}: {len(too_large)} need more memory than the host can map, the first {too_large[0]}")
    return Exit.FINDINGS if differ else Exit.CLEAN


if __name__ == "__main__":
    main(cli, "launch.bash answers")
