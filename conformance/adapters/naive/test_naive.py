# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""naive on guests that were laid out by hand."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.adapters.naive import protocol
from conformance.adapters.naive.memory import Memory, Region, is_table

# src 3:1024, dst 2:1234, len 3, stream, RW, no flags, buf_alloc 65536, fwd_cnt 0
HEADER = (
    "0300000000000000" "0200000000000000" "00040000" "d2040000"
    "03000000" "0100" "0500" "00000000" "00000100" "00000000"
)  # fmt: skip
CONTROL = HEADER[:48] + "00000000" + HEADER[56:]
SEND = {"header": CONTROL, "payload": "", "written": 0}
SPLIT, PACKED = 1 << 32, 1 << 32 | 1 << 34
INDIRECT_DESC, EVENT_IDX, IN_ORDER = 1 << 28, 1 << 29, 1 << 35


def write(addr, *parts):
    return {"addr": hex(addr), "bytes": "".join(parts)}


def split(addr, length, flags=0, following=0):
    """A split descriptor; a packed one has id and flags in the last two places."""
    numbers = ((addr, 8), (length, 4), (flags, 2), (following, 2))
    return "".join(number.to_bytes(size, "little").hex() for number, size in numbers)


def packed(addr, length, flags, buffer_id=0):
    return split(addr, length, buffer_id, flags)


def guest(*writes, features=SPLIT, role="tx", **queue):
    """A queue of 4: descriptors at 0x1000, the driver's part at 0x2000, the device's at 0x3000."""
    place = {"role": role, "size": 4, "desc": "0x1000", "driver": "0x2000", "device": "0x3000"} | queue
    return {
        "features": hex(features),
        "max_payload": 65536,
        "regions": [{"addr": "0x1000", "len": "0xf000", "permission": 3}],
        "queues": [place],
        "send": SEND,
        "write": list(writes),
    }


def serve(role="tx", **more):
    return {"do": "serve", "queue": role, "max": 1, "read": [{"addr": "0x3000", "len": 12}]} | more


def run(image, *steps):
    found = protocol.run({"image": image, "steps": list(steps)})
    return found["answers"]


def offered(*heads):
    """The available ring with these heads."""
    count = len(heads).to_bytes(2, "little").hex()
    return write(0x2000, "0000", count, "".join(head.to_bytes(2, "little").hex() for head in heads))


# --- split


def test_a_packet_in_two_descriptors():
    image = guest(
        write(0x1000, split(0x4000, 44, 1, 2)),
        write(0x1020, split(0x5000, 3)),
        write(0x4000, HEADER),
        write(0x5000, "aabbcc"),
        offered(0),
    )
    (answer,) = run(image, serve())
    packet = {"kind": "packet", "id": 0, "header": HEADER, "payload": "aabbcc", "used_len": 0}
    assert answer == {
        "status": "ok",
        "chains": [packet],
        "notify": True,
        "memory": ["0000" "0100" "00000000" "00000000"],
    }  # fmt: skip


def test_a_packet_for_the_driver():
    image = guest(
        write(0x1010, split(0x4000, 40, 3, 3)), write(0x1030, split(0x5000, 100, 2)), offered(1), role="rx"
    )
    send = {"header": HEADER, "payload": "aabbcc", "written": 3}
    reads = [{"addr": "0x3000", "len": 12}, {"addr": "0x4000", "len": 41}, {"addr": "0x5000", "len": 8}]
    (answer,) = run(image, serve("rx", send=[send], read=reads))
    (chain,) = answer["chains"]
    assert (chain["id"], chain["capacity"], chain["used_len"]) == (1, 96, 47)
    assert answer["memory"] == [
        "0000" "0100" "01000000" "2f000000", HEADER[:80] + "00", HEADER[80:] + "aabbcc" "00"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("len_field", "written", "fit", "status", "used"),
    [
        ("03000000", 3, False, "caller", "00000000"),
        ("02000000", 3, False, "ok", "2e000000"),
        ("02000000", 1, False, "caller", "00000000"),
        ("03000000", 3, True, "ok", "2e000000"),
    ],
)
def test_more_than_there_is_room_for(len_field, written, fit, status, used):
    image = guest(write(0x1000, split(0x4000, 46, 2)), offered(0), role="rx")
    header = HEADER[:48] + len_field + HEADER[56:]
    send = {"header": header, "payload": "aabbcc", "written": written, "fit": fit}
    reads = [{"addr": "0x3008", "len": 4}, {"addr": "0x402e", "len": 2}]
    (answer,) = run(image, serve("rx", send=[send], read=reads))
    assert answer["status"] == status
    assert answer["memory"] == [used, "0000"]


