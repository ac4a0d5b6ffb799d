# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The importer, on small recordings made here."""

import json

import click.testing
import pytest

from conformance.runner.judge import traffic as formula
from conformance.tools import chains, files, import_traffic, pcap, traffic


def rings(queue, base):
    addresses = {"desc_gpa": hex(base), "avail_gpa": hex(base + 0x1000), "used_gpa": hex(base + 0x2000)}
    return {"ev": "vu", "req": "SET_VRING_ADDR", "q": queue} | addresses


SETUP = [
    {"ev": "vu", "req": "SET_FEATURES", "val": "0x170000002"},
    {"ev": "mem", "regions": [{"gpa": "0x0", "size": "0x100000", "uva": "0x7f0000000000"}]},
    {"ev": "vu", "req": "SET_VRING_NUM", "q": 0, "num": 128},
    {"ev": "vu", "req": "SET_VRING_NUM", "q": 1, "num": 64},
    rings(0, 0x1000),
    rings(1, 0x4000),
]


def raw(length=0, op=5, kind=1, src=3, dst=2):
    return traffic.HEADER.pack(src, dst, 1024, 1234, length, kind, op, 0, 65536, 0)


def desc(addr, length, flags=0, following=0, region=0):
    return {"addr": hex(addr), "len": length, "flags": flags, "next": following, "region": region}


def chain(payload=b"", position=0, indirect=None, pieces=(44,), queue="tx", write=0, length=None):
    length = len(payload) if length is None else length
    descs = [desc(0x10000 + 0x100 * i, n, write | (i + 1 < len(pieces)), i + 1) for i, n in enumerate(pieces)]
    return {
        "q": queue,
        "avail_pos": position,
        "head": 0,
        "indirect": indirect,
        "descs": descs,
        "hdr_hex": raw(length).hex(),
        "payload_len": length,
        "payload_head": payload[:16].hex(),
    }


def recording(*sent):
    rx = chain(pieces=(3776,), queue="rx", write=2)
    runs = [{"run": "toy", "what": "a toy", "setup": SETUP, "tx": list(sent)}]
    runs[0] |= {"rx_offer_first": [rx], "rx_used_first": [rx]}
    return {"runs": runs}


def vectors(*sent):
    return {v["id"].split("/")[-1]: v for v in chains.recording(recording(*sent), "toy.json")["toy"]}


def test_rings_memory_and_features_are_the_guest_s_own():
    made = vectors(chain(position=7))["tx-direct-44-rw-stream"]
    scenario = made["scenario"]
    assert scenario["image"] == {"features": ["SEQPACKET", "INDIRECT_DESC", "EVENT_IDX", "VERSION_1"]}
    assert scenario["regions"] == [{"addr": "0x0", "len": "0x100000", "frontend_addr": "0x7f0000000000"}]
    queue = scenario["queues"][0]
    assert (queue["desc"], queue["driver"], queue["device"]) == ("0x4000", "0x5000", "0x6000")
    assert (queue["size"], queue["avail_index"], queue["used_index"]) == (64, 7, 7)
    assert made["provenance"] == {"recording": "toy.json", "what": "a toy", "position": 7, "count": 1}


def test_a_table_keeps_its_address():
    table = {"addr": "0x20000", "len": 32, "flags": 4}
    made = vectors(chain(formula(100), indirect=table, pieces=(44, 100)))["tx-indirect-44-100-rw-stream"]
    add = made["scenario"]["steps"][0]["add_chain"]
    assert (add["indirect"], add["table_addr"]) == (1, "0x20000")
    assert all("slot" not in element for element in add["elements"])


def test_direct_elements_keep_their_slots():
    made = vectors(chain(formula(100), pieces=(44, 60, 40)))["tx-direct-44-60-40-rw-stream"]
    elements = made["scenario"]["steps"][0]["add_chain"]["elements"]
    assert [element["slot"] for element in elements] == [0, 1, 2]
    assert elements[-1]["next"] == 3


def test_equal_shapes_are_one_vector_that_counts_them():
    made = vectors(chain(formula(10), pieces=(44, 10)), chain(formula(10), 1, pieces=(44, 10)))
    assert made["tx-direct-44-10-rw-stream"]["provenance"]["count"] == 2


