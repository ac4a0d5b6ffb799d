# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Guest packets as Wireshark reads them, field by field, against this project's readings."""

import random
import shutil

import pytest

from conformance.export import bundle, decode
from conformance.runner import iut
from conformance.runner.vectors import load
from conformance.tools import pcap, traffic, tshark

pytestmark = pytest.mark.skipif(
    not shutil.which(tshark.TOOL), reason="no tshark: scripts/setup --group readers"
)


def numbers(fields):
    """Fields as a scenario says them, all as numbers."""
    return {name: int(value, 16) if isinstance(value, str) else value for name, value in fields.items()}


def test_any_header_reads_the_same(tmp_path):
    source = random.Random(1)
    packets = [source.randbytes(traffic.HEADER.size) for _ in range(200)]
    packets += [bytes(44), b"\xff" * 44, bytes(range(44))]
    packets += [bytes(i) + b"\x01" + bytes(43 - i) for i in range(44)]
    path = tmp_path / "headers.pcap"
    read = tshark.headers(packets, path)
    assert read == [numbers(traffic.header(raw)) for raw in packets]
    assert read == [numbers(fields) for fields in pcap.headers(path)]


@pytest.fixture(scope="module")
def guest_packets():
    """(vector, step, number) of each packet that a driver sends and any device takes; its 44 bytes as they
    stand in guest memory, found without this project's code; and what the library says they are."""
    vectors = load()
    requests = bundle.resolved(vectors)
    exported = [bundle.exported(*each) for each in zip(vectors, requests, strict=True)]
    chosen = [(v, e) for v, e in zip(vectors, exported, strict=True) if decode.readable(e)]
    answers = {each.vector.id: each.answer for each in iut.run([vector for vector, _ in chosen])}
    found = {}
    for vector, data in chosen:
        said = {each["step"]: each.get("chains", []) for each in answers[vector.id]["answers"]}
        for step, number, role, memory, chain in decode.chains(data):
            if role == "tx" and chain:
                raw = decode.stream(memory, chain, traffic.HEADER.size)
                found[vector.id, step, number] = raw, said[step][number]["fields"]
    return found


def test_guest_packets_are_what_the_library_says(guest_packets, tmp_path):
    assert len(guest_packets) > 800
    raws, said = zip(*guest_packets.values(), strict=True)
    read = tshark.headers(raws, tmp_path / "guest.pcap")
    assert len(read) == len(said)
    differ = {
        place: (fields, numbers(other))
        for place, fields, other in zip(guest_packets, read, said, strict=True)
        if fields != numbers(other)
    }
    assert differ == {}


def test_what_is_sent_has_every_field_at_work(guest_packets):
    """A field that is the same in all packets would be read right by chance."""
    for name in traffic.NAMES:
        assert len({numbers(said)[name] for _, said in guest_packets.values()}) > 2, name
