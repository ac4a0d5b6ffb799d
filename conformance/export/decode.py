#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Reads exported vectors by nothing but Python: builds guest memory from the writes, takes the chains out of
the rings, and compares them with what the vector expects. It plays no device: it writes nothing back.

    python3 decode.py vectors                        all below a folder
    python3 decode.py vectors/tx/framing/split-*     some

Exit: 0 all that were read agree, 1 some differ, 5 nothing was read.
"""

import json
import struct
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NEXT, WRITE, INDIRECT, AVAIL, USED = 1, 2, 4, 1 << 7, 1 << 15
INDIRECT_DESC = 28  # feature bit
DESCRIPTOR = struct.Struct("<QIHH")  # address, length; split: flags, next; packed: id, flags
HEADER = struct.Struct("<QQIIIHHIII")
NAMES = ("src_cid", "dst_cid", "src_port", "dst_port", "len", "type", "op", "flags", "buf_alloc", "fwd_cnt")
# After these the next chain is not the ring's next: that takes a device.
MOVES = {"undo", "restore", "restart", "memory"}
Chain = tuple[int, list[tuple[int, int, bool]]]  # id; address, length, writable of each element


class Memory:
    """Guest memory by address, zero until it is written."""

    def __init__(self) -> None:
        self.writes: list[tuple[int, bytes]] = []

    def apply(self, writes: list[dict[str, Any]]) -> None:
        for each in writes:
            data = bytes.fromhex(each["bytes"]) if "bytes" in each else bytes([each["fill"]]) * each["len"]
            self.writes.append((int(each["addr"], 16), data))

    def read(self, addr: int, length: int) -> bytes:
        found = bytearray(length)
        for start, data in self.writes:
            low, high = max(addr, start), min(addr + length, start + len(data))
            if low < high:
                found[low - addr : high - addr] = data[low - start : high - start]
        return bytes(found)

    def u16(self, addr: int) -> int:
        return int.from_bytes(self.read(addr, 2), "little")

    def descriptor(self, table: int, index: int) -> tuple[int, int, int, int]:
        return DESCRIPTOR.unpack(self.read(table + DESCRIPTOR.size * index, DESCRIPTOR.size))


class Queue:
    """The device's end of a ring: which chain is next."""

    def __init__(self, memory: Memory, image: dict[str, Any], said: dict[str, Any]) -> None:
        self.memory, self.size = memory, said["size"]
        self.desc, self.driver = int(said["desc"], 16), int(said["driver"], 16)
        self.tables = INDIRECT if int(image["features"], 16) >> INDIRECT_DESC & 1 else 0
        self.index, self.wrap = said.get("avail_index", 0), said.get("avail_wrap", 1)
        self.take = self.take_packed if said["format"] == "packed" else self.take_split

    def take_split(self) -> Chain | None:
        if self.memory.u16(self.driver + 2) == self.index:
            return None
        head = self.memory.u16(self.driver + 4 + 2 * (self.index % self.size))
        self.index = (self.index + 1) % 65536
        elements, table, at = [], self.desc, head
        while len(elements) <= 65536:
            addr, length, flags, following = self.memory.descriptor(table, at)
            if flags & self.tables:
                table, at = addr, 0
                continue
            elements.append((addr, length, bool(flags & WRITE)))
            if not flags & NEXT:
                break
            at = following
        return head, elements

    def take_packed(self) -> Chain | None:
        elements, flags, id_ = [], NEXT, 0
        while flags & NEXT:
            addr, length, id_, flags = self.memory.descriptor(self.desc, self.index)
            if bool(flags & AVAIL) != bool(self.wrap) or bool(flags & USED) == bool(self.wrap):
                return None
            if flags & self.tables:
                entries = [self.memory.descriptor(addr, at) for at in range(length // DESCRIPTOR.size)]
                elements += [(entry[0], entry[1], bool(entry[3] & WRITE)) for entry in entries]
            else:
                elements.append((addr, length, bool(flags & WRITE)))
            self.index += 1
            if self.index == self.size:
                self.index, self.wrap = 0, self.wrap ^ 1
        return id_, elements


def stream(memory: Memory, chain: Chain, most: int) -> bytes:
    """The first bytes of what the device may read."""
    data = b""
    for addr, length, writable in chain[1]:
        if not writable:
            data += memory.read(addr, min(length, most - len(data)))
    return data


def packet(memory: Memory, chain: Chain) -> dict[str, Any]:
    """What a tx chain holds."""
    fields = dict(zip(NAMES, HEADER.unpack(stream(memory, chain, HEADER.size)), strict=True))
    return fields | {"payload": stream(memory, chain, HEADER.size + fields["len"])[HEADER.size :]}


def payload(expected: Any) -> bytes:  # noqa: ANN401
    if isinstance(expected, str):
        return bytes.fromhex(expected)
    if "fill" in expected:
        return bytes([expected["fill"]]) * expected["len"]
    return bytes((i * 131 + (i >> 8)) & 0xFF for i in range(expected["len"]))


def compare(memory: Memory, role: str, want: dict[str, Any], chain: Chain | None) -> Iterator[str]:
    """What of a chain is not as expected."""
    if chain is None:
        yield "no chain is there"
        return
    found: dict[str, Any] = {"id": chain[0]}
    if role == "rx":
        found["capacity"] = sum(length for _, length, writable in chain[1] if writable) - HEADER.size
    elif role == "tx":
        found |= packet(memory, chain)
    expected = {key: int(v, 16) if isinstance(v, str) else v for key, v in want.get("fields", {}).items()}
    expected |= {key: want[key] for key in ("id", "capacity") if key in want}
    if "payload" in want:
        expected["payload"] = payload(want["payload"])
    for key in sorted(expected.keys() & found.keys()):
        if found[key] != expected[key]:
            yield f"{key} is {found[key]!r:.80}, expected {expected[key]!r:.80}"


def chains(vector: dict[str, Any]) -> Iterator[tuple[int, int, str, Memory, Chain | None]]:
    """What the device may take: step, number in it, queue, memory as it is then, and the chain."""
    image, memory = vector["run"]["image"], Memory()
    memory.apply(image.get("write", []))
    queues = {said["role"]: Queue(memory, image, said) for said in image["queues"]}
    for step in vector["run"]["steps"]:
        memory.apply(step.get("write", []))
        for number in range({"serve": step.get("max", 1), "pop": 1}.get(step.get("do"), 0)):
            yield step["step"], number, step["queue"], memory, queues[step["queue"]].take()


def differences(vector: dict[str, Any]) -> tuple[int, list[str]]:
    """How many chains were compared, and what differs."""
    wanted = {step["step"]: step.get("chains", []) for step in vector["expect"]["spec"]["steps"]}
    count, found = 0, []
    for step, number, role, memory, chain in chains(vector):
        if number < len(wanted.get(step, [])):
            count += 1
            lines = compare(memory, role, wanted[step][number], chain)
            found += [f"{vector['id']}: step {step}: {line}" for line in lines]
    return count, found


def readable(vector: dict[str, Any]) -> bool:
    """Whether memory alone tells its chains: any device accepts them and takes them in the ring's order, and
    there is no other queue from which it may have written what they hold."""
    steps = vector.get("run", {}).get("steps", [])
    spec = vector["expect"]["spec"]
    moved = any(step.get("do") in MOVES for step in steps)
    queues = {step["queue"] for step in steps if "queue" in step}
    return len(queues) == 1 and not moved and spec["verdict"] == "accept" and "steps" in spec


def main(names: list[str]) -> int:
    counted: Counter[str] = Counter()
    for name in names:
        for path in sorted(Path(name).rglob("*.json")) if Path(name).is_dir() else [Path(name)]:
            vector = json.loads(path.read_text())
            count, found = differences(vector) if readable(vector) else (0, [])
            counted["chains"] += count
            counted["differ" if found else "agree" if count else "passed over"] += 1
            for line in found:
                print(line)
    print(", ".join(f"{counted[key]} {key}" for key in ("agree", "differ", "passed over", "chains")))
    return 1 if counted["differ"] else 0 if counted["agree"] else 5


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
