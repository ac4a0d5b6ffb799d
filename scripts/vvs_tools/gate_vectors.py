# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Which vectors a vvs-run (VVS_RUN) does not hold. A program of its own, since the suite's runner takes its
tool from the environment."""

import json
import sys

import click

from vvs_tools import TOP, usage
from vvs_tools.console import Exit, Stop, main

HELD = ("pass", "unsupported")


EPILOG = usage.epilog(
    """
  scripts/launch.bash gate_vectors
  scripts/launch.bash gate_vectors tx/spill/split
""",
    Exit.FINDINGS,
)


@click.command(epilog=EPILOG)
@click.argument("ids", metavar="[VECTOR]...", nargs=-1)
def cli(ids: tuple[str, ...]) -> Exit:
    """A JSON line for each vector that fails, of all or of those named; the last line counts."""
    sys.path.append(str(TOP))
    from conformance.runner import iut, vectors
    from conformance.tools import seeds

    try:
        chosen = vectors.select(ids) if ids else vectors.load()
    except vectors.Invalid as error:
        raise Stop(Exit.USAGE, f"{error}; see conformance/README.md") from error
    counts = dict.fromkeys((*HELD, "failed"), 0)
    for outcome in iut.run(chosen):
        counts[outcome.verdict if outcome.verdict in HELD else "failed"] += 1
        if outcome.verdict not in HELD:
            vector = outcome.vector
            # A regression has its input where it was found.
            inputs = seeds.paths_of(vector) or seeds.CORPUS.glob(f"*/{vector.id}")
            told = {"id": vector.id, "verdict": outcome.verdict, "requirements": vector.requirements}
            told |= {"title": vector.title, "report": iut.report(outcome), "inputs": list(map(str, inputs))}
            print(json.dumps(told), flush=True)
    print(json.dumps({"counts": counts, "ids": [vector.id for vector in chosen]}))
    return Exit.FINDINGS if counts["failed"] else Exit.CLEAN


if __name__ == "__main__":
    main(cli, "launch.bash gate_vectors")
