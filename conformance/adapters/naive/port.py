# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A socket's queue at work: chains are popped, parsed, filled and returned, as a request's steps say."""

from dataclasses import dataclass, replace
from typing import Any

from conformance.adapters.naive.chain import Chain, Refused
from conformance.adapters.naive.packet import EVENT_BYTES, HEADER_BYTES, Packets, Send, payload_len
from conformance.adapters.naive.queue import IN_ORDER, CallerMistake, Position, Queue

JSON = dict[str, Any]
PLACES = ("avail_index", "used_index", "avail_wrap", "used_wrap")


def position_of(entry: JSON, absent: Position) -> Position:
    return replace(absent, **{place: entry[place] for place in PLACES if place in entry})


def send_of(entry: JSON) -> Send:
    header, payload = bytes.fromhex(entry["header"]), bytes.fromhex(entry["payload"])
    return Send(header, payload, entry.get("written", len(payload)), bool(entry.get("fit")))


class Waiting:
    """What the device has for the driver, the first first. It waits until a chain takes it."""

    def __init__(self, default: Send) -> None:
        self.sends: list[Send] = []
        self.events: list[int] = []
        self.default = default

    def add(self, step: JSON) -> None:
        self.sends += [send_of(each) for each in step.get("send", [])]
        self.events += step.get("events", [])

    def next_send(self) -> Send:
        return self.sends.pop(0) if self.sends else self.default

    def next_event(self) -> int:
        return self.events.pop(0) if self.events else 0


@dataclass
class Popped:
    """A chain that was popped and has to be returned."""

    chain: Chain
    capacity: int = 0  # rx: payload bytes there is room for
    used_len: int = 0
    usable: bool = True  # neither refused nor filled, and memory is what it was
    mistaken: bool = False  # it was to be filled with what can't be


