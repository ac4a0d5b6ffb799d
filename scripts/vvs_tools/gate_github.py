# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What GitHub Actions shows: annotations beside the code, and the page of a step."""

from typing import TYPE_CHECKING

import click

from vvs_tools.gate_failure import Failure

if TYPE_CHECKING:
    from vvs_tools.gate import Gate

# As the runner undoes it; a property ends at the signs that a message may have.
MESSAGE = {"%": "%25", "\r": "%0D", "\n": "%0A"}
PROPERTY = MESSAGE | {":": "%3A", ",": "%2C"}
LEVELS = {"new": "error", "old": "notice", "known": "notice"}


def escaped(text: str, table: dict[str, str]) -> str:
    return text.translate(str.maketrans(table))


def annotation(level: str, title: str, message: str, file: str = "", line: int = 0) -> str:
    properties = {"file": file, "line": str(line) if line else "", "title": title}
    told = ",".join(f"{key}={escaped(value, PROPERTY)}" for key, value in properties.items() if value)
    return f"::{level} {told}::{escaped(message, MESSAGE)}"


def of_failure(failure: Failure) -> str:
    lines = [failure.report, ", ".join(failure.requirements), failure.why, f"repeat: {failure.command}"]
    message = "\n".join(line for line in lines if line)
    return annotation(
        LEVELS[failure.verdict], f"{failure.verdict}: {failure.id}", message, failure.file, failure.line
    )


def annotate(gate: "Gate") -> None:
    """On stderr, where the runner reads them too, so that --json stays what it is."""
    for failure in gate.failures:
        click.echo(of_failure(failure), err=True)
    for stale in gate.stale:
        click.echo(annotation("error", "stale entry", stale), err=True)
    for trouble in gate.fuzzing.troubles():
        click.echo(annotation("warning", "inconclusive", trouble), err=True)


def cell(text: str) -> str:
    """Guests and libraries have no say in how the page looks."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "&#124;").replace("\n", " ")


def code(text: str) -> str:
    return f"<code>{cell(text)}</code>"


def summary(gate: "Gate", closing: str) -> str:
    """Markdown."""
    inputs = sum(done.inputs for done in gate.replayed)
    executions = sum(tally.done.executions for tally in gate.fuzzing.campaign.tallies.values())
    vectors = len(gate.vectors.ids)
    lines = [
        f"### vsock-anvil gate: {cell(closing)}",
        "",
        f"{inputs:,} committed inputs, {vectors:,} vectors, {executions:,} inputs of a campaign.",
        "",
    ]
    if gate.failures:
        lines += ["| | finding | seen by | place | what is wrong | repeat |", "|---|---|---|---|---|---|"]
    for each in gate.failures:
        report = f"{each.report} ({', '.join(each.requirements)})"
        cells = (each.verdict, each.id, each.where, f"{each.file}:{each.line}", report)
        lines.append("| " + " | ".join([*map(cell, cells), code(each.command)]) + " |")
    lines += ["", *(f"- stale: {cell(text)}" for text in gate.stale)]
    lines += [f"- inconclusive: {cell(text)}" for text in gate.fuzzing.troubles()]
    return "\n".join(lines).rstrip() + "\n\n"
