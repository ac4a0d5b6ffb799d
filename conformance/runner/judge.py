# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Compares what an implementation answered with what a vector expects.

Three parts, in this order: `safety` holds for every scenario; `spec` is what any device does; `vvs` is this
library's own policy. Only the first two can fail another implementation. `strict` is what harms nobody, but
could be better.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from conformance.runner.vectors import JSON, Vector

Scope = Literal["safety", "spec", "vvs", "strict"]
ANSWERING = ("serve", "pop", "publish", "flush", "arm", "notify")
NO_FAULT = ("VVS_OK", "VVS_EMPTY")
MISSING = "nothing"


@dataclass(frozen=True)
class Fault:
    """One difference."""

    scope: Scope
    where: str
    expected: Any
    actual: Any


class Answers:
    """The answers of one scenario, by step."""

    def __init__(self, answer: JSON) -> None:
        self.setup: dict[str, str] = answer.get("setup", {})
        self.all: list[JSON] = answer.get("answers", [])
        self.by_step: dict[int, JSON] = {entry["step"]: entry for entry in self.all}

    def chains(self) -> Iterator[tuple[str, JSON]]:
        for entry in self.all:
            for number, chain in enumerate(entry.get("chains") or []):
                yield f"steps[{entry['step']}].chains[{number}]", chain

    def broken(self) -> bool:
        """A queue did not start, or stopped: a device's right once the driver is at fault."""
        return any(status != "VVS_OK" for status in self.setup.values()) or any(
            entry.get("status", "VVS_OK") not in NO_FAULT for entry in self.all
        )


def judge(vector: Vector, answer: JSON, scopes: tuple[Scope, ...] = ("safety", "spec", "vvs")) -> list[Fault]:
    """The differences; none means that the vector passes."""
    answers = Answers(answer)
    rules = {"safety": safety, "spec": spec, "vvs": vvs, "strict": strict}
    return [fault for scope in scopes for fault in rules[scope](vector, answers)]


def payload_bytes(expected: str | JSON) -> bytes:
    """The payload that an expectation describes."""
    if isinstance(expected, str):
        return bytes.fromhex(expected)
    if "fill" in expected:
        return bytes([expected["fill"]]) * expected["len"]
    return traffic(expected["len"])


def traffic(length: int, first: int = 0) -> bytes:
    """The payload of the recorded guests, from byte number `first` of a send on."""
    return bytes((i * 131 + (i >> 8)) & 0xFF for i in range(first, first + length))


# --- what holds for every scenario


def safety(vector: Vector, answers: Answers) -> Iterator[Fault]:
    """Each step that asks something is answered, and each chain comes back once, with its own length."""
    for entry in answers.all:
        if "stray" in entry:
            where = f"steps[{entry['step']}].stray"
            yield Fault("safety", where, "only what was granted is written", f"a byte at {entry['stray']}")
        if entry.get("used_lost"):
            where = f"steps[{entry['step']}].used"
            yield Fault("safety", where, "an index that a queue can have", "one further ahead")
    for number, step in enumerate(vector.scenario.get("steps", [])):
        kind = next(iter(step))
        if kind in ANSWERING and number not in answers.by_step:
            yield Fault("safety", f"steps[{number}] ({kind})", "an answer", MISSING)
        elif kind == "serve":
            yield from _returned(number, answers.by_step[number])
    yield from _outstanding(vector, answers)


def _returned(number: int, answer: JSON) -> Iterator[Fault]:
    chains = [
        {"id": chain.get("id"), "len": 0 if chain["kind"] == "reject" else chain.get("used_len", 0)}
        for chain in answer.get("chains") or []
    ]
    used = answer.get("used") or []
    if chains != used:
        yield Fault("safety", f"steps[{number}].used", chains, used)


def _outstanding(vector: Vector, answers: Answers) -> Iterator[Fault]:
    """What comes back outside a serve was popped before, and had not come back."""
    held: dict[str, list[int]] = {}
    for number, step in enumerate(vector.scenario.get("steps", [])):
        kind = next(iter(step))
        answer = answers.by_step.get(number)
        if answer is None or kind == "serve":
            continue
        ids = held.setdefault(answer.get("queue", ""), [])
        if kind == "pop":
            ids += [chain.get("id") for chain in answer.get("chains") or []]
        for entry in answer.get("used") or []:
            if entry["id"] not in ids:
                yield Fault("safety", f"steps[{number}].used", f"one of {ids}", entry["id"])
            else:
                ids.remove(entry["id"])


