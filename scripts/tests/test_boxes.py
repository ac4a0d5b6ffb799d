# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What is laid down of findings, with an engine of a few lines of shell: folded, shrunk, repeated, asked."""

import itertools
import json

import pytest
from toys import REPLAY, run, toy
from vvs_tools import atomic, boxes, campaign, fuzz_view, targets, triaging
from vvs_tools.console import make_console

pytestmark = pytest.mark.slow

# Fails on A and on B in two ways, on FLAKY every third time; shrinks what fails to its first two characters.
TWO_WAYS = """#!/bin/sh
if [ "$1" = --minimise ]; then head -c 2 "$5" >"$2"; exit 1; fi
for file; do
    case $(cat "$file") in
    A*) echo "oracle work: $$ too many"; exit 1;;
    B*) echo "oracle access: $$ too far"; exit 1;;
    FL*) echo x >>"$0.count"
        if [ $(($(wc -l <"$0.count") % 3)) -eq 1 ]; then echo "oracle order: lost"; exit 1; fi;;
    esac
done
exit 0
"""
EACH_OTHER = "inited; case $(( $(ls $prefix | wc -l) % 2 )) in 0) written A$$;; *) written B$$;; esac"


def listed(tmp_path):
    return boxes.listed(boxes.read_all(tmp_path / "out"))


def look_into(found, known, builds=()):
    """As scripts/triage --finish does."""

    def child(argv, log, seconds, env):
        yield
        return triaging.process.run(argv, log, timeout=seconds, env=env)

    for box in list(found.waiting(builds)):
        for _ in triaging.Triage(found, known, child, builds).run(box):
            pass


def test_two_faults_are_two_findings_however_often_they_are_found(engine, write, tmp_path):
    made = engine(EACH_OTHER)
    write("build/unit/fuzz/replay-toy", TWO_WAYS, 0o755)
    tally = run(made, 1.5)
    assert tally.runs > 3
    assert [box.token for box in listed(tmp_path)] == ["work: # too many", "access: # too far"]
    assert sum(box.count for box in listed(tmp_path)) == len(tally.findings)


def test_a_finding_is_shrunk_and_repeated_and_can_be_sent(engine, write, tmp_path):
    made = engine("inited; written A-long-input")
    write("build/unit/fuzz/replay-toy", TWO_WAYS, 0o755)
    run(made, 0.3)
    (box,) = listed(tmp_path)
    assert box.triaged
    assert (box.original.read_text(), box.input.read_text()) == ("A-long-input", "A-")
    assert (box.bytes_found, box.bytes_small) == (12, 2)
    assert (box.runs, box.failed, box.flaky) == (10, 10, False)
    assert box.command == (box.folder / "command").read_text().strip()
    assert "oracle work" in (box.folder / "replay.txt").read_text()
    assert not [path for path in box.folder.iterdir() if path.name.startswith(atomic.UNDONE)]


def test_what_fails_in_another_way_once_shrunk_stays_as_it_was(engine, write, tmp_path):
    made = engine("inited; written A-long-input")
    write("build/unit/fuzz/replay-toy", TWO_WAYS.replace('head -c 2 "$5"', "echo B"), 0o755)
    run(made, 0.3)
    (box,) = listed(tmp_path)
    assert box.input.read_text() == "A-long-input"


def test_a_flaky_one_says_how_often_it_fails(engine, write, tmp_path):
    made = engine("inited; written FLAKY")
    write("build/unit/fuzz/replay-toy", TWO_WAYS, 0o755)
    run(made, 0.3)
    (box,) = listed(tmp_path)
    assert box.runs == 10
    assert box.flaky
    assert f"flaky: fails in {box.failed} of 10 replays" in fuzz_view.how_small(box)


def test_one_that_no_replay_shows_comes_last_and_is_called_unsure(engine, tmp_path, capsys):
    made = engine("inited; case $(ls $prefix | wc -l) in 0) written once;; *) written BAD;; esac")
    run(made, 1)
    first, last = listed(tmp_path)
    assert (first.kind, first.doubt) == ("work", "")
    assert last.doubt == "not reproduced by a replay"
    assert last.began_s <= first.began_s
    for box in (first, last):
        fuzz_view.show_box(box, make_console())
    out = capsys.readouterr().out
    assert out.index("FINDING toy: work") < out.index("UNSURE toy: heap-buffer-overflow, not reproduced")


def test_inputs_that_show_what_is_known_are_counted_and_not_all_kept(engine, tmp_path, monkeypatch):
    monkeypatch.setattr(campaign, "KEPT_INPUTS", 2)
    tally = run(engine('inited; written "BAD $$"'), 1.5)
    (box,) = listed(tmp_path)
    assert box.count > 2
    assert len(tally.findings) == len(list(tally.artifacts.iterdir())) == 2


