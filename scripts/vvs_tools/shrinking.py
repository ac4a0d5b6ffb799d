# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A failing input made as small as it gets while it fails in the same way."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vvs_tools import OUT, build, findings, process, sanitizers
from vvs_tools.console import Exit, Stop
from vvs_tools.targets import Target

DONE = re.compile(
    r"^minimised: (?P<token>[\w-]+), (?P<before>\d+) to (?P<after>\d+) bytes, (?P<tried>\d+) candidates, "
    r"(?P<end>finished|out of time)$",
    re.MULTILINE,
)
# An oracle is known by its words. Stacks cost a tenth of a second each, and tell one sanitizer's report from
# another one of its kind.
NO_STACKS = "symbolize=0"
SECONDS = 60.0
CHILD_S = 10  # that long one candidate may run: fuzz/driver/minimise.c


@dataclass(frozen=True)
class Minimised:
    """What is left of an input, and what that took."""

    file: Path
    token: str
    before: int
    after: int
    tried: int
    finished: bool  # otherwise the time was up

    def __str__(self) -> str:
        end = "" if self.finished else ", out of time"
        return f"{self.before} to {self.after} bytes by {self.tried} candidates{end}"


def folder(target: Target) -> Path:
    """Named after the target, so that scripts/repro knows which one it is."""
    return OUT / "minimised" / target.name


def environment(stacks: bool = False) -> dict[str, str]:
    """For the command below; `stacks` where no oracle has said what is wrong."""
    env = sanitizers.environment()
    return (
        env
        if stacks
        else {
            name: f"{value}:{NO_STACKS}"
            if name.endswith("_OPTIONS") and name in sanitizers.OPTIONS
            else value
            for name, value in env.items()
        }
    )


def command(target: Target, preset: str, path: Path, out: Path, seconds: float) -> list[str | Path]:
    """Writes to `out` what is left of an input that fails in the replay program of `preset`. The last
    candidate may take CHILD_S more than `seconds`."""
    out.parent.mkdir(parents=True, exist_ok=True)
    argv = [*build.emulator(preset), target.replay(preset)]
    return [*argv, "--minimise", out, "--seconds", f"{max(1, round(seconds))}", path]


def read(log: Path, out: Path) -> Minimised | None:
    """What the command above printed; None where it has no result."""
    done = DONE.search(log.read_text(errors="replace"))
    if done is None:
        return None
    sizes = (int(done[name]) for name in ("before", "after", "tried"))
    return Minimised(out, done["token"], *sizes, done["end"] == "finished")


def minimise(
    target: Target,
    preset: str,
    path: Path,
    out: Path,
    seconds: float,
    tick: Callable[[], None] = lambda: None,
) -> Minimised | None:
    """Minimise to the end; None when the input does not fail."""
    argv = command(target, preset, path, out, seconds)
    log = OUT / "minimised" / f"{target.name}-{preset}.log"
    code = process.run(argv, log, timeout=seconds + 2 * CHILD_S, env=environment(), tick=tick)
    if code == Exit.CLEAN:
        return None
    done = read(log, out)
    if code != Exit.FINDINGS or done is None:
        why = f"can't minimise {findings.shown(path)}: {process.tail(log, 1)}"
        raise Stop(Exit.SETUP, f"{why}; its log tells why: {findings.shown(log)}")
    return done
