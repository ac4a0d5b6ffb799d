# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Vectors from recorded descriptor chains.

The recording is one JSON object:

  runs: a list, an object each:
    run, what           its name (`k61-full`) and what ran
    setup               vhost-user messages. Read are {"ev": "mem", "regions": [{gpa, size, uva}]} and those
                        whose `req` is SET_FEATURES (val), SET_VRING_NUM (q, num) or SET_VRING_ADDR (q,
                        desc_gpa, avail_gpa, used_gpa). Queue 0 is rx, 1 is tx. Addresses are "0x" strings.
    tx, rx_offer_first, rx_used_first
                        chains: avail_pos, head, indirect (null, or {addr, len} of the table), descs: a list
                        of {addr, len, flags, next}, table entries where indirect; tx and used ones: hdr_hex
                        (44 bytes), payload_len, payload_head (hex of at most 16 bytes)
  event_queue_from_qmp      {kernel, head, descs}: buffers of the event queue, in ring order
  packed_ring_first_slots   {kernel, q, slot, addr, len, id, flags, head}: `head` is 44 header bytes on tx
"""

from collections.abc import Iterator
from itertools import groupby

from conformance.runner.vectors import JSON
from conformance.tools import traffic

ROLES = ("rx", "tx")
FEATURES = {1: "SEQPACKET", 28: "INDIRECT_DESC", 29: "EVENT_IDX", 32: "VERSION_1", 34: "RING_PACKED"}
VHOST_BITS = {26, 30}  # vhost's own: LOG_ALL, PROTOCOL_FEATURES
NEXT, WRITE = 1, 2
PACKED_AVAILABLE = 0x80


def recording(data: JSON, name: str) -> dict[str, list[JSON]]:
    """The vectors of a recording, by folder under traffic/."""
    folders = {run["run"]: list(_run(run, name)) for run in data["runs"]}
    for kernel, buffers in groupby(data.get("event_queue_from_qmp", []), key=lambda entry: entry["kernel"]):
        memory = _memory_of(data, kernel)
        folders.setdefault(f"{kernel}-event", []).append(_event(kernel, list(buffers), memory, name))
    slots = sorted(data.get("packed_ring_first_slots", []), key=lambda slot: (slot["kernel"], slot["q"]))
    for (kernel, queue), group in groupby(slots, key=lambda slot: (slot["kernel"], slot["q"])):
        make = _packed_tx if ROLES[queue] == "tx" else _packed_rx
        vector = make(kernel, list(group), _memory_of(data, kernel), name)
        folders.setdefault(f"{kernel}-packed", []).append(vector)
    return folders


def _memory_of(data: JSON, kernel: str) -> JSON:
    """Guest memory of the first run of a kernel: its other recordings have the same."""
    run = next(run for run in data["runs"] if run["run"].startswith(kernel))
    return {"regions": _regions(run)}


def _regions(run: JSON) -> list[JSON]:
    memory = [message for message in run["setup"] if message["ev"] == "mem"][-1]
    return [
        {"addr": region["gpa"], "len": region["size"], "frontend_addr": region["uva"]}
        for region in memory["regions"]
    ]


def _features(run: JSON) -> list[str]:
    value = int(_message(run, "SET_FEATURES")["val"], 16)
    bits = [bit for bit in range(64) if value >> bit & 1 and bit not in VHOST_BITS]
    return [FEATURES.get(bit, f"bit-{bit}") for bit in bits]


def _message(run: JSON, request: str, queue: int | None = None) -> JSON:
    found = [m for m in run["setup"] if m.get("req") == request and queue in (None, m.get("q"))]
    return found[-1]


def _image(run: JSON, role: str, position: int) -> JSON:
    """Guest memory, features and the ring where the guest had it, the device where it stood."""
    number = ROLES.index(role)
    rings = _message(run, "SET_VRING_ADDR", number)
    queue = {
        "role": role,
        "size": _message(run, "SET_VRING_NUM", number)["num"],
        "desc": rings["desc_gpa"],
        "driver": rings["avail_gpa"],
        "device": rings["used_gpa"],
    }
    if position:
        queue |= {"avail_index": position % 65536, "used_index": position % 65536}
    return {"image": {"features": _features(run)}, "regions": _regions(run), "queues": [queue]}


def _chain(chain: JSON) -> JSON:
    """Elements and table as recorded. The ring slot of a table's descriptor is the driver model's: a
    scenario can't say it."""
    descs = chain["descs"]
    elements = [{"len": desc["len"], "addr": desc["addr"]} for desc in descs]
    elements[-1]["next"] = descs[-1]["next"]  # left over from earlier use, and without meaning
    for desc in descs:
        if (desc["flags"] & WRITE != 0) != (chain["q"] != "tx"):
            raise ValueError(f"a chain of {chain['q']} with the flags {desc['flags']}")
    if chain["indirect"]:
        return {"indirect": 1, "table_addr": chain["indirect"]["addr"], "elements": elements}
    slots = [chain["head"], *(desc["next"] for desc in descs[:-1])]
    for element, slot in zip(elements, slots, strict=True):
        element["slot"] = slot
    return {"elements": elements}


