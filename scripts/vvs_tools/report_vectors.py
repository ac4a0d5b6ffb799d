# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Which vectors of the conformance suite fail as a finding does: they name the requirement that it misses."""

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vvs_tools import conformance
from vvs_tools.report_answers import Answers

MOST_REQUIREMENTS = 3
# Of a place in an answer: chains and what of them, or else what of the step.
PLACE = re.compile(r"(?:^|\.)(chains\.\w+|used|notify|more|status)\b")


@dataclass(frozen=True)
class Alike:
    """Vectors that fail in one way."""

    count: int
    id: str  # of one of them
    title: str
    requirements: tuple[str, ...]  # that are meant

    @property
    def command(self) -> str:
        return f"scripts/conformance --filter {self.id}"


def way(where: str, wanted: object, given: object) -> tuple[str, ...] | None:
    """In what way an answer is wrong; None where that tells nothing."""
    found = PLACE.search(re.sub(r"\[\d+\]", "", where))
    if not found:
        return None
    return (found[1], str(wanted), str(given)) if found[1].endswith("kind") else (found[1],)


def failing(tick: Callable[[], None]) -> tuple[list[Any], Counter[str]]:
    """The outcomes of all vectors that the library fails; and how many vectors each requirement has."""
    suite = conformance.vectors()
    from conformance.runner import iut

    # Another tool checks them; that takes longer than to run them.
    paths = sorted(suite.VECTORS.rglob("*.json"))
    found, counts = [], Counter[str]()
    for outcome in iut.run([suite.Vector(path, json.loads(path.read_text())) for path in paths]):
        tick()
        counts.update(outcome.vector.requirements)
        if outcome.verdict == "fail":
            found.append(outcome)
    return found, counts


def alike(
    answers: Answers, failed: Sequence[Any], counts: Mapping[str, int], own: Collection[str] = ()
) -> Alike | None:
    """Those that fail as these answers do, if there are any. Of what most of them show, and of what is the
    oracle's `own`, the requirement is meant whose vectors fail like that for the greater part."""
    wrong = {way(*each) for step in answers.steps for each in step.differences} - {None}
    mine = [
        outcome.vector
        for outcome in failed
        if any(
            fault.scope == "spec" and way(fault.where, fault.expected, fault.actual) in wrong
            for fault in outcome.faults
        )
    ]
    if not mine:
        return None
    named = Counter(name for vector in mine for name in vector.requirements)
    most = [name for name, count in named.most_common(MOST_REQUIREMENTS) if 2 * count > len(mine)]
    share = {name: named[name] / counts[name] for name in [*most, *own] if named[name]}
    meant = sorted(share, key=lambda name: -share[name])[:MOST_REQUIREMENTS]
    meant = [name for name in meant if 2 * share[name] >= share[meant[0]]]
    # The plainest of those that are about that alone.
    about = [vector for vector in mine if not meant or meant[0] in vector.requirements]
    first = min(about, key=lambda vector: (len(vector.requirements), len(json.dumps(vector.scenario))))
    return Alike(len(mine), first.id, first.title, tuple(meant or first.requirements))
