# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The other side of rules that are else seen from one: what a driver may do beside what it may not, and
the words by which driver and device keep each other from notifying."""

from collections.abc import Iterator

from conformance.runner.vectors import JSON
from conformance.tools.memory import DEVICE, parts, reader, rx_answer, rx_steps, shown
from conformance.tools.shapes import FORMATS, accepting, deciding, either, ring, sizes, taken, vector, words

FOLDERS = (
    "split/sequence",
    "split/table-end",
    "split/reuse",
    "split/suppress",
    "packed/suppress",
    "packed/zero",
    "packed/referrer",
)
TAKEN = {"verdict": "accept"}
OUTSIDE = "0xfffffffffffff000"  # in no region


def sequences() -> Iterator[JSON]:
    """With IN_ORDER descriptors follow each other. A device may rely on that, or follow next."""
    for start in (0, 6, 7):
        slots = [(start + n) % 8 for n in range(2)]
        queue = {"role": "tx", "avail_index": start, "used_index": start}
        elements = [{"len": length, "slot": slot} for length, slot in zip((44, 100), slots, strict=True)]
        yield vector(
            f"split/sequence/ring-from-{start}",
            f"A chain through descriptors {', '.join(map(str, slots))} is taken with IN_ORDER",
            ["SPLIT-DESC-011"],
            {
                "image": ring("split", "IN_ORDER"),
                "queues": [queue],
                "steps": [{"add_chain": {"elements": elements}}, {"serve": {}}],
            },
            accepting({"step": 1, "chains": [taken(id=start)]}),
        )
    for slug, slots in (("skips", (0, 5)), ("falls", (5, 4))):
        elements = [{"len": length, "slot": slot} for length, slot in zip((44, 100), slots, strict=True)]
        yield vector(
            f"split/sequence/ring-{slug}",
            f"A chain that {slug} with IN_ORDER is refused, or followed by next",
            ["SPLIT-DESC-011"],
            {
                "image": ring("split", "IN_ORDER"),
                "steps": [{"add_chain": {"elements": elements}}, {"serve": {}}],
            },
            either("undefined", TAKEN, {"step": 1, "chains": [taken()]}),
        )
    table = [
        {"len": 44, "next": 2},
        {"len": 50, "next": 0, "flags_xor": 1},
        {"len": 50, "next": 1, "flags_xor": 1},
    ]
    chain = {"indirect": 1, "payload_fill": 9, "elements": table}
    yield vector(
        "split/sequence/table-out-of-order",
        "A table whose entries go 0, 2, 1 with IN_ORDER is refused, or followed by next",
        ["SPLIT-IND-011"],
        {"image": ring("split-indirect", "IN_ORDER"), "steps": [{"add_chain": chain}, {"serve": {}}]},
        either("undefined", TAKEN, {"step": 1, "chains": [taken(100, 9)]}),
    )


def table_ends() -> Iterator[JSON]:
    """What lies in a table behind the entry without NEXT is no part of the chain, wherever it points to."""
    for role in ("tx", "rx"):
        for last in (0, 1):
            elements: list[JSON] = [{"len": 144}] if last == 0 else [{"len": 44}, {"len": 100}]
            elements[-1]["flags_xor"] = 1
            spare = [{"len": 4096, "addr": OUTSIDE}, {"len": 4096, "addr": OUTSIDE}]
            chain = {"queue": role, "indirect": 1, "elements": [*elements, *spare]}
            chain |= {"payload_len": 100} if role == "tx" else {}
            more = [{"send": {"payload_len": 100}}] if role == "rx" else []
            packet = taken() if role == "tx" else {"kind": "packet", "fields": {"len": 100}, "used_len": 144}
            yield vector(
                f"split/table-end/{role}-at-{last}",
                f"An {role} table whose entry {last} has no NEXT ends there",
                ["SPLIT-IND-003"],
                {
                    "image": ring("split-indirect"),
                    "queues": [{"role": role}],
                    "steps": [{"add_chain": chain}, *more, {"serve": {"queue": role}}],
                },
                accepting({"step": 1 + len(more), "chains": [packet]}),
            )


def reuse() -> Iterator[JSON]:
    """A head that came back may be offered again, in the same batch of the driver and in the next."""
    for size in (1, 8):
        steps: list[JSON] = []
        answers: list[JSON] = []
        for turn in range(1, 4):
            steps += [
                {"add_chain": {"payload_fill": turn, "elements": [{"len": 54, "slot": size - 1}]}},
                {"serve": {}},
            ]
            answers.append({"step": len(steps) - 1, "chains": [taken(10, turn, id=size - 1)]})
        yield vector(
            f"split/reuse/head-{size - 1}-of-{size}",
            f"Head {size - 1} of {size} is offered again each time it came back",
            ["SPLIT-AVAIL-007"],
            {"queues": [{"role": "tx", "size": size}], "steps": steps},
            accepting(*answers),
        )


def told(
    id_: str, title: str, needs: list[str], features: tuple[str, ...], set_: list[JSON], yes: bool
) -> JSON:
    """Two packets in a batch, and whether the driver is told of them."""
    name = id_.split("/")[0]
    offered = [{"add_chain": {"payload_fill": n + 1, "elements": [{"len": 54}]}} for n in range(2)]
    answer = {"step": len(set_) + 2, "chains": [taken(10, 1), taken(10, 2)]}
    return vector(
        id_,
        title,
        needs,
        {"image": ring(name, *features), "steps": [*set_, *offered, {"serve": {"max": 2}}]},
        deciding(last=answer, yes=yes),
    )


def own_notify(made: JSON) -> JSON:
    """Where the driver is at fault, whether it is told is this library's own decision."""
    step = made["expect"]["spec"]["steps"][0]
    made["expect"]["vvs"]["steps"] = [{"step": step["step"], "notify": step.pop("notify")}]
    return made


