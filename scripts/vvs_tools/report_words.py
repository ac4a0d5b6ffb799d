# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A scenario in sentences: what the guest did, and what its device was told to do."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from vvs_tools import dictionary

MOST_BOXES = 6
MOST_HEX = 64
PACKET = re.compile(r"packet (\S+):(\d+) -> (\S+):(\d+), type (\d+), op (\d+), len (\d+), flags (\S+)")
# Of a race: what is counted by its number, and what there is one of.
ITEMS = {
    "desc": "descriptor {}",
    "avail_slot": "entry {} of the available ring",
    "table_entry": "entry {} of the indirect table",
    "header": "byte {} of the packet's header",
    "payload": "byte {} of the payload",
    "packed_flags": "the flags of descriptor {}",
    "avail_idx": "the available index",
    "avail_flags": "the flags of the available ring",
    "used_event": "the word used_event",
    "event_flags": "the driver's event flags",
    "event_offset": "the driver's event offset",
}

JSON = dict[str, Any]


@dataclass(frozen=True)
class Sentence:
    """What one step comes to."""

    who: str
    text: str
    added: bool = False  # by the target, behind the input's own steps


@cache
def name_of(prefix: str, value: int) -> str:
    """`value` and the specification's word for it."""
    known = dictionary.constants(dictionary.SPEC.read_text())
    for name, number in known.items():
        if name.startswith(prefix) and number == value:
            return f"{value} ({name.removeprefix(prefix)})"
    return f"{value} (which the specification does not know)"


def count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def buffers(boxes: list[JSON]) -> str:
    """The elements of a chain, in its order."""
    told = []
    for box in boxes[:MOST_BOXES]:
        if "more" in box:
            told.append(f"{box['more']} more")
            continue
        odd = box.get("odd", "")
        if "indirect" in odd:
            told.append(f"a table of {count(box['len'], 'byte')} at {box['addr']}")
            continue
        may = "may write" if box["way"] == "W" else "may only read"
        text = f"{count(box['len'], 'byte')} at {box['addr']} that the device {may}"
        text += ", which lie in no memory" if "unmapped" in odd else ""
        if "to" in box:
            text += f", with a `next` that leads to descriptor {box['to']}"
        told.append(text)
    if len(boxes) > MOST_BOXES:
        told.append(f"{len(boxes) - MOST_BOXES} more")
    return "; then ".join(told) or "no descriptor"


def packet(note: str) -> str:
    found = PACKET.search(note)
    if not found:
        return note
    source, from_port, target, to_port, type_, op, length, flags = found.groups()
    return (
        f"The bytes for the device are a packet from CID {source} port {from_port} to CID {target} port "
        f"{to_port}: op {name_of('VVS_OP_', int(op))}, type {name_of('VVS_TYPE_', int(type_))}, flags "
        f"{flags}; its header says {count(int(length), 'byte')} of payload."
    )


def chain(step: JSON, said: JSON, queue: str) -> str:
    made = step.get("chains", [])
    many = said.get("count", 1)
    verb = "writes, but does not make available," if said.get("hold") else "makes available"
    text = f"{verb} {'one chain' if many == 1 else count(many, 'chain')} of buffers on the {queue} queue"
    if made:
        first = made[0]
        what = buffers(first["boxes"])
        if "table" in first:
            what += f", whose entries are: {buffers(first['table']['boxes'])}"
        text += f"{'' if many == 1 else ', the first of them'}: {what}"
    notes = [packet(note) for note in step.get("notes", [])[:1]]
    return " ".join([f"{text}.", *notes])


def written(said: JSON, place: str) -> str:
    if "bytes" in said:
        what = said["bytes"]
        shown = what if len(what) <= MOST_HEX else f"{what[:MOST_HEX]}..."
        return f"writes {count(len(what) // 2, 'byte')} at {place}: {shown}."
    return f"writes {count(said.get('len', 0), 'byte')} of value {said.get('fill', 0)} at {place}."


