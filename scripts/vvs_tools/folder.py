# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A folder named on a command line: made before the work begins, not missed at its end."""

import os
from pathlib import Path

import click


class Folder(click.Path):
    """A folder to write into; usage error where it can't be made or written."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, file_okay=False)

    def convert(self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = Path(super().convert(value, param, ctx)).absolute()
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self.fail(f"{value} can't be made: {error.strerror}", param, ctx)
        if not os.access(path, os.W_OK):
            self.fail(f"{value} can't be written", param, ctx)
        return path
