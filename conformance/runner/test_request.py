# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What an adapter is sent: needs, and what its answers have to show."""

import pytest

from conformance.runner import request, smoke, vectors
from conformance.runner.guest import Memory
from conformance.runner.request import GUARD, LONGEST_WATCH, prepare

BY_ID = {vector.id: vector for vector in vectors.load()}


def test_a_decision_that_is_judged_needs_notify():
    judged = [vector for vector in BY_ID.values() if request.asks_for_notification(vector)]
    assert judged
    for asked in request.resolve(judged):
        assert asked.refused or "notify" in asked.needs


def test_each_step_shows_the_ring_and_the_last_one_the_buffers_with_guards():
    case = smoke.Driver().chain(b"x" * 44).does().chain(b"y" * 10).does().run()
    asked = prepare(case, smoke.LEAST)
    first, last = (step["read"] for step in asked.run["steps"])
    ring = {"addr": hex(smoke.PARTS["device"]), "len": 6 + 8 * smoke.SIZE}
    assert first == [ring]
    assert last[0] == ring
    spans = [(int(each["addr"], 16), each["len"]) for each in last[1:]]
    assert spans == asked.watched
    for low, high in ((smoke.BUFFERS, 44), (smoke.BUFFERS + 64, 10), (smoke.PARTS["driver"] + 4, 4)):
        assert any(a <= low - GUARD and low + high + GUARD <= a + n for a, n in spans)


def test_a_guard_ends_with_the_memory_and_of_a_long_buffer_the_ends_are_watched():
    start, end = smoke.BASE, smoke.BASE + smoke.LENGTH
    case = smoke.Driver().raw((end - 8, 8, 2)).does().run()
    assert max(a + n for a, n in prepare(case, smoke.LEAST).watched) == end
    assert min(a for a, _ in prepare(case, smoke.LEAST).watched) == start
    case["image"]["regions"][0]["len"] = hex(1 << 32)
    case["steps"][0]["write"] += [{"addr": hex(1 << 24), "len": 1 << 20, "fill": 1}]
    near = [(a, n) for a, n in prepare(case, smoke.LEAST).watched if a >= (1 << 24) - GUARD]
    assert sum(n for _, n in near) == LONGEST_WATCH + 4 * GUARD
    assert (near[0][0], sum(near[-1])) == ((1 << 24) - GUARD, (1 << 24) + (1 << 20) + GUARD)


def test_the_scenario_tool_works_vectors_out():
    chosen = [BY_ID["tx/framing/split-header-43"], BY_ID["tx/framing/split-header-alone"]]
    short, whole = request.resolve(chosen)
    assert short.needs == whole.needs == {"split", "tx", "serve"}
    assert short.numbers == [1]
    memory = Memory()
    for each in (whole.run["image"], *whole.run["steps"]):
        memory.apply(each.get("write", []))
    queue = whole.run["image"]["queues"][0]
    assert memory.u16(int(queue["driver"], 16) + 2) == 1


def test_a_race_is_sent_to_nobody():
    raced = next(vector for vector in BY_ID.values() if vector.scenario.get("races"))
    assert request.resolve([raced])[0].refused


def test_a_tool_that_fails_is_named(monkeypatch):
    monkeypatch.setenv("VVS_SCN", "/bin/false")
    with pytest.raises(request.Unresolved, match="0 of 1 scenarios"):
        request.resolve([BY_ID["tx/framing/split-header-43"]])
