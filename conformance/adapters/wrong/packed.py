# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Wrong about the packed ring."""

from dataclasses import replace

from conformance.adapters.naive.chain import Chain
from conformance.adapters.naive.descriptor import NEXT, Descriptor
from conformance.adapters.naive.packed import AVAIL, USED, PackedQueue
from conformance.adapters.naive.queue import Position
from conformance.adapters.wrong.family import wrong


@wrong(
    "packed-zero-available",
    "takes a descriptor for available by its USED bit",
    "PACK-LAY-005 PACK-WRAP-002 PACK-DESC-005",
)
class PackedZeroAvailable(PackedQueue):
    def was_made_available(self, descriptor: Descriptor, wrap: int) -> bool:
        return descriptor.has(USED) != bool(wrap)


@wrong(
    "packed-avail-alone",
    "takes a descriptor for available by its AVAIL bit",
    "PACK-WRAP-002",
)
class PackedAvailAlone(PackedQueue):
    def was_made_available(self, descriptor: Descriptor, wrap: int) -> bool:
        return descriptor.has(AVAIL) == bool(wrap)


@wrong(
    "packed-bits-differ",
    "takes descriptors of the last lap for available",
    "PACK-WRAP-002",
)
class PackedBitsDiffer(PackedQueue):
    def was_made_available(self, descriptor: Descriptor, wrap: int) -> bool:
        return descriptor.has(AVAIL) != descriptor.has(USED)


@wrong("packed-wrap-kept", "never flips its wrap counters", "PACK-WRAP-001 PACK-WRAP-005")
class PackedWrapKept(PackedQueue):
    def ahead(self, slot: int, wrap: int, count: int) -> tuple[int, int]:
        return super().ahead(slot, wrap, count)[0], wrap


@wrong("packed-one-wrap", "has one wrap counter for both positions", "PACK-WRAP-001 PACK-WRAP-003")
class PackedOneWrap(PackedQueue):
    def write_used(self, chain: Chain, length: int) -> None:
        self.move(used_wrap=self.position.avail_wrap)
        super().write_used(chain, length)


@wrong("packed-list-no-flip", "reads a list that crosses the ring's end by one wrap counter", "PACK-WRAP-005")
class PackedListNoFlip(PackedQueue):
    def ahead(self, slot: int, wrap: int, count: int) -> tuple[int, int]:
        found, flipped = super().ahead(slot, wrap, count)
        walks = getattr(self, "walks", False)
        return found, wrap if walks else flipped

    def list_descriptors(self) -> list[Descriptor]:
        self.walks = True
        try:
            return super().list_descriptors()
        finally:
            self.walks = False


@wrong("packed-used-bit-alone", "sets USED and not AVAIL", "PACK-WRAP-003")
class PackedUsedBitAlone(PackedQueue):
    def show(self) -> None:
        addr, flags = self.shown_last
        self.shown_last = (addr, flags ^ AVAIL)
        super().show()


@wrong(
    "packed-next-ignored",
    "takes each descriptor for a list",
    "PACK-NEXT-001 PACK-SG-001 PACK-NEXT-004 PACK-MULTI-001 PACK-SG-004 PACK-SG-002",
)
class PackedNextIgnored(PackedQueue):
    def descriptor(self, table: int, index: int) -> Descriptor:
        found = super().descriptor(table, index)
        return replace(found, flags=found.flags & ~NEXT)


@wrong(
    "packed-id-of-first",
    "takes the buffer id of a list's first descriptor",
    "PACK-NEXT-002 PACK-MULTI-001",
)
class PackedIdOfFirst(PackedQueue):
    def list_descriptors(self) -> list[Descriptor]:
        found = super().list_descriptors()
        return [*found[:-1], replace(found[-1], link=found[0].link)] if found else found


@wrong("packed-used-by-one", "moves its used position by one slot a list", "PACK-NEXT-003 PACK-DEV-002")
class PackedUsedByOne(PackedQueue):
    def show(self) -> None:
        for chain in self.staged:
            chain.span = 1
        super().show()


@wrong("packed-list-trusted", "follows NEXT without looking who owns a slot", "PACK-SG-002")
class PackedListTrusted(PackedQueue):
    def list_descriptors(self) -> list[Descriptor]:
        slot, wrap = self.position.avail_index, self.position.avail_wrap
        found = [self.descriptor(self.setup.desc, slot)]
        if not self.was_made_available(found[0], wrap):
            return []
        while found[-1].has(NEXT):
            slot, wrap = self.ahead(slot, wrap, 1)
            found.append(self.descriptor(self.setup.desc, slot))
        return found


@wrong(
    "packed-polls-further",
    "looks at the next slot where nothing is available",
    "PACK-POLL-001 PACK-SG-004",
)
class PackedPollsFurther(PackedQueue):
    def list_descriptors(self) -> list[Descriptor]:
        found = super().list_descriptors()
        if found:
            return found
        before = self.position
        slot, wrap = self.ahead(before.avail_index, before.avail_wrap, 1)
        self.move(avail_index=slot, avail_wrap=wrap)
        found = super().list_descriptors()
        if not found:
            self.position = before
        return found


@wrong("packed-position-forgotten", "starts each queue at slot 0", "PACK-WRAP-001")
class PackedPositionForgotten(PackedQueue):
    def go_on(self, position: Position) -> None:
        super().go_on(position)
        super().start(Position(), fresh=True)


@wrong("packed-write-missing", "does not set WRITE in used descriptors", "PACK-WR-002")
class PackedWriteMissing(PackedQueue):
    def show(self) -> None:
        addr, flags = self.shown_last
        self.shown_last = (addr, flags & ~2)
        super().show()


@wrong(
    "packed-avail-set", "takes a descriptor for available when AVAIL is set", "PACK-WRAP-004 PACK-WRAP-002"
)
class PackedAvailSet(PackedQueue):
    def was_made_available(self, descriptor: Descriptor, wrap: int) -> bool:
        return descriptor.has(AVAIL)


@wrong("packed-second-first", "takes the second list before the first", "PACK-DEV-001")
class PackedSecondFirst(PackedQueue):
    held: Chain | None = None

    def take(self) -> Chain | None:
        if self.held is not None:
            first, self.held = self.held, None
            return first
        first = super().take()
        second = super().take() if first else None
        if second is None:
            return first
        self.held = first
        return second
