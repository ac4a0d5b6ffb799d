# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
import os

import pytest
from vvs_tools import build, corpus
from vvs_tools.console import Exit, Stop

# Fails on a file that holds BAD, and says so.
REPLAY = '#!/bin/sh\nfor f in "$@"; do if grep -q BAD "$f"; then echo "bad $f"; exit 1; fi; done\n'


@pytest.fixture
def checkout(monkeypatch, tmp_path, write):
    monkeypatch.setattr(corpus, "TOP", tmp_path)
    monkeypatch.setattr(corpus, "LOG", tmp_path / "log")
    monkeypatch.setattr(build, "BUILD", tmp_path / "build")
    monkeypatch.setattr(corpus, "BATCH", 2)
    listed = '{"name": "toy", "campaign": true}, {"name": "nothing", "campaign": false}'
    write("fuzz/targets.json", f'{{"targets": [{listed}]}}')
    write("build/unit/fuzz/replay-toy", REPLAY, 0o755)
    return write


def replay() -> bool:
    return corpus.replay_target("unit", "toy", os.environ)


def test_every_kind_of_input_is_replayed(checkout, capsys):
    for kind in corpus.KINDS:
        checkout(f"corpus/toy/{kind}/one", "good")
    assert corpus.targets() == ["toy"]
    assert replay()
    assert "toy: 3 files, 0 failed" in capsys.readouterr().out


def test_the_failing_inputs_are_named_with_the_command(checkout, capsys):
    for number in range(5):
        checkout(f"corpus/toy/seed/{number}", "BAD" if number in (1, 4) else "good")
    assert not replay()
    out = capsys.readouterr().out
    assert "repeat: scripts/repro corpus/toy/seed/1\n" in out
    assert "repeat: scripts/repro corpus/toy/seed/4\n" in out
    assert "toy: 5 files, 2 failed" in out


def test_a_failure_of_the_batch_alone_is_kept(checkout, capsys):
    checkout("build/unit/fuzz/replay-toy", "#!/bin/sh\n[ $# -eq 1 ]\n", 0o755)
    for number in range(2):
        checkout(f"corpus/toy/seed/{number}", "good")
    assert not replay()
    assert "fails only together" in capsys.readouterr().out


def test_a_foreign_program_runs_under_the_preset_s_emulator(checkout, tmp_path):
    checkout("corpus/toy/seed/1", "good")
    emulator = checkout("emulator", f'#!/bin/sh\necho "$1" >{tmp_path}/used; shift; exec "$@"\n', 0o755)
    checkout("build/unit/CMakeCache.txt", f"CMAKE_CROSSCOMPILING_EMULATOR:STRING={emulator};-L\n")
    assert replay()
    assert (tmp_path / "used").read_text() == "-L\n"


def test_no_input_and_no_program_are_failures(checkout, capsys, tmp_path):
    assert not replay()
    assert "no input" in capsys.readouterr().out
    checkout("corpus/toy/seed/1", "good")
    (tmp_path / "build/unit/fuzz/replay-toy").unlink()
    assert not replay()
    assert "builds no build/unit/fuzz/replay-toy" in capsys.readouterr().out


def test_no_target_list_is_nothing_ran(checkout, tmp_path):
    (tmp_path / "fuzz/targets.json").unlink()
    with pytest.raises(Stop) as stop:
        corpus.targets()
    assert stop.value.code is Exit.NOTHING_RAN
