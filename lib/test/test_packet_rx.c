/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Packets that the device sends: capacity, what may be committed, what reaches the guest. */
#include "guest.h"

#include <stdlib.h>

#define SLICES 64
#define MAX_PAYLOAD 0x10000u

static struct vvs_token offer(struct guest *guest, struct vvs_chain *out_chain,
                              const struct vvs_element *elements, uint16_t count)
{
    if (guest->features & GUEST_INDIRECT) {
        guest_indirect(guest, GUEST_READ_ONLY, elements, count);
    } else {
        guest_chain(guest, elements, count);
    }
    return guest_pop(guest, out_chain);
}

/* A buffer of one element, its packet, and the slices. */
struct buffer {
    struct vvs_slice slices[SLICES];
    struct vvs_chain chain;
    struct vvs_packet packet;
    struct vvs_token token;
};

static void begin_many(struct guest *guest, struct buffer *buffer,
                       const struct vvs_element *elements, uint16_t count)
{
    const uint8_t zeros[VVS_HDR_BYTES] = {0};
    buffer->token = offer(guest, &buffer->chain, elements, count);
    fill_pattern(&buffer->packet);
    assert_status(vvs_packet_from_rx(&buffer->packet, NULL, &buffer->chain, buffer->slices, SLICES,
                                     MAX_PAYLOAD),
                  VVS_OK);
    assert_memory_equal(vvs_packet_header(&buffer->packet), zeros, VVS_HDR_BYTES);
}

static void begin(struct guest *guest, struct buffer *buffer, uint64_t addr, uint32_t len)
{
    const struct vvs_element element = {addr, len, 1};
    begin_many(guest, buffer, &element, 1);
}

static void rx_is(struct guest *guest, const struct vvs_element *elements, uint16_t count,
                  enum vvs_status expected)
{
    struct vvs_slice slices[SLICES];
    struct vvs_packet packet;
    struct vvs_chain chain;
    uint32_t needed;
    fill_pattern(&packet);
    fill_pattern(&needed);
    const struct vvs_token token = offer(guest, &chain, elements, count);
    guest_snapshot(guest);
    assert_status(vvs_packet_from_rx(&packet, &needed, &chain, slices, SLICES, MAX_PAYLOAD),
                  expected);
    guest_expect_unchanged(guest);
    if (expected != VVS_OK)
        assert_untouched(&packet);
    assert_untouched(&needed);
    guest_publish(guest, &token, 0);
    guest_expect_used(guest, token.id, 0);
}

static void test_empty_packet(void **state)
{
    struct guest *guest = *state;
    struct buffer buffer;
    guest_fill(guest, GUEST_DATA, 0x5a, 100);
    begin(guest, &buffer, GUEST_DATA, 100);
    assert_int_equal(vvs_packet_capacity(&buffer.packet), 56);
    assert_true(vvs_packet_is_empty(&buffer.packet));
    uint32_t count;
    const struct vvs_slice *slices = vvs_packet_header_slices(&buffer.packet, &count);
    assert_int_equal(count, 1);
    assert_ptr_equal(slices[0].data, guest_at(guest, GUEST_DATA));
    assert_int_equal(slices[0].len, 44);
    slices = vvs_packet_payload_slices(&buffer.packet, &count);
    assert_int_equal(count, 1);
    assert_ptr_equal(slices[0].data, guest_at(guest, GUEST_DATA + 44));
    assert_int_equal(slices[0].len, 56);
}

static void test_capacity(void **state)
{
    struct guest *guest = *state;
    const struct {
        uint32_t len;
        uint32_t limit;
        uint32_t capacity;
    } rows[] = {{44, 100, 0},    {45, 100, 1}, {144, 100, 100},
                {145, 100, 100}, {1000, 0, 0}, {1000, 7, 7}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct vvs_element element = {GUEST_DATA, rows[i].len, 1};
        struct vvs_slice slices[SLICES];
        struct vvs_packet packet;
        struct vvs_chain chain;
        offer(guest, &chain, &element, 1);
        assert_status(vvs_packet_from_rx(&packet, NULL, &chain, slices, SLICES, rows[i].limit),
                      VVS_OK);
        assert_int_equal(vvs_packet_capacity(&packet), rows[i].capacity);
        const uint8_t bytes[100] = {0};
        assert_status(vvs_packet_write(&packet, 0, bytes, rows[i].capacity), VVS_OK);
        assert_status(vvs_packet_write(&packet, 0, bytes, rows[i].capacity + 1), VVS_E_CAPACITY);
    }
}