class Port:
    """A queue with its role. A step's answer is filled in; what stops a step is raised."""

    def __init__(self, role: str, queue: Queue, packets: Packets, waiting: Waiting) -> None:
        self.role = role
        self.queue = queue
        self.packets = packets
        self.waiting = waiting
        self.saved = queue.position
        self.forget_all()

    def forget_all(self) -> None:
        self.popped: list[Popped] = []  # oldest first
        self.returned: Chain | None = None  # last

    # --- one chain

    def entry(self, popped: Popped, **more: object) -> JSON:
        kind = "event" if self.role == "event" else "packet"
        return {"kind": kind, "id": popped.chain.id, **more}

    def reject(self, popped: Popped, fault: Exception) -> JSON:
        popped.usable = False
        return {"kind": "reject", "id": popped.chain.id, "reason": str(fault)}

    def parse(self, popped: Popped) -> JSON:
        """What a chain holds, or that it is refused. Nothing is written."""
        chain = popped.chain
        try:
            if chain.refused:
                raise Refused(chain.refused)
            if self.role == "tx":
                header, payload = self.packets.receive(chain)
                return self.entry(popped, header=header.hex(), payload=payload.hex(), used_len=0)
            if self.role == "rx":
                popped.capacity = self.packets.capacity(chain)
                return self.entry(popped, capacity=popped.capacity)
            self.packets.check_event(chain)
            return self.entry(popped)
        except Refused as fault:
            return self.reject(popped, fault)

    def use(self, popped: Popped) -> JSON:
        """Write what the device has for the driver into a chain that parsed."""
        popped.usable = False
        if self.role == "event":
            event = self.waiting.next_event()
            self.packets.write_event(popped.chain, event)
            popped.used_len = EVENT_BYTES
            return self.entry(popped, event=event, used_len=popped.used_len)
        try:
            header, payload = self.packets.fill(popped.chain, popped.capacity, self.waiting.next_send())
        except CallerMistake as fault:
            popped.mistaken = True
            return self.reject(popped, fault)
        popped.used_len = HEADER_BYTES + payload_len(header)
        filled = self.entry(popped, header=header.hex(), payload=payload.hex())
        return filled | {"capacity": popped.capacity, "used_len": popped.used_len}

    def is_to_be_filled(self, popped: Popped) -> bool:
        return popped.usable and self.role != "tx"

    # --- steps

    def serve(self, step: JSON, answer: JSON) -> None:
        if self.queue.in_flight and self.queue.has(IN_ORDER):
            raise CallerMistake("IN_ORDER, and a popped chain is still out")
        answer |= {"chains": [], "notify": False}
        for _ in range(step.get("max", 1)):
            chain = self.queue.pop()
            if chain is None:
                answer["status"] = "empty"
                break
            popped = Popped(chain)
            answer["chains"].append(self.parse(popped))
            if self.is_to_be_filled(popped):
                answer["chains"][-1] = self.use(popped)
            self.queue.stage(chain, popped.used_len)
            self.queue.flush()
            # What holds if the ring breaks next, and the driver can't be asked any more.
            answer["notify"] = True
            if popped.mistaken:
                answer["status"] = "caller"
                break
        answer["notify"] = self.queue.decide()

    def pop(self, step: JSON, answer: JSON) -> None:
        answer["chains"] = []
        chain = self.queue.pop()
        if chain is None:
            answer["status"] = "empty"
            return
        self.popped.append(Popped(chain))
        answer["chains"].append(self.parse(self.popped[-1]))

    def chosen(self, step: JSON, answer: JSON, absent: int = 0) -> Popped | None:
        """The popped chain that a step names."""
        if not self.popped:
            answer["status"] = "none"
            return None
        return self.popped[step.get("which", absent) % len(self.popped)]

    def forget(self, popped: Popped) -> None:
        self.popped = [each for each in self.popped if each is not popped]

    def stage(self, popped: Popped, used_len: int) -> None:
        self.queue.stage(popped.chain, used_len)
        self.forget(popped)
        self.returned = popped.chain

    def publish(self, step: JSON, answer: JSON) -> None:
        if step.get("again"):
            self.publish_again(answer)
            return
        popped = self.chosen(step, answer)
        if popped is None:
            return
        if self.is_to_be_filled(popped):
            answer["chains"] = [self.use(popped)]
        self.stage(popped, popped.used_len)
        if not step.get("stage"):
            self.flush(step, answer)
        if popped.mistaken:
            answer["status"] = "caller"

    def publish_again(self, answer: JSON) -> None:
        if self.returned is None:
            answer["status"] = "none"
        else:
            self.queue.stage(self.returned, 0)

    def abort(self, step: JSON, answer: JSON) -> None:
        popped = self.chosen(step, answer)
        if popped is not None:
            self.stage(popped, 0)
            self.flush(step, answer)

    def flush(self, step: JSON, answer: JSON) -> None:
        self.queue.flush()
        if not step.get("quiet"):
            self.notify(step, answer)

    def undo(self, step: JSON, answer: JSON) -> None:
        popped = self.chosen(step, answer, absent=-1)
        if popped is not None:
            self.queue.undo(popped.chain)
            self.forget(popped)

    def arm(self, step: JSON, answer: JSON) -> None:
        answer["more"] = self.queue.arm()

    def disarm(self, step: JSON, answer: JSON) -> None:
        self.queue.disarm()

    def notify(self, step: JSON, answer: JSON) -> None:
        answer["notify"] = self.queue.decide()

    def save(self, step: JSON, answer: JSON) -> None:
        self.saved = self.queue.save()

    def restore(self, step: JSON, answer: JSON) -> None:
        self.forget_all()
        self.queue.go_on(position_of(step, self.saved))

    def restart(self, step: JSON, answer: JSON) -> None:
        self.forget_all()
        if any(place in step for place in PLACES):
            self.queue.go_on(position_of(step, Position()))
        else:
            self.queue.start(Position(), fresh=True)
