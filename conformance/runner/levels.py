# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What a difference amounts to for an implementation that is not this library."""

from collections.abc import Sequence

from conformance.runner.iut import Outcome
from conformance.runner.judge import Fault, Scope, judge
from conformance.runner.vectors import JSON, Vector, derived, requirements

SCOPES: tuple[Scope, ...] = ("safety", "spec", "strict")
BINDING = ("MUST", "MUST NOT", "FACT")
WORDS = {"VVS_OK": "ok", "VVS_EMPTY": "empty", "VVS_OK or VVS_EMPTY": "ok or empty"}


def binding(vector: Vector) -> bool:
    """Whether one of its requirements is more than an advice, a permission or a consequence."""
    named = [requirements()[id_] for id_ in vector.requirements]
    return any(each["level"] in BINDING and not derived(each) for each in named)


def only_derived(vector: Vector) -> bool:
    """Whether nothing that it shows is in the text: such a case is never a violation."""
    return all(derived(requirements()[id_]) for id_ in vector.requirements)


def faults(vector: Vector, answer: JSON, found: Sequence[Fault] = ()) -> list[Fault]:
    """The differences, in PROTOCOL.md's words; `found` is what guest memory gave away."""
    return [_in_words(fault) for fault in [*found, *judge(vector, answer, SCOPES)]]


def _in_words(fault: Fault) -> Fault:
    said = [
        WORDS.get(each, each) if isinstance(each, str) else each for each in (fault.expected, fault.actual)
    ]
    return Fault(fault.scope, fault.where, *said)


def assess(vector: Vector, answer: JSON, found: Sequence[Fault] = ()) -> Outcome:
    """The outcome by safety and spec."""
    differences = faults(vector, answer, found)
    violated = any(
        each.scope == "safety" or (each.scope == "spec" and binding(vector)) for each in differences
    )
    verdict = "fail" if violated else "non-strict" if differences else "pass"
    aside = bool(differences) and only_derived(vector)
    return Outcome(vector, verdict, differences, answer=answer, derived=aside)


def demands_one_answer(vector: Vector) -> bool:
    """Whether the driver is at fault: little is demanded then, but the same input has to give the same."""
    return vector.spec["verdict"] == "safe"


def same_answer(first: JSON, second: JSON) -> list[Fault]:
    """Two answers to one input; a reason is text for people."""
    one, other = _without_reasons(first), _without_reasons(second)
    return [] if one == other else [Fault("safety", "a second run", one, other)]


def _without_reasons(answer: JSON) -> JSON:
    answers = []
    for entry in answer.get("answers", []):
        chains = [{k: v for k, v in chain.items() if k != "reason"} for chain in entry.get("chains") or []]
        answers.append(entry | {"chains": chains})
    return {"setup": answer.get("setup"), "answers": answers}
