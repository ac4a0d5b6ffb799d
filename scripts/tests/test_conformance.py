# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
import json
import shutil
import xml.etree.ElementTree as ET

import pytest
from vvs_tools import TOP, conformance

pytestmark = pytest.mark.slow

ONE = "tx/framing/split-header-43"
LYING = '#!/bin/sh\nwhile read -r line; do echo \'{"setup": {"tx": "VVS_OK"}, "answers": []}\'; done\n'
CRASHING = "#!/bin/sh\nkill -SEGV $$\n"


@pytest.fixture
def lying(write):
    return str(write("lying", LYING, 0o755))


def test_list_gives_each_requirement_a_state(script):
    done = script("conformance", "--list", "--json")
    assert done.returncode == 0, done.stderr
    entries = json.loads(done.stdout)["requirements"]
    by_id = {entry["id"]: entry for entry in entries}
    assert len(by_id) == len(entries) > 250
    keys = {"id", "level", "derived", "testable", "summary", "status", "vectors", "reason"}
    assert all(set(entry) == keys for entry in entries)
    assert ONE in by_id["VSOCK-HDR-004"]["vectors"]
    assert by_id["VSOCK-HDR-004"]["status"] == "tested"
    for entry in entries:
        assert (entry["status"] == "tested") == bool(entry["vectors"]) == (not entry["reason"])
    assert {entry["status"] for entry in entries} == {"tested", "later", "untestable"}


def test_list_for_people_says_what_and_counts(script):
    done = script("conformance", "--list")
    assert done.returncode == 0
    lines = {line.split()[0]: line for line in done.stdout.splitlines()}
    entries = json.loads(script("conformance", "--list", "--json").stdout)["requirements"]
    for entry in entries:
        line = lines[entry["id"]]
        count = str(len(entry["vectors"]))
        said = [entry["id"], *entry["level"].split(), entry["status"], count]
        assert line.split()[: len(said)] == said
        assert line.endswith(f"  {entry['summary']}")
    assert " tested, " in done.stdout.splitlines()[-1]


def test_a_requirement_is_cut_to_the_terminal():
    entry = {"id": "A-1", "level": "MUST", "status": "tested", "vectors": ["a/b"], "summary": "x" * 100}
    whole = conformance.requirement_line(entry, None)
    assert whole.endswith("  1  " + "x" * 100)
    assert conformance.requirement_line(entry, len(whole)) == whole
    assert conformance.requirement_line(entry, 80) == whole[:77] + "..."


def test_list_runs_nothing(script):
    done = script("conformance", "--list", "--filter", ONE)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_one_vector_passes(script, tmp_path):
    junit = tmp_path / "j.xml"
    done = script("conformance", "--filter", ONE, "--junit", str(junit))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "1 passed, 0 failed"
    assert len(list(ET.parse(junit).iter("testcase"))) == 1


def test_a_filter_that_matches_nothing_is_exit_5(script):
    done = script("conformance", "--filter", "no/such-vector")
    assert done.returncode == 5
    assert len(done.stderr.splitlines()) == 1
    assert "no/such-vector" in done.stderr


@pytest.mark.parametrize(
    ("wanted", "one", "most"),
    [
        ("SPLIT-DESC-005", "split/desc/next-8", 100),
        ("tx/framing", ONE, 200),
        ("tx/framing/", ONE, 200),
    ],
)
def test_a_filter_is_a_requirement_or_a_folder_too(script, wanted, one, most):
    done = script("conformance", "--filter", wanted, "--json")
    assert done.returncode == 0, done.stderr
    found = {each["id"]: each["requirements"] for each in json.loads(done.stdout)["vectors"]}
    assert one in found
    assert 1 < len(found) < most
    assert all(id_.startswith("tx/framing/") or wanted in named for id_, named in found.items())


def test_a_broken_vector_does_not_block_those_of_a_requirement(script, broken):
    done = script("conformance", "--filter", "VSOCK-HDR-004", "--json", VVS_VECTORS=broken)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ONE in {each["id"] for each in json.loads(done.stdout)["vectors"]}


@pytest.mark.parametrize("empty", ["", " "])
def test_an_empty_filter_is_bad_usage(script, empty):
    done = script("conformance", "--filter", empty)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "--filter is empty" in done.stderr


def test_junit_makes_no_folder(script, tmp_path):
    done = script("conformance", "--filter", ONE, "--junit", str(tmp_path / "none/j.xml"))
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert str(tmp_path / "none") in done.stderr
    assert not (tmp_path / "none").exists()


@pytest.fixture
def broken(tmp_path):
    """A folder of vectors in which one is no JSON."""
    shutil.copytree(TOP / "conformance/vectors/tx/framing", tmp_path / "tx/framing")
    (tmp_path / "tx/cut").mkdir()
    (tmp_path / "tx/cut/x.json").write_text("{ x")
    return str(tmp_path)


@pytest.mark.parametrize("argv", [(), ("--list",), ("--filter", "tx/*")])
def test_a_broken_vector_is_one_line(script, broken, argv):
    done = script("conformance", *argv, VVS_VECTORS=broken)
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("scripts/conformance: ")
    assert done.stderr.endswith(
        "tx/cut/x.json: line 1, column 3: this is not JSON; see conformance/README.md\n"
    )


def test_a_broken_vector_does_not_block_others(script, broken):
    done = script("conformance", "--filter", ONE, "--json", VVS_VECTORS=broken)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["counts"]["pass"] == 1


def test_a_failure_says_expected_actual_and_how_to_repeat_it(script, lying):
    done = script("conformance", "--filter", ONE, VVS_RUN=lying)
    assert done.returncode == 1
    assert f"fail: {ONE}" in done.stdout
    assert "VSOCK-HDR-004" in done.stdout
    assert "Expected: " in done.stdout
    assert "Actual: " in done.stdout
    assert f"Repeat: scripts/conformance --filter {ONE}" in done.stdout
    assert done.stdout.splitlines()[-1] == "0 passed, 1 failed"


def test_a_crash_is_a_verdict_of_its_own(script, write):
    done = script("conformance", "--filter", ONE, "--json", VVS_RUN=str(write("crashing", CRASHING, 0o755)))
    assert done.returncode == 1
    result = json.loads(done.stdout)
    assert result["verdict"] == "fail"
    assert result["counts"] == {"pass": 0, "fail": 0, "crash": 1, "timeout": 0, "error": 0, "unsupported": 0}
    assert result["vectors"][0]["id"] == ONE
    assert result["vectors"][0]["verdict"] == "crash"


def test_what_the_host_can_not_map_is_inconclusive(script, write):
    unmappable = write(
        "small", "#!/bin/sh\nwhile read -r line; do echo '{\"unmappable\": true}'; done\n", 0o755
    )
    done = script("conformance", "--filter", ONE, "--json", VVS_RUN=str(unmappable))
    assert done.returncode == 4
    result = json.loads(done.stdout)
    assert (result["verdict"], result["counts"]["unsupported"]) == ("inconclusive", 1)


def test_json_of_what_passes(script):
    done = script("conformance", "--filter", "tx/framing/split-header-*", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["verdict"] == "pass"
    assert {"id": ONE, "verdict": "pass", "requirements": ["VSOCK-HDR-004"]} in result["vectors"]
    assert result["counts"]["pass"] == len(result["vectors"]) > 5


def test_a_junit_file_without_cases_is_no_verdict(write):
    assert conformance.read_junit(write("j.xml", "<testsuites/>")) == []
    assert conformance.read_junit(write("k.xml", "<testsuites/>").parent / "none.xml") == []
