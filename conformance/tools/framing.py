# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Header and payload over every cut and layout of a chain, in each ring format."""

from collections.abc import Iterator

from conformance.runner.judge import payload_bytes
from conformance.runner.vectors import JSON
from conformance.tools import traffic
from conformance.tools.shapes import (
    FORMATS,
    FROM_DEVICE,
    HEADER,
    accepted,
    accepting,
    image,
    own,
    refused,
    safe,
    sizes,
    total,
    tx,
    vector,
    words,
)

FOLDERS = ("tx/header-cut", "tx/framing", "rx/header-cut", "rx/framing", "rx/room")
BUFFER = 0x300000  # where rx buffers lie that are read back
GUARD = 64  # bytes behind a buffer that stay as they were
POISON = 0xEE


def cut_in(cut: int, count: int) -> list[JSON]:
    """A header cut after byte `cut`, and 100 bytes: in two elements, or in three with the payload apart."""
    return sizes(cut, HEADER + 100 - cut) if count == 2 else sizes(cut, HEADER - cut, 100)


# What the three-element form of a cut adds to id and title.
APART = {2: ("", ""), 3: ("-apart", ", the payload apart,")}


def tx_header_cuts() -> Iterator[JSON]:
    for name in FORMATS:
        for count, (slug, said) in APART.items():
            for cut in range(1, HEADER):
                yield vector(
                    f"tx/header-cut/{name}-{cut:02}{slug}",
                    f"A header cut after byte {cut}{said} in {words(name)} is the same header",
                    ["SPLIT-FRM-002", "SPLIT-FRM-003" if count == 2 else "SPLIT-FRM-004"],
                    tx(name, cut_in(cut, count), 100),
                    accepted(100),
                )


PIECES = (1, 7, 250, 3, 64, 1, 128, 9, 31, 2, 4096, 5, 77, 1000, 13, 1, 300)

# name: (title's beginning, elements, payload length, requirements)
TX_LAYOUTS: dict[str, tuple[str, list[JSON], int, list[str]]] = {
    "one-element": (
        "Header and payload in one element",
        sizes(144),
        100,
        ["SPLIT-FRM-001", "VSOCK-LEN-001", "VSOCK-LEN-003"],
    ),
    "header-apart": (
        "Header and payload in two elements",
        sizes(44, 100),
        100,
        ["SPLIT-FRM-001", "VSOCK-HDR-003"],
    ),
    "header-in-bytes": (
        "A header in 44 elements of one byte",
        sizes(*[1] * 44, 100),
        100,
        ["SPLIT-FRM-002", "VSOCK-HDR-004"],
    ),
    "header-by-field": (
        "A header cut at each field",
        sizes(8, 8, 4, 4, 4, 2, 2, 4, 4, 4, 100),
        100,
        ["SPLIT-FRM-002"],
    ),
    "header-mid-field": (
        "A header cut through the middle of each field",
        sizes(4, 8, 6, 4, 4, 3, 2, 3, 4, 4, 102),
        100,
        ["SPLIT-FRM-002"],
    ),
    "header-spills": (
        "A payload that begins in the header's element",
        sizes(60, 84),
        100,
        ["SPLIT-FRM-003", "VSOCK-HDR-003"],
    ),
    "payload-halves": (
        "A payload in two elements of 32768",
        sizes(44, 32768, 32768),
        65536,
        ["SPLIT-FRM-004"],
    ),
    "payload-pieces": (
        "A payload in 17 pieces",
        sizes(44, *PIECES),
        sum(PIECES),
        ["SPLIT-FRM-004", "VSOCK-LEN-003"],
    ),
    "all-bytes": (
        "A packet in 144 elements of one byte",
        sizes(*[1] * 144),
        100,
        ["SPLIT-FRM-002", "SPLIT-FRM-004"],
    ),
    "three-elements": (
        "A packet in three elements",
        sizes(20, 24, 100),
        100,
        ["SPLIT-FRM-002", "SPLIT-FRM-009"],
    ),
    "header-alone": ("A packet of 44 bytes", sizes(44), 0, ["VSOCK-HDR-004", "VSOCK-LEN-004"]),
    "slack-page": ("A payload of 10 bytes in an element of 4096", sizes(44, 4096), 10, ["VSOCK-LEN-002"]),
    "slack-mebibyte": (
        "A payload of 10 bytes in an element of 1 MiB",
        sizes(44, 1 << 20),
        10,
        ["VSOCK-LEN-002"],
    ),
    "slack-unused": ("A packet of len 0 with a spare element", sizes(44, 4096), 0, ["VSOCK-LEN-004"]),
}


