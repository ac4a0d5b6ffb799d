# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
import json
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


NULL = "int f(int x);\nint f(int x)\n{\n    int *p = 0;\n    return x ? *p : 0;\n}\n"
LIKE = (
    "int f(int x);\nint f(int x)\n{\n    if (x) {\n        return 1;\n    } else {\n        return 2; } }\n"
)


@pytest.fixture
def compiled(checkout, monkeypatch, tmp_path):
    """A source that the build compiles twice, the second time for a program that says SECOND."""

    def make(body):
        source = checkout("x.c", body)
        shutil.copy(TOP / ".clang-tidy", tmp_path)
        entries = [
            {"directory": str(tmp_path), "file": str(source), "arguments": ["cc", *flags, "-c", str(source)]}
            for flags in ([], ["-DSECOND"])
        ]
        (tmp_path / "compile_commands.json").write_text(json.dumps(entries))
        monkeypatch.setattr(build, "configure", lambda preset: tmp_path)
        monkeypatch.setattr(lint, "FLAGS", tmp_path / "flags")
        assert lint.compiled_sources([source, checkout("other.c", body)]) == [source]
        return source

    return make


def test_a_source_is_read_once_however_often_it_is_compiled(compiled, tmp_path):
    compiled(LIKE)
    assert len(json.loads((tmp_path / "flags/compile_commands.json").read_text())) == 1


@pytest.mark.parametrize(
    ("body", "kind", "quick"), [(NULL, "NullDereference", False), (LIKE, "else-after", True)]
)
def test_only_the_analyser_is_left_out_when_it_is_quick(compiled, body, kind, quick):
    source = compiled(body)
    assert kind in lint.clang_tidy(source, False).output
    assert lint.clang_tidy(source, True).clean is not quick


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
