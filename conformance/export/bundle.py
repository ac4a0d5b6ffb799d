# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The vectors for others: one archive that needs none of this project's code, the same bytes each time."""

import gzip
import io
import json
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from conformance.runner.vectors import JSON, REQUIREMENTS, SCHEMAS, TOP, Vector
from conformance.tools import files, seeds

HERE = Path(__file__).parent
ROOT = "vsock-vectors"
PROTOCOL = 1
TIMEOUT_S = 120
COPIED = {
    "README.md": HERE / "README.md",
    "decode.py": HERE / "decode.py",
    "PROTOCOL.md": TOP / "conformance/adapters/PROTOCOL.md",
    "FORMAT.md": TOP / "fuzz/scenario/FORMAT.md",
    "LICENSE-APACHE": TOP / "LICENSE-APACHE",
    "LICENSE-BSD-3-Clause": TOP / "LICENSE-BSD-3-Clause",
    "requirements.json": REQUIREMENTS,
    **{f"schema/{path.name}": path for path in SCHEMAS.glob("*.json")},
}


class NotResolved(Exception):
    """The scenario tool did not answer for each vector."""


def resolved(vectors: Sequence[Vector]) -> list[JSON]:
    """What `scn resolve` makes of each vector's scenario."""
    lines = "".join(json.dumps({"version": 1, **vector.scenario}) + "\n" for vector in vectors)
    done = subprocess.run(
        [seeds.tool(), "resolve"], input=lines, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode or len(found) != len(vectors):
        raise NotResolved(f"scn resolve: {len(found)} of {len(vectors)} scenarios; {done.stderr.strip()}")
    return found


def exported(vector: Vector, request: JSON) -> JSON:
    """A vector as others get it: the driver's moves as writes, or why there are none."""
    kept = ("id", "title", "requirements", "twin", "note", "provenance")
    found = {key: vector.data[key] for key in kept if key in vector.data}
    if "run" in request:
        found |= {"needs": request["needs"], "run": request["run"]}
    else:
        found["unresolved"] = request.get("unsupported") or request.get("error") or "no answer"
    return found | {"expect": vector.data["expect"], "scenario": vector.scenario}


def contents(vectors: Sequence[Vector]) -> Iterator[tuple[str, bytes]]:
    """Every file of the archive."""
    requests = resolved(vectors)
    index = {
        "protocol": PROTOCOL,
        "spec": json.loads(REQUIREMENTS.read_text())["spec"],
        "vectors": len(vectors),
        "unresolved": sum("run" not in request for request in requests),
    }
    yield "index.json", files.render(index).encode()
    for name, path in COPIED.items():
        yield name, path.read_bytes()
    for vector, request in zip(vectors, requests, strict=True):
        yield f"vectors/{vector.id}.json", files.render(exported(vector, request)).encode()


def archive(vectors: Sequence[Vector]) -> bytes:
    """The archive; nothing in it tells when, where or by whom it was made."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as out:
        for name, data in sorted(contents(vectors)):
            entry = tarfile.TarInfo(f"{ROOT}/{name}")
            entry.size = len(data)
            entry.mode = 0o755 if name.endswith(".py") else 0o644
            out.addfile(entry, io.BytesIO(data))
    return gzip.compress(packed.getvalue(), mtime=0)
