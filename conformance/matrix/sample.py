# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Results with many verdicts, for tests: real vectors, what the library answers, and spoiled copies."""

from collections.abc import Iterator
from copy import deepcopy

from conformance.matrix import table
from conformance.runner import iut, levels, vectors
from conformance.runner.deviations import Deviation
from conformance.runner.iut import Outcome
from conformance.runner.results import Case, Results
from conformance.runner.vectors import JSON, Vector

FILTERS = (
    "tx/framing/*-payload-*",
    "tx/framing/*-one-element*",
    "packed/wrap/laps-*",
    "split/notify/*flags*",
    "event/*-four-bytes",
    "live/split/desc-*",
)
GOOD, OTHER, ABSENT = "vvs", "other<1>", "absent"
FAILS = "tx/framing/split-payload-halves"
DEVIATES = "tx/framing/packed-one-element"
HOSTILE = "</script><b id=planted>bold</b> & more"
DEVIATION = Deviation(
    id="SPLIT-FRM-001",
    requirement="SPLIT-FRM-001",
    vectors=(DEVIATES,),
    reason=HOSTILE,
    evidence="packet.rs",
    linux_guest="no",
)


def chosen() -> list[Vector]:
    return vectors.select(FILTERS)


def results() -> list[Results]:
    """The library, one that does what it wants, and one that was not built."""
    good = Results(GOOD, name="vvs", cases=[Case(outcome) for outcome in iut.run(chosen())])
    other = Results(OTHER, name="other", version="0.1", cases=[Case(each) for each in _spoiled(good)])
    other.expect([DEVIATION], [])
    return [good, other, Results(ABSENT, not_run="not built: there is no cargo here")]


def page_parts() -> tuple[list[Vector], list[table.Row], list[table.Run]]:
    picked, ran = chosen(), table.runs(results())
    return picked, table.rows(vectors.catalogue(), picked, ran), ran


def _spoiled(good: Results) -> Iterator[Outcome]:
    for case in good.cases:
        vector = case.outcome.vector
        if vector.id in (FAILS, DEVIATES):
            yield levels.assess(vector, _another_port(case.outcome.answer))
        elif vector.id.startswith("tx/framing"):
            yield case.outcome
        else:
            yield Outcome(vector, *_OF_FOLDER[vector.id.split("/")[0]])


_OF_FOLDER = {
    "packed": ("unsupported", [], "needs packed"),
    "split": ("non-strict", [], ""),
    "event": ("error", [], HOSTILE),
    "live": ("crash", [], "==1==ERROR: AddressSanitizer: heap-buffer-overflow"),
}


def _another_port(answer: JSON) -> JSON:
    changed = deepcopy(answer)
    for entry in changed["answers"]:
        for chain in entry.get("chains", []):
            chain["fields"]["src_port"] = 99
    return changed
