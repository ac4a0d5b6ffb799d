# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The first steps with a new adapter: small requests, the easiest first, made without the scenario tool."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from conformance.runner import levels, protocol
from conformance.runner.client import Client, Garbled, Gone, Late
from conformance.runner.guest import AVAIL, INDIRECT, NEXT, USED, WRITE
from conformance.runner.protocol import Hello
from conformance.runner.request import Request, prepare
from conformance.runner.vectors import JSON, Vector

BASE, LENGTH, BUFFERS = 0x100000, 0x10000, 0x102000
SIZE = 8
PARTS = {"desc": BASE, "driver": BASE + 0x400, "device": BASE + 0x800}
NO_SIGNAL = struct.pack("<H", 1)
UNREAD_ID = 0xFFFF  # of a packed descriptor that is not the last of its chain
VERSION_1, PACKED, INDIRECT_DESC = 1 << 32, 1 << 34, 1 << 28
HEADER = struct.pack("<QQIIIHHIII", 3, 2, 1024, 1234, 0, 1, 5, 0, 65536, 0)

LEAST = frozenset({"split", "tx", "serve"})
HELLO = '{"hello": {"protocol": 1, "name": "...", "version": "...", "supports": [...]}}'


def packet(payload: bytes) -> bytes:
    """A packet of the guest's as it lies in memory."""
    return HEADER[:24] + struct.pack("<I", len(payload)) + HEADER[28:] + payload


def wanted(data: bytes, id_: int = 0) -> JSON:
    return {"kind": "packet", "id": id_, "fields": protocol.fields(data[:44]), "payload": data[44:].hex()}


@dataclass(frozen=True)
class Case:
    """One step of the way: what is sent, what is wanted back."""

    title: str
    run: JSON
    spec: JSON
    needs: frozenset[str] = LEAST


@dataclass(frozen=True)
class Report:
    """What became of a case: ok, missing, or not tried."""

    title: str
    state: str
    wanted: str = ""
    answered: str = ""
    why: str = ""  # it was not tried


@dataclass
class Driver:
    """Lays chains out as a driver does, on one queue that starts fresh."""

    role: str = "tx"
    features: int = VERSION_1
    steps: list[JSON] = field(default_factory=list)
    writes: list[JSON] = field(default_factory=list)
    slots: int = 0
    added: int = 0
    buffer: int = BUFFERS

    @property
    def packed(self) -> bool:
        return bool(self.features & PACKED)

    def put(self, addr: int, data: bytes) -> None:
        self.writes.append({"addr": hex(addr), "bytes": data.hex()})

    def place(self, content: bytes | int) -> tuple[int, int]:
        """A buffer: its address and length."""
        addr, length = self.buffer, content if isinstance(content, int) else len(content)
        self.buffer += (length + 63) // 64 * 64
        if not isinstance(content, int):
            self.put(addr, content)
        return addr, length

    def chain(self, *parts: bytes | int, table: bool = False) -> "Driver":
        """Bytes are readable elements, a number is a writable one of that length."""
        elements = [(*self.place(part), WRITE if isinstance(part, int) else 0) for part in parts]
        if table:
            raw = b"".join(
                self.descriptor(*each, at, at + 1 < len(elements), table=True)
                for at, each in enumerate(elements)
            )
            elements = [(*self.place(raw), INDIRECT)]
        return self.raw(*elements)

    def raw(self, *elements: tuple[int, int, int], following: int | None = None) -> "Driver":
        """A chain of address, length and flags; `following` is the `next` of its last one."""
        head = self.slots % SIZE
        for at, each in enumerate(elements):
            more = at + 1 < len(elements) or following is not None
            slot = self.slots % SIZE
            text = self.descriptor(*each, slot, more)
            if at + 1 == len(elements) and following is not None:
                text = text[:14] + struct.pack("<H", following)
            self.put(PARTS["desc"] + 16 * slot, text)
            self.slots += 1
        if not self.packed:
            self.put(PARTS["driver"] + 4 + 2 * (self.added % SIZE), struct.pack("<H", head))
            self.put(PARTS["driver"] + 2, struct.pack("<H", self.added + 1))
        self.added += 1
        return self

    def descriptor(
        self, addr: int, length: int, flags: int, at: int, more: bool, table: bool = False
    ) -> bytes:
        flags |= NEXT if more and not (table and self.packed) else 0
        if self.packed:
            available = AVAIL if self.slots // SIZE % 2 == 0 else USED
            id_ = UNREAD_ID if more else self.added
            return struct.pack("<QIHH", addr, length, id_, flags | (0 if table else available))
        return struct.pack("<QIHH", addr, length, flags, at + 1 if more else 0)

    def does(self, do: str = "serve", **more: object) -> "Driver":
        asked = {"max": 1} if do == "serve" else {}
        self.steps.append({"write": self.writes, "do": do, "queue": self.role, **asked, **more})
        self.writes = []
        return self

    def waits(self) -> "Driver":
        """A step of the driver's own, which has no answer."""
        looked_at = {"addr": hex(PARTS["device"]), "len": 4}
        self.steps.append({"write": self.writes, "read": [looked_at]})
        self.writes = []
        return self

    def run(self) -> JSON:
        queue = {"role": self.role, "format": "packed" if self.packed else "split", "size": SIZE}
        queue |= {"max_chain": 0} | {part: hex(addr) for part, addr in PARTS.items()}
        region = {"addr": hex(BASE), "len": hex(LENGTH), "permission": 3}
        return {
            "image": {
                "features": hex(self.features),
                "max_payload": 65536,
                "regions": [region],
                "queues": [queue],
                "send": send(b""),
                "write": [],
            },
            "steps": self.steps,
        }


