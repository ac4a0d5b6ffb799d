# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A campaign as one page that needs nothing else."""

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vvs_tools import conformance, reach, targets
from vvs_tools.fuzz_view import how_small, percent
from vvs_tools.report_finding import Told
from vvs_tools.report_lines import Reached
from vvs_tools.report_plots import Plot
from vvs_tools.screen import ago, clock
from vvs_tools.status import Standing, Status
from vvs_tools.targets import Target

HERE = Path(__file__).parent
RUNNING, CUT_OFF = "running", "cut off"
# Beside each word, so that no colour is needed.
SYMBOLS = {
    "clean": "\N{CHECK MARK}",
    "findings": "\N{MULTIPLICATION SIGN}",
    "inconclusive": "?",
    "interrupted": "\N{HORIZONTAL ELLIPSIS}",
    RUNNING: "\N{HORIZONTAL ELLIPSIS}",
    CUT_OFF: "!!",
    "finding": "\N{MULTIPLICATION SIGN}",
    "unsure": "?",
    "flaky": "~",
    "met": "\N{CHECK MARK}",
    "missed": "\N{MULTIPLICATION SIGN}",
    "not judged": "\N{EN DASH}",
    "same": "\N{CHECK MARK}",
    "differs": "\N{NOT EQUAL TO}",
    "not compared": "\N{EN DASH}",
}
MEANINGS = {
    "clean": "No input fails, the planted bug was found, and no floor was missed.",
    "findings": "At least one input fails. Each finding is told below, with the command that repeats it.",
    "inconclusive": "Nothing was found, but that proves nothing, for the reasons given here.",
    "interrupted": "Somebody ended it before its time; what it found until then is here.",
    RUNNING: "It still runs. This is how it stood when the page was made.",
    CUT_OFF: "It was killed before it could say how it ended. What it had written down is here.",
}


@dataclass(frozen=True)
class Judged:
    """One target, and its floors beside what was measured."""

    target: Target
    standing: Standing
    floors: Sequence[reach.Verdict]
    enough: bool  # inputs, for a missed floor to mean something
    unknown: str = ""  # why not every floor could be looked at

    def word(self, floor: reach.Verdict) -> str:
        return "met" if floor.met else "missed" if self.enough else "not judged"

    @property
    def met(self) -> int:
        return sum(floor.met for floor in self.floors)

    @property
    def missed(self) -> list[reach.Verdict]:
        return [floor for floor in self.floors if self.word(floor) == "missed"]


@dataclass(frozen=True)
class Report:
    """All that a page says."""

    name: str  # of the campaign's folder
    status: Status
    verdict: str
    judged: Sequence[Judged]
    told: Sequence[Told] = ()
    plots: Sequence[Plot] = ()
    reached: Reached | None = None
    revision: str = ""  # of the checkout that made the page
    written: str = ""  # when the campaign last wrote down how it stands
    reasons: Sequence[str] = field(default_factory=tuple)  # why it is inconclusive

    @property
    def floors(self) -> str:
        """In a line."""
        missed = {each.standing.name: len(each.missed) for each in self.judged if each.missed}
        if not missed:
            return "none missed"
        whose = ", ".join(f"{count} by {name}" for name, count in missed.items())
        return f"missed: {whose}" + ("; findings may be why" if self.told else "")

    def as_object(self) -> dict[str, Any]:
        total, lines = self.status.total, self.reached.total if self.reached else None
        covered = {"lines": lines.lines, "hit": lines.lines_hit} if lines else None
        return {
            "verdict": self.verdict,
            "elapsed_s": self.status.elapsed_s,
            "executions": total.executions,
            "targets": {
                each.standing.name: {
                    "executions": each.standing.numbers.executions,
                    "edges": each.standing.numbers.edges,
                    "corpus": each.standing.corpus,
                    "findings": each.standing.findings,
                    "floors": [floor.as_object() for floor in each.floors],
                }
                for each in self.judged
            },
            "reasons": list(self.reasons),
            "findings": [each.as_object() for each in self.told],
            "coverage": covered,
        }


def reasons_of(status: Status, judged: Sequence[Judged]) -> list[str]:
    """What a campaign without findings lacks to be clean."""
    found = []
    if status.canary and not status.canary["found"]:
        found.append(f"The planted bug: {status.canary.get('fault') or 'not looked for to the end'}.")
    for each in judged:
        name = each.standing.name
        if each.standing.fault:
            found.append(f"{name}: {each.standing.fault}.")
        elif not each.standing.numbers.executions:
            found.append(f"{name} was not run.")
        found += [f"{name} misses a floor: {floor.line()}." for floor in each.missed]
    return found


def asked(status: Status) -> str:
    """What the campaign was to be."""
    options = status.options
    if options.runs:
        return f"{options.runs:,} inputs of each target"
    share = "more of it for targets that find new coverage" if options.sliced else "in equal shares"
    return f"{clock(options.wall_s)}, {share}"


def again(status: Status) -> str:
    """The command that runs the same campaign; inputs follow from the seed as far as time does not choose."""
    options = status.options
    whole = set(options.targets) == targets.campaign().keys()
    words = ["scripts/fuzz", *([] if whole else options.targets)]
    if options.runs:
        words += ["--runs", options.runs]
    elif options.sliced:
        words += ["--minutes", f"{options.wall_s / 60:g}"]
    else:
        words += ["--seconds", f"{options.wall_s:.0f}"]
    words += ["--jobs", options.jobs, "--seed", options.seed]
    words += ["--engine", options.engine] if options.engine != "libfuzzer" else []
    words += ["--sanitizer", options.sanitizer] if options.sanitizer != "address" else []
    return shlex.join(map(str, words))


def html(report: Report) -> str:
    suite = conformance.vectors()
    from conformance.matrix import markup

    template = markup.environment(HERE).get_template("report.html")
    return template.render(
        report=report,
        status=report.status,
        spec=json.loads(suite.REQUIREMENTS.read_text())["spec"],
        symbols=SYMBOLS,
        meaning=MEANINGS[report.verdict],
        asked=asked(report.status),
        again=again(report.status),
        seen={each.id for each in report.status.findings},
        certain=[each for each in report.told if not each.box.doubt],
        clock=clock,
        ago=ago,
        percent=percent,
        how_small=how_small,
        css=markup.joined(markup.SHARED_STYLE, HERE / "report.css"),
        script=markup.joined(markup.SHARED_SCRIPT, HERE / "report.js"),
        data=markup.script_json({each.box.id: each.played.boxes for each in report.told if each.played}),
    )
