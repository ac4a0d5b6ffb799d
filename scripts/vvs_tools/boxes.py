# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What is laid down of a finding: a folder named after its token, whose files can be sent to somebody.

finding.json   all that is known; each key is a field below
input          what fails, as small as it got
original       what was found first
replay.txt     what a replay prints
command        what shows it again
scenario.json, packets.pcap   of an input that is a scenario"""

import itertools
import json
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from vvs_tools import TOP, atomic, findings, tokens
from vvs_tools.console import Exit, Stop
from vvs_tools.findings import Finding
from vvs_tools.targets import Target

FOLDER = "findings"
ABOUT = "finding.json"
SCENARIO = "scenario.json"
REQUIREMENTS = TOP / "fuzz" / "oracle" / "requirements.json"
SANITIZER = "sanitizer"


@dataclass
class Build:
    """What one build says of the input."""

    fails: bool
    says: str  # the token, or why there is none


@dataclass
class Box:
    """One finding, however often it was made."""

    id: str
    kind: str
    token: str
    target: str  # where it was found first
    preset: str
    report: str
    places: list[str]  # our functions on the stack, the innermost first
    requirements: list[str]
    began_s: float  # of the campaign, when it was found
    command: str
    doubt: str = ""  # why it may be none
    targets: dict[str, int] = field(default_factory=dict)  # inputs that showed it
    bytes_found: int = 0
    bytes_small: int = 0
    runs: int = 0  # of the shrunk input, in a process each
    failed: int = 0  # of those
    builds: dict[str, Build] = field(default_factory=dict)
    shows: dict[str, list[str]] = field(
        default_factory=dict
    )  # what is seen of it, in order: tokens by target
    same_as: str = ""  # the finding that it is
    vector: bool = False  # whether a vector can say it
    triaged: bool = False
    mended: bool = False  # it failed once, and does no more
    folder: Path = field(default_factory=Path)

    @classmethod
    def read(cls, folder: Path) -> Self:
        told = json.loads((folder / ABOUT).read_text())
        builds = {preset: Build(**build) for preset, build in told.pop("builds").items()}
        return cls(**told, builds=builds, folder=folder)

    @property
    def input(self) -> Path:
        return self.folder / "input"

    @property
    def original(self) -> Path:
        return self.folder / "original"

    @property
    def count(self) -> int:
        return sum(self.targets.values())

    @property
    def flaky(self) -> bool:
        return 0 < self.failed < self.runs

    def fails_as(self, token: str) -> bool:
        """Whether a target says this first of its input."""
        return any(told[0] == token for told in self.shows.values())

    def as_object(self) -> dict[str, Any]:
        told = asdict(self)
        del told["folder"]
        return told

    def write(self) -> None:
        atomic.write_json(self.folder / ABOUT, self.as_object())
        atomic.write(self.folder / "command", self.command + "\n")


def show(some: Sequence[Box], others: Sequence[Box]) -> bool:
    """Whether one of `others` is seen in the small input of one of `some`."""
    tokens = {box.token for box in others}
    return any(token in tokens for box in some for told in box.shows.values() for token in told)


def are_same(some: Sequence[Box], others: Sequence[Box]) -> bool:
    """Of two groups that are a finding each: where a small input of one first fails as the other, or each
    shows the other. That one is seen behind the other is not enough: what goes wrong once makes more wrong
    that can go wrong by itself."""
    pairs = itertools.product(some, others)
    first = any(one.fails_as(other.token) or other.fails_as(one.token) for one, other in pairs)
    return first or (show(some, others) and show(others, some))


def folder_of(out: Path) -> Path:
    return out / FOLDER


def read_all(out: Path) -> list[Box]:
    """Those of a campaign's folder, in the order in which they were found."""
    try:
        found = [Box.read(path.parent) for path in folder_of(out).glob(f"*/{ABOUT}") if is_whole(path.parent)]
    except (ValueError, TypeError, KeyError) as error:
        raise Stop(
            Exit.SETUP,
            f"{findings.shown(folder_of(out))}: a {ABOUT} is none; take its folder out of there: {error}",
        ) from None
    return sorted(found, key=lambda box: (box.began_s, box.id))


def is_whole(folder: Path) -> bool:
    return not folder.name.startswith(atomic.UNDONE)


