# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A vector's file is checked when it is read, and what is wrong with it is one line."""

import json

import pytest

from conformance.runner import vectors

GOOD = {
    "id": "a/good",
    "title": "A vector that nothing is wrong with",
    "requirements": ["VSOCK-HDR-004"],
    "scenario": {"steps": [{"serve": {}}]},
    "expect": {"spec": {"verdict": "safe"}, "vvs": {"verdict": "accept"}},
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(vectors, "VECTORS", tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a/good.json").write_text(json.dumps(GOOD))
    return tmp_path


WRONG = {
    "not JSON": ("{\n  nonsense", "line 2, column 3: this is not JSON"),
    "empty": ("", "line 1, column 1: this is not JSON"),
    "deep": ("[" * 100000, "nested too deeply"),
    "a list": ("[]", "$: [] is not of type 'object'"),
    "half a character": (
        json.dumps(GOOD | {"title": "A title of \ud800, which is half a character"}),
        "$: half a surrogate pair is no text",
    ),
    "another key": (json.dumps(GOOD | {"surplus": 1}), "'surplus' was unexpected"),
    "a step's other key": (json.dumps(GOOD | {"scenario": {"step": []}}), "$.scenario: "),
    "a verdict that is none": (
        json.dumps(GOOD | {"expect": {"spec": {"verdict": "acept"}, "vvs": {"verdict": "accept"}}}),
        "$.expect.spec.verdict: 'acept' is not one of",
    ),
    "another id": (json.dumps(GOOD), "the id is a/good, the path says a/bad"),
    "no such requirement": (
        json.dumps(GOOD | {"id": "a/bad", "requirements": ["VSOCK-HDR-999"]}),
        "no requirement VSOCK-HDR-999",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_wrong_is_one_line_that_names_the_file(folder, kind):
    text, said = WRONG[kind]
    (folder / "a/bad.json").write_text(text)
    with pytest.raises(vectors.Invalid) as caught:
        vectors.select(("*",))
    line = str(caught.value)
    assert "a/bad.json: " in line
    assert said in line
    assert "\n" not in line
    assert len(line) < 400


def test_bytes_and_folders_are_no_vectors(folder):
    (folder / "a/bad.json").write_bytes(b"\xff")
    with pytest.raises(vectors.Invalid, match="byte 0: this is not UTF-8"):
        vectors.select(("a/bad",))
    (folder / "a/bad.json").unlink()
    (folder / "a/bad.json").mkdir()
    with pytest.raises(vectors.Invalid, match="no file to read: Is a directory"):
        vectors.select(("a/bad",))


def test_a_file_that_no_filter_picks_is_in_nobody_s_way(folder):
    (folder / "a/bad.json").write_text("nonsense")
    assert [vector.id for vector in vectors.select(("a/g*",))] == ["a/good"]
