# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What scripts/gate shows, and the files it writes."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from vvs_tools import atomic, findings, fuzz_view, gate_github, gate_junit, gate_sarif
from vvs_tools.campaign import Campaign
from vvs_tools.console import Exit
from vvs_tools.gate_base import DIGITS
from vvs_tools.gate_failure import Failure, summary
from vvs_tools.gate_replay import Replayed, Vectors

if TYPE_CHECKING:
    from vvs_tools.gate import Gate

VERDICTS = {Exit.CLEAN: "clean", Exit.FINDINGS: "findings", Exit.INCONCLUSIVE: "inconclusive"}
STYLES = {"new": "bold red", "old": "yellow", "known": "yellow"}


def line(label: str, text: str) -> str:
    return f"{label:12}  {text}"


def show_begin(gate: "Gate", console: Console) -> None:
    if not gate.base:
        console.print(line("base", "none: each finding counts"))
        return
    few = f"{len(gate.changed)} files differ from it"
    console.print(line("base", f"{gate.base[:DIGITS]}, {few}"))
    if gate.affected:
        console.print(line("affected", ", ".join(gate.affected)))


def show_replayed(replayed: Sequence[Replayed], console: Console) -> None:
    total, failed = sum(done.inputs for done in replayed), sum(len(done.failed) for done in replayed)
    console.print(line("corpora", f"{total:,} inputs of {len(replayed)} targets, {failed} failed"))


def show_vectors(vectors: Vectors, console: Console) -> None:
    extra = f", {vectors.unsupported} unsupported" if vectors.unsupported else ""
    passed = len(vectors.ids) - len(vectors.held) - vectors.unsupported
    console.print(line("vectors", f"{passed:,} passed, {len(vectors.held)} failed{extra}"))


def show_campaign(campaign: Campaign, console: Console) -> None:
    console.print()
    console.print(fuzz_view.target_table(list(campaign.tallies.values()), campaign.listed()))
    found = "found" if campaign.canary.found else campaign.canary.fault
    console.print(f"\ncanary: planted bug {found}\n")


def show_failure(failure: Failure, console: Console) -> None:
    console.print(f"{failure.verdict.upper()} {failure.id}  ({failure.where})", style=STYLES[failure.verdict])
    console.print(f"  {failure.report}")
    for requirement in failure.requirements:
        console.print(f"  {requirement}: {summary(requirement)}")
    console.print(f"  {failure.file}:{failure.line}")
    if failure.why:
        console.print(f"  {failure.why}")
    console.print(f"  repeat: {failure.command}")


def show_end(gate: "Gate", draft: Path | None, console: Console) -> None:
    """`draft` has the entries that would let new ones through."""
    for failure in sorted(gate.failures, key=lambda each: each.verdict == "new"):
        show_failure(failure, console)
    for box in gate.unsure:
        fuzz_view.show_box(box, console)
    for stale in gate.stale:
        console.print(f"STALE {stale}", style="bold red")
    for trouble in gate.fuzzing.troubles():
        console.print(trouble, style="bold yellow")
    if draft:
        console.print(f"to let them through: {findings.shown(draft)} has the entries, and wants reasons")
    console.print(closing(gate), style="green" if gate.code is Exit.CLEAN else "bold red")


def closing(gate: "Gate") -> str:
    """One line that counts."""
    counted = Counter(failure.verdict for failure in gate.failures)
    let = [f"{counted[name]} {name}" for name in ("old", "known") if counted[name]]
    let += [f"{len(gate.unsure)} not reproduced"] if gate.unsure else []
    through = f" (let through: {', '.join(let)})" if let else ""
    if gate.code is Exit.FINDINGS:
        stale = f", {len(gate.stale)} stale in the list of known ones" if gate.stale else ""
        plural = "" if counted["new"] == 1 else "s"
        return f"refused: {counted['new']} new finding{plural}{stale}{through}"
    if gate.code is Exit.INCONCLUSIVE:
        return f"inconclusive: not all ran as it should{through}"
    return f"clean: nothing new{through}"


def as_object(gate: "Gate") -> dict[str, Any]:
    campaign = gate.fuzzing.campaign
    return {
        "verdict": VERDICTS[gate.code],
        "base": gate.base or None,
        "affected": gate.affected,
        "failures": [failure.as_object() for failure in gate.failures],
        "unsure": [box.as_object() for box in gate.unsure],
        "stale": gate.stale,
        "troubles": gate.fuzzing.troubles(),
        "corpora": [
            {"target": done.target.name, "inputs": done.inputs, "failed": len(done.failed)}
            for done in gate.replayed
        ],
        "vectors": {"run": len(gate.vectors.ids), "failed": len(gate.vectors.held)},
        "campaign": fuzz_view.as_object(campaign, VERDICTS[gate.code]),
    }


def write(gate: "Gate", sarif: Path | None, junit: Path | None) -> None:
    """Each file is whole or as it was."""
    if sarif:
        atomic.write_json(sarif.absolute(), gate_sarif.log(gate.failures, gate.base, gate.code))
    if junit:
        gate_junit.write(gate, junit.absolute())
    if os.environ.get("GITHUB_ACTIONS") == "true":
        gate_github.annotate(gate)
    if page := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(page).open("a", encoding="utf-8") as file:
            file.write(gate_github.summary(gate, closing(gate)))