def _lens(chain: JSON) -> tuple[int, ...]:
    return tuple(desc["len"] for desc in chain["descs"])


def _layout(chain: JSON) -> str:
    lens = _lens(chain)
    framing = "indirect" if chain["indirect"] else "direct"
    if len(lens) <= 3:
        return f"{framing}-{'-'.join(map(str, lens))}"
    return f"{framing}-{len(lens)}-elements-{sum(lens)}"


def _run(run: JSON, recording_name: str) -> Iterator[JSON]:
    yield from _tx(run, recording_name)
    yield _offer(run, recording_name)
    yield from _sent(run, recording_name)


def _provenance(recording_name: str, what: str, **more: object) -> JSON:
    return {"recording": recording_name, "what": what} | {key: value for key, value in more.items() if value}


def _vector(id_: str, title: str, needs: list[str], provenance: JSON, scenario: JSON, expect: JSON) -> JSON:
    return {
        "id": id_,
        "title": title,
        "requirements": list(dict.fromkeys(needs)),
        "provenance": provenance,
        "scenario": scenario,
        "expect": expect,
    }


def _accept(step: int, chains: list[JSON]) -> JSON:
    return {
        "spec": {"verdict": "accept", "steps": [{"step": step, "chains": chains}]},
        "vvs": {"verdict": "accept"},
    }


def _tx(run: JSON, recording_name: str) -> Iterator[JSON]:
    """The first chain of each shape that begins a send, or the first at all."""
    regions_matter = len(_regions(run)) > 1
    shapes: dict[tuple, list[tuple[int, JSON, tuple]]] = {}
    flows: dict[tuple, list[int]] = {}
    for chain in run["tx"]:
        fields = traffic.header(bytes.fromhex(chain["hdr_hex"]))
        if fields["len"] != chain["payload_len"]:
            raise ValueError(f"len {fields['len']} with {chain['payload_len']} payload bytes recorded")
        flow = flows.setdefault((fields["src_port"], fields["dst_port"], fields["type"]), [])
        sent = traffic.payload(chain["payload_len"], bytes.fromhex(chain["payload_head"]), reversed(flow))
        if fields["len"]:
            flow.append(fields["len"])
        shape = (bool(chain["indirect"]), _lens(chain), traffic.name_of(fields))
        if regions_matter:
            shape += (tuple(desc["region"] for desc in chain["descs"]),)
        shapes.setdefault(shape, []).append((len(sent[2]), chain, sent))
    for shape, seen in shapes.items():
        _, chain, sent = min(seen, key=lambda entry: entry[0])
        where = "-".join(f"r{region}" for region in dict.fromkeys(shape[3])) if regions_matter else ""
        yield _tx_vector(run, recording_name, chain, sent, len(seen), where)


