# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Wrong about the header, the payload, and where they lie."""

import struct
from abc import ABC, abstractmethod

from conformance.adapters.naive.chain import Chain, Element, Refused
from conformance.adapters.naive.memory import READ
from conformance.adapters.naive.packet import HEADER_BYTES, Packets, Send, payload_len, with_payload_len
from conformance.adapters.wrong.family import wrong

FIELDS = "QQIIIHHIII"  # src_cid, dst_cid, src_port, dst_port, len, type, op, flags, buf_alloc, fwd_cnt
TYPE, OP, FLAGS = 5, 6, 7
SEQPACKET = 2
SHUTDOWN, RW = 4, 5


class Fields(Packets, ABC):
    """Gets a field of the header wrong, or refuses a packet for one."""

    @abstractmethod
    def mend(self, fields: list[int]) -> list[int]:
        """What becomes of the fields, in wire order."""

    def receive(self, chain: Chain) -> tuple[bytes, bytes]:
        header, payload = super().receive(chain)
        fields = self.mend(list(struct.unpack(f"<{FIELDS}", header)))
        return struct.pack(f"<{FIELDS}", *fields), payload


# --- framing


def check_first(chain: Chain, whole: bool, what: str) -> None:
    if not whole:
        raise Refused(f"{what} of {len(chain.elements)} elements")


@wrong("header-alone", "wants the header in an element of its own", "SPLIT-FRM-001 SPLIT-FRM-003")
class HeaderAlone(Packets):
    def receive(self, chain: Chain) -> tuple[bytes, bytes]:
        check_first(chain, any(element.len == HEADER_BYTES for element in chain.elements[:1]), "a header")
        return super().receive(chain)


@wrong("header-in-one", "wants the header in one element", "SPLIT-FRM-002 VSOCK-HDR-003")
class HeaderInOne(Packets):
    def check_mapped(self, chain: Chain, count: int, permission: int) -> None:
        check_first(chain, len(self.pieces(chain, 0, HEADER_BYTES)) == 1, "a header")
        super().check_mapped(chain, count, permission)


@wrong(
    "header-rest-dropped",
    "drops what lies behind the header in its last element",
    "SPLIT-FRM-003 VSOCK-HDR-003",
)
class HeaderRestDropped(Packets):
    def gather(self, chain: Chain, first: int, count: int) -> bytes:
        start = 0
        for element in chain.elements:
            start += element.len
            if first == HEADER_BYTES < start < chain.len:
                return super().gather(chain, start, count).ljust(count, b"\0")
            if start >= HEADER_BYTES:
                break
        return super().gather(chain, first, count)


@wrong("payload-in-one", "takes one element of payload", "SPLIT-FRM-004")
class PayloadInOne(Packets):
    def gather(self, chain: Chain, first: int, count: int) -> bytes:
        found = self.pieces(chain, first, count)
        if first == HEADER_BYTES and len(found) > 1:
            return self.memory.read(found[0].addr, found[0].len).ljust(count, b"\0")
        return super().gather(chain, first, count)


@wrong("rx-payload-in-next", "writes payload from the next element on", "SPLIT-FRM-005")
class RxPayloadInNext(Packets):
    def scatter(self, chain: Chain, first: int, data: bytes) -> None:
        if first == HEADER_BYTES and len(chain.elements) > 1:
            first = max(first, chain.elements[0].len)
        super().scatter(chain, first, data)


@wrong("rx-two-parts", "wants header and payload of rx in two elements", "SPLIT-FRM-005")
class RxTwoParts(Packets):
    def capacity(self, chain: Chain) -> int:
        check_first(chain, len(chain.elements) == 2, "an rx buffer")
        return super().capacity(chain)


@wrong("event-in-one", "wants an event's buffer in one element", "SPLIT-FRM-006 VSOCK-EVT-001")
class EventInOne(Packets):
    def check_event(self, chain: Chain) -> None:
        check_first(chain, len(chain.elements) == 1, "an event")
        super().check_event(chain)


