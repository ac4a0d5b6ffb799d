# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""All that a page says of one finding, for somebody who has nothing else."""

import base64
import json
import re
import shlex
import tempfile
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vvs_tools import TOP, build, conformance, findings, process, report_answers, report_words, repro, tokens
from vvs_tools.boxes import Box
from vvs_tools.console import Exit, Stop
from vvs_tools.report_answers import Answers
from vvs_tools.report_vectors import Alike
from vvs_tools.report_words import Sentence
from vvs_tools.sanitizers import environment
from vvs_tools.targets import Target
from vvs_tools.triaging import REPLAY_SECONDS

ORACLES = TOP / "fuzz" / "oracle" / "README.md"
# A line of its table: | `name` | file | what must hold |
HOLDS = re.compile(r"^\| `([\w-]+)` \|[^|]*\| (.+) \|$", re.MULTILINE)
STEP = re.compile(r"^oracle [\w-]+: in step (\d+)$", re.MULTILINE)
NOISE = re.compile(
    r"^AddressSanitizer:DEADLYSIGNAL\n=+\n==\d+==ERROR: [^\n]+\n|^==\d+==Register values:\n.*", re.M | re.S
)
NO_FAULT = "the library neither crashes, nor does what a sanitizer reports"
BASE64_COLUMNS = 76
# Below a folder of this name any bytes are taken for an input, even if nothing says what they are.
PLACE = "build/out/findings"


@dataclass
class Played:
    """The scenario that was drawn."""

    text: str  # as JSON
    drawing: str
    boxes: dict[str, Any]
    own: int  # steps that the input itself has
    before: list[str] = field(default_factory=list)
    sentences: list[Sentence] = field(default_factory=list)
    answers: Answers = field(default_factory=Answers)


@dataclass
class Told:
    """One finding."""

    box: Box
    target: Target
    said: str  # by the oracle
    given: str
    expected: str
    holds: str  # what the oracle demands
    step: int | None
    requirements: list[dict[str, Any]]
    report: str  # what its replay printed
    command: str  # needs nothing but this page
    now: str  # what the library in this checkout does
    hex: str = ""  # of an input that is no scenario
    played: Played | None = None
    alike: Alike | None = None  # vectors that show it too
    general: list[dict[str, Any]] = field(default_factory=list)  # further requirements, of the oracle
    others: list[tuple[str, str]] = field(default_factory=list)  # what it also shows as: tokens, and commands

    @property
    def title(self) -> str:
        return f"{self.given}, expected {self.expected}" if self.expected else self.given

    def take_answers(self, played: Played) -> None:
        """Where the oracle does not say what it expects, the first answer that is wrong tells more."""
        self.played = played
        if played.answers.differs and not self.expected:
            self.given, self.expected = played.answers.first()

    def take_vectors(self, alike: Alike | None) -> None:
        """What they are about is nearer than what the oracle is about in general."""
        self.alike = alike
        if alike:
            known = conformance.vectors().requirements()
            self.general = [entry for entry in self.requirements if entry["id"] not in alike.requirements]
            self.requirements = [known[name] for name in alike.requirements]

    def as_object(self) -> dict[str, Any]:
        steps = self.played.answers.steps if self.played else ()
        return {
            "id": self.box.id,
            "given": self.given,
            "expected": self.expected,
            "holds": self.holds,
            "requirements": [entry["id"] for entry in self.requirements],
            "step": self.step,
            "did": [f"{each.who} {each.text}" for each in self.played.sentences] if self.played else [],
            "answers": [[step.number, step.given, step.expected, bool(step.differences)] for step in steps],
            "vectors": {"count": self.alike.count, "first": self.alike.id} if self.alike else None,
            "command": self.command,
            "now": self.now,
        }


def holds(kind: str) -> str:
    """What must hold, in the oracles' own words."""
    return dict(HOLDS.findall(ORACLES.read_text())).get(kind, NO_FAULT)


