# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Whether the vectors notice wrong devices: each tested requirement has to be failed by one.

The family runs in this process, and each of it only on vectors that name a requirement of its own. Work that
never ends is told by the accesses to guest memory, not by a clock.
"""

import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from conformance.adapters.naive import protocol as naive
from conformance.adapters.naive.device import Device
from conformance.adapters.wrong import FAMILY, Wrong
from conformance.runner import adapter_run, levels
from conformance.runner.adapter_run import Attempt, Tick
from conformance.runner.client import Gone, Late
from conformance.runner.iut import Outcome
from conformance.runner.protocol import Hello
from conformance.runner.vectors import JSON, TOP, Vector, derived, requirements

REASONS = TOP / "conformance/adapters/wrong/reasons.toml"
HELLO = Hello("naive", supports=frozenset(naive.SUPPORTS))
LARGEST_RUN = 200_000  # accesses; the vectors that take most come to half of it


class Local:
    """A device in this process, in place of an adapter's: it is asked likewise."""

    child = None
    answered = 0

    def __init__(self, device: type[Device]) -> None:
        members = {"memory_class": _counting(device.memory_class)}
        self.device: type[Device] = type(device.__name__, (device,), members)

    def ask(self, request: JSON) -> JSON:
        try:
            return naive.run(request["run"], self.device)
        except Late:
            raise
        except Exception as fault:  # whatever it is: an adapter's process would end
            raise Gone(f"{type(fault).__name__}: {fault}") from fault


def _counting(memory_class: type) -> type:
    """Guest memory of a device whose run is over when it takes too much work."""

    class Counting(memory_class):
        accesses = 0

        def read(self, addr: int, length: int) -> bytes:
            self.accesses += 1
            if self.accesses > LARGEST_RUN:
                raise Late(f"no answer in {LARGEST_RUN} accesses to guest memory")
            return super().read(addr, length)

    return Counting


@dataclass
class Survey:
    """Which requirement is failed by which wrong device."""

    failed: dict[str, dict[str, str]] = field(default_factory=dict)  # requirement, device, vector
    unnoticed: list[tuple[str, str]] = field(default_factory=list)  # devices that pass for one of theirs
    not_failed: list[str] = field(default_factory=list)  # requirements that no device fails
    reasons: dict[str, str] = field(default_factory=dict)
    stale: list[str] = field(default_factory=list)  # reasons for what is failed, or not tested

    @property
    def clean(self) -> bool:
        return not (self.unnoticed or self.not_failed or self.stale)

    def to_json(self) -> JSON:
        return {
            "requirements": [{"id": id_, "failed_by": devices} for id_, devices in self.failed.items()],
            "not_failed": self.not_failed,
            "reasons": self.reasons,
            "unnoticed": [{"device": name, "requirement": id_} for name, id_ in self.unnoticed],
            "stale": self.stale,
            "verdict": "pass" if self.clean else "fail",
        }


def read_reasons() -> dict[str, str]:
    """Requirements that no device of the family can fail, and why."""
    return tomllib.loads(REASONS.read_text(encoding="utf-8"))


def fails(outcome: Outcome, requirement: JSON) -> bool:
    """Whether an outcome shows that a requirement is not met. Advice and consequences are missed, no more."""
    if outcome.verdict == "non-strict":
        return requirement["level"] not in levels.BINDING or derived(requirement)
    return outcome.verdict in ("fail", "crash", "timeout")


def by_requirement(attempts: Iterable[Attempt]) -> dict[str, list[Attempt]]:
    named: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        for id_ in attempt.vector.requirements:
            named.setdefault(id_, []).append(attempt)
    return named


def failed_by(wrong: Wrong, named: Mapping[str, Sequence[Attempt]]) -> dict[str, str]:
    """The requirements of a wrong device that it fails, each with the first vector that shows it."""
    client = Local(wrong.device)
    done: dict[str, Outcome] = {}
    found: dict[str, str] = {}
    for id_ in wrong.requirements:
        for attempt in named.get(id_, ()):
            vector = attempt.vector
            if vector.id not in done:
                done[vector.id] = next(adapter_run.run(client, [attempt]))
            if fails(done[vector.id], requirements()[id_]):
                found[id_] = vector.id
                break
    return found


def survey(
    vectors: Sequence[Vector],
    reasons: Mapping[str, str],
    family: Mapping[str, Wrong] = FAMILY,
    only: Collection[str] = (),
    tick: Tick = lambda _: None,
) -> Survey:
    """The whole family on these vectors; `only`: for these requirements."""
    named = by_requirement(adapter_run.of_program(HELLO, [each for each in vectors if _is_asked(each, only)]))
    asked = {id_: named[id_] for id_ in requirements() if id_ in named and (not only or id_ in only)}
    found = Survey({id_: {} for id_ in asked})
    for wrong in family.values():
        tick(wrong.name)
        shown = failed_by(wrong, asked)
        for id_ in wrong.requirements:
            if id_ in shown:
                found.failed[id_][wrong.name] = shown[id_]
            elif id_ in asked:
                found.unnoticed.append((wrong.name, id_))
    left = [id_ for id_, devices in found.failed.items() if not devices]
    found.reasons = {id_: reasons[id_] for id_ in left if id_ in reasons}
    found.not_failed = [id_ for id_ in left if id_ not in reasons]
    found.stale = [id_ for id_ in reasons if id_ not in left and (not only or id_ in only)]
    return found


def _is_asked(vector: Vector, only: Collection[str]) -> bool:
    return not only or any(id_ in only for id_ in vector.requirements)
