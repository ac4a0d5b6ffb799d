# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A program on a terminal of its own."""

import os
import pty
import select
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from vvs_tools import TOP

ANSWERS_S = 60.0


class Terminal:
    """What is typed there, and what is shown."""

    def __init__(self, argv: Sequence[str | Path], env: dict[str, str | None]) -> None:
        """`env` is added to ours; None takes a variable away."""
        self.seen = ""
        self.own, theirs = pty.openpty()
        added = {name: value for name, value in (os.environ | env).items() if value is not None}
        self.process = subprocess.Popen(
            argv, cwd=TOP, env=added, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.own)

    def type(self, text: str) -> None:
        os.write(self.own, text.encode())

    def read(self, until: float) -> bool:
        """Take up what is shown next; false at its end."""
        ready, _, _ = select.select([self.own], [], [], max(0.0, until - time.monotonic()))
        assert ready, f"nothing more behind {self.seen!r}"
        try:
            found = os.read(self.own, 4096)
        except OSError:  # Linux: the program has closed its side
            return False
        self.seen += found.decode(errors="replace")
        return bool(found)

    def wait_for(self, text: str) -> None:
        """Until it is shown, whatever is written around it; what came before is forgotten."""
        until = time.monotonic() + ANSWERS_S
        while text not in self.seen:
            assert self.read(until), f"ended before {text!r}: {self.seen!r}"
        self.seen = self.seen.partition(text)[2]

    def whole(self) -> str:
        """All that it shows until it ends."""
        until = time.monotonic() + ANSWERS_S
        while self.read(until):
            pass
        self.process.wait(ANSWERS_S)
        return self.seen
