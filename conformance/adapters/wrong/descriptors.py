# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Wrong about descriptors of a split ring, and about chains in any ring."""

from collections.abc import Iterator
from dataclasses import replace

from conformance.adapters.naive.chain import LONGEST_BYTES, Chain, Element
from conformance.adapters.naive.descriptor import INDIRECT, NEXT, WRITE, Descriptor
from conformance.adapters.naive.packed import PackedQueue
from conformance.adapters.naive.queue import IN_ORDER, Queue
from conformance.adapters.naive.split import SplitQueue
from conformance.adapters.wrong.family import wrong


@wrong("desc-as-packed", "reads flags where next is", "SPLIT-DESC-001 SPLIT-IND-001")
class DescAsPacked(SplitQueue):
    def descriptor(self, table: int, index: int) -> Descriptor:
        found = super().descriptor(table, index)
        return replace(found, flags=found.link, link=found.flags)


@wrong("desc-as-split", "reads the buffer id where flags are", "PACK-LAY-004")
class DescAsSplit(PackedQueue):
    def descriptor(self, table: int, index: int) -> Descriptor:
        found = super().descriptor(table, index)
        return replace(found, flags=found.link, link=found.flags)


@wrong("desc-big-endian", "reads descriptors in big-endian order", "SPLIT-LAY-005 SPLIT-DESC-001")
class DescBigEndian(SplitQueue):
    def descriptor(self, table: int, index: int) -> Descriptor:
        found = super().descriptor(table, index)
        swapped = {
            name: int.from_bytes(getattr(found, name).to_bytes(size, "little"), "big")
            for name, size in {"addr": 8, "len": 4, "flags": 2, "link": 2}.items()
        }
        return Descriptor(**swapped)


@wrong("flags-swapped", "takes WRITE for INDIRECT", "SPLIT-DESC-002 PACK-WR-001")
class FlagsSwapped(Queue):
    def descriptor(self, table: int, index: int) -> Descriptor:
        found = super().descriptor(table, index)
        flags = found.flags & ~(WRITE | INDIRECT)
        flags |= INDIRECT if found.has(WRITE) else 0
        flags |= WRITE if found.has(INDIRECT) else 0
        return replace(found, flags=flags)


@wrong("next-without-flag", "follows next where NEXT is not set", "SPLIT-DESC-004")
class NextWithoutFlag(SplitQueue):
    def descriptor(self, table: int, index: int) -> Descriptor:
        found = super().descriptor(table, index)
        return replace(found, flags=found.flags | NEXT) if found.link else found


@wrong("next-last-refused", "refuses a next that is the last entry", "SPLIT-DESC-005 SPLIT-IND-005")
class NextLastRefused(SplitQueue):
    def next_index(self, descriptor: Descriptor, count: int) -> int:
        return super().next_index(descriptor, count - 1)


@wrong("chain-one-short", "takes a chain of one element less than it may have", "SPLIT-DESC-003 PACK-SG-002")
class ChainOneShort(Chain):
    def add(self, element: Element, limit: int) -> None:
        super().add(element, limit - 1)


@wrong("chain-of-two", "takes two elements a chain", "SPLIT-FRM-004 SPLIT-FRM-007 PACK-SG-007 SPLIT-FRM-009")
class ChainOfTwo(Chain):
    def add(self, element: Element, limit: int) -> None:
        super().add(element, 2)


@wrong("chain-walk-endless", "follows next for ever", "SPLIT-DESC-010 SPLIT-IND-014")
class ChainWalkEndless(SplitQueue):
    def linked(self, table: int, count: int, index: int) -> Iterator[Descriptor]:
        seen: set[int] = set()
        while True:
            descriptor = self.descriptor(table, index)
            if index not in seen:  # else the number of elements would bound the walk
                yield descriptor
            seen.add(index)
            if not descriptor.has(NEXT):
                return
            index = self.next_index(descriptor, count)


@wrong("chain-bytes-in-32-bits", "adds lengths up in 32 bits", "SPLIT-DESC-009")
class ChainBytesIn32Bits(Chain):
    def add(self, element: Element, limit: int) -> None:
        super().add(element, limit)
        self.len %= LONGEST_BYTES


@wrong("in-order-single", "with IN_ORDER, takes a chain for one descriptor", "SPLIT-DESC-011 SPLIT-IND-011")
class InOrderSingle(SplitQueue):
    def descriptor(self, table: int, index: int) -> Descriptor:
        found = super().descriptor(table, index)
        return replace(found, flags=found.flags & ~NEXT) if self.has(IN_ORDER) else found


@wrong("elements-reversed", "takes the last element first", "PACK-SG-006 SPLIT-FRM-005 VSOCK-HDR-003")
class ElementsReversed(Chain):
    def add(self, element: Element, limit: int) -> None:
        super().add(element, limit)
        self.elements.insert(0, self.elements.pop())


class AnyOrder(Chain):
    """Takes elements in any order of directions."""

    def add(self, element: Element, limit: int) -> None:
        before, self.elements = self.elements, []
        super().add(element, limit - len(before))
        self.elements = [*before, *self.elements]
