# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What the results of implementations add up to: a verdict for each requirement and implementation."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from conformance.runner import deviations, levels
from conformance.runner.results import Case, Results
from conformance.runner.vectors import JSON, Vector, derived, requirements

ADAPTER_ERROR = "adapter error"
DEVIATION = "deviation"
NOT_TESTED = "not tested"
NOT_RUN = "not run"
# From bad to good: a requirement has the first that one of its vectors has.
MEANINGS = {
    "crash": "It ended by a signal, a panic or a sanitizer's report.",
    "timeout": "It gave no answer in time.",
    "fail": "It misses what any device does: a MUST, or what holds for every vector.",
    ADAPTER_ERROR: "The adapter gave nothing that can be judged; that says nothing of the implementation.",
    DEVIATION: "It differs, and the list of known deviations says why.",
    "non-strict": "It misses a SHOULD, or what only follows from the text, or does something needless: no "
    "violation. In the row of such a requirement a fail is none either, if the vector shows a MUST too.",
    "pass": "Each answer is as expected.",
    "unsupported": "It has not what the vector needs, or this host can't run it.",
}
VERDICTS = tuple(MEANINGS)
COLUMNS = ("pass", "fail", "crash", "timeout", "non-strict", DEVIATION, ADAPTER_ERROR, "unsupported")
# Beside each word, so that no colour is needed.
SYMBOLS = {
    "crash": "!!",
    "timeout": "\N{HORIZONTAL ELLIPSIS}",
    "fail": "\N{MULTIPLICATION SIGN}",
    ADAPTER_ERROR: "?",
    DEVIATION: "\N{NOT EQUAL TO}",
    "non-strict": "~",
    "pass": "\N{CHECK MARK}",
    "unsupported": "\N{EN DASH}",
    NOT_TESTED: "\N{MIDDLE DOT}",
    NOT_RUN: "\N{MIDDLE DOT}",
}


@dataclass(frozen=True)
class Run:
    """An implementation, and what it made of the vectors that ran."""

    name: str
    results: Results
    cases: Mapping[str, Case]

    @property
    def counts(self) -> Counter[str]:
        return Counter(map(verdict, self.cases.values()))

    def deviation(self, case: Case) -> deviations.Deviation | None:
        return next((each for each in self.results.deviations if each.id == case.deviation), None)


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
    reason: str  # why it has none
    vectors: Sequence[str]
    cells: Mapping[str, Cell] = field(default_factory=dict)


def runs(found: Iterable[Results]) -> list[Run]:
    """Each under a name of its own: as its adapter was asked for; for a command, what it says it is."""
    made: list[Run] = []
    for each in found:
        short = each.adapter if not set(each.adapter) & set(" /") else each.name or each.adapter
        name = each.adapter if short in (run.name for run in made) else short
        made.append(Run(name, each, {case.id: case for case in each.cases}))
    return made


def verdict(case: Case) -> str:
    """A case in this table's words."""
    if case.deviation and case.verdict in deviations.DIFFERENT:
        return DEVIATION
    return ADAPTER_ERROR if case.verdict == "error" else case.verdict


def binds(requirement: JSON) -> bool:
    """Whether missing it is a violation."""
    return requirement["level"] in levels.BINDING and not derived(requirement)


def in_row(requirement: JSON, case: Case) -> str:
    """A case as it counts for one of its requirements: what does not bind is not violated, as long as the
    vector shows something else that is."""
    found = verdict(case)
    softer = found == "fail" and not binds(requirement) and levels.binding(case.outcome.vector)
    return "non-strict" if softer else found


def cell(verdicts: Iterable[str]) -> Cell:
    """Vectors that an implementation can't run say something only where there are no others."""
    counted = Counter(verdicts)
    total = sum(counted.values())
    if not total:
        return Cell(NOT_RUN)
    worst = next(each for each in VERDICTS if counted[each])
    aside = 0 if worst == "unsupported" else counted["unsupported"]
    return Cell(worst, counted[worst], total - aside, aside)


def rows(catalogue: Iterable[JSON], vectors: Iterable[Vector], ran: Sequence[Run]) -> list[Row]:
    """`catalogue` as conformance.runner.vectors has it; `vectors` are those that were asked for."""
    asked = {vector.id for vector in vectors}
    found = []
    for entry in catalogue:
        said = requirements()[entry["id"]]
        ids = [id_ for id_ in entry["vectors"] if id_ in asked]
        cells = {
            run.name: cell(in_row(said, run.cases[id_]) for id_ in ids if id_ in run.cases) for run in ran
        }
        reason = entry["reason"] or ("" if ids else "none of its vectors was asked for")
        found.append(
            Row(
                id=entry["id"],
                level=entry["level"],
                section=said["section"],
                summary=entry["summary"],
                derived=derived(said),
                reason="" if ids else reason,
                vectors=ids,
                cells=cells,
            )
        )
    return found