static void test_refusals(void **state)
{
    struct guest *guest = *state;
    struct vvs_element two[] = {{GUEST_DATA, 1, 0}, {GUEST_DATA, 100, 1}};
    rx_is(guest, two, 2, VVS_E_DIRECTION);
    two[0].len = 0;
    rx_is(guest, two, 2, VVS_E_DIRECTION);
    rx_is(guest, &two[1], 1, VVS_OK);
    const struct vvs_element bad[] = {
        {GUEST_HOLE, 44, 1},      {GUEST_READ_ONLY, 44, 1},
        {GUEST_DATA - 1, 44, 1},  {GUEST_NEXT + GUEST_NEXT_BYTES - 43, 44, 1},
        {UINT64_MAX - 42, 44, 1}, {GUEST_NEXT + GUEST_NEXT_BYTES - 44, 45, 1},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        rx_is(guest, &bad[i], 1, VVS_E_ADDR);
    const struct vvs_element payload[] = {{GUEST_DATA, 44, 1}, {GUEST_READ_ONLY, 44, 1}};
    rx_is(guest, payload, 2, VVS_E_ADDR);
    const struct vvs_element write_only = {GUEST_WRITE_ONLY, 100, 1};
    rx_is(guest, &write_only, 1, VVS_OK);
    for (uint32_t len = 0; len < 44; len++) {
        const struct vvs_element small = {GUEST_DATA, len, 1};
        rx_is(guest, &small, 1, VVS_E_BUFFER_SHORT);
    }
    const struct vvs_element pieces[] = {
        {GUEST_DATA, 43, 1}, {GUEST_HOLE, 0, 1}, {GUEST_DATA, 1, 1}};
    rx_is(guest, pieces, 2, VVS_E_BUFFER_SHORT);
    rx_is(guest, pieces, 3, VVS_OK);
}

/* Behind the capacity nothing needs to be mapped: the caller's maximum cuts it off. */
static void test_beyond_capacity(void **state)
{
    struct guest *guest = *state;
    const struct vvs_element elements[] = {{GUEST_DATA, 144, 1}, {GUEST_HOLE, 100, 1}};
    struct vvs_slice slices[SLICES];
    struct vvs_packet packet;
    struct vvs_chain chain;
    offer(guest, &chain, elements, 2);
    assert_status(vvs_packet_from_rx(&packet, NULL, &chain, slices, SLICES, 100), VVS_OK);
    assert_int_equal(vvs_packet_capacity(&packet), 100);
    fill_pattern(&packet);
    assert_status(vvs_packet_from_rx(&packet, NULL, &chain, slices, SLICES, 101), VVS_E_ADDR);
    assert_untouched(&packet);
}

static void test_slices(void **state)
{
    struct guest *guest = *state;
    const struct vvs_element elements[] = {{GUEST_NEXT - 7, 40, 1}, {GUEST_DATA, 100, 1}};
    struct vvs_chain chain;
    struct vvs_packet packet;
    offer(guest, &chain, elements, 2);
    for (uint32_t room = 0; room < 4; room++) {
        struct vvs_slice slices[5];
        uint32_t needed = 0;
        fill_pattern(&packet);
        fill_pattern(&slices);
        assert_status(vvs_packet_from_rx(&packet, &needed, &chain, slices, room, 1000),
                      VVS_E_SLICES);
        assert_int_equal(needed, 4);
        assert_untouched(&packet);
        assert_untouched(&slices[room]);
    }
    struct vvs_slice slices[4];
    assert_status(vvs_packet_from_rx(&packet, NULL, &chain, slices, 4, 1000), VVS_OK);
}

/* The same where header and payload are one piece each. */
static void test_slices_near(void **state)
{
    struct guest *guest = *state;
    const struct vvs_element element = {GUEST_DATA, 100, 1};
    struct vvs_chain chain;
    struct vvs_packet packet;
    offer(guest, &chain, &element, 1);
    for (uint32_t room = 0; room < 2; room++) {
        struct vvs_slice slices[3];
        uint32_t needed = 0;
        fill_pattern(&packet);
        fill_pattern(&slices);
        assert_status(vvs_packet_from_rx(&packet, &needed, &chain, slices, room, 1000),
                      VVS_E_SLICES);
        assert_int_equal(needed, 2);
        assert_untouched(&packet);
        assert_untouched(&slices[room]);
    }
    struct vvs_slice one[2];
    fill_pattern(&one);
    assert_status(vvs_packet_from_rx(&packet, NULL, &chain, one, 1, 0), VVS_OK);
    assert_untouched(&one[1]);
}

static void fill_header(struct vvs_packet *packet, uint32_t len)
{
    const struct guest_header header = guest_rw(len);
    uint8_t bytes[VVS_HDR_BYTES];
    guest_header_bytes(bytes, &header);
    assert_status(vvs_packet_set_header(packet, bytes, VVS_HDR_BYTES), VVS_OK);
}

/* Write and commit through any cut; bytes around stay, nothing is written before. */
static void commit_through(struct guest *guest, const struct vvs_element *elements, uint16_t count,
                           uint32_t len)
{
    const struct guest_header header = guest_rw(len);
    uint8_t expected[VVS_HDR_BYTES + 256];
    struct buffer buffer;
    guest_fill(guest, GUEST_DATA, 0x5a, 0x2000);
    guest_fill(guest, GUEST_NEXT - 0x100, 0x5a, 0x200);
    guest_header_bytes(expected, &header);
    for (uint32_t i = 0; i < len; i++)
        expected[VVS_HDR_BYTES + i] = (uint8_t)(i + 1);
    begin_many(guest, &buffer, elements, count);
    fill_header(&buffer.packet, len);
    const uint32_t half = len / 2;
    assert_status(vvs_packet_write(&buffer.packet, 0, expected + VVS_HDR_BYTES, half), VVS_OK);
    assert_status(
        vvs_packet_write(&buffer.packet, half, expected + VVS_HDR_BYTES + half, len - half),
        VVS_OK);
    uint32_t used_len = 0;
    assert_status(vvs_packet_commit(&buffer.packet, &used_len), VVS_OK);
    assert_int_equal(used_len, VVS_HDR_BYTES + len);
    uint32_t done = 0;
    for (uint16_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < elements[i].len; j++, done++) {
            assert_int_equal(*guest_at(guest, elements[i].addr + j),
                             done < VVS_HDR_BYTES + len ? expected[done] : 0x5a);
        }
    }
    guest_publish(guest, &buffer.token, used_len);
    guest_expect_used(guest, buffer.token.id, used_len);
}

