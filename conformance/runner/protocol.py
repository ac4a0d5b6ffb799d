# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""An adapter's answers (PROTOCOL.md) in the form that the judge reads.

The used ring is decoded from the memory that the answers show, and what must not have changed is compared.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from conformance.runner import guest
from conformance.runner.client import Client, Garbled
from conformance.runner.judge import MISSING, Fault
from conformance.runner.request import Request
from conformance.runner.vectors import JSON

VERSION = 1
STATUSES = {"ok": "VVS_OK", "empty": "VVS_EMPTY"}
OTHER_STATUSES = ("broken", "caller", "none", "refused")
SETUPS = {"ok": "VVS_OK", "refused": "refused"}
HOLDS_NOTHING = ("serve", "arm", "disarm", "notify", "save")
KINDS = ("packet", "reject", "event")
FIELDS = {
    "src_cid": 8,
    "dst_cid": 8,
    "src_port": 4,
    "dst_port": 4,
    "len": 4,
    "type": 2,
    "op": 2,
    "flags": 4,
    "buf_alloc": 4,
    "fwd_cnt": 4,
}
TYPES = {dict: "an object", list: "a list", str: "a text", int: "a number", bool: "true or false"}
HEADER_BYTES = 44
SHOWN_BYTES = 16
DEVICE_WRITES = 2  # of a region's permission


class Unsupported(Exception):
    """The adapter says that it can't do this one."""


class Refused(Exception):
    """The adapter says that it can't read this one."""


@dataclass(frozen=True)
class Hello:
    """What an adapter says of itself."""

    name: str = ""
    version: str = ""
    supports: frozenset[str] = frozenset()


@dataclass
class Read:
    """A run that was answered: the answers as the judge takes them, and what memory gave away besides."""

    answer: JSON
    faults: list[Fault] = field(default_factory=list)


def hello(client: Client) -> Hello:
    """Ask who is there; Garbled if it is no adapter of this version."""
    said = client.ask({"hello": {"protocol": VERSION}})
    told = _typed(said, "hello", dict, "the answer")
    if told.get("protocol") != VERSION:
        raise Garbled(f"hello.protocol is {told.get('protocol')!r}, not {VERSION}")
    name = _typed(told, "name", str, "hello")
    supports = _typed(told, "supports", list, "hello")
    if not all(isinstance(each, str) for each in supports):
        raise Garbled("hello.supports is no list of words")
    return Hello(name, str(told.get("version", "")), frozenset(supports))


def run(client: Client, request: Request) -> Read:
    """Have the request run, and read what comes back."""
    said = client.ask({"run": request.run})
    if "unsupported" in said:
        raise Unsupported(str(said["unsupported"]))
    if "error" in said:
        raise Refused(str(said["error"]))
    return Reader(request).read(said)


def run_scenario(client: Client, scenario: JSON) -> Read:
    """Have vvs-run run a scenario on a shared object. It follows the rings itself."""
    said = client.ask({"version": 1, **scenario})
    if said.get("unmappable"):
        raise Unsupported("this host can't map the guest memory of the scenario")
    if "unsupported" in said:
        raise Unsupported(f"needs {said['unsupported']}")
    if "error" in said:
        raise Refused(str(said["error"]))
    answers = _typed(said, "answers", list, "the answer")
    if any(answer.get("status") == "unsupported" for answer in answers):
        raise Unsupported("a step is unsupported")
    for answer in answers:
        answer["status"] = STATUSES.get(answer["status"], answer["status"])
    setup = _typed(said, "setup", dict, "the answer")
    said["setup"] = {role: STATUSES.get(status, status) for role, status in setup.items()}
    return Read(said)


