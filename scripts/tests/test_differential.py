# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
import json
import re
import shutil
import subprocess
import tomllib

import pytest
from vvs_tools import TOP, build, rust_vmm, sanitizers, targets
from vvs_tools.zoo_copy import Copy

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


# No difference between devices: how a caller works, what neither side looks at, what waits for a reset.
ALIKE = {
    "written through slices and not said": {
        "queues": [{"role": "rx"}],
        "steps": [{"add_chain": {}}, {"send": {"hdr_len": 0, "in_place": 2}}, {"serve": {}}],
    },
    "an element whose unused end lies behind the last address": {
        "regions": [{"addr": "0xfffffffffffff000", "len": "0x1000"}, {}],
        "queues": [{"role": "rx"}],
        "steps": [
            {"add_chain": {"elements": [{"len": 96, "addr": "0xffffffffffffffa1"}, {}]}},
            {"serve": {}},
        ],
    },
    "broken behind an entry that nothing was decided about": {
        "steps": [{"add_chain": {}}, {"pop": {}}, {"set_word": {}}, {"publish": {"quiet": 1}}, {"serve": {}}],
    },
    "what a queue wrote that only one of them takes, into what the other queue reads": {
        "queues": [{"role": "rx", "used_index": 1}, {}],
        "steps": [
            {"add_chain": {"queue": "tx", "elements": [{"addr": "0x2ff4cc"}]}},
            {"add_chain": {"elements": [{"len": 45, "addr": "0x2ff4c5"}]}},
            {"serve": {}},
            {"serve": {"queue": "tx"}},
        ],
    },
    "a descriptor that such a queue made another": {
        "queues": [{"role": "rx", "device": "0xfffc0"}, {}],
        "steps": [
            {"add_chain": {}},
            {"serve": {}},
            {
                "add_chain": {
                    "hdr_len": 13,
                    "payload_len": 0,
                    "queue": "tx",
                    "elements": [{}, {"addr": "0x1001b4"}],
                }
            },
            {"serve": {"queue": "tx"}},
        ],
    },
    "a used entry that was staged and that a restore skips": {
        "steps": [
            {"add_chain": {"count": 3}},
            {"serve": {}},
            {"pop": {}},
            {"publish": {"stage": 1}},
            {"restore": {"avail_index": 2, "used_index": 2}},
            {"serve": {}},
        ],
    },
    "a used entry that was staged, in what another queue's chain holds": {
        "queues": [{"role": "rx", "device": "0x2003fc"}, {}],
        "steps": [
            {"add_chain": {}},
            {"pop": {}},
            {"publish": {"stage": 1}},
            {
                "add_chain": {
                    "hdr_len": 1,
                    "payload_len": 0,
                    "queue": "tx",
                    "elements": [{}, {"addr": "0x200404"}],
                }
            },
            {"serve": {"queue": "tx"}},
        ],
    },
    "a used entry that was staged, in another queue's descriptor table": {
        "regions": [{"addr": "0x0", "len": "0x400000"}],
        "queues": [{"role": "rx", "device": "0x200000"}, {"desc": "0x200000"}],
        "steps": [
            {"add_chain": {}},
            {"pop": {}},
            {"publish": {"stage": 1}},
            {"set_word": {"queue": "tx", "value": 1}},
            {"serve": {"queue": "tx"}},
        ],
    },
    "a used entry that was staged, in another queue's available ring": {
        "queues": [{"role": "rx", "device": "0x2003fc"}, {"driver": "0x200402"}],
        "steps": [
            {"add_chain": {}},
            {"pop": {}},
            {"publish": {"stage": 1}},
            {"serve": {"queue": "tx"}},
        ],
    },
    "a used entry that was staged, in another queue's used ring": {
        "queues": [{"role": "rx", "device": "0x2003fc"}, {"device": "0x200400"}],
        "steps": [
            {"add_chain": {}},
            {"add_chain": {"queue": "tx", "count": 2}},
            {"serve": {"queue": "tx"}},
            {"pop": {}},
            {"publish": {"stage": 1}},
            {"serve": {"queue": "tx"}},
        ],
    },
}


@needs_cargo
@pytest.mark.slow
@pytest.mark.parametrize("scenario", ALIKE.values(), ids=ALIKE)
def test_what_is_no_difference_is_none(script, write, scenario):
    done = script(
        "repro", "--target", TARGET, str(write("input.json", json.dumps({"version": 1, **scenario})))
    )
    assert done.returncode == 0, done.stdout + done.stderr


@needs_cargo
@pytest.mark.long
@pytest.mark.parametrize("bug", ["frag-fixed-layout", "used-len-tx-nonzero"])
def test_a_fault_of_the_library_is_found_in_seconds(tmp_path, bug):
    peers = ":".join(map(str, rust_vmm.adapters(counted=True).values()))
    planted = Copy(tmp_path / "copy")
    planted.plant(TOP / f"fuzz/zoo/bugs/{bug}.patch")
    planted.build("fuzz", [f"fuzz_{TARGET}"], tmp_path / "log", lambda: None)
    program = planted.build_folder("fuzz") / "fuzz" / f"fuzz_{TARGET}"
    (tmp_path / "corpus").mkdir()
    done = subprocess.run(
        [program, "-seed=1", "-runs=400000", tmp_path / "corpus", TOP / "corpus/tx_packet/seed"],
        cwd=tmp_path,
        env=sanitizers.environment({"VVS_PEERS": peers}),
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert "oracle differential" in done.stderr, done.stderr[-2000:]


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
