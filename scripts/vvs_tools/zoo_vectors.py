# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Whether the vectors hold a bug: the first that another vvs-run (VVS_RUN) fails. A program of its own, since
the suite's runner takes its tool from the environment."""

import sys

import click

from vvs_tools import TOP, usage
from vvs_tools.console import Exit, main

HELD = ("fail", "crash", "timeout")


EPILOG = usage.epilog("  VVS_RUN=build/unit/fuzz/vvs-run scripts/launch.bash zoo_vectors", Exit.FINDINGS)


@click.command(epilog=EPILOG)
def cli() -> Exit:
    """Print the id of the first vector that does not hold; 1 if there is one."""
    sys.path.append(str(TOP))
    from conformance.runner import iut, vectors

    for outcome in iut.run(vectors.load()):
        if outcome.verdict in HELD:
            print(outcome.vector.id)
            return Exit.FINDINGS
    return Exit.CLEAN


if __name__ == "__main__":
    main(cli, "launch.bash zoo_vectors")