def _tx_vector(
    run: JSON, recording_name: str, chain: JSON, sent: tuple[JSON, str | JSON, str], seen: int, where: str
) -> JSON:
    how, expected, note = sent
    fields = traffic.header(bytes.fromhex(chain["hdr_hex"]))
    name, layout = traffic.name_of(fields), _layout(chain)
    slug = "-".join(filter(None, ("tx", layout, name, where)))
    needs = traffic.needs(fields) + (["SPLIT-FRM-004"] if len(chain["descs"]) > 2 else ["SPLIT-FRM-001"])
    words = layout.replace("-", " ") + (f" in {where}" if where else "")
    add = traffic.said(fields) | how | _chain(chain)
    packet = {"kind": "packet", "fields": fields, "payload": expected, "used_len": 0}
    return _vector(
        f"traffic/{run['run']}/{slug}",
        f"{name} of Linux in the run {run['run']} as {words}",
        needs + (["SPLIT-IND-001"] if chain["indirect"] else []),
        _provenance(recording_name, run["what"], position=chain["avail_pos"], count=seen, payload=note),
        _image(run, "tx", chain["avail_pos"]) | {"steps": [{"add_chain": add}, {"serve": {}}]},
        _accept(1, [packet]),
    )


def _offer(run: JSON, recording_name: str) -> JSON:
    """The first buffers of the rx queue take a packet each."""
    chains = run["rx_offer_first"]
    steps = [{"add_chain": {"queue": "rx"} | _chain(chain)} for chain in chains]
    steps.append({"serve": {"queue": "rx", "max": len(chains)}})
    filled = [
        {
            "kind": "packet",
            "id": chain["head"],
            "capacity": sum(_lens(chain)) - traffic.HEADER.size,
            "payload": {"pattern": "traffic", "len": 64},
            "used_len": traffic.HEADER.size + 64,
        }
        for chain in chains
    ]
    return _vector(
        f"traffic/{run['run']}/rx-offer-first-{len(chains)}",
        f"The first {len(chains)} rx buffers of Linux in the run {run['run']} take a packet each",
        ["SPLIT-FRM-005", "SPLIT-USED-003"],
        _provenance(recording_name, run["what"]),
        _image(run, "rx", 0) | {"steps": steps},
        _accept(len(chains), filled),
    )


def _sent(run: JSON, recording_name: str) -> Iterator[JSON]:
    """What the recording's device sent, one of each operation and length, into the buffers it used."""
    seen: set[tuple] = set()
    for chain in run["rx_used_first"]:
        fields = traffic.header(bytes.fromhex(chain["hdr_hex"]))
        key = (traffic.name_of(fields), fields["len"])
        if key in seen:
            continue
        seen.add(key)
        how, expected, note = traffic.payload(fields["len"], bytes.fromhex(chain["payload_head"]), ())
        used = traffic.HEADER.size + fields["len"]
        steps = [
            {"add_chain": {"queue": "rx"} | _chain(chain)},
            {"send": traffic.said(fields) | how},
            {"serve": {"queue": "rx"}},
        ]
        packet = {
            "kind": "packet",
            "id": chain["head"],
            "fields": fields,
            "payload": expected,
            "used_len": used,
        }
        yield _vector(
            f"traffic/{run['run']}/rx-{key[0]}-{fields['len']}",
            f"{key[0]} of {fields['len']} bytes to Linux in the run {run['run']}",
            [*traffic.needs(fields), "SPLIT-FRM-005"],
            _provenance(recording_name, run["what"], position=chain["avail_pos"], payload=note),
            _image(run, "rx", chain["avail_pos"]) | {"steps": steps},
            _accept(2, [packet]),
        )


