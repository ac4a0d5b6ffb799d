# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/conformance --adapter wrong: whether each tested requirement is failed by some wrong device."""

import json
import sys
from typing import TYPE_CHECKING

import click
from rich.console import Console

from vvs_tools import TOP, build
from vvs_tools.console import Exit, Progress, Stop

sys.path.append(str(TOP))  # the suite is a package beside scripts/
from conformance.runner import adapters, request, vectors, wrong

if TYPE_CHECKING:
    from conformance.runner.wrong import Survey

NAME = "wrong"
ALONE = "python3 conformance/adapters/wrong"


def run(filters: tuple[str, ...], as_json: bool, console: Console) -> Exit:
    """The family on all vectors, or on those of some requirements."""
    for each in filters:
        if each not in vectors.requirements():
            raise click.UsageError(
                f"--adapter {NAME} takes requirements to --filter; {each} is none, try --list"
            )
    with Progress(console, NAME) as progress:
        build.build("unit", list(adapters.TOOLS), tick=lambda: progress.tick("building"))
        try:
            found = wrong.survey(vectors.load(), wrong.read_reasons(), only=filters, tick=progress.tick)
        except request.Unresolved as error:
            raise Stop(Exit.SETUP, str(error)) from error
    if not found.failed:
        raise Stop(
            Exit.NOTHING_RAN, f"no vector names {' or '.join(filters)}; see scripts/conformance --list"
        )
    if as_json:
        click.echo(json.dumps(found.to_json(), indent=2))
    else:
        show(found, console)
    return Exit.CLEAN if found.clean else Exit.FINDINGS


def show(found: "Survey", console: Console) -> None:
    """What the vectors do not notice, and what it comes to."""
    for name, id_ in found.unnoticed:
        console.print(f"unnoticed: {name} violates {id_}: {wrong.FAMILY[name].what}", style="bold red")
        console.print(f"Repeat: scripts/conformance --adapter '{ALONE} {name}' --filter {id_}")
    for id_ in found.not_failed:
        summary = vectors.requirements()[id_]["summary"]
        console.print(f"not failed by any wrong device: {id_}: {summary}", style="bold red")
        console.print(f"Repeat: scripts/conformance --adapter {NAME} --filter {id_}")
    for id_ in found.stale:
        console.print(f"stale: {id_} in {wrong.REASONS.relative_to(TOP)}", style="bold red")
    failed = sum(bool(devices) for devices in found.failed.values())
    devices = len({name for devices in found.failed.values() for name in devices})
    line = f"{failed} of {len(found.failed)} requirements failed by {devices} wrong devices"
    parts = {"not failed": len(found.not_failed), "for a reason": len(found.reasons)}
    parts |= {"unnoticed": len(found.unnoticed), "stale": len(found.stale)}
    extra = ", ".join(f"{count} {name}" for name, count in parts.items() if count)
    console.print(f"{line} ({extra})" if extra else line, style="green" if found.clean else "bold red")