def test_what_waits_is_taken_in_order_over_steps():
    image = guest(
        write(0x1000, *[split(0x4000 + 0x100 * i, 44, 2) for i in range(3)]), offered(0, 1, 2), role="rx"
    )
    first, second = ({"header": CONTROL[:-2] + last, "payload": ""} for last in ("01", "02"))
    answers = run(image, serve("rx", send=[first, second]), serve("rx"), serve("rx"))
    assert [answer["chains"][0]["header"][-2:] for answer in answers] == ["01", "02", CONTROL[-2:]]


def test_an_event():
    image = guest(write(0x1000, split(0x4001, 2, 3, 1), split(0x5000, 2, 2)), offered(0), role="event")
    reads = [{"addr": "0x3004", "len": 8}, {"addr": "0x4000", "len": 4}, {"addr": "0x5000", "len": 3}]
    (answer,) = run(image, serve("event", events=[0x04030201], read=reads))
    assert answer["chains"] == [{"kind": "event", "id": 0, "event": 0x04030201, "used_len": 4}]
    assert answer["memory"] == ["0000000004000000", "00010200", "030400"]


REFUSED = {
    "short": [split(0x4000, 43)],
    "next outside the table": [split(0x4000, 44, 1, 4)],
    "a loop": [split(0x4000, 44, 1, 0)],
    "writable": [split(0x4000, 47, 2)],
    "readable behind writable": [split(0x4000, 47, 3, 1), split(0x5000, 1)],
    "unmapped": [split(0xFFF0, 47)],
    "at the end of the address space": [split(2**64 - 16, 47)],
    "len beyond the buffer": [split(0x4000, 46)],
    "INDIRECT, not negotiated": [split(0x6000, 16, 4)],
}


@pytest.mark.parametrize("table", REFUSED.values(), ids=REFUSED)
def test_what_is_refused_comes_back(table):
    image = guest(write(0x1000, *table), write(0x4000, HEADER), write(0x6000, split(0x4000, 47)), offered(0))
    (answer,) = run(image, serve())
    assert [chain["kind"] for chain in answer["chains"]] == ["reject"]
    assert answer["memory"] == ["000001000000000000000000"]


def test_a_table_is_walked_by_next():
    image = guest(
        write(0x1000, split(0x6000, 48, 4)),
        write(0x6000, split(0x4000, 44, 1, 2), split(0x5000, 2), split(0x5002, 1, 1, 1)),
        write(0x4000, HEADER),
        write(0x5000, "bbccaa"),
        offered(0),
        features=SPLIT | INDIRECT_DESC,
    )
    assert run(image, serve())[0]["chains"][0]["payload"] == "aabbcc"


@pytest.mark.parametrize(
    ("count", "head", "status"), [(5, 0, "broken"), (0xFFFF, 0, "broken"), (1, 4, "broken"), (0, 0, "empty")]
)
def test_a_ring_that_can_not_be(count, head, status):
    available = write(0x2000, "0000", count.to_bytes(2, "little").hex(), head.to_bytes(2, "little").hex())
    image = guest(write(0x1000, split(0x4000, 47)), write(0x4000, HEADER), available)
    first, second = run(image, serve(), serve())
    assert (first["status"], second["status"]) == (status, status)
    assert second["memory"] == ["00" * 12]


@pytest.mark.parametrize(
    ("event", "notify"), [(0xFFFC, False), (0xFFFD, True), (0xFFFF, True), (0, True), (1, False)]
)
def test_used_event_over_the_wrap(event, notify):
    """Four entries, from 0xfffd to 0, behind one at 0xfffc that was decided on."""
    heads = "".join(number.to_bytes(2, "little").hex() for number in range(4))
    used_event = event.to_bytes(2, "little").hex()
    image = guest(
        write(0x1000, *[split(0x4000, 44)] * 4),
        write(0x4000, CONTROL),
        write(0x2000, "0000", "fdff", heads, used_event),
        features=SPLIT | EVENT_IDX,
        avail_index=0xFFFC,
        used_index=0xFFFC,
    )
    more = {"write": [write(0x2002, "0100")], "max": 4}
    first, second = run(image, serve(), serve(**more))
    assert first["notify"] is True  # what was shown before it is not known
    assert second["notify"] is notify


