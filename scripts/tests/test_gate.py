# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/gate, part by part; test_gate_branch.py sees it refuse and let through."""

import json
import shlex
import subprocess
import xml.etree.ElementTree as ET
from types import SimpleNamespace

import pytest
import schemas
from vvs_tools import (
    TOP,
    corpus,
    gate,
    gate_base,
    gate_failure,
    gate_github,
    gate_junit,
    gate_known,
    gate_sarif,
    targets,
    tokens,
)
from vvs_tools.boxes import Boxes
from vvs_tools.console import Exit, Stop
from vvs_tools.engine import Numbers
from vvs_tools.folder import locked
from vvs_tools.gate_campaign import Fuzzing, pieces
from vvs_tools.gate_failure import Failure, Held
from vvs_tools.gate_known import Known
from vvs_tools.gate_replay import Replay

from conformance.runner import planted, vectors

STACK = """oracle used-len: used length 4 for id 0, expected 0
    #3 0x55d340503e3e in oracle_fail /somewhere/fuzz/oracle/report.c:27:5
    #4 0x55d34053cd20 in vvs_copy_out /somewhere/lib/src/access.h:84:5
    #5 0x55d34053cd20 in vvs_stage /somewhere/lib/src/queue.c:309:9
    #6 0x55d34054c827 in vvs_serve_one /somewhere/lib/src/serve.c:98:23
"""


def failure(verdict="new", **more) -> Failure:
    told = {
        "id": "used-len-1",
        "rule": "used-len",
        "report": "oracle used-len: 100% wrong,\na <b> | c",
        "requirements": ["SPLIT-USED-003"],
        "file": "lib/src/serve.c",
        "line": 98,
        "command": "scripts/repro x --target tx_packet",
        "targets": ["tx_packet"],
        "verdict": verdict,
        "why": "because",
    }
    return Failure(**told | more)


def held(id_: str, requirement: str) -> Held:
    return Held(id_, "fail", [requirement], "A title", "all of it")


# --- SARIF, JUnit, GitHub


