# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What the generators of vectors share: ring formats, element lists, scenarios of one chain, expectations."""

from conformance.runner.vectors import JSON

HEADER = 44

FORMATS: dict[str, tuple[list[str], JSON]] = {
    "split": (["VERSION_1"], {}),
    "split-indirect": (["INDIRECT_DESC", "VERSION_1"], {"indirect": 1}),
    "packed": (["VERSION_1", "RING_PACKED"], {}),
    "packed-indirect": (["INDIRECT_DESC", "VERSION_1", "RING_PACKED"], {"indirect": 1}),
}

# Every byte of it is another one where the field's width allows it: a swapped field shows.
FIELDS: JSON = {
    "src_cid": "0x3",
    "dst_cid": "0x2",
    "src_port": 0x11121314,
    "dst_port": 0x21222324,
    "type": 1,
    "op": 5,
    "flags": 0x31323334,
    "buf_alloc": 0x41424344,
    "fwd_cnt": 0x51525354,
}
FROM_DEVICE = FIELDS | {"src_cid": "0x2", "dst_cid": "0x3"}


def sizes(*lens: int) -> list[JSON]:
    """Elements of these lengths; equal neighbours become one repeated element."""
    elements: list[JSON] = []
    for length in lens:
        if elements and elements[-1]["len"] == length:
            elements[-1]["repeat"] = elements[-1].get("repeat", 1) + 1
        else:
            elements.append({"len": length})
    return elements


def count(elements: list[JSON]) -> int:
    return sum(element.get("repeat", 1) for element in elements)


def total(elements: list[JSON]) -> int:
    return sum(element["len"] * element.get("repeat", 1) for element in elements)


def queue_size(elements: list[JSON]) -> int:
    """The default of 8, or the next power of two that holds the chain."""
    return max(8, 1 << (count(elements) - 1).bit_length())


def image(name: str, elements: list[JSON], *roles: str) -> JSON:
    """Features and queues for chains of `elements` in the ring format `name`."""
    scenario: JSON = {"image": {"features": FORMATS[name][0]}}
    size = queue_size(elements)
    if size > 8 or roles != ("tx",):
        scenario["queues"] = [{"role": role} | ({"size": size} if size > 8 else {}) for role in roles]
    return scenario


def tx(name: str, elements: list[JSON], payload_len: int, hdr_len: int | None = None) -> JSON:
    chain = {
        **FIELDS,
        **({} if hdr_len is None else {"hdr_len": hdr_len}),
        "payload_len": payload_len,
        **FORMATS[name][1],
        "elements": elements,
    }
    return image(name, elements, "tx") | {"steps": [{"add_chain": chain}, {"serve": {}}]}


def accepted(payload_len: int) -> JSON:
    packet = {
        "kind": "packet",
        "fields": FIELDS | {"len": payload_len},
        "payload": {"pattern": "traffic", "len": payload_len},
        "used_len": 0,
    }
    return {
        "spec": {"verdict": "accept", "steps": [{"step": 1, "chains": [packet]}]},
        "vvs": {"verdict": "accept"},
    }


def refused(status: str) -> JSON:
    return {"spec": {"verdict": "reject"}, "vvs": {"verdict": "reject", "status": status}}


def vector(id_: str, title: str, needs: list[str], scenario: JSON, expect: JSON, **more: object) -> JSON:
    return {"id": id_, "title": title, "requirements": needs, **more, "scenario": scenario, "expect": expect}


def words(name: str) -> str:
    return {
        "split": "a split ring",
        "split-indirect": "a table of a split ring",
        "packed": "a packed ring",
        "packed-indirect": "a table of a packed ring",
    }[name]


def ring(name: str, *features: str) -> JSON:
    """The image of the ring format `name` with more `features`, in the order of their bits."""
    order = ("INDIRECT_DESC", "EVENT_IDX", "VERSION_1", "RING_PACKED", "IN_ORDER")
    return {"features": [each for each in order if each in (*FORMATS[name][0], *features)]}


def taken(payload_len: int = 100, fill: int | None = None, **more: object) -> JSON:
    """A tx packet as a step answers it; `fill` tells it from its neighbours."""
    payload: JSON = {"pattern": "traffic"} if fill is None else {"fill": fill}
    return {
        "kind": "packet",
        **more,
        "fields": {"len": payload_len},
        "payload": payload | {"len": payload_len},
        "used_len": 0,
    }


def accepting(*steps: JSON, own: tuple[JSON, ...] = ()) -> JSON:
    """Any device answers `steps`; this library `own` besides."""
    vvs: JSON = {"verdict": "accept"} | ({"steps": list(own)} if own else {})
    return {"spec": {"verdict": "accept", "steps": list(steps)}, "vvs": vvs}


def deciding(*before: JSON, last: JSON, yes: bool) -> JSON:
    """As accepting; after the last step the driver has to be told, or should be left alone."""
    if yes:
        return accepting(*before, last | {"notify": True})
    return accepting(*before, last, own=({"step": last["step"], "notify": False},))


def either(reason: str, vvs: JSON, *steps: JSON) -> JSON:
    """Taken as in `steps`, or refused."""
    return {"spec": {"verdict": "either", "reason": reason, "steps": list(steps)}, "vvs": vvs}


def safe(verdict: str, status: str) -> JSON:
    """A driver's fault: nothing but what holds for every vector; this library answers `status`."""
    return {"spec": {"verdict": "safe"}, "vvs": {"verdict": verdict, "status": status}}


def own(expect: JSON, *steps: JSON) -> JSON:
    """`expect`, and what this library answers in `steps` besides."""
    return expect | {"vvs": expect["vvs"] | {"steps": list(steps)}}
