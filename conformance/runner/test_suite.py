# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The suite itself: files as the schema wants them, names that hold, every requirement with a vector."""

import json
import re
from collections import Counter

from conformance.runner import vectors
from conformance.tools import families, files, schema

WEAK_WORDS = re.compile(r"\b(should|must|shall|may|might|correctly|properly)\b", re.IGNORECASE)
ALL = vectors.load()
BY_ID = {vector.id: vector for vector in ALL}


def test_there_are_vectors():
    assert len(ALL) > 400


def test_the_schema_is_closed():
    validator = vectors.validator()
    data = json.loads(json.dumps(ALL[0].data))

    def places(value):
        if isinstance(value, dict):
            yield value
            for child in value.values():
                yield from places(child)
        elif isinstance(value, list):
            for child in value:
                yield from places(child)

    for place in places(data):
        place["surplus"] = 1
        assert not validator.is_valid(data)
        del place["surplus"]
    assert validator.is_valid(data)


def test_the_scenario_schema_is_what_the_fields_say():
    text = schema.OUT.read_text()
    assert text == schema.generate(), "repeat: .venv/bin/python -m conformance.tools.schema"


def test_titles_are_unique_facts():
    titles = Counter(vector.title for vector in ALL)
    assert [title for title, count in titles.items() if count > 1] == []
    assert [vector.id for vector in ALL if WEAK_WORDS.search(vector.title)] == []


def test_files_are_spelled_one_way():
    odd = [vector.id for vector in ALL if vector.path.read_text() != files.render(vector.data)]
    assert odd == [], "repeat: .venv/bin/python -m conformance.tools.files"


def test_generated_vectors_are_as_generated():
    drift = files.drift(families.generate(), families.FOLDERS)
    assert not drift, "\n".join(drift)


def test_statuses_exist():
    text = (vectors.TOP / "lib/include/vvs/status.h").read_text()
    known = set(re.findall(r"^\s+(VVS_(?:OK|EMPTY|E_\w+)) = \d+", text, re.MULTILINE))
    for vector in ALL:
        named = set(re.findall(r'"(VVS_\w+)"', json.dumps(vector.data["expect"])))
        assert named <= known, vector.id


def test_wanted_requirements_have_vectors():
    tested = {r for vector in ALL for r in vector.requirements}
    missing = [id_ for id_, r in vectors.requirements().items() if vectors.wanted(r) and id_ not in tested]
    assert missing == []


def test_refused_vectors_have_an_accepted_twin():
    for vector in ALL:
        if vector.vvs["verdict"] not in ("reject", "queue-error", "setup-error"):
            continue
        twin = BY_ID.get(vector.data.get("twin"))
        assert twin, f"{vector.id} names no twin"
        assert twin.vvs["verdict"] == "accept", f"{vector.id}: twin {twin.id} is not accepted"
        assert set(twin.requirements) & set(vector.requirements), (
            f"{vector.id}: {twin.id} is about other things"
        )


def test_expected_steps_are_device_steps():
    for vector in ALL:
        steps = vector.scenario.get("steps", [])
        for expected in vector.spec.get("steps", []) + vector.vvs.get("steps", []):
            kind = next(iter(steps[expected["step"]]))
            assert kind not in ("add_chain", "set_word", "write", "send", "send_event"), vector.id


def test_accepting_says_what():
    for vector in ALL:
        if vector.spec["verdict"] in ("accept", "either"):
            assert vector.spec.get("steps") or vector.vvs.get("steps"), vector.id


def test_the_whole_is_small():
    size = sum(vector.path.stat().st_size for vector in ALL)
    assert size < 2 << 20


def test_nothing_names_a_place_outside():
    for vector in ALL:
        assert not re.search(r"(?<![\w.])/(work|home|root|tmp|usr)/", vector.path.read_text())