def test_arming_looks_again():
    image = guest(write(0x1000, split(0x4000, 44)), write(0x4000, CONTROL))
    arm = {"do": "arm", "queue": "tx", "read": [{"addr": "0x3000", "len": 2}]}
    disarm = arm | {"do": "disarm"}
    answers = run(image, disarm, arm, arm | {"write": [offered(0)]})
    assert [answer["memory"] for answer in answers] == [["0100"], ["0000"], ["0000"]]
    assert [answer.get("more") for answer in answers] == [None, False, True]


# --- packed


def test_a_list_of_two():
    image = guest(
        write(0x1000, packed(0x4000, 44, 0x81, 9), packed(0x5000, 3, 0x80, 7)),
        write(0x4000, HEADER),
        write(0x5000, "aabbcc"),
        features=PACKED,
    )
    (answer,) = run(image, serve(read=[{"addr": "0x1008", "len": 8}, {"addr": "0x1010", "len": 16}]))
    assert (answer["chains"][0]["id"], answer["chains"][0]["payload"]) == (7, "aabbcc")
    # One used descriptor in the list's first slot: AVAIL and USED as the wrap counter, no WRITE.
    assert answer["memory"] == ["00000000" "0700" "8080", packed(0x5000, 3, 0x80, 7)]  # fmt: skip


def test_a_list_over_the_end():
    """The wrap counter flips in the middle of it, for what is available and for what is used."""
    image = guest(
        write(0x1030, packed(0x4000, 44, 0x83, 1)),
        write(0x1000, packed(0x5000, 10, 0x8002, 1)),
        features=PACKED,
        role="rx",
        avail_index=3,
        used_index=3,
    )
    later = {"write": [write(0x1010, packed(0x6000, 44, 0x8002, 2))]}
    reads = {"read": [{"addr": "0x1038", "len": 8}, {"addr": "0x1018", "len": 8}]}
    answers = run(image, serve("rx"), serve("rx", **later, **reads))
    assert [answer["chains"][0]["id"] for answer in answers] == [1, 2]
    assert answers[1]["memory"] == ["2c000000" "0100" "8280", "2c000000" "0200" "0200"]  # fmt: skip


def test_a_packed_table_knows_write_alone():
    image = guest(
        write(0x1000, packed(0x6000, 32, 0x84, 5)),
        write(0x6000, packed(0x4000, 44, 0), packed(0x5000, 3, 0x8085)),
        write(0x4000, HEADER),
        write(0x5000, "aabbcc"),
        features=PACKED | INDIRECT_DESC,
    )
    chain = run(image, serve())[0]["chains"][0]
    assert (chain["id"], chain["payload"]) == (5, "aabbcc")


def test_a_list_that_is_not_all_there():
    image = guest(write(0x1000, packed(0x4000, 44, 0x81)), features=PACKED)
    assert run(image, serve())[0]["status"] == "broken"


@pytest.mark.parametrize(
    ("offset", "flags", "notify"),
    [(0, 0, True), (0, 1, False), (0x8000, 2, True), (0x8001, 2, True), (0x8002, 2, False), (0, 2, False)],
)
def test_event_suppression(offset, flags, notify):
    """Slots 0 and 1 are used in the first lap, in which the wrap counter is 1."""
    said = write(0x2000, offset.to_bytes(2, "little").hex(), flags.to_bytes(2, "little").hex())
    ring = write(0x1000, packed(0x4000, 20, 0x81), packed(0x4014, 24, 0x80))
    image = guest(ring, write(0x4000, CONTROL), said, features=PACKED | EVENT_IDX)
    assert run(image, serve())[0]["notify"] is notify


# --- chain by chain


def two_offered(features=SPLIT):
    return guest(
        write(0x1000, split(0x4000, 44), split(0x4000, 44)),
        write(0x4000, CONTROL),
        offered(0, 1),
        features=features,
    )


def act(name, **more):
    return {"do": name, "queue": "tx", "read": [{"addr": "0x3002", "len": 18}]} | more


