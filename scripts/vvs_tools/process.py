# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Children that never outlive us: a process group each, ended with it, and killed when we die."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from vvs_tools import TOP

TIMED_OUT = 124  # as timeout(1)
GRACE_S = 3.0
POLL_S = 0.1


def command_line(argv: Sequence[str | Path]) -> list[str]:
    """`argv` such that the child is killed when we die, even by SIGKILL."""
    return ["setpriv", "--pdeathsig", "KILL", "--", *map(str, argv)]


def start(
    argv: Sequence[str | Path], out: BinaryIO, env: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start in a process group of its own with all output in `out`; whoever starts it ends it."""
    return subprocess.Popen(
        command_line(argv),
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=subprocess.STDOUT,
        cwd=TOP,
        env=env,
        start_new_session=True,
    )


def end(child: subprocess.Popen[bytes]) -> None:
    """End the child and its whole process group: politely, then not."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(child.pid, number)
        except ProcessLookupError:
            break
        try:
            child.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            continue
    child.wait()


def run(
    argv: Sequence[str | Path],
    log: Path,
    *,
    timeout: float | None = None,
    env: Mapping[str, str] | None = None,
    tick: Callable[[], None] = lambda: None,
    append: bool = False,
) -> int:
    """Run to the end with all output in `log`; the exit code, or TIMED_OUT."""
    log.parent.mkdir(parents=True, exist_ok=True)
    deadline = None if timeout is None else time.monotonic() + timeout
    with log.open("ab" if append else "wb") as out:
        child = start(argv, out, env)
    try:
        while True:
            try:
                return child.wait(POLL_S)
            except subprocess.TimeoutExpired:
                tick()
            if deadline is not None and time.monotonic() > deadline:
                end(child)
                with log.open("a") as out:
                    out.write(f"\nended after {timeout:.0f} s\n")
                return TIMED_OUT
    except BaseException:
        end(child)
        raise


def processor_seconds(pid: int) -> float:
    """Of a process and its descendants, and of those whose end one of them has seen."""
    ticks: dict[int, int] = {}
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name before the bracket may hold anything.
            fields = path.read_text(errors="replace").rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        own = int(path.parent.name)
        children.setdefault(int(fields[1]), []).append(own)
        ticks[own] = sum(map(int, fields[11:15]))
    total, rest = 0, [pid]
    while rest:
        own = rest.pop()
        total += ticks.get(own, 0)
        rest += children.get(own, ())
    return total / os.sysconf("SC_CLK_TCK")


def tail(log: Path, lines: int = 40) -> str:
    """The last lines of a log."""
    text = log.read_text(errors="replace").rstrip() if log.exists() else ""
    return "\n".join(text.splitlines()[-lines:])
