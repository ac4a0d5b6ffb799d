# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What is expected to fail: a list of vectors, or an adapter's deviations. None of it may go stale."""

import fnmatch
import json
import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import jsonschema

from conformance.runner import vectors
from conformance.runner.iut import Outcome
from conformance.runner.vectors import JSON, SCHEMAS, TOP, Vector, requirements

FOLDER = TOP / "conformance/deviations"
# Of an implementation; an adapter's own errors are no deviation, and what is unsupported was not run.
DIFFERENT = ("fail", "non-strict", "crash", "timeout")
SHOWN = 5


class Invalid(Exception):
    """A list that can't be used; one line that names it."""


@dataclass(frozen=True)
class Deviation:
    """One entry: vectors that fail, and for which requirement."""

    id: str  # the requirement; a second entry for it has #2 behind it
    requirement: str
    vectors: tuple[str, ...]
    reason: str
    evidence: str
    linux_guest: str

    def matches(self, id_: str) -> bool:
        return any(fnmatch.fnmatchcase(id_, glob) for glob in self.vectors)


def path_of(adapter: str) -> Path:
    return FOLDER / f"{adapter}.toml"


def read(path: Path) -> list[Deviation]:
    """The deviations in a file; none if there is no file."""
    if not path.exists():
        return []
    data = _toml(path)
    schema = json.loads((SCHEMAS / "deviations.schema.json").read_text())
    fault = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(data))
    if fault:
        raise Invalid(f"{path.name}: {fault.json_path}: {fault.message}")
    found: list[Deviation] = []
    for entry in data["deviation"]:
        name = entry["requirement"]
        if name not in requirements():
            raise Invalid(f"{path.name}: the catalogue has no requirement {name}")
        before = sum(each.requirement == name for each in found)
        values = entry | {"vectors": tuple(entry["vectors"])}
        found.append(Deviation(id=f"{name}#{before + 1}" if before else name, **values))
    return found


def _toml(path: Path) -> JSON:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"{path.name}: {error}") from error


def read_known(path: Path) -> list[str]:
    """The ids in a list of vectors that are expected to fail."""
    if path.suffix == ".toml":
        data = _toml(path)
        ids = data.get("vectors")
        if (
            data.keys() != {"vectors"}
            or not isinstance(ids, list)
            or not all(isinstance(i, str) for i in ids)
        ):
            raise Invalid(f'{path.name}: wanted is vectors = ["id", ...], and nothing else')
        return ids
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise Invalid(f"{path.name}: {error}") from error
    return [line.partition("#")[0].strip() for line in lines if line.partition("#")[0].strip()]


def of(vector: Vector, listed: Sequence[Deviation]) -> Deviation | None:
    return next((each for each in listed if each.matches(vector.id)), None)


def stale_known(ids: Sequence[str], outcomes: Sequence[Outcome]) -> list[str]:
    """What is wrong with a list of known failures, in words."""
    ended = {outcome.vector.id: outcome.verdict for outcome in outcomes}
    missing = [id_ for id_ in ids if not (vectors.VECTORS / f"{id_}.json").is_file()]
    found = [f"{id_}: known to fail, but there is no such vector" for id_ in missing]
    return found + [
        f"{id_}: known to fail, but {_said(ended[id_])}"
        for id_ in ids
        if id_ in ended and ended[id_] in ("pass", "unsupported")
    ]


def stale(listed: Sequence[Deviation], outcomes: Sequence[Outcome]) -> list[str]:
    """What is wrong with an adapter's deviations, in words."""
    ran = {each.vector.id: each for each in outcomes}
    found = []
    for entry in listed:
        named = [vector for vector in vectors.select(entry.vectors) if entry.matches(vector.id)]
        own = [ran[vector.id] for vector in named if vector.id in ran and of(vector, listed) is entry]
        if not named or not any(entry.requirement in vector.requirements for vector in named):
            what = "one of its vectors names it" if named else "a vector matches"
            found.append(f"deviation {entry.id}: not {what}")
            continue
        passed = [each.vector.id for each in own if each.verdict == "pass"]
        if passed:
            found.append(f"deviation {entry.id}: passed: {_some(passed)}")
        whole = all(vector.id in ran for vector in named)
        if whole and not any(each.verdict in (*DIFFERENT, "pass") for each in own):
            found.append(f"deviation {entry.id}: none of its vectors was run")
    return found


def _said(verdict: str) -> str:
    return "it passes" if verdict == "pass" else "it is not supported, so it was not run"


def _some(ids: Collection[str]) -> str:
    names = sorted(ids)
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
