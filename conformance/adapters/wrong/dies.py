# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Dies of what a driver must not do, where a device has to stay safe."""

from conformance.adapters.naive.chain import Chain, Element
from conformance.adapters.naive.descriptor import INDIRECT, NEXT, Descriptor
from conformance.adapters.naive.packed import EVENT_FLAGS, SPECIFIC, PackedQueue
from conformance.adapters.naive.packet import Packets
from conformance.adapters.naive.queue import EVENT_IDX, INDIRECT_DESC, VERSION_1, Broken, Queue
from conformance.adapters.naive.split import NO_INTERRUPT, SplitQueue
from conformance.adapters.wrong.family import Panic, wrong


def demand(condition: object, what: str) -> None:
    if not condition:
        raise Panic(what)


@wrong("dies-of-version", "dies of a driver without VERSION_1", "DEV-RF-003")
class DiesOfVersion(Queue):
    def check(self) -> None:
        demand(self.setup.features & VERSION_1, "a legacy driver")
        super().check()


@wrong(
    "dies-of-setup",
    "dies of a queue that can't be started",
    "SPLIT-LAY-002 SPLIT-LAY-003 PACK-LAY-003 SPLIT-LAY-004",
)
class DiesOfSetup(Queue):
    def check(self) -> None:
        demand(self.size_is_legal(), "size")
        for addr, alignment in zip(self.addresses(), self.alignment, strict=True):
            demand(addr % alignment == 0, "alignment")
        demand(self.rings_are_mapped(), "ring")
        super().check()


@wrong("dies-of-next", "dies of a next outside the table", "SPLIT-DESC-005 SPLIT-IND-005")
class DiesOfNext(SplitQueue):
    def next_index(self, descriptor: Descriptor, count: int) -> int:
        demand(descriptor.link < count, "next")
        return descriptor.link


@wrong(
    "dies-of-order",
    "dies of a readable element behind a writable one",
    "SPLIT-FRM-008 PACK-SG-003 SPLIT-OP-001",
)
class DiesOfOrder(Chain):
    def add(self, element: Element, limit: int) -> None:
        demand(element.writable or not self.elements or not self.elements[-1].writable, "order")
        super().add(element, limit)


@wrong(
    "dies-of-length",
    "dies of a chain with more elements than it has room for",
    "SPLIT-IND-009 SPLIT-FRM-007",
)
class DiesOfLength(Chain):
    def add(self, element: Element, limit: int) -> None:
        demand(len(self.elements) < limit, "elements")
        super().add(element, limit)


@wrong(
    "dies-of-table-length",
    "dies of a packed table of more entries than it has room for",
    "PACK-IND-010 PACK-SG-007",
)
class DiesOfTableLength(PackedQueue):
    def table_entries(self, refers: Descriptor) -> int:
        count = super().table_entries(refers)
        demand(count <= self.max_chain, "entries")
        return count


@wrong("dies-of-bytes", "dies of more than 2^32 bytes", "SPLIT-DESC-009")
class DiesOfBytes(Chain):
    def add(self, element: Element, limit: int) -> None:
        super().add(element, limit)
        demand(self.len < 1 << 32, "bytes")


@wrong("dies-of-unnegotiated-table", "dies of INDIRECT without the feature", "SPLIT-IND-007 PACK-IND-004")
class DiesOfUnnegotiatedTable(Queue):
    def table_entries(self, refers: Descriptor) -> int:
        demand(self.has(INDIRECT_DESC), "INDIRECT")
        return super().table_entries(refers)


@wrong("dies-of-nesting", "dies of a table in a table", "SPLIT-IND-008")
class DiesOfNesting(SplitQueue):
    def descriptor(self, table: int, index: int) -> Descriptor:
        found = super().descriptor(table, index)
        demand(table == self.setup.desc or not found.has(INDIRECT), "nested")
        return found


@wrong("dies-of-indirect-next", "dies of INDIRECT and NEXT in one descriptor", "SPLIT-IND-010 PACK-IND-006")
class DiesOfIndirectNext(Queue):
    def descriptor(self, table: int, index: int) -> Descriptor:
        found = super().descriptor(table, index)
        demand(table != self.setup.desc or not (found.has(INDIRECT) and found.has(NEXT)), "INDIRECT and NEXT")
        return found


@wrong("dies-of-idx", "dies of an available idx that can't be", "SPLIT-AVAIL-004 SPLIT-AVAIL-005")
class DiesOfIdx(SplitQueue):
    def waiting(self) -> int:
        found = super().waiting()
        demand(found <= self.size, "idx")
        return found


@wrong("dies-of-head", "dies of a head outside the table", "SPLIT-AVAIL-006")
class DiesOfHead(SplitQueue):
    def take(self) -> Chain | None:
        if self.waiting():
            head = self.memory.read_number(self.slot_addr(self.position.avail_index), 2)
            demand(head < self.size, "head")
        return super().take()


@wrong("dies-of-flags", "dies of available flags that are neither 0 nor 1", "SPLIT-USUP-007")
class DiesOfFlags(SplitQueue):
    def driver_wants(self, returned: list[object], knows: bool) -> bool:
        demand(self.memory.read_number(self.setup.driver, 2) <= NO_INTERRUPT, "flags")
        return super().driver_wants(returned, knows)


@wrong("dies-of-list", "dies of a packed list that is not all there", "PACK-SG-004 PACK-SG-002 PACK-SG-005")
class DiesOfList(PackedQueue):
    def list_descriptors(self) -> list[Descriptor]:
        try:
            return super().list_descriptors()
        except Broken as fault:
            raise Panic("list") from fault


@wrong("dies-of-refusal", "dies of whatever else it refuses in a chain", "SPLIT-USED-009")
class DiesOfRefusal(Queue):
    def take(self) -> Chain | None:
        chain = super().take()
        demand(chain is None or not chain.refused, "a chain")
        return chain


@wrong("dies-of-nothing", "dies of an element of length 0", "SPLIT-DESC-013")
class DiesOfNothing(Chain):
    def add(self, element: Element, limit: int) -> None:
        demand(element.len, "length")
        super().add(element, limit)


@wrong("dies-of-many", "dies of more than 1024 elements", "SPLIT-FRM-009")
class DiesOfMany(Chain):
    def add(self, element: Element, limit: int) -> None:
        demand(len(self.elements) < 1024, "elements")
        super().add(element, limit)


@wrong("dies-of-direction", "dies of an element that is not the queue's way", "VSOCK-RXTX-001 VSOCK-RXTX-002")
class DiesOfDirection(Packets):
    def check_direction(self, chain: Chain, writable: bool) -> None:
        demand(all(element.writable == writable for element in chain.elements), "direction")


@wrong("dies-of-event", "dies of an event that can't be", "PACK-EVT-002 PACK-EVT-005")
class DiesOfEvent(PackedQueue):
    def driver_wants(self, returned: list[object], knows: bool) -> bool:
        if self.memory.read_number(self.setup.driver + 2, 2) & EVENT_FLAGS == SPECIFIC:
            demand(self.has(EVENT_IDX), "flags of 2")
            demand(self.memory.read_number(self.setup.driver, 2) & 0x7FFF < self.size, "slot")
        return super().driver_wants(returned, knows)
