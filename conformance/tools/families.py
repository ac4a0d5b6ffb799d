# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Vectors that come in families: the same fact over every cut, count, position, operation and ring format.

Each module of MODULES makes those of its own folders.
Repeat with: .venv/bin/python -m conformance.tools.families
"""

import click

from conformance.runner.vectors import JSON
from conformance.tools import (
    counts,
    drivers,
    files,
    framing,
    headers,
    kicks,
    memory,
    orders,
    positions,
    sides,
)

MODULES = (framing, headers, counts, positions, memory, kicks, orders, sides, drivers)
FOLDERS = tuple(folder for module in MODULES for folder in module.FOLDERS)


def generate() -> list[JSON]:
    return [each for module in MODULES for each in module.generate()]


@click.command(epilog="Repeat with: .venv/bin/python -m conformance.tools.families")
def cli() -> None:
    """Write the vectors that come in families; refuses when a file in their folders is not one of them."""
    click.echo(files.write(generate(), FOLDERS))


if __name__ == "__main__":
    cli()
