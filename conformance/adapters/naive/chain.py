# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A chain of descriptors, whatever ring it came from, and the rules that hold for it in any ring."""

from dataclasses import dataclass, field

LONGEST_BYTES = 1 << 32


class Refused(Exception):
    """The driver is at fault in one chain: it goes back with length 0."""


@dataclass(frozen=True)
class Element:
    """One buffer. A length of 0 adds no bytes."""

    addr: int
    len: int
    writable: bool


@dataclass
class Chain:
    """A chain that was taken from the ring and has to come back."""

    id: int  # split: index of the first descriptor; packed: buffer id
    span: int = 1  # packed: slots of the ring
    elements: list[Element] = field(default_factory=list)
    len: int = 0  # bytes of all elements
    refused: str = ""  # why its elements are not to be used

    def add(self, element: Element, limit: int) -> None:
        """One element more, if a chain may go on so. `limit` is the most elements."""
        if len(self.elements) == limit:
            raise Refused(f"more than {limit} elements")
        if self.elements and self.elements[-1].writable and not element.writable:
            raise Refused("a device-readable element behind a device-writable one")
        self.elements.append(element)
        self.len += element.len
        if self.len > LONGEST_BYTES:
            raise Refused("more than 2^32 bytes")
