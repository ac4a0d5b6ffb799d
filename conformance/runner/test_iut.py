# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""An implementation that crashes, hangs, errs or can't: verdicts of their own, and the others go on."""

import json
import stat

import pytest

from conformance.runner import iut
from conformance.runner.vectors import load

pytestmark = pytest.mark.slow

FAKE = """#!/usr/bin/env python3
import json, os, signal, sys, time
for line in sys.stdin:
    at = line.index("fault:") + 6
    kind = line[at:].split('"')[0]
    if kind == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif kind == "sanitizer":
        sys.exit("==1==ERROR: AddressSanitizer: heap-buffer-overflow")
    elif kind == "hang":
        time.sleep(60)
    elif kind == "quit":
        sys.exit(3)
    elif kind == "cut":
        sys.stdout.write('{"setup": {')
        sys.exit(1)
    answers = {"error": {"error": "no scenario"}, "unsupported": {"unmappable": True}, "wrong": {"setup": {}}}
    print(json.dumps(answers.get(kind, {"setup": {"tx": "VVS_OK"}, "answers": []})), flush=True)
"""


class Faulty:
    """A vector whose scenario tells the fake implementation what to do."""

    def __init__(self, kind):
        self.id = f"fake/{kind}"
        self.title = f"The implementation does {kind}"
        self.requirements = ["VSOCK-HDR-001"]
        self.scenario = {"steps": [] if kind != "wrong" else [{"serve": {}}], "fault": f"fault:{kind}"}
        self.spec = {"verdict": "safe"}
        self.vvs = {"verdict": "mixed", "steps": []}


@pytest.fixture(autouse=True)
def fake(monkeypatch, tmp_path):
    path = tmp_path / "fake"
    path.write_text(FAKE)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("VVS_RUN", str(path))
    monkeypatch.setattr(iut, "ONE_TIMEOUT_S", 1)
    monkeypatch.setattr(iut, "BATCH_TIMEOUT_S", 3)


VERDICTS = {
    "ok": "pass",
    "wrong": "fail",
    "crash": "crash",
    "sanitizer": "crash",
    "hang": "timeout",
    "quit": "error",
    "cut": "error",
    "error": "error",
    "unsupported": "unsupported",
}


@pytest.mark.parametrize("kind", VERDICTS)
def test_each_end_is_a_verdict_and_the_others_go_on(kind):
    outcomes = list(iut.run([Faulty("ok"), Faulty(kind), Faulty("ok")]))
    assert [outcome.verdict for outcome in outcomes] == ["pass", VERDICTS[kind], "pass"]


def test_a_report_says_what_and_how_to_repeat_it():
    outcome = next(iut.run([Faulty("wrong")]))
    report = iut.report(outcome).splitlines()
    assert report[0] == "fail: fake/wrong"
    assert "The implementation does wrong" in report[1]
    assert "VSOCK-HDR-001" in report[2]
    assert any(line.strip().startswith("Expected: ") for line in report)
    assert any(line.strip().startswith("Actual: ") for line in report)
    assert report[-1] == "Repeat: scripts/conformance --filter fake/wrong"


def test_a_crash_report_has_what_the_program_said():
    text = iut.report(next(iut.run([Faulty("sanitizer")])))
    assert "heap-buffer-overflow" in text


def test_a_request_is_one_line():
    for vector in load()[:50]:
        text = iut.request(vector)
        assert "\n" not in text
        assert json.loads(text)["version"] == 1