# --- what any device does


def spec(vector: Vector, answers: Answers) -> Iterator[Fault]:
    verdict = vector.spec["verdict"]
    steps = vector.spec.get("steps", [])
    match verdict:
        case "accept":
            yield from _working("spec", answers)
            yield from _steps("spec", steps, answers)
        case "empty":
            yield from _working("spec", answers)
            yield from _no_chain("spec", answers)
            yield from _steps("spec", steps, answers)
        case "reject":
            yield from _none_accepted("spec", answers)
        case "either":
            yield from _if_accepted(steps, answers)
        case "safe":
            pass
        case _:
            raise ValueError(f"{vector.id}: spec has no verdict {verdict!r}")


def _working(scope: Scope, answers: Answers) -> Iterator[Fault]:
    for role, status in answers.setup.items():
        if status != "VVS_OK":
            yield Fault(scope, f"setup.{role}", "VVS_OK", status)
    for entry in answers.all:
        status = entry.get("status", "VVS_OK")
        if status not in NO_FAULT:
            yield Fault(scope, f"steps[{entry['step']}].status", " or ".join(NO_FAULT), status)


def _no_chain(scope: Scope, answers: Answers) -> Iterator[Fault]:
    for where, chain in answers.chains():
        yield Fault(scope, where, MISSING, chain)


def _none_accepted(scope: Scope, answers: Answers) -> Iterator[Fault]:
    chains = list(answers.chains())
    for where, chain in chains:
        if chain["kind"] != "reject":
            yield Fault(scope, f"{where}.kind", "reject", chain["kind"])
    if not chains and not answers.broken():
        yield Fault(scope, "answers", "a refused chain or a stopped queue", MISSING)


def _if_accepted(steps: list[JSON], answers: Answers) -> Iterator[Fault]:
    for expected in steps:
        actual = answers.by_step.get(expected["step"], {})
        for number, (want, got) in enumerate(
            zip(expected.get("chains", []), actual.get("chains") or [], strict=False)
        ):
            if got["kind"] != "reject":
                yield from _chain("spec", f"steps[{expected['step']}].chains[{number}]", want, got)


# --- what could be better


def strict(vector: Vector, answers: Answers) -> Iterator[Fault]:
    """No notification that the driver has no need of, as far as the driver is not at fault."""
    if vector.spec["verdict"] == "safe":
        return
    for expected in vector.vvs.get("steps", []):
        if expected.get("notify") is False and answers.by_step.get(expected["step"], {}).get("notify"):
            yield Fault("strict", f"steps[{expected['step']}].notify", False, True)


# --- what a step answers


def _steps(scope: Scope, steps: list[JSON], answers: Answers) -> Iterator[Fault]:
    for expected in steps:
        where = f"steps[{expected['step']}]"
        actual = answers.by_step.get(expected["step"])
        if actual is None:
            yield Fault(scope, where, "an answer", MISSING)
            continue
        for key in ("status", "notify", "more"):
            if key in expected and actual.get(key) != expected[key]:
                yield Fault(scope, f"{where}.{key}", expected[key], actual.get(key, MISSING))
        if "used" in expected and (actual.get("used") or []) != expected["used"]:
            yield Fault(scope, f"{where}.used", expected["used"], actual.get("used") or [])
        if "chains" in expected:
            yield from _chains(scope, where, expected["chains"], actual.get("chains") or [])


def _chains(scope: Scope, where: str, expected: list[JSON], actual: list[JSON]) -> Iterator[Fault]:
    if len(expected) != len(actual):
        yield Fault(scope, f"{where}.chains", f"{len(expected)} chains", f"{len(actual)} chains")
    for number, (want, got) in enumerate(zip(expected, actual, strict=False)):
        yield from _chain(scope, f"{where}.chains[{number}]", want, got)


