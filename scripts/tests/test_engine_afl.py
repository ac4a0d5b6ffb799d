# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""AFL++ as an engine: what it is told, what is fetched from it, campaigns with one of a few shell lines."""

import os
import shutil

import pytest
from toys import SEED, run, sha1, toy
from vvs_tools import campaign, engine_afl, fuzz, process, targets
from vvs_tools.console import Exit
from vvs_tools.engine_afl import Afl
from vvs_tools.engines import Run
from vvs_tools.floors import Floors

pytestmark = pytest.mark.slow

# Takes its place below -o by the name behind -S or -M, and then does what is said.
HEAD = r"""#!/bin/bash
echo "$@"
while [ $# -gt 0 ]; do
    case $1 in -i) in=$2 ;; -o) out=$2 ;; -S | -M) name=$2 ;; esac
    shift
done
own=$out/$name
mkdir -p "$own/crashes" "$own/hangs" "$own/queue"
said() { printf 'execs_done        : %s\nedges_found       : %s\n' "$1" "$2" >"$own/fuzzer_stats"; }
crashed() { said 7 30; printf %s "$1" >"$own/crashes/id:000000,sig:06,src:000000"; exit 0; }
"""


@pytest.fixture
def afl(engine, tmp_path, write):
    """Makes afl-fuzz from shell lines, and a campaign with it."""

    def make(body: str, most: int | None = None) -> campaign.Campaign:
        write("bin/afl-fuzz", HEAD + body, 0o755)
        env = os.environ | {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}
        return campaign.Campaign(
            [toy("toy")], tmp_path / "out", ("fuzz-afl", "unit"), env, seed=SEED, most=most, engine=Afl()
        )

    return make


def a_run(tmp_path, name="tx_packet", **more):
    log = tmp_path / "runs" / "3.log"
    log.parent.mkdir(exist_ok=True)
    log.touch()
    target = targets.every()[name]
    return Run(target, "fuzz-afl", log, tmp_path / "findings", [tmp_path / "corpus"], 9, 5, **more)


def options_of(argv):
    words = list(map(str, argv))
    assert words[-2] == "--"
    return dict(zip(words[1:-2:2], words[2:-2:2], strict=True))


def test_a_target_of_scenarios_is_mutated_by_its_own_library_alone(tmp_path):
    found = a_run(tmp_path)
    options = options_of(engine_afl.command(found, 1))
    assert (options["-b"], options["-s"], options["-V"], options["-G"]) == ("1", "5", "9", "4096")
    assert options["-t"] == "10000"
    assert not {"-c", "-x", "-E"} & options.keys()
    env = engine_afl.environment(found, {})
    assert env["AFL_CUSTOM_MUTATOR_ONLY"] == "1"
    assert env["AFL_CUSTOM_MUTATOR_LIBRARY"].endswith("/fuzz-afl/fuzz/mutate_tx_packet.so")
    assert Afl().programs(found.target, "fuzz-afl") == ["fuzz_tx_packet", "mutate_tx_packet"]


def test_a_target_of_bytes_has_comparisons_solved_and_a_dictionary(tmp_path):
    found = a_run(tmp_path, "packet_header", most=1000)
    options = options_of(engine_afl.command(found, 0))
    assert (options["-c"], options["-E"]) == ("0", "1000")
    assert options["-x"] == str(found.target.dictionary)
    assert "AFL_CUSTOM_MUTATOR_LIBRARY" not in engine_afl.environment(found, {})
    assert Afl().programs(found.target, "fuzz-afl") == ["fuzz_packet_header"]


@pytest.mark.parametrize(("others", "role"), [(0, "-S"), (1, "-M"), (2, "-S")])
def test_one_of_several_is_the_main(tmp_path, others, role):
    assert options_of(engine_afl.command(a_run(tmp_path, others=others), 0))[role] == "3"


def test_what_the_engine_insists_on_has_the_last_word(tmp_path):
    env = engine_afl.environment(a_run(tmp_path), {"ASAN_OPTIONS": "symbolize=1:x=2"})
    assert env["ASAN_OPTIONS"].startswith("symbolize=1:x=2:abort_on_error=1:symbolize=0:")
    assert env["UBSAN_OPTIONS"] == "abort_on_error=1:symbolize=0"


