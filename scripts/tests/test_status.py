# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""How a campaign stands, on disk: written, resumed, looked at from elsewhere."""

import json

import pytest
from toys import run, sha1
from vvs_tools import atomic, campaign, recorder, revision, screen, slices, status
from vvs_tools.console import Exit, Stop, make_console
from vvs_tools.engine import Numbers
from vvs_tools.status import Options, Status

pytestmark = pytest.mark.slow

OPTIONS = Options(["toy"], "address", "libfuzzer", 1, 5, 60.0, True)
KEEP = """for word; do case $word in */corpus) corpus=$word;; esac; done
printf %s $$ >"$corpus/$(printf %s $$ | sha1sum | cut -d' ' -f1)"
echo "-seed: $*"; inited; """


def record(made, seconds, before=None):
    """A campaign by slices, written down; how it stands at its end."""
    keeper = recorder.Recorder(made, OPTIONS, before)
    with made.prepared():
        keeper.begin()
        for _ in made.run_slices(slices.Slices(["toy"], made.before + seconds, 1)):
            keeper.tick()
        keeper.end("clean")
    return Status.read(made.out)


def test_what_is_written_is_read_again(engine, tmp_path):
    made = engine(KEEP + "sleep 60")
    now = record(made, 0.5)
    assert now == Status.read(tmp_path / "out")
    assert now.options == OPTIONS
    assert now.ended == "clean"
    (toy,) = now.targets
    assert (toy.name, toy.runs, toy.corpus) == ("toy", 1, 1)
    assert toy.numbers.executions == 7
    assert now.elapsed_s >= 0.5


def test_a_resumed_campaign_goes_on_with_other_prng_seeds_and_adds_up(engine, tmp_path):
    first = record(engine(KEEP + "sleep 60"), 0.4)
    second = record(engine(KEEP + "sleep 60"), 0.4, first)
    assert second.elapsed_s >= 0.8
    assert second.targets[0].runs == 2
    assert second.targets[0].numbers.executions == 14
    assert second.targets[0].corpus == 2
    said = (tmp_path / "out/toy/runs/2.log").read_text()
    assert "-seed=7" in said
    points = atomic.read_lines(tmp_path / "out" / status.SERIES)
    assert [point["s"] for point in points] == sorted(point["s"] for point in points)
    assert points[-1]["targets"]["toy"]["executions"] == 14


def test_a_new_campaign_begins_a_new_series(engine, tmp_path):
    record(engine(KEEP + "sleep 60"), 0.2)
    record(engine(KEEP + "sleep 60"), 0.2)
    assert len(atomic.read_lines(tmp_path / "out" / status.SERIES)) == 2


def test_addresses_of_another_program_do_not_count(engine, write):
    first = record(engine(KEEP + "sleep 60"), 0.2)
    first.targets[0].numbers.places = frozenset({1, 2})
    made = engine(KEEP + "sleep 60")
    first.programs = recorder.Recorder(made, OPTIONS).programs()
    recorder.Recorder(made, OPTIONS, first)
    assert made.tallies["toy"].done.places == {1, 2}
    write("build/fuzz/fuzz/fuzz_toy", "another", 0o755)
    recorder.Recorder(made, OPTIONS, first)
    assert made.tallies["toy"].done.places == frozenset()


def test_it_says_at_which_revision_it_ran(engine, monkeypatch):
    monkeypatch.setattr(revision, "here", lambda: "1a2b3c4-dirty")
    assert record(engine(KEEP + "sleep 60"), 0.2).revision == "1a2b3c4-dirty"


def test_the_last_new_entry_has_its_time(engine):
    made = engine("for word; do case $word in */corpus) corpus=$word;; esac; done; inited; sleep 60")
    keeper = recorder.Recorder(made, OPTIONS)
    with made.prepared():
        assert keeper.status().targets[0].last_new_s is None
        (made.out / "toy/corpus" / sha1(b"x")).write_bytes(b"x")
        assert keeper.status().targets[0].last_new_s is not None


def test_a_folder_without_a_campaign_is_usage(tmp_path):
    with pytest.raises(Stop, match="holds no campaign") as stop:
        Status.read(tmp_path)
    assert stop.value.code is Exit.USAGE


def test_the_screen_shows_all_of_it(engine, tmp_path):
    made = engine("inited; written BAD")
    now = record(made, 0.5)
    now.targets[0].name = "tx_packet"
    now.targets[0].numbers = Numbers(2.0, 1400, 30, 100, 50, places=frozenset({1}))
    console = make_console()
    with console.capture() as capture:
        console.print(screen.render(now, 700.0))
    shown = capture.get()
    for part in (
        "0:00:0",
        "700/s",
        "50.0% parsed",
        "1 findings",
        "corpus",
        "last new",
        "edges",
        "tx split",
        "crossing",
    ):
        assert part in shown, part
    assert "FINDING toy: work: too much" in shown


def test_watch_ends_with_the_campaign_and_says_how_to_go_on_when_it_was_cut_off(engine, tmp_path, capsys):
    record(engine("inited; sleep 60"), 0.2)
    screen.watch(tmp_path / "out", make_console())
    assert "cut off" not in capsys.readouterr().out
    told = json.loads((tmp_path / "out" / status.FILE).read_text())
    atomic.write_json(tmp_path / "out" / status.FILE, told | {"ended": ""})
    screen.watch(tmp_path / "out", make_console())
    assert f"cut off: scripts/fuzz --resume {tmp_path / 'out'}" in capsys.readouterr().out


def test_only_the_newest_logs_are_kept(engine, tmp_path, monkeypatch):
    monkeypatch.setattr(campaign, "KEPT_LOGS", 2)
    tally = run(engine('inited; written "BAD $$"'), 1.5)
    assert tally.runs > 3
    assert len(list((tmp_path / "out/toy/runs").glob("[0-9]*.log"))) <= 2


def test_a_long_series_has_fewer_points(engine, monkeypatch):
    made = engine("inited; sleep 60")
    keeper = recorder.Recorder(made, OPTIONS)
    monkeypatch.setattr(recorder, "WRITE_S", 0.0)
    monkeypatch.setattr(recorder, "POINT_S", 0.0)
    with made.prepared():
        keeper.begin()
        made.before = 1e6
        for _ in range(5):
            keeper.tick()
        assert len(atomic.read_lines(made.out / status.SERIES)) == 1
        made.before = 0.0
        keeper.tick()
    assert len(atomic.read_lines(made.out / status.SERIES)) == 2
