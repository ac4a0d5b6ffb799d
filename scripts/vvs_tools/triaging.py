# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What is found out about a finding: how small it gets, how often it fails, what other builds say."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vvs_tools import atomic, build, findings, process, promote, sanitizers, shrinking, tokens
from vvs_tools.boxes import SCENARIO, Box, Boxes, Build
from vvs_tools.conformance import vectors
from vvs_tools.console import Progress
from vvs_tools.engine import INPUT_TIMEOUT_S, log_tail
from vvs_tools.targets import Target
from vvs_tools.tokens import Token

SHRINK_SECONDS = 30
BUILD_SECONDS = 1200
RUNS = 10
# Of a target's committed inputs, so many are asked what they show, and such a share shows nothing.
SAMPLE = 200
COMMON = 0.05
PROCESSES = 20
DONE = " inputs, "  # a replay's last line
# A second compiler, and a sanitizer that the engine's build has not.
OTHER_BUILDS = ("unit", "unit-gcc", "unit-msan")
TOOLS_PRESET = "unit"
TOOLS = ("scn", "vvs-run")
REPLAY_SECONDS = 3 * INPUT_TIMEOUT_S

# Yields while a program runs, at most so many seconds; its exit code, or TIMED_OUT.
Child = Callable[..., Generator[None, None, int]]


def run_alone(progress: Progress) -> Child:
    """For those who have no loop that others are in."""

    def child(
        argv: Sequence[str | Path], log: Path, seconds: float, env: Mapping[str, str]
    ) -> Generator[None, None, int]:
        yield
        return process.run(argv, log, timeout=seconds, env=env, tick=progress.tick)

    return child


def build_command(preset: str, target: Target) -> list[str]:
    """Of a program that is there too: the library may have changed since."""
    return [sys.executable, "-P", "-m", "vvs_tools.build", preset, target.replay(preset).name]


def said(code: int, text: str) -> Token | None:
    """What a replay says of its input; None where it does not fail."""
    if code == process.TIMED_OUT:
        return Token("timeout", "")
    return tokens.token_of(text) if code else None