@wrong("header-behind", "takes the header from behind the payload", "VSOCK-HDR-003 VSOCK-HDR-001")
class HeaderBehind(Packets):
    def gather(self, chain: Chain, first: int, count: int) -> bytes:
        return super().gather(chain, chain.len - HEADER_BYTES if first == 0 else 0, count)


# --- the header


@wrong("header-ports-swapped", "takes src_port for dst_port", "VSOCK-HDR-001")
class HeaderPortsSwapped(Fields):
    def mend(self, fields: list[int]) -> list[int]:
        fields[2:4] = fields[3], fields[2]
        return fields


@wrong("header-big-endian", "reads the header in big-endian order", "VSOCK-HDR-002")
class HeaderBigEndian(Fields):
    def mend(self, fields: list[int]) -> list[int]:
        return list(struct.unpack(f">{FIELDS}", struct.pack(f"<{FIELDS}", *fields)))


@wrong("header-short-taken", "takes fewer than 44 bytes for a header", "VSOCK-HDR-004")
class HeaderShortTaken(Packets):
    def receive(self, chain: Chain) -> tuple[bytes, bytes]:
        if chain.len >= HEADER_BYTES:
            return super().receive(chain)
        self.check_direction(chain, writable=False)
        self.check_mapped(chain, chain.len, READ)
        return self.gather(chain, 0, chain.len).ljust(HEADER_BYTES, b"\0"), b""


@wrong("cid-32-bits", "drops the upper half of a CID", "VSOCK-HDR-005")
class Cid32Bits(Fields):
    def mend(self, fields: list[int]) -> list[int]:
        return [fields[0] % (1 << 32), fields[1] % (1 << 32), *fields[2:]]


@wrong("op-unknown-refused", "refuses an op that it does not know", "VSOCK-OP-001 VSOCK-OP-002 VSOCK-OP-003")
class OpUnknownRefused(Fields):
    def mend(self, fields: list[int]) -> list[int]:
        if fields[OP] not in (1, 2, 3, SHUTDOWN, RW, 6):
            raise Refused("op")
        return fields


@wrong("op-payload-dropped", "drops the payload of what is not RW", "VSOCK-OP-004")
class OpPayloadDropped(Packets):
    def receive(self, chain: Chain) -> tuple[bytes, bytes]:
        header, payload = super().receive(chain)
        return header, payload if header[30] == RW else b""


@wrong("op-type-swapped", "takes the op for the type", "VSOCK-OP-001 VSOCK-ADDR-002")
class OpTypeSwapped(Fields):
    def mend(self, fields: list[int]) -> list[int]:
        fields[TYPE : OP + 1] = fields[OP], fields[TYPE]
        return fields


@wrong("stream-only", "refuses seqpacket", "VSOCK-ADDR-002 VSOCK-SEQ-001")
class StreamOnly(Fields):
    def mend(self, fields: list[int]) -> list[int]:
        if fields[TYPE] == SEQPACKET:
            raise Refused("type")
        return fields


@wrong("shutdown-bit-numbers", "takes SHUTDOWN's flags for bit numbers", "VSOCK-SHUT-001")
class ShutdownBitNumbers(Fields):
    def mend(self, fields: list[int]) -> list[int]:
        if fields[OP] == SHUTDOWN:
            fields[FLAGS] = 1 << fields[FLAGS] % 32
        return fields


@wrong("seqpacket-flags-dropped", "drops the flags of a message", "VSOCK-SEQ-001")
class SeqpacketFlagsDropped(Fields):
    def mend(self, fields: list[int]) -> list[int]:
        if fields[TYPE] == SEQPACKET and fields[OP] == RW:
            fields[FLAGS] = 0
        return fields


# --- len


@wrong("len-with-header", "counts the header in len", "VSOCK-LEN-001")
class LenWithHeader(Packets):
    def receive(self, chain: Chain) -> tuple[bytes, bytes]:
        header, payload = super().receive(chain)
        return header, payload[: max(0, len(payload) - HEADER_BYTES)]


