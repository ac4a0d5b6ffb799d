# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""How every command ends, and what it shows while it runs."""

import enum
import os
import signal
import sys
import time
import traceback
from contextlib import AbstractContextManager
from types import FrameType, TracebackType
from typing import NoReturn, Self, TextIO

import click
from rich.console import Console
from rich.status import Status

HEARTBEAT_S = 30
# What makes programs write colours into a pipe: ours are read, or shown from a log.
FORCING = ("FORCE_COLOR", "CLICOLOR_FORCE", "PY_COLORS", "CARGO_TERM_COLOR")
# By this variable a shell asks a command what could come next; click answers.
COMPLETE = "_VVS_COMPLETE"


class Exit(enum.IntEnum):
    """The exit codes of all commands."""

    CLEAN = 0
    FINDINGS = 1
    USAGE = 2
    SETUP = 3
    INCONCLUSIVE = 4
    NOTHING_RAN = 5
    INTERRUPTED = 130


class Stop(Exception):
    """Ends the command with one line and an exit code."""

    def __init__(self, code: Exit, message: str) -> None:
        super().__init__(message)
        self.code = code


def in_ci() -> bool:
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


def is_live(stream: TextIO) -> bool:
    """Whether it is a terminal on which a line can be written over."""
    return stream.isatty() and not in_ci() and os.environ.get("TERM", "") not in ("", "dumb", "unknown")


def make_console(stderr: bool = False) -> Console:
    """A console that never wraps or reads markup or emoji names in what it is given. It has colours on a
    terminal alone, and there unless NO_COLOR is set; none of them says what no word says."""
    live = is_live(sys.stderr if stderr else sys.stdout)
    return Console(
        stderr=stderr,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
        force_terminal=live,
        color_system="auto" if live and not os.environ.get("NO_COLOR") else None,
    )


class Progress(AbstractContextManager["Progress"]):
    """A live line on a terminal; elsewhere one line each HEARTBEAT_S seconds."""

    def __init__(self, console: Console, title: str) -> None:
        self.console = console
        self.title = title
        self.began = self.spoke = time.monotonic()
        self.status = Status(title, console=console) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self.status:
            self.status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.status:
            self.status.stop()

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.began

    def tick(self, detail: str = "") -> None:
        """Called often; shows the time that went by and `detail`."""
        line = f"{self.title}  {self.elapsed:.0f} s  {detail}".rstrip()
        if self.status:
            self.status.update(line)
        elif time.monotonic() - self.spoke >= HEARTBEAT_S:
            self.spoke = time.monotonic()
            self.console.print(line)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def main(command: click.Command, name: str) -> NoReturn:
    """Run `command` as scripts/`name`: usage errors are one line, every end is a documented exit code."""
    program = f"scripts/{name}"
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    for variable in FORCING:
        os.environ.pop(variable, None)
    try:
        code = command.main(prog_name=program, complete_var=COMPLETE, standalone_mode=False) or Exit.CLEAN
    except click.ClickException as error:
        print(f"{program}: {error.format_message()} (see {program} --help)", file=sys.stderr)
        code = Exit.USAGE
    except Stop as stop:
        print(f"{program}: {stop}", file=sys.stderr)
        code = stop.code
    except (KeyboardInterrupt, click.Abort):
        print(f"{program}: interrupted", file=sys.stderr)
        code = Exit.INTERRUPTED
    except OSError as error:
        print(f"{program}: {error}; see to the room and the rights there, then try again", file=sys.stderr)
        code = Exit.SETUP
    except Exception:  # Python would end with 1, which stands for findings
        traceback.print_exc()
        print(f"{program}: a fault of its own, and no verdict; report what is above", file=sys.stderr)
        code = Exit.SETUP
    sys.exit(int(code))
