# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The committed inputs and the vectors on this tree, or on another one: what of them fails."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vvs_tools import TOP, corpus, engine, findings, process, sanitizers, shrinking, tokens, triaging
from vvs_tools.boxes import Box, Boxes
from vvs_tools.console import Exit, Stop
from vvs_tools.findings import Finding
from vvs_tools.gate_failure import Held
from vvs_tools.targets import Target

PRESET = "unit"
BATCH_SECONDS = 120
VECTORS_SECONDS = 900
TIMEOUT_TEXT = f"\nSUMMARY: libFuzzer: timeout\nended after {triaging.REPLAY_SECONDS} s\n"
DOUBT = "fails only behind other inputs"


@dataclass
class Replayed:
    """The committed inputs of one target."""

    target: Target
    inputs: int
    failed: dict[Path, str] = field(default_factory=dict)  # which finding each shows


class Replay:
    """Of all of them; what fails is laid down, and counted where it is known."""

    def __init__(self, boxes: Boxes, work: Path, tick: Callable[[], None]) -> None:
        self.boxes = boxes
        self.log = work / "replay.log"
        self.tick = tick

    def run(self, target: Target) -> Replayed:
        inputs = [path for name in (target.name, *target.borrows) for path in corpus.files(name)]
        if not inputs:
            raise Stop(
                Exit.NOTHING_RAN,
                f"{target.name}: no input in corpus/{target.name}; get it back: git checkout corpus",
            )
        done = Replayed(target, len(inputs))
        for path, text in self.failing(target, inputs):
            done.failed[path] = self.keep(target, path, text).id
        return done

    def failing(self, target: Target, inputs: Sequence[Path]) -> Iterator[tuple[Path, str]]:
        """Those that fail, each with what was printed, which names no place."""
        rest = list(inputs)
        while rest:
            batch = rest[: corpus.BATCH]
            code, text = self.call(target, batch, shrinking.environment(), BATCH_SECONDS)
            failed = findings.replayed(text) if code else None
            if not code:
                rest = rest[len(batch) :]
            elif failed in batch:
                yield failed, text
                rest = rest[batch.index(failed) + 1 :]
            else:
                rest = rest[len(batch) :]
                yield from self.one_by_one(target, batch)

    def one_by_one(self, target: Target, batch: Sequence[Path]) -> Iterator[tuple[Path, str]]:
        """Where a batch ends without a word of which input it was."""
        for path in batch:
            code, text = self.call(target, [path], shrinking.environment(), triaging.REPLAY_SECONDS)
            if code:
                yield path, text

    def call(
        self, target: Target, inputs: Sequence[Path], env: Mapping[str, str], seconds: float
    ) -> tuple[int, str]:
        argv = [target.replay(PRESET), *inputs]
        code = process.run(argv, self.log, timeout=seconds, env=env, tick=self.tick)
        late = TIMEOUT_TEXT if code == process.TIMED_OUT else ""
        return code, engine.log_tail(self.log) + late

    def keep(self, target: Target, path: Path, text: str) -> Box:
        """An oracle's words are a token by themselves; else, or when they are new, the stack is asked for."""
        doubt = ""
        if not tokens.SAID.search(text) or not self.boxes.named(tokens.token_of(text)):
            code, alone = self.call(target, [path], sanitizers.environment(), triaging.REPLAY_SECONDS)
            text, doubt = (alone, "") if code else (text, DOUBT)
        token = tokens.token_of(text)
        command = findings.repro_command(path, target.name, PRESET)
        found = Finding(path, token.kind, command, findings.report_of(text), token.id, doubt)
        return self.boxes.fold(target, PRESET, found, text, 0.0)


@dataclass(frozen=True)
class Vectors:
    """What became of those that were run."""

    ids: list[str]
    held: list[Held]  # that are not held
    unsupported: int


def vectors(
    work: Path, tick: Callable[[], None], ids: Sequence[str] = (), runner: Path | None = None
) -> Vectors:
    """All of them, or some, on this library, or on that of another scenario runner."""
    env = sanitizers.environment({"VVS_RUN": str(runner)} if runner else {})
    env["PYTHONPATH"] = str(TOP / "scripts")
    log = work / ("base-vectors.log" if runner else "vectors.log")
    argv = [TOP / ".venv" / "bin" / "python", "-P", "-m", "vvs_tools.gate_vectors", *ids]
    code = process.run(argv, log, timeout=VECTORS_SECONDS, env=env, tick=tick)
    if code not in (Exit.CLEAN, Exit.FINDINGS):
        why = f"the vectors can't be run: {process.tail(log, 1)} (log: {findings.shown(log)})"
        raise Stop(Exit.USAGE if code == Exit.USAGE else Exit.INCONCLUSIVE, why)
    *held, last = (json.loads(line) for line in log.read_text().splitlines())
    if not last["ids"]:
        raise Stop(
            Exit.NOTHING_RAN,
            "there is no vector in conformance/vectors; get them back: git checkout conformance",
        )
    return Vectors(last["ids"], [Held(**each) for each in held], last["counts"]["unsupported"])
