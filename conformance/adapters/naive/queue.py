# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What both ring formats have in common: which chains are out, and when the driver is notified."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

from conformance.adapters.naive.chain import Chain, Refused
from conformance.adapters.naive.descriptor import BYTES, Descriptor
from conformance.adapters.naive.memory import READ, WRITE, Memory

INDIRECT_DESC = 1 << 28
EVENT_IDX = 1 << 29
VERSION_1 = 1 << 32
ACCESS_PLATFORM = 1 << 33
RING_PACKED = 1 << 34
IN_ORDER = 1 << 35
RING_RESET = 1 << 40
SOCKET = 0b111  # stream, seqpacket, no implied stream
KNOWN = SOCKET | INDIRECT_DESC | EVENT_IDX | VERSION_1 | ACCESS_PLATFORM | RING_PACKED | IN_ORDER | RING_RESET

LARGEST = 32768
LONGEST_REQUEST = 1024


class Broken(Exception):
    """The driver is at fault in the ring itself: nothing of it is touched until it is reset."""


class CallerMistake(Exception):
    """The device asked for what can't be done; the driver has no part in it."""


class SetupRefused(Exception):
    """A queue can't be started with what the driver said."""


@dataclass(frozen=True)
class Setup:
    """What a queue is started with."""

    features: int
    size: int
    max_chain: int  # 0: the queue size
    desc: int
    driver: int
    device: int


@dataclass(frozen=True)
class Position:
    """Where a queue stands. Split: indices modulo 65536; packed: slots, each with its wrap counter."""

    avail_index: int = 0
    used_index: int = 0
    avail_wrap: int = 1
    used_wrap: int = 1