static void test_commit_cut_in_two(void **state)
{
    struct guest *guest = *state;
    for (uint32_t cut = 1; cut < 100; cut++) {
        const struct vvs_element elements[] = {{GUEST_DATA + 1, cut, 1},
                                               {GUEST_DATA + 0x100, 110 - cut, 1}};
        commit_through(guest, elements, 2, 50);
        commit_through(guest, elements, 2, 66);
        commit_through(guest, elements, 2, 0);
    }
}

static void test_commit_element_as_long_as_the_header(void **state)
{
    struct guest *guest = *state;
    const struct vvs_element elements[] = {{GUEST_DATA, 54, 1}, {GUEST_DATA + 0x200, 44, 1}};
    for (uint32_t len = 9; len <= 54; len++)
        commit_through(guest, elements, 2, len);
}

static void test_commit_single_bytes(void **state)
{
    struct guest *guest = guest_replace(state, GUEST_INDIRECT, 8, 64);
    struct vvs_element elements[50];
    for (uint32_t i = 0; i < COUNT_OF(elements); i++)
        elements[i] = (struct vvs_element){GUEST_DATA + 0x1000 - 17 * i, 1, 1};
    for (uint16_t count = 44; count <= 50; count++)
        commit_through(guest, elements, count, count - 44u);
}

static void test_commit_across_regions(void **state)
{
    struct guest *guest = *state;
    for (uint32_t before = 0; before <= 64; before++) {
        const struct vvs_element element = {GUEST_NEXT - before, 64, 1};
        commit_through(guest, &element, 1, 20);
    }
}

static void test_commit_at_end_of_address_space(void **state)
{
    struct guest *guest = *state;
    guest_extend(guest, GUEST_END, GUEST_END_BYTES, VVS_PERM_READ | VVS_PERM_WRITE);
    guest_fill(guest, UINT64_MAX - 99, 0x5a, 100);
    for (uint32_t len = 44; len < 60; len++) {
        const struct vvs_element element = {UINT64_MAX - len + 1, len, 1};
        commit_through(guest, &element, 1, len - 44);
    }
}