def split_suppression() -> Iterator[JSON]:
    """Without EVENT_IDX the flags decide, and with it used_event: never the other one."""
    for event in (0, 1, 2, 7, 0x7FFF, 0x8000, 0xFFFE):
        for flags, need in ((0, "SPLIT-USUP-003"), (1, "SPLIT-USUP-002")):
            # A should of its own: a device that tells the driver all the same is not strict.
            needs = [need, "SPLIT-USUP-001", "SPLIT-USUP-007"] if flags == 0 else [need]
            yield told(
                f"split/suppress/flags-{flags}-event-{event}",
                f"A used_event of {event} changes nothing without EVENT_IDX, where the flags are {flags}",
                needs,
                (),
                [
                    {"set_word": {"word": "used_event", "value": event}},
                    {"set_word": {"word": "avail_flags", "value": flags}},
                ],
                flags == 0,
            )
    for event in (0, 1, 2, 0xFFFF):
        for flags in (0, 1):
            yes = event in (0, 1)
            needs = ["SPLIT-USUP-005", "SPLIT-USUP-008"] if yes else ["SPLIT-USUP-006"]
            if yes and flags:
                needs.append("SPLIT-USUP-004")
            yield told(
                f"split/suppress/event-{event}-flags-{flags}",
                f"Flags of {flags} change nothing with EVENT_IDX, where used_event is {event}",
                needs,
                ("EVENT_IDX",),
                [
                    {"set_word": {"word": "used_event", "value": event}},
                    {"set_word": {"word": "avail_flags", "value": flags}},
                ],
                yes,
            )


def device_flags() -> Iterator[JSON]:
    """The device's own flags as the driver finds them: 0 or 1, and with EVENT_IDX 0."""
    cases = (
        ("upper-byte", (), "disarm", DEVICE + 1, b"\0", "SPLIT-ASUP-001", "end in 0 after a disarm"),
        ("wanted", (), "arm", DEVICE, b"\0\0", "SPLIT-ASUP-001", "are 0 once kicks are wanted"),
        ("event-idx-disarmed", ("EVENT_IDX",), "disarm", DEVICE, b"\0\0", "SPLIT-ASUP-003",
         "stay 0 after a disarm with EVENT_IDX"),
        ("event-idx-armed", ("EVENT_IDX",), "arm", DEVICE, b"\0\0", "SPLIT-ASUP-003",
         "stay 0 after an arm with EVENT_IDX"),
    )  # fmt: skip
    for slug, features, ask, addr, content, need, said in cases:
        steps = rx_steps()
        asked: list[JSON] = [{"disarm": {"queue": "rx"}}, {"arm": {"queue": "rx"}}, {ask: {"queue": "rx"}}]
        yield vector(
            f"split/suppress/used-flags-{slug}",
            f"The used flags {said}",
            [need],
            {
                "image": ring("split", *features),
                "queues": [parts("rx"), {"role": "tx"}],
                "steps": [*steps, *asked, *reader(addr, len(content))],
            },
            accepting(rx_answer(steps, 0, 2), shown(len(steps) + 4, content)),
        )