def given_and_expected(report: str) -> tuple[str, str]:
    """An oracle's line, taken apart where it says both."""
    said = re.sub(r"^oracle [\w-]+: ", "", report)
    given, comma, expected = said.rpartition(", expected ")
    return (given, expected) if comma else (said, "")


def readable(report: str) -> str:
    """An oracle ends the program by a signal; what the sanitizer says of that, but the stack, is noise."""
    return NOISE.sub("", report.lstrip()) if report.lstrip().startswith("oracle ") else report


def command_of(box: Box, content: bytes) -> str:
    """Makes the input from the page's own text, and runs it."""
    folder = f"{PLACE}/{box.id}"
    lines = textwrap.wrap(base64.b64encode(content).decode(), BASE64_COLUMNS) or [""]
    preset = ["--preset", box.preset] if box.preset != "unit" else []
    run = shlex.join(["scripts/repro", f"{folder}/input", "--target", box.target, *preset])
    return "\n".join([f"mkdir -p {folder}", f"base64 -d >{folder}/input <<'END'", *lines, "END", run])


def hex_of(content: bytes) -> str:
    rows = range(0, min(len(content), repro.HEX_BYTES), 16)
    return "\n".join(f"{at:06x}  {content[at : at + 16].hex(' ')}" for at in rows)


def replayed(box: Box, target: Target, played: Path) -> str:
    """What the library in this checkout does with it, in a few words; `played`: what was run, if it fails."""
    log = played.with_suffix(".log")
    argv = [*build.emulator(box.preset), target.replay(box.preset), "--played", played, box.input]
    code = process.run(argv, log, timeout=REPLAY_SECONDS, env=environment())
    if code == process.TIMED_OUT:
        return f"it does not end within {REPLAY_SECONDS} s"
    if not code:
        return "it does not fail"
    token = tokens.token_of(log.read_text(errors="replace"))
    return "it fails in the same way" if str(token) == box.token else f"it fails in another way: {token}"


def play(path: Path, played: Path) -> Played:
    """Drawn, told and answered as the target has run it, or else as the input says it."""
    conformance.vectors()  # the suite can be imported from here on
    from conformance.matrix import drawing

    own = json.loads(repro.run_tool("json", path))
    shown = played if played.exists() else path
    text = repro.run_tool("json", shown)
    scenario = json.loads(text)
    drawn = repro.run_tool("draw", shown)
    boxes = {"image": "", "steps": []} | drawing.take_apart(drawn)
    found = Played(text, drawn, boxes, len(own.get("steps", [])))
    found.before = list(report_words.before(scenario))
    found.sentences = report_words.sentences(scenario, boxes, found.own)
    found.answers = report_answers.compare(scenario)
    return found


def read_text(path: Path, otherwise: str) -> str:
    return path.read_text(errors="replace") if path.exists() else otherwise


def tell(box: Box, target: Target, others: Sequence[Box] = ()) -> Told:
    """Its replay program has to be built. `others` turned out to be the same."""
    if not box.input.exists():
        raise Stop(
            Exit.SETUP,
            f"{findings.shown(box.folder)} is not whole: it has no {box.input.name}; take it out of there",
        )
    content = box.input.read_bytes()
    report = read_text(box.folder / "replay.txt", "(the folder of the finding has no replay.txt)")
    given, expected = given_and_expected(box.report)
    known = conformance.vectors().requirements()
    step = STEP.search(report)
    with tempfile.TemporaryDirectory() as folder:
        played = Path(folder, "played")
        told = Told(
            box=box,
            target=target,
            said=box.report or box.token,
            given=given or box.token,
            expected=expected,
            holds=holds(box.kind),
            step=int(step[1]) if step else None,
            requirements=[known[name] for name in box.requirements if name in known],
            report=readable(report).replace(f"{TOP}/", ""),
            command=command_of(box, content),
            now=replayed(box, target, played),
            others=[
                (each.token, command_of(each, each.input.read_bytes()))
                for each in others
                if each.input.exists()
            ],
        )
        if target.input == "scenario":
            told.take_answers(play(box.input, played))
        else:
            told.hex = hex_of(content)
    return told
