# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Wrong about which memory is the guest's."""

from conformance.adapters.naive.chain import Chain, Element
from conformance.adapters.naive.memory import ADDRESS_END, Memory
from conformance.adapters.naive.packet import Packets
from conformance.adapters.wrong.descriptors import AnyOrder
from conformance.adapters.wrong.family import wrong


@wrong("address-unchecked", "takes each address for guest memory", "DEV-RF-006 SPLIT-DESC-012")
class Unchecked(Memory):
    def allows(self, addr: int, length: int, permission: int) -> bool:
        return True


@wrong("address-by-start", "looks at the first byte of a buffer only", "SPLIT-DESC-012")
class ByStart(Memory):
    def allows(self, addr: int, length: int, permission: int) -> bool:
        return super().allows(addr, 1, permission)


@wrong("address-wraps", "lets a buffer go on at address 0", "SPLIT-DESC-012 DEV-RF-006")
class Wraps(Memory):
    def allows(self, addr: int, length: int, permission: int) -> bool:
        over = max(0, addr + length - ADDRESS_END)
        return super().allows(addr, length - over, permission) and super().allows(0, over, permission)


@wrong("address-end-refused", "refuses a buffer that ends with its region", "SPLIT-DESC-012 DEV-RF-006")
class EndRefused(Memory):
    def allows(self, addr: int, length: int, permission: int) -> bool:
        return super().allows(addr, length + 1, permission)


@wrong("permission-ignored", "writes where it may only read", "DEV-RF-006 SPLIT-DESC-012")
class PermissionIgnored(Memory):
    def allows(self, addr: int, length: int, permission: int) -> bool:
        return super().allows(addr, length, 0)


@wrong(
    "writes-readable",
    "writes into device-readable elements",
    "SPLIT-DESC-006 PACK-DESC-001 SPLIT-FRM-008 PACK-SG-003 VSOCK-RXTX-002",
    AnyOrder,
)
class WritesReadable(Packets):
    def check_direction(self, chain: Chain, writable: bool) -> None:
        if not writable:
            super().check_direction(chain, writable)


@wrong(
    "reads-writable",
    "takes a packet from device-writable elements",
    "SPLIT-FRM-008 SPLIT-DESC-007 PACK-DESC-002",
    AnyOrder,
)
class ReadsWritable(Packets):
    def check_direction(self, chain: Chain, writable: bool) -> None:
        if writable:
            super().check_direction(chain, writable)


@wrong("writes-behind", "writes a zero behind what it sends", "SPLIT-DESC-012")
class WritesBehind(Packets):
    def scatter(self, chain: Chain, first: int, data: bytes) -> None:
        super().scatter(chain, first, data)
        last: Element = self.pieces(chain, first, len(data))[-1] if data else Element(0, 0, True)
        self.memory.write(last.addr + last.len, bytes(1))
