# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""An adapter's process: what it says is read, how it ends is known, and nothing of it stays behind."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conformance.runner.client import Client, Garbled, Gone, Late

LOOP = "import os, signal, sys, time\nfor line in sys.stdin:\n    "
ECHO = LOOP + "print(line, end='', flush=True)"


def client(code, **more):
    return Client([sys.executable, "-c", code], **more)


def test_requests_are_answered_by_one_process():
    with client(LOOP + "print('{\"pid\": %d}' % os.getpid(), flush=True)") as child:
        assert child.ask({}) == child.ask({})
        assert child.answered == 2


def test_a_long_line_goes_both_ways():
    with client(ECHO) as child:
        request = {"bytes": "00" * (4 << 20)}
        assert child.ask(request) == request


ENDS = {
    "signal": ("os.kill(os.getpid(), signal.SIGSEGV)", Gone, "ended by SIGSEGV"),
    "code": ("sys.exit(7)", Gone, "exit code 7"),
    "stderr": ("raise RuntimeError('what it said')", Gone, "what it said"),
    "cut": ("sys.stdout.write('{'); sys.exit(0)", Gone, "exit code 0, no answer"),
    "garbage": ("print('no json', flush=True)", Garbled, "not JSON: no json"),
    "a list": ("print('[]', flush=True)", Garbled, "no JSON object"),
    "bytes": (r"sys.stdout.buffer.write(b'\xff\n'); sys.stdout.flush()", Garbled, "not JSON"),
    "deep": ("print('[' * 100000, flush=True)", Garbled, "not JSON"),
}


@pytest.mark.parametrize("kind", ENDS)
def test_each_end_is_told_apart_and_the_next_request_starts_another(kind):
    code, error, said = ENDS[kind]
    broken = LOOP + f"if 'bad' in line:\n        {code}\n    print(line, end='', flush=True)"
    with client(broken) as child:
        assert child.ask({"ok": 1}) == {"ok": 1}
        with pytest.raises(error, match=said):
            child.ask({"bad": 1})
        assert child.child is None
        assert child.ask({"ok": 2}) == {"ok": 2}
        assert child.answered == 1


def test_silence_is_ended_at_the_limit():
    with client(LOOP + "time.sleep(600)", timeout=0.5) as child:
        began = time.monotonic()
        with pytest.raises(Late, match=r"no answer in 0\.5 s"):
            child.ask({})
        assert time.monotonic() - began < 60


def test_a_process_that_does_not_read_is_ended_too():
    with client("import time\ntime.sleep(600)", timeout=0.5) as child, pytest.raises(Late):
        child.ask({"bytes": "00" * (1 << 20)})


def test_more_lines_than_requests_are_no_answers():
    with client(LOOP + "print('{}\\n{}', flush=True)") as child:
        child.ask({})
        with pytest.raises(Garbled, match="nobody asked for"):
            child.ask({})


def test_what_it_started_ends_with_it(tmp_path):
    note = tmp_path / "pid"
    code = "import subprocess\nchild = subprocess.Popen(['sleep', '600'])\n"
    code += f"open({str(note)!r}, 'w').write(str(child.pid))\n"
    with client(code + ECHO) as child:
        child.ask({})
        pid = int(note.read_text())
        assert Path(f"/proc/{pid}").exists()
    deadline = time.monotonic() + 60
    while _runs(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(pid)


def _runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_it_dies_with_whoever_asks(tmp_path):
    """Even when that one is killed."""
    code = (
        "import os, signal, sys\n"
        "from conformance.runner.client import Client\n"
        f"child = Client([sys.executable, '-c', {ECHO!r}])\n"
        "child.ask({})\nprint(child.child.pid, flush=True)\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    pid = int(done.stdout)
    deadline = time.monotonic() + 60
    while _runs(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(pid)