def needs_in(name: str, needs: list[str]) -> list[str]:
    """In a packed ring a payload in pieces is a list, whose elements come in order."""
    return [*needs, "PACK-SG-006"] if name == "packed" and "SPLIT-FRM-004" in needs else needs


def tx_layouts() -> Iterator[JSON]:
    for name in FORMATS:
        for layout, (title, elements, payload_len, needs) in TX_LAYOUTS.items():
            yield vector(
                f"tx/framing/{name}-{layout}",
                f"{title} parses in {words(name)}",
                needs_in(name, needs),
                tx(name, elements, payload_len),
                accepted(payload_len),
            )
        yield from _zero_lengths(name)


def _zero_lengths(name: str) -> Iterator[JSON]:
    """The text neither allows nor forbids an element of length 0: either, but never other bytes."""
    apart = accepted(10)
    apart["spec"] |= {"verdict": "either", "reason": "undefined"}
    apart["spec"]["steps"][0]["chains"][0].pop("used_len")
    yield vector(
        f"tx/framing/{name}-zero-length",
        f"Elements of length 0 around header and payload add nothing in {words(name)}",
        ["SPLIT-DESC-013"],
        tx(name, sizes(0, 44, 0, 10, 0), 10),
        apart,
    )
    unmapped = sizes(0, 44, 0, 10, 0)
    for element in unmapped[::2]:
        element["addr"] = "0xfffffffffffff000"
    yield vector(
        f"tx/framing/{name}-zero-length-unmapped",
        f"Elements of length 0 at unmapped addresses add nothing in {words(name)}",
        ["SPLIT-DESC-013"],
        tx(name, unmapped, 10),
        apart,
    )


# name: (title's beginning, elements, payload poured, header's len, status, twin, requirements)
TX_FAULTS: dict[str, tuple[str, list[JSON], int, int, str, str, list[str]]] = {
    "one-element-short": (
        "A len of 101 with 100 bytes behind the header",
        sizes(144),
        100,
        101,
        "VVS_E_PAYLOAD_SHORT",
        "one-element",
        ["VSOCK-LEN-003"],
    ),
    "pieces-short": (
        "A payload in 17 pieces that lacks its last byte",
        sizes(44, *PIECES[:-1], PIECES[-1] - 1),
        sum(PIECES) - 1,
        sum(PIECES),
        "VVS_E_PAYLOAD_SHORT",
        "payload-pieces",
        ["VSOCK-LEN-003"],
    ),
    "header-43": (
        "A packet of 43 bytes",
        sizes(43),
        0,
        0,
        "VVS_E_HEADER_SHORT",
        "header-alone",
        ["VSOCK-HDR-004"],
    ),
    "header-1": (
        "A packet of one byte",
        sizes(1),
        0,
        0,
        "VVS_E_HEADER_SHORT",
        "header-alone",
        ["VSOCK-HDR-004"],
    ),
    "header-43-in-bytes": (
        "A header of 43 elements of one byte",
        sizes(*[1] * 43),
        0,
        0,
        "VVS_E_HEADER_SHORT",
        "header-in-bytes",
        ["VSOCK-HDR-004"],
    ),
    "zero-length-only": (
        "A chain of elements of length 0 alone",
        sizes(0, 0, 0),
        0,
        0,
        "VVS_E_HEADER_SHORT",
        "zero-length",
        ["SPLIT-DESC-013"],
    ),
}