def test_what_an_earlier_campaign_has_counted_is_not_counted_again(engine, tmp_path):
    run(engine("inited; written BAD"), 0.3)
    run(engine("inited; sleep 60"), 0.2)
    (box,) = listed(tmp_path)
    assert box.count == 1
    assert len(list((tmp_path / "out/toy/findings").iterdir())) == 1


def test_other_builds_are_asked_as_the_library_is_now(engine, write, tmp_path, monkeypatch):
    def build(preset, target):
        return ["sh", "-c", f"echo {preset} >>{tmp_path}/built; [ {preset} != unit-m32 ]"]

    monkeypatch.setattr(triaging, "build_command", build)
    made = engine("inited; written BAD")
    made.builds = ("unit", "unit-gcc", "unit-msan", "unit-m32")
    write("build/unit-gcc/fuzz/replay-toy", "#!/bin/sh\necho 'oracle work: 7 too much'; exit 1\n", 0o755)
    write("build/unit-msan/fuzz/replay-toy", "#!/bin/sh\n", 0o755)
    run(made, 0.3)
    (box,) = listed(tmp_path)
    says = {preset: (build.fails, build.says) for preset, build in box.builds.items()}
    assert says == {
        "unit": (True, "work: too much"),
        "unit-gcc": (True, "work: # too much"),
        "unit-msan": (False, "no finding"),
        "unit-m32": (False, "not built: "),
    }
    assert (tmp_path / "built").read_text().split() == list(made.builds)


def test_an_input_that_shows_a_known_finding_in_another_target_is_that(engine, write, tmp_path):
    """Its own target sees it in its own way: both are one."""
    says = "for file; do :; done\necho 'oracle framing: differs'; echo \"replay: finding in $file\"; exit 1\n"
    write("build/unit/fuzz/replay-two", f"#!/bin/sh\n{says}", 0o755)
    engine("inited; sleep 60")
    found = boxes.Boxes(tmp_path / "out")
    first, second = toy("toy"), toy("two")
    for target, content, text in (
        (first, "BAD", "oracle work: too much\n"),
        (second, "BAD2", "oracle framing: differs\n"),
    ):
        path = write(f"out/{target.name}/findings/crash", content)
        finding = campaign.Tally(target, tmp_path, "unit").found(path, text)
        found.fold(target, "unit", finding, text, 1.0)
    assert len(found.all) == 2

    look_into(found, [first, second])
    (box,) = listed(tmp_path)
    assert box.targets == {"toy": 1, "two": 1}


def a_box(token, *shown, began_s=0.0):
    """Of a target `toy`, and what is seen of it in other ones, by target."""
    box = boxes.Box(token, "", token, "toy", "unit", "", [], [], began_s, "", targets={"toy": 1})
    box.shows = {f"toy{number}": list(told) for number, told in enumerate(shown)}
    return box


def test_what_is_seen_behind_another_one_is_another_one_unless_each_shows_the_other():
    behind = a_box("x: 1", ["x: 1", "x: 2"])
    assert not boxes.are_same([behind], [a_box("x: 2")])
    assert boxes.are_same([behind], [a_box("x: 2", ["x: 2", "x: 1"])])
    assert boxes.are_same([a_box("x: 1", ["x: 2"])], [a_box("x: 2")])


@pytest.fixture
def laid_down(tmp_path):
    """Boxes of a campaign, found one after the other."""

    def lay(*made):
        found = boxes.Boxes(tmp_path)
        for number, box in enumerate(made):
            box.began_s, box.folder = float(number), boxes.folder_of(tmp_path) / box.id
            box.folder.mkdir(parents=True)
            found.all[box.id] = box
        return found

    return lay


def test_two_that_are_the_same_as_a_third_are_one(laid_down, tmp_path):
    found = laid_down(a_box("x: 1"), a_box("x: 2"), a_box("x: 3", ["x: 1"], ["x: 2"]))
    found.join(found.all["x: 2"])
    (box,) = boxes.listed(boxes.read_all(tmp_path))
    assert (box.id, box.targets) == ("x: 1", {"toy": 3})


@pytest.mark.parametrize("order", list(itertools.permutations(["x: 1", "x: 2", "x: 3"])))
def test_what_has_become_one_is_the_same_as_what_it_shows_together(laid_down, tmp_path, order):
    """The first fails as the second; the third shows the one of them, and is shown by the other."""
    found = laid_down(
        a_box("x: 1", ["x: 1", "x: 3"]), a_box("x: 2", ["x: 1"]), a_box("x: 3", ["x: 3", "x: 2"])
    )
    for id_ in order:
        found.join(found.all[id_])
    (box,) = boxes.listed(boxes.read_all(tmp_path))
    assert (box.id, box.targets) == ("x: 1", {"toy": 3})


