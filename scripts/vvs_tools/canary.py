# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The canary: a target with a planted bug. A campaign that does not find it would have found no other."""

import shutil
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vvs_tools import engine, findings, targets
from vvs_tools.engines import Engine, LibFuzzer, Run
from vvs_tools.findings import Finding
from vvs_tools.targets import Target

# Half of all PRNG seeds need fewer than 1,000 inputs, the worst of sixty 23,000. Bound by inputs, not by
# seconds, it is the same on any machine; the time is for an engine that hangs.
INPUTS = 300_000
SECONDS = 300
# Which oracle sees the planted bug, and what the target says when it commits it.
KIND = "used-len"
PLANTED = "canary: a wrong used length"
# Has the same rule, so what the canary finds besides the planted bug fails there too.
TWIN = "tx_packet"

Child = Callable[..., Generator[None, None, int]]


def canary_twin() -> Target:
    return targets.every()[TWIN]


@dataclass
class Canary:
    """One search for the planted bug, from no input at all, and what came of it."""

    folder: Path
    presets: tuple[str, str]  # whose engine, whose replay
    seed: int
    engine: Engine = field(default_factory=LibFuzzer)
    found: bool = False
    seconds: float = 0.0
    executions: int = 0
    fault: str = ""  # why it was not found
    finding: Finding | None = None  # another bug, that came first
    said: str = ""  # by the replay of that

    def run(self, child: Child, base: Mapping[str, str]) -> Generator[None]:
        """The way of every finding: engine, artifact, replay, kind. Found, it leaves nothing behind."""
        target = targets.every()["canary"]
        corpus, artifacts, log = (self.folder / name for name in ("corpus", "findings", "engine.log"))
        shutil.rmtree(self.folder, ignore_errors=True)
        for folder in (corpus, artifacts):
            folder.mkdir(parents=True)
        run = Run(target, self.presets[0], log, artifacts, [corpus], SECONDS, self.seed, INPUTS)
        began = time.monotonic()
        argv, env = self.engine.start(run, base)
        code = yield from child(argv, log, SECONDS, **env)
        self.seconds = time.monotonic() - began
        self.executions = self.engine.read(log, self.seconds).executions
        artifact = next(iter(self.engine.end(run)), None)
        if not artifact:
            self.fault = f"not found in {self.executions:,} inputs (exit code {code})"
            return
        replayed = self.folder / "replay.log"
        code = yield from child([target.replay(self.presets[1]), artifact], replayed, SECONDS)
        self.judge(artifact, code, engine.log_tail(replayed))

    def judge(self, artifact: Path, code: int, text: str) -> None:
        kind = findings.kind_of(text)
        engine_saw = engine.log_tail(self.folder / "engine.log")
        if not code and PLANTED in engine_saw:
            self.fault = "found, but its replay does not fail"
        elif not code:
            seen = findings.kind_of(engine_saw)
            self.fault = f"not found: another failure came first, {seen}, which a replay does not show"
        elif PLANTED not in text:
            self.fault = f"not found: another bug came first, {kind}"
            command = findings.repro_command(artifact, TWIN, self.presets[1])
            self.finding = Finding(artifact, kind, command, findings.report_of(text))
            self.said = text
        elif kind != KIND:
            self.fault = f"found, but as {kind} and not as {KIND}"
        else:
            self.found = True
            shutil.rmtree(self.folder)

    def as_object(self) -> dict[str, object]:
        told = {"found": self.found, "seconds": round(self.seconds, 2), "executions": self.executions}
        told |= {"fault": self.fault} if self.fault else {}
        return told | ({"finding": self.finding.as_object()} if self.finding else {})
