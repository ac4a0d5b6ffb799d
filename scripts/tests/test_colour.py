# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Colours are for a terminal that has them and a person who wants them; the words are the same without."""

import re

import pytest
from terminal import Terminal
from vvs_tools import TOP, build, console

pytestmark = pytest.mark.slow

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
TOOLS = build.directory("unit") / "fuzz"
SEED = "corpus/tx_packet/seed/tx-framing-split-header-1"
PLAIN: dict[str, str | None] = {"CI": None, "NO_COLOR": None, "TERM": "xterm-256color", "COLORTERM": None}
ASKED: tuple[dict[str, str | None], ...] = (
    {"NO_COLOR": "1"},
    {"TERM": "dumb"},
    {"TERM": None},
    {"CI": "true"},
    {"NO_COLOR": "1", "FORCE_COLOR": "1", "CLICOLOR_FORCE": "1"},
)
COMMAND = ["scripts/repro", SEED]


def shown(argv: list[str], **env: str | None) -> str:
    with Terminal(argv, PLAIN | env) as terminal:
        return terminal.whole().replace("\r\n", "\n")


def test_a_terminal_has_colours_and_a_pipe_the_same_words(script):
    text = shown(COMMAND)
    assert COLOUR.search(text)
    forced = script("repro", SEED, FORCE_COLOR="1", CLICOLOR_FORCE="1", PY_COLORS="1", TERM="xterm")
    assert "\x1b" not in forced.stdout + forced.stderr
    for line in forced.stdout.splitlines():
        assert line in ESCAPE.sub("", text)


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_who_wants_none_gets_none(asked):
    text = shown(COMMAND, **asked)
    assert "no finding" in text
    assert not COLOUR.search(text)
    if "NO_COLOR" not in asked:  # which says nothing of a line that is written over
        assert "\x1b" not in text


def test_children_write_none_into_a_log(script):
    done = script(
        "test",
        "--stage",
        "tools",
        "--filter",
        "no_such_test",
        FORCE_COLOR="1",
        PY_COLORS="1",
        CLICOLOR_FORCE="1",
    )
    assert "deselected" in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(
    "argv",
    [
        ["scripts/setup", "--check"],
        ["scripts/setup", "--bogus"],
        ["scripts/fuzz", "--help"],
        ["scripts/fuzz", "--bogus"],
        [str(TOOLS / "scn"), "draw", SEED],
        [str(TOOLS / "scn"), "draw", "no-such-file"],
        [str(TOOLS / "vvs-run"), "--bogus"],
        [str(TOOLS / "replay-tx_packet"), "-v", SEED],
        [str(TOOLS / "replay-tx_packet"), "no-such-file"],
    ],
    ids=lambda argv: " ".join(argv).removeprefix(f"{TOP}/"),
)
def test_these_have_none_even_on_a_terminal(argv):
    text = shown(argv)
    assert text.strip()
    assert "\x1b" not in text


def test_no_colour_is_not_bold_either(monkeypatch, capsys):
    monkeypatch.setattr(console.sys.stdout, "isatty", lambda: True)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    console.make_console().print("FINDING", style="bold red")
    assert capsys.readouterr().out == "FINDING\n"


def test_a_dumb_terminal_is_told_now_and_then(monkeypatch):
    """Where no line can be written over there is one each half minute, as in a log."""
    monkeypatch.setattr(console.sys.stdout, "isatty", lambda: True)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "dumb")
    assert console.Progress(console.make_console(), "unit").status is None
    monkeypatch.setenv("TERM", "xterm")
    assert console.Progress(console.make_console(), "unit").status is not None
