# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Wrong about indirect tables."""

from collections.abc import Iterator
from dataclasses import replace

from conformance.adapters.naive.chain import Refused
from conformance.adapters.naive.descriptor import BYTES, INDIRECT, NEXT, WRITE, Descriptor
from conformance.adapters.naive.packed import PackedQueue
from conformance.adapters.naive.queue import Queue
from conformance.adapters.naive.split import SplitQueue
from conformance.adapters.wrong.family import wrong


@wrong("table-of-one", "takes a table for one entry", "SPLIT-IND-001 PACK-IND-001")
class TableOfOne(Queue):
    def table_entries(self, refers: Descriptor) -> int:
        return min(1, super().table_entries(refers))


@wrong("table-in-sequence", "takes a table's entries one after the other", "SPLIT-IND-002")
class TableInSequence(SplitQueue):
    def table(self, addr: int, count: int) -> Iterator[Descriptor]:
        for number in range(count):
            yield self.descriptor(addr, number)


@wrong("table-from-last", "starts a table at its last entry", "SPLIT-IND-002")
class TableFromLast(SplitQueue):
    def table(self, addr: int, count: int) -> Iterator[Descriptor]:
        yield from self.linked(addr, count, count - 1)


@wrong(
    "table-by-referrer",
    "takes the direction of a table's entries from its referrer",
    "SPLIT-IND-004 SPLIT-IND-012 PACK-IND-003",
)
class TableByReferrer(Queue):
    def table_entries(self, refers: Descriptor) -> int:
        self.direction = refers.flags & WRITE
        self.tables = {*getattr(self, "tables", set()), refers.addr}
        return super().table_entries(refers)

    def descriptor(self, table: int, index: int) -> Descriptor:
        found = super().descriptor(table, index)
        if table in getattr(self, "tables", ()):
            return replace(found, flags=found.flags & ~WRITE | self.direction)
        return found


@wrong("table-aligned", "wants a table at a multiple of 16", "SPLIT-IND-006")
class TableAligned(SplitQueue):
    def table_entries(self, refers: Descriptor) -> int:
        if refers.addr % BYTES:
            raise Refused("alignment")
        return super().table_entries(refers)


@wrong("table-alone", "refuses a table behind direct descriptors", "SPLIT-IND-013")
class TableAlone(SplitQueue):
    def descriptors(self, head: int) -> Iterator[Descriptor]:
        first = self.descriptor(self.setup.desc, head)
        for number, descriptor in enumerate(self.linked(self.setup.desc, self.size, head)):
            if number and descriptor.has(INDIRECT):
                raise Refused("a table that is not alone")
        yield from super().descriptors(head) if first else ()


@wrong("direct-refused", "with INDIRECT_DESC, takes tables only", "PACK-SG-001 SPLIT-IND-013")
class DirectRefused(Queue):
    def descriptor(self, table: int, index: int) -> Descriptor:
        found = super().descriptor(table, index)
        if table == self.setup.desc and self.has(1 << 28):
            return replace(found, flags=found.flags | INDIRECT)
        return found


@wrong("packed-table-by-next", "ends a packed table where NEXT is not set", "PACK-IND-001 PACK-IND-002")
class PackedTableByNext(PackedQueue):
    def descriptors(self, found: list[Descriptor]) -> list[Descriptor]:
        entries = super().descriptors(found)
        if entries is found:
            return found
        ends = [number for number, entry in enumerate(entries) if not entry.has(NEXT)]
        return entries[: ends[0] + 1] if ends else entries


@wrong(
    "packed-table-flags",
    "refuses a packed table for flags that mean nothing in it",
    "PACK-IND-002 PACK-IND-005",
)
class PackedTableFlags(PackedQueue):
    def descriptors(self, found: list[Descriptor]) -> list[Descriptor]:
        entries = super().descriptors(found)
        if entries is not found and any(entry.flags & ~WRITE for entry in entries):
            raise Refused("flags")
        return entries


@wrong("packed-table-id", "takes the buffer id from a table's last entry", "PACK-IND-002")
class PackedTableId(PackedQueue):
    def list_descriptors(self) -> list[Descriptor]:
        found = super().list_descriptors()
        if found and found[0].has(INDIRECT) and found[0].len >= BYTES:
            last = self.descriptor(found[0].addr, found[0].len // BYTES - 1)
            found[-1] = replace(found[-1], link=last.link)
        return found


@wrong("table-end-wanted", "refuses a table with entries behind the chain's last one", "SPLIT-IND-003")
class TableEndWanted(SplitQueue):
    def table(self, addr: int, count: int) -> Iterator[Descriptor]:
        found = list(super().table(addr, count))
        if len(found) < count:
            raise Refused("spare entries")
        return iter(found)
