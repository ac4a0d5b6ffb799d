# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What a wrong device is, and the list of them."""

from collections.abc import Callable
from dataclasses import dataclass

from conformance.adapters.naive.chain import Chain
from conformance.adapters.naive.device import Device
from conformance.adapters.naive.memory import Memory
from conformance.adapters.naive.packed import PackedQueue
from conformance.adapters.naive.packet import Packets
from conformance.adapters.naive.port import Port
from conformance.adapters.naive.queue import Queue
from conformance.adapters.naive.split import SplitQueue

PARTS = {Memory: "memory_class", Packets: "packets_class", Port: "port_class"}
RINGS = {SplitQueue: "split_class", PackedQueue: "packed_class"}


@dataclass(frozen=True)
class Wrong:
    """naive with one fault."""

    name: str
    what: str
    requirements: tuple[str, ...]
    device: type[Device]


FAMILY: dict[str, Wrong] = {}


class Panic(Exception):
    """The device dies of what the driver wrote."""


def wrong(name: str, what: str, requirements: str, *besides: type) -> Callable[[type], type]:
    """Makes a device of the part that is wrong, and of parts without which nothing would be seen of it."""

    def register(part: type) -> type:
        if name in FAMILY:
            raise ValueError(f"two wrong devices are named {name}")
        FAMILY[name] = Wrong(name, what, tuple(requirements.split()), device_with(part, *besides))
        return part

    return register


def device_with(*wrong_parts: type) -> type[Device]:
    parts: dict[str, type] = {}
    for part in wrong_parts:
        parts |= {place: part for base, place in (PARTS | RINGS).items() if issubclass(part, base)}
        if issubclass(part, Chain):
            parts |= {place: derived(ring, chain_class=part) for ring, place in RINGS.items()}
        elif part.__mro__[1] is Queue:
            # A fault of both ring formats.
            parts |= {place: derived(part, ring) for ring, place in RINGS.items()}
    return derived(Device, **parts)


def derived(*bases: type, **members: object) -> type:
    return type(bases[0].__name__, bases, members)
