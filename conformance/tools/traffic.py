# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What recordings of chains and of packets have in common: headers, payloads, names."""

import struct
from collections.abc import Iterable

from conformance.runner.judge import traffic
from conformance.runner.vectors import JSON

HEADER = struct.Struct("<QQIIIHHIII")
NAMES = ("src_cid", "dst_cid", "src_port", "dst_port", "len", "type", "op", "flags", "buf_alloc", "fwd_cnt")
OPS = ("invalid", "request", "response", "rst", "shutdown", "rw", "credit-update", "credit-request")
TYPES = ("none", "stream", "seqpacket")
ZEROCOPY = 0x5A  # what the recorded guests send with MSG_ZEROCOPY
PERIOD = 1 << 16  # of the payload formula
LITERAL_MAX = 256  # payloads that do not begin a send are said in full up to here


def header(raw: bytes) -> JSON:
    """The fields of 44 bytes, as a scenario says them."""
    fields = dict(zip(NAMES, HEADER.unpack(raw[: HEADER.size]), strict=True))
    return fields | {name: f"{fields[name]:#x}" for name in ("src_cid", "dst_cid")}


def packed(fields: JSON) -> bytes:
    """44 bytes of these fields, as a scenario says them; what is not said is 0."""
    return HEADER.pack(*(int(str(fields.get(name, 0)), 0) for name in NAMES))


def said(fields: JSON) -> JSON:
    """The fields of an add_chain or a send: `len` follows from the payload."""
    return {name: value for name, value in fields.items() if name != "len"}


def name_of(fields: JSON) -> str:
    """`rw-stream`, with the flags where there are any."""
    op, kind, flags = fields["op"], fields["type"], fields["flags"]
    words = [OPS[op] if op < len(OPS) else f"op-{op}", TYPES[kind] if kind < len(TYPES) else f"type-{kind}"]
    return "-".join(words + ([f"flags-{flags:x}"] if flags else []))


def needs(fields: JSON) -> list[str]:
    """The requirements that any recorded packet is an example of."""
    more = {4: ["VSOCK-SHUT-001"], 5: ["VSOCK-LEN-001"]}.get(fields["op"], [])
    if fields["op"] == 5 and fields["type"] == 2:
        more = [*more, "VSOCK-SEQ-001"]
    return ["VSOCK-HDR-001", "VSOCK-OP-001", "VSOCK-ADDR-002", *more]


def offset_in_send(head: bytes, before: Iterable[int]) -> int | None:
    """Where in its send a packet begins whose payload begins with `head`: behind the shortest run of the
    flow's packets `before` (their lengths, newest first) that the formula allows, else the smallest offset
    that it allows, else nowhere."""
    offset = 0
    if traffic(len(head)) == head:
        return 0
    for length in before:
        offset += length
        if traffic(len(head), offset % PERIOD) == head:
            return offset
    return next((first for first in range(PERIOD) if traffic(len(head), first) == head), None)


def payload(length: int, head: bytes, before: Iterable[int]) -> tuple[JSON, str | JSON, str]:
    """How the scenario says a recorded payload, what is expected of it, and what is to be known about it."""
    if not length:
        return {"payload_len": 0}, "", ""
    pattern = {"payload_len": length}, {"pattern": "traffic", "len": length}
    if head == bytes([ZEROCOPY]) * len(head):
        return {"payload_len": length, "payload_fill": ZEROCOPY}, {"fill": ZEROCOPY, "len": length}, ""
    offset = offset_in_send(head, before)
    if offset == 0:
        return *pattern, ""
    if offset is None:
        return *pattern, f"begins with {head.hex()} in the recording; replaced by the formula from byte 0"
    if length > LITERAL_MAX:
        return *pattern, f"goes on at byte {offset} of a send; replaced by the formula from byte 0"
    text = traffic(length, offset).hex()
    return {"payload": text}, text, f"goes on at byte {offset} of a send, as far as 16 recorded bytes tell"