def tx_faults() -> Iterator[JSON]:
    for name in FORMATS:
        for fault, (title, elements, poured, hdr_len, status, twin, needs) in TX_FAULTS.items():
            yield vector(
                f"tx/framing/{name}-{fault}",
                f"{title} is no packet in {words(name)}",
                needs,
                tx(name, elements, poured, hdr_len),
                refused(status),
                twin=f"tx/framing/{name}-{twin}",
            )


def scattered(elements: list[JSON]) -> list[JSON]:
    """The same lengths at addresses of their own, apart from each other."""
    addr = BUFFER
    placed = []
    for element in elements:
        repeat = element.get("repeat", 1)
        stride = element["len"] + 24
        more = {"repeat": repeat, "stride": stride} if repeat > 1 else {}
        placed.append({"len": element["len"], "addr": f"{addr:#x}", **more})
        addr += repeat * stride
    return placed


def rx(name: str, elements: list[JSON], payload_len: int) -> JSON:
    """A packet is sent into a buffer, whose bytes are then read back: the same memory lies in a tx chain,
    which the driver filled with other bytes before."""
    placed = scattered(elements)
    how = FORMATS[name][1]
    poison = {
        "queue": "tx",
        "src_cid": "0xee",
        "buf_alloc": 0xEEEEEEEE,
        "fwd_cnt": 0xEEEEEEEE,
        "payload_fill": POISON,
    }
    return image(name, elements, "rx", "tx") | {
        "steps": [
            {"add_chain": poison | how | {"elements": placed}},
            {"add_chain": {"queue": "rx"} | how | {"elements": placed}},
            {"send": FROM_DEVICE | {"payload_len": payload_len}},
            {"serve": {"queue": "rx"}},
            {"serve": {"queue": "tx"}},
        ]
    }


def filled(elements: list[JSON], payload_len: int) -> JSON:
    packet = {
        "kind": "packet",
        "fields": FROM_DEVICE | {"len": payload_len},
        "payload": {"pattern": "traffic", "len": payload_len},
    }
    sent = packet | {"used_len": HEADER + payload_len}
    capacity = {"capacity": total(elements) - HEADER}
    return {
        "spec": {
            "verdict": "accept",
            "steps": [{"step": 3, "chains": [sent]}, {"step": 4, "chains": [packet]}],
        },
        "vvs": {"verdict": "accept", "steps": [{"step": 3, "chains": [{"kind": "packet"} | capacity]}]},
    }


def rx_header_cuts() -> Iterator[JSON]:
    for name in FORMATS:
        for count, (slug, said) in APART.items():
            for cut in range(1, HEADER):
                elements = cut_in(cut, count)
                yield vector(
                    f"rx/header-cut/{name}-{cut:02}{slug}",
                    f"A buffer cut after byte {cut} of the header{said} takes the packet in {words(name)}",
                    ["SPLIT-FRM-002", "SPLIT-FRM-005"],
                    rx(name, elements, 100),
                    filled(elements, 100),
                )


RX_LAYOUTS: dict[str, tuple[str, list[JSON], int, list[str]]] = {
    "one-element": ("A buffer of one element", sizes(4096), 100, ["SPLIT-FRM-005", "SPLIT-USED-003"]),
    "as-linux-5-10": ("A buffer of 44 + 4096", sizes(44, 4096), 100, ["SPLIT-FRM-005"]),
    "as-linux-6": ("A buffer of 3776", sizes(3776), 3732, ["SPLIT-FRM-005"]),
    "header-in-bytes": (
        "A buffer of 44 elements of one byte and a payload's",
        sizes(*[1] * 44, 100),
        100,
        ["SPLIT-FRM-002", "SPLIT-FRM-005"],
    ),
    "header-spills": ("A buffer of 60 + 100", sizes(60, 100), 100, ["SPLIT-FRM-005"]),
    "pieces": ("A buffer in 18 pieces", sizes(44, *PIECES), sum(PIECES), ["SPLIT-FRM-005", "SPLIT-USED-006"]),
    "exact": ("A buffer of header and payload exactly", sizes(144), 100, ["SPLIT-USED-006", "SPLIT-FRM-005"]),
    "header-alone": ("A buffer of 44 bytes", sizes(44), 0, ["VSOCK-RXTX-009", "VSOCK-RXTX-002"]),
}


