# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/conformance --matrix, --markdown, --export: results side by side, and the vectors for others."""

import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from vvs_tools import TOP, build, conformance_adapter
from vvs_tools.console import Exit, Progress, Stop

sys.path.append(str(TOP))  # the suite is a package beside scripts/
from conformance.export import bundle
from conformance.matrix import drawing, page, table
from conformance.runner import adapters, vectors


def names(wanted: Sequence[str]) -> list[str]:
    """The adapters that are meant: without a word, the library."""
    twice = [name for name in wanted if wanted.count(name) > 1]
    if twice:
        raise click.UsageError(f"--adapter {twice[0]} is there twice; name each once")
    return list(wanted) or [adapters.DEFAULT]


def compare(
    wanted: Sequence[str],
    chosen: Sequence[vectors.Vector],
    console: Console,
    *,
    strict: bool,
    html: Path | None,
    markdown: Path | None,
    as_json: bool,
) -> Exit:
    """Run the vectors on each of the adapters and write what was asked for."""
    found = [conformance_adapter.find(name) for name in names(wanted)]
    results = [conformance_adapter.run(adapter, chosen, console, strict) for adapter in found]
    spec = json.loads(vectors.REQUIREMENTS.read_text())["spec"]
    runs = table.runs(results)
    rows = table.rows(vectors.catalogue(), chosen, runs)
    if html:
        write(html, draw_page(chosen, rows, runs, spec, console))
    if markdown:
        write(markdown, page.markdown(rows, runs, spec))
    if as_json:
        click.echo(json.dumps({"implementations": [each.to_json() for each in results]}, indent=2))
    else:
        for run in runs:
            say(run, console)
    codes = [conformance_adapter.EXITS[each.verdict] for each in results]
    # A finding outranks what could not run.
    return min((code for code in codes if code), default=Exit.CLEAN)


def draw_page(
    chosen: Sequence[vectors.Vector],
    rows: Sequence[table.Row],
    runs: Sequence[table.Run],
    spec: vectors.JSON,
    console: Console,
) -> str:
    with Progress(console, "matrix") as progress:
        progress.tick("drawing")
        try:
            return page.html(chosen, rows, runs, spec)
        except drawing.NotDrawn as error:
            raise Stop(Exit.SETUP, f"scn draw: {error}") from error


def say(run: table.Run, console: Console) -> None:
    """An implementation in a line, and how one sees what failed."""
    if run.results.not_run:
        console.print(f"{run.name}: {run.results.not_run}", style="bold red")
        return
    bad = run.results.verdict == "fail"
    line = f"{run.name}: {conformance_adapter.summary(run.results)}"
    console.print(line, style="bold red" if bad else "green")
    for entry in run.results.stale:
        console.print(f"stale: {entry}", style="bold red")
    if bad:
        console.print(f"Repeat: {shlex.join(['scripts/conformance', '--adapter', run.results.adapter])}")


def write(path: Path, text: str | bytes) -> None:
    try:
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    except OSError as error:
        raise Stop(Exit.SETUP, f"can't write {path}: {error.strerror}; name another file") from error


def export(chosen: Sequence[vectors.Vector], path: Path, console: Console) -> Exit:
    """Write the archive."""
    with Progress(console, "export") as progress:
        build.build("unit", ["scn"], tick=lambda: progress.tick("building"))
        progress.tick("resolving")
        try:
            archive = bundle.archive(chosen)
        except bundle.NotResolved as error:
            raise Stop(Exit.SETUP, str(error)) from error
    write(path, archive)
    console.print(f"{path}: {len(chosen)} vectors, {len(archive):,} bytes")
    return Exit.CLEAN