@wrong("len-of-buffer", "takes all of a buffer for payload", "VSOCK-LEN-002")
class LenOfBuffer(Packets):
    def receive(self, chain: Chain) -> tuple[bytes, bytes]:
        header, _ = super().receive(chain)
        return header, self.gather(chain, HEADER_BYTES, chain.len - HEADER_BYTES)


@wrong("len-cut", "cuts a payload that is not all there", "VSOCK-LEN-003")
class LenCut(Packets):
    def check_room(self, chain: Chain, count: int, what: str) -> None:
        super().check_room(chain, min(count, HEADER_BYTES), what)


@wrong("len-0-refused", "refuses a packet without payload", "VSOCK-LEN-004")
class Len0Refused(Packets):
    def receive(self, chain: Chain) -> tuple[bytes, bytes]:
        header, payload = super().receive(chain)
        if not payload:
            raise Refused("no payload")
        return header, payload


@wrong("len-in-16-bits", "reads 16 bits of len", "VSOCK-LEN-005 VSOCK-LEN-001 VSOCK-LEN-003")
class LenIn16Bits(Packets):
    def gather(self, chain: Chain, first: int, count: int) -> bytes:
        found = super().gather(chain, first, count)
        return with_payload_len(found, payload_len(found) % (1 << 16)) if first == 0 else found


@wrong("len-at-most-4096", "takes 4096 bytes of payload at most", "VSOCK-LEN-005")
class LenAtMost4096(Packets):
    def receive(self, chain: Chain) -> tuple[bytes, bytes]:
        header, payload = super().receive(chain)
        if len(payload) > 4096:
            raise Refused("too long")
        return header, payload


# --- rx


@wrong("rx-at-least-4096", "refuses rx buffers under 4096 bytes", "VSOCK-RXTX-009")
class RxAtLeast4096(Packets):
    def capacity(self, chain: Chain) -> int:
        self.check_room(chain, 4096, "an rx buffer")
        return super().capacity(chain)


@wrong("rx-header-cut", "writes as much of a header as there is room for", "VSOCK-RXTX-009")
class RxHeaderCut(Packets):
    def capacity(self, chain: Chain) -> int:
        self.check_direction(chain, writable=True)
        return max(0, chain.len - HEADER_BYTES) if chain.len < HEADER_BYTES else super().capacity(chain)


@wrong("rx-not-cut", "writes a payload beyond the buffer", "SPLIT-DESC-012")
class RxNotCut(Packets):
    def fill(self, chain: Chain, capacity: int, send: Send) -> tuple[bytes, bytes]:
        last = chain.elements[-1]
        chain.elements.append(Element(last.addr + last.len, 1 << 16, True))
        return super().fill(chain, max(capacity, len(send.payload)), send)


@wrong("rx-larger-refused", "refuses rx buffers above its own maximum", "VSOCK-RXTX-008")
class RxLargerRefused(Packets):
    def capacity(self, chain: Chain) -> int:
        if chain.len > HEADER_BYTES + self.max_payload:
            raise Refused("too large")
        return super().capacity(chain)


# --- event


@wrong("event-in-16-bits", "writes 16 bits of an event", "VSOCK-EVT-001")
class EventIn16Bits(Packets):
    def write_event(self, chain: Chain, event: int) -> None:
        super().write_event(chain, event % (1 << 16))


@wrong("event-from-1", "counts events from 1", "VSOCK-EVT-002")
class EventFrom1(Packets):
    def write_event(self, chain: Chain, event: int) -> None:
        super().write_event(chain, event + 1)


@wrong("event-into-readable", "sends an event into a device-readable buffer", "VSOCK-RXTX-002")
class EventIntoReadable(Packets):
    def check_event(self, chain: Chain) -> None:
        self.check_room(chain, 4, "an event")


@wrong("event-unsent", "returns event buffers and writes nothing", "VSOCK-EVT-001")
class EventUnsent(Packets):
    def write_event(self, chain: Chain, event: int) -> None:
        chain.refused = "unsent"
