# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/zoo: its lists and patches, what it takes as a patch, how it counts, and one bug for real."""

import json
import math
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import jsonschema
import pytest
from test_engine_afl import HEAD
from vvs_tools import BUILD, TOP, process, targets, zoo, zoo_hunt, zoo_list, zoo_view
from vvs_tools.console import Stop
from vvs_tools.engine_afl import Afl
from vvs_tools.engines import Engine, LibFuzzer
from vvs_tools.fuzz import ENGINES
from vvs_tools.zoo_copy import Copy, Unusable
from vvs_tools.zoo_hunt import Hunt, Result, Run, Way
from vvs_tools.zoo_list import Bug

pytestmark = pytest.mark.slow

HEADER = "--- {0}\n+++ {1}\n"
CHANGE = (
    "@@ -1,2 +1,2 @@\n-/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */\n+/* no licence */\n {}\n"
)
TARGETS = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "properties": {
            "found": {"type": "integer", "minimum": 0},
            "seeds": {"type": "integer", "minimum": 1},
            "median_s": {"type": ["number", "null"], "minimum": 0},
        },
        "required": ["found", "seeds", "median_s"],
        "additionalProperties": False,
    },
}
ANSWER = {
    "type": "object",
    "properties": {
        "engine": {"enum": ["libfuzzer", "afl"]},
        "bugs": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "id": {"type": "string"},
                    "class": {"type": "string"},
                    "conformance": {"type": ["boolean", "null"]},
                    "targets": TARGETS,
                    "verdict": {"enum": ["found", "missed", "not plantable yet", "unusable", "inconclusive"]},
                    "reason": {"type": "string"},
                },
                "required": ["id", "class", "conformance", "targets", "verdict"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["engine", "bugs"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    return Copy(tmp_path_factory.mktemp("zoo"))


@pytest.fixture
def status_patch(write):
    """Writes a patch of lib/src/status.c with these paths in its header."""
    second = (TOP / "lib/src/status.c").read_text().splitlines()[1]

    def make(old: str, new: str):
        return write("status.patch", HEADER.format(old, new) + CHANGE.format(second))

    return make


def bug(**changed) -> Bug:
    whole = {
        "id": "some-bug",
        "kind": "used-len",
        "targets": ("tx_packet",),
        "patch": TOP,
        "arguments": ("x",),
    }
    return Bug(**whole | changed)


def result(*seconds: float | None, **changed) -> Result:
    """Found by tx_packet after so many seconds, one PRNG seed each; None is not found."""
    runs = [Run(seed, 20, each is not None, each or 20.0) for seed, each in enumerate(seconds, 1)]
    return Result(bug(**changed), 5, conformance=False, runs={"tx_packet": runs} if runs else {}, done=True)


@pytest.mark.parametrize("group", zoo_list.LISTS)
def test_the_list_says_all_and_each_patch_is_on_it(group):
    schema = json.loads((zoo_list.ZOO / "list.schema.json").read_text())
    data = json.loads((zoo_list.ZOO / f"{group}.json").read_text())
    jsonschema.validate(data, schema)
    planted = {entry["id"] for entry in data["bugs"] if "not_plantable" not in entry}
    assert planted == {path.stem for path in (zoo_list.ZOO / group).iterdir()}
    ids = [
        entry["id"]
        for group in zoo_list.LISTS
        for entry in json.loads((zoo_list.ZOO / f"{group}.json").read_text())["bugs"]
    ]
    assert len(ids) == len(set(ids))
    for entry in data["bugs"]:
        assert ("history" in entry) == (group == "bugs"), entry["id"]
        assert bool(entry["targets"]) == (entry["id"] in planted), entry["id"]
        assert set(entry["targets"]) <= set(targets.campaign()), entry["id"]


@pytest.mark.parametrize("group", zoo_list.LISTS)
def test_each_patch_applies(group, tmp_path):
    """Exactly, at the place and in the context it was made for: else it may be another bug by now."""
    shutil.copytree(TOP / "lib", tmp_path / "lib")
    env = os.environ | {"GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}
    for each in zoo_list.listed(group):
        if each.patch:
            argv = ["git", "apply", "--check", each.patch]
            done = subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True, text=True)
            assert not done.returncode, f"{each.id} no longer applies: {done.stderr}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a/lib/src/status.c", "b/lib/src/status.c"),
        ("lib/src/status.c", "lib/src/status.c"),
        ("src/status.c.orig", "src/status.c"),
        ("status.c", "status.c"),
        ("/srv/vvs/lib/src/status.c", "/srv/vvs/lib/src/status.c"),
    ],
)
def test_a_patch_may_come_from_anywhere(copy, status_patch, old, new):
    copy.plant(status_patch(old, new))
    assert (copy.folder / "lib/src/status.c").read_text().startswith("/* no licence */\n")
    copy.refresh()
    assert (copy.folder / "lib/src/status.c").read_text() == (TOP / "lib/src/status.c").read_text()


