# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The fuzz targets: read from fuzz/targets.json, the only list of them."""

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import click

from vvs_tools import TOP, build, corpus
from vvs_tools.floors import Floors


@dataclass(frozen=True)
class Target:
    """One entry of the list."""

    name: str
    description: str
    input: str  # scenario or bytes
    max_len: int
    campaign: (
        bool  # looks for faults; the canary has one, and `nothing` is the ceiling of `scripts/bench fuzz`
    )
    floors: Floors = field(default_factory=Floors)
    peers: bool = False  # runs rust-vmm's crates too, which cargo builds: only where it is named
    borrows: tuple[str, ...] = ()  # targets whose committed inputs it starts from too

    @classmethod
    def read(cls, entry: dict[str, Any]) -> "Target":
        entry = entry | {"borrows": tuple(entry.get("borrows", ()))}
        return cls(**entry | {"floors": Floors.read(entry["name"], entry.get("floors", {}))})

    def engine(self, preset: str) -> Path:
        return build.directory(preset) / "fuzz" / f"fuzz_{self.name}"

    def replay(self, preset: str) -> Path:
        return corpus.program(preset, self.name)

    @property
    def goes_on(self) -> bool:
        """Whether an input can be left at an oracle's report: no thread and no peer is amid it."""
        return not self.peers and self.name != "threads"

    @property
    def dictionary(self) -> Path:
        return TOP / "fuzz" / "dict" / f"{self.input}.dict"

    @property
    def seeds(self) -> list[Path]:
        """The committed folders of inputs that are there."""
        folders = (TOP / "corpus" / self.name / kind for kind in corpus.KINDS)
        return [folder for folder in folders if folder.is_dir()]


@cache
def every() -> dict[str, Target]:
    """All of them by name, in the order of the list."""
    listed = json.loads((TOP / "fuzz" / "targets.json").read_text())["targets"]
    return {entry["name"]: Target.read(entry) for entry in listed}


def campaign() -> dict[str, Target]:
    return {name: target for name, target in every().items() if target.campaign}


def nameable() -> dict[str, Target]:
    """Those that look for faults, if only where they are named."""
    return {name: target for name, target in every().items() if target.campaign or target.peers}


def chosen(names: tuple[str, ...]) -> list[Target]:
    """Those named on a command line, all that take part in a campaign by default."""
    known = nameable() if names else campaign()
    for name in names:
        if name not in known:
            raise click.UsageError(f"no target {name}; there are: {', '.join(known)}")
    return [target for name, target in known.items() if not names or name in names]
