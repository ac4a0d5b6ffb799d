# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
import re
import shutil
import subprocess
import tomllib

import pytest
from vvs_tools import TOP, build, rust_vmm, sanitizers, targets

TARGET = "differential"
RULES = TOP / "fuzz/differential/deviations.c"
LISTS = TOP / "conformance/deviations"
needs_cargo = pytest.mark.skipif(not shutil.which("cargo"), reason="there is no cargo, so no peers")


def listed(name: str) -> set[str]:
    entries = tomllib.loads((LISTS / f"{name}.toml").read_text())["deviation"]
    return {entry["requirement"] for entry in entries}


def test_each_rule_is_named_for_a_listed_deviation():
    named = re.findall(r'^    \{"([^"]+)", ', RULES.read_text(), re.MULTILINE)
    assert len(named) > 5
    assert set(named) <= set.union(*map(listed, rust_vmm.PACKAGES))


def test_it_takes_part_only_where_it_is_named():
    assert TARGET not in {target.name for target in targets.chosen(())}
    assert [target.name for target in targets.chosen((TARGET,))] == [TARGET]


def test_without_cargo_it_is_not_built(script):
    done = script("fuzz", TARGET, "--seconds", "1", PATH="/usr/bin:/bin")
    assert done.returncode == 3
    assert "the peers are not built: there is no cargo" in done.stderr


def test_a_sanitizer_that_is_blind_to_the_peers_is_refused(script):
    done = script("fuzz", TARGET, "--sanitizer", "memory")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


@needs_cargo
@pytest.mark.slow
def test_each_vector_s_scenario_is_answered_alike_but_for_deviations():
    rust_vmm.adapters()
    program = build.build("unit", [f"replay-{TARGET}"]) / "fuzz" / f"replay-{TARGET}"
    seeds = [TOP / "corpus" / name / "seed" for name in targets.every()[TARGET].borrows]
    done = subprocess.run(
        [program, *seeds], env=sanitizers.environment(), capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr


@needs_cargo
@pytest.mark.long
@pytest.mark.parametrize("fault", ["payload", "kind", "notify"])
def test_a_fault_of_the_peer_is_found_in_seconds(script, tmp_path, fault):
    peers = rust_vmm.adapters()
    faulty = build.build("unit", ["vvs_iut_faulty"]) / "conformance" / "libvvs_iut_faulty.so"
    planted = {"VVS_PEERS": str(faulty), "FAULTY_OBJECT": str(peers["rust-vmm-latest"]), "FAULTY": fault}
    done = script("fuzz", TARGET, "--seconds", "6", "--jobs", "1", "--out", str(tmp_path), **planted)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "FINDING differential: differential" in done.stdout
