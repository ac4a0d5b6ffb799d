# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A descriptor: 16 bytes, little-endian, of a ring or of an indirect table."""

import struct
from dataclasses import dataclass
from typing import Self

from conformance.adapters.naive.chain import Element

BYTES = 16
NEXT = 1
WRITE = 2
INDIRECT = 4


@dataclass(frozen=True)
class Descriptor:
    """`link` is `next` in a split ring, the buffer id in a packed one."""

    addr: int
    len: int
    flags: int
    link: int

    @classmethod
    def split(cls, raw: bytes) -> Self:
        return cls(*struct.unpack("<QIHH", raw))

    @classmethod
    def packed(cls, raw: bytes) -> Self:
        addr, length, link, flags = struct.unpack("<QIHH", raw)
        return cls(addr, length, flags, link)

    def has(self, flag: int) -> bool:
        return bool(self.flags & flag)

    def element(self) -> Element:
        return Element(self.addr, self.len, self.has(WRITE))