def packed_suppression() -> Iterator[JSON]:
    """Offsets of events in the ring, at its end and outside it; and the value that needs EVENT_IDX."""
    for features, offset, wrap in ((("EVENT_IDX",), 0, 1), (("EVENT_IDX",), 1, 1), ((), 0, 1), ((), 7, 0)):
        made = told(
            f"packed/suppress/specific-{offset}-{'event-idx' if features else 'plain'}",
            f"An event at slot {offset} is told of {'with' if features else 'without'} EVENT_IDX",
            ["PACK-EVT-002", *(["PACK-EVT-003"] if features else [])],
            features,
            [
                {"set_word": {"word": "event_flags", "value": 2}},
                {"set_word": {"word": "event_offset", "value": offset | wrap << 15}},
            ],
            True,
        )
        yield made if features else own_notify(made)
    for offset in (8, 9, 100, 0x7FFE, 0x7FFF):
        for wrap in (0, 1):
            made = told(
                f"packed/suppress/outside-{offset}-wrap-{wrap}",
                f"An event offset of {offset} with wrap {wrap} does no harm in a packed ring of 8",
                ["PACK-EVT-005"],
                ("EVENT_IDX",),
                [
                    {"set_word": {"word": "event_flags", "value": 2}},
                    {"set_word": {"word": "event_offset", "value": offset | wrap << 15}},
                ],
                True,
            )
            yield own_notify(made)


def zero_rings() -> Iterator[JSON]:
    """A fresh ring is all zero and holds nothing; then its first list is taken."""
    for size in (1, 2, 3, 8, 100):
        for event in ((), ("EVENT_IDX",)):
            more = "-event-idx" if event else ""
            yield vector(
                f"packed/zero/size-{size}{more}",
                f"A ring of {size} zero descriptors is empty until a list is written"
                f"{', with EVENT_IDX' if event else ''}",
                ["PACK-LAY-005", "PACK-WRAP-002"],
                {
                    "image": ring("packed", *event),
                    "queues": [{"role": "tx", "size": size}],
                    "steps": [
                        {"serve": {}},
                        {"serve": {}},
                        {"add_chain": {"elements": [{"len": 54}]}},
                        {"serve": {}},
                    ],
                },
                accepting(
                    {"step": 0, "chains": [], "used": []},
                    {"step": 1, "chains": [], "used": []},
                    {"step": 3, "chains": [taken(10, id=0)], "used": [{"id": 0, "len": 0}]},
                ),
            )


def referrers() -> Iterator[JSON]:
    """WRITE on the descriptor that refers to a packed table means nothing, whatever the table holds."""
    for role in ("tx", "rx"):
        for flag in (0, 2):
            chain = {"queue": role, "indirect": 1, "table_flags_xor": flag, "elements": sizes(44, 100)}
            more = [{"send": {"payload_len": 100}}] if role == "rx" else []
            packet = taken() if role == "tx" else {"kind": "packet", "fields": {"len": 100}, "used_len": 144}
            yield vector(
                f"packed/referrer/{role}-{'write' if flag else 'plain'}",
                f"An {role} table parses, where its descriptor {'has' if flag else 'lacks'} WRITE,"
                f" in {words('packed')}",
                ["PACK-IND-003"],
                {
                    "image": {"features": FORMATS["packed-indirect"][0]},
                    "queues": [{"role": role}],
                    "steps": [{"add_chain": chain}, *more, {"serve": {"queue": role}}],
                },
                accepting({"step": 1 + len(more), "chains": [packet]}),
            )


def generate() -> Iterator[JSON]:
    families = (sequences, table_ends, reuse, split_suppression, device_flags)
    for family in (*families, packed_suppression, zero_rings, referrers):
        yield from family()
