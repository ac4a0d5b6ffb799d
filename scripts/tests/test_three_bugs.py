# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A library with three bugs of the zoo: three findings, though nearly each input shows one of them."""

import json
import shlex
import shutil
import subprocess

import pytest
from checkout import Checkout
from vvs_tools import TOP

# The first is shown by each packet that is sent, the second by few of those, the third at set-up.
BUGS = {
    "used-len-tx-nonzero": "used-len: used length # for id #, expected #, as nothing is in it",
    "tx-size-from-desc": "access: payload slices end at stream byte #, not #",
    "q-size-after-activate": "outputs: vvs_queue_init was refused, and changed what it would have written",
}
TARGETS = ("tx_packet", "split_queue")
RUNS = ("--runs", "3000", "--seed", "1", "--jobs", "2")

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    checkout = Checkout(tmp_path_factory.mktemp("checkout"))
    for target in TARGETS:
        shutil.copytree(TOP / "corpus" / target, checkout.top / "corpus" / target)
    for bug in BUGS:
        patch = TOP / "fuzz" / "zoo" / "bugs" / f"{bug}.patch"
        subprocess.run(["patch", "-p1", "--batch", "-i", patch], cwd=checkout.top, check=True)
    return checkout


@pytest.fixture(scope="module")
def found(broken):
    argv = ["scripts/fuzz", *TARGETS, *RUNS, "--json"]
    done = subprocess.run(argv, cwd=broken.top, capture_output=True, text=True, timeout=500)
    assert done.returncode == 1, done.stderr
    return json.loads(done.stdout)


def test_they_are_three_findings(found):
    assert {box["token"] for box in found["findings"]} == set(BUGS.values())


def test_all_inputs_are_run_behind_what_is_known(found):
    assert all(target["executions"] >= 3000 and "fault" not in target for target in found["targets"])


@pytest.mark.parametrize("token", BUGS.values())
def test_each_is_small_and_its_command_shows_it(token, found, broken):
    (box,) = (box for box in found["findings"] if box["token"] == token)
    assert (box["runs"], box["failed"]) == (10, 10)
    assert box["bytes_small"] <= 200
    shown = broken.run(*shlex.split(box["command"]))
    assert shown.returncode == 1, shown.stderr
    assert box["report"] in shown.stdout


@pytest.mark.parametrize("token", BUGS.values())
def test_the_scenario_itself_comes_to_the_fault(token, found, broken):
    """The report is of a step that is written, not of one that an oracle appended."""
    (box,) = (box for box in found["findings"] if box["token"] == token)
    folder = broken.top / box["folder"]
    steps = len(json.loads((folder / "scenario.json").read_text()).get("steps", []))
    step = int((folder / "replay.txt").read_text().partition(": in step ")[2].split()[0])
    assert step < max(1, steps)