def test_a_patch_that_adds_a_file_is_undone(copy, write):
    copy.plant(write("new.patch", "--- /dev/null\n+++ b/lib/src/new.h\n@@ -0,0 +1 @@\n+int x;\n"))
    assert (copy.folder / "lib/src/new.h").exists()
    copy.refresh()
    assert not (copy.folder / "lib/src/new.h").exists()


def test_patches_that_are_none_are_refused(copy, write, status_patch):
    with pytest.raises(Unusable, match="does not apply"):
        copy.plant(write("prose.patch", "this is no patch\n"))
    with pytest.raises(Unusable, match="does not apply"):
        copy.plant(
            write("other.patch", "--- a/lib/src/queue.c\n+++ b/lib/src/queue.c\n@@ -1 +1 @@\n-int x;\n+\n")
        )
    line = (TOP / "pyproject.toml").read_text().splitlines()[0]
    outside = HEADER.format("a/pyproject.toml", "b/pyproject.toml") + f"@@ -1 +1 @@\n-{line}\n+# mine\n"
    with pytest.raises(Unusable, match=r"changes pyproject\.toml"):
        copy.plant(write("outside.patch", outside))


def test_the_likely_target_follows_from_the_patch():
    for group in zoo_list.LISTS:
        for each in filter(lambda each: each.patch, zoo_list.listed(group)):
            guessed = zoo_list.likely(each.patch.read_text())
            assert set(guessed) <= set(targets.campaign())
            assert set(guessed) & set(each.targets), each.id
    assert zoo_list.likely("no patch") == tuple(targets.campaign())


def test_a_median_counts_what_was_not_found_as_longest():
    assert result(3, 1, 2, None, None).median_s("tx_packet") == 3
    assert result(1, 2, None, None, None).median_s("tx_packet") is None
    assert result(1, 2, 3, 4, 5).verdict == "found"
    assert result(1, 2, None, None, None).verdict == "missed"
    assert result(0.1).verdict == "missed", "one PRNG seed of five is no median"
    assert result(patch=None, not_plantable="no such layer").verdict == "not plantable yet"


def test_the_answer_has_the_shape_promised():
    both = [result(1, 2, 3, 4, None), result(patch=None, not_plantable="no such layer", id="other")]
    answer = zoo_view.as_object(both, "afl")
    jsonschema.validate(answer, ANSWER)
    assert answer["bugs"][0]["targets"] == {"tx_packet": {"found": 4, "seeds": 5, "median_s": 3}}
    unfinished = Result(bug(), 5, conformance=True, runs={"tx_packet": []})
    assert unfinished.as_object()["targets"] == {}


class FakeHunt(Hunt):
    """Finds nothing but in one target, after so many seconds."""

    def __init__(self, tmp_path, finds: str, after: float, engine: Engine | None = None) -> None:
        way = Way(engine or LibFuzzer())
        super().__init__(bug(targets=("rx_packet",)), None, None, way, tmp_path, lambda: None)
        self.folder.mkdir()
        self.finds, self.after, self.calls = finds, after, []
        self.copy = type("NoCopy", (), {"build": lambda *_: None})()

    def once(self, target, seed, seconds):
        self.calls.append((target.name, seed, seconds))
        found = target.name == self.finds and self.after <= seconds
        return Run(seed, seconds, found, self.after if found else seconds)


def test_the_likely_target_alone_runs_where_it_finds(tmp_path):
    hunt = FakeHunt(tmp_path, "rx_packet", 2)
    hunt.ask_targets()
    assert hunt.calls == [("rx_packet", seed, 20) for seed in (1, 2, 3, 4, 5)]
    assert hunt.result.as_object()["targets"] == {"rx_packet": {"found": 5, "seeds": 5, "median_s": 2}}
    assert json.loads((hunt.folder / "result.json").read_text())["verdict"] == "found"


