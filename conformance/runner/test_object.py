# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""`vvs-run --iut`: an implementation in a shared object gets the verdicts that it deserves.

The library behind vvs_iut.h must answer as the library does by itself; in front of it stands an object that
spoils its answers, each time in another way.
"""

import json
import os
import signal
import subprocess

import pytest

from conformance.runner import iut, vectors
from conformance.runner.judge import Answers, judge

pytestmark = pytest.mark.slow

TIMEOUT_S = 120
LIBRARY = "adapters/vvs/libvvs_iut.so"
FAULTY = "libvvs_iut_faulty.so"
NAMES = {"VVS_OK", "VVS_EMPTY", "none"}
IN_ANSWERS = ("payload", "header", "id", "used-len", "kind", "lost", "notify", "more", "status")
IN_MEMORY = ("descriptor", "behind-element", "read-only", "unmarked")
ALL = vectors.load()


def built(name):
    """An object of the build that has the scenario runner."""
    path = iut.tool().parents[1] / "conformance" / name
    if not path.exists():
        pytest.fail(
            f"no {path.name}: cmake --build --preset unit --target vvs-run vvs_iut vvs_iut_faulty",
            pytrace=False,
        )
    return path


def run(*argv, lines="", fault=None):
    env = dict(os.environ)
    if fault is not None:
        env |= {"FAULTY": fault, "FAULTY_OBJECT": str(built(LIBRARY))}
    return subprocess.run(
        [iut.tool(), *argv],
        input=lines,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        env=env,
        check=False,
    )


def requests(chosen):
    return "".join(iut.request(vector) + "\n" for vector in chosen)


def answers(*argv, fault=None, chosen=ALL):
    done = run(*argv, lines=requests(chosen), fault=fault)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(chosen)
    return found


@pytest.fixture(scope="module")
def by_itself():
    return answers()


@pytest.fixture(scope="module")
def as_object():
    return answers("--iut", built(LIBRARY))


def faults(vector, answer):
    return judge(vector, answer, ("safety", "spec"))


def test_the_librarys_verdicts_are_the_same_behind_the_abi(by_itself, as_object):
    for vector, alone, loaded in zip(ALL, by_itself, as_object, strict=True):
        assert faults(vector, loaded) == faults(vector, alone), vector.id


def without_names(answer):
    """What is the same in both: the words for faults are not, and a refused packet has no header."""
    same = json.loads(json.dumps(answer))
    same["setup"] = {role: status == "VVS_OK" for role, status in same.get("setup", {}).items()}
    for entry in same.get("answers", []):
        entry["status"] = entry["status"] if entry["status"] in NAMES else "fault"
        for chain in entry.get("chains", []):
            chain["why"] = chain.pop("reason", None) or chain.pop("status", None)
            if chain["kind"] == "reject":
                chain.pop("fields", None)
    return same


def test_the_librarys_answers_are_the_same_behind_the_abi(by_itself, as_object):
    for vector, alone, loaded in zip(ALL, by_itself, as_object, strict=True):
        assert without_names(loaded) == without_names(alone), vector.id


def test_races_are_played(by_itself, as_object):
    """A race that did not happen would leave the answer of the scenario without it."""
    raced = [number for number, vector in enumerate(ALL) if vector.scenario.get("races")]
    calm = [json.dumps({**ALL[number].scenario, "races": []}) + "\n" for number in raced]
    done = run("--iut", built(LIBRARY), lines="".join(calm))
    changed = [
        number
        for number, line in zip(raced, done.stdout.splitlines(), strict=True)
        if json.loads(line) != as_object[number]
    ]
    assert len(raced) >= 20
    assert changed


@pytest.mark.parametrize("fault", IN_ANSWERS + IN_MEMORY)
def test_a_spoiled_answer_fails_a_vector(fault):
    found = answers("--iut", built(FAULTY), fault=fault)
    assert any(faults(vector, answer) for vector, answer in zip(ALL, found, strict=True))


def test_an_object_in_front_that_spoils_nothing_passes():
    found = answers("--iut", built(FAULTY), fault="none")
    assert not any(faults(vector, answer) for vector, answer in zip(ALL, found, strict=True))


def test_statuses_are_the_protocols_words(as_object):
    words = {"VVS_OK", "VVS_EMPTY", "none", "broken", "caller", "refused", "unsupported"}
    found = {entry["status"] for answer in as_object for entry in Answers(answer).all}
    found |= {status for answer in as_object for status in answer.get("setup", {}).values()}
    assert found <= words
    assert {"VVS_OK", "VVS_EMPTY", "broken", "caller", "refused"} <= found


def test_what_is_not_supported_is_named_and_not_run():
    found = answers("--iut", built(FAULTY), fault="split-only")
    for vector, answer in zip(ALL, found, strict=True):
        packed = "RING_PACKED" in vector.scenario.get("image", {}).get("features", [])
        assert (answer == {"unsupported": "packed"}) == packed, vector.id
    assert list(answers("--iut", built(FAULTY), fault="no-device", chosen=ALL[:1])[0]) == ["unsupported"]


@pytest.mark.parametrize("fault", ["crash", "says-it-crashed", "behind"])
def test_a_crash_is_not_hidden(fault):
    done = run("--iut", built(FAULTY), lines=requests(ALL[:1]), fault=fault)
    # A sanitizer that handles the signal says so, and exits.
    assert done.returncode == -signal.SIGABRT or "AddressSanitizer: ABRT" in done.stderr
    assert done.returncode != 0
    assert done.stdout == ""


def test_hello_says_what_it_is():
    done = run("--iut", built(LIBRARY), "--hello")
    hello = json.loads(done.stdout)["hello"]
    assert (hello["protocol"], hello["name"]) == (1, "vvs")
    assert hello["version"]
    assert {"split", "packed", "tx", "rx", "event", "serve", "pop", "races"} <= set(hello["supports"])


def test_what_is_no_such_object_is_one_line(tmp_path):
    text = tmp_path / "text.so"
    text.write_text("text")
    for path, fault in ((text, None), (tmp_path / "missing.so", None), (built(FAULTY), "abi")):
        done = run("--iut", path, fault=fault)
        assert (done.returncode, done.stdout) == (3, "")
        assert len(done.stderr.splitlines()) == 1
        assert str(path) in done.stderr


def test_bad_usage_is_one_line():
    for argv in (["--iut"], ["--hello"], ["--iut", "x.so", "--bye"], ["x.so"]):
        done = run(*argv)
        assert (done.returncode, done.stdout) == (2, "")
        assert len(done.stderr.splitlines()) == 1
