# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Shapes that real drivers make and the recordings lack, in all ring formats that the driver speaks.

The bytes are made up; lengths, counts, places and features are the drivers'.
"""

from collections.abc import Iterator

from conformance.runner.vectors import JSON
from conformance.tools import traffic
from conformance.tools.shapes import (
    FORMATS,
    FROM_DEVICE,
    HEADER,
    accepting,
    either,
    ring,
    sizes,
    taken,
    total,
    vector,
    words,
)

FOLDERS = (
    "driver/viosock",
    "driver/virtio-drivers",
    "driver/linux-fallback",
    "driver/linux-46-elements",
    "driver/laps",
    "driver/restarted",
    "driver/idle-kick",
    "driver/adjacent-regions",
)
PAGE = 4096


def sent(payload_len: int, capacity: int, **more: object) -> tuple[JSON, JSON]:
    """A packet from the device and its answer: any device's, and what this library says of the room."""
    packet = {"kind": "packet", **more, "fields": FROM_DEVICE | {"len": payload_len}}
    return packet | {"used_len": HEADER + payload_len}, {"kind": "packet", "capacity": capacity}


def viosock() -> Iterator[JSON]:
    """Windows: header and a page, always in an indirect table, which is 8-aligned and no more."""
    for name in ("split-indirect", "packed-indirect"):
        for aligned in (8, 0):
            table = {"indirect": 1, "table_addr": f"{0x280000 + aligned:#x}"}
            where = "8-aligned" if aligned else "16-aligned"
            need = "SPLIT-IND-006" if name == "split-indirect" else "PACK-IND-001"
            image = ring(name, "EVENT_IDX")
            for length in (1, 1000, PAGE):
                yield vector(
                    f"driver/viosock/{name}-tx-{length}-{where}",
                    f"44 and {length} of a page, by an {where} table, parse in {words(name)}",
                    [need, "SPLIT-FRM-004"],
                    {
                        "image": image,
                        "queues": [{"role": "tx", "size": 128}],
                        "steps": [{"add_chain": table | {"elements": sizes(HEADER, length)}}, {"serve": {}}],
                    },
                    accepting({"step": 1, "chains": [taken(length)]}),
                )
            steps: list[JSON] = [
                {"add_chain": {"queue": "rx"} | table | {"elements": sizes(HEADER, PAGE)}},
                {"send": FROM_DEVICE | {"payload_len": PAGE}},
                {"serve": {"queue": "rx"}},
            ]
            packet, room = sent(PAGE, PAGE)
            yield vector(
                f"driver/viosock/{name}-rx-{where}",
                f"A buffer of 44 and a page, by an {where} table, takes a page in {words(name)}",
                [need, "SPLIT-FRM-005"],
                {"image": image, "queues": [{"role": "rx", "size": 128}], "steps": steps},
                accepting({"step": 2, "chains": [packet]}, own=({"step": 2, "chains": [room]},)),
            )


def virtio_drivers() -> Iterator[JSON]:
    """Rust guests: queues of 8, rx buffers of 512, and control packets with an element of no bytes behind."""
    for name in ("split", "split-indirect"):
        yield vector(
            f"driver/virtio-drivers/{name}-control",
            f"A control packet of 44 and 0 bytes is refused or parses in {words(name)}",
            ["SPLIT-DESC-013"],
            {
                "image": ring(name, "EVENT_IDX"),
                "steps": [
                    {"add_chain": {"op": 1, **FORMATS[name][1], "elements": sizes(HEADER, 0)}},
                    {"serve": {}},
                ],
            },
            either(
                "undefined",
                {"verdict": "accept"},
                {"step": 1, "chains": [{"kind": "packet", "fields": {"op": 1, "len": 0}, "payload": ""}]},
            ),
        )
        steps: list[JSON] = [
            {"add_chain": {"queue": "rx", "count": 8, **FORMATS[name][1], "elements": sizes(512)}}
        ]
        answers: list[JSON] = []
        own: list[JSON] = []
        for number, length in enumerate((0, 1, 100, 468, 468, 467, 2, 0)):
            packet, room = sent(length, 468, id=number)
            steps += [{"send": FROM_DEVICE | {"payload_len": length}}, {"serve": {"queue": "rx"}}]
            answers.append({"step": len(steps) - 1, "chains": [packet]})
            own.append({"step": len(steps) - 1, "chains": [room]})
        yield vector(
            f"driver/virtio-drivers/{name}-rx",
            f"Eight buffers of 512 are the whole of {words(name)}, and take up to 468 bytes each",
            ["SPLIT-FRM-005", "SPLIT-USED-006"],
            {"image": ring(name, "EVENT_IDX"), "queues": [{"role": "rx"}], "steps": steps},
            accepting(*answers, own=tuple(own)),
        )
        yield vector(
            f"driver/virtio-drivers/{name}-tx",
            f"A packet of 44 and 512 bytes parses in {words(name)} of 8 entries",
            ["SPLIT-FRM-004", "VSOCK-HDR-003"],
            {
                "image": ring(name, "EVENT_IDX"),
                "steps": [{"add_chain": {**FORMATS[name][1], "elements": sizes(HEADER, 512)}}, {"serve": {}}],
            },
            accepting({"step": 1, "chains": [taken(512)]}),
        )


