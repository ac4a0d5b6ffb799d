# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
import json
import shutil

import jsonschema
import pytest
from vvs_tools import bench_fuzz, bench_oracles, bench_parse, bench_peer, build, rust_vmm, targets
from vvs_tools.console import Exit, Stop

COUNT = {"type": "integer", "exclusiveMinimum": 20}
TIME = {"type": "number"}
ORDER = [("tx2", 1), ("tx1", 1), ("rx2", 1), ("rx1", 1), ("ctl", 1), ("tx2", 64), ("tx2-apart", 64)]


@pytest.mark.long
def test_parse_counts_every_case_in_order(script):
    done = script("bench", "parse", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)["cases"]
    assert [(case["case"], case["regions"]) for case in told] == ORDER
    for case in told:
        jsonschema.validate(case, {"properties": {"parse_instructions": COUNT, "full_instructions": COUNT}})
        assert case["parse_instructions"] < case["full_instructions"]
    # Cost grows with the number of descriptors.
    by_name = {case["case"]: case for case in told if case["regions"] == 1}
    assert by_name["tx1"]["parse_instructions"] < by_name["tx2"]["parse_instructions"]


@pytest.mark.slow
def test_instructions_repeat_exactly():
    build.build(bench_parse.PRESET, [bench_parse.PROGRAM])
    program = build.directory(bench_parse.PRESET) / "lib" / "bench" / bench_parse.PROGRAM
    argv = [program, "tx2", "full"]
    first, second = (bench_parse.instructions(argv, 256, lambda: None) for _ in range(2))
    assert first == second


def test_the_cost_of_one_is_free_of_what_comes_once():
    assert bench_parse.of_one(lambda count: 1000 + 7 * count, (256, 512)) == 7


def test_a_program_that_fails_is_not_measured():
    with pytest.raises(Stop, match="exits 3") as stop:
        bench_parse.checked(["sh", "-c", "exit 3"], lambda: None)
    assert stop.value.code is Exit.INCONCLUSIVE


def test_a_goal_is_met_or_missed_in_words(capsys):
    case = bench_parse.CASES[0]
    numbers = {"parse": case.goals[0], "full": case.goals[1] + 1}
    console = bench_parse.Console(width=120)
    bench_parse.show([bench_parse.Measured(case, numbers, {"parse": 1.0, "full": 2.0})], console)
    words = capsys.readouterr().out.split()
    assert words.index("met") < words.index("missed")


@pytest.mark.long
@pytest.mark.skipif(not shutil.which("cargo"), reason="there is no cargo, so no peer")
def test_the_peer_is_measured_in_every_case_and_drawn(script, tmp_path):
    picture = tmp_path / "peer.svg"
    done = script("bench", "parse", "--peer", "--json", "--picture", str(picture))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)["cases"]
    assert [(case["case"], case["regions"]) for case in told] == ORDER
    for case in told:
        keys = ("peer_parse_instructions", "peer_full_instructions")
        jsonschema.validate(case, {"required": [*keys], "properties": dict.fromkeys(keys, COUNT)})
        assert case["peer_parse_instructions"] < case["peer_full_instructions"]
    text = picture.read_text()
    assert all(f">{case['peer_full_instructions']}<" in text for case in told)


def compared(ours: int, peer: int) -> bench_peer.Compared:
    case = bench_parse.CASES[0]
    nanoseconds = {"parse": 1.0, "full": 2.0}

    def measured(count: int) -> bench_parse.Measured:
        return bench_parse.Measured(case, {"parse": count, "full": 2 * count}, nanoseconds)

    return bench_peer.Compared(measured(ours), dict.fromkeys(bench_peer.PROFILES, measured(peer)))


@pytest.mark.parametrize(("peer", "word"), [(400, "met"), (399, "missed")])
def test_the_peer_s_goal_is_met_or_missed_in_words(capsys, peer, word):
    bench_peer.show([compared(100, 4000), compared(100, peer)], bench_peer.Console(width=120))
    assert f"in every case: {word}" in capsys.readouterr().out


def test_without_cargo_there_is_no_peer(monkeypatch):
    monkeypatch.setattr(rust_vmm.shutil, "which", lambda name: None)
    with pytest.raises(Stop, match="the peer is not built: there is no cargo") as stop:
        bench_peer.programs(lambda: None)
    assert stop.value.code is Exit.SETUP


def test_each_round_of_a_target_has_one_of_the_ceiling(monkeypatch):
    ran = []

    def run_once(target, folder, tick):
        ran.append(target.name)
        return 1000.0 if target.name == bench_fuzz.CEILING else 150.0

    monkeypatch.setattr(bench_fuzz, "run_once", run_once)
    speeds = bench_fuzz.measure(["tx_packet", "rx_packet"], lambda doing: None)
    assert ran == ["tx_packet", "nothing", "rx_packet", "nothing"] * bench_fuzz.ROUNDS
    assert speeds[0].as_object() == {
        "name": "tx_packet",
        "exec_per_s": 150,
        "ceiling_exec_per_s": 1000,
        "ratio": 0.15,
    }


@pytest.mark.long
def test_a_real_round_counts_cpu_time(monkeypatch, tmp_path):
    build.build(bench_fuzz.PRESET, ["fuzz_tx_packet", "fuzz_nothing"])
    monkeypatch.setattr(bench_fuzz, "SECONDS", 2)
    rates = {
        name: bench_fuzz.run_once(targets.every()[name], tmp_path, lambda: None)
        for name in ("tx_packet", bench_fuzz.CEILING)
    }
    assert 1000 < rates["tx_packet"] < rates[bench_fuzz.CEILING]


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["parser"],
        ["fuzz", "no_such_target"],
        ["parse", "more"],
        ["parse", "--picture", "x.svg"],
        ["fuzz", "--no-such"],
    ],
)
def test_bad_usage_is_one_line(script, argv):
    done = script("bench", *argv)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_the_help_of_each_part_has_examples(script):
    for part in ("parse", "fuzz"):
        done = script("bench", part, "--help")
        assert "scripts/bench" in done.stdout.partition("Examples:")[2]


CALLGRIND = """\
fl=/x/engine
fn=loop
1 1
cfi=/x/fuzz/targets/fuzz_a.c
cfn=LLVMFuzzerTestOneInput
calls=2 10
1 1000

fl=/x/fuzz/targets/fuzz_a.c
fn=LLVMFuzzerTestOneInput
10 5
cfi=/x/fuzz/oracle/oracle.c
cfn=oracle_run
calls=2 300
10 995

fl=/x/fuzz/oracle/oracle.c
fn=oracle_run
300 40
cfi=/x/fuzz/scenario/run.c
cfn=run_scenario
calls=2 20
301 900

fl=/x/fuzz/oracle/model_walk.c
fn=model_pop
20 30
fi=/x/fuzz/oracle/shadow.h
21 4
fe=/x/fuzz/oracle/model_walk.c
cfi=???
cfn=memcpy
calls=3 0
22 60
cfi=/x/fuzz/oracle/silent.c
cfn=silent_end
calls=1 9
23 500

fl=/x/fuzz/oracle/silent.c
fn=silent_end
9 500
"""


def test_an_oracle_costs_its_own_instructions_and_what_it_calls_outside():
    whole, oracles = bench_oracles.count(CALLGRIND.splitlines())
    assert whole == 1000
    assert oracles == {"in common": 40, "model": 94, "silent": 500}
