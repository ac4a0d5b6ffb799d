# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A library with a fault planted in it: found, kept, reproduced, and gone once it is mended."""

import html
import json
import re
import shlex
import shutil
import signal
import subprocess

import pytest
from checkout import Checkout
from vvs_tools import report_finding, tokens

# A refused chain is to be returned with length 0.
RIGHT, WRONG = "refused ? 0 :", "refused ? 4 :"
RUN = ("tx_packet", "--seconds", "4", "--jobs", "1")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    checkout = Checkout(tmp_path_factory.mktemp("checkout"))
    checkout.replace(RIGHT, WRONG)
    done = checkout.run("scripts/fuzz", "tx_packet", "--seconds", "1", "--json")
    assert done.returncode in (1, 4), done.stderr
    return checkout


def test_a_planted_fault_is_found_and_its_command_shows_it_again(broken):
    done = broken.run("scripts/fuzz", *RUN, "--json")
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert told["verdict"] == "findings"
    found = told["targets"][0]["findings"]
    assert {finding["kind"] for finding in found} == {"used-len"}
    assert {broken.top / finding["file"] for finding in found} == set(broken.findings())
    shown = broken.run(*shlex.split(found[0]["command"]))
    assert shown.returncode == 1, shown.stderr
    for expected in (
        '"steps"',
        "queues",
        "FINDING tx_packet: used-len",
        "lib/src/serve.c",
        found[0]["command"],
    ):
        assert expected in shown.stdout


def test_the_summary_names_finding_and_command(broken):
    done = broken.run("scripts/fuzz", *RUN)
    assert done.returncode == 1, done.stderr
    assert "FINDING tx_packet: used-len" in done.stdout
    assert "reproduce: scripts/repro build/out/fuzz/findings/used-len-" in done.stdout


def test_it_is_one_finding_that_is_shrunk_and_repeated(broken):
    done = broken.run("scripts/triage", "--json")
    assert done.returncode == 1, done.stderr
    boxes = json.loads(done.stdout)["findings"]
    assert len(boxes) == 1, [box["token"] for box in boxes]
    (box,) = boxes
    assert box["token"] == "used-len: used length # for id #, expected #, as nothing is in it"
    assert (box["runs"], box["failed"]) == (10, 10)
    assert box["bytes_small"] <= box["bytes_found"]
    assert box["vector"]
    shown = broken.run(*shlex.split(box["command"]))
    assert shown.returncode == 1, shown.stderr
    assert "FINDING tx_packet: used-len" in shown.stdout


def test_its_page_alone_says_what_is_wrong_and_how_to_repeat_it(broken, tmp_path):
    page = tmp_path / "page.html"
    done = broken.run("scripts/report", "--no-coverage", "-o", str(page))
    assert done.returncode == 0, done.stderr
    text = page.read_text()
    said = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())
    for part in (
        "SPLIT-USED-",
        "The library gave used length 4 for id 0",
        "used 4",
        "the library gives 4 , expected 0",
        "The driver makes available one chain of buffers on the tx queue",
        "here it failed",
        "it fails in the same way",
    ):
        assert part in said, part
    assert str(broken.top) not in text
    command = html.unescape(re.search(r'<pre class="command">(.*?)</pre>', text, re.DOTALL)[1])
    shutil.rmtree(broken.top / report_finding.PLACE, ignore_errors=True)
    repeated = broken.run("bash", "-c", command)
    assert repeated.returncode == 1, repeated.stderr
    token = re.search("used-len: used length # for id #, expected #, as nothing is in it", said)
    assert token
    assert str(tokens.token_of(repeated.stdout)) == token[0]


def test_an_interrupt_keeps_the_findings(broken):
    before = set(broken.findings())
    child = subprocess.Popen(
        ["scripts/fuzz", "tx_packet", "--seconds", "60"],
        cwd=broken.top,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        while not set(broken.findings()) - before:
            assert child.poll() is None
    finally:
        child.send_signal(signal.SIGINT)
    out, _ = child.communicate(timeout=30)
    assert child.returncode == 130
    assert "reproduce: scripts/repro" in out
    assert set(broken.findings()) > before


def test_its_scenario_in_json_shows_it_too(broken, tmp_path):
    crash = min(broken.findings(), key=lambda path: path.stat().st_size)
    scn = broken.top / "build/unit/fuzz/scn"
    scenario = tmp_path / "crash.json"
    scenario.write_text(broken.run(str(scn), "json", str(crash)).stdout)
    done = broken.run("scripts/repro", str(scenario), "--target", "tx_packet")
    assert done.returncode == 1, done.stderr
    assert "FINDING tx_packet: used-len" in done.stdout


def test_minimised_it_says_the_fault_and_nothing_else(broken, tmp_path):
    chain = {"src_port": 7, "payload": "00112233", "elements": [{"len": 10}, {"len": 20, "addr": "0x100800"}]}
    scenario = {
        "image": {"features": ["VERSION_1", "EVENT_IDX"], "max_payload": 4096},
        "regions": [{"addr": "0x100000", "len": "0x8000"}, {"len": "0x100"}],
        "races": [{"item": "header", "index": 3, "bytes": "ff"}],
        "steps": [{"add_chain": {"payload_fill": 1, "elements": [{"len": 144}]}}, {"arm": {}}]
        + 3 * [{"add_chain": chain}]
        + [{"serve": {"max": 9}}, {"notify": {}}],
    }
    big, small = tmp_path / "big.json", tmp_path / "small"
    big.write_text(json.dumps(scenario))
    argv = ("--target", "tx_packet", "--minimise", "-o", str(small))
    done = broken.run("scripts/repro", str(big), *argv)
    assert done.returncode == 1, done.stderr
    assert "minimised, still used-len: " in done.stderr
    assert "FINDING tx_packet: used-len" in done.stdout
    repeat = done.stdout.splitlines()[-1].removeprefix("reproduce: ")
    assert shlex.split(repeat) == ["scripts/repro", str(small), "--target", "tx_packet"]
    assert broken.run(*shlex.split(repeat)).returncode == 1
    # Of all that a chain can be refused for, the drop of one field is found first: its only element is short.
    left = json.loads(broken.run(str(broken.top / "build/unit/fuzz/scn"), "json", str(small)).stdout)
    assert [*left] == ["version", "steps"]
    assert [next(iter(step)) for step in left["steps"]] == ["add_chain", "serve"]
    assert small.stat().st_size < 16


def test_mended_it_fails_no_more(broken):
    crash = str(broken.findings()[0])
    broken.replace(WRONG, RIGHT)
    try:
        done = broken.run("scripts/repro", crash)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "no finding" in done.stdout
        assert broken.run("scripts/fuzz", "tx_packet", "--seconds", "2").returncode == 0
    finally:
        broken.replace(RIGHT, WRONG)


def test_a_library_that_does_not_build_is_exit_3_with_log_and_command(broken):
    broken.replace(WRONG, "refused ? no_such_name :")
    try:
        done = broken.run("scripts/fuzz", "tx_packet", "--seconds", "2")
    finally:
        broken.replace("refused ? no_such_name :", WRONG)
    assert done.returncode == 3
    line, error = done.stderr.splitlines()
    assert "build/out/build/fuzz.log" in line
    assert "repeat: cmake" in line
    assert "serve.c" in error
    assert "error: use of undeclared identifier 'no_such_name'" in error