def rx_layouts() -> Iterator[JSON]:
    for name in FORMATS:
        for layout, (title, elements, payload_len, needs) in RX_LAYOUTS.items():
            yield vector(
                f"rx/framing/{name}-{layout}",
                f"{title} takes header and payload as one stream in {words(name)}",
                needs,
                rx(name, elements, payload_len),
                filled(elements, payload_len),
            )
        short = sizes(43)
        scenario = image(name, short, "rx") | {
            "steps": [
                {"add_chain": {"queue": "rx"} | FORMATS[name][1] | {"elements": short}},
                {"serve": {"queue": "rx"}},
            ]
        }
        yield vector(
            f"rx/framing/{name}-header-43",
            f"A buffer of 43 bytes takes no packet in {words(name)}",
            ["VSOCK-RXTX-009"],
            scenario,
            refused("VVS_E_BUFFER_SHORT"),
            twin=f"rx/framing/{name}-header-alone",
        )


def rx_room() -> Iterator[JSON]:
    """More payload than the buffer takes: it is cut, and what lies behind each element stays as it was."""
    for name in FORMATS:
        for slug, lens in (("one", (144,)), ("two", (44, 100))):
            for length in (100, 101, 200, 4096):
                yield _too_much(name, slug, lens, length)
        more = image(name, sizes(144), "rx") | {
            "steps": [
                {"add_chain": {"queue": "rx"} | FORMATS[name][1] | {"elements": sizes(144)}},
                {"send": {"payload_len": 101}},
                {"serve": {"queue": "rx"}},
            ]
        }
        not_sent = {"kind": "reject", "id": 0, "status": "VVS_E_CAPACITY"}
        yield vector(
            f"rx/room/{name}-len-101",
            f"A packet whose len is one more than there is room for is not sent in {words(name)}",
            ["SPLIT-USED-006", "SPLIT-DESC-012"],
            more,
            own(safe("caller-error", "VVS_E_CAPACITY"), {"step": 2, "chains": [not_sent]}),
        )


def _too_much(name: str, slug: str, lens: tuple[int, ...], length: int) -> JSON:
    addrs = [BUFFER + 0x200 * number for number in range(len(lens))]
    buffers = [{"len": each, "addr": f"{addr:#x}"} for each, addr in zip(lens, addrs, strict=True)]
    guarded = [each | {"len": each["len"] + GUARD} for each in buffers]
    steps: list[JSON] = [
        {"add_chain": {"queue": "tx", "payload_fill": POISON, "elements": [{"len": HEADER}, *guarded]}},
        {"add_chain": {"queue": "rx"} | FORMATS[name][1] | {"elements": buffers}},
        {"send": FROM_DEVICE | {"hdr_len": 100, "payload_len": length}},
        {"serve": {"queue": "rx"}},
        {"serve": {"queue": "tx"}},
    ]
    written = traffic.packed(FROM_DEVICE | {"len": 100}) + payload_bytes({"pattern": "traffic", "len": 100})
    content = b""
    for each in lens:
        content += written[:each] + bytes([POISON] * GUARD)
        written = written[each:]
    packet = {"kind": "packet", "fields": FROM_DEVICE | {"len": 100}, "used_len": HEADER + 100}
    read = {"kind": "packet", "fields": {"len": len(content)}, "payload": content.hex(), "used_len": 0}
    return vector(
        f"rx/room/{name}-{slug}-{length}",
        f"Of {length} bytes a buffer of {' and '.join(map(str, lens))} takes 100, and no byte behind it,"
        f" in {words(name)}",
        ["SPLIT-USED-006", "SPLIT-DESC-012", *(["SPLIT-FRM-004"] if len(lens) > 1 else [])],
        image(name, [], "rx", "tx") | {"steps": steps},
        accepting({"step": 3, "chains": [packet]}, {"step": 4, "chains": [read]}),
    )


def generate() -> Iterator[JSON]:
    for family in (tx_header_cuts, tx_layouts, tx_faults, rx_header_cuts, rx_layouts, rx_room):
        yield from family()