def test_the_core_with_the_fewest_bound_processes_is_taken(monkeypatch, write, tmp_path):
    monkeypatch.setattr(engine_afl, "PROC", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {2, 3, 4})
    for pid, cpus in ((1, "0-7"), (2, "2"), (3, "4"), (4, "4")):
        write(f"{pid}/status", f"Name:\tx\nCpus_allowed_list:\t{cpus}\nMems_allowed_list:\t0\n")
    assert engine_afl.free_cpu([]) == 3
    assert engine_afl.free_cpu([3]) == 2
    assert engine_afl.free_cpu([3, 3, 2]) == 2


def test_it_starts_from_copies_and_never_from_nothing(tmp_path, write):
    found = a_run(tmp_path)
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a").symlink_to(write("committed", "x"))
    engine_afl.prepare(found)
    folder = engine_afl.inputs(found.log)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"a": b"x", "first": b"\x01"}
    assert not any(path.is_symlink() for path in folder.iterdir())


def test_what_it_found_is_fetched_and_named_by_content(tmp_path, write):
    found = a_run(tmp_path)
    for name, text in {
        "crashes/id:000000,sig:06,src:000000,time:9,execs:8,mutate": "one",
        "crashes/README.txt": "not an input",
        "hangs/id:000000,src:000000,time:9,execs:8,cross": "two",
        "queue/id:000000,time:0,execs:0,orig:abc": "given",
        "queue/id:000001,src:000000,time:1,execs:2,mutate,+cov": "new",
    }.items():
        write(f"runs/afl/3/{name}", text)
    write("runs/3.inputs/beef", "skipped")
    write("runs/3.inputs/cafe", "slow")
    write(
        "runs/3.log",
        "\x1b[1;93m[!] \x1b[1;97mWARNING: \x1b[0mTest case 'id:000005,time:0,execs:0,orig:beef' "
        "results in a crash, skipping\nTest case 'id:000006,time:0,execs:0,orig:cafe' results in a timeout\n",
    )
    for folder in (found.artifacts, found.corpora[0]):
        folder.mkdir()
    failed = Afl().end(found)
    content = {path.name: path.read_text() for path in found.artifacts.iterdir()}
    assert content == {
        f"crash-{sha1(b'one')}": "one",
        f"timeout-{sha1(b'two')}": "two",
        f"crash-{sha1(b'skipped')}": "skipped",
        f"timeout-{sha1(b'slow')}": "slow",
    }
    assert {path.name for path in failed} == content.keys()
    assert [path.name for path in found.corpora[0].iterdir()] == [sha1(b"new")]
    assert not engine_afl.inputs(found.log).exists()


def test_numbers_are_of_the_engine_and_of_the_target(tmp_path, write):
    found = a_run(tmp_path)
    write(
        "runs/3.json", '{"inputs": 900, "generated": 800, "parsed_inputs": 400, "tags": {"tx/split/one": 8}}'
    )
    numbers = Afl().read(found.log, 2.0)
    assert (numbers.executions, numbers.edges, numbers.share(numbers.parsed)) == (900, 0, 0.5)
    write("runs/afl/3/fuzzer_stats", "execs_done        : 1000\nedges_found       : 30\n")
    numbers = Afl().read(found.log, 2.0)
    assert (numbers.executions, numbers.per_second, numbers.edges) == (1000, 500.0, 30)


def test_how_it_ended(tmp_path, write):
    log = write("1.log", "\x1b[1;91m[-] PROGRAM ABORT : \x1b[0mNo instrumentation detected\x1b[1;91m\n")
    assert not Afl().loaded(log)
    assert "No instrumentation detected" in Afl().complaint(log, 1)
    log.write_text("afl-fuzz: went wrong\n")
    assert "exits 9 without a finding: afl-fuzz: went wrong" in Afl().complaint(log, 9)
    assert (Afl().complaint(log, 0), Afl().complaint(log, process.TIMED_OUT)) == ("", "")


def test_a_finding_is_replayed_and_the_next_process_starts_from_what_it_found(afl, tmp_path):
    made = afl('printf new >"$own/queue/id:000001,src:000000"; cat "$in"/*; crashed "BAD $RANDOM"', most=21)
    tally = run(made)
    assert tally.runs == 3
    assert {finding.kind for finding in tally.findings.values()} == {"work"}
    assert all(path.name == f"crash-{sha1(path.read_bytes())}" for path in tally.findings)
    assert (tmp_path / f"out/toy/fresh/{sha1(b'new')}").exists()
    assert "new" in (tmp_path / "out/toy/runs/2.log").read_text()
    assert (tally.done.executions, tally.done.edges) == (21, 30)
    assert fuzz.verdict_of(made) is Exit.FINDINGS