def listed(found: Iterable[Box]) -> list[Box]:
    """Without those that are another one, or mended; the doubtful last."""
    mine = [box for box in found if not box.same_as and not box.mended]
    return sorted(mine, key=lambda box: (bool(box.doubt), box.began_s, box.id))


def repro_command(path: Path, target: str, preset: str) -> str:
    argv = ["scripts/repro", findings.shown(path), "--target", target]
    return shlex.join(argv + (["--preset", preset] if preset != "unit" else []))


def requirements_of(kind: str) -> list[str]:
    """Which requirements of the catalogue an oracle of this name is about."""
    told = json.loads(REQUIREMENTS.read_text())
    return told.get(kind, told[SANITIZER])


def root_of(box: Box, every: Mapping[str, Box]) -> Box:
    """The finding that a finding is in the end."""
    while box.same_as:
        box = every[box.same_as]
    return box


def group_of(root: Box, every: Mapping[str, Box]) -> list[Box]:
    """A finding with all that are the same."""
    return [box for box in every.values() if root_of(box, every) is root]


class Boxes:
    """The findings of one campaign's folder."""

    def __init__(self, out: Path) -> None:
        self.out = out
        atomic.sweep(folder_of(out))
        self.all = {box.id: box for box in read_all(out)}
        self.common: dict[str, set[str]] = {}  # tokens that say nothing, by target (triaging.py)

    def fold(
        self,
        target: Target,
        preset: str,
        finding: Finding,
        text: str,
        began_s: float,
        *,
        again: bool = False,
    ) -> Box:
        """The box of a finding: a new one, or that of the finding that it is. On disk before this returns.
        `again`: this very input was counted before."""
        token = tokens.token_of(text)
        box = self.named(token)
        counts = box is None or not again
        if box is None:
            box = self._lay_down(token, target, preset, finding, text, began_s)
        elif box.doubt and not finding.doubt:
            box.doubt, box.triaged = "", False
        box.mended = False
        box.targets[target.name] = box.targets.get(target.name, 0) + counts
        box.write()
        return box

    def named(self, token: tokens.Token) -> Box | None:
        """The finding that has this token, or fails with it elsewhere."""
        text = str(token)
        shown = (box for box in self.all.values() if box.fails_as(text))
        box = self.all.get(token.id) or next(shown, None)
        return box and self.root(box)

    def root(self, box: Box) -> Box:
        return root_of(box, self.all)

    def join(self, box: Box) -> None:
        """Make one of `box` and all that it is the same as: that which was found first. Two that never meet
        may be the same as a third, and what has become one may be the same as more."""
        while other := self._another(self.root(box)):
            pair = (self.root(box), other)
            first, second = sorted(pair, key=lambda each: (bool(each.doubt), each.began_s, each.id))
            second.same_as = first.id
            for name, count in second.targets.items():
                first.targets[name] = first.targets.get(name, 0) + count
            first.write()
            second.write()

    def _another(self, root: Box) -> Box | None:
        mine = group_of(root, self.all)
        others = (box for box in self.all.values() if not box.same_as and box is not root)
        return next((box for box in others if are_same(mine, group_of(box, self.all))), None)

    def _lay_down(
        self,
        token: tokens.Token,
        target: Target,
        preset: str,
        finding: Finding,
        text: str,
        began_s: float,
    ) -> Box:
        content = finding.file.read_bytes()
        folder = folder_of(self.out) / token.id
        box = Box(
            id=token.id,
            kind=finding.kind,
            token=str(token),
            target=target.name,
            preset=preset,
            report=finding.report,
            places=tokens.places(text),
            requirements=requirements_of(finding.kind),
            began_s=round(began_s, 1),
            command=repro_command(folder / "input", target.name, preset),
            doubt=finding.doubt,
            bytes_found=len(content),
            bytes_small=len(content),
        )
        with atomic.new_folder(folder) as fresh:
            box.folder = fresh
            box.input.write_bytes(content)
            box.original.write_bytes(content)
            (fresh / "replay.txt").write_text(text)
            box.write()
        box.folder = folder
        self.all[box.id] = box
        return box

    def waiting(self, builds: Collection[str] = ()) -> Iterator[Box]:
        """Those that nobody has looked into yet, or has not asked these builds of."""
        return (
            box
            for box in list(self.all.values())
            if (not box.triaged or not box.builds.keys() >= set(builds)) and box in listed([box])
        )
