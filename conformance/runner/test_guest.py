# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Guest memory, and what the driver reads in it: used entries of both ring formats, what was granted."""

import struct

from conformance.runner import guest
from conformance.runner.guest import AVAIL, INDIRECT, NEXT, USED, WRITE

DESC, DRIVER, DEVICE, SIZE = 0x1000, 0x2000, 0x3000, 4


def queue(packed=False, size=SIZE, event_idx=False):
    return guest.Queue("tx", packed, event_idx, size, DESC, DRIVER, DEVICE)


def describe(memory, slot, addr=0x8000, length=44, third=0, fourth=0, base=DESC):
    memory.write(base + 16 * slot, struct.pack("<QIHH", addr, length, third, fourth))


def test_bytes_stay_where_they_were_written_over_pages_too():
    memory = guest.Memory()
    memory.write(0xFFE, b"abcd")
    assert memory.read(0xFFD, 6) == b"\0abcd\0"
    memory.apply([{"addr": "0xfff", "len": 2, "fill": 0x7A}, {"addr": "0x2000", "bytes": "3031"}])
    assert memory.read(0xFFE, 4) == b"azzd"
    assert memory.u16(0x2000) == 0x3130
    assert memory.read((1 << 64) - 2, 2) == b"\0\0"


def test_split_entries_come_up_with_the_index():
    memory, ring = guest.Memory(), queue()
    memory.write(DEVICE + 4, struct.pack("<8I", 1, 0, 2, 52, 3, 0, 0, 9))
    assert guest.collect(memory, 0, ring) == []
    memory.write(DEVICE + 2, struct.pack("<H", 2))
    assert guest.collect(memory, 0, ring) == [{"id": 1, "len": 0}, {"id": 2, "len": 52}]
    assert guest.collect(memory, 1, ring) == [{"id": 2, "len": 52}]


def test_a_split_index_wraps_and_can_not_run_away():
    memory, ring = guest.Memory(), queue()
    memory.write(DEVICE + 4, struct.pack("<8I", 1, 0, 2, 52, 3, 0, 0, 9))
    memory.write(DEVICE + 2, struct.pack("<H", 1))
    assert [entry["id"] for entry in guest.collect(memory, 0xFFFE, ring)] == [3, 0, 1]
    memory.write(DEVICE + 2, struct.pack("<H", 5))
    assert guest.collect(memory, 0, ring) is None


def available(memory, slot, id_, *, more=False, wrap=1):
    describe(memory, slot, third=id_, fourth=(AVAIL if wrap else USED) | (NEXT if more else 0))


def used(memory, slot, id_, length, *, wrap=1, write=WRITE):
    describe(memory, slot, length=length, third=id_, fourth=((AVAIL | USED) if wrap else 0) | write)


def test_packed_entries_come_up_with_the_flags_and_skip_the_chain():
    memory, ring = guest.Memory(), queue(packed=True)
    available(memory, 0, 7, more=True)
    available(memory, 1, 7)
    available(memory, 2, 8)
    guest.note_available(memory, ring)
    assert ring.lengths == {7: 2, 8: 1}
    assert guest.collect(memory, 0, ring) == []
    used(memory, 0, 7, 0)
    used(memory, 2, 8, 4)
    assert guest.collect(memory, 0, ring) == [{"id": 7, "len": 0}, {"id": 8, "len": 4}]
    assert (ring.used_index, ring.used_wrap) == (3, 1)


def test_a_packed_length_counts_with_its_flag_alone():
    memory, ring = guest.Memory(), queue(packed=True)
    available(memory, 0, 7)
    guest.note_available(memory, ring)
    used(memory, 0, 7, 52, write=0)
    assert guest.collect(memory, 0, ring) == [{"id": 7, "len": 0}]


def test_packed_chains_may_come_back_in_another_order_and_over_the_end():
    memory, ring = guest.Memory(), queue(packed=True)
    for slot in range(3):
        available(memory, slot, slot)
    guest.note_available(memory, ring)
    used(memory, 0, 2, 0)
    used(memory, 1, 0, 0)
    used(memory, 2, 1, 0)
    assert [entry["id"] for entry in guest.collect(memory, 0, ring)] == [2, 0, 1]
    available(memory, 3, 3, more=True)
    available(memory, 0, 3, wrap=0)
    guest.note_available(memory, ring)
    assert ring.lengths[3] == 2
    used(memory, 3, 3, 1)
    assert guest.collect(memory, 0, ring) == [{"id": 3, "len": 1}]
    assert (ring.used_index, ring.used_wrap) == (1, 0)
    assert guest.left_over(memory, ring) == ""
    available(memory, 1, 4, wrap=0)
    assert guest.left_over(memory, ring) == "the chain at slot 1"


def test_a_packed_list_without_an_end_is_no_chain():
    memory, ring = guest.Memory(), queue(packed=True)
    for slot in range(SIZE):
        available(memory, slot, 1, more=True)
    guest.note_available(memory, ring)
    assert (ring.lengths, ring.avail_index, ring.avail_wrap) == ({}, 0, 1)


def test_what_is_left_over_of_a_split_ring():
    memory, ring = guest.Memory(), queue()
    memory.write(DRIVER + 2, struct.pack("<H", 3))
    assert guest.left_over(memory, ring) == "3 chains"
    memory.write(DEVICE + 2, struct.pack("<H", 3))
    assert guest.left_over(memory, ring) == ""
    memory.write(DRIVER + 2, struct.pack("<H", 8))
    assert guest.left_over(memory, ring) == "", "an index that no driver has is nobody's chain"


def test_writable_elements_are_found_in_tables_too():
    memory, ring = guest.Memory(), queue()
    describe(memory, 0, 0x8000, 44)
    describe(memory, 1, 0x9000, 100, WRITE)
    describe(memory, 2, 0xA000, 40, INDIRECT)  # holds two whole entries
    describe(memory, 0, 0xB000, 7, WRITE, base=0xA000)
    describe(memory, 1, 0xC000, 8, base=0xA000)
    describe(memory, 2, 0xD000, 9, WRITE, base=0xA000)
    assert set(guest.writable(memory, ring)) == {(0x9000, 100), (0xB000, 7)}
    memory = guest.Memory()
    describe(memory, 0, 0x9000, 100, 5, WRITE | AVAIL)
    assert set(guest.writable(memory, queue(packed=True))) == {(0x9000, 100)}


def test_what_a_device_may_say_of_kicks():
    said = {
        (packed, idx): queue(packed=packed, event_idx=idx).flags_there_are()
        for packed in (False, True)
        for idx in (False, True)
    }
    assert said == {(0, 0): (0, 1), (0, 1): (0,), (1, 0): (0, 1), (1, 1): (0, 1, 2)}
    memory = guest.Memory()
    memory.write(DEVICE, struct.pack("<HH", 5, 6))
    assert queue().device_flags(memory) == 5
    assert queue(packed=True).device_flags(memory) == 6


def test_what_spans_have_in_common():
    assert list(guest.overlaps([(10, 10), (40, 5)], [(0, 12), (15, 100)])) == [(10, 2), (15, 5), (40, 5)]


def test_a_queue_of_no_size_has_no_ring():
    for size in (0, 65536):
        ring = queue(size=size)
        assert (ring.parts(), ring.device_parts(), guest.left_over(guest.Memory(), ring)) == ([], [], "")
        assert guest.collect(guest.Memory(), 0, ring) == []
        assert list(guest.writable(guest.Memory(), ring)) == []
