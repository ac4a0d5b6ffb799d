# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Packet headers: each operation, type and flag, and each field at its bounds."""

from collections.abc import Iterator

from conformance.runner.vectors import JSON
from conformance.tools.shapes import vector

FOLDERS = ("packet/op", "packet/type", "packet/flags")


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


def generate() -> Iterator[JSON]:
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
