# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
import errno
import os
import sys

import click
import pytest
from vvs_tools import console
from vvs_tools.console import Exit, Stop


def ended(callback, capsys, *argv):
    """The exit code and stderr of a command with this body."""

    command = click.Command("toy", callback=callback)
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as end:
        patch.setattr("sys.argv", ["toy", *argv])
        console.main(command, "toy")
    return end.value.code, capsys.readouterr().err


def raising(error):
    def body():
        raise error

    return body


def test_every_end_has_its_code(capsys):
    assert ended(lambda: None, capsys) == (0, "")
    assert ended(lambda: Exit.FINDINGS, capsys) == (1, "")
    assert ended(raising(Stop(Exit.SETUP, "no disk")), capsys) == (3, "scripts/toy: no disk\n")
    assert ended(raising(KeyboardInterrupt()), capsys) == (130, "\nscripts/toy: interrupted\n")
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "corpus")
    code, line = ended(raising(full), capsys)
    assert code == 3
    assert line.startswith("scripts/toy: [Errno 28] No space left on device: 'corpus'; ")
    code, text = ended(raising(ZeroDivisionError()), capsys)
    assert code == 3  # not 1: nothing was found
    assert "Traceback" in text
    assert text.splitlines()[-1].startswith("scripts/toy: a fault of its own")
    code, line = ended(lambda: None, capsys, "--bogus")
    assert code == 2
    assert line.startswith("scripts/toy: No such option")


def test_what_forces_colours_reaches_no_child(capsys, monkeypatch):
    for name in console.FORCING:
        monkeypatch.setenv(name, "1")
    assert ended(lambda: sys.exit(any(name in os.environ for name in console.FORCING)), capsys)[0] == 0


def test_what_is_printed_stays_as_it_is(capsys, monkeypatch):
    monkeypatch.setenv("CI", "true")
    text = "x.c:100:[bold] " + "long " * 100
    console.make_console().print(text, style="red")
    assert capsys.readouterr().out == text + "\n"


def test_without_a_terminal_there_is_one_line_each_30_seconds(capsys, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(console.time, "monotonic", lambda: now[0])
    with console.Progress(console.make_console(), "unit") as progress:
        for _ in range(65):
            now[0] += 1
            progress.tick("busy")
    assert capsys.readouterr().out.splitlines() == ["unit  30 s  busy", "unit  60 s  busy"]
