# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Reach floors: what generated inputs must come to, or a campaign has proved nothing of its target."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from vvs_tools.console import Exit, Stop

WAYS = [f"{direction}/{ring}" for direction in ("tx", "rx") for ring in ("split", "packed")]
TAGS = ("one", "two", "many", "header-cut", "indirect", "region-crossing")


@dataclass(frozen=True)
class Floors:
    """What fuzz/targets.json says of one target; fuzz/README.md has the format."""

    parsed: float | None = None
    tags: Mapping[str, float] = field(default_factory=dict)  # by way/tag, all spelt out
    functions: tuple[str, ...] = ()
    compared: float | None = None

    @classmethod
    def read(cls, target: str, told: Mapping[str, Any]) -> Self:
        """Strictly: a floor that is misspelt would hold for ever."""
        if unknown := told.keys() - {"parsed", "compared", "tags", "functions"}:
            raise bad(target, f"no floor is called {min(unknown)}")
        shares = {name: told.get(name, 0.0) for name in ("parsed", "compared")} | told.get("tags", {})
        for name, share in shares.items():
            if not isinstance(share, int | float) or not 0 <= share <= 1:
                raise bad(target, f"{name}: {share!r} is no share from 0 to 1")
        functions = told.get("functions", [])
        if not isinstance(functions, list) or not all(isinstance(name, str) for name in functions):
            raise bad(target, "functions is no list of names")
        tags = spelt_out(target, told.get("tags", {}))
        return cls(told.get("parsed"), tags, tuple(functions), told.get("compared"))

    def scaled(self, factor: float) -> Self:
        """The same with other shares; a function is reached or not."""
        parsed, compared = (each and each * factor for each in (self.parsed, self.compared))
        tags = {tag: share * factor for tag, share in self.tags.items()}
        return replace(self, parsed=parsed, compared=compared, tags=tags)


def bad(target: str, what: str) -> Stop:
    return Stop(Exit.SETUP, f"fuzz/targets.json: floors of {target}: {what}; see fuzz/README.md")


def spelt_out(target: str, told: Mapping[str, float]) -> dict[str, float]:
    """`tx/split` stands for each tag there; a single tag's own floor goes before it, and 0 is none."""
    known = [f"{way}/{tag}" for way in WAYS for tag in TAGS]
    for name in told:
        if name not in WAYS and name not in known:
            raise bad(target, f"no tag {name}; there are: {', '.join(WAYS)}, each with /{', /'.join(TAGS)}")
    every = {name: told.get(name, told.get(name.rpartition("/")[0])) for name in known}
    return {name: share for name, share in every.items() if share}
