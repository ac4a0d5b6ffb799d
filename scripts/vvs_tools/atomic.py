# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Files that are whole or not there, however and whenever the writer ends."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# What a killed writer leaves behind begins so, and is nothing to any reader.
UNDONE = ".undone-"


def sync_folder(folder: Path) -> None:
    """What was renamed into or removed from it stays so when the power goes."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def write(path: Path, content: bytes | str, scratch: Path | None = None) -> None:
    """Replace `path`, by way of a file in `scratch` on the same disk; its own folder by default."""
    data = content.encode() if isinstance(content, str) else content
    number, name = tempfile.mkstemp(prefix=UNDONE, dir=scratch or path.parent)
    fresh = Path(name)
    try:
        with open(number, "wb") as file:  # noqa: PTH123, a descriptor is no path
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.chmod(0o644)
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_json(path: Path, told: Any) -> None:  # noqa: ANN401, whatever JSON can say
    write(path, json.dumps(told, indent=2) + "\n")


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder to fill, which appears as `folder` when all is in it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=UNDONE, dir=folder.parent))
    try:
        yield fresh
        for path in fresh.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        sync_folder(fresh)
        fresh.chmod(0o755)
        fresh.rename(folder)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    sync_folder(folder.parent)


def sweep(folder: Path) -> None:
    """Remove what killed writers left behind."""
    for path in folder.glob(f"{UNDONE}*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def append_line(path: Path, told: Any) -> None:  # noqa: ANN401
    """One object of JSON lines. Behind a line that was cut off a new one is begun."""
    with path.open("ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")
        file.write(json.dumps(told, separators=(",", ":")).encode() + b"\n")


def read_lines(path: Path) -> list[Any]:
    """The objects of JSON lines; what was cut off is left out."""
    if not path.exists():
        return []
    found = []
    for line in path.read_bytes().split(b"\n"):
        try:
            told = json.loads(line)
        except ValueError:
            continue
        if isinstance(told, dict):  # half a number is a number
            found.append(told)
    return found
