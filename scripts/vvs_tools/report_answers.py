# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What the library answers to a scenario, beside what a second device does that was written from the
specification alone."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from vvs_tools import conformance, report_words, repro

LONGEST_VALUE = 160  # characters
MOST_DIGITS = 32  # of a payload
# Of a difference: its last part, in words; a chain's kind says itself what it is.
WORDS = {
    "kind": "",
    "len": "used length",
    "used_len": "used length",
    "payload": "payload of",
    "more": "more to serve",
}
CHAIN_KIND = re.compile(r"chains\[(\d+)\]\.kind")


@dataclass
class Step:
    """One step that has an answer."""

    number: int
    does: str
    given: str
    expected: str
    differences: list[tuple[str, str, str]] = field(default_factory=list)  # where, expected, given

    def first(self) -> tuple[str, str]:
        """What it gives and what it should, of its first difference."""
        where, wanted, given = self.differences[0]
        what = where.rpartition(".")[2]
        if what == "payload":
            wanted, given = without_bytes(wanted, given)
        if where == "chains[0].kind" and self.expected.startswith(wanted):
            wanted = self.expected.partition(",")[0]  # why too
        return " ".join(f"{self.does}: {WORDS.get(what, what)} {given}".split()), wanted


def without_bytes(wanted: str, given: str) -> tuple[str, str]:
    """Of two payloads the lengths, if these differ."""
    lengths = wanted.partition(":")[0], given.partition(":")[0]
    return lengths if lengths[0] != lengths[1] else (wanted, given)


@dataclass
class Answers:
    """Of a whole scenario."""

    steps: list[Step] = field(default_factory=list)
    ended: str = ""  # how the library's run ended before its end
    alone: str = ""  # why there is nothing to compare with

    @property
    def differs(self) -> bool:
        return any(step.differences for step in self.steps)

    def first(self) -> tuple[str, str]:
        """What is given and what is expected where they first differ; nothing where they do not."""
        return next((step.first() for step in self.steps if step.differences), ("", ""))


def expected(scenario: dict[str, Any]) -> dict[str, Any] | str:
    """The second device's answer, or why it has none."""
    suite = conformance.vectors()
    from conformance.runner import adapter_run, adapters, client, protocol, request, session

    said = {key: value for key, value in scenario.items() if key != "version"}
    vector = suite.Vector(suite.VECTORS, {"id": "", "scenario": said, "expect": {"spec": {}}})
    try:
        (asked,) = request.resolve([vector])
        if asked.refused:
            return asked.refused
        with client.Client(session.argv(adapters.find("naive"))) as device:
            if missing := adapter_run.lacks(asked.needs, protocol.hello(device)):
                return missing
            return protocol.run(device, asked).answer
    except (client.Gone, client.Late, client.Garbled, protocol.Refused, protocol.Unsupported) as fault:
        return f"the second device has no answer: {fault}"
    except request.Unresolved as fault:
        return str(fault)


def short(value: object, where: str) -> str:
    if where.endswith("payload") and isinstance(value, str):
        more = "..." if len(value) > MOST_DIGITS else ""
        return f"{report_words.count(len(value) // 2, 'byte')}: {value[:MOST_DIGITS]}{more}"
    text = value if isinstance(value, str) else "nothing" if value is None else json.dumps(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}... ({len(text)} characters)"


def differences(wanted: object, given: object, where: str = "") -> Iterator[tuple[str, str, str]]:
    """Leaf by leaf, where the two are not alike. Chains of different kinds have nothing else in common."""
    if isinstance(given, dict) and isinstance(wanted, dict):
        other = wanted.get("kind") != given.get("kind")
        for key in ("kind",) if other else wanted | given:
            yield from differences(wanted.get(key), given.get(key), f"{where}.{key}" if where else key)
    elif isinstance(given, list) and isinstance(wanted, list) and len(given) == len(wanted):
        for number, pair in enumerate(zip(wanted, given, strict=True)):
            yield from differences(*pair, f"{where}[{number}]")
    elif given != wanted:
        yield where, short(wanted, where), short(given, where)


def words(where: str, wanted: str, given: str, answer: dict[str, Any]) -> tuple[str, str]:
    """The same, but a refusal with its status, as the suite's judge has it."""
    at = CHAIN_KIND.fullmatch(where)
    status = answer["chains"][int(at[1])].get("status", "") if at and given == "reject" else ""
    return wanted, f"{given} {status}".rstrip()


def payloads(answer: dict[str, Any]) -> str:
    """How long they are, which nothing else says."""
    lengths = [len(chain.get("payload") or "") // 2 for chain in answer["chains"]]
    return f", payload of {', '.join(report_words.count(length, 'byte') for length in lengths)}"


def compare(scenario: dict[str, Any]) -> Answers:
    """Step by step."""
    conformance.vectors()  # the suite can be imported from here on
    from conformance.runner import alike

    given, wanted = repro.library_answers(scenario), expected(scenario)
    found = Answers(
        ended=given if isinstance(given, str) else "", alone=wanted if isinstance(wanted, str) else ""
    )
    mine = {} if isinstance(given, str) else {each["step"]: each for each in given["answers"]}
    its = {} if isinstance(wanted, str) else {each["step"]: each for each in wanted["answers"]}
    names = [next(iter(step)) for step in scenario.get("steps", [])]
    for number in sorted(mine | its):
        here, there = mine.get(number), its.get(number)
        queue = (here or there).get("queue") or ""
        step = Step(
            number,
            f"{names[number]} {queue}".strip(),
            repro.said_of(here) if here else "",
            repro.said_of(there) if there else "",
        )
        if here and there and all("id" in chain for chain in here.get("chains") or []):
            wrong = differences(alike.plain(there), alike.plain(here))
            step.differences = [(where, *words(where, *pair, here)) for where, *pair in wrong]
            if any(where.endswith("payload") for where, *_ in step.differences):
                step.given += payloads(here)
                step.expected += payloads(there)
        found.steps.append(step)
    return found