def send(payload: bytes) -> JSON:
    """A packet for an rx chain."""
    data = packet(payload)
    return {"header": data[:44].hex(), "payload": payload.hex(), "written": len(payload), "fit": True}


def accepts(*steps: Sequence[JSON], **more: object) -> JSON:
    """The expectation that each step answers these chains."""
    return {
        "verdict": "accept",
        "steps": [{"step": at, "chains": list(chains), **more} for at, chains in enumerate(steps)],
    }


REJECT = {"verdict": "reject"}


def cases() -> Iterator[Case]:
    """All after hello, the easiest first."""
    yield from _of_tx()
    yield from _of_shapes()
    yield from _of_queues()
    yield from _of_steps()


def _of_tx() -> Iterator[Case]:
    alone, full = packet(b""), packet(b"payload!")
    nothing = {"verdict": "empty", "steps": [{"step": 0, "status": "VVS_EMPTY"}]}
    yield Case("an empty queue: status empty, no chain", Driver().does().run(), nothing)
    yield Case("a header alone", Driver().chain(alone).does().run(), accepts([wanted(alone)]))
    behind = {"verdict": "accept", "steps": [{"step": 1, "chains": [wanted(alone)]}]}
    yield Case("a step without do: no answer", Driver().chain(alone).waits().does().run(), behind)
    yield Case(
        "header and payload in one element", Driver().chain(full).does().run(), accepts([wanted(full)])
    )
    two = Driver().chain(full[:44], full[44:]).does().run()
    yield Case("header and payload in two elements", two, accepts([wanted(full)]))
    cut = Driver().chain(full[:1], full[1:30], full[30:46], full[46:]).does().run()
    yield Case("a header cut anywhere, over three elements", cut, accepts([wanted(full)]))
    turns = Driver().chain(alone).chain(full).does().does().does().run()
    several = accepts([wanted(alone)], [wanted(full, 1)], [])
    yield Case("max 1: one chain a step, the second for the next step", turns, several)
    both = Driver().chain(alone).chain(full).does(max=4).run()
    yield Case("max 4: both chains in one step", both, accepts([wanted(alone), wanted(full, 1)]))


def _of_shapes() -> Iterator[Case]:
    alone, full = packet(b""), packet(b"payload!")
    yield Case("43 bytes are no packet", Driver().chain(alone[:43]).does().run(), REJECT)
    yield Case(
        "a header that promises more payload than is there", Driver().chain(full[:50]).does().run(), REJECT
    )
    outside = Driver().raw((BASE + LENGTH - 8, 44, 0)).does().run()
    yield Case("a buffer that ends behind the memory", outside, REJECT)
    loop = Driver().raw((BUFFERS, 44, 0), following=0).does().run()
    yield Case("a chain without an end", loop, {"verdict": "safe"})
    good = Driver().chain(alone[:43]).chain(full).does(max=2).run()
    both = [{"kind": "reject", "id": 0}, wanted(full, 1)]
    yield Case("a refused chain, then a good one", good, accepts(both))
    lap, answers = Driver(), []
    for number in range(SIZE + 2):
        data = packet(bytes([number]))
        lap.chain(data).does()
        answers.append([wanted(data, number % SIZE)])
    yield Case("more chains than the ring has entries", lap.run(), accepts(*answers))


