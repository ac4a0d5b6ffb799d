# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The archive: the same bytes each time, complete, by its own schema, and read without any of our code."""

import io
import json
import re
import shutil
import subprocess
import sys
import tarfile

import jsonschema
import pytest
import referencing

from conformance.export import bundle
from conformance.runner.vectors import load

pytestmark = pytest.mark.slow

ALL = load()
CHECKED = 5  # every fifth by the schema, which takes its time


@pytest.fixture(scope="module")
def archive():
    return bundle.archive(ALL)


@pytest.fixture(scope="module")
def folder(archive, tmp_path_factory):
    """The archive unpacked where nothing of this project is."""
    path = tmp_path_factory.mktemp("export")
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        packed.extractall(path)
    return path / bundle.ROOT


@pytest.fixture
def copy(folder, tmp_path):
    """A few of its vectors, to be spoiled."""
    shutil.copytree(folder / "vectors/tx/framing", tmp_path / "vectors/tx/framing")
    shutil.copytree(folder / "vectors/packed/wrap", tmp_path / "vectors/packed/wrap")
    shutil.copy(folder / "decode.py", tmp_path)
    return tmp_path


def decode(folder, *names):
    """What the decoder says, by a Python that sees neither this checkout nor its packages."""
    return subprocess.run(
        [sys.executable, "-I", "-S", "decode.py", *(names or ["vectors"])],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_the_bytes_are_the_same_each_time(archive):
    assert bundle.archive(tuple(reversed(ALL))) == archive
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        entries = packed.getmembers()
    assert [entry.name for entry in entries] == sorted(entry.name for entry in entries)
    assert {(entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname) for entry in entries} == {
        (0, 0, 0, "", "")
    }
    assert archive[4:8] == bytes(4)  # gzip's own time


def test_every_vector_is_there_as_the_schema_says(folder):
    loaded = {path.name: json.loads(path.read_text()) for path in (folder / "schema").glob("*.json")}
    registry = referencing.Registry().with_resources(
        (name, referencing.Resource.from_contents(text)) for name, text in loaded.items()
    )
    validator = jsonschema.Draft202012Validator(loaded["exported.schema.json"], registry=registry)
    found = {}
    for path in (folder / "vectors").rglob("*.json"):
        data = json.loads(path.read_text())
        assert data["id"] == path.relative_to(folder / "vectors").with_suffix("").as_posix()
        found[data["id"]] = data
    for id_ in sorted(found)[::CHECKED]:
        fault = jsonschema.exceptions.best_match(validator.iter_errors(found[id_]))
        assert fault is None, f"{id_}: {fault.json_path}: {fault.message[:200]}"
    assert found.keys() == {vector.id for vector in ALL}
    assert all(found[vector.id]["expect"] == vector.data["expect"] for vector in ALL)
    index = json.loads((folder / "index.json").read_text())
    unresolved = {id_: data["unresolved"] for id_, data in found.items() if "unresolved" in data}
    assert (index["vectors"], index["unresolved"]) == (len(ALL), len(unresolved))
    assert set(unresolved.values()) <= {"races"}
    assert all("races" in found[id_]["scenario"] for id_ in unresolved)
    known = {each["id"] for each in json.loads((folder / "requirements.json").read_text())["requirements"]}
    assert all(set(data["requirements"]) <= known for data in found.values())


def test_a_surplus_key_is_against_the_schema(folder):
    data = json.loads((folder / "vectors/tx/framing/split-header-43.json").read_text())
    schema = json.loads((folder / "schema/exported.schema.json").read_text())
    for name in ("run", "image", "step", "queue", "send"):
        part = schema["properties"]["run"] if name == "run" else schema["$defs"][name]
        assert part["additionalProperties"] is False
    assert schema["additionalProperties"] is False
    assert data["run"]["steps"][0].keys() <= schema["$defs"]["step"]["properties"].keys()


def test_a_program_that_has_none_of_our_code_reads_the_same(folder):
    done = decode(folder)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    agree, differ, passed_over, chains = map(int, re.findall(r"(\d+) \w", done.stdout.splitlines()[-1]))
    assert agree + passed_over == len(ALL)
    assert (differ, agree > len(ALL) // 2, chains > agree) == (0, True, True)
    assert "import conformance" not in (folder / "decode.py").read_text()


def changed(path, make):
    data = json.loads(path.read_text())
    make(data)
    path.write_text(json.dumps(data))
    return data["id"]


def flip_in_memory(data):
    """The first byte of the longest write, which is the payload's."""
    write = next(step for step in data["run"]["steps"] if step.get("write"))["write"]
    longest = max(write, key=lambda each: len(each.get("bytes", "")))
    longest["bytes"] = f"{int(longest['bytes'][:2], 16) ^ 1:02x}{longest['bytes'][2:]}"


def expect_another_field(data):
    data["expect"]["spec"]["steps"][0]["chains"][0]["fields"] = {"fwd_cnt": 99}


def expect_another_payload(data):
    data["expect"]["spec"]["steps"][0]["chains"][0]["payload"] = "00"


@pytest.mark.parametrize("plant", [flip_in_memory, expect_another_field, expect_another_payload])
@pytest.mark.parametrize(
    "name", ["tx/framing/split-payload-halves", "tx/framing/packed-indirect-payload-halves"]
)
def test_a_difference_is_told(copy, plant, name):
    assert decode(copy).returncode == 0
    id_ = changed(copy / f"vectors/{name}.json", plant)
    done = decode(copy)
    assert done.returncode == 1, done.stdout
    assert {line.split(":")[0] for line in done.stdout.splitlines()[:-1]} == {id_}
    assert ", 1 differ, " in done.stdout.splitlines()[-1]


def test_nothing_read_is_no_success(copy):
    (copy / "empty").mkdir()
    assert decode(copy, "empty").returncode == 5


def test_nothing_names_a_place_outside(folder):
    for path in folder.rglob("*"):
        if path.is_file():
            assert not re.search(r"(?<![\w.])/(work|home|root|tmp|usr/(?!bin/env))/", path.read_text()), path
