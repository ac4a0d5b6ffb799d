# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/minimise: an input that fails, as small as it gets while it fails in the same way."""

from pathlib import Path

import click

from vvs_tools import repro, shrinking, usage
from vvs_tools.console import Exit, main

EPILOG = usage.epilog(
    """
  scripts/minimise build/out/fuzz/findings/used-len-9059d578/input --target tx_packet
  scripts/minimise crash.json --target rx_packet -o small --seconds 300
""",
    Exit.FINDINGS,
    notes="""
It takes everything away without which the input fails in the same way: the same oracle in the same words, or
with the same functions on top of the stack. What is left is shown as scripts/repro shows it.
""",
)


@click.command(epilog=EPILOG)
@repro.of_an_input
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
