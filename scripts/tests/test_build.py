# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
import fcntl

import pytest
from vvs_tools import build
from vvs_tools.console import Exit, Stop

VISIBLE = [name for name, preset in build.presets().items() if not preset.get("hidden")]


@pytest.fixture
def tools(monkeypatch):
    """Only these programs are on PATH."""

    def only(*names):
        monkeypatch.setattr(build.shutil, "which", lambda name: name if name in names else None)
        build.llvm_tool.cache_clear()

    yield only
    build.llvm_tool.cache_clear()


def test_newest_llvm_up_to_19_is_taken(tools):
    tools("clang-14", "clang-16", "clang-22")
    assert build.llvm_tool("clang") == "clang-16"
    assert build.compiler("unit-m32") == "clang-16"


def test_no_llvm_is_a_setup_failure(tools):
    tools("clang")
    with pytest.raises(Stop, match="scripts/setup") as stop:
        build.llvm_tool("clang")
    assert stop.value.code is Exit.SETUP


def test_presets_keep_the_compiler_they_name(tools):
    tools("clang-19")
    assert build.compiler("unit-gcc") == "gcc"
    assert build.compiler("unit-s390x") == "s390x-linux-gnu-gcc"


@pytest.mark.parametrize("name", VISIBLE)
def test_every_preset_has_a_compiler_and_a_build_preset(name):
    assert build.compiler(name)
    names = [
        preset["name"]
        for preset in build.json.loads((build.TOP / "CMakePresets.json").read_text())["buildPresets"]
    ]
    assert name in names


def test_unknown_preset_is_bad_usage():
    with pytest.raises(Stop, match="no preset nosuch") as stop:
        build.build("nosuch")
    assert stop.value.code is Exit.USAGE


def test_a_preset_is_built_by_one_command_at_a_time(monkeypatch, tmp_path):
    monkeypatch.setattr(build, "BUILD", tmp_path)
    with build.locked("unit"), (tmp_path / "unit" / ".lock").open() as second, pytest.raises(BlockingIOError):
        fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_failing_build_carries_the_command_that_repeats_it(monkeypatch, tmp_path):
    monkeypatch.setattr(build, "BUILD", tmp_path)
    monkeypatch.setattr(build, "commands", lambda *_: [["true"], ["sh", "-c", "echo broken; exit 1"]])
    with pytest.raises(build.BuildFailed) as failure:
        build.build("unit", log=tmp_path / "log")
    assert failure.value.command == "true && sh -c 'echo broken; exit 1'"
    assert failure.value.log.read_text() == "broken\n"