def test_others_are_asked_where_it_does_not(tmp_path):
    hunt = FakeHunt(tmp_path, "split_queue", 2)
    hunt.ask_targets()
    assert hunt.calls[:3] == [("rx_packet", seed, 20) for seed in (1, 2, 3)], "no median is left after three"
    assert hunt.calls[3:] == [("tx_packet", 1, 20)] + [("split_queue", seed, 20) for seed in (1, 2, 3, 4, 5)]


def test_only_what_nothing_found_has_long_runs(tmp_path):
    hunt = FakeHunt(tmp_path, "rx_packet", 90)
    hunt.ask_targets()
    short = [call for call in hunt.calls if call[2] == zoo_hunt.FIRST_SECONDS]
    long = [call for call in hunt.calls if call[2] == zoo_hunt.LONG_SECONDS]
    assert hunt.calls == short + long
    assert {name for name, _, _ in short} == set(targets.campaign())
    assert long == [("rx_packet", seed, 120) for seed in (1, 2, 3, 4, 5)]
    assert hunt.result.best == "rx_packet"


def test_what_nothing_finds_is_missed(tmp_path):
    hunt = FakeHunt(tmp_path, "none", math.inf)
    hunt.ask_targets()
    assert hunt.result.verdict == "missed"
    assert hunt.calls[-1] == ("rx_packet", 3, zoo_hunt.LONG_SECONDS), "no median is left after three"


def test_threads_are_not_for_afl(tmp_path):
    hunt = FakeHunt(tmp_path, "none", math.inf, Afl())
    hunt.ask_targets()
    assert {name for name, _, _ in hunt.calls} == set(targets.campaign()) - {"threads"}
    assert Way(LibFuzzer()).preset(targets.every()["threads"]) == "fuzz-tsan"
    assert Way(Afl()).preset(targets.every()["tx_packet"]) == "fuzz-afl"


def test_a_run_ends_when_its_descendants_have_used_the_budget(tmp_path):
    busy = ["bash", "-c", "(while :; do :; done) & wait"]
    code, used = zoo_hunt.timed(busy, tmp_path / "log", os.environ, 0.3, lambda: None)
    assert code == process.TIMED_OUT
    assert used >= 0.3
    code, used = zoo_hunt.timed(["bash", "-c", "exit 7"], tmp_path / "log", os.environ, 60, lambda: None)
    assert code == 7
    assert used < 60


def test_what_is_built_in_a_copy_is_taken_from_there(copy):
    assert copy.own(BUILD / "fuzz" / "a", "fuzz") == f"{copy.folder}/build/fuzz/a"
    assert copy.own(BUILD / "fuzz-afl" / "a", "fuzz") == f"{BUILD}/fuzz-afl/a"
    assert copy.own("-dict=x", "fuzz") == "-dict=x"


