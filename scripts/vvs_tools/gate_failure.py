# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What fails under the gate, once for each fault, in the words that all its outputs share."""

import re
import shlex
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from vvs_tools import TOP, conformance_adapter
from vvs_tools.boxes import Box

Verdict = Literal["new", "old", "known"]
# Frames as a symbolizer writes them.
PLACE = re.compile(
    r"^\s*#\d+ 0x[0-9a-f]+ in \w+ \S*?/((?:lib/src|lib/include|fuzz)/[^\s:]+):(\d+)", re.MULTILINE
)
SHOWN_VECTORS = 3


@dataclass(frozen=True)
class Held:
    """A vector that is not held."""

    id: str
    verdict: str
    requirements: list[str]
    title: str
    report: str
    inputs: list[str] = field(default_factory=list)  # of the corpora: the same scenario


@dataclass
class Failure:
    """One fault."""

    id: str
    rule: str  # an oracle, a sanitizer's class of error, or the requirement of vectors
    report: str
    requirements: list[str]
    file: str  # of the checkout
    line: int
    command: str
    targets: list[str] = field(default_factory=list)
    vectors: list[str] = field(default_factory=list)
    text: str = ""  # all that was printed
    verdict: Verdict = "new"
    why: str = ""  # what the base says, or the reason that known failures give

    def as_object(self) -> dict[str, Any]:
        told = asdict(self)
        del told["text"]
        return told

    @property
    def where(self) -> str:
        """Who sees it."""
        more = len(self.vectors) - SHOWN_VECTORS
        vectors = self.vectors[:SHOWN_VECTORS] + ([f"{more} more vectors"] if more > 0 else [])
        return ", ".join([*self.targets, *vectors])


def place(text: str, changed: Collection[str], otherwise: str) -> tuple[str, int]:
    """Of the innermost frame in a changed file of the library, else in one of its sources rather than in the
    accessors of its headers, else in the harness."""
    found = [(file, int(line)) for file, line in PLACE.findall(text) if (TOP / file).is_file()]
    library = [each for each in found if each[0].startswith("lib/")]
    mine = [each for each in library if each[0] in changed]
    sources = [each for each in library if each[0].endswith(".c")]
    return next((each[0] for each in (mine, sources, library, found) if each), (otherwise, 1))


def of_box(box: Box, changed: Collection[str]) -> Failure:
    text = (box.folder / "replay.txt").read_text(errors="replace")
    file, line = place(text, changed, f"fuzz/targets/fuzz_{box.target}.c")
    return Failure(
        id=box.id,
        rule=box.kind,
        report=box.report or box.token,
        requirements=box.requirements,
        file=file,
        line=line,
        command=box.command,
        targets=list(box.targets),
        text=text,
    )


def of_vectors(
    held: Iterable[Held], verdict: Verdict, why: str = "", options: Sequence[str] = ()
) -> list[Failure]:
    """Vectors that fail for one requirement are one fault. `options` are those of the command."""
    by_requirement: dict[str, list[Held]] = {}
    for each in held:
        by_requirement.setdefault(each.requirements[0], []).append(each)
    found = [_of_group(name, group, options) for name, group in by_requirement.items()]
    for failure in found:
        failure.verdict, failure.why = verdict, why
    return found


def _of_group(requirement: str, group: list[Held], options: Sequence[str]) -> Failure:
    first = group[0]
    count = f" ({len(group)} vectors)" if len(group) > 1 else ""
    wanted = requirement if len(group) > 1 else first.id
    return Failure(
        id=f"vectors-{requirement}",
        rule=requirement,
        report=f"{first.verdict}: {first.id}: {first.title}{count}",
        requirements=[requirement],
        file=f"conformance/vectors/{first.id}.json",
        line=1,
        command=shlex.join(["scripts/conformance", *options, "--filter", wanted]),
        vectors=[each.id for each in group],
        text="\n\n".join(each.report for each in group),
    )


def summary(requirement: str) -> str:
    """What the catalogue says of it."""
    return conformance_adapter.vectors.requirements().get(requirement, {}).get("summary", "")
