# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Packet captures as a vsockmon device makes them: packets written as one, and vectors from captures, one for
each source CID, operation, type, flags and length class (the number of bits of the length)."""

import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

from conformance.runner.vectors import JSON
from conformance.tools import traffic

FILE = struct.Struct("<IHHiIII")
RECORD = struct.Struct("<IIII")
MAGICS = (0xA1B2C3D4, 0xA1B23C4D)  # microseconds, nanoseconds
LINKTYPE_VSOCK = 271
MONITOR = struct.Struct("<QQIIHHHH")  # struct af_vsockmon_hdr: cids, ports, op, transport, len, reserved
TRANSPORT_VIRTIO = 2
MONITOR_OPS = (0, 1, 1, 2, 2, 4, 3, 3)  # connect, disconnect, control, payload; by operation of a packet
SNAP_LEN = 1 << 18
HOST_CID = "0x2"
RX_BUFFER = 3776  # as Linux offers
MAX_LEN = 65536


class NotACapture(ValueError):
    """The file is no capture of vsock packets."""


def headers(path: Path) -> Iterator[JSON]:
    """The header fields of each virtio packet of a capture."""
    data = path.read_bytes()
    if len(data) < FILE.size:
        raise NotACapture(f"{path}: too short for a pcap file")
    magic, *_, link_type = FILE.unpack_from(data)
    if magic not in MAGICS:
        raise NotACapture(f"{path}: no classic little-endian pcap file")
    if link_type != LINKTYPE_VSOCK:
        raise NotACapture(f"{path}: link type {link_type}, not {LINKTYPE_VSOCK} (vsock)")
    at = FILE.size
    while at + RECORD.size <= len(data):
        _, _, length, _ = RECORD.unpack_from(data, at)
        packet = data[at + RECORD.size : at + RECORD.size + length]
        at += RECORD.size + length
        if len(packet) < MONITOR.size + traffic.HEADER.size:
            continue
        *_, transport, header_len, _ = MONITOR.unpack_from(packet)
        if transport == TRANSPORT_VIRTIO and header_len == traffic.HEADER.size:
            yield traffic.header(packet[MONITOR.size :])


def capture(packets: Iterable[bytes]) -> bytes:
    """A capture file of packets, each with its header of 44 bytes; a microsecond apart."""
    parts = [FILE.pack(MAGICS[0], 2, 4, 0, 0, SNAP_LEN, LINKTYPE_VSOCK)]
    for number, packet in enumerate(packets):
        src_cid, dst_cid, src_port, dst_port, _, _, op, *_ = traffic.HEADER.unpack_from(packet)
        kind = MONITOR_OPS[op] if op < len(MONITOR_OPS) else 0
        about = (src_cid, dst_cid, src_port, dst_port, kind, TRANSPORT_VIRTIO, traffic.HEADER.size, 0)
        length = MONITOR.size + len(packet)
        seconds, microseconds = divmod(number, 1_000_000)
        parts += [RECORD.pack(seconds, microseconds, length, length), MONITOR.pack(*about), packet]
    return b"".join(parts)


def captures(paths: Iterable[Path]) -> dict[str, list[JSON]]:
    """The vectors of captures by folder: the first packet of each kind, in the capture that has it first."""
    kinds: dict[tuple, tuple[Path, list[JSON]]] = {}
    folders: dict[str, list[JSON]] = {}
    for path in paths:
        for fields in headers(path):
            key = (fields["src_cid"], traffic.name_of(fields), fields["len"].bit_length())
            kinds.setdefault(key, (path, []))[1].append(fields)
        folders[folder_of(path)] = []
    for path, seen in kinds.values():
        folders[folder_of(path)].append(_vector(path.name, folder_of(path), seen[0], len(seen)))
    return {folder: vectors for folder, vectors in folders.items() if vectors}


def folder_of(path: Path) -> str:
    return path.stem.replace(".", "-").lower()


def _vector(recording: str, name: str, fields: JSON, count: int) -> JSON:
    length = fields["len"]
    from_device = fields["src_cid"] == HOST_CID
    payload = "" if length == 0 else {"pattern": "traffic", "len": length}
    packet = {"kind": "packet", "fields": fields, "payload": payload, "used_len": 0}
    said = traffic.said(fields) | {"payload_len": length}
    queue = "rx" if from_device else "tx"
    if from_device:
        packet["used_len"] = traffic.HEADER.size + length
        lens = [max(RX_BUFFER, traffic.HEADER.size + length)]
        steps = [
            {"add_chain": {"queue": "rx", "elements": [{"len": lens[0]}]}},
            {"send": said},
            {"serve": {"queue": "rx"}},
        ]
        scenario: JSON = {"queues": [{"role": "rx"}], "steps": steps}
    else:
        elements = [{"len": traffic.HEADER.size}] + ([{"len": length}] if length else [])
        scenario = {"steps": [{"add_chain": said | {"elements": elements}}, {"serve": {}}]}
    if length > MAX_LEN:
        scenario = {"image": {"max_payload": length}, **scenario}
    slug = f"{queue}-{traffic.name_of(fields)}-{length}"
    provenance = {"recording": recording, "what": "packet headers as vsockmon showed them", "count": count}
    if length:
        provenance["payload"] = "replaced by the formula from byte 0"
    step = len(scenario["steps"]) - 1
    return {
        "id": f"traffic/{name}/{slug}",
        "title": f"The {queue} header of {traffic.name_of(fields)} with len {length} in {name}",
        "requirements": traffic.needs(fields),
        "provenance": provenance,
        "scenario": scenario,
        "expect": {
            "spec": {"verdict": "accept", "steps": [{"step": step, "chains": [packet]}]},
            "vvs": {"verdict": "accept"},
        },
    }
