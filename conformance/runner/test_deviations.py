# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Lists of what is expected to fail: read strictly, and none goes stale unseen."""

import pytest

from conformance.runner import deviations, vectors
from conformance.runner.deviations import Invalid, stale, stale_known
from conformance.runner.iut import Outcome

SHORT, WHOLE = "tx/framing/split-header-43", "tx/framing/split-header-alone"
BY_ID = {vector.id: vector for vector in vectors.load()}

ENTRY = """
[[deviation]]
requirement = "VSOCK-HDR-004"
vectors = ["tx/framing/split-header-43"]
reason = "takes what is there"
evidence = "answers a packet"
linux_guest = "no: its headers are whole"
"""


@pytest.fixture
def read(tmp_path):
    def make(text):
        path = tmp_path / "mine.toml"
        path.write_text(text)
        return deviations.read(path)

    return make


def outcomes(**verdicts):
    names = {"short": SHORT, "whole": WHOLE}
    return [Outcome(BY_ID[names[name]], verdict) for name, verdict in verdicts.items()]


def test_no_file_is_no_deviation(tmp_path):
    assert deviations.read(tmp_path / "none.toml") == []


def test_an_entry_is_read_and_named_after_its_requirement(read):
    first, second = read(ENTRY * 2)
    assert (first.id, second.id) == ("VSOCK-HDR-004", "VSOCK-HDR-004#2")
    assert first.vectors == (SHORT,)
    assert first.linux_guest == "no: its headers are whole"
    assert deviations.of(BY_ID[SHORT], [first, second]) is first
    assert deviations.of(BY_ID[WHOLE], [first]) is None


WRONG = {
    "no TOML": ("deviation", "mine.toml: "),
    "another key": (ENTRY + 'colour = "red"\n', "'colour' was unexpected"),
    "a key too few": (ENTRY.replace("reason", "# reason"), "'reason' is a required property"),
    "no vectors": (ENTRY.replace(f'["{SHORT}"]', "[]"), "$.deviation[0].vectors"),
    "an unknown requirement": (ENTRY.replace("004", "999"), "no requirement VSOCK-HDR-999"),
    "an answer without a why": (
        ENTRY.replace("no: its headers are whole", "no"),
        "$.deviation[0].linux_guest",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_wrong_with_a_file_is_one_line(read, kind):
    text, said = WRONG[kind]
    with pytest.raises(Invalid) as caught:
        read(text)
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("verdict", ["fail", "non-strict", "crash", "timeout"])
def test_what_differs_as_listed_is_not_stale(read, verdict):
    assert stale(read(ENTRY), outcomes(short=verdict, whole="pass")) == []


def test_a_listed_vector_that_passes_is_stale(read):
    (said,) = stale(read(ENTRY), outcomes(short="pass"))
    assert said == f"deviation VSOCK-HDR-004: passed: {SHORT}"
    wide = read(ENTRY.replace(SHORT, "tx/framing/split-header-*"))
    (said,) = stale(wide, outcomes(short="fail", whole="pass"))
    assert said == f"deviation VSOCK-HDR-004: passed: {WHOLE}"


def test_an_entry_that_matches_nothing_is_stale(read):
    (said,) = stale(read(ENTRY.replace("header-43", "header-99")), outcomes(short="fail"))
    assert said == "deviation VSOCK-HDR-004: not a vector matches"


@pytest.mark.parametrize("verdict", ["unsupported", "error"])
def test_an_entry_of_which_nothing_was_run_is_stale(read, verdict):
    (said,) = stale(read(ENTRY), outcomes(short=verdict))
    assert said == "deviation VSOCK-HDR-004: none of its vectors was run"


def test_an_entry_is_about_its_requirement(read):
    (said,) = stale(read(ENTRY.replace("VSOCK-HDR-004", "SPLIT-DESC-005")), outcomes(short="fail"))
    assert said == "deviation SPLIT-DESC-005: not one of its vectors names it"


def test_what_a_filter_left_out_is_not_stale(read):
    assert stale(read(ENTRY), outcomes(whole="pass")) == []


def test_known_failures_are_ids_with_or_without_a_why(tmp_path):
    text = tmp_path / "known.txt"
    text.write_text(f"# mine\n{SHORT}   # takes what is there\n\n{WHOLE}\n")
    assert deviations.read_known(text) == [SHORT, WHOLE]
    toml = tmp_path / "known.toml"
    toml.write_text(f'vectors = ["{SHORT}"]\n')
    assert deviations.read_known(toml) == [SHORT]
    for wrong in ("vectors = 1", "", f'vectors = ["{SHORT}"]\nother = 1', "vectors ="):
        toml.write_text(wrong)
        with pytest.raises(Invalid, match=r"known\.toml"):
            deviations.read_known(toml)


def test_a_known_failure_that_passes_or_is_none_is_stale():
    assert stale_known([SHORT], outcomes(short="crash")) == []
    assert stale_known([SHORT], outcomes(short="pass")) == [f"{SHORT}: known to fail, but it passes"]
    (said,) = stale_known([SHORT], outcomes(short="unsupported"))
    assert said.endswith("it was not run")
    (said,) = stale_known(["tx/no-such"], outcomes(short="fail"))
    assert said.endswith("there is no such vector")
    assert stale_known([SHORT], outcomes(whole="pass")) == []


def test_the_lists_in_the_tree_are_of_adapters_in_the_tree():
    from conformance.runner import adapters

    for path in deviations.FOLDER.glob("*.toml"):
        assert path.stem in adapters.registry()
        assert deviations.read(path)
