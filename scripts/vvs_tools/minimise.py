# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/minimise: an input that fails, as small as it gets while it fails in the same way."""

from pathlib import Path

import click

from vvs_tools import repro, shrinking
from vvs_tools.console import Exit, main

EPILOG = """\b
Examples:
  scripts/minimise build/out/fuzz/tx_packet/findings/crash-0123456789abcdef
  scripts/minimise crash.json --target rx_packet -o small --seconds 300
It takes everything away without which the input fails in the same way: the same oracle in the same words, or
with the same functions on top of the stack. What is left is shown as scripts/repro shows it.
Exit: 0 it does not fail, 1 it fails, 2 usage or unreadable, 3 setup failed, 130 interrupted.
"""


@click.command(epilog=EPILOG)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False, readable=True))
@click.option("--target", "name", help="Which target runs it.  [default: told by the path, or its queues]")
@click.option("--preset", default="unit", show_default=True, help=f"Whose build: {', '.join(repro.PRESETS)}.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Where it goes.  [default: build/out/minimised/TARGET/NAME]",
)
@click.option(
    "--seconds",
    default=shrinking.SECONDS,
    show_default=True,
    type=click.FloatRange(1),
    help="How long at most.",
)
def cli(file: Path, name: str | None, preset: str, out: Path | None, seconds: float) -> Exit:
    """Make an input that fails as small as it gets, and show what is left."""
    return repro.run(file, name, preset, repro.Smaller(out, seconds))


if __name__ == "__main__":
    main(cli, "minimise")