def test_a_packet_that_goes_on_with_a_send_is_found_by_its_head():
    first, second = formula(100), formula(100, 100)
    assert traffic.offset_in_send(second[:16], [100]) == 100
    made = vectors(chain(first, pieces=(44, 100)), chain(second, 1, pieces=(24, 20, 100)))
    add = made["tx-direct-24-20-100-rw-stream"]["scenario"]["steps"][0]["add_chain"]
    assert bytes.fromhex(add["payload"]) == second


def test_long_continued_payloads_say_that_they_are_replaced():
    made = vectors(chain(formula(300, 1000)[:16], pieces=(44, 300), length=300))["tx-direct-44-300-rw-stream"]
    assert "replaced by the formula" in made["provenance"]["payload"]


def test_zero_copy_payloads_are_a_fill():
    made = vectors(chain(b"\x5a" * 64, pieces=(44, 64)))["tx-direct-44-64-rw-stream"]
    expected = made["expect"]["spec"]["steps"][0]["chains"][0]
    assert expected["payload"] == {"fill": 90, "len": 64}


def test_an_unknown_payload_is_said_to_be_replaced():
    made = vectors(chain(bytes(range(16)), pieces=(44, 16)))["tx-direct-44-16-rw-stream"]
    assert made["provenance"]["payload"].startswith("begins with 000102")


def test_a_length_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="len 5"):
        vectors(chain(formula(4), pieces=(44, 4)) | {"hdr_hex": raw(5).hex()})


def test_a_writable_tx_element_is_refused():
    with pytest.raises(ValueError, match="chain of tx"):
        vectors(chain(pieces=(44,), write=2))


def capture(tmp_path, *headers, link=pcap.LINKTYPE_VSOCK):
    data = pcap.FILE.pack(0xA1B2C3D4, 2, 4, 0, 0, 160, link)
    for header in headers:
        packet = pcap.MONITOR.pack(3, 2, 1024, 1234, 4, pcap.TRANSPORT_VIRTIO, 44, 0) + header
        data += pcap.RECORD.pack(0, 0, len(packet), len(packet)) + packet
    path = tmp_path / "a.b.pcap"
    path.write_bytes(data)
    return path


def test_a_capture_gives_one_vector_a_kind_in_its_direction(tmp_path):
    path = capture(tmp_path, raw(100), raw(120), raw(op=3), raw(4, src=2, dst=3))
    made = pcap.captures([path])["a-b"]
    assert [v["id"] for v in made] == [
        f"traffic/a-b/{s}" for s in ("tx-rw-stream-100", "tx-rst-stream-0", "rx-rw-stream-4")
    ]
    assert made[0]["provenance"]["count"] == 2


def test_another_link_type_is_refused(tmp_path):
    with pytest.raises(pcap.NotACapture, match="link type 1"):
        list(pcap.headers(capture(tmp_path, link=1)))


def test_the_command_writes_folders_and_keeps_what_it_did_not_make(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "VECTORS", tmp_path / "vectors")
    old = tmp_path / "vectors/traffic/toy/old.json"
    old.parent.mkdir(parents=True)
    old.write_text("{}")
    source = tmp_path / "toy.json"
    source.write_text(json.dumps(recording(chain())))
    done = click.testing.CliRunner().invoke(import_traffic.cli, [str(source)])
    assert done.exit_code == 2
    assert list(old.parent.iterdir()) == [old]
    old.unlink()
    done = click.testing.CliRunner().invoke(import_traffic.cli, [str(source)])
    assert done.exit_code == 0, done.output
    assert "3 of 3 vectors written: " in done.output
    assert sorted(path.name for path in old.parent.iterdir()) == [
        "rx-offer-first-1.json",
        "rx-rw-stream-0.json",
        "tx-direct-44-rw-stream.json",
    ]


def test_what_is_no_recording_is_one_line(tmp_path):
    source = tmp_path / "toy.json"
    source.write_text("{}")
    done = click.testing.CliRunner().invoke(import_traffic.cli, [str(source)])
    assert done.exit_code == 1
    assert "no recording" in done.output