@pytest.fixture
def afl_hunt(tmp_path, write, monkeypatch):
    """A hunt with an afl-fuzz of shell lines, in a copy whose replay fails unless told otherwise."""

    class ShellCopy:
        def build(self, *_):
            pass

        def own(self, word, preset):
            return str(tmp_path / "replay" if "/replay-" in str(word) else word)

    class Passing:
        def check(self, *_):
            pass

    def make(body: str, replay: str = "echo 'oracle used-len: too much'; exit 1") -> Hunt:
        write("replay", f"#!/bin/sh\n{replay}\n", 0o755)
        write("bin/afl-fuzz", HEAD + body, 0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
        return Hunt(bug(), ShellCopy(), Passing(), Way(Afl()), tmp_path, lambda: None)

    return make


def test_a_committed_input_that_fails_under_afl_is_a_finding(afl_hunt):
    name = "$(basename $(find $in -type l -o -type f | grep -v first | head -1))"
    hunt = afl_hunt(
        f"[ $AFL_EXIT_ON_SEED_ISSUES ] || exit 9; said 0 0\n"
        f"echo \"Test case 'id:000001,time:0,execs:0,orig:{name}' results in a crash, skipping\"\n"
        "echo 'PROGRAM ABORT : afl-fuzz exits'; exit 1"
    )
    run = hunt.once(targets.every()["tx_packet"], 1, 20)
    assert run.found
    assert run.kind == "used-len"
    left = {path.name for path in (hunt.folder / "tx_packet-1").iterdir()}
    assert left == {"log", "replay.log", Path(run.input).name}


def test_what_afl_finds_is_one_too_and_what_it_does_not_is_none(afl_hunt):
    run = afl_hunt("crashed BAD").once(targets.every()["tx_packet"], 1, 20)
    assert (run.found, run.kind) == (True, "used-len")
    hunt = afl_hunt("said 7 30; while :; do :; done")
    run = hunt.once(targets.every()["tx_packet"], 1, 0.3)
    assert (run.found, run.input) == (False, "")
    assert not any(hunt.folder.iterdir())


def test_what_a_replay_does_not_show_again_is_no_finding(afl_hunt):
    with pytest.raises(Stop, match="of 20 processor seconds"):
        afl_hunt("crashed BAD", "exit 0").once(targets.every()["tx_packet"], 1, 20)


def test_an_engine_that_does_not_start_is_inconclusive(afl_hunt):
    with pytest.raises(Stop, match="No instrumentation"):
        afl_hunt("echo 'PROGRAM ABORT : No instrumentation'; exit 1").once(
            targets.every()["tx_packet"], 1, 20
        )


def test_a_picture_is_drawn(tmp_path):
    zoo_view.draw([result(0.2, 1, 2, 4, None), result(id="lost"), result(patch=None)], tmp_path / "zoo.svg")
    text = (tmp_path / "zoo.svg").read_text()
    assert "used-len: some-bug" in text
    assert "used-len: lost" in text


def test_usage_errors_are_one_line(script, tmp_path, write, status_patch):
    for argv in (
        ["no-such-bug"],
        ["--patch", str(tmp_path / "none.patch")],
        ["--jobs", "0"],
        ["--engine", "x"],
    ):
        done = script("zoo", *argv)
        assert done.returncode == 2, argv
        assert len(done.stderr.splitlines()) == 1, done.stderr


def run_zoo(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TOP / "scripts/zoo", *argv],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=800,
    )


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_bug_is_found_and_patches_that_do_not_build_are_told(write, status_patch):
    done = run_zoo("used-len-tx-nonzero", "cid-not-checked", "--quick", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    jsonschema.validate(answer, ANSWER)
    first, second = answer["bugs"]
    assert first["verdict"] == "found"
    assert first["conformance"] is True
    assert first["targets"]["tx_packet"]["found"] == 1
    assert second["verdict"] == "not plantable yet"
    broken = status_patch("a/lib/src/status.c", "b/lib/src/status.c")
    broken.write_text(broken.read_text().replace("/* no licence */", "int x = y;"))
    prose = write("prose.patch", "no patch\n")
    done = run_zoo("--patch", str(broken), "--patch", str(prose), "used-len-tx-nonzero", "--quick", "--json")
    assert done.returncode == 3
    answer = json.loads(done.stdout)
    jsonschema.validate(answer, ANSWER)
    assert [each["verdict"] for each in answer["bugs"]] == ["found", "unusable", "unusable"]
    assert "error: " in answer["bugs"][1]["reason"]
    assert "does not apply" in answer["bugs"][2]["reason"]
    told = done.stderr.splitlines()[-2:]
    assert "error: " in "".join(told) and "does not apply" in "".join(told)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_bug_that_leaves_something_unused_is_hunted(write):
    source = TOP / "lib/src/status.c"
    text = source.read_text()
    changed = write("status.c", text.replace("#include", "static int unused_of_a_bug;\n#include", 1))
    labels = ("--label", "a/lib/src/status.c", "--label", "b/lib/src/status.c")
    made = subprocess.run(["diff", "-u", *labels, source, changed], capture_output=True, text=True).stdout
    copy = Copy(zoo.WORK / "copies" / "0")
    copy.plant(write("unused.patch", made))
    copy.build("unit", ["vvs_static"], write("log", ""), lambda: None)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_afl_finds_a_bug_by_what_it_makes_and_leaves_other_results_alone():
    kept = [zoo.WORK / name / "bugs/used-len-tx-nonzero/result.json" for name in ENGINES]
    for path in kept:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("old")
    done = run_zoo("used-len-tx-nonzero", "--engine", "afl", "--quick", "--no-seeds", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    jsonschema.validate(answer, ANSWER)
    assert answer["engine"] == "afl"
    assert answer["bugs"][0]["targets"]["tx_packet"]["found"] == 1
    assert [path.read_text() == "old" for path in kept] == [True, False]


@pytest.mark.timeout(300)
def test_an_interrupt_keeps_what_was_measured():
    child = subprocess.Popen(
        [TOP / "scripts/zoo", "used-len-tx-nonzero", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    time.sleep(3)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=100)
    assert child.returncode == 130, err
    jsonschema.validate(json.loads(out), ANSWER)