static void test_commit_rules(void **state)
{
    struct guest *guest = *state;
    const uint8_t bytes[64] = {1, 2, 3};
    struct buffer buffer;
    uint32_t used_len;
    begin(guest, &buffer, GUEST_DATA, 100);
    guest_snapshot(guest);
    fill_pattern(&used_len);
    vvs_packet_set_len(&buffer.packet, 57);
    assert_status(vvs_packet_commit(&buffer.packet, &used_len), VVS_E_CAPACITY);
    vvs_packet_set_len(&buffer.packet, UINT32_MAX);
    assert_status(vvs_packet_commit(&buffer.packet, &used_len), VVS_E_CAPACITY);
    vvs_packet_set_len(&buffer.packet, 1);
    assert_status(vvs_packet_commit(&buffer.packet, &used_len), VVS_E_UNWRITTEN);
    guest_expect_unchanged(guest);
    assert_untouched(&used_len);

    assert_status(vvs_packet_write(&buffer.packet, 0, bytes, 10), VVS_OK);
    vvs_packet_set_len(&buffer.packet, 11);
    assert_status(vvs_packet_commit(&buffer.packet, &used_len), VVS_E_UNWRITTEN);
    assert_untouched(&used_len);
    vvs_packet_set_len(&buffer.packet, 10);
    assert_status(vvs_packet_commit(&buffer.packet, &used_len), VVS_OK);
    assert_int_equal(used_len, 54);

    guest_snapshot(guest);
    fill_pattern(&used_len);
    assert_status(vvs_packet_commit(&buffer.packet, &used_len), VVS_E_DONE);
    assert_status(vvs_packet_write(&buffer.packet, 0, bytes, 1), VVS_E_DONE);
    assert_status(vvs_packet_set_written(&buffer.packet, 1), VVS_E_DONE);
    vvs_packet_abort(&buffer.packet);
    assert_untouched(&used_len);
    guest_expect_unchanged(guest);
}

/* Less than was written may be committed: the used length is what was committed. */
static void test_commit_less_than_written(void **state)
{
    struct guest *guest = *state;
    const uint8_t bytes[20] = {0};
    struct buffer buffer;
    uint32_t used_len;
    begin(guest, &buffer, GUEST_DATA, 100);
    assert_status(vvs_packet_write(&buffer.packet, 0, bytes, 20), VVS_OK);
    vvs_packet_set_len(&buffer.packet, 5);
    assert_status(vvs_packet_commit(&buffer.packet, &used_len), VVS_OK);
    assert_int_equal(used_len, 49);
}

static void test_write_rules(void **state)
{
    struct guest *guest = *state;
    uint8_t bytes[64] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    struct buffer buffer;
    begin(guest, &buffer, GUEST_DATA, 100);
    guest_snapshot(guest);
    assert_status(vvs_packet_write(&buffer.packet, 1, bytes, 1), VVS_E_UNWRITTEN);
    assert_status(vvs_packet_write(&buffer.packet, 0, bytes, 57), VVS_E_CAPACITY);
    assert_status(vvs_packet_write(&buffer.packet, 0, bytes, UINT32_MAX), VVS_E_CAPACITY);
    assert_status(vvs_packet_write(&buffer.packet, UINT32_MAX, bytes, 2), VVS_E_CAPACITY);
    assert_status(vvs_packet_write(&buffer.packet, 0, bytes, 0), VVS_OK);
    guest_expect_unchanged(guest);

    assert_status(vvs_packet_write(&buffer.packet, 0, bytes, 4), VVS_OK);
    assert_status(vvs_packet_write(&buffer.packet, 5, bytes, 1), VVS_E_UNWRITTEN);
    assert_status(vvs_packet_write(&buffer.packet, 4, bytes + 4, 4), VVS_OK);
    /* Again, within what is written: it does not shrink. */
    assert_status(vvs_packet_write(&buffer.packet, 1, bytes + 8, 1), VVS_OK);
    vvs_packet_set_len(&buffer.packet, 8);
    uint32_t used_len;
    assert_status(vvs_packet_commit(&buffer.packet, &used_len), VVS_OK);
    guest_read(guest, GUEST_DATA + 44, bytes + 32, 8);
    assert_memory_equal(bytes + 32, ((const uint8_t[]){1, 9, 3, 4, 5, 6, 7, 8}), 8);
}

