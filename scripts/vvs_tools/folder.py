# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A folder named on a command line: made before the work begins, not missed at its end."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from vvs_tools.console import Exit, Stop

LOCK = ".lock"


@contextmanager
def locked(
    folder: Path, worker: str = "a campaign", hint: str = "look at it with --watch, or try --out DIR"
) -> Iterator[None]:
    """No other one in the same folder; the lock ends with its holder, however that ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Stop(Exit.USAGE, f"{worker} works in {folder}; {hint}") from None
        yield


def is_locked(folder: Path) -> bool:
    """Whether a campaign works there now."""
    path = folder / LOCK
    if not path.exists():
        return False
    with path.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


class Folder(click.Path):
    """A folder to write into; usage error where it can't be made or written."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, file_okay=False)

    def convert(self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = Path(super().convert(value, param, ctx)).absolute()
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self.fail(f"{value} can't be made: {error.strerror}; name another folder", param, ctx)
        if not os.access(path, os.W_OK):
            self.fail(f"{value} can't be written; name another folder", param, ctx)
        return path
