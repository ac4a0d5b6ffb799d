# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What lies in ring memory: images written byte by byte, and rings read back after they were used.

A ring is read back through a tx packet whose payload lies over it; nothing is poured there.
"""

import struct
from collections.abc import Iterator

from conformance.runner.vectors import JSON
from conformance.tools import traffic
from conformance.tools.shapes import (
    FIELDS,
    FORMATS,
    accepting,
    refused,
    ring,
    safe,
    taken,
    vector,
)

FOLDERS = ("split/memory", "packed/memory")
SIZE = 8
DESC, DRIVER, DEVICE = 0x200000, 0x200200, 0x200400  # the parts of the ring under test
TABLE = 0x200600
BUFFERS = 0x210000
HEADER_AT = 0x300000  # of the packet that reads back
HIGH = 0x0102030405060000  # a region whose addresses are other ones when their bytes are swapped
NEXT, WRITE, INDIRECT = 1, 2, 4


def descriptor(addr: int, length: int, flags: int, following: int) -> bytes:
    return struct.pack("<QIHH", addr, length, flags, following)


def words(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}H", *values)


def parts(role: str, **more: object) -> JSON:
    return {"role": role, "desc": f"{DESC:#x}", "driver": f"{DRIVER:#x}", "device": f"{DEVICE:#x}", **more}


def reader(addr: int, length: int) -> list[JSON]:
    """Steps that show `length` bytes of memory as the payload of a tx packet."""
    elements = [{"len": 44, "addr": f"{HEADER_AT:#x}"}, {"len": length, "addr": f"{addr:#x}"}]
    add = {"queue": "tx", "hdr_len": length, "payload_len": 0, "elements": elements}
    return [{"add_chain": add}, {"serve": {"queue": "tx"}}]


def shown(step: int, content: bytes) -> JSON:
    packet = {"kind": "packet", "fields": {"len": len(content)}, "payload": content.hex(), "used_len": 0}
    return {"step": step, "chains": [packet]}


def image_chain(descriptors: bytes, *buffers: tuple[int, bytes]) -> list[JSON]:
    """Spans that put descriptors and buffers into guest memory."""
    return [{"addr": f"{DESC:#x}", "bytes": descriptors.hex()}] + [
        {"addr": f"{addr:#x}", "bytes": content.hex()} for addr, content in buffers
    ]


def header(length: int) -> bytes:
    return traffic.packed(FIELDS | {"len": length})


def whole(length: int, **more: object) -> JSON:
    packet = {"kind": "packet", **more, "fields": FIELDS | {"len": length}}
    return packet | {"payload": {"fill": 7, "len": length}, "used_len": 0}


def split_images() -> Iterator[JSON]:
    """Rings as bytes: head 5 in slot 0, one element of 0x0190 bytes, and the same with fields swapped."""
    addr, length, payload = HIGH + 0x0708, 0x0190, 0x0190 - 44
    packet = (addr, header(payload) + bytes([7]) * payload)
    good = descriptor(addr, length, 0, WRITE)

    def scenario(fifth: bytes, index: bytes, slot: bytes = words(5)) -> JSON:
        return {
            "regions": [{"addr": "0x100000", "len": "0x400000"}, {"addr": f"{HIGH:#x}", "len": "0x10000"}],
            "queues": [parts("tx")],
            "spans": image_chain(bytes(16 * 5) + fifth, packet),
            "steps": [
                {"write": {"addr": f"{DRIVER + 4:#x}", "bytes": slot.hex()}},
                {"write": {"addr": f"{DRIVER + 2:#x}", "bytes": index.hex()}},
                {"serve": {"queue": "tx"}},
            ],
        }

    twin = {"twin": "split/memory/image"}
    yield vector(
        "split/memory/image",
        "A split ring written as little-endian bytes is read as such",
        ["SPLIT-LAY-005", "SPLIT-DESC-001", "SPLIT-AVAIL-001", "SPLIT-AVAIL-005", "SPLIT-AVAIL-006"],
        scenario(good, words(1)),
        accepting({"step": 2, "chains": [whole(payload, id=5)], "used": [{"id": 5, "len": 0}]}),
    )
    yield vector(
        "split/memory/image-idx-swapped",
        "An available idx of 1 in big-endian bytes is an index of 256",
        ["SPLIT-LAY-005", "SPLIT-AVAIL-005"],
        scenario(good, words(1)[::-1]),
        safe("queue-error", "VVS_E_AVAIL_INDEX"),
        **twin,
    )
    yield vector(
        "split/memory/image-slot-swapped",
        "A head of 5 in big-endian bytes is a head of 1280",
        ["SPLIT-LAY-005", "SPLIT-AVAIL-006"],
        scenario(good, words(1), words(5)[::-1]),
        safe("queue-error", "VVS_E_HEAD"),
        **twin,
    )
    yield vector(
        "split/memory/image-addr-swapped",
        "An address in big-endian bytes is another address",
        ["SPLIT-LAY-005", "SPLIT-DESC-001"],
        scenario(good[7::-1] + good[8:], words(1)),
        refused("VVS_E_ADDR"),
        **twin,
    )
    yield vector(
        "split/memory/image-flags-and-next-swapped",
        "A descriptor with flags and next in each other's place is another chain",
        ["SPLIT-DESC-001"],
        scenario(good[:12] + good[14:] + good[12:14], words(1)),
        safe("reject", "VVS_E_DIRECTION"),
        **twin,
    )


def used_events() -> Iterator[JSON]:
    """used_event lies behind the last slot: at another offset is a head that is never reached."""
    for size in (1, 2, 8, 64, 256, 1024):
        head = size - 1
        poison = [{"addr": f"{DRIVER + 4:#x}", "len": 2 * size, "fill": 0xEE}]
        desc, driver, device = DESC, DRIVER, DEVICE
        if size > 8:
            desc, driver, device = 0x200000, 0x210000, 0x220000
            poison[0]["addr"] = f"{driver + 4:#x}"
        queue = {"role": "tx", "size": size, "desc": f"{desc:#x}", "driver": f"{driver:#x}"}
        yield vector(
            f"split/memory/used-event-of-{size}",
            f"used_event is read behind the {size} slots of the available ring",
            ["SPLIT-AVAIL-001", "SPLIT-USUP-005"],
            {
                "image": ring("split", "EVENT_IDX"),
                "queues": [queue | {"device": f"{device:#x}"}],
                "spans": poison,
                "steps": [
                    {"write": {"addr": f"{driver + 4 + 2 * size:#x}", "bytes": "0000"}},
                    {"add_chain": {"elements": [{"len": 144, "slot": head}]}},
                    {"serve": {}},
                    {"write": {"addr": f"{driver + 4 + 2 * size:#x}", "bytes": "0100"}},
                    {"add_chain": {"elements": [{"len": 144, "slot": head}]}},
                    {"serve": {}},
                ],
            },
            accepting(
                {"step": 2, "chains": [taken(id=head)], "notify": True},
                {"step": 5, "chains": [taken(id=head)], "notify": True},
            ),
        )


# Two rx buffers, the first of two elements.
RX_ELEMENTS = (((BUFFERS, 44), (BUFFERS + 0x100, 100)), ((BUFFERS + 0x200, 400),))
RX_SENT = (60, 10)


def rx_steps(indirect: bool = False) -> list[JSON]:
    steps: list[JSON] = []
    for number, elements in enumerate(RX_ELEMENTS):
        more = {"indirect": 1, "table_addr": f"{TABLE + 0x40 * number:#x}"} if indirect else {}
        listed = [{"len": length, "addr": f"{addr:#x}"} for addr, length in elements]
        steps.append({"add_chain": {"queue": "rx"} | more | {"elements": listed}})
    steps += [{"send": {"payload_len": length}} for length in RX_SENT]
    return [*steps, {"serve": {"queue": "rx", "max": 2}}]


def rx_answer(steps: list[JSON], *ids: int) -> JSON:
    chains = [
        {"kind": "packet", "id": id_, "fields": {"len": length}, "used_len": 44 + length}
        for id_, length in zip(ids, RX_SENT, strict=True)
    ]
    used = [{"id": id_, "len": 44 + length} for id_, length in zip(ids, RX_SENT, strict=True)]
    return {"step": len(steps) - 1, "chains": chains, "used": used}


def split_kept() -> Iterator[JSON]:
    """What a device only reads is afterwards as the driver wrote it."""
    (first, second), (third,) = RX_ELEMENTS
    ring_table = (
        descriptor(*first, NEXT | WRITE, 1) + descriptor(*second, WRITE, 0) + descriptor(*third, WRITE, 0)
    ).ljust(16 * SIZE, b"\0")
    tables = (descriptor(*first, NEXT | WRITE, 1) + descriptor(*second, WRITE, 0)).ljust(
        0x40, b"\0"
    ) + descriptor(*third, WRITE, 0)
    referrers = (descriptor(TABLE, 32, INDIRECT, 0) + descriptor(TABLE + 0x40, 16, INDIRECT, 0)).ljust(
        16 * SIZE, b"\0"
    )
    available = words(0, 2, 0, 2, *[0] * (SIZE - 2))
    cases = (
        ("desc-table", "descriptor table", "split", DESC, ring_table, "SPLIT-DESC-008", (0, 2)),
        ("desc-table-indirect", "descriptor table of indirect chains", "split-indirect", DESC, referrers,
         "SPLIT-DESC-008", (0, 1)),
        ("indirect-tables", "indirect descriptor tables", "split-indirect", TABLE, tables,
         "SPLIT-DESC-008", (0, 1)),
        ("available-ring", "available ring", "split", DRIVER, available, "SPLIT-AVAIL-003", (0, 2)),
    )  # fmt: skip
    for slug, what, name, addr, content, need, ids in cases:
        for features in ((), ("EVENT_IDX",)):
            steps = rx_steps("indirect" in name)
            if slug == "available-ring" and features:
                steps.insert(0, {"set_word": {"queue": "rx", "word": "used_event", "value": 0x0A0B}})
                content += words(0x0A0B)
            asked: list[JSON] = [{"disarm": {"queue": "rx"}}, {"arm": {"queue": "rx"}}]
            yield vector(
                f"split/memory/{slug}-stays{'-event-idx' if features else ''}",
                f"The {what} is as the driver wrote it, after rx{' with EVENT_IDX' if features else ''}",
                [need],
                {
                    "image": ring(name, *features),
                    "queues": [parts("rx"), {"role": "tx"}],
                    "steps": [*steps, *asked, *reader(addr, len(content))],
                },
                accepting(rx_answer(steps, *ids), shown(len(steps) + 3, content)),
            )


def split_used() -> Iterator[JSON]:
    """The used ring as bytes, on memory that was poisoned: idx, and 32-bit id and length of each element."""
    for start in (0, SIZE - 1):
        steps = rx_steps()
        elements = [struct.pack("<II", id_, 44 + n) for id_, n in zip((0, 2), RX_SENT, strict=True)]
        content = bytearray(b"\xee" * (8 * SIZE))
        for number, element in enumerate(elements):
            at = 8 * ((start + number) % SIZE)
            content[at : at + 8] = element
        read = [(0, 2 * 8)] if start == 0 else [((SIZE - 1) * 8, 8), (0, 8)]
        looks: list[JSON] = []
        answers: list[JSON] = []
        for offset, length in read:
            looks += reader(DEVICE + 4 + offset, length)
            answers.append(shown(len(steps) + len(looks) - 1, bytes(content[offset : offset + length])))
        looks += reader(DEVICE + 2, 2)
        answers.append(shown(len(steps) + len(looks) - 1, words(start + 2)))
        yield vector(
            f"split/memory/used-ring-from-{start}",
            f"Used elements from index {start} are 32-bit ids and lengths, little-endian, at their slots",
            ["SPLIT-USED-001", "SPLIT-USED-004", "SPLIT-LAY-005"],
            {
                "queues": [parts("rx", avail_index=start, used_index=start), {"role": "tx"}],
                "spans": [{"addr": f"{DEVICE + 4:#x}", "len": 8 * SIZE, "fill": 0xEE}],
                "steps": [*steps, *looks],
            },
            accepting(rx_answer(steps, 0, 2), *answers),
        )


def packed_image() -> Iterator[JSON]:
    """A packed descriptor as bytes, whose id would be flags in the split layout; and with them swapped."""
    addr, length, payload = HIGH + 0x0708, 0x0190, 0x0190 - 44
    packet = (addr, header(payload) + bytes([7]) * payload)
    id_, flags = 3, 0x0080
    for slug, last, title, expect, more in (
        (
            "image",
            words(id_, flags),
            "A packed ring written as little-endian bytes is read as such",
            accepting({"step": 0, "chains": [whole(payload, id=id_)], "used": [{"id": id_, "len": 0}]}),
            {},
        ),
        (
            "image-id-and-flags-swapped",
            words(flags, id_),
            "A descriptor with id and flags in each other's place is not available",
            {"spec": {"verdict": "empty"}, "vvs": {"verdict": "empty"}},
            {},
        ),
        (
            "image-flags-swapped",
            words(id_) + words(flags)[::-1],
            "Flags of 0x0080 in big-endian bytes are 0x8000, not available in the first lap",
            {"spec": {"verdict": "empty"}, "vvs": {"verdict": "empty"}},
            {},
        ),
    ):
        yield vector(
            f"packed/memory/{slug}",
            title,
            ["PACK-LAY-004", "PACK-WRAP-002"],
            {
                "image": {"features": FORMATS["packed"][0]},
                "regions": [
                    {"addr": "0x100000", "len": "0x400000"},
                    {"addr": f"{HIGH:#x}", "len": "0x10000"},
                ],
                "queues": [parts("tx")],
                "spans": image_chain(struct.pack("<QI", addr, length) + last, packet),
                "steps": [{"serve": {"queue": "tx"}}],
            },
            expect,
            **more,
        )


def packed_kept() -> Iterator[JSON]:
    """The driver's event suppression structure after everything that a device does with a queue."""
    for features in ((), ("EVENT_IDX",)):
        for flags in (0, 1, 2) if features else (0, 1):
            steps: list[JSON] = [
                {"set_word": {"queue": "rx", "word": "event_offset", "value": 0x8003}},
                {"set_word": {"queue": "rx", "word": "event_flags", "value": flags}},
                *rx_steps(),
            ]
            asked: list[JSON] = [
                {"disarm": {"queue": "rx"}},
                {"arm": {"queue": "rx"}},
                {"notify": {"queue": "rx"}},
            ]
            with_idx = "-event-idx" if features else ""
            yield vector(
                f"packed/memory/driver-event-{flags}-stays{with_idx}",
                f"The driver's event structure with flags {flags} is as the driver wrote it"
                f"{', with EVENT_IDX' if features else ''}",
                ["PACK-EVT-004"],
                {
                    "image": ring("packed", *features),
                    "queues": [parts("rx"), {"role": "tx"}],
                    "steps": [*steps, *asked, *reader(DRIVER, 4)],
                },
                accepting(rx_answer(steps, 0, 1), shown(len(steps) + 4, words(0x8003, flags))),
            )


