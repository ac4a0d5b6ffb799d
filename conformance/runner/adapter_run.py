# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Runs vectors on an implementation that is not this library, one outcome for each."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from conformance.runner import levels, protocol, request
from conformance.runner.client import Client, Garbled, Gone, Late
from conformance.runner.iut import Outcome
from conformance.runner.protocol import Hello, Read, Refused, Unsupported
from conformance.runner.vectors import Vector

Tick = Callable[[str], None]
HOPELESS = 20  # adapter errors, and nothing else, before the rest is left


@dataclass(frozen=True)
class Attempt:
    """A vector, and how an implementation is asked for its answers."""

    vector: Vector
    missing: str  # why it is not asked at all
    ask: Callable[[Client], Read]


def of_program(hello: Hello, vectors: Sequence[Vector]) -> list[Attempt]:
    """By PROTOCOL.md: `scn` works the driver's moves out."""
    found = []
    for vector, asked in zip(vectors, request.resolve(vectors), strict=True):
        missing = asked.refused or lacks(asked.needs, hello)
        found.append(Attempt(vector, missing, lambda client, asked=asked: protocol.run(client, asked)))
    return found


def of_object(hello: Hello, vectors: Sequence[Vector]) -> list[Attempt]:
    """By vvs_iut.h: vvs-run has the scenarios, plays the driver, and says what the object lacks."""
    return [
        Attempt(
            vector,
            lacks(frozenset({"notify"}) if request.asks_for_notification(vector) else frozenset(), hello),
            lambda client, vector=vector: protocol.run_scenario(client, vector.scenario),
        )
        for vector in vectors
    ]


def lacks(needs: frozenset[str], hello: Hello) -> str:
    missing = sorted(needs - hello.supports)
    return f"needs {', '.join(missing)}" if missing else ""


def run(client: Client, attempts: Sequence[Attempt], tick: Tick = lambda _: None) -> Iterator[Outcome]:
    """One outcome for each, in one process while it lives. Who errs from the start is asked no more."""
    errors, others = 0, 0
    for attempt in attempts:
        tick(attempt.vector.id)
        if attempt.missing:
            yield Outcome(attempt.vector, "unsupported", text=attempt.missing)
        elif errors == HOPELESS and not others:
            yield Outcome(attempt.vector, "error", text=f"not asked: the first {errors} were errors")
        else:
            outcome = _outcome(client, attempt)
            errors += outcome.verdict == "error"
            others += outcome.verdict != "error"
            yield outcome


def _outcome(client: Client, attempt: Attempt) -> Outcome:
    """What a fresh process does counts, if one that has run other vectors before ends or errs."""
    before = client.answered if client.child else 0
    outcome = _judged(client, attempt)
    if not before or outcome.verdict not in ("crash", "error"):
        return outcome
    client.end()
    alone = _judged(client, attempt)
    if alone.verdict in ("crash", "error"):
        return alone
    text = f"only behind {before} other requests, not in a process of its own:\n{outcome.text}"
    return Outcome(attempt.vector, "error", text=text)


def _judged(client: Client, attempt: Attempt) -> Outcome:
    vector = attempt.vector
    try:
        first = attempt.ask(client)
        outcome = levels.assess(vector, first.answer, first.faults)
        if outcome.verdict != "pass" or not levels.demands_one_answer(vector):
            return outcome
        second = attempt.ask(client)
        return levels.assess(vector, second.answer, levels.same_answer(first.answer, second.answer))
    except Unsupported as unsupported:
        return Outcome(vector, "unsupported", text=str(unsupported))
    except Gone as gone:
        return Outcome(vector, "crash", text=str(gone))
    except Late as late:
        return Outcome(vector, "timeout", text=str(late))
    except (Garbled, Refused) as wrong:
        return Outcome(vector, "error", text=str(wrong))
