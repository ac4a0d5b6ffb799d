# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""How a vector is spelled in its file, and how generated ones are kept as they were generated.

Rewrite all files in this spelling with: .venv/bin/python -m conformance.tools.files
"""

import json
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import click

from conformance.runner.vectors import JSON, TOP, VECTORS, Invalid, load

WIDTH = 100
SHOWN = 5
STRAY = "not generated: lies in a folder that tools/families.py makes; choose another folder"
DIFFERS = "differs: regenerate by .venv/bin/python -m conformance.tools.families"


def render(data: JSON) -> str:
    """JSON in which whatever fits into a line is in one, and numbers and strings fill their lines."""
    return _value(data, 0, 0) + "\n"


def _value(value: object, indent: int, column: int) -> str:
    flat = json.dumps(value, ensure_ascii=False)
    if (indent > 0 and column + len(flat) <= WIDTH) or not isinstance(value, dict | list) or not value:
        return flat
    inner = indent + 2
    if isinstance(value, dict):
        brackets, items = "{}", list(value.values())
        parts = [
            f"{json.dumps(key)}: {_value(item, inner, inner + 5 + len(key))}" for key, item in value.items()
        ]
    else:
        brackets, items = "[]", value
        parts = [_value(item, inner, inner + 1) for item in value]
    simple = [indent > 0 and not isinstance(item, dict | list) for item in items]
    body = (",\n" + " " * inner).join(_filled(parts, simple, WIDTH - inner))
    return brackets[0] + "\n" + " " * inner + body + "\n" + " " * indent + brackets[1]


def _filled(parts: list[str], simple: list[bool], width: int) -> list[str]:
    """The parts as lines; neighbours that are simple share one as far as it reaches."""
    lines: list[str] = []
    for number, part in enumerate(parts):
        shares = number > 0 and simple[number] and simple[number - 1]
        if shares and len(lines[-1]) + len(part) + 3 <= width:
            lines[-1] += ", " + part
        else:
            lines.append(part)
    return lines


def path_of(vector_id: str) -> Path:
    return VECTORS / f"{vector_id}.json"


class Refused(click.ClickException):
    """Ends a command of these tools with one line."""

    exit_code = 2


def strays(wanted: Collection[Path], folders: Iterable[str]) -> list[Path]:
    """Files in generated folders that are not generated."""
    return sorted({path for folder in folders for path in (VECTORS / folder).rglob("*.json")} - set(wanted))


def shown(paths: Sequence[Path]) -> str:
    """The first of the files, and how many there are besides."""
    names = [os.path.relpath(path, TOP) for path in paths[:SHOWN]]
    more = [f"{len(paths) - SHOWN} more"] if len(paths) > SHOWN else []
    return ", ".join(names + more)


def put(contents: Mapping[Path, bytes]) -> list[Path]:
    """Writes the files that differ; which."""
    changed = [path for path, text in contents.items() if not path.is_file() or path.read_bytes() != text]
    for path in changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents[path])
    return changed


def summary(changed: Sequence[Path], count: int, what: str) -> str:
    """The line that a command ends with."""
    return f"{len(changed)} of {count} {what} written" + (f": {shown(changed)}" if changed else "")


def write(vectors: Iterable[JSON], folders: Iterable[str]) -> str:
    """Make `folders` of conformance/vectors hold `vectors`; says what was written.

    Nothing is removed: a file that is not generated may be somebody's work.
    """
    wanted = {path_of(vector["id"]): render(vector).encode() for vector in vectors}
    if odd := strays(wanted, folders):
        raise Refused(
            f"{shown(odd)}: not generated, in a generated folder: move to another folder, or git rm"
        )
    return summary(put(wanted), len(wanted), "vectors")


def drift(vectors: Iterable[JSON], folders: Iterable[str]) -> list[str]:
    """What in `folders` is not as generated, a line each."""
    wanted = {path_of(vector["id"]): render(vector).encode() for vector in vectors}
    odd = [f"{shown([path])}: {STRAY}" for path in strays(wanted, folders)]
    return odd + [
        f"{shown([path])}: {DIFFERS}"
        for path, text in wanted.items()
        if not path.is_file() or path.read_bytes() != text
    ]


@click.command(epilog="Repeat with: .venv/bin/python -m conformance.tools.files")
def cli() -> None:
    """Spell all vector files as all are spelled."""
    try:
        wanted = {each.path: render(each.data).encode() for each in load()}
    except Invalid as error:
        raise Refused(str(error)) from error
    click.echo(summary(put(wanted), len(wanted), "vectors"))


if __name__ == "__main__":
    cli()