def test_chains_come_back_in_any_order():
    answers = run(two_offered(), act("pop"), act("pop"), act("publish", which=1), act("publish"))
    assert answers[2]["memory"] == ["0100" "01000000" "00000000" "00000000" "00000000"]  # fmt: skip
    assert answers[3]["memory"] == ["0200" "01000000" "00000000" "00000000" "00000000"]  # fmt: skip


def test_in_order_is_held_to():
    answers = run(
        two_offered(SPLIT | IN_ORDER), act("pop"), act("pop"), act("publish", which=1), act("serve")
    )
    assert [answer["status"] for answer in answers] == ["ok", "ok", "caller", "caller"]


def test_staged_chains_wait_for_the_flush():
    steps = [act("pop"), act("pop"), act("publish", stage=1), act("publish", stage=1), act("flush")]
    answers = run(two_offered(), *steps)
    assert [answer["memory"][0][:4] for answer in answers] == ["0000"] * 4 + ["0200"]
    assert [answer.get("notify") for answer in answers] == [None] * 4 + [True]


def test_only_the_newest_pop_is_taken_back():
    steps = [act("pop"), act("pop"), act("undo", which=0), act("undo"), act("pop"), act("publish", which=1)]
    answers = run(two_offered(), *steps, act("undo"))
    assert [answer["status"] for answer in answers] == ["ok", "ok", "caller", "ok", "ok", "ok", "caller"]
    assert answers[4]["chains"][0]["id"] == 1


def test_what_came_back_does_not_come_back_again():
    answers = run(two_offered(), act("publish", again=1), act("pop"), act("publish"), act("publish", again=1))
    assert [answer["status"] for answer in answers] == ["none", "ok", "ok", "caller"]


def test_memory_that_goes_while_a_chain_is_out():
    rings = {"addr": "0x1000", "len": "0x3000", "permission": 3}
    image = guest(write(0x1000, split(0x5000, 44, 2)), offered(0), role="rx")
    out = [act("pop", queue="rx"), {"do": "memory", "regions": [rings]}, act("publish", queue="rx")]
    answers = run(image, *out, {"do": "memory", "regions": [rings | {"len": "0x1000"}]})
    assert [answer["status"] for answer in answers] == ["ok", "ok", "ok", "refused"]
    assert answers[2]["memory"] == ["0100" + "00" * 16]


# --- set-up and memory


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": 0}, {"size": 3}, {"size": 65536}, {"desc": "0x1008"}, {"driver": "0x2001"},
        {"device": "0x3002"}, {"device": "0xfff0"}, {"max_chain": 1025}, {"features": 1 << 34},
        {"features": SPLIT | 1 << 50}, {"avail_index": 5, "used_index": 0},
    ],
)  # fmt: skip
def test_what_no_queue_starts_with(wrong):
    found = protocol.run({"image": guest(**wrong), "steps": [serve()]})
    assert found["setup"] == {"tx": "refused"}
    assert found["answers"][0]["status"] == "none"


def test_a_buffer_goes_on_in_the_next_region():
    memory = Memory()
    memory.regions = [Region(0x1000, 0x10, 3), Region(0x1010, 0x10, 1), Region(2**64 - 8, 8, 3)]
    assert is_table(memory.regions)
    assert memory.allows(0x1000, 0x20, 1)
    assert not memory.allows(0x1000, 0x11, 2)
    assert not memory.allows(0x1000, 0x21, 1)
    assert memory.allows(2**64 - 8, 8, 3)
    assert not memory.allows(2**64 - 8, 9, 3)
    assert memory.allows(0x5000, 0, 3)
    assert not is_table([Region(0x1000, 0x10, 3), Region(0x100F, 1, 3)])


# --- over pipes

ADAPTER = Path(__file__).parent


def test_the_program_answers_line_by_line():
    requests = [{"hello": {"protocol": 1}}, {"run": {"image": two_offered(), "steps": [act("pop")]}}, {}]
    lines = "\n".join(json.dumps(request) for request in requests) + "\nnonsense\n"
    # -I: with no path but its own
    done = subprocess.run(
        [sys.executable, "-I", ADAPTER], input=lines, capture_output=True, text=True, timeout=60, check=True
    )
    hello, answered, empty, unread = map(json.loads, done.stdout.splitlines())
    assert hello["hello"]["name"] == "naive"
    assert answered["answers"][0]["chains"][0]["header"] == CONTROL
    assert "error" in empty
    assert "error" in unread
