# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Campaigns with an engine of a few lines of shell: what is hard to bring about with the real one."""

import time

import pytest
from toys import run, sha1, toy
from vvs_tools import campaign, corpus, fuzz
from vvs_tools.console import Exit, Stop

pytestmark = pytest.mark.slow

NAMES = ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize("jobs", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_shares_are_equal_and_every_core_is_busy_to_the_end(count, jobs):
    plan = campaign.plan([toy(name) for name in NAMES[:count]], jobs, 60)
    total = dict.fromkeys(NAMES[:count], 0.0)
    for pieces in plan:
        assert pieces[-1].end == pytest.approx(60)
        for piece, begin in zip(pieces, [0, *(piece.end for piece in pieces)], strict=False):
            total[piece.target.name] += piece.end - begin
    assert list(total.values()) == pytest.approx([60 * jobs / count] * count)


def test_each_gives_every_target_its_seconds():
    assert campaign.wall_seconds(5, 2, 60, True) == 150
    assert campaign.wall_seconds(1, 2, 60, True) == 60
    assert campaign.wall_seconds(5, 2, 60, False) == 60


def test_a_target_is_restarted_after_a_finding_until_its_time_is_over(engine):
    began = time.monotonic()
    tally = run(engine('inited; sleep 0.05; written "BAD $$"'), seconds=1)
    assert 1 <= time.monotonic() - began < 3
    assert tally.runs > 1
    assert len(tally.findings) in (tally.runs - 1, tally.runs)  # the last one may have had no time
    assert {finding.kind for finding in tally.findings.values()} == {"work"}
    assert all(path.read_text().startswith("BAD") for path in tally.findings)
    assert 7 * len(tally.findings) <= tally.done.executions <= 7 * tally.runs
    assert tally.done.edges == 30


def test_the_same_finding_again_is_no_new_one_and_no_fault(engine):
    tally = run(engine("inited; written BAD"))
    assert tally.runs > 1
    assert len(tally.findings) == 1
    assert not tally.fault


def test_a_finding_that_no_replay_shows_is_kept_and_says_so(engine):
    tally = run(engine("inited; written once"))
    assert [(finding.kind, finding.doubt) for finding in tally.findings.values()] == [
        ("heap-buffer-overflow", "not reproduced by a replay")
    ]


def test_an_engine_that_dies_without_a_finding_is_inconclusive(engine):
    made = engine("echo went wrong; exit 9")
    tally = run(made)
    assert tally.runs == 1
    assert "exits 9 without a finding: went wrong" in tally.fault
    assert fuzz.verdict_of(made) is Exit.INCONCLUSIVE


def test_nothing_executed_is_inconclusive(engine):
    made = engine("sleep 60")
    run(made, 0.2)
    assert fuzz.verdict_of(made) is Exit.INCONCLUSIVE


def test_an_input_of_the_corpus_that_fails_is_moved_to_the_findings(engine, write):
    entry = write(f"out/toy/corpus/{sha1(b'BAD')}", "BAD")
    tally = run(engine(f"[ ! -e {entry} ] || written BAD; inited; sleep 60"))
    assert not entry.exists()
    assert not tally.fault
    assert [path.read_text() for path in tally.findings] == ["BAD"]


def test_two_jobs_that_fail_on_one_entry_go_on_both(engine, write):
    entry = write(f"out/toy/corpus/{sha1(b'BAD')}", "BAD")
    tally = run(engine(f"[ ! -e {entry} ] || {{ sleep 0.2; written BAD; }}; inited; sleep 60"), jobs=2)
    assert not tally.fault
    assert tally.runs == 4


def test_the_next_process_goes_on_behind_what_an_oracle_has_said(engine):
    """Even if all inputs show it."""
    knows = 'grep -qx "work: too much" "$VVS_KNOWN" && { inited; sleep 60; }'
    tally = run(engine(f"{knows}; echo 'oracle work: too much'; written BAD"))
    assert tally.runs == 2
    assert not tally.fault
    assert len(tally.findings) == 1


def test_what_was_known_to_an_earlier_campaign_is_not_passed_over(engine, write):
    write("out/toy/known", "work: too much\n")
    tally = run(
        engine("[ -e \"$VVS_KNOWN\" ] && { inited; sleep 60; }; echo 'oracle work: too much'; written BAD")
    )
    assert len(tally.findings) == 1


def test_a_committed_input_that_fails_is_a_finding_and_left_out_from_then_on(engine, write, tmp_path):
    committed = write("corpus/toy/seed/a-name", "BAD")
    write("corpus/toy/regression/another", "good")
    link = tmp_path / "out/toy/seeds" / sha1(b"BAD")
    tally = run(engine(f"[ ! -e {link} ] || written BAD; inited; sleep 60"))
    assert tally.runs == 2
    assert [path.read_text() for path in tally.findings] == ["BAD"]
    assert [path.read_text() for path in tally.seeds.iterdir()] == ["good"]
    assert committed.exists()


def test_a_target_that_fails_on_the_empty_input_is_a_finding_and_given_up(engine):
    made = engine("written BAD")
    tally = run(made)
    assert tally.runs == 1
    assert "first input" in tally.fault
    assert fuzz.verdict_of(made) is Exit.FINDINGS


def test_half_written_entries_are_dropped_and_whole_ones_stay(engine, write):
    whole = write(f"out/toy/corpus/{sha1(b'whole')}", "whole")
    cut = write(f"out/toy/corpus/{sha1(b'cut off')}", "cut")
    empty = write(f"out/toy/corpus/{sha1(b'was longer')}", "")
    tally = run(engine("inited; sleep 60"), 0.2)
    assert tally.dropped == 2
    assert (whole.exists(), cut.exists(), empty.exists()) == (True, False, False)


def test_what_an_earlier_campaign_found_is_a_finding_while_it_fails(engine, write):
    left = write(f"out/toy/findings/crash-{sha1(b'BAD')}", "BAD")
    write(f"out/toy/findings/crash-{sha1(b'mended')}", "mended")
    tally = run(engine("inited; sleep 60"), 0.2)
    assert list(tally.findings) == [left]


def test_very_many_findings_of_earlier_campaigns_do_not_hold_this_one_up(engine, write, monkeypatch):
    monkeypatch.setattr(campaign, "EARLIER_SECONDS", 0.1)
    for number in range(50):
        write(f"out/toy/findings/crash-{number}", "BAD")
    tally = run(engine("inited; sleep 60"), 0.2)
    assert 0 < len(tally.findings) < 50
    assert "no time to replay" in tally.fault


def test_a_finding_cut_off_by_a_full_disk_says_so(engine):
    tally = run(engine('inited; sha1sum() { echo 0123; }; written "BAD"'), 0.2)
    assert [finding.doubt for finding in tally.findings.values()] == ["cut off when it was written"]


def test_an_engine_that_hangs_behind_its_last_word_is_killed(engine):
    began = time.monotonic()
    tally = run(
        engine("inited; trap 'echo stat::peak_rss_mb: 30; sleep 60 & wait' TERM; sleep 60 & wait"), 0.3
    )
    assert time.monotonic() - began < 2
    assert tally.done.executions == 7
    assert not tally.fault


def test_a_report_may_be_finished_when_the_time_is_over(engine):
    tally = run(engine("inited; trap 'sleep 0.5; written BAD' TERM; sleep 60 & wait"), 0.3)
    assert [finding.kind for finding in tally.findings.values()] == ["work"]


def test_an_interrupt_ends_the_children_and_keeps_what_they_found(engine):
    made = engine("trap 'inited; written BAD' TERM; inited; sleep 60 & wait")
    with made.prepared(), pytest.raises(KeyboardInterrupt):
        for _ in made.run(campaign.plan([toy("toy")], 1, 60)):
            if made.elapsed > 0.3:
                raise KeyboardInterrupt
    tally = made.tallies["toy"]
    assert not tally.running
    assert [finding.doubt for finding in tally.all_findings()] == ["not replayed yet"]


def test_a_full_disk_stops_the_campaign_and_its_children(engine, monkeypatch):
    made = engine("inited; sleep 60")
    usage = campaign.shutil.disk_usage(".")
    with made.prepared():
        running = made.run(campaign.plan([toy("toy")], 1, 60))
        next(running)
        assert made.tallies["toy"].running
        monkeypatch.setattr(campaign.shutil, "disk_usage", lambda path: usage._replace(free=1 << 20))
        with pytest.raises(Stop, match="no space: 1 MiB free") as stop:
            for _ in running:
                pass
    assert stop.value.code is Exit.INCONCLUSIVE
    assert not made.tallies["toy"].running


def test_two_campaigns_do_not_share_a_folder(engine):
    first, second = engine("inited; sleep 60"), engine("inited; sleep 60")
    with first.prepared(), pytest.raises(Stop, match="try --out") as stop, second.prepared():
        pass
    assert stop.value.code is Exit.USAGE


def test_the_dictionary_and_the_committed_inputs_are_passed_on(engine, write, tmp_path):
    write("fuzz/dict/bytes.dict", "")
    for kind in corpus.KINDS:
        write(f"corpus/toy/{kind}/one", kind)
    run(engine('echo "$@"; inited; sleep 60'), 0.3)
    said = (tmp_path / "out/toy/runs/1.log").read_text().splitlines()[0]
    assert f"-dict={tmp_path}/fuzz/dict/bytes.dict {tmp_path}/out/toy/corpus {tmp_path}/out/toy/seeds" in said
    given = {path.read_text() for path in (tmp_path / "out/toy/seeds").iterdir()}
    assert given == set(corpus.KINDS)
