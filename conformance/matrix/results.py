# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What runs of the vectors add up to: a verdict for each requirement and implementation."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from conformance.runner.judge import Fault
from conformance.runner.vectors import JSON, derived, requirements

# From bad to good: a requirement has the first that one of its vectors has.
MEANINGS = {
    "crash": "It ended by a signal, a panic or a sanitizer's report.",
    "timeout": "It gave no answer in time.",
    "fail": "It left what any device does: a MUST, or what holds for every vector.",
    "adapter error": "Nothing that can be judged came from the adapter; says nothing of the implementation.",
    "deviation": "It differs, and a file of known deviations says why.",
    "non-strict": "It missed a SHOULD or did something needless: advice, no violation.",
    "pass": "Each answer is as expected.",
    "unsupported": "It does not have what the vector needs, or this host can't run it.",
}
VERDICTS = tuple(MEANINGS)
COLUMNS = ("pass", "fail", "crash", "timeout", "non-strict", "deviation", "adapter error", "unsupported")
NOT_TESTED = "not tested"
# Beside each word, so that no colour is needed.
SYMBOLS = {
    "crash": "!!",
    "timeout": "\N{HORIZONTAL ELLIPSIS}",
    "fail": "\N{MULTIPLICATION SIGN}",
    "adapter error": "?",
    "deviation": "\N{NOT EQUAL TO}",
    "non-strict": "~",
    "pass": "\N{CHECK MARK}",
    "unsupported": "\N{EN DASH}",
    NOT_TESTED: "\N{MIDDLE DOT}",
}


@dataclass(frozen=True)
class Given:
    """What one implementation made of one vector."""

    verdict: str
    faults: Sequence[Fault] = ()
    text: str = ""
    answer: JSON | None = None
    deviation: str = ""  # why it differs, where that is known


@dataclass(frozen=True)
class Run:
    """An implementation and what it made of the vectors that ran, by id."""

    name: str
    given: Mapping[str, Given]
    version: str = ""
    option: str = ""  # of scripts/conformance, to run this one

    @property
    def counts(self) -> Counter[str]:
        return Counter(each.verdict for each in self.given.values())

    def repeat(self, vector_id: str) -> str:
        return " ".join(filter(None, ("scripts/conformance", self.option, "--filter", vector_id)))


@dataclass(frozen=True)
class Cell:
    """A requirement on an implementation: its worst verdict, and of how many vectors that is."""

    verdict: str
    count: int = 0
    total: int = 0
    unsupported: int = 0  # besides


@dataclass(frozen=True)
class Row:
    """A requirement with its vectors that ran."""

    id: str
    level: str
    section: str
    summary: str
    derived: bool
    reason: str
    vectors: Sequence[str]
    cells: Mapping[str, Cell] = field(default_factory=dict)


def cell(given: Iterable[Given]) -> Cell:
    """Vectors that an implementation can't run say something only where there are no others."""
    counted = Counter(each.verdict for each in given)
    total = sum(counted.values())
    if not total:
        return Cell(NOT_TESTED)
    worst = next(verdict for verdict in VERDICTS if counted[verdict])
    aside = 0 if worst == "unsupported" else counted["unsupported"]
    return Cell(worst, counted[worst], total - aside, aside)


def rows(catalogue: Iterable[JSON], runs: Sequence[Run]) -> list[Row]:
    """`catalogue` is conformance.runner.vectors.catalogue()."""
    ran = {id_ for run in runs for id_ in run.given}
    found = []
    for entry in catalogue:
        ids = [id_ for id_ in entry["vectors"] if id_ in ran]
        reason = entry["reason"] or ("" if ids else "none of its vectors was in this run")
        cells = {run.name: cell(run.given[id_] for id_ in ids if id_ in run.given) for run in runs}
        said = requirements()[entry["id"]]
        found.append(
            Row(
                id=entry["id"],
                level=entry["level"],
                section=said["section"],
                summary=entry["summary"],
                derived=derived(said),
                reason=reason,
                vectors=ids,
                cells=cells,
            )
        )
    return found