def driver(name: str, step: JSON, said: JSON, queue: str) -> str:
    if name == "add_chain":
        return chain(step, said, queue)
    if name == "set_word":
        word, value = said.get("word", "avail_idx"), said.get("value", 0)
        if word == "next_avail":
            return (
                f"goes on at position {value & 0x7FFF} of the {queue} queue; what it had offered and the "
                "device has not taken is taken back."
            )
        return f"sets {word} of the {queue} queue to {value}."
    if name == "write":
        return written(said, said.get("addr", "the start of the buffers"))
    if name == "set_memory":
        return f"gives the device a new memory table{rest(said)}."
    if name == "restart":
        return f"starts the {queue} queue over, and so does the device{rest(said)}."
    return f"{name}{rest(said)}."


def rest(said: JSON) -> str:
    told = ", ".join(f"{key} {value}" for key, value in said.items() if key != "queue")
    return f" ({told})" if told else ""


def returned(said: JSON) -> str:
    which = f"chain {said['which']} of those that it holds" if "which" in said else "the oldest that it holds"
    return "a chain that was returned before" if said.get("again") else which


def device(name: str, said: JSON, queue: str) -> str:
    where = f"the {queue} queue"
    if name == "serve":
        most = said.get("max", 1)
        return f"serves {where}: it takes {count(most, 'chain')} at most, handles each and returns it."
    if name == "pop":
        return f"takes the next chain of {where} and parses it."
    if name == "publish":
        hidden = ", not shown to the driver yet" if said.get("stage") else ""
        return f"returns a chain of {where}, {returned(said)}{hidden}."
    if name == "abort":
        return f"gives up a chain of {where}, {returned(said)}: it goes back with length 0."
    texts = {
        "flush": f"shows the driver what it has returned on {where}.",
        "undo": f"takes its newest pop on {where} back.",
        "arm": f"asks for a notification with the next chain on {where}, and looks again.",
        "disarm": f"asks for no notifications on {where}.",
        "notify": f"decides whether the driver must be notified of {where}.",
        "save": f"keeps where it stands in {where}.",
        "restore": f"starts over in {where} where it was saved{rest(said)}.",
        "send": f"gets a packet for the driver, to go into its next rx chain{rest(said)}.",
        "send_event": f"gets event {said.get('event', 0)} for the driver.",
    }
    return texts[name]


def sentences(scenario: JSON, drawn: JSON, own: int) -> list[Sentence]:
    """One a step; those from number `own` on are not the input's."""
    queues = scenario.get("queues", [])
    default = queues[0].get("role", "tx") if queues else "tx"
    found = []
    for number, (record, step) in enumerate(zip(scenario.get("steps", []), drawn["steps"], strict=True)):
        ((name, said),) = record.items()
        queue = said.get("queue", default)
        if step.get("device"):
            found.append(Sentence("The device", device(name, said, queue), number >= own))
        else:
            found.append(Sentence("The driver", driver(name, step, said, queue), number >= own))
    return found


def before(scenario: JSON) -> Iterator[str]:
    """What the guest is, and what it does at no step's time."""
    features = scenario.get("image", {}).get("features", ["VERSION_1"])
    ring = "packed" if "RING_PACKED" in features else "split"
    queues = [
        f"{queue.get('role', 'tx')} of size {queue.get('size', 8)}" for queue in scenario.get("queues", [{}])
    ]
    yield f"Driver and device have negotiated {', '.join(features)}."
    yield f"They use {ring} rings: {', '.join(queues)}."
    has_rx = any(queue.get("role") == "rx" for queue in scenario.get("queues", []))
    if has_rx and not any("send" in step for step in scenario.get("steps", [])):
        yield (
            "For each rx chain the device has a packet of its own: op 5 (RW), with as much payload as there "
            "is room for, at most 64 bytes."
        )
    for span in scenario.get("spans", []):
        yield f"Beforehand the driver {written(span, span.get('addr', 'the start of the buffers'))}"
    for race in scenario.get("races", []):
        item = race.get("item", "desc")
        what = ITEMS.get(item, item).format(race.get("index", 0))
        times = race.get("after", 0)
        when = "once" if not times else f"{times + 1} times"
        yield (
            f"As soon as the device has read {what} {when}, another processor of the guest writes "
            f"{race.get('bytes', '')} over it"
            + (f", {race['offset']} bytes behind its start." if race.get("offset") else ".")
        )
