# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""How a vector is spelled in its file, and how generated ones are kept as they were generated.

Rewrite all files in this spelling with: .venv/bin/python -m conformance.tools.files
"""

import json
from collections.abc import Iterable
from pathlib import Path

from conformance.runner.vectors import JSON, VECTORS, load

WIDTH = 100


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


def write(vectors: Iterable[JSON], folders: Iterable[str]) -> None:
    """Make `folders` of conformance/vectors hold exactly `vectors`."""
    wanted = {path_of(vector["id"]): render(vector) for vector in vectors}
    for folder in folders:
        for path in set((VECTORS / folder).rglob("*.json")) - set(wanted):
            path.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def drift(vectors: Iterable[JSON], folders: Iterable[str]) -> list[str]:
    """The ids of vectors in `folders` that are not what was generated, or are not there."""
    wanted = {path_of(vector["id"]): render(vector) for vector in vectors}
    there = {path for folder in folders for path in (VECTORS / folder).rglob("*.json")}
    odd = [path for path in there | set(wanted) if path not in there or wanted.get(path) != path.read_text()]
    return sorted(path.relative_to(VECTORS).with_suffix("").as_posix() for path in odd)


if __name__ == "__main__":
    for each in load():
        each.path.write_text(render(each.data))
