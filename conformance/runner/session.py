# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""One implementation under the vectors, whatever kind of adapter it has: the results."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from conformance.runner import adapter_run, deviations, iut, protocol
from conformance.runner.adapters import Adapter
from conformance.runner.client import Client, Garbled, Gone, Late
from conformance.runner.protocol import Hello
from conformance.runner.results import Case, Results
from conformance.runner.vectors import Vector

HOW_IT_FAILED = {Gone: "it ended", Late: "it was silent", Garbled: "it is no adapter"}


class NoHello(Exception):
    """The adapter does not start, or does not say who it is; one line or a few."""


def run(
    adapter: Adapter,
    vectors: Sequence[Vector],
    *,
    strict: bool = False,
    known: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    tick: adapter_run.Tick = lambda _: None,
) -> Results:
    """All that was asked for, with what is listed for the adapter taken into account. It must be built."""
    listed = deviations.read(deviations.path_of(adapter.name)) if adapter.listed else []
    results = Results(adapter.name, strict=strict)
    if adapter.kind == "library":
        results.name, outcomes = "vvs", list(iut.run(vectors))
    else:
        with Client(argv(adapter), env) as client:
            hello = greet(client, adapter, env)
            results.name, results.version = hello.name, hello.version
            results.supports = sorted(hello.supports)
            make = adapter_run.of_program if adapter.kind == "program" else adapter_run.of_object
            outcomes = list(adapter_run.run(client, make(hello, vectors), tick))
    results.cases = [Case(outcome) for outcome in outcomes]
    results.expect(listed, known)
    return results


def argv(adapter: Adapter) -> list[str]:
    """The command that answers, a line for a line."""
    return list(adapter.command) if adapter.kind == "program" else _by_vvs_run(adapter.object)


def _by_vvs_run(shared_object: Path | None) -> list[str]:
    return [str(iut.tool()), "--iut", str(shared_object)]


def greet(client: Client, adapter: Adapter, env: Mapping[str, str] | None = None) -> Hello:
    """What the adapter says of itself; raises NoHello."""
    try:
        if adapter.kind == "program":
            return protocol.hello(client)
        with Client([*argv(adapter), "--hello"], env) as other:
            return protocol.hello(other)
    except tuple(HOW_IT_FAILED) as fault:
        raise NoHello(f"no hello: {HOW_IT_FAILED[type(fault)]}: {fault}") from fault
