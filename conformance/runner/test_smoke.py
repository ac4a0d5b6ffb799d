# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The first steps: the example gets them right, and each is missed by an adapter that lacks it."""

import pytest

from conformance.runner import planted, protocol, smoke
from conformance.runner.client import Client


def reports(folder, *changes, limit=60):
    with Client(planted.adapter(folder, *changes)) as client:
        hello = protocol.hello(client)
        client.timeout = limit
        return {each.title: each for each in smoke.ask(client, hello)}


def states(found):
    return {title: each.state for title, each in found.items()}


def test_there_are_a_dozen_and_more_with_names_of_their_own():
    titles = [case.title for case in smoke.cases()]
    assert len(titles) == len(set(titles)) > 12


def test_the_example_has_what_it_says(tmp_path):
    found = reports(tmp_path)
    wanted = {case.title: "ok" if case.needs == smoke.LEAST else "not tried" for case in smoke.cases()}
    assert states(found) == wanted
    assert found["rx: a packet is written into the chain"].why == "hello has no rx"


EVERYTHING = '["split", "packed", "tx", "rx", "event", "indirect", "serve", "pop", "notify"]'
FAULTS = {
    "an empty queue: status empty, no chain": ('return "empty", chains', 'return "ok", chains'),
    "a header alone": ("room < 0 or length", "room <= 0 or length"),
    "a step without do: no answer": ('if "do" in step:', 'if step.setdefault("max", 1):'),
    "an empty queue again: nothing is kept from the runs before": (
        "        self.bytes = {}",
        "        self.bytes = KEPT",
    ),
    "header and payload in one element": ("self.memory.read(islice(stream, length)).hex()", '""'),
    "header and payload in two elements": ("len(elements) == self.size", "len(elements) == 1"),
    "a header cut anywhere, over three elements": ("len(elements) == self.size", "len(elements) == 3"),
    "max 1: one chain a step, the second for the next step": ("len(chains) < limit", "len(chains) < 9"),
    "max 4: both chains in one step": ("len(chains) < limit", "len(chains) < 1"),
    "43 bytes are no packet": ("if room < 0 or length > min(room", "if length > min(max(room, 0)"),
    "a header that promises more payload than is there": ("length > min(room, ", "length > min(99, "),
    "a buffer that ends behind the memory": (
        "self.check(at, READABLE)",
        "pass",
    ),
    "a chain without an end": ("or len(elements) == self.size", "or elements.clear()"),
    "a refused chain, then a good one": planted.on_short_chain("self.broken = True"),
    "more chains than the ring has entries": ("(self.next_used % self.size)", "self.next_used"),
}


@pytest.mark.parametrize("title", FAULTS)
def test_each_step_is_missed_by_one_who_lacks_it(tmp_path, title):
    kept = ("class Memory:", "KEPT = {}\n\n\nclass Memory:")
    found = reports(tmp_path, FAULTS[title], kept, limit=1 if "without an end" in title else 60)
    assert found[title].state == "missing", states(found)
    assert found[title].wanted
    assert found[title].answered


def test_what_is_only_claimed_is_missed(tmp_path):
    found = reports(tmp_path, ('["split", "tx", "serve"]', EVERYTHING))
    missed = {title for title, state in states(found).items() if state == "missing"}
    assert missed == {case.title for case in smoke.cases() if case.needs != smoke.LEAST}
