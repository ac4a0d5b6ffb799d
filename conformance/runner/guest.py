# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Guest memory as the driver sees it: what is granted to the device, and what the device gave back."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from conformance.runner.vectors import JSON

PAGE = 4096
LARGEST_QUEUE = 32768
NEXT, WRITE, INDIRECT = 1, 2, 4
AVAIL, USED = 1 << 7, 1 << 15
EVENT_IDX, RING_PACKED = 29, 34
LONGEST_TABLE = 65536  # entries that are looked at

Span = tuple[int, int]  # address, length


class Memory:
    """Bytes by guest address, 0 where nothing was written."""

    def __init__(self) -> None:
        self.pages: dict[int, bytearray] = {}

    def write(self, addr: int, data: bytes) -> None:
        at = 0
        while at < len(data):
            page, offset = divmod(addr + at, PAGE)
            part = data[at : at + PAGE - offset]
            self.pages.setdefault(page, bytearray(PAGE))[offset : offset + len(part)] = part
            at += len(part)

    def read(self, addr: int, length: int) -> bytes:
        parts = []
        while length > 0:
            page, offset = divmod(addr, PAGE)
            count = min(length, PAGE - offset)
            held = self.pages.get(page)
            parts.append(bytes(held[offset : offset + count]) if held else bytes(count))
            addr += count
            length -= count
        return b"".join(parts)

    def u16(self, addr: int) -> int:
        return int.from_bytes(self.read(addr, 2), "little")

    def apply(self, writes: list[JSON]) -> None:
        for each in writes:
            self.write(int(each["addr"], 16), content(each))

    def copy(self) -> "Memory":
        other = Memory()
        other.pages = {number: bytearray(page) for number, page in self.pages.items()}
        return other


def content(write: JSON) -> bytes:
    """The bytes that a WRITE of the protocol stands for."""
    if "bytes" in write:
        return bytes.fromhex(write["bytes"])
    return bytes([write.get("fill", 0)]) * write["len"]


@dataclass
class Queue:
    """A virtqueue from the driver's side: where its parts are, and how far the driver has looked."""

    role: str
    packed: bool
    event_idx: bool
    size: int
    desc: int
    driver: int
    device: int
    used_index: int = 0  # packed: the slot whose turn it is
    used_wrap: int = 1
    avail_index: int = 0  # packed: the slot that the driver makes available next
    avail_wrap: int = 1
    lengths: dict[int, int] = field(default_factory=dict)  # packed: slots that a buffer id takes

    @property
    def real(self) -> bool:
        return 0 < self.size <= LARGEST_QUEUE

    def place(self, position: JSON) -> None:
        self.avail_index = position.get("avail_index", 0)
        self.used_index = position.get("used_index", 0)
        self.avail_wrap = position.get("avail_wrap", 1)
        self.used_wrap = position.get("used_wrap", 1)

    def parts(self) -> list[Span]:
        """Descriptors, what the driver says, what the device says."""
        if not self.real:
            return []
        said = (4, 4) if self.packed else (6 + 2 * self.size, 6 + 8 * self.size)
        return [(self.desc, 16 * self.size), (self.driver, said[0]), (self.device, said[1])]

    def device_parts(self) -> list[Span]:
        """The parts that the device may write, and all that has to be read to see what it says."""
        parts = self.parts()
        return [*parts[:1], *parts[2:]] if self.packed else parts[2:]

    def device_flags(self, memory: Memory) -> int:
        """Whether the device asks for kicks."""
        return memory.u16(self.device + 2 if self.packed else self.device) if self.real else 0

    def flags_there_are(self) -> tuple[int, ...]:
        """The values that a device may give them: with EVENT_IDX a split ring has no use for them."""
        return (
            ((0, 1, 2) if self.event_idx else (0, 1)) if self.packed else (0,) if self.event_idx else (0, 1)
        )


def queues(image: JSON) -> dict[str, Queue]:
    features = int(image["features"], 16)
    packed, event_idx = (bool(features >> bit & 1) for bit in (RING_PACKED, EVENT_IDX))
    found = {}
    for each in image["queues"]:
        desc, driver, device = (int(each[part], 16) for part in ("desc", "driver", "device"))
        queue = Queue(each["role"], packed, event_idx, each["size"], desc, driver, device)
        queue.place(each)
        found[queue.role] = queue
    return found


