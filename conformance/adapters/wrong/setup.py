# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Wrong about what a queue may be started with."""

from conformance.adapters.naive.packed import PackedQueue
from conformance.adapters.naive.queue import RING_RESET, Queue, SetupRefused
from conformance.adapters.naive.split import SplitQueue
from conformance.adapters.wrong.family import wrong


@wrong("ring-reset-is-41", "takes feature bit 41 for RING_RESET", "DEV-RF-001")
class RingResetIs41(Queue):
    def check(self) -> None:
        super().check()
        if self.setup.features & RING_RESET:
            raise SetupRefused("features")


@wrong(
    "rings-on-pages",
    "wants each ring part on a page of its own",
    "SPLIT-LAY-001 SPLIT-LAY-002 PACK-LAY-003",
)
class RingsOnPages(Queue):
    def check(self) -> None:
        super().check()
        if any(addr % 4096 for addr in self.addresses()):
            raise SetupRefused("alignment")


@wrong("size-at-most-1024", "refuses queues that a driver may have", "SPLIT-LAY-003 PACK-LAY-002")
class SizeAtMost1024(Queue):
    def size_is_legal(self) -> bool:
        return super().size_is_legal() and self.size <= 1024


@wrong("packed-power-of-two", "wants a packed ring's size to be a power of two", "PACK-LAY-002")
class PackedPowerOfTwo(PackedQueue):
    def size_is_legal(self) -> bool:
        return super().size_is_legal() and self.size.bit_count() == 1


@wrong("rings-writable", "wants to write the driver's ring parts", "SPLIT-LAY-004")
class RingsWritable(SplitQueue):
    permission = (3, 3, 3)


@wrong("rings-too-long", "wants four bytes behind each ring part", "SPLIT-LAY-001 PACK-LAY-001")
class RingsTooLong(Queue):
    def lengths(self) -> tuple[int, int, int]:
        first, second, third = super().lengths()
        return first + 4, second + 4, third + 4
