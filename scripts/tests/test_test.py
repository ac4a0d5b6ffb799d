# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/test on stages of its own, so that the real ones need not run inside themselves."""

import pytest
from click.testing import CliRunner
from vvs_tools import build, test
from vvs_tools.console import Exit
from vvs_tools.test import Kind, Level, Stage


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Runs scripts/test with these stages; the exit code and the lines it prints."""
    monkeypatch.setattr(test, "LOGS", test.OUT / "test-of-test" / tmp_path.name)

    def go(stages, *argv):
        monkeypatch.setattr(test, "STAGES", tuple(stages))
        done = CliRunner().invoke(test.cli, argv, standalone_mode=False)
        if done.exception:
            raise done.exception
        return done.return_value, done.output.splitlines()

    return go


def check(name: str, body: str, level: Level = Level.QUICK) -> Stage:
    return Stage(name, Kind.CHECK, level, ("sh", "-c", body), timeout_s=5)


def pytest_stage(write, body: str) -> Stage:
    return Stage("py", Kind.PYTEST, Level.QUICK, (str(write("test_inner.py", body)),))


def test_checks_do_not_count_when_they_pass(run):
    code, lines = run([check("a", "true")])
    assert code == Exit.CLEAN
    assert lines[-1] == "0 passed, 0 failed"


def test_a_failed_check_counts_once_and_shows_log_and_command(run):
    code, lines = run([check("a", "echo it broke; exit 9"), check("b", "true")])
    assert code == Exit.FINDINGS
    assert lines[-1] == "0 passed, 1 failed"
    assert "it broke" in lines
    assert any(line.startswith("  repeat: sh -c") for line in lines)
    assert any(line.startswith("b ") for line in lines)


def test_pytest_results_are_counted(run, write, tmp_path):
    body = (
        "import pytest\ndef test_a(): pass\ndef test_b(): assert 0\n@pytest.mark.skip\ndef test_c(): pass\n"
    )
    code, lines = run([pytest_stage(write, body)], "--junit", str(tmp_path / "j.xml"))
    assert code == Exit.FINDINGS
    assert lines[-1] == "1 passed, 1 failed, 1 skipped"
    assert "  repeat: scripts/test --stage py" in lines
    assert 'tests="3" failures="1" skipped="1"' in (tmp_path / "j.xml").read_text()


def test_a_stage_may_do_less_when_it_is_quick(run):
    stage = Stage("a", Kind.CHECK, Level.QUICK, ("false",), quick=("true",))
    assert run([stage], "--quick")[0] == Exit.CLEAN
    assert run([stage])[0] == Exit.FINDINGS
    whole = Stage("a", Kind.CHECK, Level.QUICK, ("false",))
    assert run([whole], "--quick")[0] == Exit.FINDINGS


def test_quick_leaves_slow_tests_out(run, write):
    body = "import pytest\n@pytest.mark.slow\ndef test_a(): pass\ndef test_b(): pass\n"
    assert run([pytest_stage(write, body)], "--quick")[1][-1] == "1 passed, 0 failed"
    lines = run([pytest_stage(write, body)])[1]
    assert lines[0].startswith("py ")
    assert lines[0].endswith("2 passed, 0 failed")
    assert lines[-1] == "2 passed, 0 failed"


def test_a_stage_without_a_test_fails_as_nothing_ran(run, write):
    code, lines = run([pytest_stage(write, "")])
    assert code == Exit.NOTHING_RAN
    assert lines[-1] == "0 passed, 1 failed"
    assert any("no test ran" in line for line in lines)


def test_a_stage_that_hangs_is_ended(run):
    code, lines = run([Stage("a", Kind.CHECK, Level.QUICK, ("sleep", "60"), timeout_s=1)])
    assert code == Exit.FINDINGS
    assert any("ended after 1 s" in line for line in lines)


def test_a_broken_build_fails_the_stage_with_its_command(run, monkeypatch):
    def broken(preset, log, **_):
        log.write_text("cc: no")
        raise build.BuildFailed(preset, log, "make it so")

    monkeypatch.setattr(build, "build", broken)
    test.LOGS.mkdir(parents=True, exist_ok=True)
    code, lines = run([Stage("a", Kind.CTEST, Level.QUICK, preset="unit")])
    assert code == Exit.FINDINGS
    assert "  repeat: make it so" in lines
    assert "cc: no" in lines


def test_levels_nest(monkeypatch):
    quick, normal, every = ({stage.name for stage in test.chosen(level, ())} for level in Level)
    assert quick < normal < every == {stage.name for stage in test.STAGES}


def test_names_choose_stages(run):
    stages = [check("a", "true"), check("b", "false", Level.ALL)]
    assert run(stages)[0] == Exit.CLEAN
    assert run(stages, "--all")[0] == Exit.FINDINGS


def test_every_stage_builds_a_preset_that_exists():
    assert {stage.preset for stage in test.STAGES} - {""} <= set(build.presets())
