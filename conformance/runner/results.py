# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What a run of all vectors on one implementation came to: for people, for the matrix, as JSON."""

import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from conformance.runner import deviations
from conformance.runner.deviations import Deviation
from conformance.runner.iut import Outcome
from conformance.runner.vectors import JSON

VERDICTS = ("pass", "fail", "non-strict", "crash", "timeout", "error", "unsupported")
BAD = ("fail", "crash", "timeout", "error")


@dataclass(frozen=True)
class Case:
    """One vector's outcome, and what was expected of it."""

    outcome: Outcome
    deviation: str = ""  # the entry of the adapter's deviations that has it
    known: bool = False  # in --known

    @property
    def id(self) -> str:
        return self.outcome.vector.id

    @property
    def verdict(self) -> str:
        return self.outcome.verdict

    def fails(self, strict: bool) -> bool:
        """Whether it fails the run. A consequence that is not in the text never does."""
        if self.known or (self.deviation and self.verdict in deviations.DIFFERENT):
            return False
        missed = strict and self.verdict == "non-strict" and not self.outcome.derived
        return missed or self.verdict in BAD


@dataclass
class Results:
    """All of one implementation."""

    adapter: str  # as given to --adapter
    name: str = ""
    version: str = ""
    supports: list[str] = field(default_factory=list)
    strict: bool = False
    cases: list[Case] = field(default_factory=list)
    deviations: list[Deviation] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)  # entries of a list that don't hold, in words
    not_run: str = ""  # why there are no cases: not built, or it does not start

    @property
    def counts(self) -> dict[str, int]:
        counted = Counter(case.verdict for case in self.cases)
        return {name: counted[name] for name in VERDICTS}

    def failing(self) -> list[Case]:
        return [case for case in self.cases if case.fails(self.strict)]

    @property
    def verdict(self) -> str:
        if self.not_run:
            return "not run"
        if self.stale or self.failing():
            return "fail"
        ran = any(case.verdict not in ("unsupported", "error") for case in self.cases)
        return "pass" if ran else "inconclusive"

    def expect(self, listed: Sequence[Deviation], known: Sequence[str]) -> None:
        """Take what is listed into account, and find what of it is stale."""
        outcomes = [case.outcome for case in self.cases]
        self.deviations = list(listed)
        ids = set(known)
        self.cases = [_marked(outcome, listed, ids) for outcome in outcomes]
        self.stale = deviations.stale_known(known, outcomes) + deviations.stale(listed, outcomes)

    def repeat(self, case: Case) -> str:
        """The command that runs this one vector again."""
        return repeat(self.adapter, case.id, self.strict)

    def to_json(self) -> JSON:
        return {
            "adapter": {
                "given": self.adapter,
                "name": self.name,
                "version": self.version,
                "supports": self.supports,
            },
            "strict": self.strict,
            "vectors": [self._case(case) for case in self.cases],
            "counts": self.counts,
            "deviations": [vars(each) | {"vectors": list(each.vectors)} for each in self.deviations],
            "stale": self.stale,
            "not_run": self.not_run,
            "verdict": self.verdict,
        }

    def _case(self, case: Case) -> JSON:
        """Keys that say nothing are left out."""
        outcome = case.outcome
        out: JSON = {
            "id": case.id,
            "verdict": case.verdict,
            "requirements": outcome.vector.requirements,
            "fails": case.fails(self.strict),
        }
        if case.verdict != "pass":
            out["repeat"] = self.repeat(case)
            out["faults"] = [vars(fault) for fault in outcome.faults]
            out["answer"] = outcome.answer
        optional = {"text": outcome.text, "derived": outcome.derived}
        optional |= {"deviation": case.deviation, "known": case.known}
        return out | {key: value for key, value in optional.items() if value}


def _marked(outcome: Outcome, listed: Sequence[Deviation], known: set[str]) -> Case:
    entry = deviations.of(outcome.vector, listed)
    return Case(outcome, entry.id if entry else "", outcome.vector.id in known)


def repeat(adapter: str, id_: str, strict: bool = False) -> str:
    """The command that runs a vector on an adapter."""
    argv = ["scripts/conformance", "--adapter", adapter, "--filter", id_]
    return shlex.join([*argv, "--strict"] if strict else argv)
