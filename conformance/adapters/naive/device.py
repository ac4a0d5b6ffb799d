# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The device: memory and queues, set up with a request's image; it does one step after the other."""

from typing import Any

from conformance.adapters.naive.memory import Memory, Region, is_table
from conformance.adapters.naive.packed import PackedQueue
from conformance.adapters.naive.packet import Packets
from conformance.adapters.naive.port import PLACES, Port, Waiting, position_of, send_of
from conformance.adapters.naive.queue import (
    RING_PACKED,
    Broken,
    CallerMistake,
    Position,
    Queue,
    Setup,
    SetupRefused,
)
from conformance.adapters.naive.split import SplitQueue

JSON = dict[str, Any]
STEPS = (
    "serve", "pop", "publish", "flush", "undo", "abort",
    "arm", "disarm", "notify", "save", "restore", "restart",
)  # fmt: skip


def number(text: str) -> int:
    return int(text, 16)


def regions_of(entries: list[JSON]) -> list[Region]:
    return [Region(number(each["addr"]), number(each["len"]), each["permission"]) for each in entries]


class Device:
    """What a request is run on."""

    memory_class = Memory
    split_class: type[Queue] = SplitQueue
    packed_class: type[Queue] = PackedQueue
    packets_class = Packets
    port_class = Port

    def __init__(self, image: JSON) -> None:
        self.memory = self.memory_class()
        self.memory.regions = regions_of(image["regions"])
        self.driver_writes(image.get("write", []))
        self.features = number(image["features"])
        self.packets = self.packets_class(self.memory, image["max_payload"])
        self.waiting = Waiting(send_of(image["send"]))
        self.ports: dict[str, Port] = {}
        self.setup: dict[str, str] = {}
        for entry in image["queues"]:
            self.set_up(entry)

    def set_up(self, entry: JSON) -> None:
        role = entry["role"]
        kind = self.packed_class if self.features & RING_PACKED else self.split_class
        addresses = [number(entry[part]) for part in ("desc", "driver", "device")]
        setup = Setup(self.features, entry["size"], entry.get("max_chain", 0), *addresses)
        self.setup[role] = "refused"
        try:
            if not is_table(self.memory.regions):
                raise SetupRefused("memory")
            queue = kind(self.memory, setup)
            queue.check()
            if any(place in entry for place in PLACES):
                queue.go_on(position_of(entry, Position()))
        except (SetupRefused, CallerMistake):
            return
        self.setup[role] = "ok"
        self.ports[role] = self.port_class(role, queue, self.packets, self.waiting)

    def driver_writes(self, writes: list[JSON]) -> None:
        for write in writes:
            addr = number(write["addr"])
            if "bytes" in write:
                self.memory.write(addr, bytes.fromhex(write["bytes"]))
            else:
                self.memory.write(addr, bytes([write["fill"]]) * write["len"])

    def step(self, step: JSON) -> JSON | None:
        """One step of a request: its answer, if it has one."""
        self.driver_writes(step.get("write", []))
        self.waiting.add(step)
        if "do" not in step:
            return None
        answer: JSON = {"status": "ok"}
        try:
            self.act(step, answer)
        except Broken:
            answer["status"] = "broken"
        except CallerMistake:
            answer["status"] = "caller"
        except SetupRefused:
            answer["status"] = "refused"
        reads = step.get("read", [])
        answer["memory"] = [self.memory.read(number(each["addr"]), each["len"]).hex() for each in reads]
        return answer

    def act(self, step: JSON, answer: JSON) -> None:
        if step["do"] == "memory":
            self.change_memory(regions_of(step["regions"]))
        elif step["do"] not in STEPS:
            answer["status"] = "unsupported"
        elif step["queue"] not in self.ports:
            answer["status"] = "none"
        else:
            getattr(self.ports[step["queue"]], step["do"])(step, answer)

    def change_memory(self, regions: list[Region]) -> None:
        """A new memory table. Chains that are out lie in the old one, so nothing is done to them."""
        queues = [port.queue for port in self.ports.values()]
        before, self.memory.regions = self.memory.regions, regions
        if not is_table(regions) or not all(queue.rings_are_mapped() for queue in queues):
            self.memory.regions = before
            raise SetupRefused("memory without the rings")
        for port in self.ports.values():
            for popped in port.popped:
                popped.usable = False
