# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from vvs_tools import TOP, process


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def test_exit_code_and_all_output_come_back(tmp_path):
    log = tmp_path / "new" / "log"
    assert process.run(["sh", "-c", "echo out; echo err >&2; exit 7"], log) == 7
    assert log.read_text() == "out\nerr\n"


def test_processor_time_is_of_descendants_too(tmp_path):
    """Of one whose end was seen, and of one that works."""
    log = tmp_path / "log"
    script = "(for i in {1..200000}; do :; done); echo over; sleep 1; (while :; do :; done) & wait"
    with log.open("wb") as out:
        child = process.start(["bash", "-c", script], out)
    try:
        assert wait_until(log.read_text)
        ended = process.processor_seconds(child.pid)
        assert ended > 0.1
        assert wait_until(lambda: process.processor_seconds(child.pid) > ended + 0.1)
    finally:
        process.end(child)
    assert process.processor_seconds(child.pid) == 0


def test_timeout_ends_the_grandchildren_too(tmp_path):
    log = tmp_path / "log"
    code = process.run(["sh", "-c", "sleep 60 & echo $!; wait"], log, timeout=0.5)
    assert code == process.TIMED_OUT
    assert wait_until(lambda: not alive(int(log.read_text().split()[0])))
    assert "ended after" in process.tail(log)


def test_an_interrupt_ends_the_grandchildren_too(tmp_path):
    log = tmp_path / "log"

    def interrupt():
        if log.read_text():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        process.run(["sh", "-c", "sleep 60 & echo $!; wait"], log, timeout=20, tick=interrupt)
    assert wait_until(lambda: not alive(int(log.read_text())))


def test_tick_is_called_while_the_child_runs(tmp_path):
    ticks = []
    process.run(["sleep", "0.5"], tmp_path / "log", tick=lambda: ticks.append(1))
    assert ticks


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_children_die_with_us(tmp_path, number):
    log = tmp_path / "log"
    body = (
        "import click\nfrom pathlib import Path\nfrom vvs_tools import console, process\n"
        f"child = ['sh', '-c', 'echo $$; exec sleep 60'], Path({str(log)!r})\n"
        "console.main(click.Command('x', callback=lambda: process.run(*child)), 'x')\n"
    )
    env = os.environ | {"PYTHONPATH": str(TOP / "scripts")}
    parent = subprocess.Popen([sys.executable, "-c", body], env=env, stderr=subprocess.PIPE)
    assert wait_until(lambda: log.exists() and log.read_text().strip())
    child = int(log.read_text())
    parent.send_signal(number)
    parent.communicate(timeout=20)
    assert parent.returncode == (-number if number == signal.SIGKILL else 130)
    assert wait_until(lambda: not alive(child))


def test_tail_of_a_missing_log_is_empty(tmp_path):
    assert process.tail(tmp_path / "none") == ""