@dataclass
class Triage:
    """Of the findings of one campaign."""

    boxes: Boxes
    targets: Sequence[Target]  # whose replay programs are built
    child: Child
    others: Sequence[str] = ()  # further builds to ask, built first where they are not there
    env: Mapping[str, str] = field(default_factory=sanitizers.environment)

    def run(self, box: Box) -> Generator[None]:
        """To the end; where that was reached, only the builds that it lacks. It may be killed at any
        moment: the next one begins again."""
        target = next((target for target in self.targets if target.name == box.target), None)
        if target is None:
            return
        if box.triaged:
            yield from self.ask_builds(box, target)
            box.write()
            return
        box.builds.clear()
        if not box.doubt:
            yield from self.shrink(box, target)
            yield from self.repeat(box, target)
            yield from self.ask_targets(box, target)
        if not box.same_as:
            yield from self.ask_builds(box, target)
        if target.input == "scenario":
            write_scenario(box)
        box.triaged = True
        box.write()

    def replay(
        self, box: Box, target: Target, preset: str, path: Path
    ) -> Generator[None, None, tuple[Token | None, str]]:
        log = box.folder / f"{atomic.UNDONE}replay"
        argv = [*build.emulator(preset), target.replay(preset), path]
        code = yield from self.child(argv, log, REPLAY_SECONDS, self.env)
        text = log_tail(log)
        log.unlink(missing_ok=True)
        return said(code, text), text

    def shrink(self, box: Box, target: Target) -> Generator[None]:
        """Against its own token: what fails in another way is another finding."""
        small = box.folder / f"{atomic.UNDONE}small"
        log = box.folder / f"{atomic.UNDONE}shrink"
        env = shrinking.environment(stacks=not box.report.startswith("oracle "))
        argv = shrinking.command(target, box.preset, box.original, small, SHRINK_SECONDS)
        yield from self.child(argv, log, SHRINK_SECONDS + 2 * shrinking.CHILD_S, env)
        log.unlink(missing_ok=True)
        if not small.exists():
            return
        token, text = yield from self.replay(box, target, box.preset, small)
        if str(token) == box.token:
            content = small.read_bytes()
            atomic.write(box.input, content)
            atomic.write(box.folder / "replay.txt", text.replace(str(small), findings.shown(box.input)))
            box.bytes_small = len(content)
            box.report = findings.report_of(text)
            box.places = tokens.places(text)
        small.unlink()

    def repeat(self, box: Box, target: Target) -> Generator[None]:
        box.runs = box.failed = 0
        for _ in range(RUNS):
            token, _ = yield from self.replay(box, target, box.preset, box.input)
            box.runs += 1
            box.failed += str(token) == box.token
        box.write()

    def ask_targets(self, box: Box, target: Target) -> Generator[None]:
        """What else is seen of the same input, there and in other targets, going on behind each report: a
        small input has one fault. What inputs show that have nothing to do with it says nothing, though."""
        box.shows = {}
        for other in self.targets:
            if other.input != target.input or not other.goes_on:
                continue
            shown = yield from self.seen(box, other, [box.input])
            told = [token for each in shown for token in each]
            usual = (yield from self.common(box, other)) if told else set()
            kept = [token for token in told if token == box.token or token not in usual]
            if kept and kept != [box.token]:
                box.shows[other.name] = kept
        self.boxes.join(box)

    def seen(
        self, box: Box, target: Target, inputs: Sequence[Path]
    ) -> Generator[None, None, list[list[str]]]:
        """The tokens of all reports, for each input that fails. One that ends the program is the last of its
        process: the next goes on behind it."""
        log = box.folder / f"{atomic.UNDONE}reports"
        found: list[list[str]] = []
        rest = list(inputs)
        for _ in range(PROCESSES):
            argv = [*build.emulator(box.preset), target.replay(box.preset), "--reports", *rest]
            yield from self.child(argv, log, REPLAY_SECONDS, self.env)
            parts = findings.REPLAYED.split(log.read_text(errors="replace"))
            log.unlink(missing_ok=True)
            found += [tokens.all_of(part) for part in parts[:-1:2]]
            last = Path(parts[-2]) if len(parts) > 1 else None
            if DONE in parts[-1] or last not in rest or last == rest[-1]:
                break
            rest = rest[rest.index(last) + 1 :]
        return found

    def common(self, box: Box, target: Target) -> Generator[None, None, set[str]]:
        """Tokens that so many committed inputs of the target show that one more shows nothing."""
        if target.name not in self.boxes.common:
            inputs = [path for folder in target.seeds for path in sorted(folder.iterdir())]
            some = inputs[:: max(1, len(inputs) // SAMPLE)]
            shown = (yield from self.seen(box, target, some)) if some else []
            counts = Counter(token for each in shown for token in each)
            least = max(2, COMMON * len(some))
            self.boxes.common[target.name] = {token for token, count in counts.items() if count >= least}
        return self.boxes.common[target.name]

    def ask_builds(self, box: Box, target: Target) -> Generator[None]:
        for preset in self.others:
            if preset in box.builds:
                continue
            log = box.folder / f"{atomic.UNDONE}build"
            code = yield from self.child(build_command(preset, target), log, BUILD_SECONDS, self.env)
            why = process.tail(log, 1)
            log.unlink(missing_ok=True)
            if code:
                box.builds[preset] = Build(False, f"not built: {why}")
                continue
            token, _ = yield from self.replay(box, target, preset, box.input)
            box.builds[preset] = Build(token is not None, str(token) if token else "no finding")


def tool(*argv: str | Path) -> str:
    """What the scenario tool prints; nothing where it fails."""
    program = build.directory(TOOLS_PRESET) / "fuzz" / "scn"
    done = subprocess.run(
        process.command_line([program, *argv]),
        capture_output=True,
        text=True,
        timeout=REPLAY_SECONDS,
        env=sanitizers.environment(),
    )
    return "" if done.returncode else done.stdout


def write_scenario(box: Box) -> None:
    """The input as a person reads it, and its packets as packet tools do."""
    vectors()  # the suite can be imported from here on
    from conformance.tools import pcap

    if text := tool("json", box.input):
        atomic.write(box.folder / SCENARIO, text)
        box.vector = promote.can_say(box)
    packets = [bytes.fromhex(json.loads(line)["bytes"]) for line in tool("packets", box.input).splitlines()]
    atomic.write(box.folder / "packets.pcap", pcap.capture(packets))
