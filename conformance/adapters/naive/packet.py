# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What a socket's chains hold: a packet from the driver, room for one to it, or room for an event.

The chain's elements are one stream of bytes, cut anywhere: header first, payload straight after it.
"""

from dataclasses import dataclass

from conformance.adapters.naive.chain import Chain, Element, Refused
from conformance.adapters.naive.memory import READ, WRITE, Memory
from conformance.adapters.naive.queue import CallerMistake

HEADER_BYTES = 44
EVENT_BYTES = 4
LEN = slice(24, 28)  # of the header: how many payload bytes follow
USED_LEN_MAX = (1 << 32) - 1


@dataclass(frozen=True)
class Send:
    """A packet for the driver, of whose payload `written` bytes are written."""

    header: bytes
    payload: bytes
    written: int
    fit: bool  # cut payload and `len` to what there is room for


def payload_len(header: bytes) -> int:
    return int.from_bytes(header[LEN], "little")


def with_payload_len(header: bytes, length: int) -> bytes:
    return header[: LEN.start] + length.to_bytes(4, "little") + header[LEN.stop :]


class Packets:
    """Reads and writes the chains of one device. `max_payload`: the most that it takes or gives."""

    def __init__(self, memory: Memory, max_payload: int) -> None:
        self.memory = memory
        self.max_payload = max_payload

    # --- the stream of bytes

    def pieces(self, chain: Chain, first: int, count: int) -> list[Element]:
        """What bytes `first` to `first + count` of the stream lie in."""
        found = []
        start = 0
        for element in chain.elements:
            low = max(first, start)
            high = min(first + count, start + element.len)
            if low < high:
                found.append(Element(element.addr + low - start, high - low, element.writable))
            start += element.len
        return found

    def gather(self, chain: Chain, first: int, count: int) -> bytes:
        return b"".join(self.memory.read(each.addr, each.len) for each in self.pieces(chain, first, count))

    def scatter(self, chain: Chain, first: int, data: bytes) -> None:
        done = 0
        for piece in self.pieces(chain, first, len(data)):
            self.memory.write(piece.addr, data[done : done + piece.len])
            done += piece.len

    # --- what a chain has to be

    def check_direction(self, chain: Chain, writable: bool) -> None:
        if any(element.writable != writable for element in chain.elements):
            raise Refused(f"an element that is device-{'readable' if writable else 'writable'}")

    def check_room(self, chain: Chain, count: int, what: str) -> None:
        if chain.len < count:
            raise Refused(f"{chain.len} bytes are too few for {what}")

    def check_mapped(self, chain: Chain, count: int, permission: int) -> None:
        """Only the bytes that are used have to be guest memory."""
        for piece in self.pieces(chain, 0, count):
            if not self.memory.allows(piece.addr, piece.len, permission):
                raise Refused(f"no guest memory for the device at {piece.addr:#x}")

    # --- tx

    def receive(self, chain: Chain) -> tuple[bytes, bytes]:
        """Header and payload of a tx chain. What lies behind them means nothing."""
        self.check_direction(chain, writable=False)
        self.check_room(chain, HEADER_BYTES, "a header")
        self.check_mapped(chain, HEADER_BYTES, READ)
        header = self.gather(chain, 0, HEADER_BYTES)
        length = payload_len(header)
        if length > self.max_payload:
            raise Refused(f"a payload of {length} bytes")
        self.check_room(chain, HEADER_BYTES + length, f"a payload of {length}")
        self.check_mapped(chain, HEADER_BYTES + length, READ)
        return header, self.gather(chain, HEADER_BYTES, length)

    # --- rx

    def capacity(self, chain: Chain) -> int:
        """The payload bytes that an rx chain has room for."""
        self.check_direction(chain, writable=True)
        self.check_room(chain, HEADER_BYTES, "a header")
        found = min(chain.len, USED_LEN_MAX) - HEADER_BYTES
        found = min(found, self.max_payload)
        self.check_mapped(chain, HEADER_BYTES + found, WRITE)
        return found

    def fill(self, chain: Chain, capacity: int, send: Send) -> tuple[bytes, bytes]:
        """Write a packet into an rx chain: the header and the payload that were written."""
        header, payload = send.header, send.payload[: min(send.written, capacity)]
        if send.fit:
            header = with_payload_len(header, min(payload_len(header), capacity))
        if payload_len(header) > len(payload):
            raise CallerMistake(f"len is {payload_len(header)}, and {len(payload)} bytes were written")
        self.scatter(chain, HEADER_BYTES, payload)
        self.scatter(chain, 0, header)
        return header, payload

    # --- event

    def check_event(self, chain: Chain) -> None:
        self.check_direction(chain, writable=True)
        self.check_room(chain, EVENT_BYTES, "an event")
        self.check_mapped(chain, EVENT_BYTES, WRITE)

    def write_event(self, chain: Chain, event: int) -> None:
        self.scatter(chain, 0, event.to_bytes(EVENT_BYTES, "little"))
