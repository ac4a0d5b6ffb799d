# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/share: nothing lost between machines, and AFL++ on two of them at once."""

import os
import subprocess
import time
from pathlib import Path

import pytest
from toys import sha1
from vvs_tools import build, corpus, engine_afl, ossfuzz, process, share, targets
from vvs_tools.console import Exit, Progress, make_console

# Enough for one round of what AFL++ does once a minute, on a slow machine.
SYNC_SECONDS = 240

# An input can't be guessed, only be told.
HASHED = """
#include <stddef.h>
#include <stdint.h>
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static volatile int known;
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < len && i < 16; i++) {
        hash = (hash ^ bytes[i]) * 1099511628211u;
    }
    if (hash == OF_FIRST) {
        known++;
    }
    if (hash == OF_SECOND) {
        known--;
    }
    return 0;
}
"""
KNOWN = {"first": b"told by machine1", "second": b"told by machine2"}


@pytest.fixture
def campaign(tmp_path):
    """Makes a campaign's folder: contents by target, named as an engine names them."""

    def made(name: str, **contents: list[bytes]) -> Path:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        for target, inputs in contents.items():
            corpus = folder / target / "corpus"
            corpus.mkdir(parents=True, exist_ok=True)
            for content in inputs:
                (corpus / sha1(content)).write_bytes(content)
        return folder

    return made


def contents(folder: Path, target: str = "tx_packet") -> set[bytes]:
    return {path.read_bytes() for path in (folder / target / "corpus").glob("*")}


INPUTS = [bytes([n]) * (1 + n * n % 97) for n in range(100)]


def test_split_and_joined_it_is_the_same(campaign, script, tmp_path):
    whole = campaign("whole", tx_packet=INPUTS, device=INPUTS[:2])
    parts = [tmp_path / f"part-{n}" for n in range(3)]
    assert script("share", "split", whole, *parts).returncode == Exit.CLEAN
    dealt = [contents(part) for part in parts]
    assert sum(map(len, dealt)) == len(set().union(*dealt)) == len(INPUTS)
    weights = [sum(map(len, part)) for part in dealt]
    assert max(weights) - min(weights) < 97
    assert contents(whole) == set(INPUTS)
    again = tmp_path / "again"
    done = script("share", "join", *parts, "--into", again)
    assert (done.returncode, done.stderr) == (Exit.CLEAN, "")
    assert "tx_packet: 100 of 100 taken, 100 now" in done.stdout
    assert contents(again) == set(INPUTS)
    assert contents(again, "device") == set(INPUTS[:2])
    assert all(path.name == sha1(path.read_bytes()) for path in again.glob("*/corpus/*"))
    assert not list(again.rglob(".undone-*"))


def test_the_same_split_each_time(campaign):
    paths = list(campaign("whole", tx_packet=INPUTS).glob("tx_packet/corpus/*"))
    assert share.deal(paths, 4) == share.deal(reversed(paths), 4)


def test_joined_twice_it_takes_nothing(campaign, script):
    part, into = campaign("part", tx_packet=[b"a", b"b"]), campaign("into", tx_packet=[b"b"])
    assert "1 of 2 taken, 2 now" in script("share", "join", part, "--into", into).stdout
    assert "0 of 2 taken, 2 now" in script("share", "join", part, "--into", into).stdout


def test_what_was_cut_off_on_the_way_is_left_out(campaign, script):
    part, into = campaign("part", tx_packet=[b"whole"]), campaign("into")
    (part / "tx_packet" / "corpus" / sha1(b"cut off")).write_bytes(b"cut")
    (part / "tx_packet" / "corpus" / f".{sha1(b'x')}.part").write_bytes(b"x")
    script("share", "join", part, "--into", into)
    assert contents(into) == {b"whole"}


def test_what_a_running_afl_found_is_taken_and_what_it_was_given_is_not(campaign, script, write):
    part, into = campaign("part"), campaign("into")
    write("part/tx_packet/runs/afl/1/queue/id:000000,time:0,execs:0,orig:x", "given")
    write("part/tx_packet/runs/afl/1/queue/id:000001,src:000000,op:havoc,+cov", "found")
    script("share", "join", part, "--into", into)
    assert contents(into) == {b"found"}


def test_a_running_afl_is_told_in_order(campaign, script, write, tmp_path):
    write("into/tx_packet/runs/afl/1/queue/id:000000,orig:x", "x")
    into = tmp_path / "into"
    for content in (b"a", b"b"):
        script("share", "join", campaign("part", tx_packet=[content]), "--into", into)
    others = into / "tx_packet" / "runs" / "afl" / share.OTHERS / "queue"
    told = {path.name: path.read_bytes() for path in others.iterdir()}
    assert told == {"id:000000,others": b"a", "id:000001,others": b"b"}


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (("split", "whole", "part"), Exit.USAGE, "has a corpus already"),
        (("split", "whole", "new", "new"), Exit.USAGE, "named twice"),
        (("split", "whole"), Exit.USAGE, "PART"),
        (("split", "empty", "new"), Exit.NOTHING_RAN, "no corpus"),
        (("join", "empty", "--into", "new"), Exit.NOTHING_RAN, "no corpus"),
        (("join", "whole", "--into", "whole"), Exit.USAGE, "into itself"),
        (("join", "missing", "--into", "new"), Exit.USAGE, "missing"),
    ],
)
def test_what_can_not_be_done_is_one_line(campaign, script, tmp_path, argv, code, said):
    campaign("whole", tx_packet=[b"a"])
    campaign("part", tx_packet=[b"b"])
    campaign("empty")
    words = [word if n == 0 or word.startswith("-") else tmp_path / word for n, word in enumerate(argv)]
    done = script("share", *words)
    assert done.returncode == code
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert contents(tmp_path / "whole") == {b"a"}


