# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
import shutil

import pytest
from click.testing import CliRunner
from vvs_tools import TOP, build, lint, tidy
from vvs_tools.console import Exit

LAID_OUT = "int f(void);\n\nint f(void)\n{\n    return 1;\n}\n"


@pytest.fixture
def checkout(monkeypatch, tmp_path, write):
    """A checkout in tmp_path with our configuration of the tools."""
    monkeypatch.setattr(lint, "TOP", tmp_path)
    monkeypatch.setattr(tidy, "TOP", tmp_path)
    for name in (".clang-format", "pyproject.toml"):
        shutil.copy(TOP / name, tmp_path / name)
    return write


@pytest.mark.parametrize(
    ("check", "name", "bad", "good"),
    [
        (lambda files: lint.clang_format(files, False), "x.c", "int f( void );\n", LAID_OUT),
        (lambda files: lint.ruff(files, False), "x.py", "import os\n", "X = 1\n"),
        (lambda files: lint.ruff(files, False), "x.py", "X = {  }\n", "X = {}\n"),
        (lint.shellcheck, "x", "#!/usr/bin/env bash\nrm $1\n", '#!/usr/bin/env bash\nrm "$1"\n'),
        (lint.own_rules, "x.c", LAID_OUT, f"/* {tidy.LICENCE} */\n{LAID_OUT}"),
    ],
)
def test_each_check_finds_its_fault_and_only_that(checkout, check, name, bad, good):
    found = check([checkout(name, bad)])
    assert not found.clean
    assert name in found.output
    assert check([checkout(name, good)]).clean


def test_fix_mends_the_layout(checkout):
    source, script = checkout("x.c", "int  x ;\n"), checkout("x.py", "X  =  {  }\n")
    assert lint.clang_format([source], True).clean
    assert lint.ruff([script], True).clean
    assert (source.read_text(), script.read_text()) == ("int x;\n", "X = {}\n")


@pytest.mark.parametrize(("clean", "code"), [(True, Exit.CLEAN), (False, Exit.FINDINGS)])
def test_any_finding_is_exit_1(monkeypatch, clean, code):
    checks = [lint.Check("one", "", True), lint.Check("two", "x.c:1: why", clean)]
    monkeypatch.setattr(lint, "tasks", lambda *_: [lambda check=check: check for check in checks])
    done = CliRunner().invoke(lint.cli, [], standalone_mode=False)
    assert done.return_value == code
    assert ("x.c:1: why" in done.output) is not clean


def test_a_broken_configuration_names_the_command(monkeypatch, tmp_path):
    def broken(preset):
        raise build.BuildFailed(preset, tmp_path / "log", "make it so")

    monkeypatch.setattr(build, "configure", broken)
    done = CliRunner().invoke(lint.cli, [], standalone_mode=False)
    assert "repeat: make it so" in str(done.exception)
