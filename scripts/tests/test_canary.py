# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The canary: found by every campaign, and a campaign that can't find it proves nothing."""

import pytest
from checkout import Checkout
from toys import run
from vvs_tools import canary, engines, fuzz, targets
from vvs_tools.console import Exit, make_console

pytestmark = pytest.mark.slow

FOUND = "inited; written planted"
PLANTED = f"echo '{canary.PLANTED}'; echo 'oracle used-len: used length 1 for id 0, expected 0'; exit 1"


def test_found_it_leaves_nothing_and_says_nothing_of_a_finding(engine, tmp_path):
    made = engine.with_canary(FOUND, PLANTED)
    tally = run(made, 0.2)
    assert made.canary.found
    assert made.canary.executions == 7
    assert not (tmp_path / "out/canary").exists()
    assert not tally.findings
    tally.done.executions = 1
    assert fuzz.verdict_of(made) is Exit.CLEAN


@pytest.mark.parametrize(
    ("body", "replay", "fault"),
    [
        ("inited; echo 'Done 300000 runs'", PLANTED, "not found in 7 inputs"),
        ("echo no such mutator; exit 9", PLANTED, "exit code 9"),
        (f"echo '{canary.PLANTED}'; {FOUND}", "exit 0", "found, but its replay does not fail"),
        (FOUND, "exit 0", "another failure came first, heap-buffer-overflow, which a replay does not show"),
        (FOUND, f"echo '{canary.PLANTED}'; exit 1", "as crash and not as used-len"),
    ],
)
def test_not_found_is_inconclusive(engine, tmp_path, body, replay, fault):
    made = engine.with_canary(body, replay)
    tally = run(made, 0.2)
    assert fault in made.canary.fault
    assert (tmp_path / "out/canary/engine.log").exists()
    tally.done.executions = 1
    assert fuzz.verdict_of(made) is Exit.INCONCLUSIVE


def test_another_bug_that_comes_first_is_a_finding_of_its_own(engine):
    made = engine.with_canary(FOUND, "echo 'oracle used-len: used length 4'; exit 1")
    run(made, 0.2)
    assert not made.canary.found
    assert made.canary.finding.kind == "used-len"
    assert made.canary.finding.command.endswith("--target tx_packet")
    assert fuzz.verdict_of(made) is Exit.FINDINGS


def test_a_finding_outranks_a_canary_that_was_not_found(engine):
    made = engine.with_canary("inited", PLANTED)
    engine.write("build/fuzz/fuzz/fuzz_toy", (engine.top / "build/fuzz/fuzz/fuzz_canary").read_text())
    tally = run(made, 0.2)
    tally.pending[engine.write("crash", "x")] = "oracle work: too much"
    assert fuzz.verdict_of(made) is Exit.FINDINGS


def test_it_starts_from_no_input_and_is_bound_by_inputs(engine, tmp_path):
    run(engine.with_canary('echo "$@"; inited', PLANTED), 0.2)
    said = (tmp_path / "out/canary/engine.log").read_text().splitlines()[0]
    assert f"-seed=5 -runs={canary.INPUTS} " in said
    assert said.endswith(f"{tmp_path}/out/canary/corpus")
    assert not list((tmp_path / "out/canary/corpus").iterdir())


def test_it_is_no_target_of_a_campaign_and_has_no_corpus_to_replay():
    assert "canary" not in targets.campaign()
    assert not targets.every()["canary"].seeds


def test_it_is_found_within_its_first_inputs_from_many_prng_seeds(tmp_path):
    presets = engines.LibFuzzer.presets["address"]
    fuzz.compile_all([], engines.LibFuzzer(), presets, make_console())
    for seed in range(1, 11):
        made = canary.Canary(tmp_path / str(seed), presets, seed)
        run_alone(made)
        assert made.found, made.fault
        assert made.executions < canary.INPUTS / 3


def run_alone(made: canary.Canary) -> None:
    campaign = fuzz.Campaign([], made.folder.parent, made.presets, fuzz.sanitizers.environment(), made)
    with campaign.prepared():
        for _ in campaign.run([]):
            pass


# What blinds a campaign, each in another place that a real finding passes.
BLIND = {
    "the bug is not there": ("fuzz/targets/fuzz_canary.c", "lie = rare_count == RARE_COUNT;", "lie = false;"),
    "the mutator changes nothing": (
        "fuzz/mutator/mutate.c",
        "(&mutation);\n    }\n    size_t fresh = mutation_end(&mutation, bytes, capacity);",
        "(&mutation);\n    }\n    size_t fresh = capacity != 0 ? len : 0;",
    ),
    "the oracle is silent": (
        "fuzz/oracle/report.c",
        "    char report[512];",
        "    return;\n    char report[512];",
    ),
}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    return Checkout(tmp_path_factory.mktemp("blind"))


@pytest.mark.parametrize("why", BLIND)
def test_a_blind_campaign_is_inconclusive_and_says_how_to_repeat_it(checkout, why):
    name, old, new = BLIND[why]
    path = checkout.top / name
    whole = path.read_text()
    assert old in whole
    path.write_text(whole.replace(old, new))
    try:
        done = checkout.run("scripts/fuzz", "tx_packet", "--seconds", "1", "--seed", "7", "--jobs", "1")
    finally:
        path.write_text(whole)
    assert done.returncode == 4, done.stdout + done.stderr
    assert "  repeat: scripts/fuzz tx_packet --seconds 1 --seed 7" in done.stdout.splitlines()
    assert "canary: planted bug not found in" in done.stdout