static void test_set_written(void **state)
{
    struct guest *guest = *state;
    struct buffer buffer;
    uint32_t count;
    uint32_t used_len;
    begin(guest, &buffer, GUEST_DATA, 100);
    assert_status(vvs_packet_set_written(&buffer.packet, 57), VVS_E_CAPACITY);
    assert_status(vvs_packet_set_written(&buffer.packet, UINT32_MAX), VVS_E_CAPACITY);
    const struct vvs_slice *slices = vvs_packet_payload_slices(&buffer.packet, &count);
    memset(slices[0].data, 0x77, 56);
    assert_status(vvs_packet_set_written(&buffer.packet, 56), VVS_OK);
    vvs_packet_set_len(&buffer.packet, 56);
    assert_status(vvs_packet_commit(&buffer.packet, &used_len), VVS_OK);
    assert_int_equal(used_len, 100);
    assert_int_equal(*guest_at(guest, GUEST_DATA + 99), 0x77);
}

/* Exactly the pages that may have been written, and the ring's own. */
static void test_dirty_commit(void **state)
{
    struct guest *guest = *state;
    const uint8_t bytes[64] = {0};
    struct buffer buffer;
    uint32_t used_len;
    const struct vvs_element elements[] = {{GUEST_DATA + 0x1fd4, 44, 1},
                                           {GUEST_DATA + 0x5fff, 2, 1}};
    begin_many(guest, &buffer, elements, 2);
    guest_log(guest);
    assert_status(vvs_packet_write(&buffer.packet, 0, bytes, 2), VVS_OK);
    vvs_packet_set_len(&buffer.packet, 2);
    assert_status(vvs_packet_commit(&buffer.packet, &used_len), VVS_OK);
    const struct guest_span spans[] = {{GUEST_DATA + 0x1fd4, 44}, {GUEST_DATA + 0x5fff, 2}};
    guest_expect_dirty(guest, spans, 2);

    guest_publish(guest, &buffer.token, used_len);
    const struct guest_span split[] = {{GUEST_DEVICE + 2, 2}, {GUEST_DEVICE + 4, 8}};
    const struct guest_span packed = {GUEST_DESC, 16};
    if (guest_is_packed(guest)) {
        guest_expect_dirty(guest, &packed, 1);
    } else {
        guest_expect_dirty(guest, split, 2);
    }
}

/* Slices were handed out, so the payload may be written though nobody said so. */
static void test_dirty_abort(void **state)
{
    struct guest *guest = *state;
    struct buffer buffer;
    begin(guest, &buffer, GUEST_DATA + 0x1fd8, 0x1000);
    guest_log(guest);
    guest_snapshot(guest);
    vvs_packet_abort(&buffer.packet);
    guest_expect_unchanged(guest);
    /* The payload begins in the page behind the header's, which nobody wrote. */
    const struct guest_span payload = {GUEST_DATA + 0x2004, 0x1000 - 44};
    guest_expect_dirty(guest, &payload, 1);
    uint32_t used_len;
    assert_status(vvs_packet_commit(&buffer.packet, &used_len), VVS_E_DONE);
    assert_status(vvs_packet_write(&buffer.packet, 0, (const uint8_t *)"x", 1), VVS_E_DONE);
    assert_status(vvs_packet_set_written(&buffer.packet, 0), VVS_E_DONE);
    vvs_packet_abort(&buffer.packet);
    guest_expect_dirty(guest, NULL, 0);
    guest_publish(guest, &buffer.token, 0);
    guest_expect_used(guest, buffer.token.id, 0);
}

