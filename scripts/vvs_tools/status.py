# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""How a campaign stands: what its folder says, what the screen shows, what a resumed one goes on from."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from vvs_tools import atomic, findings
from vvs_tools.boxes import Box
from vvs_tools.console import Exit, Stop
from vvs_tools.engine import Numbers

FILE = "campaign.json"
SERIES = "series.jsonl"
VERSION = 1


@dataclass(frozen=True)
class Options:
    """What was asked for; a resumed campaign is the same again."""

    targets: list[str]
    sanitizer: str
    engine: str
    jobs: int
    seed: int
    wall_s: float
    sliced: bool  # time goes to where new coverage comes
    runs: int | None = None


@dataclass
class Standing:
    """Of one target."""

    name: str
    numbers: Numbers
    runs: int = 0  # processes begun
    running: int = 0  # of those
    corpus: int = 0  # entries
    last_new_s: float | None = None  # of the campaign, when the corpus grew
    findings: int = 0
    inputs: int = 0  # that failed
    fault: str = ""


@dataclass
class Seen:
    """One finding in a line."""

    id: str
    token: str
    targets: dict[str, int]
    command: str
    doubt: str = ""

    @classmethod
    def of(cls, box: Box) -> Self:
        return cls(box.id, box.token, box.targets, box.command, box.doubt)


@dataclass
class Status:
    """Of the whole."""

    options: Options
    elapsed_s: float
    ended: str = ""  # the verdict, once it is over
    targets: list[Standing] = field(default_factory=list)
    findings: list[Seen] = field(default_factory=list)
    programs: dict[str, list[int]] = field(default_factory=dict)  # size and time: whose addresses count
    canary: dict[str, Any] = field(default_factory=dict)  # what came of it
    revision: str = ""  # of the checkout that ran it

    @property
    def total(self) -> Numbers:
        return sum((standing.numbers for standing in self.targets), Numbers())

    def as_object(self) -> dict[str, Any]:
        told = {"version": VERSION} | asdict(self)
        for standing, entry in zip(self.targets, told["targets"], strict=True):
            entry["numbers"] = standing.numbers.as_object()
        return told

    @classmethod
    def read(cls, folder: Path) -> Self:
        """From a campaign's folder; a usage error where it is none."""
        path = folder / FILE
        if not path.exists():
            raise Stop(
                Exit.USAGE,
                f"{findings.shown(folder)} holds no campaign: it has no {FILE}; begin one: --out DIR",
            )
        try:
            told = json.loads(path.read_text())
            if told.pop("version") == VERSION:
                return cls.of(told)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Stop(
                Exit.USAGE, f"{findings.shown(path)} is not whole: {error}; take it out of there"
            ) from None
        raise Stop(Exit.USAGE, f"{findings.shown(path)} is of another version; begin anew: --out DIR")

    @classmethod
    def of(cls, told: dict[str, Any]) -> Self:
        return cls(
            **told
            | {
                "options": Options(**told["options"]),
                "targets": [
                    Standing(**entry | {"numbers": Numbers.read(entry["numbers"])})
                    for entry in told["targets"]
                ],
                "findings": [Seen(**entry) for entry in told["findings"]],
            }
        )

    def write(self, folder: Path) -> None:
        atomic.write_json(folder / FILE, self.as_object())

    def point(self) -> dict[str, Any]:
        """A point of the time series."""
        return {
            "s": round(self.elapsed_s, 1),
            "findings": len([seen for seen in self.findings if not seen.doubt]),
            "targets": {
                standing.name: {
                    "seconds": round(standing.numbers.seconds, 1),
                    "executions": standing.numbers.executions,
                    "edges": standing.numbers.edges,
                    "corpus": standing.corpus,
                    "findings": standing.findings,
                    "generated": standing.numbers.generated,
                    "parsed": standing.numbers.parsed,
                }
                for standing in self.targets
            },
            "tags": dict(self.total.tags),
        }