def test_two_jobs_of_one_target_share_a_folder_and_no_core(afl, tmp_path, monkeypatch):
    monkeypatch.setattr(engine_afl, "PROC", tmp_path / "no-other-process")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})
    run(afl("said 7 30; sleep 60"), 0.5, jobs=2)
    first, second = ((tmp_path / f"out/toy/runs/{number}.log").read_text() for number in (1, 2))
    assert "-S 1 " in first
    assert "-M 2 " in second
    assert "-b 0 " in first
    assert "-b 1 " in second
    assert f"-o {tmp_path}/out/toy/runs/afl " in first
    assert f"-o {tmp_path}/out/toy/runs/afl " in second


def test_a_committed_input_that_fails_is_a_finding_and_left_out_from_then_on(afl, write, tmp_path):
    write("corpus/toy/seed/a-name", "BAD")
    name = sha1(b"BAD")
    skipped = f"Test case 'id:000000,orig:{name}' results in a crash, skipping"
    tally = run(afl(f'said 7 30; [ ! -e "$in/{name}" ] || {{ echo "{skipped}"; exit; }}; sleep 60'), 6)
    assert tally.runs == 2
    assert [path.read_text() for path in tally.findings] == ["BAD"]
    assert not tally.fault


def test_a_target_that_fails_on_everything_is_given_up(afl):
    skipped = "Test case 'id:000000,orig:first' results in a crash, skipping"
    tally = run(afl(f'echo "{skipped}"; echo "PROGRAM ABORT : We need at least one valid input"; exit 1'))
    assert tally.runs == 1
    assert "first input" in tally.fault


def test_an_engine_that_refuses_to_start_is_inconclusive(afl):
    made = afl("echo 'PROGRAM ABORT : No instrumentation detected'; exit 1")
    tally = run(made)
    assert tally.runs == 1
    assert "No instrumentation detected" in tally.fault
    assert fuzz.verdict_of(made) is Exit.INCONCLUSIVE


def test_an_interrupt_keeps_what_was_found(afl):
    made = afl("said 7 30; printf BAD >\"$own/crashes/id:000000\"; trap 'exit 0' TERM; sleep 60 & wait")
    with made.prepared(), pytest.raises(KeyboardInterrupt):
        for _ in made.run(campaign.plan([toy("toy")], 1, 60)):
            if made.elapsed > 0.5:
                raise KeyboardInterrupt
    assert [finding.doubt for finding in made.tallies["toy"].all_findings()] == ["not replayed yet"]


def test_what_a_killed_campaign_left_behind_is_taken_up_by_the_next(afl, write, tmp_path):
    write("out/toy/runs/afl/4/queue/id:000001,src:000000", "new")
    write("out/toy/runs/afl/4/crashes/id:000000,sig:06", "BAD")
    tally = run(afl("said 7 30; sleep 60"), 0.3)
    assert (tmp_path / f"out/toy/corpus/{sha1(b'new')}").exists()
    assert [path.name for path in tally.findings] == [f"crash-{sha1(b'BAD')}"]
    assert not (tmp_path / "out/toy/runs/afl/4").exists()


def test_shares_are_scaled_and_functions_are_not():
    floors = Floors(0.5, {"tx/split/one": 0.02}, ("vvs_serve_tx",), 0.1)
    assert floors.scaled(0.5) == Floors(0.25, {"tx/split/one": 0.01}, ("vvs_serve_tx",), 0.05)
    assert Floors().scaled(0.5) == Floors()
    assert 0 < Afl.floor_factor < 1


@pytest.mark.parametrize("argv", [["--sanitizer", "memory"], ["--runs", "100"]])
def test_what_it_can_not_do_is_usage(script, argv):
    done = script("fuzz", "--engine", "afl", *argv)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert argv[0] in done.stderr


def test_it_is_there():
    assert shutil.which("afl-fuzz")
    assert shutil.which("afl-clang-fast")
