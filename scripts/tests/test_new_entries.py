# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What led further is replayed under the costly oracles, which have seen one input in so many."""

import pytest
from toys import run, sha1
from vvs_tools import campaign, fuzz
from vvs_tools.console import Exit

pytestmark = pytest.mark.slow

# The engine's working corpus is the first folder that it is given.
KEEP = """for word; do case $word in */corpus) corpus=$word;; esac; done
keep() { printf %s "$1" >"$corpus/$(printf %s "$1" | sha1sum | cut -d' ' -f1)"; }
inited;"""


def test_one_that_fails_is_a_finding_and_leaves_the_corpus(engine, tmp_path):
    made = engine(f"{KEEP} for word in a BAD b BAD2 c; do keep $word; done; sleep 60")
    tally = run(made, 0.3)
    assert sorted(path.read_text() for path in tally.findings) == ["BAD", "BAD2"]
    assert {finding.kind for finding in tally.findings.values()} == {"work"}
    assert {path.name for path in tally.findings} == {f"crash-{sha1(word)}" for word in (b"BAD", b"BAD2")}
    assert sorted(path.read_text() for path in (tmp_path / "out/toy/corpus").iterdir()) == ["a", "b", "c"]
    assert tally.checked == 5
    assert not tally.fault
    assert fuzz.verdict_of(made) is Exit.FINDINGS


def test_those_of_earlier_campaigns_have_been_checked(engine, write):
    write(f"out/toy/corpus/{sha1(b'BAD')}", "BAD")
    tally = run(engine(f"{KEEP} keep a; sleep 60"), 0.3)
    assert not tally.findings
    assert tally.checked == 1


def test_very_many_are_replayed_in_batches(engine, monkeypatch):
    monkeypatch.setattr(campaign.corpus, "BATCH", 3)
    tally = run(engine(f"{KEEP} for word in 1 2 3 4 5 6 BAD 8 9; do keep $word; done; sleep 60"), 0.3)
    assert tally.checked == 9
    assert len(tally.findings) == 1


def test_no_time_for_all_of_them_is_inconclusive(engine, write, monkeypatch):
    monkeypatch.setattr(campaign, "NEW_SECONDS", 0.1)
    made = engine(f"{KEEP} keep a; keep b; sleep 60")
    write("build/unit/fuzz/replay-toy", "#!/bin/sh\nsleep 60\n", 0o755)
    tally = run(made, 0.3)
    assert tally.fault == "no time to replay 2 new corpus entries under the costly oracles"
    assert fuzz.verdict_of(made) is Exit.INCONCLUSIVE


def test_a_replay_that_dies_without_a_word_is_inconclusive(engine, write):
    made = engine(f"{KEEP} keep a; sleep 60")
    write("build/unit/fuzz/replay-toy", "#!/bin/sh\nexit 3\n", 0o755)
    tally = run(made, 0.3)
    assert tally.fault.startswith("the replay of new corpus entries exits 3 (log: ")
