# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Vectors and requirements as they lie on disk, each vector checked when it is read."""

import contextlib
import fnmatch
import json
import os
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import referencing

TOP = Path(__file__).resolve().parents[2]
VECTORS = Path(os.environ.get("VVS_VECTORS", TOP / "conformance/vectors"))
REQUIREMENTS = TOP / "conformance/requirements/virtio-1.4.json"
REASONS = TOP / "conformance/requirements/reasons.toml"
SCHEMAS = TOP / "conformance/schema"

JSON = dict[str, Any]
LONGEST = 200  # characters of what the schema's checker says


class Invalid(Exception):
    """A vector's file that can't be used; one line that names it."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{os.path.relpath(path, TOP)}: {what}")


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
def schemas() -> dict[str, JSON]:
    return {path.name: json.loads(path.read_text()) for path in SCHEMAS.glob("*.json")}


@cache
def validator() -> jsonschema.Draft202012Validator:
    registry = referencing.Registry().with_resources(
        (name, referencing.Resource.from_contents(text)) for name, text in schemas().items()
    )
    return jsonschema.Draft202012Validator(schemas()["vector.schema.json"], registry=registry)


@cache
def compiled() -> jsonschema_rs.Draft202012Validator:
    """A hundred times as fast, as each run reads thousands; but `validator` says better what is wrong."""
    registry = jsonschema_rs.Registry(list(schemas().items()))
    return jsonschema_rs.Draft202012Validator(schemas()["vector.schema.json"], registry=registry)


def fault_of(data: JSON) -> jsonschema.ValidationError | None:
    """What the schema has against a vector."""
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # JSON has escapes for it, no file and no terminal takes it
        return jsonschema.ValidationError("half a surrogate pair is no text")
    if compiled().is_valid(data):
        return None
    return jsonschema.exceptions.best_match(validator().iter_errors(data))


def id_of(path: Path) -> str:
    return path.relative_to(VECTORS).with_suffix("").as_posix()


def read(path: Path) -> Vector:
    """The vector in a file, once nothing is wrong with it."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise Invalid(path, f"line {error.lineno}, column {error.colno}: this is not JSON") from error
    except UnicodeDecodeError as error:
        raise Invalid(path, f"byte {error.start}: this is not UTF-8") from error
    except RecursionError as error:
        raise Invalid(path, "this is nested too deeply") from error
    except OSError as error:
        raise Invalid(path, f"this is no file to read: {error.strerror}") from error
    if fault := fault_of(data):
        text = fault.message if len(fault.message) <= LONGEST else f"{fault.message[:LONGEST]} ..."
        raise Invalid(path, f"{fault.json_path}: {text}")
    if data["id"] != id_of(path):
        raise Invalid(path, f"the id is {data['id']}, the path says {id_of(path)}")
    if unknown := [name for name in data["requirements"] if name not in requirements()]:
        raise Invalid(path, f"the catalogue has no requirement {unknown[0]}")
    return Vector(path, data)


def picks(wanted: str, id_: str, named: list[str]) -> bool:
    """Whether a filter picks a vector: by a glob of its id, its folder, or a requirement it names."""
    return fnmatch.fnmatchcase(id_, wanted) or id_.startswith(wanted.rstrip("/") + "/") or wanted in named


def select(filters: tuple[str, ...]) -> list[Vector]:
    """The vectors that a filter picks, by path. What is wrong in other files does not count."""
    found = []
    for path in sorted(VECTORS.rglob("*.json")):
        if any(picks(each, id_of(path), []) for each in filters):
            found.append(read(path))
        elif requirements().keys() & filters:
            with contextlib.suppress(Invalid):
                vector = read(path)
                if any(each in vector.requirements for each in filters):
                    found.append(vector)
    return found


@cache
def load() -> tuple[Vector, ...]:
    """All vectors, by path."""
    return tuple(select(("*",)))


@cache
def requirements() -> dict[str, JSON]:
    """The requirements of the catalogue by id."""
    return {entry["id"]: entry for entry in json.loads(REQUIREMENTS.read_text())["requirements"]}


@cache
def reasons() -> dict[str, str]:
    """Why requirements that a packet or queue layer can meet have no vector."""
    return tomllib.loads(REASONS.read_text())


def in_scope(requirement: JSON) -> bool:
    """Whether a scenario could show it: it has vectors, or a reason."""
    return requirement["testable"] in ("parse", "queue")


def derived(requirement: JSON) -> bool:
    """Whether it is a consequence or a gap of the text: reported, never called a violation."""
    return requirement.get("derived", False)


def catalogue() -> list[JSON]:
    """Each requirement with the vectors that name it, and why there is none."""
    named: dict[str, list[str]] = {}
    for vector in load():
        for requirement in vector.requirements:
            named.setdefault(requirement, []).append(vector.id)
    for id_ in reasons():
        if id_ not in requirements() or not in_scope(requirements()[id_]):
            raise Invalid(REASONS, f"{id_} is no requirement that needs a reason")
        if id_ in named:
            raise Invalid(REASONS, f"{id_} has a vector, {named[id_][0]}: the reason is stale")
    return [_entry(requirement, named.get(id_, [])) for id_, requirement in requirements().items()]


def _entry(requirement: JSON, ids: list[str]) -> JSON:
    status, reason = "later", "no vector and no reason yet"
    if ids:
        status, reason = "tested", ""
    elif requirement["testable"] == "no":
        status, reason = "untestable", "no scenario can show it: " + requirement["idea"]
    elif requirement["testable"] == "device":
        reason = "needs a whole device, not packets and rings alone"
    elif requirement["id"] in reasons():
        status, reason = "untestable", reasons()[requirement["id"]]
    return {
        "id": requirement["id"],
        "level": requirement["level"],
        "derived": derived(requirement),
        "testable": requirement["testable"],
        "summary": requirement["summary"],
        "status": status,
        "vectors": ids,
        "reason": reason,
    }