class Reader:
    """Follows the driver's view of memory through the steps of one run."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.memory = guest.Memory()
        self.queues = guest.queues(request.run["image"])
        self.granted: set[guest.Span] = set()
        self.unsure: set[str | None] = set()  # queues that may hold chains, or had a fault
        self.memory_tables = _device_writable(request.run)
        self.read_out = Read({})

    def read(self, said: JSON) -> Read:
        answers = _typed(said, "answers", list, "the answer")
        acting = [step for step in self.request.run["steps"] if "do" in step]
        if len(answers) > len(acting):
            raise Garbled(f"{len(answers)} answers to {len(acting)} steps with a do")
        setup = _typed(said, "setup", dict, "the answer")
        self.read_out.answer = {"setup": {role: _setup(setup, role) for role in self.queues}, "answers": []}
        self._driver(self.request.run["image"])
        left = iter(answers)
        for step in self.request.run["steps"]:
            if step.get("do") == "restart" and step.get("queue") in self.queues:
                self.queues[step["queue"]].place(step)
            self._driver(step)
            if "do" in step:
                # Not before: a chain may be written over several steps.
                for queue in self.queues.values():
                    guest.note_available(self.memory, queue)
                answer = next(left, None)
                if answer is None:
                    break
                self._step(step, answer)
        return self.read_out

    def _lost(self, step: JSON, out: JSON) -> Iterator[Fault]:
        """Chains that are not back though a working device calls the queue empty, and holds none."""
        role = step.get("queue")
        if step["do"] not in HOLDS_NOTHING or out["status"] not in STATUSES.values():
            self.unsure.add(role)
        elif step["do"] == "serve" and out["status"] == STATUSES["empty"] and role not in self.unsure:
            left = guest.left_over(self.memory, self.queues[role]) if role in self.queues else ""
            if left:
                where = f"steps[{out['step']}], the {role} queue"
                yield Fault("safety", where, "all chains back, as the queue is empty", f"{left} missing")

    def _driver(self, writer: JSON) -> None:
        self.memory.apply(writer.get("write", []))
        for queue in self.queues.values():
            self.granted.update(guest.writable(self.memory, queue))

    def _step(self, step: JSON, said: JSON) -> None:
        number = len(self.read_out.answer["answers"])
        where = f"answers[{number}]"
        if not isinstance(said, dict):
            raise Garbled(f"{where} is no object")
        out: JSON = {"step": self.request.numbers[number], "status": _status(said, where)}
        if "queue" in step:
            out["queue"] = step["queue"]
        if said.get("chains"):
            chains = _typed(said, "chains", list, where)
            popped = step["do"] == "pop"
            out["chains"] = [
                _chain(chain, popped, f"{where}.chains[{at}]") for at, chain in enumerate(chains)
            ]
        for key in ("notify", "more"):
            if key in said:
                out[key] = _typed(said, key, bool, where)
        self._used(step, out, self._shown(step, said, where))
        self.read_out.faults += self._lost(step, out)
        self.read_out.answer["answers"].append(out)

    def _shown(self, step: JSON, said: JSON, where: str) -> list[tuple[int, bytes]]:
        memory = said.get("memory", [])
        if not isinstance(memory, list) or len(memory) != len(step["read"]):
            raise Garbled(f"{where}.memory has not one entry for each of the step's read")
        shown = []
        for wanted, text in zip(step["read"], memory, strict=True):
            content = _hex(text, f"{where}.memory")
            if len(content) != wanted["len"]:
                raise Garbled(f"{where}.memory: {len(content)} bytes of {wanted['len']} at {wanted['addr']}")
            shown.append((int(wanted["addr"], 16), content))
        return shown

    def _used(self, step: JSON, out: JSON, shown: list[tuple[int, bytes]]) -> None:
        """The entries that came up in this step, on its queue."""
        before = {role: self.memory.u16(queue.device + 2) for role, queue in self.queues.items()}
        flags = {role: queue.device_flags(self.memory) for role, queue in self.queues.items()}
        rings = sum(len(queue.device_parts()) for queue in self.queues.values())
        for addr, content in shown[:rings]:
            self.memory.write(addr, content)
        self.read_out.faults += self._changed(out["step"], shown[rings:])
        for role, queue in self.queues.items():
            said, allowed = queue.device_flags(self.memory), queue.flags_there_are()
            if said != flags[role] and said not in allowed:
                where = f"steps[{out['step']}], the {role} queue's flags for kicks"
                self.read_out.faults.append(Fault("safety", where, f"one of {allowed}", said))
            used = guest.collect(self.memory, before[role], queue)
            where = f"steps[{out['step']}].used"
            if used is None:
                at = self.memory.u16(queue.device + 2)
                fault = Fault("safety", f"{where} ({role})", f"an index near {before[role]}", at)
                self.read_out.faults.append(fault)
            elif role == step.get("queue"):
                out["used"] = used
            elif used:
                self.read_out.faults.append(Fault("safety", f"{where} ({role})", MISSING, used))

    def _changed(self, number: int, shown: list[tuple[int, bytes]]) -> Iterator[Fault]:
        """Bytes that are neither the driver's nor the device's to write."""
        offered = [*self.granted, *(s for q in self.queues.values() for s in q.device_parts())]
        allowed = list(guest.overlaps(offered, self.memory_tables))
        for addr, content in shown:
            own = self.memory.read(addr, len(content))
            masked = bytearray(content)
            for start, length in guest.overlaps(allowed, [(addr, len(content))]):
                part = slice(start - addr, start - addr + length)
                masked[part] = own[part]
            if masked != own:
                at = next(i for i, (a, b) in enumerate(zip(own, masked, strict=True)) if a != b)
                part = slice(at, at + SHOWN_BYTES)
                where = f"memory at {addr + at:#x}, after steps[{number}]"
                yield Fault("safety", where, own[part].hex(), content[part].hex())


def _device_writable(run: JSON) -> list[guest.Span]:
    """The regions that the device may write, of each memory that it ever has."""
    tables = [run["image"]["regions"], *(step.get("regions", []) for step in run["steps"])]
    return [
        (int(each["addr"], 16), int(each["len"], 16))
        for table in tables
        for each in table
        if each["permission"] & DEVICE_WRITES
    ]


# --- an answer's parts


def _typed(holder: JSON, key: str, kind: type, where: str) -> object:
    value = holder.get(key)
    if not isinstance(value, kind):
        raise Garbled(f"{where} has no {key} that is {TYPES[kind]}")
    return value


def _setup(setup: JSON, role: str) -> str:
    said = setup.get(role)
    if said not in SETUPS:
        raise Garbled(f"setup.{role} is {said!r}, neither ok nor refused")
    return SETUPS[said]


def _status(said: JSON, where: str) -> str:
    status = said.get("status")
    if status == "unsupported":
        raise Unsupported(f"{where}: unsupported")
    if status in STATUSES:
        return STATUSES[status]
    if status not in OTHER_STATUSES:
        raise Garbled(f"{where}.status is {status!r}")
    return status


def _chain(said: JSON, popped: bool, where: str) -> JSON:
    if not isinstance(said, dict) or said.get("kind") not in KINDS:
        raise Garbled(f"{where}.kind is none of {', '.join(KINDS)}")
    out = {"id": _typed(said, "id", int, where), "kind": said["kind"], "used_len": 0}
    for key in ("capacity", "used_len", "event"):
        if key in said:
            out[key] = _typed(said, key, int, where)
    if said["kind"] == "packet" and not (popped and "header" not in said):  # rx: not written yet
        header = _hex(said.get("header"), f"{where}.header")
        if len(header) != HEADER_BYTES:
            raise Garbled(f"{where}.header has {len(header)} bytes, not {HEADER_BYTES}")
        out["fields"] = fields(header)
        out["payload"] = _hex(said.get("payload", ""), f"{where}.payload").hex()
    elif said["kind"] == "reject":
        out["reason"] = str(said.get("reason", ""))
    return out


def fields(header: bytes) -> dict[str, str | int]:
    """A header's fields as vectors write them: 64 bits as text."""
    found: dict[str, str | int] = {}
    at = 0
    for name, size in FIELDS.items():
        value = int.from_bytes(header[at : at + size], "little")
        found[name] = hex(value) if size == 8 else value
        at += size
    return found


def _hex(text: object, where: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except (TypeError, ValueError):
        raise Garbled(f"{where} is no text of hex digits") from None
