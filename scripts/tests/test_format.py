# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""FORMAT.md says what the codec does: the same tables, and a decoder written from it agrees."""

import json
import random
import re
import subprocess
from pathlib import Path

import format_md
import pytest
from vvs_tools import build, sanitizers

INPUTS = 2000


@pytest.fixture(scope="module")
def scn():
    """Runs the scenario tool of the unit build."""
    program = build.build("unit", ["scn"]) / "fuzz/scn"

    def run(*argv: str | Path, code: int = 0, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run(
            [program, *argv], input=stdin, capture_output=True, env=sanitizers.environment(), timeout=100
        )
        assert done.returncode == code, done.stderr.decode()
        return done

    return run


@pytest.fixture(scope="module")
def tables(scn):
    return json.loads(scn("fields").stdout)


def test_the_document_has_every_record_and_field(tables):
    documented = {
        tag: (name, [tuple(field) for field in fields]) for tag, (name, fields) in format_md.RECORDS.items()
    }
    coded = {}
    for record in tables["records"]:
        fields = [(field["name"], field["type"], int(field["maximum"], 16)) for field in record["fields"]]
        coded[record["tag"]] = (record["name"], fields)
    assert documented == coded


def test_the_document_has_every_name_and_bound(tables):
    for kind, names in zip(
        ("roles", "words", "items", "features"), (*format_md.NAMES.values(), format_md.FEATURES), strict=True
    ):
        assert {name: value for value, name in names.items()} == tables[kind], kind
    assert tables["bounds"] == format_md.BOUNDS
    assert tables["version"] == 1


def random_record(rng: random.Random) -> bytes:
    """A tag, a mask and bytes that are mostly small, so that lengths and counts name what follows."""
    tag = rng.choice([*format_md.RECORDS, 0x10, rng.randrange(256)])
    mask = rng.choice(
        [b"", bytes([rng.randrange(128)]), b"\xff\xff\x03", b"\x83\x80\x80\x80\xf0", rng.randbytes(3)]
    )
    body = bytes(rng.choice([0, 1, 2, 3, rng.randrange(256)]) for _ in range(rng.randrange(40)))
    return bytes([tag]) + mask + body


def random_inputs() -> list[bytes]:
    rng = random.Random(1)
    inputs = [b"", b"\x01", b"\x02\x20\x00", rng.randbytes(100)]
    # Beyond every bound: literal bytes, elements, each list.
    inputs.append(b"\x01" + b"\x04\x02\x00\x10" + b"\xaa" * 4096 + b"\x12\x02\x00\x20" * 1 + b"\xbb" * 8192)
    inputs.append(b"\x01" + (b"\x12\x02\x01\x0f" + b"\xcc" * 3841) * 6)
    inputs.append(
        b"\x01" + b"\x10\x00\xac\x02" + b"\x00" * 300 + b"\x10\x00\xac\x02" + b"\x04\x01" * 300 + b"\x20\x00"
    )
    inputs.append(
        b"\x01" + b"".join(bytes([tag, 0]) * 70 for tag in (2, 3, 4, 5, 6, 0x20)) + b"\x10\x00\x01\x00"
    )
    while len(inputs) < INPUTS:
        inputs.append(b"\x01" + b"".join(random_record(rng) for _ in range(rng.randrange(12))))
    return inputs


def test_a_decoder_written_from_the_document_agrees(scn, tmp_path):
    inputs = random_inputs()
    files = []
    for number, data in enumerate(inputs):
        files.append(tmp_path / f"{number:04}")
        files[-1].write_bytes(data)
    text = scn("json", *files).stdout.decode()
    steps = 0
    for data in inputs:
        theirs, end = json.JSONDecoder().raw_decode(text)
        text = text[end:].lstrip()
        assert format_md.Decoder(data).scenario() == theirs, data.hex(" ")
        steps += len(theirs.get("steps", []))
    assert text == ""
    assert steps > INPUTS


def test_the_example_in_bytes_is_the_one_in_json(scn):
    dump, example = format_md.SECTIONS["Bytes"].split("For example,\n")[1].split("is in JSON\n")
    data = "".join(re.findall(r"^ +([0-9a-f ]+?) {3,}", dump, re.MULTILINE))
    assert json.loads(scn("json", "-", stdin=bytes.fromhex(data)).stdout) == json.loads(example)


def test_the_json_example_survives_the_bytes(scn, tmp_path):
    example = format_md.SECTIONS["JSON"].split("```json\n")[1].split("```")[0]
    file = tmp_path / "bytes"
    scn("bytes", "-", "-o", file, stdin=example.encode())
    assert json.loads(scn("json", file).stdout) == json.loads(example)
    assert scn("draw", file).stdout == scn("draw", "-", stdin=example.encode()).stdout


def test_a_drawing_shows_memory_rings_and_chains(scn):
    text = {
        "image": {"features": ["VERSION_1", "INDIRECT_DESC"]},
        "regions": [{"len": "0x4000"}],
        "queues": [{"role": "tx"}, {"role": "rx", "desc": "0xdead0000"}],
        "races": [{"item": "desc", "index": 3}],
        "steps": [
            {"add_chain": {"elements": [{"len": 44}, {"len": 100}]}},
            {"add_chain": {"indirect": 1, "elements": [{"len": 44}, {"len": 9, "addr": "0x1"}]}},
            {"add_chain": {"elements": [{"next": 9}, {}]}},
            {"serve": {"max": 2}},
        ],
    }
    drawing = scn("draw", "-", stdin=json.dumps(text).encode()).stdout.decode()
    for part in (
        "region 0: 0x100000, 0x4000 bytes, rw",
        "128 B  tx descriptor table",
        "in no region",
        "head 0  0:[44 R @0x100180]->1:[100 R @0x1001b0]",
        "indirect]",
        "->1:[9 R @0x1 unmapped]",
        "->9!",
        "serve max=2",
        'races\n   item="desc" index=3',
    ):
        assert part in drawing, f"{part!r} is not in\n{drawing}"


def test_a_guest_too_large_for_the_host_is_listed_as_said(scn):
    text = {"regions": [{"len": "0x1000000000000"}], "steps": [{"add_chain": {"op": 1}}]}
    drawing = scn("draw", "-", stdin=json.dumps(text).encode()).stdout.decode()
    assert "more than this host can map" in drawing
    assert 'region 0: len="0x1000000000000"' in drawing
    assert "add_chain op=1" in drawing


def test_any_input_can_be_drawn(scn, tmp_path):
    for data in random_inputs()[:60]:
        assert scn("draw", "-", stdin=data).stdout.startswith(b"image")


@pytest.mark.parametrize(
    ("argv", "code", "error"),
    [
        ((), 2, "bad arguments"),
        (("json",), 2, "bad arguments"),
        (("bytes", "x", "-p", "y"), 2, "bad arguments"),
        (("draw", "no/such/file"), 3, "can't open no/such/file"),
        (("bytes", "-"), 1, "-: line 1, column 1: this is not JSON"),
    ],
)
def test_a_mistake_is_one_line(scn, argv, code, error):
    done = scn(*argv, code=code)
    assert error in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1
    assert done.stdout == b""


def test_help_has_examples(scn):
    assert b"Examples:\n" in scn("--help").stdout
