# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/triage --promote: a finding becomes what the tests run."""

import json

import pytest
from vvs_tools import boxes, conformance, corpus, promote, triaging
from vvs_tools.console import Exit, Stop

suite = conformance.vectors()
SCENARIO = {"version": 1, "steps": [{"add_chain": {"elements": [{"len": 3}]}}, {"serve": {}}]}
# As a library that returns a refused chain with a length.
LYING = """#!/bin/sh
while read -r line; do
    echo '{"setup": {"tx": "VVS_OK"}, "answers": [{"step": 1, "queue": "tx", "status": "VVS_OK",
        "chains": [{"kind": "reject", "id": 0}], "used": [{"id": 0, "len": 4}]}]}' | tr -d '\\n'
    echo
done
"""


@pytest.fixture
def box(tmp_path, write, monkeypatch):
    monkeypatch.setattr(promote, "TOP", tmp_path)
    monkeypatch.setattr(corpus, "TOP", tmp_path)
    monkeypatch.setattr(suite, "VECTORS", tmp_path / "conformance/vectors")
    (tmp_path / "conformance/vectors").mkdir(parents=True)
    (tmp_path / "corpus/tx_packet").mkdir(parents=True)
    write("findings/used-len-1/input", "\1content")
    write("findings/used-len-1/scenario.json", json.dumps(SCENARIO))
    return boxes.Box(
        id="used-len-1",
        kind="used-len",
        token="used-len: used length # for id #",
        target="tx_packet",
        preset="unit",
        report="",
        places=[],
        requirements=boxes.requirements_of("used-len"),
        began_s=0.0,
        command="scripts/repro",
        vector=True,
        folder=tmp_path / "findings/used-len-1",
    )


def test_it_is_a_corpus_entry_and_a_vector_that_the_suite_takes(box, tmp_path):
    entry, path = promote.promote(box, "a-refused-chain")
    assert entry in corpus.files("tx_packet")
    assert entry.read_bytes() == b"\1content"
    vector = suite.read(path)
    assert vector.id == "regression/a-refused-chain"
    assert vector.scenario == {"steps": SCENARIO["steps"]}
    from conformance.tools import files, seeds

    assert path.read_text() == files.render(vector.data)
    assert seeds.paths_of(vector) == []


def test_what_a_vector_can_not_say_is_a_corpus_entry_alone(box, tmp_path):
    box.vector = False
    assert [path.name for path in promote.promote(box, "x")] == ["x"]
    assert not list((tmp_path / "conformance").rglob("*.json"))


def test_the_same_again_is_done_again_and_another_one_is_refused(box, write):
    promote.promote(box, "x")
    promote.promote(box, "x")
    write("findings/used-len-1/input", "\1another")
    with pytest.raises(Stop, match="choose another SLUG") as stop:
        promote.promote(box, "x")
    assert stop.value.code is Exit.USAGE


@pytest.mark.parametrize("slug", ["", "A", "a b", "../x", "a--b", "x" * 61, "a/b"])
def test_a_bad_slug_is_usage_and_writes_nothing(box, tmp_path, slug):
    with pytest.raises(Stop, match="is no slug") as stop:
        promote.promote(box, slug)
    assert stop.value.code is Exit.USAGE
    assert not [path for path in (tmp_path / "corpus").rglob("*") if path.is_file()]


def test_a_vector_can_say_what_answers_show(box, write, monkeypatch):
    monkeypatch.setenv("VVS_RUN", str(write("lying", LYING, 0o755)))
    assert promote.can_say(box)


def test_a_vector_can_not_say_what_answers_do_not_show(box):
    assert not promote.can_say(box)


def test_a_crash_is_said_by_a_vector(box, write, monkeypatch):
    body = "#!/bin/sh\necho 'x.c:1: runtime error: shift' >&2; exit 1\n"
    monkeypatch.setenv("VVS_RUN", str(write("crashing", body, 0o755)))
    assert promote.can_say(box)


def test_the_packets_of_a_finding_are_a_capture_that_is_read_again(box, tmp_path):
    from conformance.tools import pcap

    scenario = {"steps": [{"add_chain": {"payload": "6869", "op": 1}}, {"send": {"op": 3}}, {"serve": {}}]}
    (tmp_path / "x.json").write_text(json.dumps(scenario))
    text = triaging.tool("packets", tmp_path / "x.json")
    packets = [bytes.fromhex(json.loads(line)["bytes"]) for line in text.splitlines()]
    (tmp_path / "x.pcap").write_bytes(pcap.capture(packets))
    found = list(pcap.headers(tmp_path / "x.pcap"))
    assert [(each["src_cid"], each["op"], each["len"]) for each in found] == [("0x3", 1, 2), ("0x2", 3, 0)]
    assert packets[0][44:] == b"hi"


def test_an_unknown_finding_is_one_line(script, tmp_path):
    done = script("triage", str(tmp_path), "--promote", "nothing", "x")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "no finding nothing" in done.stderr


def test_an_empty_folder_has_no_finding(script, tmp_path):
    done = script("triage", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "0 findings" in done.stdout
    assert not list(tmp_path.iterdir())
