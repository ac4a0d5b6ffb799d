# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The suite itself: files as the schema wants them, names that hold, every requirement with a vector."""

import json
import re
from collections import Counter

import pytest

from conformance.runner import levels, vectors
from conformance.tools import families, files, schema

WEAK_WORDS = re.compile(r"\b(should|must|shall|may|might|correctly|properly)\b", re.IGNORECASE)
NOTHING_GRANTED = ("VVS_E_ADDR", "VVS_E_TABLE_ADDR")  # the bytes of the packet lie outside guest memory
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


def test_each_requirement_in_scope_has_a_vector_or_a_reason():
    states = Counter()
    for entry in vectors.catalogue():
        assert entry["status"] in ("tested", "untestable", "later"), entry["id"]
        assert bool(entry["vectors"]) != bool(entry["reason"]), entry["id"]
        if entry["testable"] in ("parse", "queue"):
            assert entry["status"] != "later", f"{entry['id']}: write a vector, or a line of reasons.toml"
            states[entry["status"]] += 1
    assert states["untestable"] < 0.05 * states.total()


@pytest.mark.parametrize("id_", ["SPLIT-DESC-004", "SPLIT-NONE-001", "DEV-STAT-001"])
def test_a_stale_reason_is_an_error(monkeypatch, id_):
    monkeypatch.setattr(vectors, "reasons", lambda: {id_: "for no reason"})
    with pytest.raises(vectors.Invalid, match=id_):
        vectors.catalogue()


def test_the_catalogue_says_of_which_text_it_is():
    spec = json.loads(vectors.REQUIREMENTS.read_text())["spec"]
    assert re.fullmatch(r"[0-9a-f]{40}", spec["commit"])
    assert re.fullmatch(r"\d+\.\d+ cs\d+", spec["version"])
    assert spec["title"] and re.fullmatch(r"\d{4}-\d\d-\d\d", spec["date"])


def test_requirement_ids_are_permanent():
    """A line of ids.txt never goes, whatever becomes of the requirement."""
    kept = (vectors.REQUIREMENTS.parent / "ids.txt").read_text().split()
    assert len(kept) == len(set(kept)) >= 257
    assert list(vectors.requirements()) == kept, "new requirements: append their ids to ids.txt"


def test_requirements_are_whole():
    levels = {"MUST", "MUST NOT", "SHOULD", "MAY", "FACT"}
    listed = json.loads(vectors.REQUIREMENTS.read_text())["requirements"]
    assert len(listed) == len(vectors.requirements())
    for entry in listed:
        assert re.fullmatch(r"[A-Z]+-[A-Z]+-\d{3}", entry["id"])
        assert entry["level"] in levels, entry["id"]
        assert entry["role"] in ("device", "driver", "layout"), entry["id"]
        assert entry["testable"] in ("parse", "queue", "device", "no"), entry["id"]
        assert entry["section"] and entry["summary"] and entry["idea"], entry["id"]
        said = re.search(r"\bderived\b", entry["summary"] + " " + entry.get("note", ""), re.IGNORECASE)
        assert vectors.derived(entry) == bool(said), f"{entry['id']}: the legend's rule for derived"


def test_drivers_faults_demand_little():
    """No device violates a driver's requirement: `spec` asks for no packet only where there is none to have
    without leaving what was granted, and for a certain packet only where a device's own rule says so."""
    for vector in ALL:
        if vector.vvs["verdict"] in ("reject", "queue-error", "setup-error"):
            assert vector.spec["verdict"] in ("reject", "either", "safe"), vector.id
        binds = {vectors.requirements()[name]["role"] for name in vector.requirements}
        if vector.spec["verdict"] == "reject" and binds == {"driver"}:
            assert vector.vvs["status"] in NOTHING_GRANTED or levels.only_derived(vector), vector.id


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


def element_count(chain):
    """Up to the first whose NEXT is turned round: what lies behind is no part of the chain."""
    count = 0
    for element in chain.get("elements", []):
        count += element.get("repeat", 1)
        if element.get("flags_xor", 0) & 1:
            break
    return count


def test_long_chains_name_what_a_device_of_two_elements_lacks():
    """Else a device that can't take them would seem to fail the vector's subject."""
    framing = {f"SPLIT-FRM-00{number}" for number in (1, 2, 3, 4, 5, 7)}
    for vector in ALL:
        chains = [step["add_chain"] for step in vector.scenario.get("steps", []) if "add_chain" in step]
        packets = [chain for chain in chains if chain.get("queue") != "event"]
        if vector.spec["verdict"] == "accept" and any(element_count(chain) > 2 for chain in packets):
            assert framing & set(vector.requirements), f"{vector.id}: name SPLIT-FRM-004, or -005 on rx"


def test_the_whole_is_small():
    size = sum(vector.path.stat().st_size for vector in ALL)
    assert size < 6 << 20


def test_nothing_names_a_place_outside():
    for vector in ALL:
        assert not re.search(r"(?<![\w.])/(work|home|root|tmp|usr)/", vector.path.read_text())
