# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Wrong about what comes back, and how much of it was written."""

from dataclasses import replace

from conformance.adapters.naive.chain import Chain
from conformance.adapters.naive.packet import Packets, Send
from conformance.adapters.naive.port import JSON, Popped, Port
from conformance.adapters.naive.queue import IN_ORDER, Queue
from conformance.adapters.naive.split import SplitQueue, step
from conformance.adapters.wrong.family import wrong


@wrong("used-len-missing", "never writes a used length", "DEV-VQ-001 PACK-LEN-001")
class UsedLenMissing(Queue):
    def write_used(self, chain: Chain, length: int) -> None:
        super().write_used(chain, 0)


@wrong("used-len-read", "counts the bytes that it read", "SPLIT-USED-003 DEV-VQ-001 PACK-LEN-001")
class UsedLenRead(Port):
    def parse(self, popped: Popped) -> JSON:
        entry = super().parse(popped)
        if self.role == "tx" and popped.usable:
            popped.used_len = entry["used_len"] = popped.chain.len % (1 << 32)
        return entry


@wrong("used-len-capacity", "counts the whole buffer as written", "SPLIT-USED-006 DEV-VQ-001 PACK-LEN-001")
class UsedLenCapacity(Port):
    def use(self, popped: Popped) -> JSON:
        entry = super().use(popped)
        popped.used_len = entry["used_len"] = popped.chain.len % (1 << 32)
        return entry


@wrong("used-len-payload", "does not count the header", "SPLIT-USED-003 SPLIT-USED-006")
class UsedLenPayload(Port):
    def use(self, popped: Popped) -> JSON:
        entry = super().use(popped)
        popped.used_len = entry["used_len"] = max(0, popped.used_len - 44)
        return entry


@wrong("used-id-counts", "numbers used entries instead of naming heads", "SPLIT-USED-002")
class UsedIdCounts(SplitQueue):
    def write_used(self, chain: Chain, length: int) -> None:
        index = step(self.position.used_index, len(self.staged)) % self.size
        super().write_used(replace(chain, id=index), length)


@wrong("used-slot-0", "writes each used entry into the first slot", "SPLIT-USED-004 SPLIT-USED-001")
class UsedSlot0(SplitQueue):
    def used_addr(self, index: int) -> int:
        return super().used_addr(0)


@wrong("used-entry-of-6", "writes used entries 6 bytes apart", "SPLIT-USED-001 SPLIT-USED-004")
class UsedEntryOf6(SplitQueue):
    def used_addr(self, index: int) -> int:
        return self.setup.device + 4 + 6 * (index % self.size)


@wrong("used-idx-in-ring", "keeps the used idx below the queue size", "SPLIT-USED-004")
class UsedIdxInRing(SplitQueue):
    def move(self, **changed: int) -> None:
        if "used_index" in changed:
            changed["used_index"] %= self.size
        super().move(**changed)


@wrong("used-too-early", "shows an entry before it was asked to", "SPLIT-USED-005 PACK-DESC-003")
class UsedTooEarly(Queue):
    def stage(self, chain: Chain, length: int) -> None:
        super().stage(chain, length)
        self.flush()


@wrong("used-first-only", "shows one entry of a batch", "SPLIT-USED-004 PACK-NEXT-003")
class UsedFirstOnly(Queue):
    def flush(self) -> None:
        del self.staged[1:]
        super().flush()


@wrong("refused-kept", "keeps a chain that it refuses", "SPLIT-USED-009")
class RefusedKept(Queue):
    def pop(self) -> Chain | None:
        chain = super().pop()
        while chain is not None and chain.refused:
            self.in_flight.remove(chain)
            chain = super().pop()
        return chain


@wrong("oldest-back", "gives the oldest chain back, whichever was asked for", "DEV-VQ-002")
class OldestBack(Port):
    def stage(self, popped: Popped, used_len: int) -> None:
        super().stage(self.popped[0], used_len)


@wrong("newest-back", "with IN_ORDER, gives the newest chain back first", "DEV-RF-004")
class NewestBack(Port):
    def stage(self, popped: Popped, used_len: int) -> None:
        if self.queue.has(IN_ORDER):
            popped = self.popped[-1]
            self.queue.in_flight.sort(key=lambda chain: chain is not popped.chain)
        super().stage(popped, used_len)


@wrong("written-late", "counts payload that it never writes", "SPLIT-USED-006 SPLIT-FRM-005")
class WrittenLate(Packets):
    def fill(self, chain: Chain, capacity: int, send: Send) -> tuple[bytes, bytes]:
        header, payload = super().fill(chain, capacity, send)
        self.scatter(chain, 44, bytes(len(payload)))
        return header, payload


@wrong(
    "kick-is-a-chain",
    "returns its last chain again at a kick without a new one",
    "DEV-NTF-002 SPLIT-ASUP-005 PACK-DESC-005",
)
class KickIsAChain(Queue):
    last: Chain | None = None

    def take(self) -> Chain | None:
        self.last = super().take() or self.last
        return self.last


@wrong("in-order-batch", "with IN_ORDER, returns rx buffers by the last one of a batch", "SPLIT-ORD-003")
class InOrderBatch(SplitQueue):
    """The entry of the last one lies where that of the first one belongs."""

    def flush(self) -> None:
        if not self.has(IN_ORDER):
            super().flush()

    def used_addr(self, index: int) -> int:
        return super().used_addr(self.position.used_index if self.has(IN_ORDER) else index)

    def decide(self) -> bool:
        super().flush()
        return super().decide()


@wrong("event-lost", "returns event buffers without an event", "VSOCK-EVT-003")
class EventLost(Port):
    def is_to_be_filled(self, popped: Popped) -> bool:
        return super().is_to_be_filled(popped) and self.role != "event"
