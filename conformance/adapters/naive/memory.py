# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Guest memory: bytes by guest address, and the regions that the device may touch."""

from dataclasses import dataclass
from itertools import pairwise

READ = 1
WRITE = 2

PAGE_BYTES = 4096
ADDRESS_END = 1 << 64


@dataclass(frozen=True)
class Region:
    """A piece of guest memory. `permission`: bit 0 the device may read, bit 1 it may write."""

    addr: int
    len: int
    permission: int

    @property
    def end(self) -> int:
        return self.addr + self.len


def is_table(regions: list[Region]) -> bool:
    """Whether these can be a guest's memory: none empty, none beyond 2^64, no byte in two of them."""
    ordered = sorted(regions, key=lambda region: region.addr)
    return all(region.len > 0 and region.end <= ADDRESS_END for region in ordered) and all(
        low.end <= high.addr for low, high in pairwise(ordered)
    )


class Memory:
    """What is nowhere written is 0. Reading and writing check nothing: `allows` is asked before."""

    def __init__(self) -> None:
        self.regions: list[Region] = []
        self.pages: dict[int, bytearray] = {}

    def allows(self, addr: int, length: int, permission: int) -> bool:
        """Whether the device may access all of it. A buffer may go on from a region into the next one."""
        end = addr + length
        while addr < end:
            region = self._region_of(addr)
            if region is None or region.permission & permission != permission:
                return False
            addr = region.end
        return True

    def _region_of(self, addr: int) -> Region | None:
        return next((region for region in self.regions if region.addr <= addr < region.end), None)

    def read(self, addr: int, length: int) -> bytes:
        found = bytearray()
        while len(found) < length:
            number, offset = divmod(addr + len(found), PAGE_BYTES)
            page = self.pages.get(number, bytes(PAGE_BYTES))
            found += page[offset : offset + length - len(found)]
        return bytes(found)

    def write(self, addr: int, data: bytes) -> None:
        done = 0
        while done < len(data):
            number, offset = divmod(addr + done, PAGE_BYTES)
            page = self.pages.setdefault(number, bytearray(PAGE_BYTES))
            piece = data[done : done + PAGE_BYTES - offset]
            page[offset : offset + len(piece)] = piece
            done += len(piece)

    def read_number(self, addr: int, length: int) -> int:
        return int.from_bytes(self.read(addr, length), "little")

    def write_number(self, addr: int, length: int, value: int) -> None:
        self.write(addr, value.to_bytes(length, "little"))
