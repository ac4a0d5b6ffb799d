# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The packed ring: one ring of descriptors that both sides write, and an event word pair of each side.

    descriptor:         le64 addr, le32 len, le16 id, le16 flags
    event suppression:  le16 (slot, wrap counter in bit 15), le16 flags

A descriptor is available when its AVAIL bit equals the wrap counter and USED does not; used when both do.
"""

from conformance.adapters.naive import memory
from conformance.adapters.naive.chain import Chain, Refused
from conformance.adapters.naive.descriptor import BYTES, INDIRECT, NEXT, WRITE, Descriptor
from conformance.adapters.naive.queue import EVENT_IDX, Broken, Position, Queue

AVAIL = 1 << 7
USED = 1 << 15

ENABLE = 0
DISABLE = 1
SPECIFIC = 2
EVENT_FLAGS = 3  # the other bits are reserved


class PackedQueue(Queue):
    """A queue in a packed ring."""

    alignment = (16, 4, 4)
    permission = (memory.READ | memory.WRITE, memory.READ, memory.WRITE)

    # --- places

    def lengths(self) -> tuple[int, int, int]:
        return 16 * self.size, 4, 4

    def descriptor_addr(self, slot: int) -> int:
        return self.setup.desc + BYTES * slot

    def ahead(self, slot: int, wrap: int, count: int) -> tuple[int, int]:
        """The place `count` slots further: the wrap counter flips at the ring's end."""
        laps, slot = divmod(slot + count, self.size)
        return slot, wrap ^ laps & 1

    def is_possible(self, position: Position) -> bool:
        wraps = (position.avail_wrap, position.used_wrap)
        if max(wraps) > 1 or max(position.avail_index, position.used_index) >= self.size:
            return False
        if wraps[0] == wraps[1]:
            return position.used_index <= position.avail_index
        return position.avail_index <= position.used_index

    # --- from the driver

    def is_available(self) -> bool:
        slot, wrap = self.position.avail_index, self.position.avail_wrap
        return self.was_made_available(self.descriptor(self.setup.desc, slot), wrap)

    def was_made_available(self, descriptor: Descriptor, wrap: int) -> bool:
        return descriptor.has(AVAIL) == bool(wrap) and descriptor.has(USED) != bool(wrap)

    def take(self) -> Chain | None:
        found = self.list_descriptors()
        if not found:
            return None
        chain = self.chain_class(found[-1].link, len(found))
        slot, wrap = self.ahead(self.position.avail_index, self.position.avail_wrap, chain.span)
        self.move(avail_index=slot, avail_wrap=wrap)
        try:
            for descriptor in self.descriptors(found):
                chain.add(descriptor.element(), self.max_chain)
        except Refused as fault:
            chain.refused = str(fault)
        return chain

    def put_back(self, chain: Chain) -> None:
        # Two laps on is where it was, so this is that many slots back.
        back = 2 * self.size - chain.span
        slot, wrap = self.ahead(self.position.avail_index, self.position.avail_wrap, back)
        self.move(avail_index=slot, avail_wrap=wrap)

    def descriptor(self, table: int, index: int) -> Descriptor:
        return Descriptor.packed(self.memory.read(table + BYTES * index, BYTES))

    def list_descriptors(self) -> list[Descriptor]:
        """The ring's descriptors of the next list: its last one, which has the id, must be reached."""
        found: list[Descriptor] = []
        free = self.size - sum(chain.span for chain in self.in_flight + self.staged)
        while not found or found[-1].has(NEXT):
            slot, wrap = self.ahead(self.position.avail_index, self.position.avail_wrap, len(found))
            descriptor = self.descriptor(self.setup.desc, slot)
            if not self.was_made_available(descriptor, wrap):
                if found:
                    raise Broken(f"slot {slot} belongs to a list and is not available")
                break
            if len(found) == free:
                raise Broken("a list longer than the slots that are free")
            found.append(descriptor)
        return found

    def descriptors(self, found: list[Descriptor]) -> list[Descriptor]:
        """Those that describe buffers: the list's own, or those of its one table."""
        if not any(descriptor.has(INDIRECT) for descriptor in found):
            return found
        if len(found) > 1:
            raise Refused("INDIRECT in a list of several descriptors")
        count = self.table_entries(found[0])
        if count > self.max_chain:
            raise Refused(f"a table of {count} entries")
        return [self.descriptor(found[0].addr, number) for number in range(count)]

    # --- back to the driver

    def write_used(self, chain: Chain, length: int) -> None:
        """One used descriptor a list, in its first place of those that are next to be used."""
        before = sum(staged.span for staged in self.staged)
        slot, wrap = self.ahead(self.position.used_index, self.position.used_wrap, before)
        flags = (AVAIL | USED if wrap else 0) | (WRITE if length else 0)
        addr = self.descriptor_addr(slot)
        self.memory.write_number(addr + 8, 4, length)
        self.memory.write_number(addr + 12, 2, chain.id)
        if self.staged:
            self.memory.write_number(addr + 14, 2, flags)
        else:
            self.shown_last = (addr + 14, flags)

    def show(self) -> None:
        """The driver looks at one place only, so the flags of the first descriptor show all of them."""
        addr, flags = self.shown_last
        self.memory.write_number(addr, 2, flags)
        slot, wrap = self.position.used_index, self.position.used_wrap
        count = sum(chain.span for chain in self.staged)
        self.returned += [self.ahead(slot, wrap, number) for number in range(count)]
        slot, wrap = self.ahead(slot, wrap, count)
        self.move(used_index=slot, used_wrap=wrap)

    # --- notification

    def driver_wants(self, returned: list[object], knows: bool) -> bool:
        flags = self.memory.read_number(self.setup.driver + 2, 2) & EVENT_FLAGS
        if flags != SPECIFIC or not self.has(EVENT_IDX):
            return flags != DISABLE
        wrap, slot = divmod(self.memory.read_number(self.setup.driver, 2), 1 << 15)
        # A slot that the ring lacks is never reached: notify rather than hang the driver.
        return not knows or slot >= self.size or (slot, wrap) in returned

    def ask_for_kicks(self) -> None:
        if self.has(EVENT_IDX):
            place = self.position.avail_index | self.position.avail_wrap << 15
            self.memory.write_number(self.setup.device, 2, place)
            self.memory.write_number(self.setup.device + 2, 2, SPECIFIC)
        else:
            self.memory.write_number(self.setup.device + 2, 2, ENABLE)

    def ask_for_none(self) -> None:
        self.memory.write_number(self.setup.device + 2, 2, DISABLE)
