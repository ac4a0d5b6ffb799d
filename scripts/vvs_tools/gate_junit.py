# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""All that the gate has checked as JUnit: what passed too."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from vvs_tools import results
from vvs_tools.gate_failure import Failure
from vvs_tools.results import Result

if TYPE_CHECKING:
    from vvs_tools.gate import Gate


def text_of(failure: Failure) -> str:
    parts = [failure.report, failure.why, failure.text.strip(), f"Repeat: {failure.command}"]
    return "\n".join(part for part in parts if part)


def case(name: str, failures: Iterable[Failure]) -> Result:
    """Failed by what is new; by the rest it is skipped, which says that somebody knows."""
    every = list(failures)
    new = [failure for failure in every if failure.verdict == "new"]
    text = "\n\n".join(map(text_of, new or every))
    return Result(name, "failed" if new else "skipped" if every else "passed", text=text)


def group_of(id_: str) -> str:
    return "/".join(id_.split("/")[:-1])


def corpora(gate: "Gate") -> list[Result]:
    return [
        case(done.target.name, (each for each in gate.failures if each.id in done.failed.values()))
        for done in gate.replayed
    ]


def vectors(gate: "Gate") -> list[Result]:
    found: dict[str, dict[str, Failure]] = {group_of(id_): {} for id_ in gate.vectors.ids}
    for failure in gate.failures:
        for id_ in failure.vectors:
            found[group_of(id_)][failure.id + failure.verdict] = failure
    return [case(name, failed.values()) for name, failed in found.items()]


def campaign(gate: "Gate") -> list[Result]:
    """What ran, and as it should: its findings are cases of their own."""
    troubles = gate.fuzzing.troubles()
    names = ["canary", *gate.fuzzing.campaign.tallies]
    mine = {name: [text for text in troubles if text.startswith(f"{name}: ")] for name in names}
    return [
        Result(name, "failed" if texts else "passed", text="\n".join(texts)) for name, texts in mine.items()
    ]


def write(gate: "Gate", path: Path) -> None:
    suites = {
        "corpora": corpora(gate),
        "vectors": vectors(gate),
        "known": [Result(stale.partition(":")[0], "failed", text=stale) for stale in gate.stale],
        "campaign": campaign(gate),
        "findings": [case(failure.id, [failure]) for failure in gate.failures],
    }
    results.write_junit(path, suites)