def test_what_many_committed_inputs_show_says_nothing(engine, write, tmp_path, monkeypatch):
    """All that the other target is given fails in it."""
    monkeypatch.setattr(targets.Target, "seeds", property(lambda target: [tmp_path / "seeds"]))
    for name in "abc":
        write(f"seeds/{name}", name)
    fails = "echo 'oracle hot: all'; echo \"replay: finding in $file\""
    replay = f"#!/bin/sh\nshift\nfor file; do {fails}; done\necho '3 inputs, 3 with findings'; exit 1\n"
    write("build/unit/fuzz/replay-two", replay, 0o755)
    run(engine("inited; written BAD"), 0.3)
    found = boxes.Boxes(tmp_path / "out")
    (box,) = found.all.values()
    path = write("out/two/findings/crash", "BAD2")
    finding = campaign.Tally(toy("two"), tmp_path, "unit").found(path, "oracle hot: all\n")
    found.fold(toy("two"), "unit", finding, "oracle hot: all\n", 1.0).triaged = True
    for share, findings in ((0.5, 2), (2.0, 1)):
        monkeypatch.setattr(triaging, "COMMON", share)
        found.common.clear()
        box.triaged = False
        look_into(found, [toy("toy"), toy("two")])
        assert len(listed(tmp_path)) == findings


def test_what_is_finished_is_asked_of_the_builds_that_it_lacks(engine, write, tmp_path, monkeypatch):
    monkeypatch.setattr(triaging, "build_command", lambda preset, target: ["true"])
    run(engine("inited; written BAD"), 0.3)
    (box,) = listed(tmp_path)
    assert box.triaged and not box.builds

    found = boxes.Boxes(tmp_path / "out")
    assert not list(found.waiting())
    look_into(found, [toy("toy")], ["unit"])
    (box,) = listed(tmp_path)
    assert {preset: each.says for preset, each in box.builds.items()} == {"unit": "work: too much"}


def test_a_token_that_a_known_finding_shows_elsewhere_is_no_new_finding(engine, write, tmp_path):
    run(engine("inited; written BAD"), 0.3)
    (box,) = listed(tmp_path)
    box.shows = {"two": ["framing: differs"]}
    box.write()
    text, path = "oracle framing: differs\n", write("out/two/findings/crash", "BAD2")
    target = toy("two")
    finding = campaign.Tally(target, tmp_path, "unit").found(path, text)
    assert boxes.Boxes(tmp_path / "out").fold(target, "unit", finding, text, 1.0).id == box.id
    assert len(listed(tmp_path)) == 1


def test_one_that_is_mended_is_listed_no_more_until_it_is_back(engine, write, tmp_path):
    run(engine("inited; written BAD"), 0.3)
    assert len(listed(tmp_path)) == 1
    for path in (tmp_path / "out/toy/findings").iterdir():
        path.unlink()
    write("build/unit/fuzz/replay-toy", "#!/bin/sh\n", 0o755)
    made = engine("inited; sleep 60")
    write("build/unit/fuzz/replay-toy", "#!/bin/sh\n", 0o755)
    run(made, 0.2)
    assert not made.listed()
    assert not listed(tmp_path)
    write("build/unit/fuzz/replay-toy", REPLAY, 0o755)
    run(engine("inited; written BAD"), 0.3)
    assert len(listed(tmp_path)) == 1


def test_a_folder_of_a_killed_writer_is_no_finding(engine, write, tmp_path):
    run(engine("inited; written BAD"), 0.3)
    (box,) = listed(tmp_path)
    write(f"out/findings/{atomic.UNDONE}x/finding.json", (box.folder / boxes.ABOUT).read_text()[:40])
    assert [each.id for each in listed(tmp_path)] == [box.id]
    boxes.Boxes(tmp_path / "out")
    assert [path.name for path in (tmp_path / "out/findings").iterdir()] == [box.id]


def test_each_oracle_has_requirements_of_the_catalogue():
    from vvs_tools.conformance import vectors

    known = vectors().requirements()
    told = json.loads(boxes.REQUIREMENTS.read_text())
    assert {name for names in told.values() for name in names} <= set(known)
    table = (boxes.REQUIREMENTS.parent / "README.md").read_text()
    named = {line.split("`")[1] for line in table.splitlines() if line.startswith("| `")}
    assert named | {boxes.SANITIZER} == set(told)


@pytest.mark.parametrize("kind", ["heap-buffer-overflow", "timeout", "crash"])
def test_a_sanitizer_s_report_has_requirements_too(kind):
    assert boxes.requirements_of(kind)
