# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What must not lose a finding or a committed input: kill -9 at any moment, a full disk, a checkout that
can't be written, no network, a clock that jumps, a second campaign. In a copy of the checkout with a
faulty library."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from checkout import Checkout
from vvs_tools import TOP, atomic, boxes, findings, status
from vvs_tools.folder import is_locked

# A packet's buffers are to be returned with length 0: one chain in some hundred shows it.
RIGHT, WRONG = "refused ? 0 :", "refused ? 4 :"
TARGET = "tx_packet"
LONGEST_S = 60

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]


class Broken(Checkout):
    """With the corpus and the suite, and commands without the launcher: it is not what is tested."""

    def __init__(self, top: Path) -> None:
        super().__init__(top)
        seeds = sorted((TOP / "corpus" / TARGET / "seed").iterdir())
        for folder, chosen in (("corpus", seeds[::60]), ("theirs", seeds[::7])):
            place = top / folder / TARGET / ("seed" if folder == "corpus" else "corpus")
            place.mkdir(parents=True)
            for path in chosen:
                shutil.copy(path, place)
        self.replace(RIGHT, WRONG)
        self.env = os.environ | {"PYTHONPATH": f"{top}/scripts"}

    def argv(self, name: str, *words: str) -> list[str]:
        return [sys.executable, "-P", "-m", f"vvs_tools.{name}", *words]

    def call(self, name: str, *words: str, **more) -> subprocess.CompletedProcess[str]:
        argv = self.argv(name, *words)
        return subprocess.run(
            argv, cwd=self.top, env=self.env, capture_output=True, text=True, timeout=600, **more
        )

    def killed(self, seconds: float, name: str, *words: str) -> bool:
        """Whether SIGKILL came before its own end."""
        child = subprocess.Popen(
            self.argv(name, *words),
            cwd=self.top,
            env=self.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        return child.returncode == -signal.SIGKILL

    def committed(self) -> dict[str, bytes]:
        """What is in the corpora and the vectors, and is no writer's leftover."""
        folders = (self.top / "corpus", self.top / "conformance/vectors")
        paths = (path for folder in folders for path in folder.rglob("*") if path.is_file())
        return {
            str(path.relative_to(self.top)): path.read_bytes()
            for path in paths
            if not path.name.startswith(atomic.UNDONE)
        }


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    made = Broken(tmp_path_factory.mktemp("broken"))
    out = made.top / "made"
    done = made.call("fuzz", TARGET, "--seconds", "2", "--seed", "3", "--jobs", "1", "--out", str(out))
    assert done.returncode == 1, done.stdout + done.stderr
    return made


@pytest.fixture
def kills(request):
    """Moments at which to kill, spread over so many seconds."""
    rng = random.Random(int(request.config.getoption("--kill-seed")))
    count = int(request.config.getoption("--kills"))
    return lambda most, share=1.0: [rng.uniform(0.05, most) for _ in range(max(2, round(count * share)))]


def is_whole(folder: Path) -> None:
    """Nothing that is half written is taken for a whole one."""
    for box in boxes.read_all(folder):
        assert box.input.read_bytes()
        assert len(box.original.read_bytes()) == box.bytes_found
    if (folder / status.FILE).exists():
        status.Status.read(folder)
    for point in atomic.read_lines(folder / status.SERIES):
        assert {"s", "targets", "tags", "findings"} <= set(point)


def artifacts(folder: Path) -> set[str]:
    """Inputs that an engine wrote to their end."""
    found = (folder / TARGET / "findings").glob("*")
    return {path.name for path in found if path.is_file() and not findings.is_cut_off(path)}


def wait_unlocked(folder: Path) -> None:
    deadline = time.monotonic() + 10
    while is_locked(folder) and time.monotonic() < deadline:
        time.sleep(0.05)


def test_a_campaign_that_is_killed_loses_no_finding_and_goes_on(broken, kills, tmp_path):
    before = broken.committed()
    out = tmp_path / "out"
    begun = ("fuzz", TARGET, "--minutes", "100", "--jobs", "1", "--out", str(out))
    laid_down: set[str] = set()
    elapsed = 0.0
    for number, seconds in enumerate(kills(6.0)):
        resumable = (out / status.FILE).exists()
        words = ("fuzz", "--resume", str(out)) if resumable else begun
        assert broken.killed(1 + seconds, *words), f"kill {number}: ended by itself: {words}"
        wait_unlocked(out)
        is_whole(out)
        now = {box.id for box in boxes.read_all(out)}
        assert laid_down <= now, f"kill {number}: a finding is lost"
        laid_down = now
        if resumable:
            assert status.Status.read(out).elapsed_s >= elapsed
            elapsed = status.Status.read(out).elapsed_s
    assert broken.committed() == before
    left = artifacts(out)
    done = broken.call("fuzz", TARGET, "--seconds", "2", "--jobs", "1", "--out", str(out), "--json")
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert {box["id"] for box in told["findings"]} >= {box for box in laid_down if box.startswith("used-len")}
    assert left <= artifacts(out)


def merged(broken: Broken) -> tuple[int, int, int]:
    """What a merge to its end leaves: features beyond the seeds', inputs, bytes."""
    done = broken.call("merge", TARGET, "--from", "theirs", "--json")
    assert done.returncode == 0, done.stderr
    (told,) = json.loads(done.stdout)["targets"]
    now = "" if told["replaced"] else "was_"
    return told[f"{now}features"], told[f"{now}files"], told[f"{now}bytes"]


def test_a_merge_that_is_killed_loses_no_committed_input(broken, kills):
    before = broken.committed()
    found = broken.top / "corpus" / TARGET / "found"
    took = time.monotonic()
    covered = merged(broken)
    took = time.monotonic() - took
    whole = {path.name: path.read_bytes() for path in found.iterdir()}
    assert whole
    for seconds in kills(took + 0.2, 0.5):
        shutil.rmtree(found)
        found.mkdir()
        old = next(iter(whole.items()))
        (found / old[0]).write_bytes(old[1])
        broken.killed(seconds, "merge", TARGET, "--from", "theirs")
        now = broken.committed()
        assert before.items() <= now.items()
        for path in found.iterdir():
            assert not findings.is_cut_off(path), path
        # Of two inputs of one size that cover the same, the one that is there stays.
        assert merged(broken) == covered
        sizes = [path.stat().st_size for path in found.iterdir()]
        assert (len(sizes), sum(sizes)) == covered[1:]
        assert not list(found.parent.glob(f"{atomic.UNDONE}*"))
    shutil.rmtree(found)


def test_a_promotion_that_is_killed_is_done_or_not_and_can_be_done_again(broken, kills):
    before = broken.committed()
    box = next(box for box in boxes.read_all(broken.top / "made") if box.vector)
    entry = broken.top / "corpus" / TARGET / "regression" / "a-slug"
    vector = broken.top / "conformance/vectors/regression/a-slug.json"
    words = ("triage", "made", "--promote", box.id, "a-slug")
    took = time.monotonic()
    assert broken.call(*words).returncode == 0
    took = time.monotonic() - took
    whole = entry.read_bytes(), vector.read_bytes()
    for seconds in kills(took + 0.05, 0.5):
        entry.unlink()
        vector.unlink()
        broken.killed(seconds, *words)
        assert not entry.exists() or entry.read_bytes() == whole[0]
        assert not vector.exists() or vector.read_bytes() == whole[1]
        assert before.items() <= broken.committed().items()
        assert broken.call(*words).returncode == 0
        assert (entry.read_bytes(), vector.read_bytes()) == whole
    entry.unlink()
    vector.unlink()


def test_a_report_that_is_killed_leaves_a_whole_page_or_none(broken, kills, tmp_path):
    page = tmp_path / "page.html"
    words = ("report", "made", "--no-coverage", "-o", str(page))
    took = time.monotonic()
    done = broken.call(*words)
    assert done.returncode == 0, done.stderr
    took = time.monotonic() - took
    assert page.read_text().endswith("</html>\n")
    for number, seconds in enumerate(kills(took + 0.2, 0.3)):
        old = "the old one"
        if number % 2:
            page.write_text(old)
        else:
            page.unlink(missing_ok=True)
        broken.killed(seconds, *words)
        if page.exists():
            assert page.read_text() == old or page.read_text().endswith("</html>\n")
        is_whole(broken.top / "made")
    assert broken.call(*words).returncode == 0


def test_a_minimisation_that_is_killed_leaves_an_input_that_fails(broken, kills, tmp_path):
    box = boxes.read_all(broken.top / "made")[0]
    big = tmp_path / "big"
    big.write_bytes(box.original.read_bytes())
    small = tmp_path / TARGET / "small"
    for seconds in kills(2.0, 0.3):
        small.unlink(missing_ok=True)
        broken.killed(0.3 + seconds, "minimise", str(big), "--target", TARGET, "-o", str(small))
        assert big.read_bytes() == box.original.read_bytes()
        if small.exists():
            replay = broken.top / f"build/unit/fuzz/replay-{TARGET}"
            assert subprocess.run([replay, small], capture_output=True, timeout=60).returncode == 1


REPLAY = (
    "import os; from vvs_tools import corpus; print(corpus.replay_target('unit', '{target}', os.environ))"
)


def test_the_regression_is_run_by_the_tests_without_further_wiring(broken):
    """As the stages corpus and conformance of scripts/test run what is there."""
    box = next(box for box in boxes.read_all(broken.top / "made") if box.vector)
    assert broken.call("triage", "made", "--promote", box.id, "planted").returncode == 0
    argv = [sys.executable, "-P", "-c", REPLAY.format(target=TARGET)]
    done = subprocess.run(argv, cwd=broken.top, env=broken.env, capture_output=True, text=True, timeout=300)
    assert f"repeat: scripts/repro corpus/{TARGET}/regression/planted" in done.stdout
    judged = broken.call("conformance", "--filter", "regression/planted")
    assert judged.returncode == 1, judged.stdout + judged.stderr
    broken.replace(WRONG, RIGHT)
    try:
        mended = broken.call("conformance", "--filter", "regression/planted")
        assert mended.returncode == 0, mended.stdout + mended.stderr
    finally:
        broken.replace(RIGHT, WRONG)
    (broken.top / "corpus" / TARGET / "regression/planted").unlink()
    (broken.top / "conformance/vectors/regression/planted.json").unlink()


def test_a_second_campaign_in_the_folder_is_refused_in_one_line(broken, tmp_path):
    out = tmp_path / "out"
    first = subprocess.Popen(
        broken.argv("fuzz", TARGET, "--seconds", "60", "--jobs", "1", "--out", str(out)),
        cwd=broken.top,
        env=broken.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while not (out / status.FILE).exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        for words in ((TARGET, "--seconds", "1", "--out", str(out)), ("--resume", str(out))):
            second = broken.call("fuzz", *words)
            assert second.returncode == 2, second.stderr
            assert second.stderr.count("\n") == 1
            assert "a campaign works in" in second.stderr
    finally:
        first.kill()
        first.wait()


def in_namespace(*steps: str, kind: str = "mount") -> list[str] | None:
    """A shell in a namespace of its own, where that is allowed; ends with "$@"."""
    own = ["unshare", f"--{kind}"] + ([] if os.getuid() == 0 else ["--map-root-user"])
    if subprocess.run([*own, "true"], capture_output=True).returncode:
        return None
    return [*own, "sh", "-c", " && ".join([*steps, 'exec "$@"']), "sh"]


@pytest.mark.long
def test_a_disk_that_fills_up_stops_the_campaign_and_what_is_there_is_whole(broken, tmp_path):
    """A small disk of its own where that is allowed; else files may not grow beyond a few blocks."""
    out = tmp_path / "out"
    out.mkdir()
    keep = tmp_path / "kept"
    words = broken.argv("fuzz", TARGET, "--seconds", "20", "--jobs", "1", "--out", str(out))
    env = broken.env
    inside = in_namespace(f"mount -t tmpfs -o size=18m none {out}")
    if inside:
        script = f'"$@"; code=$?; cp -r {out} {keep}; exit $code'
        argv = [*inside, "sh", "-c", script, "sh", *words]
    else:
        # CMake writes larger files, even where all is built.
        broken.call("build", "unit")
        broken.call("fuzz", TARGET, "--runs", "1", "--out", str(tmp_path / "before"))
        nothing = tmp_path / "bin" / "cmake"
        nothing.parent.mkdir()
        nothing.write_text("#!/bin/sh\n")
        nothing.chmod(0o755)
        env = env | {"PATH": f"{nothing.parent}:{env['PATH']}"}
        argv = ["sh", "-c", f'ulimit -f 8; "$@"; code=$?; cp -r {out} {keep}; exit $code', "sh", *words]
    done = subprocess.run(argv, cwd=broken.top, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode in (1, 4), done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    is_whole(keep)


def test_a_checkout_that_can_not_be_written_is_one_clear_line(broken, tmp_path):
    inside = in_namespace(f"mount --bind {broken.top} {broken.top}", f"mount -o remount,ro,bind {broken.top}")
    if not inside:
        pytest.skip("no mount namespace here")
    for words in ((), ("--out", str(tmp_path / "out"))):
        argv = [*inside, *broken.argv("fuzz", TARGET, "--seconds", "1", *words)]
        done = subprocess.run(
            argv, cwd=broken.top, env=broken.env, capture_output=True, text=True, timeout=300
        )
        assert done.returncode in (2, 3), done.stdout + done.stderr
        assert done.stderr.count("\n") == 1, done.stderr
        assert "can't be written" in done.stderr or "Read-only" in done.stderr


@pytest.mark.parametrize(
    "words", [("fuzz", "packet_header", "--seconds", "1"), ("conformance", "--filter", "tx/spill")]
)
def test_what_is_set_up_needs_no_network(words, tmp_path):
    """By the launcher, which looks whether all is there."""
    inside = in_namespace('test "$(wc -l </proc/net/route)" -le 1', kind="net")
    if not inside:
        # An unprivileged container may have none; nothing else takes the network from one command alone.
        pytest.skip("no network namespace here")
    name, *rest = words
    more = ["--out", str(tmp_path / "out")] if name == "fuzz" else []
    argv = [*inside, str(TOP / "scripts" / name), *rest, *more]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


# Each second the wall clock is another day, forth and back.
JUMPING = """
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t clock, struct timespec *now)
{
    struct timespec steady;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &steady);
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    if (clock == CLOCK_REALTIME) now->tv_sec += (steady.tv_sec % 7 - 3) * 100000;
    return result;
}
"""


@pytest.mark.long
def test_a_clock_that_jumps_changes_neither_the_time_nor_the_verdict(broken, tmp_path):
    source, library, out = tmp_path / "jump.c", tmp_path / "jump.so", tmp_path / "out"
    source.write_text(JUMPING)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    words = ("--seconds", "8", "--jobs", "1", "--json", "--out", str(out))
    began = time.monotonic()
    done = subprocess.run(
        broken.argv("fuzz", TARGET, *words),
        cwd=broken.top,
        env=broken.env | {"LD_PRELOAD": str(library)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 1, done.stderr
    assert time.monotonic() - began >= 8
    told = json.loads(done.stdout)
    assert "used-len" in {box["kind"] for box in told["findings"] if not box["doubt"]}
    assert not [box for box in told["findings"] if box["doubt"]]
    assert status.Status.read(out).elapsed_s >= 8
    points = [point["s"] for point in atomic.read_lines(out / status.SERIES)]
    assert points == sorted(points)
