# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/fuzz --engine afl with the real engine, in folders of its own."""

import json
import signal
import subprocess
from pathlib import Path

import pytest
from checkout import Checkout
from test_fuzz import children, started, wait_until

AFL = ("--engine", "afl")


def forks(out: Path) -> list[int]:
    """Targets that work for a campaign in `out`: known by where they write their statistics."""
    found = subprocess.run(["pgrep", "-f", "fuzz-afl/fuzz/fuzz_tx_packet$"], capture_output=True, text=True)
    return [int(pid) for pid in found.stdout.split() if str(out) in environment_of(pid)]


def environment_of(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/environ").read_text(errors="replace")
    except OSError:
        return ""


@pytest.mark.slow
def test_a_short_campaign_is_clean_finds_the_canary_and_tells_all(script, tmp_path):
    words = ("tx_packet", "packet_header", "--seconds", "8", "--json", "--out", str(tmp_path))
    done = script("fuzz", *AFL, *words)
    assert done.returncode == 0, done.stderr + done.stdout
    told = json.loads(done.stdout)
    assert (told["engine"], told["verdict"], told["canary"]["found"]) == ("afl", "clean", True)
    for target in told["targets"]:
        assert target["executions"] > 0
        assert target["edges"] > 50
        assert target["parsed"] > 0.2
    assert told["targets"][0]["tags"]["tx/split/one"] > 0
    assert any((tmp_path / "tx_packet" / "corpus").iterdir())
    assert not forks(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("number", [pytest.param(signal.SIGINT, marks=pytest.mark.long), signal.SIGKILL])
def test_no_process_is_left_behind_and_nothing_is_lost(script, tmp_path, number):
    child = started("tx_packet", *AFL, "--seconds", "60", "--out", str(tmp_path))
    queue = tmp_path / "tx_packet" / "runs" / "afl"
    assert wait_until(lambda: any(",orig:" not in path.name for path in queue.glob("*/queue/id:*")), 60)
    assert children("afl-fuzz", tmp_path)
    assert forks(tmp_path)
    child.send_signal(number)
    _, err = child.communicate(timeout=20)
    assert child.returncode == (130 if number == signal.SIGINT else -number), err
    assert wait_until(lambda: not children("afl-fuzz", tmp_path) and not forks(tmp_path), 10)
    corpus = tmp_path / "tx_packet" / "corpus"
    kept = {path.name for path in corpus.iterdir()}
    assert bool(kept) == (number == signal.SIGINT)
    done = script("fuzz", "tx_packet", *AFL, "--seconds", "2", "--out", str(tmp_path))
    assert done.returncode in (0, 4), done.stderr + done.stdout  # so short a campaign may generate nothing
    now = {path.name for path in corpus.iterdir()}
    assert now
    assert now >= kept


@pytest.mark.long
def test_a_planted_bug_is_found_and_shown_again(tmp_path):
    copy = Checkout(tmp_path)
    copy.replace("&packet), VVS_OK, 0};\n    return outcome;", "&packet), VVS_OK, 44};\n    return outcome;")
    done = copy.run("scripts/fuzz", "tx_packet", *AFL, "--seconds", "5", "--jobs", "1")
    assert done.returncode == 1, done.stderr + done.stdout
    assert "FINDING tx_packet: used-len" in done.stdout
    assert copy.findings()
    command = next(line for line in done.stdout.splitlines() if "scripts/repro" in line).split(": ")[1]
    shown = copy.run(*command.split())
    assert shown.returncode == 1
    assert "oracle used-len" in shown.stdout