def _of_queues() -> Iterator[Case]:
    full = packet(b"payload!")
    packed = Driver(features=VERSION_1 | PACKED)
    yield Case(
        "packed: header and payload in two elements",
        packed.chain(full[:44], full[44:]).does().run(),
        accepts([wanted(full)]),
        frozenset({"packed", "tx", "serve"}),
    )
    lap, answers = Driver(features=VERSION_1 | PACKED), []
    for number in range(SIZE):
        data = packet(bytes([number]))
        lap.chain(data[:44], data[44:]).does()
        answers.append([wanted(data, number)])
    yield Case(
        "packed: twice around the ring, the wrap bits flip",
        lap.run(),
        accepts(*answers),
        frozenset({"packed", "tx", "serve"}),
    )
    table = Driver(features=VERSION_1 | INDIRECT_DESC).chain(full[:44], full[44:], table=True).does().run()
    yield Case("indirect: both elements in a table", table, accepts([wanted(full)]), LEAST | {"indirect"})
    rx = Driver("rx").chain(44, 100).does(send=[send(b"payload!")]).run()
    filled = {"kind": "packet", "id": 0, "capacity": 100, "used_len": 52}
    yield Case("rx: a packet is written into the chain", rx, accepts([filled]), LEAST - {"tx"} | {"rx"})
    event = Driver("event").chain(4).does(events=[0]).run()
    written = accepts([{"kind": "event", "event": 0, "used_len": 4}])
    yield Case("event: a number is written", event, written, LEAST - {"tx"} | {"event"})


def _of_steps() -> Iterator[Case]:
    alone = packet(b"")
    notified = Driver().chain(alone).does().run()
    yield Case(
        "notify: true after a chain came back",
        notified,
        accepts([wanted(alone)], notify=True),
        LEAST | {"notify"},
    )
    silent = Driver()
    silent.put(PARTS["driver"], NO_SIGNAL)
    yield Case(
        "notify: false where the driver asked for none",
        silent.chain(alone).does().run(),
        accepts([wanted(alone)], notify=False),
        LEAST | {"notify"},
    )
    armed = {"verdict": "accept", "steps": [{"step": 0, "more": False}, {"step": 1, "more": True}]}
    yield Case(
        "arm: more, true when a chain is there already",
        Driver().does("arm").chain(alone).does("arm").run(),
        armed,
        LEAST | {"notify"},
    )
    apart = Driver().chain(alone).does("pop").does("publish", which=0).run()
    back = {
        "verdict": "accept",
        "steps": [{"step": 0, "chains": [wanted(alone)]}, {"step": 1, "used": [{"id": 0, "len": 0}]}],
    }
    yield Case("pop, then publish", apart, back, frozenset({"split", "tx", "pop"}))
    nothing = {"verdict": "empty", "steps": [{"step": 0, "status": "VVS_EMPTY"}]}
    yield Case("an empty queue again: nothing is kept from the runs before", Driver().does().run(), nothing)


def ask(client: Client, hello: Hello) -> Iterator[Report]:
    """The cases one by one, each judged as a vector would be."""
    for case in cases():
        missing = sorted(case.needs - hello.supports)
        if missing:
            yield Report(case.title, "not tried", why=f"hello has no {', '.join(missing)}")
            continue
        yield _tried(case.title, client, vector(case), prepare(case.run, case.needs))


def vector(case: Case, *requirements: str) -> Vector:
    """The case as the judge takes it."""
    data = {"id": f"smoke/{case.title}", "title": case.title, "requirements": list(requirements)}
    data["scenario"] = {"steps": [{step.get("do", "write"): {}} for step in case.run["steps"]]}
    return Vector(None, data | {"expect": {"spec": case.spec, "vvs": {"verdict": "mixed"}}})


def _tried(title: str, client: Client, judged: Vector, request: Request) -> Report:
    try:
        read = protocol.run(client, request)
    except (Gone, Late, Garbled, protocol.Unsupported, protocol.Refused) as fault:
        return Report(title, "missing", "an answer", f"{type(fault).__name__.lower()}: {fault}")
    faults = [fault for fault in levels.faults(judged, read.answer, read.faults) if fault.scope != "strict"]
    if not faults:
        return Report(title, "ok")
    first = faults[0]
    return Report(title, "missing", f"{first.where}: {first.expected}", str(first.actual))
