# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Vectors and requirements as they lie on disk."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parents[2]
VECTORS = TOP / "conformance/vectors"
REQUIREMENTS = TOP / "conformance/requirements/virtio-1.4.json"
SCHEMAS = TOP / "conformance/schema"

JSON = dict[str, Any]


@dataclass(frozen=True)
class Vector:
    """One file of conformance/vectors."""

    path: Path
    data: JSON

    @property
    def id(self) -> str:
        return self.data["id"]

    @property
    def title(self) -> str:
        return self.data["title"]

    @property
    def requirements(self) -> list[str]:
        return self.data["requirements"]

    @property
    def scenario(self) -> JSON:
        return self.data["scenario"]

    @property
    def spec(self) -> JSON:
        return self.data["expect"]["spec"]

    @property
    def vvs(self) -> JSON:
        return self.data["expect"]["vvs"]


@cache
def load() -> tuple[Vector, ...]:
    """All vectors, by path."""
    paths = sorted(VECTORS.rglob("*.json"))
    return tuple(Vector(path, json.loads(path.read_text())) for path in paths)


@cache
def requirements() -> dict[str, JSON]:
    """The requirements of the catalogue by id."""
    return {entry["id"]: entry for entry in json.loads(REQUIREMENTS.read_text())["requirements"]}


def wanted(requirement: JSON) -> bool:
    """Whether a scenario has to test it: the suite fails without a vector."""
    kind = requirement["testable"]
    return kind == "parse" or (kind == "queue" and requirement["priority"] == "high")


def catalogue() -> list[JSON]:
    """Each requirement with the vectors that name it, and why there is none."""
    named: dict[str, list[str]] = {}
    for vector in load():
        for requirement in vector.requirements:
            named.setdefault(requirement, []).append(vector.id)
    return [_entry(requirement, named.get(id_, [])) for id_, requirement in requirements().items()]


def _entry(requirement: JSON, ids: list[str]) -> JSON:
    status, reason = "later", "normal or low priority: no vector yet"
    if ids:
        status, reason = "tested", ""
    elif requirement["testable"] == "no":
        status, reason = "untestable", "no scenario can show it: " + requirement["idea"]
    elif requirement["testable"] == "device":
        reason = "needs a whole device, not packets and rings alone"
    return {
        "id": requirement["id"],
        "level": requirement["level"],
        "status": status,
        "vectors": ids,
        "reason": reason,
    }