class Queue(ABC):
    """One virtqueue. A subclass knows how chains are taken and given back."""

    chain_class = Chain
    alignment = (16, 2, 4)
    permission = (READ, READ, WRITE)

    def __init__(self, memory: Memory, setup: Setup) -> None:
        self.memory = memory
        self.setup = setup
        self.size = setup.size
        self.max_chain = setup.max_chain or setup.size
        self.start(Position(), fresh=True)

    # --- set-up

    def check(self) -> None:
        """Whether the queue can be started."""
        features = self.setup.features
        if features & ~KNOWN or not features & VERSION_1:
            raise SetupRefused("features")
        if not self.size_is_legal():
            raise SetupRefused(f"size {self.size}")
        if self.max_chain > max(self.size, LONGEST_REQUEST):
            raise SetupRefused(f"max_chain {self.max_chain}")
        for addr, alignment in zip(self.addresses(), self.alignment, strict=True):
            if addr % alignment:
                raise SetupRefused(f"a ring part at {addr:#x}")
        if not self.rings_are_mapped():
            raise SetupRefused("a ring part outside guest memory")

    def size_is_legal(self) -> bool:
        return 0 < self.size <= LARGEST

    def addresses(self) -> tuple[int, int, int]:
        return self.setup.desc, self.setup.driver, self.setup.device

    @abstractmethod
    def lengths(self) -> tuple[int, int, int]:
        """The bytes of descriptors, of the driver's part and of the device's part."""

    def rings_are_mapped(self) -> bool:
        parts = zip(self.addresses(), self.lengths(), self.permission, strict=True)
        return all(self.memory.allows(addr, length, permission) for addr, length, permission in parts)

    def has(self, feature: int) -> bool:
        return bool(self.setup.features & feature)

    # --- where it stands

    def start(self, position: Position, fresh: bool) -> None:
        """Start, or start over, at a position. What was out before is forgotten."""
        self.position = position
        self.in_flight: list[Chain] = []  # oldest first
        self.popped: list[Chain] = []  # the same, and those that came back since the oldest of them
        self.staged: list[Chain] = []  # written, not shown
        self.returned: list[object] = []  # places shown since the last decision on notification
        self.knows_returned = fresh  # else another device may have shown some and not decided
        self.broken = False

    @abstractmethod
    def is_possible(self, position: Position) -> bool:
        """Whether a queue of this size can stand there."""

    def go_on(self, position: Position) -> None:
        if not self.is_possible(position):
            self.start(Position(), fresh=True)
            raise CallerMistake(f"no queue can stand at {position}")
        self.start(position, fresh=False)

    def save(self) -> Position:
        if self.staged:
            raise CallerMistake("staged chains belong to no position")
        return self.position

    def move(self, **changed: int) -> None:
        self.position = replace(self.position, **changed)

    def check_works(self) -> None:
        if self.broken:
            raise Broken("the queue is broken")

    # --- from the driver and back

    def pop(self) -> Chain | None:
        """The next chain, refused ones included; None when there is none."""
        self.check_works()
        try:
            chain = self.take()
        except Broken:
            self.broken = True
            raise
        if chain is not None:
            self.popped = [*self.popped, chain] if self.in_flight else [chain]
            self.in_flight.append(chain)
        return chain

    @abstractmethod
    def take(self) -> Chain | None:
        """Take the next chain off the ring."""

    @abstractmethod
    def descriptor(self, table: int, index: int) -> Descriptor:
        """One descriptor of the ring, or of an indirect table."""

    def table_entries(self, refers: Descriptor) -> int:
        """The number of entries of the indirect table that a descriptor refers to."""
        if not self.has(INDIRECT_DESC):
            raise Refused("INDIRECT, which was not negotiated")
        if refers.len == 0 or refers.len % BYTES:
            raise Refused(f"an indirect table of {refers.len} bytes")
        if not self.memory.allows(refers.addr, refers.len, READ):
            raise Refused("an indirect table outside guest memory")
        return refers.len // BYTES

    def undo(self, chain: Chain) -> None:
        """Take the newest pop back. Behind one that came back meanwhile there is no way back."""
        self.check_works()
        if self.popped[-1] is not chain:
            raise CallerMistake("a newer chain was popped")
        self.popped.pop()
        self.in_flight.pop()
        self.put_back(chain)

    @abstractmethod
    def put_back(self, chain: Chain) -> None:
        """Make a chain the next one to be taken again."""

    def stage(self, chain: Chain, length: int) -> None:
        """Write a chain's used entry; the driver does not see it before `flush`."""
        self.check_works()
        if not any(each is chain for each in self.in_flight):
            raise CallerMistake("the chain is not out")
        if self.has(IN_ORDER) and self.in_flight[0] is not chain:
            raise CallerMistake("IN_ORDER, and an older chain is still out")
        self.in_flight = [each for each in self.in_flight if each is not chain]
        self.write_used(chain, length)
        self.staged.append(chain)

    def flush(self) -> None:
        """Show the driver all that was staged, at once."""
        self.check_works()
        if self.staged:
            self.show()
        self.staged = []

    @abstractmethod
    def write_used(self, chain: Chain, length: int) -> None:
        """Write a chain's used entry behind those that are staged."""

    @abstractmethod
    def show(self) -> None:
        """Let the driver see what is staged."""

    # --- notification

    def decide(self) -> bool:
        """Whether the driver must be notified of what was shown since the last decision."""
        self.check_works()
        returned, self.returned = self.returned, []
        if not returned:
            return False
        knows, self.knows_returned = self.knows_returned, True
        return self.driver_wants(returned, knows)

    @abstractmethod
    def driver_wants(self, returned: list[object], knows: bool) -> bool:
        """The driver's wish for these places. `knows`: they are all that it was not notified of."""

    def arm(self) -> bool:
        """Ask for a kick with the next chain, then look whether one is there already."""
        self.check_works()
        self.ask_for_kicks()
        return self.is_available()

    def disarm(self) -> None:
        self.check_works()
        self.ask_for_none()

    @abstractmethod
    def ask_for_kicks(self) -> None:
        """Ask the driver for a kick with the next chain."""

    @abstractmethod
    def ask_for_none(self) -> None:
        """Ask the driver for no kicks."""

    @abstractmethod
    def is_available(self) -> bool:
        """Whether there is a chain to take."""
