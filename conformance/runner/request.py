# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What an adapter is sent for a vector: the driver's moves worked out, and what the answer has to show."""

import json
import os
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from conformance.runner import guest
from conformance.runner.vectors import JSON, TOP, Vector

TIMEOUT_S = 120
GUARD = 64  # bytes around a buffer that are watched too
LONGEST_WATCH = 1 << 16  # of a longer range, its two ends


def tool() -> Path:
    """The scenario tool; VVS_SCN names another one."""
    return Path(os.environ.get("VVS_SCN", TOP / "build/unit/fuzz/scn"))


class Unresolved(Exception):
    """`scn resolve` did not do its part."""


@dataclass(frozen=True)
class Request:
    """What is sent, and what has to be known to read the answer."""

    run: JSON
    numbers: list[int] = field(default_factory=list)  # of the steps with a "do", in the scenario
    needs: frozenset[str] = frozenset()
    watched: list[guest.Span] = field(default_factory=list)  # the last step's answer shows these
    refused: str = ""  # why it is sent to no adapter


def resolve(vectors: Sequence[Vector]) -> list[Request]:
    """A request for each vector."""
    lines = resolved(vectors)
    return [_request(vector, json.loads(line)) for vector, line in zip(vectors, lines, strict=True)]


def resolved(vectors: Sequence[Vector]) -> list[str]:
    """What the scenario tool makes of each, a line of JSON."""
    lines = "".join(json.dumps({"version": 1, **vector.scenario}) + "\n" for vector in vectors)
    done = subprocess.run(
        [tool(), "resolve"], input=lines, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    found = done.stdout.splitlines()
    if done.returncode or len(found) != len(vectors):
        raise Unresolved(
            f"scn resolve: {len(found)} of {len(vectors)} scenarios; "
            f"repeat: scripts/test --stage conformance\n{done.stderr.strip()}"
        )
    return found


def _request(vector: Vector, resolved: JSON) -> Request:
    if "run" not in resolved:
        return Request({}, refused=resolved.get("unsupported") or resolved.get("error") or "not resolved")
    notify = {"notify"} if asks_for_notification(vector) else set()
    return prepare(resolved["run"], frozenset(resolved["needs"]) | notify)


def asks_for_notification(vector: Vector) -> bool:
    """Whether an answer without a decision on notification could not be judged."""
    steps = vector.spec.get("steps", [])
    return any("notify" in step or "more" in step for step in steps)


def prepare(run: JSON, needs: frozenset[str]) -> Request:
    """The request in which each step shows the used ring, and the last one all that must not have changed."""
    steps = [dict(step) for step in run["steps"]]
    acting = [step for step in steps if "do" in step]
    watched, memory = [], guest.Memory()
    queues = guest.queues(run["image"])
    memory.apply(run["image"].get("write", []))
    writes = list(run["image"].get("write", []))
    granted = _granted(memory, queues.values())
    for step in steps:
        memory.apply(step.get("write", []))
        writes += step.get("write", [])
        granted |= _granted(memory, queues.values())
        step["read"] = [_span(span) for queue in queues.values() for span in queue.device_parts()]
    if acting:
        driver = [(int(each["addr"], 16), len(guest.content(each))) for each in writes]
        parts = [part for queue in queues.values() for part in queue.parts()]
        watched = _watched(parts + driver + sorted(granted), _regions(run))
        acting[-1]["read"] = acting[-1]["read"] + [_span(span) for span in watched]
    sent = run | {"steps": steps}
    numbers = [step.get("step", at) for at, step in enumerate(steps) if "do" in step]
    return Request(sent, numbers, needs, watched)


def _span(span: guest.Span) -> JSON:
    return {"addr": hex(span[0]), "len": span[1]}


def _granted(memory: guest.Memory, queues: Iterable[guest.Queue]) -> set[guest.Span]:
    return {span for queue in queues for span in guest.writable(memory, queue)}


def _regions(run: JSON) -> list[guest.Span]:
    """The device's memory at the end."""
    tables = [step["regions"] for step in run["steps"] if step.get("do") == "memory"]
    return [(int(each["addr"], 16), int(each["len"], 16)) for each in [run["image"]["regions"], *tables][-1]]


def _watched(spans: list[guest.Span], regions: list[guest.Span]) -> list[guest.Span]:
    """The spans with guards around them, as far as they are memory; none overlaps another."""
    wide = []
    for addr, length in spans:
        half = LONGEST_WATCH // 2
        ends = [(addr, length)] if length <= LONGEST_WATCH else [(addr, half), (addr + length - half, half)]
        wide += [(first - GUARD, count + 2 * GUARD) for first, count in ends]
    merged: list[tuple[int, int]] = []
    for low, length in sorted(guest.overlaps(wide, regions)):
        high = low + length
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return [(low, high - low) for low, high in merged]
