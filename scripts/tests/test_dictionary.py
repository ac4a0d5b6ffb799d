# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""fuzz/dict is as lib/include/vvs/spec.h has it, and both kinds of engine read it."""

import re
import subprocess

import pytest
from click.testing import CliRunner
from vvs_tools import dictionary, engine, targets
from vvs_tools.console import Exit, Stop

ENTRY = re.compile(r'^(\w+)="((?:\\x[0-9a-f]{2})+)"$')


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.setattr(dictionary, "TOP", tmp_path)
    monkeypatch.setattr(dictionary, "FOLDER", tmp_path / "dict")
    return tmp_path / "dict"


def run(*argv: str) -> Exit:
    done = CliRunner().invoke(dictionary.cli, argv, standalone_mode=False)
    if done.exception:
        raise done.exception
    return done.return_value


def test_what_is_committed_is_what_is_generated():
    assert run("--check") is Exit.CLEAN


def test_a_stale_file_is_told_with_the_command_that_mends_it(folder):
    assert run() is Exit.CLEAN
    assert run("--check") is Exit.CLEAN
    (folder / "bytes.dict").write_text("")
    with pytest.raises(Stop, match=r"mend with: scripts/launch\.bash dictionary") as stop:
        run("--check")
    assert stop.value.code is Exit.FINDINGS
    run()
    assert run("--check") is Exit.CLEAN


def test_a_token_is_as_wide_as_its_field():
    made = dict(ENTRY.match(line).groups() for line in dictionary.entries(dictionary.SPEC.read_text()))
    assert made["op_credit_request"] == r"\x07\x00"
    assert made["cid_any"] == r"\xff\xff\xff\xff\x00\x00\x00\x00"
    assert made["shutdown_f_send"] == r"\x02\x00\x00\x00"
    assert made["f_ring_packed"] == r"\x00\x00\x00\x00\x04\x00\x00\x00"
    assert made["packed_desc_f_used"] == r"\x00\x80"
    assert made["packed_event_desc"] == r"\x02\x00"


def test_a_new_value_in_spec_h_is_a_new_token():
    text = dictionary.SPEC.read_text()
    added = text.replace("VVS_OP_RW = 5,", "VVS_OP_RW = 5,\n    VVS_OP_NEW = 9,")
    assert set(dictionary.entries(added)) - set(dictionary.entries(text)) == {r'op_new="\x09\x00"'}


@pytest.mark.parametrize("name", list(targets.campaign()))
def test_each_target_is_given_one(name, tmp_path):
    target = targets.campaign()[name]
    assert f"-dict={target.dictionary}" in engine.command(target, "fuzz", 1, tmp_path, [])
    assert any(ENTRY.match(line) for line in target.dictionary.read_text().splitlines())


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["bytes", "scenario"])
def test_afl_reads_the_same_file(kind, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "seed").write_text("a")
    path = dictionary.FOLDER / f"{kind}.dict"
    argv = [
        "afl-fuzz",
        "-n",
        "-V",
        "1",
        "-i",
        tmp_path / "in",
        "-o",
        tmp_path / "out",
        "-x",
        path,
        "/bin/true",
    ]
    env = {"AFL_NO_UI": "1", "AFL_SKIP_CPUFREQ": "1", "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1"}
    env |= {"AFL_NO_AFFINITY": "1", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(argv, capture_output=True, text=True, env=env, timeout=60)
    tokens = sum(bool(ENTRY.match(line)) for line in path.read_text().splitlines())
    assert f"Loaded {tokens} extra tokens" in re.sub(r"\x1b\[[0-9;]*m", "", done.stdout), done.stdout
