# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A small adapter, to be read beside PROTOCOL.md: tx, split rings, the step `serve`.

    scripts/conformance smoke --adapter 'python3 conformance/adapters/example/adapter.py'
    scripts/conformance --adapter 'python3 conformance/adapters/example/adapter.py'

An adapter is guest memory, an implementation, and a translation between requests and it. Here the
implementation is `Device`; in yours `serve` calls what you have.
"""

import json
import sys
from itertools import chain, islice

HEADER_BYTES = 44
NEXT, WRITE, INDIRECT = 1, 2, 4
READABLE, WRITABLE = 1, 2


class Refused(Exception):
    """This is no packet, or no queue."""


class Memory:
    """Guest memory: bytes by guest address, and what of it the device may touch."""

    def __init__(self, regions):
        self.bytes = {}
        self.parts = [(int(r["addr"], 16), int(r["len"], 16), r["permission"]) for r in regions]

    def driver_writes(self, writes):
        """What the driver wrote. It has been worked out, and the device's permissions don't bind it."""
        for each in writes:
            data = bytes.fromhex(each["bytes"]) if "bytes" in each else bytes([each["fill"]]) * each["len"]
            self.bytes.update(enumerate(data, int(each["addr"], 16)))

    def show(self, addr, length):
        """What an answer's `memory` holds: where nobody wrote, 0."""
        return bytes(self.bytes.get(at, 0) for at in range(addr, addr + length)).hex()

    def check(self, at, permission):
        if not any(a <= at < a + n and allowed & permission for a, n, allowed in self.parts):
            raise Refused(f"no memory at {at:#x}")

    def read(self, addresses):
        data = bytearray()
        for at in addresses:
            self.check(at, READABLE)
            data.append(self.bytes.get(at, 0))
        return bytes(data)

    def number(self, addr, size):
        return int.from_bytes(self.read(range(addr, addr + size)), "little")

    def write(self, addr, value, size):
        for at, byte in enumerate(value.to_bytes(size, "little"), addr):
            self.check(at, WRITABLE)
            self.bytes[at] = byte


class Device:
    """The device's side of a split tx queue."""

    def __init__(self, memory, queue, max_payload):
        self.memory, self.size, self.max_payload = memory, queue["size"], max_payload
        self.desc, self.avail, self.used = (int(queue[part], 16) for part in ("desc", "driver", "device"))
        self.next_avail, self.next_used, self.broken = 0, 0, False
        if not 0 < self.size <= 32768 or self.size & (self.size - 1):
            raise Refused("no size of a split queue")
        memory.check(self.used, WRITABLE)
        memory.check(self.used + 3 + 8 * self.size, WRITABLE)

    def serve(self, limit):
        """Takes and returns at most `limit` chains; `empty` says that it stopped for want of one."""
        chains = []
        while len(chains) < limit and not self.broken:
            try:
                head = self.pop()
            except Refused:  # after this nothing in the queue can be believed; what came before is answered
                self.broken = True
                break
            if head is None:
                return "empty", chains
            try:
                chains.append({"id": head, "kind": "packet", **self.parse(head), "used_len": 0})
            except Refused as why:
                chains.append({"id": head, "kind": "reject", "reason": str(why)})
            self.publish(head, 0)
        return "broken" if self.broken else "ok", chains

    def pop(self):
        waiting = (self.memory.number(self.avail + 2, 2) - self.next_avail) % 65536
        if waiting == 0:
            return None
        head = self.memory.number(self.avail + 4 + 2 * (self.next_avail % self.size), 2)
        if waiting > self.size or head >= self.size:
            raise Refused(f"{waiting} chains, head {head}, in a queue of {self.size}")
        self.next_avail += 1
        return head

    def publish(self, head, length):
        entry = self.used + 4 + 8 * (self.next_used % self.size)
        self.memory.write(entry, head, 4)
        self.memory.write(entry + 4, length, 4)
        self.next_used = (self.next_used + 1) % 65536
        self.memory.write(self.used + 2, self.next_used, 2)

    def parse(self, head):
        """Header and payload, wherever the chain is cut. Nothing is believed before its end was seen."""
        elements, index, flags = [], head, NEXT
        while flags & NEXT:
            if index >= self.size or len(elements) == self.size:
                raise Refused("a next outside the table, or a loop")
            entry = self.desc + 16 * index
            elements.append((self.memory.number(entry, 8), self.memory.number(entry + 8, 4)))
            flags, index = self.memory.number(entry + 12, 2), self.memory.number(entry + 14, 2)
            if flags & (WRITE | INDIRECT):
                raise Refused("a writable element, or a table that was not negotiated")
        room = sum(length for _, length in elements) - HEADER_BYTES
        stream = chain.from_iterable(range(addr, addr + length) for addr, length in elements)
        header = self.memory.read(islice(stream, HEADER_BYTES))
        length = int.from_bytes(header[24:28], "little")
        if room < 0 or length > min(room, self.max_payload):
            raise Refused("the chain is too short for the packet, or the packet too long")
        return {"header": header.hex(), "payload": self.memory.read(islice(stream, length)).hex()}


def run(image, steps):
    memory = Memory(image["regions"])
    memory.driver_writes(image.get("write", []))
    (queue,) = image["queues"]
    try:
        device, setup = Device(memory, queue, image["max_payload"]), "ok"
    except Refused:
        device, setup = None, "refused"
    answers = []
    for step in steps:
        memory.driver_writes(step.get("write", []))
        if "do" in step:
            status, chains = device.serve(step["max"]) if device else ("none", [])
            shown = [memory.show(int(each["addr"], 16), each["len"]) for each in step.get("read", [])]
            answers.append({"status": status, "chains": chains, "memory": shown})
    return {"setup": {queue["role"]: setup}, "answers": answers}


def answer(request):
    if "hello" in request:
        supports = ["split", "tx", "serve"]
        return {"hello": {"protocol": 1, "name": "example", "version": "1", "supports": supports}}
    try:
        return run(**request["run"])
    except (KeyError, TypeError, ValueError) as fault:
        return {"error": repr(fault)}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