def fallback() -> Iterator[JSON]:
    """Without memory for a table a driver falls back to the ring, whose free entries are in no order."""
    orders = {
        "falling": (7, 6),
        "scattered": (127, 0),
        "between-tables": (17, 2),
        "long": (3, 120, 64, 9, 126, 1),
    }
    for slug, slots in orders.items():
        elements: list[JSON] = [{"len": HEADER if not n else 100, "slot": s} for n, s in enumerate(slots)]
        length = 100 * (len(slots) - 1)
        table = {"indirect": 1, "payload_fill": 1, "elements": [{"len": HEADER}, {"len": 100}]}
        direct = {"payload_fill": 2, "head": slots[0], "elements": elements}
        steps: list[JSON] = [{"add_chain": table}, {"add_chain": direct}]
        chains = [taken(100, 1, id=0), taken(length, 2, id=slots[0])]
        if slug == "scattered":  # the table's descriptor would be in slot 0, which this chain ends in
            steps, chains = steps[1:], chains[1:]
        yield vector(
            f"driver/linux-fallback/{slug}",
            f"A direct chain through slots {', '.join(map(str, slots))} parses where tables are negotiated",
            ["SPLIT-DESC-004", "SPLIT-USED-002", *(["SPLIT-FRM-004"] if len(slots) > 2 else [])],
            {
                "image": ring("split-indirect", "EVENT_IDX"),
                "queues": [{"role": "tx", "size": 128}],
                "steps": [*steps, {"serve": {"max": len(chains)}}],
            },
            accepting({"step": len(steps), "chains": chains}),
        )
    yield vector(
        "driver/linux-fallback/packed-direct",
        "A direct list behind an indirect one parses where tables are negotiated",
        ["PACK-SG-001", "SPLIT-FRM-004"],
        {
            "image": ring("packed-indirect", "EVENT_IDX"),
            "queues": [{"role": "tx", "size": 128}],
            "steps": [
                {"add_chain": {"indirect": 1, "payload_fill": 1, "elements": sizes(HEADER, 100)}},
                {"add_chain": {"payload_fill": 2, "elements": sizes(HEADER, 100, 50)}},
                {"serve": {"max": 2}},
            ],
        },
        accepting({"step": 2, "chains": [taken(100, 1, id=0), taken(150, 2, id=1)]}),
    )


def many_elements() -> Iterator[JSON]:
    """A kernel can be built with 45 fragments a packet: with the header 46 elements, odd ends included."""
    fragments = (1000, *[PAGE] * 12, *[480] * 31, 504)
    elements = sizes(HEADER, *fragments)
    for name in FORMATS:
        yield vector(
            f"driver/linux-46-elements/{name}",
            f"A zero-copy packet in 46 elements parses in {words(name)}",
            ["SPLIT-FRM-004", "SPLIT-FRM-007"],
            {
                "image": {"features": FORMATS[name][0]},
                "queues": [{"role": "tx", "size": 128}],
                "steps": [{"add_chain": {**FORMATS[name][1], "elements": elements}}, {"serve": {}}],
            },
            accepting({"step": 1, "chains": [taken(sum(fragments))]}),
        )


