# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""TAB, as a person presses it."""

import shutil
import subprocess

import pytest
from terminal import Terminal
from vvs_tools import TOP

SHELLS = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"]}


@pytest.fixture(params=SHELLS)
def shell(request, tmp_path):
    if not shutil.which(request.param):
        # Only the stage readers installs the shells that Debian has not by itself; there none is missing.
        pytest.skip(f"no {request.param} here (scripts/setup --group readers)")
    env = {"TERM": "xterm", "PS1": "$ ", "HOME": str(tmp_path), "ZDOTDIR": str(tmp_path)}
    with Terminal(SHELLS[request.param], env) as opened:
        if request.param == "zsh":
            opened.type("autoload -Uz compinit && compinit -u -D\n")
        opened.type(f"source <(scripts/completion {request.param}); echo re''ady\n")
        opened.wait_for("ready")
        yield opened


def test_tab_completes_a_target(shell):
    shell.type("scripts/fuzz tx_p\t")
    shell.wait_for("tx_packet")
    shell.type("--sani\t")
    shell.wait_for("--sanitizer")


def test_tab_runs_no_other_scripts(shell, tmp_path, write):
    """Many a project has a scripts/test, which knows nothing of completion and would simply run."""
    write("scripts/test", f"#!/bin/sh\ntouch {tmp_path}/ran\n", 0o755)
    shell.type(f"cd {tmp_path}; echo th''ere\n")
    shell.wait_for("there")
    shell.type("scripts/test --qui\t")
    shell.type("\x15echo do''ne\n")  # what was typed is taken back
    shell.wait_for("done")
    assert not (tmp_path / "ran").exists()


def test_fish_takes_it():
    if not shutil.which("fish"):
        # As above.
        pytest.skip("no fish here (scripts/setup --group readers)")
    asked = (
        'scripts/completion fish | source; complete -C "scripts/fuzz tx"; complete -C "./scripts/zoo tx-i"'
    )
    done = subprocess.run(["fish", "--no-config", "-c", asked], cwd=TOP, capture_output=True, text=True)
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == ["tx_packet", "tx-inline-len"]
