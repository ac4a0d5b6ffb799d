# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Wrong about what the driver made available in a split ring."""

from conformance.adapters.naive.chain import Chain
from conformance.adapters.naive.queue import Position
from conformance.adapters.naive.split import SplitQueue, step
from conformance.adapters.wrong.family import wrong


@wrong("avail-idx-first", "reads the available idx where flags are", "SPLIT-AVAIL-001 SPLIT-AVAIL-002")
class AvailIdxFirst(SplitQueue):
    def waiting(self) -> int:
        return step(self.memory.read_number(self.setup.driver, 2), -self.position.avail_index)


@wrong(
    "avail-idx-in-ring",
    "compares the available idx modulo the queue size",
    "SPLIT-AVAIL-002 SPLIT-AVAIL-005",
)
class AvailIdxInRing(SplitQueue):
    def waiting(self) -> int:
        return super().waiting() % self.size


@wrong("avail-no-wrap", "takes an idx that wrapped for an empty ring", "SPLIT-AVAIL-002")
class AvailNoWrap(SplitQueue):
    def waiting(self) -> int:
        idx = self.memory.read_number(self.setup.driver + 2, 2)
        return max(0, idx - self.position.avail_index)


@wrong("avail-slot-unwrapped", "reads available entries behind the ring", "SPLIT-AVAIL-002")
class AvailSlotUnwrapped(SplitQueue):
    def slot_addr(self, index: int) -> int:
        return self.setup.driver + 4 + 2 * index


@wrong(
    "avail-one-late",
    "takes a chain when the next one is there",
    "SPLIT-AVAIL-002 SPLIT-OP-002 SPLIT-ASUP-005",
)
class AvailOneLate(SplitQueue):
    def waiting(self) -> int:
        return max(0, super().waiting() - 1)


@wrong("avail-written", "clears the available entry that it took", "SPLIT-AVAIL-003")
class AvailWritten(SplitQueue):
    def take(self) -> Chain | None:
        addr = self.slot_addr(self.position.avail_index)
        chain = super().take()
        if chain is not None:
            self.memory.write_number(addr, 2, 0xFFFF)
        return chain


@wrong("desc-written", "clears the descriptors that it took", "SPLIT-DESC-008 SPLIT-LAY-004")
class DescWritten(SplitQueue):
    def take(self) -> Chain | None:
        chain = super().take()
        if chain is not None:
            self.memory.write_number(self.setup.desc + 16 * chain.id + 8, 4, 0)
        return chain


@wrong("heads-by-counting", "takes heads in the order of the table", "SPLIT-AVAIL-006 SPLIT-AVAIL-002")
class HeadsByCounting(SplitQueue):
    def slot_addr(self, index: int) -> int:
        return super().slot_addr(index & ~1)


@wrong("position-forgotten", "starts each queue at index 0", "SPLIT-AVAIL-002 SPLIT-USED-004")
class PositionForgotten(SplitQueue):
    def go_on(self, position: Position) -> None:
        super().go_on(position)
        super().start(Position(), fresh=True)


@wrong("head-once", "takes a head that was offered before for none", "SPLIT-AVAIL-007")
class HeadOnce(SplitQueue):
    def take(self) -> Chain | None:
        chain = super().take()
        seen: set[int] = self.__dict__.setdefault("heads", set())
        if chain is not None and chain.id in seen:
            return self.take()
        seen |= {chain.id} if chain else set()
        return chain