def packed_used() -> Iterator[JSON]:
    """Used descriptors. Whether WRITE is set shows in the length that a driver takes from them; the rest of
    the flags is this library's own, NEXT having no meaning there."""
    for wrap, bits in ((1, 0x8080), (0, 0)):
        steps = rx_steps()
        answer = rx_answer(steps, 0, 1)
        slots = [
            struct.pack("<IHH", 44 + n, id_, bits | WRITE) for id_, n in zip((0, 1), RX_SENT, strict=True)
        ]
        looks = reader(DESC + 8, 8) + reader(DESC + 16 * 2 + 8, 8)
        at = len(steps)
        start = {"avail_index": 0, "used_index": 0, "avail_wrap": wrap, "used_wrap": wrap}
        yield vector(
            f"packed/memory/used-written-wrap-{wrap}",
            f"A used descriptor of a written buffer has WRITE and its length, with wrap counter {wrap}",
            ["PACK-WR-002", "PACK-LEN-001", "PACK-WRAP-003"],
            {
                "image": {"features": FORMATS["packed"][0]},
                "queues": [parts("rx", **start), {"role": "tx"}],
                "steps": [*steps, *looks],
            },
            accepting(answer, own=(shown(at + 1, slots[0]), shown(at + 3, slots[1]))),
        )
        add: JSON = {"queue": "tx", "elements": [{"len": 144}]}
        yield vector(
            f"packed/memory/used-read-wrap-{wrap}",
            f"A used descriptor of a buffer that was read has no WRITE, with wrap counter {wrap}",
            ["PACK-WR-002"],
            {
                "image": {"features": FORMATS["packed"][0]},
                "queues": [parts("tx", **start)],
                "steps": [{"add_chain": add}, {"serve": {"queue": "tx"}}, *reader(DESC + 8, 8)],
            },
            accepting(
                {"step": 1, "chains": [taken(id=0)], "used": [{"id": 0, "len": 0}]},
                own=(shown(3, struct.pack("<IHH", 0, 0, bits)),),
            ),
        )


def generate() -> Iterator[JSON]:
    for family in (split_images, used_events, split_kept, split_used, packed_image, packed_kept, packed_used):
        yield from family()