def laps() -> Iterator[JSON]:
    """Two full laps and more of the packed rings of 128 that Linux uses, full each time, and half full."""
    for name, slots, batch in (("packed", 2, 64), ("packed-indirect", 1, 64), ("packed", 1, 128)):
        steps: list[JSON] = []
        answers: list[JSON] = []
        serial = 0
        for _ in range(2 * 128 // (slots * batch) + 1):
            elements = sizes(HEADER, 4) if slots == 2 or name == "packed-indirect" else sizes(HEADER + 4)
            steps += [
                {"add_chain": {"count": batch, **FORMATS[name][1], "elements": elements}},
                {"serve": {"max": batch}},
            ]
            numbers = [(serial + n) % 128 for n in range(batch)]
            serial += batch
            answers.append({"step": len(steps) - 1, "used": [{"id": n, "len": 0} for n in numbers]})
        yield vector(
            f"driver/laps/{name}-{slots}-by-{batch}",
            f"Lists of {slots} go around {words(name)} of 128 twice and more, {batch} at a time",
            ["PACK-WRAP-001", "PACK-WRAP-003", "PACK-NEXT-003"],
            {"image": ring(name, "EVENT_IDX"), "queues": [{"role": "tx", "size": 128}], "steps": steps},
            accepting(*answers),
        )


def restarted() -> Iterator[JSON]:
    """A backend that takes a running queue over starts where the other one stood."""
    places = {
        "split": ({"avail_index": 40000, "used_index": 40000}, {"avail_index": 65535, "used_index": 65535}),
        "packed": (
            {"avail_index": 77, "used_index": 77, "avail_wrap": 0, "used_wrap": 0},
            {"avail_index": 127, "used_index": 127, "avail_wrap": 1, "used_wrap": 1},
        ),
    }
    for name, starts in places.items():
        for start in starts:
            at = start["avail_index"]
            offered = [
                {"add_chain": {"payload_fill": n + 1, "elements": sizes(HEADER, 100)}} for n in range(3)
            ]
            chains = [taken(100, n + 1) for n in range(3)]
            serve = {"serve": {"max": 3}}
            need = ["SPLIT-AVAIL-002", "SPLIT-USED-004"] if name == "split" else ["PACK-WRAP-001"]
            yield vector(
                f"driver/restarted/{name}-taken-over-at-{at}",
                f"A backend that takes {words(name)} over at {at} goes on there",
                need,
                {
                    "image": ring(name, "EVENT_IDX"),
                    "queues": [{"role": "tx", "size": 128, **start}],
                    "steps": [*offered, serve, serve],
                },
                accepting({"step": 3, "chains": chains}, {"step": 4, "chains": [], "used": []}),
            )
            yield vector(
                f"driver/restarted/{name}-restarted-at-{at}",
                f"A queue that was used, then reset and set to {at}, goes on there in {words(name)}",
                need,
                {
                    "image": ring(name, "EVENT_IDX"),
                    "queues": [{"role": "tx", "size": 128}],
                    "steps": [*offered, serve, {"restart": start}, *offered, serve],
                },
                accepting({"step": 3, "chains": chains}, {"step": 8, "chains": chains}),
            )


def reset() -> Iterator[JSON]:
    """A driver that is loaded again finds a queue like a new one, wherever the last one left it."""
    for name in ("split", "packed"):
        for before in (5, 8, 13, 16):
            first, second = min(before, 8), max(before - 8, 0)
            one = {"elements": sizes(54)}
            steps: list[JSON] = [{"add_chain": {"count": first} | one}, {"serve": {"max": first}}]
            if second:
                steps += [{"add_chain": {"count": second} | one}, {"serve": {"max": second}}]
            steps.append({"restart": {}})
            steps += [{"add_chain": {"payload_fill": n + 1} | one} for n in range(3)]
            serve = {"serve": {"max": 8}}
            yield vector(
                f"driver/restarted/{name}-new-after-{before}",
                f"After a reset {words(name)} is like a new one, with {before} chains behind it",
                ["SPLIT-AVAIL-002", "SPLIT-USED-004"] if name == "split" else ["PACK-WRAP-001"],
                {"image": ring(name, "EVENT_IDX"), "steps": [*steps, serve, serve]},
                accepting(
                    {"step": len(steps), "chains": [taken(10, n + 1) for n in range(3)]},
                    {"step": len(steps) + 1, "chains": [], "used": []},
                ),
            )


def idle_kicks() -> Iterator[JSON]:
    """Linux kicks its rx queue when it has filled it, and any queue once more than there are chains."""
    for name in ("split", "packed"):
        serve = {"serve": {"queue": "rx", "max": 128}}
        filled = {"add_chain": {"queue": "rx", "count": 3, "elements": sizes(3776)}}
        steps: list[JSON] = [{"serve": {"queue": "event"}}, {"serve": {"queue": "tx"}}, serve]
        steps += [filled, *[{"send": FROM_DEVICE | {"payload_len": 20}}] * 3, serve, serve]
        chains = [sent(20, 3732, id=n)[0] for n in range(3)]
        none = [{"step": n, "chains": [], "used": []} for n in (0, 1, 2, 8)]
        yield vector(
            f"driver/idle-kick/{name}",
            f"Kicks on empty queues change nothing, before and after traffic, in {words(name)}",
            ["DEV-NTF-002", "SPLIT-ASUP-005" if name == "split" else "PACK-DESC-005"],
            {
                "image": ring(name, "EVENT_IDX"),
                "queues": [{"role": role, "size": 128} for role in ("rx", "tx", "event")],
                "steps": steps,
            },
            accepting(*none[:3], {"step": 7, "chains": chains}, none[3]),
        )


def adjacent() -> Iterator[JSON]:
    """Memory in slots that touch in guest addresses and are apart on the host, as after hot-plug."""
    border = 0x500000
    regions = [
        {"addr": "0x100000", "len": f"{border - 0x100000:#x}"},
        {"addr": f"{border:#x}", "len": "0x100000"},
    ]
    places = {
        "header": [{"len": HEADER, "addr": f"{border - 20:#x}"}, {"len": 100}],
        "payload": [{"len": HEADER}, {"len": PAGE, "addr": f"{border - 2000:#x}"}],
        "whole": [{"len": HEADER + 100, "addr": f"{border - 60:#x}"}],
        "up-to-border": [{"len": HEADER}, {"len": PAGE, "addr": f"{border - PAGE:#x}"}],
        "from-border": [{"len": HEADER}, {"len": PAGE, "addr": f"{border:#x}"}],
    }
    for name in FORMATS:
        for slug, elements in places.items():
            length = sum(element["len"] for element in elements) - HEADER
            chain = {**FORMATS[name][1], "elements": elements}
            yield vector(
                f"driver/adjacent-regions/{name}-tx-{slug}",
                f"A tx packet lies {slug.replace('-', ' ')} at the border of two slots in {words(name)}",
                ["SPLIT-DESC-012"],
                {
                    "image": {"features": FORMATS[name][0]},
                    "regions": regions,
                    "steps": [{"add_chain": chain}, {"serve": {}}],
                },
                accepting({"step": 1, "chains": [taken(length)]}),
            )
            placed = [{"len": each["len"], "addr": each["addr"]} for each in elements if "addr" in each]
            if slug in ("whole", "payload"):
                yield _read_back(name, slug, regions, chain, placed, length)
        if "indirect" in name:
            table = FORMATS[name][1] | {"table_addr": f"{border - 16:#x}", "elements": sizes(HEADER, 100)}
            yield vector(
                f"driver/adjacent-regions/{name}-table",
                f"A table with an entry on each side of the border of two slots is whole in {words(name)}",
                ["SPLIT-IND-006" if name == "split-indirect" else "PACK-IND-001"],
                {
                    "image": {"features": FORMATS[name][0]},
                    "regions": regions,
                    "steps": [{"add_chain": table}, {"serve": {}}],
                },
                accepting({"step": 1, "chains": [taken()]}),
            )


def _read_back(
    name: str, slug: str, regions: list[JSON], chain: JSON, placed: list[JSON], length: int
) -> JSON:
    """An rx buffer over the border, and what the driver then finds on both sides of it."""
    steps: list[JSON] = [
        {"add_chain": {"queue": "tx", "payload_fill": 0xEE, "elements": [{"len": HEADER}, *placed]}},
        {"add_chain": {"queue": "rx"} | chain},
        {"send": FROM_DEVICE | {"payload_fill": 0x42, "payload_len": length}},
        {"serve": {"queue": "rx"}},
        {"serve": {"queue": "tx"}},
    ]
    packet, room = sent(length, length)
    size = total(placed)
    content: JSON = {"fill": 0x42, "len": size}
    if slug == "whole":
        content = (traffic.packed(FROM_DEVICE | {"len": length}) + b"\x42" * length).hex()
    read = {"kind": "packet", "fields": {"len": size}, "payload": content, "used_len": 0}
    return vector(
        f"driver/adjacent-regions/{name}-rx-{slug}",
        f"A packet is written over the border of two slots, {slug}, in {words(name)}",
        ["SPLIT-DESC-012", "SPLIT-FRM-005"],
        {
            "image": {"features": FORMATS[name][0]},
            "regions": regions,
            "queues": [{"role": "rx"}, {"role": "tx"}],
            "steps": steps,
        },
        accepting(
            {"step": 3, "chains": [packet]},
            {"step": 4, "chains": [read]},
            own=({"step": 3, "chains": [room]},),
        ),
    )


def generate() -> Iterator[JSON]:
    families = (
        viosock,
        virtio_drivers,
        fallback,
        many_elements,
        laps,
        restarted,
        reset,
        idle_kicks,
        adjacent,
    )
    for family in families:
        yield from family()
