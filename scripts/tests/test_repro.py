# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/repro on inputs that do not fail; test_broken_build.py has those that do."""

import json

import pytest
from vvs_tools import TOP, repro, targets

pytestmark = pytest.mark.slow

SCENARIO = {"queues": [{"role": "rx"}], "steps": [{"add_chain": {"elements": [{"len": 300}]}}, {"serve": {}}]}

VECTOR = {
    "id": "a/b",
    "title": "A packet for the guest goes into one buffer",
    "requirements": ["TEST-RX-001"],
    "scenario": SCENARIO,
    "expect": {"spec": {"verdict": "accept"}, "vvs": {"verdict": "accept"}},
}


@pytest.fixture
def shown(script, write):
    """Runs scripts/repro on a file with this content; what it prints."""

    def run(name: str, content: str, *argv: str) -> str:
        done = script("repro", str(write(name, content)), *argv)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_a_scenario_in_json_is_drawn_and_run_by_the_target_of_its_queues(shown):
    out = shown("scenario.json", json.dumps(SCENARIO))
    assert "by its queues: --target rx_packet" in out
    assert '"len": 300' in out
    assert "0:[300 W @" in out
    assert "no finding: rx_packet runs" in out


def test_each_answer_of_the_library_is_a_line(shown):
    packet, broken = {"payload_fill": 1, "elements": [{"len": 144}]}, {"elements": [{"len": 5}]}
    steps = [{"add_chain": packet}, {"add_chain": broken}, {"serve": {"max": 2}}, {"pop": {}}]
    out = shown("scenario.json", json.dumps({"steps": steps})).splitlines()
    at = out.index("the library answers:")
    assert out[at + 1 : at + 4] == [
        "  step 2 serve tx: packet op 5 len 100, reject VVS_E_HEADER_SHORT, used 2 x 0, notify",
        "  step 3 pop tx: VVS_EMPTY",
        "",
    ]


def test_many_chains_stay_one_line():
    chains = [{"kind": "event", "event": number // 2, "used_len": 4} for number in range(20)]
    answer = {"step": 1, "queue": "event", "status": "VVS_OK", "chains": chains}
    events = ", ".join(f"2 x event {number}" for number in range(8))
    assert repro.answer_line(answer, "serve") == f"  step 1 serve event: {events} and 2 more"


def test_a_vector_is_its_scenario_and_is_judged(shown):
    out = shown("vector.json", json.dumps(VECTOR))
    assert "0:[300 W @" in out
    assert "pass: a/b is answered as it expects" in out


def test_a_vector_whose_expectation_fails_is_a_finding_wherever_it_lies(script, write):
    steps = [{"step": 1, "chains": [{"kind": "packet", "fields": {"len": 65}}]}]
    expect = {"spec": {"verdict": "accept", "steps": steps}, "vvs": {"verdict": "accept"}}
    path = write("vector.json", json.dumps(VECTOR | {"expect": expect}))
    done = script("repro", str(path))
    assert done.returncode == 1, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    at = lines.index("  spec: steps[1].chains[0].fields.len")
    assert lines[at + 1 : at + 3] == ["    Expected: 65", "    Actual:   64"]
    assert lines[-1] == f"reproduce: scripts/repro {path} --target rx_packet"


def test_an_expectation_that_is_none_is_one_line(script, write):
    done = script("repro", str(write("vector.json", json.dumps(VECTOR | {"expect": {}}))))
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert "is no vector: $.expect: 'spec' is a required property" in done.stderr


def test_bytes_run_on_the_target_of_the_folder_they_are_in(shown):
    out = shown("packet_header/crash-1", "x" * 44)
    assert "000020  78 78 78" in out
    assert "44 bytes" in out
    assert "by its queues" not in out
    assert "no finding: packet_header runs" in out


def test_the_target_said_wins(shown):
    assert "no finding: split_queue" in shown("rx_packet/crash-1", "\1", "--target", "split_queue")


def test_the_version_alone_is_the_empty_scenario(shown):
    assert "by its queues: --target tx_packet" in shown("nothing-known", "\1")


@pytest.mark.parametrize("content", ["", "# A readme\n", "\2\1\1", "[1]"])
def test_what_was_never_a_scenario_is_not_called_clean(script, write, content):
    path = write("tx_packet/some-file", content)
    done = script("repro", str(path))
    assert (done.returncode, done.stdout) == (2, "")
    why = "holds no scenario (its first byte is not 1); nothing was run: see fuzz/scenario/FORMAT.md"
    assert done.stderr == f"scripts/repro: {path} {why}\n"


@pytest.mark.parametrize("folder", ["corpus", "findings"])
def test_what_an_engine_ran_is_run_whatever_its_first_byte(shown, folder):
    assert "no finding: tx_packet runs" in shown(f"tx_packet/{folder}/0123", "\2\1\1")


@pytest.mark.parametrize(
    ("queues", "features", "expected"),
    [
        ([], [], "tx_packet"),
        (["tx"], ["RING_PACKED"], "tx_packet"),
        (["rx"], [], "rx_packet"),
        (["rx", "tx"], [], "split_queue"),
        (["event"], ["RING_PACKED"], "packed_queue"),
    ],
)
def test_the_target_of_queues(queues, features, expected):
    scenario = {"image": {"features": features}, "queues": [{"role": role} for role in queues]}
    assert repro.target_of_queues(scenario) == expected
    assert expected in targets.campaign()


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ('{"steps": [{"serve": {"max": -1}}]}', "steps[0].serve.max"),
        ('{"steps": 1}', "wrong.json: steps: a list"),
        ('{"steps": [}', "wrong.json is no JSON: Expecting value: line 1 column 12"),
    ],
)
def test_json_that_is_no_scenario_is_one_line_with_the_place(script, write, content, part):
    done = script("repro", str(write("wrong.json", content)))
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert part in done.stderr


@pytest.mark.parametrize(
    "argv",
    [
        ["/no/such/file"],
        [str(TOP)],
        [],
        [__file__, "--target", "no_such_target"],
        [__file__, "--preset", "release"],
    ],
)
def test_bad_usage_is_one_line(script, argv):
    done = script("repro", *argv)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_what_does_not_fail_is_not_minimised(script, write, tmp_path):
    path, out = write("scenario.json", json.dumps(SCENARIO)), tmp_path / "small"
    done = script("repro", str(path), "--minimise", "-o", str(out))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing is minimised: it does not fail" in done.stderr
    assert not out.exists()


def test_a_place_for_what_is_not_minimised_is_bad_usage(script, write):
    done = script("repro", str(write("scenario.json", json.dumps(SCENARIO))), "-o", "small")
    assert (done.returncode, done.stdout) == (2, "")
    assert "it wants --minimise" in done.stderr
