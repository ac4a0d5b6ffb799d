# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Runs vectors on an implementation that is not this library, one outcome for each."""

from collections.abc import Callable, Iterator, Sequence

from conformance.runner import levels, protocol
from conformance.runner.client import Client, Garbled, Gone, Late
from conformance.runner.iut import Outcome
from conformance.runner.protocol import Hello, Read
from conformance.runner.request import Request
from conformance.runner.vectors import Vector

Tick = Callable[[str], None]


def lacks(request: Request, supports: frozenset[str]) -> str:
    """Why the request is not sent; empty if it is."""
    if request.refused:
        return request.refused
    missing = sorted(request.needs - supports)
    return f"needs {', '.join(missing)}" if missing else ""


def run_program(
    client: Client, hello: Hello, vectors: Sequence[Vector], requests: Sequence[Request], tick: Tick
) -> Iterator[Outcome]:
    """By PROTOCOL.md, in one process for as long as it lives."""
    for vector, request in zip(vectors, requests, strict=True):
        tick(vector.id)
        missing = lacks(request, hello.supports)
        if missing:
            yield Outcome(vector, "unsupported", text=missing)
        else:
            yield _outcome(client, vector, request)


def _outcome(client: Client, vector: Vector, request: Request) -> Outcome:
    """The verdict on what a fresh process does, if one that has run other vectors before fails."""
    began_with = client.answered if client.child else 0
    outcome = _attempt(client, vector, request)
    if outcome.verdict not in ("crash", "error") or client.child or not began_with:
        return outcome
    alone = _attempt(client, vector, request)
    if alone.verdict in ("crash", "error"):
        return alone
    text = f"only behind {began_with} other requests, not in a process of its own:\n{outcome.text}"
    return Outcome(vector, "error", text=text)


def _attempt(client: Client, vector: Vector, request: Request) -> Outcome:
    try:
        first = protocol.run(client, request)
        outcome = levels.assess(vector, first.answer, first.faults)
        if levels.demands_one_answer(vector) and outcome.verdict == "pass":
            return _again(client, vector, request, first)
    except protocol.Unsupported as unsupported:
        return Outcome(vector, "unsupported", text=str(unsupported))
    except Gone as gone:
        return Outcome(vector, "crash", text=str(gone))
    except Late as late:
        return Outcome(vector, "timeout", text=str(late))
    except (Garbled, protocol.Refused) as wrong:
        return Outcome(vector, "error", text=str(wrong))
    return outcome


def _again(client: Client, vector: Vector, request: Request, first: Read) -> Outcome:
    second = protocol.run(client, request)
    return levels.assess(vector, second.answer, levels.same_answer(first.answer, second.answer))
