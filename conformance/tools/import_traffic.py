# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Turns recordings of a guest into vectors under conformance/vectors/traffic.

A recording is JSON with descriptor chains (its form: conformance/tools/chains.py) or a pcap file of a
vsockmon device (link type 271). Each run, and each pcap file, becomes a folder of its own, which may hold
nothing but the recording's vectors. Of pcap files that are named together only the first packet of each kind
counts.
"""

import json
from pathlib import Path

import click

from conformance.tools import chains, files, pcap

EPILOG = """\b
Examples:
  .venv/bin/python -m conformance.tools.import_traffic recording.json
  .venv/bin/python -m conformance.tools.import_traffic first.pcap second.pcap
"""


@click.command(epilog=EPILOG, help=__doc__)
@click.argument(
    "recordings", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
def cli(recordings: tuple[Path, ...]) -> None:
    captures = [path for path in recordings if path.suffix == ".pcap"]
    folders: dict[str, list[dict]] = {}
    try:
        for path in recordings:
            if path not in captures:
                folders |= chains.recording(json.loads(path.read_text()), path.name)
        folders |= pcap.captures(captures)
    except (pcap.NotACapture, KeyError, ValueError) as error:
        raise click.ClickException(f"no recording that can be read: {error!r}") from error
    made = [vector for vectors in folders.values() for vector in vectors]
    click.echo(files.write(made, [f"traffic/{folder}" for folder in folders]))


if __name__ == "__main__":
    cli()
