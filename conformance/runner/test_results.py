# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What a run comes to: which case fails it, what is left out of the count, and the same as JSON."""

import json

import pytest

from conformance.runner import vectors
from conformance.runner.deviations import Deviation
from conformance.runner.iut import Outcome
from conformance.runner.judge import Fault
from conformance.runner.results import VERDICTS, Case, Results

SHORT, WHOLE = vectors.select(("tx/framing/split-header-43", "tx/framing/split-header-alone"))
LISTED = Deviation("VSOCK-HDR-004", "VSOCK-HDR-004", (SHORT.id,), "why", "seen", "no: why")


def results(*outcomes, strict=False, listed=(), known=()):
    found = Results("./mine.so", "mine", "1", ["split"], strict, [Case(each) for each in outcomes])
    found.expect(listed, known)
    return found


FAILS = {
    "pass": (False, False),
    "unsupported": (False, False),
    "non-strict": (False, True),
    "fail": (True, True),
    "crash": (True, True),
    "timeout": (True, True),
    "error": (True, True),
}


@pytest.mark.parametrize("verdict", VERDICTS)
def test_what_fails_a_run(verdict):
    outcome = Outcome(SHORT, verdict)
    assert (Case(outcome).fails(False), Case(outcome).fails(True)) == FAILS[verdict]


def test_what_is_derived_never_fails_even_strictly():
    assert not Case(Outcome(SHORT, "non-strict", derived=True)).fails(strict=True)


def test_a_deviation_excuses_an_implementation_and_no_adapter():
    assert not Case(Outcome(SHORT, "crash"), deviation="X").fails(strict=True)
    assert Case(Outcome(SHORT, "error"), deviation="X").fails(strict=False)
    assert not Case(Outcome(SHORT, "error"), known=True).fails(strict=False)


def test_the_whole_verdict():
    good, bad, missing = Outcome(WHOLE, "pass"), Outcome(SHORT, "fail"), Outcome(SHORT, "unsupported")
    assert results(good, missing).verdict == "pass"
    assert results(good, bad).verdict == "fail"
    assert results(good, bad, listed=[LISTED]).verdict == "pass"
    assert results(good, bad, known=[SHORT.id]).verdict == "pass"
    assert results(Outcome(SHORT, "pass"), listed=[LISTED]).verdict == "fail"
    assert results(good, known=[WHOLE.id]).verdict == "fail"
    assert results(missing).verdict == "inconclusive"
    assert Results("x", not_run="not built").verdict == "not run"


def test_json_has_all_of_it():
    fault = Fault("spec", "steps[1].chains[0].kind", "reject", "packet")
    failed = Outcome(SHORT, "fail", [fault], answer={"setup": {}, "answers": []})
    data = json.loads(json.dumps(results(failed, Outcome(WHOLE, "pass"), listed=[LISTED]).to_json()))
    assert data["adapter"] == {"given": "./mine.so", "name": "mine", "version": "1", "supports": ["split"]}
    assert data["counts"] == {name: int(name in ("pass", "fail")) for name in VERDICTS}
    assert (data["verdict"], data["stale"], data["not_run"]) == ("pass", [], "")
    assert data["deviations"][0]["linux_guest"] == "no: why"
    first, second = data["vectors"]
    assert first == {
        "id": SHORT.id,
        "verdict": "fail",
        "requirements": SHORT.requirements,
        "fails": False,
        "repeat": f"scripts/conformance --adapter ./mine.so --filter {SHORT.id}",
        "faults": [vars(fault)],
        "answer": {"setup": {}, "answers": []},
        "deviation": "VSOCK-HDR-004",
    }
    assert second == {
        "id": WHOLE.id,
        "verdict": "pass",
        "requirements": WHOLE.requirements,
        "fails": False,
    }


def test_the_command_that_repeats_is_one_that_can_be_pasted():
    found = Results("python3 'my adapter.py'", strict=True)
    said = found.repeat(Case(Outcome(SHORT, "fail")))
    quoted = """'python3 '"'"'my adapter.py'"'"''"""
    assert said == f"scripts/conformance --adapter {quoted} --filter {SHORT.id} --strict"