def some_seeds(count: int) -> list[bytes]:
    return [path.read_bytes() for path in corpus.files("tx_packet")[:count]]


@pytest.mark.slow
def test_merged_it_takes_nothing_that_leads_nowhere(campaign, script):
    """Not the committed seeds, and no scenario of nothing."""
    into, part = campaign("into", tx_packet=[b"\x01"]), campaign("part", tx_packet=[*some_seeds(4), b"\xff"])
    done = script("share", "join", "--merge", part, "--into", into)
    assert (done.returncode, done.stderr) == (Exit.CLEAN, "")
    assert "tx_packet: 0 of 5 taken, 1 now" in done.stdout


@pytest.mark.slow
def test_merged_it_takes_what_leads_further(campaign, monkeypatch):
    """Of an input and its like, one; and none where the campaign has it."""
    build.build("fuzz", ["fuzz_tx_packet"])
    target = targets.every()["tx_packet"]
    (seed,) = some_seeds(1)
    new = {path.name: path for path in campaign("part", tx_packet=[seed, b"\x01"]).glob("*/corpus/*")}
    monkeypatch.setattr(corpus, "files", lambda name: [])
    progress = Progress(make_console(), "share")
    taken = share.leads_further(campaign("into", tx_packet=[b"\x01"]), target, new, progress)
    assert [path.read_bytes() for path in taken.values()] == [seed]
    assert share.leads_further(campaign("again", tx_packet=[seed, b"\x01"]), target, new, progress) == {}


def compiled(folder: Path, write) -> Path:
    def hashed(content: bytes) -> str:
        value = 14695981039346656037
        for byte in content[:16]:
            value = (value ^ byte) * 1099511628211 % 2**64
        return f"{value}u"

    program = folder / "hashed"
    defined = [f"-DOF_{name.upper()}={hashed(content)}" for name, content in KNOWN.items()]
    argv = ["afl-clang-fast", *defined, write("hashed.c", HASHED), ossfuzz.AFL_DRIVER, "-o", program]
    subprocess.run(argv, check=True, timeout=60, env=os.environ | {"AFL_QUIET": "1"})
    return program


@pytest.mark.long
@pytest.mark.timeout(SYNC_SECONDS + 60)
def test_two_machines_with_afl_tell_each_other_while_they_run(write, tmp_path, script):
    """Each is given an input that the other can't guess; each has both in the end, from the other's queue."""
    program = compiled(tmp_path, write)
    env = os.environ | engine_afl.OPTIONS | engine_afl.SETTINGS | {"AFL_SYNC_TIME": "1"}
    running, taken = [], []
    try:
        for name, content in KNOWN.items():
            instances = tmp_path / name / "tx_packet" / "runs" / "afl"
            instances.mkdir(parents=True)
            write(f"{name}-inputs/plain", "x")
            write(f"{name}-inputs/told", content.decode())
            argv = ["afl-fuzz", "-i", tmp_path / f"{name}-inputs", "-o", instances, "-S", "1"]
            argv += ["-b", str(engine_afl.free_cpu(taken)), "-V", str(SYNC_SECONDS), "--", program]
            taken.append(int(argv[8]))
            with (tmp_path / f"{name}.log").open("wb") as log:
                running.append(process.start(argv, log, env))
        machines = [tmp_path / name for name in KNOWN]
        deadline = time.monotonic() + SYNC_SECONDS
        waiting = set(machines)
        while waiting and time.monotonic() < deadline and not any(child.poll() for child in running):
            for here, there in (machines, reversed(machines)):
                # As rsync would bring it; given inputs are the working corpus's.
                there_corpus = there / "tx_packet" / "corpus"
                there_corpus.mkdir(exist_ok=True)
                content = KNOWN[there.name]
                (there_corpus / sha1(content)).write_bytes(content)
                done = script("share", "join", there, "--into", here)
                assert done.returncode == Exit.CLEAN, done.stderr
            waiting -= {m for m in waiting if list(m.glob("tx_packet/runs/afl/1/queue/*sync:others*"))}
            time.sleep(1)
    finally:
        for child in running:
            process.end(child)
    for name, content in KNOWN.items():
        other = next(text for key, text in KNOWN.items() if key != name)
        queue = tmp_path.glob(f"{name}/tx_packet/runs/afl/1/queue/*sync:others*")
        assert other in {path.read_bytes() for path in queue}, (tmp_path / f"{name}.log").read_text()[-900:]
        assert content != other
