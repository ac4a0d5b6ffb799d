# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
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
    code, line = ended(lambda: None, capsys, "--bogus")
    assert code == 2
    assert line.startswith("scripts/toy: No such option")


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