def _chain(scope: Scope, where: str, want: JSON, got: JSON) -> Iterator[Fault]:
    if want["kind"] != got["kind"]:
        why = got.get("status") or got.get("reason", "")
        yield Fault(scope, f"{where}.kind", want["kind"], f"{got['kind']} {why}".rstrip())
        return
    for key in ("id", "status", "event", "capacity", "used_len"):
        if key in want and got.get(key) != want[key]:
            yield Fault(scope, f"{where}.{key}", want[key], got.get(key, MISSING))
    fields = got.get("fields") or {}
    for key, value in want.get("fields", {}).items():
        if _number(fields.get(key)) != _number(value):
            yield Fault(scope, f"{where}.fields.{key}", value, fields.get(key, MISSING))
    if "payload" in want:
        yield from _payload(scope, f"{where}.payload", payload_bytes(want["payload"]), got.get("payload"))


def _number(value: str | int | None) -> int | None:
    return int(value, 16) if isinstance(value, str) else value


def _payload(scope: Scope, where: str, want: bytes, got: str | None) -> Iterator[Fault]:
    have = bytes.fromhex(got or "")
    if have == want:
        return
    if len(have) != len(want):
        yield Fault(scope, where, f"{len(want)} bytes", f"{len(have)} bytes")
    first = next((i for i, (a, b) in enumerate(zip(want, have, strict=False)) if a != b), None)
    if first is not None:
        yield Fault(
            scope, f"{where}[{first}]", want[first : first + 16].hex(), have[first : first + 16].hex()
        )


# --- this library's policy


def vvs(vector: Vector, answers: Answers) -> Iterator[Fault]:
    """The verdict's own rule, then the steps said. Rules of `spec` are not repeated here."""
    verdict = vector.vvs["verdict"]
    status = vector.vvs.get("status", "VVS_OK")
    steps = vector.vvs.get("steps", [])
    if verdict in ("accept", "empty", "reject"):
        yield from _working("vvs", answers)
    match verdict:
        case "accept":
            yield from _all_accepted(vector, answers)
        case "reject":
            yield from _all_rejected(status, {step["step"] for step in steps if "chains" in step}, answers)
        case "empty":
            yield from _no_chain("vvs", answers)
        case "setup-error":
            if status not in answers.setup.values():
                yield Fault("vvs", "setup", status, answers.setup)
        case "queue-error":
            yield from _sticky(status, answers)
        case "caller-error":
            if not any(entry.get("status") == status for entry in answers.all):
                yield Fault("vvs", "answers", status, [entry.get("status") for entry in answers.all])
        case "mixed" | "safe":
            pass
        case _:
            raise ValueError(f"{vector.id}: vvs has no verdict {verdict!r}")
    yield from _steps("vvs", steps, answers)


def _all_accepted(vector: Vector, answers: Answers) -> Iterator[Fault]:
    for where, chain in answers.chains():
        if chain["kind"] == "reject":
            yield Fault("vvs", where, "accepted", chain.get("status"))
    if vector.spec["verdict"] == "either":
        yield from _steps("vvs", vector.spec.get("steps", []), answers)


def _all_rejected(status: str, said: set[int], answers: Answers) -> Iterator[Fault]:
    found = 0
    for entry in answers.all:
        if entry["step"] in said:
            continue
        for number, chain in enumerate(entry.get("chains") or []):
            found += 1
            if (chain["kind"], chain.get("status")) != ("reject", status):
                actual = f"{chain['kind']} {chain.get('status', '')}".rstrip()
                yield Fault("vvs", f"steps[{entry['step']}].chains[{number}]", f"reject {status}", actual)
    if not found and not said:
        yield Fault("vvs", "answers", f"reject {status}", MISSING)


def _sticky(status: str, answers: Answers) -> Iterator[Fault]:
    """Once a queue answered `status`, each later answer of it is the same and touches nothing."""
    broken: set[str] = set()
    for entry in answers.all:
        queue, found = entry.get("queue", ""), entry.get("status", "VVS_OK")
        if found != status and (queue in broken or found not in NO_FAULT):
            yield Fault("vvs", f"steps[{entry['step']}].status", status, found)
        if found == status:
            broken.add(queue)
        if queue in broken and entry.get("used"):
            yield Fault("vvs", f"steps[{entry['step']}].used", [], entry["used"])
    if not broken:
        yield Fault("vvs", "answers", status, [entry.get("status") for entry in answers.all])