/* Host memory that the guest sees at a second address is dirty there too, as far as that goes. */
static void test_dirty_alias(void **state)
{
    struct guest *guest = *state;
    const uint64_t payload = GUEST_DATA + 0x2004;
    const struct guest_span written = {payload, 0x1000 - 44};
    const struct {
        uint64_t of;
        struct guest_span alias;
        bool dirty;
    } rows[] = {
        /* In the midst of the payload, around, at the end and at the start of a page. */
        {GUEST_DATA + 0x2100, {0x10ff8, 16}, true},
        {GUEST_DATA + 0x2100, {0x10ff0, 16}, true},
        {GUEST_DATA + 0x2100, {0x11000, 16}, true},
        {GUEST_DATA + 0x2100, {0x10ff1, 16}, true},
        /* Right before and right behind it. */
        {payload - 8, {0x10800, 8}, false},
        {payload + 0x1000 - 44, {0x10800, 8}, false},
    };
    guest_log(guest);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buffer buffer;
        begin(guest, &buffer, payload - 44, 0x1000);
        struct vvs_region regions[GUEST_REGIONS_MAX + 1];
        memcpy(regions, guest->regions, guest->region_count * sizeof(regions[0]));
        regions[guest->region_count] = (struct vvs_region){
            rows[i].alias.addr, rows[i].alias.len, guest_at(guest, rows[i].of), 0, VVS_PERM_READ};
        struct vvs_memory memory;
        assert_status(vvs_memory_init(&memory, regions, guest->region_count + 1), VVS_OK);
        memory.log = guest->log;
        buffer.packet.memory = &memory;
        vvs_packet_abort(&buffer.packet);
        const struct guest_span spans[] = {written, rows[i].alias};
        guest_expect_dirty(guest, spans, rows[i].dirty ? 2 : 1);
        guest_publish(guest, &buffer.token, 0);
        memset(guest->log, 0, guest->log_len);
    }
}

/* 2^32 writable bytes: the used length is 32 bits wide, so what it can't say must not be
 * committed. */
static void test_largest(void **state)
{
    struct guest *guest = guest_replace(state, GUEST_INDIRECT, 8, 1024);
    const uint32_t piece = 0x400000;
    guest_extend(guest, GUEST_HOLE, piece, VVS_PERM_WRITE);
    struct vvs_element *elements = calloc(1024, sizeof(*elements));
    struct vvs_slice *slices = calloc(1100, sizeof(*slices));
    assert_non_null(elements);
    assert_non_null(slices);
    for (int i = 0; i < 1024; i++)
        elements[i] = (struct vvs_element){GUEST_HOLE, piece, 1};
    guest_indirect(guest, GUEST_DATA, elements, 1024);
    struct vvs_chain chain;
    struct vvs_packet packet;
    guest_pop(guest, &chain);
    assert_true(chain.writable_len == VVS_CHAIN_BYTES_MAX);
    assert_status(vvs_packet_from_rx(&packet, NULL, &chain, slices, 1100, UINT32_MAX), VVS_OK);
    assert_int_equal(vvs_packet_capacity(&packet), UINT32_MAX - VVS_HDR_BYTES);
    const uint32_t capacity = UINT32_MAX - VVS_HDR_BYTES - 1;
    assert_status(vvs_packet_from_rx(&packet, NULL, &chain, slices, 1100, capacity), VVS_OK);
    assert_int_equal(vvs_packet_capacity(&packet), capacity);
    assert_status(vvs_packet_from_rx(&packet, NULL, &chain, slices, 1100, capacity + 1), VVS_OK);
    assert_int_equal(vvs_packet_capacity(&packet), capacity + 1);
    assert_status(vvs_packet_set_written(&packet, capacity + 1), VVS_OK);
    vvs_packet_set_len(&packet, capacity + 1);
    uint32_t used_len = 0;
    assert_status(vvs_packet_commit(&packet, &used_len), VVS_OK);
    assert_int_equal(used_len, UINT32_MAX);
    free(elements);
    free(slices);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH_TESTS(test_empty_packet),
        BOTH_TESTS(test_capacity),
        BOTH_TESTS(test_refusals),
        BOTH_TESTS(test_beyond_capacity),
        BOTH_TESTS(test_slices),
        BOTH_TESTS(test_slices_near),
        BOTH_TESTS(test_commit_cut_in_two),
        BOTH_TESTS(test_commit_element_as_long_as_the_header),
        BOTH_TESTS(test_commit_single_bytes),
        BOTH_TESTS(test_commit_across_regions),
        BOTH_TESTS(test_commit_at_end_of_address_space),
        BOTH_TESTS(test_commit_rules),
        BOTH_TESTS(test_commit_less_than_written),
        BOTH_TESTS(test_write_rules),
        BOTH_TESTS(test_set_written),
        BOTH_TESTS(test_dirty_commit),
        BOTH_TESTS(test_dirty_abort),
        BOTH_TESTS(test_dirty_alias),
        BOTH_TESTS(test_largest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
