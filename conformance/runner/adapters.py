# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Which adapters there are: those of adapters.toml, any command line, any shared object."""

import shlex
import shutil
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from conformance.runner.vectors import TOP

REGISTRY = TOP / "conformance/adapters/adapters.toml"
TOOLS = ("vvs-run", "scn")
DEFAULT = "vvs"

Kind = Literal["library", "program", "object"]


class Unusable(Exception):
    """A name, command or registry that leads to no adapter; one line."""


@dataclass(frozen=True)
class Adapter:
    """How an implementation is built and started."""

    name: str  # as given to --adapter
    kind: Kind
    command: tuple[str, ...] = ()
    object: Path | None = None
    requires: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    build: tuple[str, ...] = ()
    listed: bool = False  # in the registry

    def missing(self) -> str:
        """The first program that building or running it lacks."""
        return next((each for each in self.requires if not shutil.which(each)), "")


KEYS = {"kind", "command", "object", "requires", "targets", "build"}


def registry() -> dict[str, Adapter]:
    """The adapters of the tree by name."""
    entries = tomllib.loads(REGISTRY.read_text(encoding="utf-8"))
    return {name: _entry(name, entry) for name, entry in entries.items()}


def _entry(name: str, entry: dict[str, object]) -> Adapter:
    wanted = {"program": "command", "object": "object"}.get(str(entry.get("kind")), "kind")
    if entry.keys() - KEYS or wanted not in entry or entry["kind"] not in ("library", "program", "object"):
        raise Unusable(f"{REGISTRY.name}: {name} is no adapter: kind, and command or object, are wanted")
    lists = {key: tuple(map(_filled, entry.get(key, ()))) for key in KEYS - {"kind", "object"}}
    path = TOP / str(entry["object"]) if "object" in entry else None
    return Adapter(name, entry["kind"], object=path, listed=True, **lists)


def _filled(part: str) -> str:
    return part.replace("{python}", sys.executable)


def find(wanted: str) -> Adapter:
    """The adapter that a name, a path ending in .so, or a command line stands for."""
    known = registry()
    if wanted in known:
        return known[wanted]
    if wanted.endswith(".so"):
        path = Path(wanted).absolute()
        if not path.is_file():
            raise Unusable(f"there is no shared object {wanted}; build it first")
        return Adapter(wanted, "object", object=path)
    try:
        command = tuple(shlex.split(wanted))
    except ValueError as error:
        raise Unusable(f"{wanted}: {error}") from error
    if not command or not shutil.which(command[0]):
        names = ", ".join(known)
        raise Unusable(f"{wanted!r} is no program, no .so and none of the adapters of the tree ({names})")
    return Adapter(wanted, "program", command)
