# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Runs vectors on the library: a process of its own for each batch, so that a crash is a verdict."""

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from conformance.runner.judge import Fault, judge
from conformance.runner.vectors import JSON, TOP, Vector

Verdict = Literal["pass", "fail", "non-strict", "crash", "timeout", "unsupported", "error"]
BATCH = 50
BATCH_TIMEOUT_S = 30
ONE_TIMEOUT_S = 10


def tool() -> Path:
    """The scenario runner; VVS_RUN names another one."""
    return Path(os.environ.get("VVS_RUN", TOP / "build/unit/fuzz/vvs-run"))


@dataclass(frozen=True)
class Outcome:
    """What became of a vector."""

    vector: Vector
    verdict: Verdict
    faults: list[Fault] = field(default_factory=list)
    text: str = ""
    answer: JSON | None = None
    derived: bool = False  # it differs from nothing that is in the text


def request(vector: Vector) -> str:
    return json.dumps({"version": 1, **vector.scenario}, separators=(",", ":"))


def _run(vectors: Sequence[Vector], timeout: float) -> tuple[list[JSON], str, int | None]:
    """The answers that came, stderr, and the exit code (None: ended by us)."""
    lines = "".join(request(vector) + "\n" for vector in vectors)
    try:
        done = subprocess.run(
            [tool()], input=lines, capture_output=True, text=True, timeout=timeout, cwd=TOP, check=False
        )
    except subprocess.TimeoutExpired:
        return [], f"no end after {timeout} s", None
    answers = []
    for line in done.stdout.splitlines():
        try:
            answers.append(json.loads(line))
        except json.JSONDecodeError:
            break  # cut off by a crash
    return answers, done.stderr, done.returncode


def _judged(vector: Vector, answer: JSON) -> Outcome:
    if "error" in answer:
        return Outcome(vector, "error", text=str(answer["error"]))
    if answer.get("unmappable"):
        return Outcome(vector, "unsupported", text="this host can't map the guest memory of the scenario")
    faults = judge(vector, answer)
    return Outcome(vector, "fail" if faults else "pass", faults, answer=answer)


def _alone(vector: Vector) -> Outcome:
    answers, text, code = _run([vector], ONE_TIMEOUT_S)
    if code is None:
        return Outcome(vector, "timeout", text=text)
    if code == 0 and answers:
        return _judged(vector, answers[0])
    # By a signal, by a sanitizer, or by giving up before it answered.
    crashed = code < 0 or "Sanitizer" in text or "runtime error" in text
    return Outcome(vector, "crash" if crashed else "error", text=text or f"exit code {code}, no answer")


def run(vectors: Sequence[Vector]) -> Iterator[Outcome]:
    """One outcome for each vector, in order. What a batch does not answer runs again by itself."""
    for start in range(0, len(vectors), BATCH):
        batch = vectors[start : start + BATCH]
        answers, _, code = _run(batch, BATCH_TIMEOUT_S)
        if code == 0 and len(answers) == len(batch):
            yield from map(_judged, batch, answers)
        else:
            yield from map(_alone, batch)


def repeat(vector: Vector) -> str:
    return f"scripts/conformance --filter {vector.id}"


def report(outcome: Outcome) -> str:
    """What a failure prints: the vector, each difference, and the command that repeats it."""
    vector = outcome.vector
    lines = [f"{outcome.verdict}: {vector.id}", f"  {vector.title}", f"  {' '.join(vector.requirements)}"]
    for fault in outcome.faults:
        lines += [f"  {fault.scope}: {fault.where}", f"    Expected: {fault.expected}"]
        lines += [f"    Actual:   {fault.actual}"]
    if outcome.text:
        lines += ["  " + line for line in outcome.text.strip().splitlines()[-40:]]
    return "\n".join([*lines, f"Repeat: {repeat(vector)}"])
