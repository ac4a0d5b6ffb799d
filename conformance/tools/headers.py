# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Packet headers: each operation, type and flag, and each field at its bounds."""

from collections.abc import Iterator

from conformance.runner.vectors import JSON
from conformance.tools import traffic
from conformance.tools.shapes import FIELDS, FORMATS, FROM_DEVICE, accepting, either, taken, vector

FOLDERS = ("packet/op", "packet/type", "packet/flags", "packet/field", "rx/field", "split/flag")
BOUNDS = (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
WORDS = ("src_port", "dst_port", "flags", "buf_alloc", "fwd_cnt")
CIDS = ("src_cid", "dst_cid")
UPPER_HALVES = (1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)
BUFFER = 0x300000  # where an rx buffer lies that is read back


def _header_vector(id_: str, title: str, needs: list[str], **fields: object) -> JSON:
    """A packet without payload whose header has `fields`."""
    packet = {"kind": "packet", "fields": fields | {"len": 0}, "payload": "", "used_len": 0}
    return vector(
        id_,
        title,
        needs,
        {"steps": [{"add_chain": fields | {"payload_len": 0}}, {"serve": {}}]},
        {
            "spec": {"verdict": "accept", "steps": [{"step": 1, "chains": [packet]}]},
            "vvs": {"verdict": "accept"},
        },
    )


OPS = {
    0: "invalid",
    1: "request",
    2: "response",
    3: "rst",
    4: "shutdown",
    5: "rw",
    6: "credit-update",
    7: "credit-request",
}
TYPES = {1: "stream", 2: "seqpacket"}


def kinds() -> Iterator[JSON]:
    for op, name in OPS.items():
        for kind, kind_name in TYPES.items():
            needs = ["VSOCK-OP-001", "VSOCK-LEN-004"] if op else ["VSOCK-OP-001", "VSOCK-OP-002"]
            title = f"Operation {op} of type {kind} parses as what it is"
            yield _header_vector(f"packet/op/{name}-{kind_name}", title, needs, op=op, type=kind)
    for op in (8, 9, 255, 256, 0x0500, 32768, 65535):
        title = f"The unknown operation {op} keeps its 16 bits"
        yield _header_vector(f"packet/op/unknown-{op}", title, ["VSOCK-OP-001", "VSOCK-OP-003"], op=op)
    for kind in (1, 2):
        title = f"Type {kind} parses as {TYPES[kind]}"
        yield _header_vector(f"packet/type/{TYPES[kind]}", title, ["VSOCK-ADDR-002"], type=kind)
    for kind in (0, 3, 0x0101, 0x0102, 256, 512, 65535):
        title = f"The unknown type {kind:#x} keeps its 16 bits"
        yield _header_vector(f"packet/type/unknown-{kind}", title, ["VSOCK-ADDR-002"], type=kind)
    for flags in (0, 1, 2, 3, 4, 0x80000000, 0xFFFFFFFF):
        title = f"A shutdown keeps the flags {flags:#x}"
        yield _header_vector(f"packet/flags/shutdown-{flags:x}", title, ["VSOCK-SHUT-001"], op=4, flags=flags)
        title = f"A seqpacket RW keeps the flags {flags:#x}"
        yield _header_vector(
            f"packet/flags/seqpacket-{flags:x}", title, ["VSOCK-SEQ-001"], op=5, type=2, flags=flags
        )


def value_of(field: str, value: int) -> int | str:
    return f"{value:#x}" if field in CIDS else value


def fields() -> Iterator[JSON]:
    """Each field at its bounds, alone: what is beside it keeps its own value."""
    for field in (*WORDS, *CIDS):
        slug = field.replace("_", "-")
        for value in BOUNDS:
            title = f"A tx header keeps {value:#x} in {field}"
            name = f"packet/field/{slug}-{value:x}"
            # A seqpacket RW alone may have any flags.
            more = {"type": 2} if field == "flags" else {}
            yield _header_vector(
                name,
                title,
                ["VSOCK-HDR-001", "VSOCK-HDR-002"],
                **FIELDS | more | {field: value_of(field, value)},
            )
            yield _sent(f"rx/field/{slug}-{value:x}", field, value)
    for field in CIDS:
        for value in UPPER_HALVES:
            made = _header_vector(
                f"packet/field/{field.replace('_', '-')}-{value:x}",
                f"A tx header with {value:#x} in {field} is refused or keeps all its bits",
                ["VSOCK-HDR-005"],
                **FIELDS | {field: value_of(field, value)},
            )
            made["expect"]["spec"] |= {"verdict": "either", "reason": "undefined"}
            yield made


def _sent(id_: str, field: str, value: int) -> JSON:
    """A packet is written, and read back as the payload of a tx packet, byte by byte."""
    header = FROM_DEVICE | {field: value_of(field, value)}
    read = {"kind": "packet", "fields": {"len": 44}, "used_len": 0}
    read["payload"] = traffic.packed(header).hex()
    return vector(
        id_,
        f"An rx header has {value:#x} in {field}, little-endian at its place",
        ["VSOCK-HDR-001", "VSOCK-HDR-002"],
        {
            "queues": [{"role": "rx"}, {"role": "tx"}],
            "steps": [
                {
                    "add_chain": {
                        "queue": "tx",
                        "payload_fill": 0xEE,
                        "elements": [{"len": 44}, {"len": 44, "addr": f"{BUFFER:#x}"}],
                    }
                },
                {"add_chain": {"queue": "rx", "elements": [{"len": 144, "addr": f"{BUFFER:#x}"}]}},
                {"send": header | {"payload_len": 0}},
                {"serve": {"queue": "rx"}},
                {"serve": {"queue": "tx"}},
            ],
        },
        accepting(
            {"step": 3, "chains": [{"kind": "packet", "fields": header | {"len": 0}, "used_len": 44}]},
            {"step": 4, "chains": [read]},
        ),
    )


def descriptor_flags() -> Iterator[JSON]:
    """Flags of a split descriptor that have no meaning, in the ring and in a table: the text is silent."""
    for name, place in (("split", "ring"), ("split-indirect", "table")):
        for bit in range(3, 16):
            add = {**FORMATS[name][1], "elements": [{"len": 44, "flags_xor": 1 << bit}, {"len": 100}]}
            yield vector(
                f"split/flag/{place}-bit-{bit:02}",
                f"Flag bit {bit} of a descriptor in a {place} has no meaning",
                ["SPLIT-DESC-002"],
                {"image": {"features": FORMATS[name][0]}, "steps": [{"add_chain": add}, {"serve": {}}]},
                either("undefined", {"verdict": "accept"}, {"step": 1, "chains": [taken()]}),
            )


def generate() -> Iterator[JSON]:
    for family in (kinds, fields, descriptor_flags):
        yield from family()