def descriptors(memory: Memory, addr: int, count: int, packed: bool) -> Iterator[tuple[int, int, int, int]]:
    """Address, length, flags, and `next` or buffer id, of those that are not all 0."""
    raw = memory.read(addr, 16 * count)
    for where, length, third, fourth in struct.iter_unpack("<QIHH", raw):
        flags, other = (fourth, third) if packed else (third, fourth)
        if length or flags:
            yield where, length, flags, other


def writable(memory: Memory, queue: Queue) -> Iterator[Span]:
    """Each writable element that a descriptor of the queue names, whether or not its chain is available.

    That is more than what is granted at one moment, so what lies outside was never granted.
    """
    if not queue.real:
        return
    for addr, length, flags, _ in descriptors(memory, queue.desc, queue.size, queue.packed):
        if flags & INDIRECT:
            entries = min(length // 16, LONGEST_TABLE)
            for inner, inner_length, inner_flags, _ in descriptors(memory, addr, entries, queue.packed):
                if inner_flags & WRITE:
                    yield inner, inner_length
        elif flags & WRITE:
            yield addr, length


def overlaps(spans: list[Span], others: list[Span]) -> Iterator[Span]:
    """What the spans have in common with the others."""
    for addr, length in spans:
        for start, size in others:
            low, high = max(addr, start), min(addr + length, start + size)
            if low < high:
                yield low, high - low


def note_available(memory: Memory, queue: Queue) -> None:
    """Packed: how many slots each chain takes that the driver has made available since the last look."""
    for _ in range(queue.size if queue.packed and queue.real else 0):
        first, wrap, count = queue.avail_index, queue.avail_wrap, 0
        while count < queue.size:
            raw = memory.read(queue.desc + 16 * queue.avail_index, 16)
            buffer_id, flags = struct.unpack_from("<HH", raw, 12)
            if count == 0 and not (bool(flags & AVAIL) == bool(wrap) != bool(flags & USED)):
                return
            count += 1
            queue.avail_index, queue.avail_wrap = _step(queue, queue.avail_index, queue.avail_wrap, 1)
            if not flags & NEXT:
                queue.lengths[buffer_id] = count
                break
        else:  # a list without an end is none
            queue.avail_index, queue.avail_wrap = first, wrap
            return


def _step(queue: Queue, index: int, wrap: int, count: int) -> tuple[int, int]:
    index += count
    return (index - queue.size, wrap ^ 1) if index >= queue.size else (index, wrap)


def collect(memory: Memory, before: int, queue: Queue) -> list[JSON] | None:
    """The used entries that came up; `before` is the split used index before. None: more than can be."""
    if not queue.real:
        return []
    return _collect_packed(memory, queue) if queue.packed else _collect_split(memory, before, queue)


def _collect_split(memory: Memory, before: int, queue: Queue) -> list[JSON] | None:
    count = (memory.u16(queue.device + 2) - before) & 0xFFFF
    if count > queue.size:
        return None
    found = []
    for i in range(count):
        slot = ((before + i) & 0xFFFF) % queue.size
        id_, length = struct.unpack("<II", memory.read(queue.device + 4 + 8 * slot, 8))
        found.append({"id": id_, "len": length})
    return found


def _collect_packed(memory: Memory, queue: Queue) -> list[JSON]:
    found: list[JSON] = []
    while len(found) < queue.size:
        raw = memory.read(queue.desc + 16 * queue.used_index, 16)
        length, buffer_id, flags = struct.unpack_from("<IHH", raw, 8)
        length = length if flags & WRITE else 0  # without WRITE the field says nothing
        if not bool(flags & AVAIL) == bool(flags & USED) == bool(queue.used_wrap):
            break
        found.append({"id": buffer_id, "len": length})
        taken = queue.lengths.get(buffer_id, 1)
        queue.used_index, queue.used_wrap = _step(queue, queue.used_index, queue.used_wrap, taken)
    return found


def left_over(memory: Memory, queue: Queue) -> str:
    """What the driver has made available and has not got back, in words; empty when there is nothing."""
    if not queue.real:
        return ""
    if not queue.packed:
        count = (memory.u16(queue.driver + 2) - memory.u16(queue.device + 2)) & 0xFFFF
        # An index further ahead is none that a driver has: nothing stands behind it.
        return f"{count} chains" if 0 < count <= queue.size else ""
    flags = memory.u16(queue.desc + 16 * queue.used_index + 14)
    waits = bool(flags & AVAIL) == bool(queue.used_wrap) != bool(flags & USED)
    return f"the chain at slot {queue.used_index}" if waits else ""
