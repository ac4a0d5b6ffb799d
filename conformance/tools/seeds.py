# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Writes the seed corpora: each vector's scenario as the bytes that the fuzz targets read.

Needs the scenario tool: cmake --build --preset unit --target scn
Repeat with: .venv/bin/python -m conformance.tools.seeds
"""

import json
import os
import subprocess
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

from conformance.runner.vectors import JSON, TOP, Invalid, Vector, load
from conformance.tools import files, traffic

CORPUS = TOP / "corpus"
PACKET_AREAS = ("packet/", "rx/", "traffic/", "tx/")
CUT_TARGETS = ("framing", "round_trip")  # cut each chain anew, so the packet and its length matter
CUT_AREAS = ("event/", "packet/header/", "packet/length/", "packet/many/", "packet/op/", "packet/type/",
             "rx/capacity/", "rx/framing/", "tx/framing/")  # fmt: skip
RACE_TARGET = "race"
RACE_AREA = "live/"
REGRESSION_AREA = "regression/"
HEADER_TARGET = "packet_header"
OPERATIONS = 16  # of the target packet_header
EVERY_OPERATION = b"".join(bytes([op]) + (0x0102030405060708 * (op + 1) % 2**64).to_bytes(8, "little")
                           for op in range(OPERATIONS))  # fmt: skip


def tool() -> Path:
    """The scenario tool; VVS_SCN names another one."""
    return Path(os.environ.get("VVS_SCN", TOP / "build/unit/fuzz/scn"))


def target(vector: Vector) -> str:
    """A packet target for vectors about packets, a queue target for those about rings and for events."""
    scenario = vector.scenario
    roles = {queue.get("role", "tx") for queue in scenario.get("queues", [])}
    if vector.id.startswith(PACKET_AREAS) and "event" not in roles:
        return "rx_packet" if "rx" in roles else "tx_packet"
    packed = "RING_PACKED" in scenario.get("image", {}).get("features", [])
    return "packed_queue" if packed else "split_queue"


def paths_of(vector: Vector) -> list[Path]:
    """One for each target it is a seed of; a regression is in the corpus of the target that found it."""
    if vector.id.startswith(REGRESSION_AREA):
        return []
    others = CUT_TARGETS if vector.id.startswith(CUT_AREAS) else ()
    if vector.id.startswith(RACE_AREA):
        others = (RACE_TARGET,)
    name = vector.id.replace("/", "-")
    return [CORPUS / each / "seed" / name for each in (target(vector), *others)]


def of_vectors() -> dict[Path, Vector]:
    """Every seed that is a vector's."""
    return {path: vector for vector in load() for path in paths_of(vector)}


def encode(scenario: JSON) -> bytes:
    """A scenario as bytes, by the one codec there is."""
    text = json.dumps({"version": 1, **scenario})
    done = subprocess.run([tool(), "bytes", "-"], input=text.encode(), capture_output=True, check=True)
    return done.stdout


def headers() -> dict[Path, bytes]:
    """Seeds of the target that has no scenario: recorded headers, each operation once."""
    found = {}
    for vector in load():
        if not vector.id.startswith("traffic/vhost-user-"):
            continue
        packet = vector.spec["steps"][0]["chains"][0]
        values = [packet["fields"][name] for name in traffic.NAMES]
        numbers = [int(value, 16) if isinstance(value, str) else value for value in values]
        for how, writable in (("read", b"\xfe"), ("write", b"\xff")):
            name = f"{vector.id.split('/')[-1]}-{how}"
            content = traffic.HEADER.pack(*numbers) + writable + EVERY_OPERATION
            found[CORPUS / HEADER_TARGET / "seed" / name] = content
    return found


def decode(paths: Iterable[Path]) -> Iterator[JSON]:
    """Seeds as JSON, by the same codec."""
    done = subprocess.run([tool(), "json", *paths], capture_output=True, text=True, check=True)
    text, decoder, at = done.stdout, json.JSONDecoder(), 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        scenario, at = decoder.raw_decode(text, at)
        yield scenario


def stale(wanted: dict[Path, Vector]) -> list[Path]:
    """Seeds that are not there or are not their vector's scenario."""
    paths = sorted(path for path in wanted if path.exists())
    scenarios = dict(zip(paths, decode(paths), strict=True)) if paths else {}
    return [
        path for path, vector in wanted.items() if scenarios.get(path) != {"version": 1} | vector.scenario
    ]


def by_hand() -> set[str]:
    """Targets of no scenario whose few seeds are files of their own."""
    listed = json.loads((TOP / "fuzz/targets.json").read_text())["targets"]
    return {entry["name"] for entry in listed if entry["input"] == "bytes"} - {HEADER_TARGET}


def there() -> set[Path]:
    kept = by_hand()
    paths = (path for path in CORPUS.glob("*/seed/*") if path.is_file())
    return {path for path in paths if path.parts[-3] not in kept}


def tracked() -> set[Path]:
    """The seeds that git keeps; none where there is no git."""
    done = subprocess.run(
        ["git", "ls-files", "-z", "--", CORPUS], cwd=TOP, capture_output=True, text=True, check=False
    )
    return {TOP / name for name in done.stdout.split("\0") if name}


@click.command(epilog="Repeat with: .venv/bin/python -m conformance.tools.seeds")
def cli() -> None:
    """Write each vector as a fuzz seed, and remove the seeds in git that have no vector any more."""
    if not tool().exists():
        raise files.Refused(f"no {tool()}: cmake --build --preset unit --target scn")
    try:
        wanted = of_vectors()
    except Invalid as error:
        raise files.Refused(str(error)) from error
    plain = headers()
    old = sorted(there() - set(wanted) - set(plain))
    if unknown := [path for path in old if path not in tracked()]:
        raise files.Refused(
            f"{files.shown(unknown)}: no vector's seed, and not in git: move to another folder"
        )
    for path in old:
        path.unlink()
    late = stale(wanted)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        contents = pool.map(encode, (wanted[path].scenario for path in late))
    changed = files.put(dict(zip(late, contents, strict=True)) | plain)
    removed = f"; removed: {files.shown(old)}" if old else ""
    click.echo(files.summary(changed, len(wanted) + len(plain), "seeds") + removed)


if __name__ == "__main__":
    cli()
