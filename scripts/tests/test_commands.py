# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What holds for every command: help with examples, one clear line for bad usage."""

import os

import pytest
from vvs_tools import TOP

pytestmark = pytest.mark.slow

HELPERS = ("launch.bash",)
COMMANDS = sorted(
    path.name
    for path in (TOP / "scripts").iterdir()
    if path.is_file() and os.access(path, os.X_OK) and path.name not in HELPERS
)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_examples(script, name):
    done = script(name, "--help")
    assert done.returncode == 0, done.stderr
    assert f"scripts/{name}" in done.stdout.partition("Examples:")[2]


@pytest.mark.parametrize("name", COMMANDS)
def test_unknown_option_is_one_line_and_exit_2(script, name):
    done = script(name, "--no-such-option")
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "--no-such-option" in done.stderr


def test_ci_runs_scripts_test():
    assert "scripts/test" in (TOP / ".ci" / "run").read_text()
    assert os.access(TOP / ".ci" / "run", os.X_OK)
