# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""An adapter's process: a line there, a line back, in time; its end is an outcome, not ours."""

import contextlib
import json
import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from typing import Self

from conformance.runner.vectors import JSON, TOP

TIMEOUT_S = 10.0
GRACE_S = 2.0  # from the end of its output to the end of the process
LONGEST_ANSWER = 256 << 20
CHUNK = 1 << 16
STDERR_LINES = 20


class Gone(Exception):
    """The process ended while it owed an answer."""


class Late(Exception):
    """No answer in time."""


class Garbled(Exception):
    """What came is no answer."""


class Client:
    """Starts the adapter when it is first needed, and again after it had to be ended."""

    def __init__(
        self, argv: Sequence[str], env: Mapping[str, str] | None = None, timeout: float = TIMEOUT_S
    ) -> None:
        self.argv = list(argv)
        self.env = env
        self.timeout = timeout
        self.child: subprocess.Popen[bytes] | None = None
        self.said = b""  # and not yet read by anyone
        self.answered = 0  # by the process that runs
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as this object)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        self.log.close()

    def start(self) -> subprocess.Popen[bytes]:
        if self.child is None:
            self.log.seek(0)
            self.log.truncate()
            self.said = b""
            self.answered = 0
            self.child = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *self.argv],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.log,
                cwd=TOP,
                env=self.env,
                start_new_session=True,
            )
            for pipe in (self.child.stdin, self.child.stdout):
                os.set_blocking(pipe.fileno(), False)
        return self.child

    def end(self) -> None:
        """End the process and all that it started."""
        if self.child is None:
            return
        child, self.child = self.child, None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        for pipe in (child.stdin, child.stdout):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()

    def ask(self, request: JSON) -> JSON:
        """The answer to a request. Whatever goes wrong ends the process; the next request starts another."""
        try:
            answer = self._parsed(self._exchange(json.dumps(request, separators=(",", ":")).encode() + b"\n"))
        except (Gone, Late, Garbled):
            self.end()
            raise
        self.answered += 1
        return answer

    def stderr(self) -> str:
        """The last lines that it wrote for people."""
        size = self.log.seek(0, os.SEEK_END)
        self.log.seek(max(0, size - CHUNK))
        text = self.log.read().decode(errors="replace")
        return "\n".join(text.strip().splitlines()[-STDERR_LINES:])

    def _exchange(self, line: bytes) -> bytes:
        child = self.start()
        self._drain()
        if self.said:
            raise Garbled(f"a line that nobody asked for: {_short(self.said)}")
        deadline = time.monotonic() + self.timeout
        rest = memoryview(line)
        while b"\n" not in self.said:
            left = deadline - time.monotonic()
            if left <= 0:
                raise Late(f"no answer in {self.timeout:g} s")
            readable, writable, _ = select.select([child.stdout], [child.stdin] if rest else [], [], left)
            if writable:
                try:
                    rest = rest[os.write(child.stdin.fileno(), rest[:CHUNK]) :]
                except BrokenPipeError:
                    rest = rest[:0]
            if readable and not self._take(child):
                raise Gone(self._how_it_ended(child))
        answer, _, self.said = self.said.partition(b"\n")
        return answer

    def _take(self, child: subprocess.Popen[bytes]) -> bool:
        """Read what is there; False at the end of its output."""
        part = os.read(child.stdout.fileno(), CHUNK)
        self.said += part
        if len(self.said) > LONGEST_ANSWER:
            raise Garbled(f"an answer of more than {LONGEST_ANSWER >> 20} MiB")
        return bool(part)

    def _drain(self) -> None:
        """Read what came since the last answer."""
        child = self.start()
        while select.select([child.stdout], [], [], 0)[0] and self._take(child):
            pass

    def _how_it_ended(self, child: subprocess.Popen[bytes]) -> str:
        try:
            code = child.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            return "closed its output without an answer"
        how = f"ended by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}, no answer"
        return "\n".join(part for part in (how, self.stderr()) if part)

    def _parsed(self, line: bytes) -> JSON:
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError):
            raise Garbled(f"not JSON: {_short(line)}") from None
        if not isinstance(answer, dict):
            raise Garbled(f"no JSON object: {_short(line)}")
        return answer


def _short(line: bytes) -> str:
    text = line[:120].decode(errors="replace")
    return text if len(line) <= 120 else f"{text}..."
