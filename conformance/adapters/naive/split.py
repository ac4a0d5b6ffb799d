# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The split ring: a descriptor table, an available ring, a used ring.

    available ring:  le16 flags, le16 idx, size x le16 head, le16 used_event
    used ring:       le16 flags, le16 idx, size x (le32 id, le32 len), le16 avail_event

Both idx run freely modulo 65536; the entry is idx modulo the size.
"""

from collections.abc import Iterator

from conformance.adapters.naive.chain import Chain, Refused
from conformance.adapters.naive.descriptor import BYTES, INDIRECT, NEXT, Descriptor
from conformance.adapters.naive.queue import EVENT_IDX, Broken, Position, Queue

NO_INTERRUPT = 1  # of the driver's flags
NO_NOTIFY = 1  # of the device's flags


def step(index: int, count: int = 1) -> int:
    return (index + count) % 65536


class SplitQueue(Queue):
    """A queue in a split ring."""

    # --- places

    def size_is_legal(self) -> bool:
        return super().size_is_legal() and self.size.bit_count() == 1

    def lengths(self) -> tuple[int, int, int]:
        return 16 * self.size, 6 + 2 * self.size, 6 + 8 * self.size

    def slot_addr(self, index: int) -> int:
        return self.setup.driver + 4 + 2 * (index % self.size)

    def used_addr(self, index: int) -> int:
        return self.setup.device + 4 + 8 * (index % self.size)

    def used_event_addr(self) -> int:
        return self.setup.driver + 4 + 2 * self.size

    def avail_event_addr(self) -> int:
        return self.setup.device + 4 + 8 * self.size

    def is_possible(self, position: Position) -> bool:
        return step(position.avail_index, -position.used_index) <= self.size

    # --- from the driver

    def waiting(self) -> int:
        """How many chains the driver has made available beyond those popped."""
        return step(self.memory.read_number(self.setup.driver + 2, 2), -self.position.avail_index)

    def is_available(self) -> bool:
        return self.waiting() != 0

    def take(self) -> Chain | None:
        index = self.position.avail_index
        waiting = self.waiting()
        if waiting == 0:
            return None
        if waiting > self.size:
            raise Broken(f"available idx is {waiting} ahead of a queue of {self.size}")
        if len(self.in_flight) == self.size:
            raise Broken("more chains are out than the queue has entries")
        head = self.memory.read_number(self.slot_addr(index), 2)
        if head >= self.size:
            raise Broken(f"available entry {index % self.size} names descriptor {head}")
        self.move(avail_index=step(index))
        chain = self.chain_class(head)
        try:
            for descriptor in self.descriptors(head):
                chain.add(descriptor.element(), self.max_chain)
        except Refused as fault:
            chain.refused = str(fault)
        return chain

    def put_back(self, chain: Chain) -> None:
        self.move(avail_index=step(self.position.avail_index, -1))

    def descriptor(self, table: int, index: int) -> Descriptor:
        return Descriptor.split(self.memory.read(table + BYTES * index, BYTES))

    def descriptors(self, head: int) -> Iterator[Descriptor]:
        """Those of a chain that describe buffers."""
        for descriptor in self.linked(self.setup.desc, self.size, head):
            if not descriptor.has(INDIRECT):
                yield descriptor
            elif descriptor.has(NEXT):
                raise Refused("INDIRECT and NEXT in one descriptor")
            else:
                yield from self.table(descriptor.addr, self.table_entries(descriptor))

    def table(self, addr: int, count: int) -> Iterator[Descriptor]:
        for entry in self.linked(addr, count, 0):
            if entry.has(INDIRECT):
                raise Refused("INDIRECT in an indirect table")
            yield entry

    def linked(self, table: int, count: int, index: int) -> Iterator[Descriptor]:
        """The descriptors of a table from one on, by `next`."""
        for _ in range(count):
            descriptor = self.descriptor(table, index)
            yield descriptor
            if not descriptor.has(NEXT):
                return
            index = self.next_index(descriptor, count)
        raise Refused("a loop")

    def next_index(self, descriptor: Descriptor, count: int) -> int:
        if descriptor.link >= count:
            raise Refused(f"next is {descriptor.link} in a table of {count}")
        return descriptor.link

    # --- back to the driver

    def write_used(self, chain: Chain, length: int) -> None:
        addr = self.used_addr(self.position.used_index + len(self.staged))
        self.memory.write_number(addr, 4, chain.id)
        self.memory.write_number(addr + 4, 4, length)

    def show(self) -> None:
        first = self.position.used_index
        self.returned += [step(first, number) for number in range(len(self.staged))]
        self.move(used_index=step(first, len(self.staged)))
        self.memory.write_number(self.setup.device + 2, 2, self.position.used_index)

    # --- notification

    def driver_wants(self, returned: list[object], knows: bool) -> bool:
        if not self.has(EVENT_IDX):
            return not self.memory.read_number(self.setup.driver, 2) & NO_INTERRUPT
        return not knows or self.memory.read_number(self.used_event_addr(), 2) in returned

    def ask_for_kicks(self) -> None:
        if self.has(EVENT_IDX):
            self.memory.write_number(self.avail_event_addr(), 2, self.position.avail_index)
        else:
            self.memory.write_number(self.setup.device, 2, 0)

    def ask_for_none(self) -> None:
        # With EVENT_IDX there is no such wish: the driver goes on by the index that was named last.
        if not self.has(EVENT_IDX):
            self.memory.write_number(self.setup.device, 2, NO_NOTIFY)