def _event(kernel: str, buffers: list[JSON], memory: JSON, recording_name: str) -> JSON:
    steps = [
        {
            "add_chain": {
                "queue": "event",
                "elements": [
                    {"len": d["len"], "addr": d["addr"], "slot": buffer["head"]} for d in buffer["descs"]
                ],
            }
        }
        for buffer in buffers
    ]
    count = len(buffers)
    steps += [{"send_event": {"event": number}} for number in range(count)]
    steps.append({"serve": {"queue": "event", "max": count}})
    got = [
        {"kind": "event", "id": buffer["head"], "event": number, "used_len": 4}
        for number, buffer in enumerate(buffers)
    ]
    return _vector(
        f"traffic/{kernel}-event/{count}-buffers",
        f"The {count} event buffers of Linux in the run {kernel}, at odd addresses, take an event each",
        ["VSOCK-EVT-001", "VSOCK-EVT-003", "VSOCK-RXTX-002"],
        _provenance(recording_name, "the event queue's ring as QEMU showed it"),
        memory | {"queues": [{"role": "event", "size": 128}], "steps": steps},
        _accept(2 * count, got),
    )


def _packed_chain(slot: JSON, flags: int) -> JSON:
    if int(slot["flags"], 16) != flags:
        raise ValueError(f"slot {slot['slot']} has the flags {slot['flags']}, not {flags:#06x}")
    return {"id": slot["id"], "elements": [{"len": slot["len"], "addr": slot["addr"]}]}


def _packed_image(memory: JSON, role: str) -> JSON:
    features = ["SEQPACKET", "VERSION_1", "RING_PACKED"]
    return {"image": {"features": features}, **memory, "queues": [{"role": role, "size": 128}]}


def _packed_rx(kernel: str, slots: list[JSON], memory: JSON, recording_name: str) -> JSON:
    steps = [{"add_chain": {"queue": "rx"} | _packed_chain(slot, PACKED_AVAILABLE | WRITE)} for slot in slots]
    steps.append({"serve": {"queue": "rx", "max": len(slots)}})
    filled = [
        {
            "kind": "packet",
            "id": slot["id"],
            "capacity": slot["len"] - traffic.HEADER.size,
            "payload": {"pattern": "traffic", "len": 64},
            "used_len": traffic.HEADER.size + 64,
        }
        for slot in slots
    ]
    return _vector(
        f"traffic/{kernel}-packed/rx-offer-first-{len(slots)}",
        f"The first {len(slots)} rx buffers of Linux in a packed ring in the run {kernel} take a packet each",
        ["PACK-LAY-004", "PACK-WRAP-002", "SPLIT-FRM-005"],
        _provenance(recording_name, "the first slots of a packed ring"),
        _packed_image(memory, "rx") | {"steps": steps},
        _accept(len(slots), filled),
    )


def _packed_tx(kernel: str, slots: list[JSON], memory: JSON, recording_name: str) -> JSON:
    steps, got = [], []
    for slot in slots:
        fields = traffic.header(bytes.fromhex(slot["head"]))
        if fields["len"]:
            raise ValueError("a packed slot with payload: only the header was recorded")
        add = traffic.said(fields) | {"payload_len": 0} | _packed_chain(slot, PACKED_AVAILABLE)
        steps.append({"add_chain": add})
        got.append({"kind": "packet", "id": slot["id"], "fields": fields, "payload": "", "used_len": 0})
    steps.append({"serve": {"max": len(slots)}})
    return _vector(
        f"traffic/{kernel}-packed/tx-first-{len(slots)}",
        f"The first {len(slots)} tx packet of Linux in a packed ring in the run {kernel}",
        ["PACK-LAY-004", "PACK-WRAP-002", "VSOCK-HDR-001"],
        _provenance(recording_name, "the first slots of a packed ring"),
        _packed_image(memory, "tx") | {"steps": steps},
        _accept(len(slots), got),
    )