@pytest.mark.parametrize("base", ["", "0123456789abcdef"])
def test_sarif_is_as_its_schema_wants_it(base):
    failures = [failure(), failure("old"), failure("known", rule="work")]
    failures += gate_failure.of_vectors([held("a/b", "SPLIT-USED-003")], "new")
    told = gate_sarif.log(failures, base, Exit.FINDINGS)
    assert schemas.fault(told, schemas.SARIF) == ""
    (run,) = told["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["used-len", "work", "SPLIT-USED-003"]
    assert [rules[result["ruleIndex"]] for result in run["results"]] == [each.rule for each in failures]
    assert [result["level"] for result in run["results"]] == ["error", "note", "note", "error"]
    assert [bool(result.get("suppressions")) for result in run["results"]] == [False, False, True, False]
    assert all(("baselineState" in result) == bool(base) for result in run["results"])


def test_sarif_of_nothing_is_as_its_schema_wants_it():
    assert schemas.fault(gate_sarif.log([], "", Exit.CLEAN), schemas.SARIF) == ""


def test_the_schema_notices():
    told = gate_sarif.log([failure()], "", Exit.FINDINGS)
    told["runs"][0]["results"][0]["level"] = "bad"
    assert "'bad' is not one of" in schemas.fault(told, schemas.SARIF)


def test_an_annotation_is_one_line_that_the_runner_can_read():
    line = gate_github.of_failure(failure(id="used-len, 1:2"))
    assert line == (
        "::error file=lib/src/serve.c,line=98,title=new%3A used-len%2C 1%3A2::oracle used-len: 100%25 wrong,"
        "%0Aa <b> | c%0ASPLIT-USED-003%0Abecause%0Arepeat: scripts/repro x --target tx_packet"
    )
    assert gate_github.of_failure(failure("old")).startswith("::notice ")


def gate_of(*failures, stale=(), troubles=()):
    """What the files are written from."""
    replayed = SimpleNamespace(target=targets.every()["tx_packet"], inputs=7, failed={"x": "used-len-1"})
    tally = SimpleNamespace(done=SimpleNamespace(executions=9))
    return SimpleNamespace(
        failures=list(failures),
        stale=list(stale),
        replayed=[replayed],
        vectors=SimpleNamespace(ids=["a/b", "a/c", "d/e"]),
        fuzzing=SimpleNamespace(
            troubles=lambda: list(troubles), campaign=SimpleNamespace(tallies={"tx_packet": tally})
        ),
    )


def cases(path) -> dict[str, str]:
    found = {}
    for suite in ET.parse(path).iter("testsuite"):
        for case in suite:
            outcome = case[0].tag if len(case) else "passed"
            found[f"{suite.get('name')}: {case.get('name')}"] = outcome
    return found


def test_junit_has_what_passed_and_what_did_not(tmp_path):
    made = gate_of(
        failure(),
        *gate_failure.of_vectors([held("a/b", "SPLIT-USED-003")], "old", "in the base too"),
        stale=["x-1: fails no more"],
        troubles=["canary: planted bug not found"],
    )
    gate_junit.write(made, tmp_path / "gate.xml")
    assert cases(tmp_path / "gate.xml") == {
        "corpora: tx_packet": "failure",
        "vectors: a": "skipped",
        "vectors: d": "passed",
        "known: x-1": "failure",
        "campaign: canary": "failure",
        "campaign: tx_packet": "passed",
        "findings: used-len-1": "failure",
        "findings: vectors-SPLIT-USED-003": "skipped",
    }
    assert "Repeat: scripts/repro x --target tx_packet" in (tmp_path / "gate.xml").read_text()


def test_the_page_of_a_step_is_a_table_that_nothing_breaks():
    page = gate_github.summary(gate_of(failure(), stale=["x"]), "refused")
    (row,) = [line for line in page.splitlines() if "used-len-1" in line]
    assert row.count("|") == 7
    assert "a &lt;b> &#124; c" in row
    assert "<code>scripts/repro x --target tx_packet</code>" in row
    assert "- stale: x" in page


# --- where and what


def test_the_place_is_in_what_has_changed():
    place = gate_failure.place
    assert place(STACK, [], "x.c") == ("lib/src/queue.c", 309)
    assert place(STACK, ["lib/src/serve.c"], "x.c") == ("lib/src/serve.c", 98)
    assert place(STACK.partition("    #5")[0], [], "x.c") == ("lib/src/access.h", 84)
    assert place(STACK.partition("    #4")[0], [], "x.c") == ("fuzz/oracle/report.c", 27)
    assert place("no stack", [], "x.c") == ("x.c", 1)


def test_vectors_for_one_requirement_are_one_failure():
    found = gate_failure.of_vectors(
        [held("a/b", "SPLIT-USED-003"), held("c/d", "DEV-VQ-001"), held("a/c", "SPLIT-USED-003")], "new"
    )
    assert [each.vectors for each in found] == [["a/b", "a/c"], ["c/d"]]
    assert found[0].command == "scripts/conformance --filter SPLIT-USED-003"
    assert found[1].command == "scripts/conformance --filter c/d"


# --- the base


@pytest.fixture
def repository(tmp_path, monkeypatch, write):
    """A history of one commit, and nothing else of a checkout."""

    def git(*argv: str) -> str:
        words = ["git", "-c", "user.name=x", "-c", "user.email=x@example.invalid", *argv]
        return subprocess.run(words, cwd=tmp_path, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q", "-b", "trunk")
    for name in ("lib/src/packed.c", "lib/src/serve.c", "README.md"):
        write(name, "one\n")
    git("add", ".")
    git("commit", "-qm", "one")
    monkeypatch.setattr(gate_base, "TOP", tmp_path)
    return git


def test_the_base_is_what_both_have_in_common(repository, write):
    first = repository("rev-parse", "HEAD")
    repository("checkout", "-qb", "other")
    write("README.md", "two\n")
    repository("commit", "-qam", "two")
    repository("checkout", "-q", "trunk")
    assert gate_base.find("other") == first


def test_an_unknown_revision_is_usage(repository):
    with pytest.raises(Stop, match="no revision nonesuch") as raised:
        gate_base.find("nonesuch")
    assert raised.value.code == Exit.USAGE
    with pytest.raises(Stop, match="no revision --all"):
        gate_base.find("--all")


def test_no_checkout_is_usage(tmp_path, monkeypatch):
    monkeypatch.setattr(gate_base, "TOP", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(Stop, match="wants a git checkout") as raised:
        gate_base.find("HEAD")
    assert raised.value.code == Exit.USAGE
    assert len(str(raised.value).splitlines()) == 1


def test_what_is_affected_comes_first(repository, write):
    base = gate_base.find("HEAD")
    assert gate_base.changed(base) == []
    assert gate_base.affected(base, []) == []
    write("README.md", "two\n")
    names = gate_base.changed(base)
    assert (names, gate_base.affected(base, names)) == (["README.md"], [])
    write("lib/src/packed.c", "two\n")
    write("corpus/rx_packet/regression/new", "two\n")
    names = gate_base.changed(base)
    assert gate_base.affected(base, names) == ["packed_queue", "rx_packet"]


def test_affected_targets_have_half_of_the_time_and_have_it_first():
    found = [targets.every()[name] for name in ("tx_packet", "rx_packet", "device", "race")]
    (job,) = pieces(found, ["race"], 1, 60)
    assert [(piece.target.name, piece.end) for piece in job] == [
        ("race", 30),
        ("tx_packet", 40),
        ("rx_packet", 50),
        ("device", 60),
    ]
    for affected in ([], ["device", "race", "tx_packet", "rx_packet"]):
        (job,) = pieces(found, affected, 1, 60)
        assert [piece.end for piece in job] == [15, 30, 45, 60]


# --- what is known


ENTRY = """[[known]]
finding = "used-len-1"
target = "tx_packet"
input = "0102ff"
reason = "not ours"
since = 2026-11-27
"""


def test_known_failures_are_read(write):
    path = write("known.toml", ENTRY + '[[known]]\nvector = "tx/*"\nreason = "later"\nsince = "1.0"\n')
    assert gate_known.read(path) == [
        Known("used-len-1", "finding", "not ours", "2026-11-27", "tx_packet", b"\1\2\xff"),
        Known("tx/*", "vector", "later", "1.0"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[[known]]", "[[known", "known.toml: "),
        ("[[known]]", "[[knwon]]", "has [[known]] entries, and nothing else"),
        ('reason = "not ours"', "", "entry 1: it lacks reason"),
        ('reason = "not ours"', 'reason = " "', "entry 1: reason is empty"),
        ("since", "sicne", "sicne"),
        ("0102ff", "0102f", "input is no row of hexadecimal digits"),
        ("tx_packet", "tx_paket", "no target tx_paket"),
        ("finding", "finidng", "neither finding nor vector"),
    ],
)
def test_a_list_that_is_none_is_one_line_and_usage(write, old, new, said):
    with pytest.raises(Stop) as raised:
        gate_known.read(write("known.toml", ENTRY.replace(old, new)))
    assert raised.value.code == Exit.USAGE
    assert said in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


def test_the_committed_list_is_one():
    gate_known.read(TOP / "fuzz/known.toml")


def test_a_draft_is_refused_until_it_has_reasons(write, tmp_path):
    (tmp_path / "input").write_bytes(b"\1\2")
    box = SimpleNamespace(id="used-len-1", target="tx_packet", input=tmp_path / "input")
    text = gate_known.draft([box], ["tx/a"])
    with pytest.raises(Stop, match="reason is empty"):
        gate_known.read(write("known.toml", text))
    first, second = gate_known.read(write("known.toml", text.replace('reason = ""', 'reason = "so"')))
    assert (first.name, first.input, second.name) == ("used-len-1", b"\1\2", "tx/a")


def test_vectors_that_pass_or_are_not_there_are_stale():
    every = ["tx/a", "tx/b", "rx/a"]
    entry = Known("tx/*", "vector", "so", "now")
    assert gate_known.stale_vectors(entry, every, ["tx/a", "tx/b"]) == ""
    assert "tx/b passes; repeat: scripts/conformance --filter tx/b" in gate_known.stale_vectors(
        entry, every, ["tx/a"]
    )
    assert "no such vector" in gate_known.stale_vectors(entry, ["rx/a"], [])


@pytest.fixture
def toy(monkeypatch, tmp_path, write):
    """A target whose replay fails as its input says."""
    replay = write("replay-toy", '#!/bin/sh\nif grep -q BAD "$1"; then cat "$1"; exit 1; fi\n', 0o755)
    target = SimpleNamespace(replay=lambda _: replay)
    monkeypatch.setattr(targets, "campaign", lambda: {"toy": target})
    return tmp_path / "work"


def test_a_finding_is_stale_once_its_input_shows_it_no_more(toy):
    said = "oracle work: BAD"
    name = tokens.token_of(said).id
    known = Known(name, "finding", "so", "now", "toy", said.encode())
    assert gate_known.stale_finding(known, toy, lambda: None) == ""
    known = Known(name, "finding", "so", "now", "toy", b"good")
    assert gate_known.stale_finding(known, toy, lambda: None) == (
        f"{name}: its input fails no more; repeat: scripts/repro {toy / name} --target toy"
    )
    known = Known(name, "finding", "so", "now", "toy", b"oracle model: BAD")
    other = tokens.token_of("oracle model: BAD").id
    assert f"{name}: its input is {other} now" in gate_known.stale_finding(known, toy, lambda: None)


# --- what fails, and what that comes to


TOY_REPLAY = """#!/bin/sh
for file; do
    case $(cat "$file") in
    BAD*) echo "oracle work: $(cat "$file")"; echo "replay: finding in $file"; exit 1 ;;
    DIES) exit 3 ;;
    AGAIN) [ $# = 1 ] || { echo "oracle work: again"; echo "replay: finding in $file"; exit 1; } ;;
    esac
done
"""


def replay_of(tmp_path, monkeypatch, write, *contents: str):
    program = write("replay-toy", TOY_REPLAY, 0o755)
    paths = [write(f"corpus/{number}", content) for number, content in enumerate(contents)]
    monkeypatch.setattr(corpus, "files", lambda _: paths)
    target = SimpleNamespace(name="toy", borrows=(), replay=lambda _: program)
    found = Boxes(tmp_path / "out")
    done = Replay(found, tmp_path, lambda: None).run(target)
    return done, found.all


def test_each_input_that_fails_is_met_and_counted(tmp_path, monkeypatch, write):
    done, found = replay_of(tmp_path, monkeypatch, write, "a", "BAD x", "b", "BAD y", "BAD x", "c")
    assert done.inputs == 6
    assert [path.name for path in done.failed] == ["1", "3", "4"]
    assert sorted((box.token, box.targets) for box in found.values()) == [
        ("work: BAD x", {"toy": 2}),
        ("work: BAD y", {"toy": 1}),
    ]


def test_an_input_that_ends_the_replay_without_a_word_is_found(tmp_path, monkeypatch, write):
    done, found = replay_of(tmp_path, monkeypatch, write, "a", "DIES", "b")
    assert [path.name for path in done.failed] == ["1"]
    assert [box.kind for box in found.values()] == ["crash"]


def test_what_fails_behind_others_alone_is_doubtful(tmp_path, monkeypatch, write):
    _, found = replay_of(tmp_path, monkeypatch, write, "a", "AGAIN")
    assert [box.doubt for box in found.values()] == ["fails only behind other inputs"]


def test_a_target_without_inputs_proves_nothing(tmp_path, monkeypatch, write):
    with pytest.raises(Stop) as raised:
        replay_of(tmp_path, monkeypatch, write)
    assert raised.value.code == Exit.NOTHING_RAN


def test_what_proves_nothing_is_told_with_its_command(tmp_path):
    fuzzing = Fuzzing([targets.every()["device"]], tmp_path, 5, 1)
    fuzzing.campaign.canary.fault = "not found in 7 inputs"
    assert fuzzing.troubles() == [
        "canary: planted bug not found in 7 inputs; repeat: scripts/fuzz device --seconds 1 --seed 1",
        "device: none of 0 inputs was parsed; repeat: scripts/fuzz device --seconds 60",
    ]
    fuzzing.campaign.canary.found = True
    tally = fuzzing.campaign.tallies["device"]
    tally.done = Numbers(seconds=60, executions=200_000, generated=100_000, parsed=10)
    tally.judge_reach("fuzz")
    assert fuzzing.troubles()[0].startswith("device: floor missed, ")
    tally.floors = []
    assert fuzzing.troubles() == []
    tally.fault = "exits 3"
    assert fuzzing.troubles() == ["device: exits 3; repeat: scripts/fuzz device --seconds 60"]


@pytest.mark.parametrize(
    ("failures", "stale", "troubles", "code"),
    [
        ([], [], [], Exit.CLEAN),
        (["old", "known"], [], [], Exit.CLEAN),
        (["old", "new"], [], [], Exit.FINDINGS),
        ([], ["x"], [], Exit.FINDINGS),
        (["old"], [], ["x"], Exit.INCONCLUSIVE),
        (["new"], [], ["x"], Exit.FINDINGS),
    ],
)
def test_the_exit_code(failures, stale, troubles, code):
    made = gate.Gate("", 1, 1, [], None)
    made.failures = [failure(verdict) for verdict in failures]
    made.stale, made.fuzzing = stale, SimpleNamespace(troubles=lambda: troubles)
    assert made.code is code


def test_a_vector_is_the_finding_that_its_input_shows_if_both_are_new_or_neither(tmp_path):
    made = gate_of()
    made.replayed[0].failed = {"in/new": "n", "in/old": "o", "in/other": "m"}
    made.fuzzing.campaign.boxes = Boxes(tmp_path)
    for id_, same_as in {"n": "", "o": "", "l": "n", "m": "l"}.items():
        made.fuzzing.campaign.boxes.all[id_] = SimpleNamespace(id=id_, same_as=same_as)
    made.failures = [failure(id="n"), failure("old", id="o")]
    vectors = [held(f"v/{name}", "SPLIT-USED-003") for name in ("new", "other", "old", "none")]
    for vector, path in zip(vectors, ("in/new", "in/other", "in/old", "in/none"), strict=True):
        vector.inputs.append(path)
    assert [each.id for each in gate.Gate.fold(made, vectors, "new")] == ["v/old", "v/none"]
    assert made.failures[0].vectors == ["v/new", "v/other"]
    assert made.failures[1].vectors == []


# --- the command


def test_a_second_gate_is_refused(script):
    with locked(gate.WORK):
        done = script("gate")
    assert done.returncode == 2
    assert f"another gate works in {gate.WORK}; wait for its end" in done.stderr


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("--base", "no-such-revision"), "there is no revision no-such-revision here"),
        (("--sarif", "nowhere/a"), "--sarif: there is no folder nowhere"),
        (("--known", "nowhere"), "'nowhere' does not exist"),
        (("--seconds", "0"), "--seconds"),
    ],
)
def test_bad_usage_is_one_line(script, argv, said):
    done = script("gate", *argv)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert said in line


@pytest.mark.slow
def test_an_adapter_has_sarif_too(script, tmp_path):
    """One that claims to have written what it only read."""
    changed = planted.adapter(tmp_path, (planted.PUBLISH, planted.PUBLISH.replace("0)", "44)")))
    path = tmp_path / "a.sarif"
    argv = ("--adapter", shlex.join(changed), "--filter", "tx/framing/split-header-4*")
    done = script("conformance", *argv, "--sarif", str(path))
    assert done.returncode == 1, done.stderr
    told = json.loads(path.read_text())
    assert schemas.fault(told, schemas.SARIF) == ""
    (run,) = told["runs"]
    assert run["invocations"][0]["exitCode"] == 1
    for result in run["results"]:
        assert result["ruleId"] in vectors.requirements()
        assert (TOP / result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]).is_file()
    again = shlex.split(run["results"][0]["properties"]["command"])
    assert again[:3] == ["scripts/conformance", "--adapter", shlex.join(changed)]
