# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Wrong about notification, of the driver and by it."""

from conformance.adapters.naive.packed import EVENT_FLAGS, SPECIFIC, PackedQueue
from conformance.adapters.naive.queue import EVENT_IDX, Queue
from conformance.adapters.naive.split import NO_INTERRUPT, SplitQueue
from conformance.adapters.wrong.family import wrong


@wrong("notify-never", "never notifies", "SPLIT-USUP-003 SPLIT-USUP-005 PACK-EVT-003")
class NotifyNever(Queue):
    def decide(self) -> bool:
        super().decide()
        return False


@wrong("notify-always", "notifies whatever the driver asked for", "SPLIT-USUP-002 SPLIT-USUP-006")
class NotifyAlways(Queue):
    def decide(self) -> bool:
        super().decide()
        return True


@wrong(
    "notify-inverted",
    "takes the flag for no notification for its opposite",
    "SPLIT-USUP-002 SPLIT-USUP-003",
)
class NotifyInverted(SplitQueue):
    def driver_wants(self, returned: list[object], knows: bool) -> bool:
        wants = super().driver_wants(returned, knows)
        return wants if self.has(EVENT_IDX) else not wants


@wrong("used-event-always", "goes by used_event without EVENT_IDX", "SPLIT-USUP-001")
class UsedEventAlways(SplitQueue):
    def has(self, feature: int) -> bool:
        return feature == EVENT_IDX or super().has(feature)


@wrong("flags-with-event-idx", "obeys the driver's flags with EVENT_IDX", "SPLIT-USUP-004 SPLIT-USUP-008")
class FlagsWithEventIdx(SplitQueue):
    def driver_wants(self, returned: list[object], knows: bool) -> bool:
        refused = self.memory.read_number(self.setup.driver, 2) & NO_INTERRUPT
        return not refused and super().driver_wants(returned, knows)


@wrong("event-of-last", "compares the event with the last entry of a batch", "SPLIT-USUP-005 PACK-EVT-003")
class EventOfLast(Queue):
    def driver_wants(self, returned: list[object], knows: bool) -> bool:
        return super().driver_wants(returned[-1:], knows)


@wrong("used-event-before", "reads used_event at the first entry", "SPLIT-USUP-005 SPLIT-AVAIL-001")
class UsedEventBefore(SplitQueue):
    def used_event_addr(self) -> int:
        return self.setup.driver + 4


@wrong(
    "arm-no-look",
    "does not look again after it asked for kicks",
    "SPLIT-ASUP-004 SPLIT-OP-002 SPLIT-ASUP-006",
)
class ArmNoLook(Queue):
    def arm(self) -> bool:
        super().arm()
        return False


@wrong("flags-of-3", "asks for no kicks by flags of 3", "SPLIT-ASUP-001 SPLIT-ASUP-002")
class FlagsOf3(SplitQueue):
    def ask_for_none(self) -> None:
        self.memory.write_number(self.setup.device, 2, 3)


@wrong("flags-set-with-event-idx", "sets the used flags with EVENT_IDX", "SPLIT-ASUP-003")
class FlagsSetWithEventIdx(SplitQueue):
    def ask_for_none(self) -> None:
        self.memory.write_number(self.setup.device, 2, 1)


@wrong("packed-event-swapped", "reads event flags before the offset", "PACK-EVT-003")
class PackedEventSwapped(PackedQueue):
    def driver_wants(self, returned: list[object], knows: bool) -> bool:
        return self.memory.read_number(self.setup.driver, 2) & EVENT_FLAGS != 1


@wrong("packed-event-no-wrap", "ignores the wrap bit of an event", "PACK-EVT-003")
class PackedEventNoWrap(PackedQueue):
    def driver_wants(self, returned: list[object], knows: bool) -> bool:
        flags = self.memory.read_number(self.setup.driver + 2, 2) & EVENT_FLAGS
        if flags != SPECIFIC or not knows:
            return super().driver_wants(returned, knows)
        slot = self.memory.read_number(self.setup.driver, 2) & 0x7FFF
        return (slot, 1) in returned


@wrong("packed-event-written", "clears the driver's event structure", "PACK-EVT-004")
class PackedEventWritten(PackedQueue):
    def driver_wants(self, returned: list[object], knows: bool) -> bool:
        wants = super().driver_wants(returned, knows)
        self.memory.write_number(self.setup.driver, 4, 0x10001)
        return wants


@wrong("packed-flags-of-3", "writes reserved event flags", "PACK-EVT-001")
class PackedFlagsOf3(PackedQueue):
    def ask_for_kicks(self) -> None:
        self.memory.write_number(self.setup.device, 4, 3 << 16)

    def ask_for_none(self) -> None:
        self.ask_for_kicks()
