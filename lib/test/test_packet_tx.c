/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Packets that the driver sends: any cut of header and payload, every refusal. */
#include "guest.h"

#include <stdlib.h>

#define SLICES 64
#define MAX_PAYLOAD 0x10000u

static uint8_t stream_byte(const uint8_t *header, uint32_t i)
{
    return i < VVS_HDR_BYTES ? header[i] : (uint8_t)(i * 7 + 3);
}

/* pour writes header and payload into the readable elements, as far as they reach. */
static void pour(const struct guest *guest, const struct vvs_element *elements, uint16_t count,
                 const struct guest_header *header)
{
    uint8_t bytes[VVS_HDR_BYTES];
    guest_header_bytes(bytes, header);
    uint32_t done = 0;
    for (uint16_t i = 0; i < count && !elements[i].writable; i++) {
        for (uint32_t j = 0; j < elements[i].len; j++, done++)
            *guest_at(guest, elements[i].addr + j) = stream_byte(bytes, done);
    }
}

/* offer adds the chain, pops it, and leaves it in `out_chain`. */
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

static uint64_t slices_len(const struct vvs_slice *slices, uint32_t count)
{
    uint64_t len = 0;
    for (uint32_t i = 0; i < count; i++) {
        assert_true(slices[i].len > 0);
        len += slices[i].len;
    }
    return len;
}

/* Slices and copies hold what was poured. */
static void packet_is(const struct vvs_packet *packet, const struct guest_header *header)
{
    uint8_t bytes[VVS_HDR_BYTES];
    guest_header_bytes(bytes, header);
    assert_memory_equal(vvs_packet_header(packet), bytes, VVS_HDR_BYTES);
    assert_int_equal(vvs_packet_len(packet), header->len);
    assert_int_equal(vvs_packet_capacity(packet), header->len);

    uint32_t count;
    const struct vvs_slice *slices = vvs_packet_header_slices(packet, &count);
    assert_int_equal(slices_len(slices, count), VVS_HDR_BYTES);
    uint32_t done = 0;
    for (uint32_t i = 0; i < count; i++) {
        for (size_t j = 0; j < slices[i].len; j++)
            assert_int_equal(((const uint8_t *)slices[i].data)[j], bytes[done++]);
    }
    slices = vvs_packet_payload_slices(packet, &count);
    assert_int_equal(slices_len(slices, count), header->len);
    for (uint32_t i = 0; i < count; i++) {
        for (size_t j = 0; j < slices[i].len; j++)
            assert_int_equal(((const uint8_t *)slices[i].data)[j], stream_byte(bytes, done++));
    }

    uint8_t *copy = malloc(header->len + 1u);
    assert_non_null(copy);
    assert_status(vvs_packet_read(packet, copy, 0, header->len), VVS_OK);
    for (uint32_t i = 0; i < header->len; i++)
        assert_int_equal(copy[i], stream_byte(bytes, VVS_HDR_BYTES + i));
    free(copy);
}

static void parses(struct guest *guest, const struct vvs_element *elements, uint16_t count,
                   uint32_t len)
{
    const struct guest_header header = guest_rw(len);
    struct vvs_slice slices[SLICES];
    struct vvs_packet packet;
    struct vvs_chain chain;
    pour(guest, elements, count, &header);
    const struct vvs_token token = offer(guest, &chain, elements, count);
    assert_status(vvs_packet_from_tx(&packet, NULL, &chain, slices, SLICES, MAX_PAYLOAD), VVS_OK);
    packet_is(&packet, &header);
    guest_publish(guest, &token, 0);
    guest_expect_used(guest, token.id, 0);
}

/* parse_is: a failure leaves packet and count alone, and the chain can be returned. */
static void parse_is(struct guest *guest, const struct vvs_element *elements, uint16_t count,
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
    assert_status(vvs_packet_from_tx(&packet, &needed, &chain, slices, SLICES, MAX_PAYLOAD),
                  expected);
    guest_expect_unchanged(guest);
    if (expected != VVS_OK)
        assert_untouched(&packet);
    assert_untouched(&needed);
    guest_publish(guest, &token, 0);
    guest_expect_used(guest, token.id, 0);
}

static void test_whole(void **state)
{
    struct guest *guest = *state;
    const struct vvs_element one = {GUEST_DATA, 44, 0};
    parses(guest, &one, 1, 0);
    const struct vvs_element more = {GUEST_DATA + 1, 144, 0};
    for (uint32_t len = 0; len <= 100; len++)
        parses(guest, &more, 1, len);
    const struct vvs_element two[] = {{GUEST_DATA + 3, 44, 0}, {GUEST_DATA + 0x101, 1000, 0}};
    parses(guest, two, 2, 1000);
    parses(guest, two, 2, 1);
    parses(guest, two, 2, 0);
}

static void test_header_alone_in_the_whole_storage(void **state)
{
    struct guest *guest = guest_replace(state, 0, 8, 1);
    const struct vvs_element element = {GUEST_DATA, 44, 0};
    parses(guest, &element, 1, 0);
}

/* The header cut in two at each place, payload behind it in the same element. */
static void test_header_cut_in_two(void **state)
{
    struct guest *guest = *state;
    for (uint32_t cut = 1; cut < 44; cut++) {
        const struct vvs_element elements[] = {{GUEST_DATA + 5, cut, 0},
                                               {GUEST_DATA + 0x200, 144 - cut, 0}};
        parses(guest, elements, 2, 100);
        parses(guest, elements, 2, 0);
    }
}

/* Only the first element may be the header's alone. */
static void test_payload_in_an_element_as_long_as_the_header(void **state)
{
    struct guest *guest = *state;
    const struct vvs_element elements[] = {{GUEST_DATA, 54, 0}, {GUEST_DATA + 0x200, 44, 0}};
    for (uint32_t len = 9; len <= 54; len++)
        parses(guest, elements, 2, len);
}

static void test_header_in_single_bytes(void **state)
{
    struct guest *guest = guest_replace(state, GUEST_INDIRECT, 8, 64);
    struct vvs_element elements[48];
    for (uint32_t i = 0; i < COUNT_OF(elements); i++)
        elements[i] = (struct vvs_element){GUEST_DATA + 0x1000 - 17 * i, 1, 0};
    for (uint16_t len = 0; len <= 4; len++)
        parses(guest, elements, (uint16_t)(44 + len), len);
}

/* One element across two regions, the border at each place of header and payload. */
static void test_across_regions(void **state)
{
    struct guest *guest = *state;
    for (uint32_t before = 0; before <= 64; before++) {
        const struct vvs_element element = {GUEST_NEXT - before, 64, 0};
        parses(guest, &element, 1, 20);
    }
}

static void test_zero_length_between(void **state)
{
    struct guest *guest = *state;
    const struct vvs_element elements[] = {{GUEST_HOLE, 0, 0}, {GUEST_DATA, 20, 0},
                                           {GUEST_HOLE, 0, 0}, {GUEST_DATA + 0x100, 24, 0},
                                           {UINT64_MAX, 0, 0}, {GUEST_DATA + 0x200, 9, 0}};
    parses(guest, elements, 6, 9);
}

static void test_direction(void **state)
{
    struct guest *guest = *state;
    struct vvs_element elements[] = {{GUEST_DATA, 44, 0}, {GUEST_DATA + 100, 4, 1}};
    pour(guest, elements, 2, &(struct guest_header){0});
    parse_is(guest, elements, 1, VVS_OK);
    parse_is(guest, elements, 2, VVS_E_DIRECTION);
    elements[1].len = 0;
    parse_is(guest, elements, 2, VVS_E_DIRECTION);
    parse_is(guest, &elements[1], 1, VVS_E_DIRECTION);
}

static void test_header_short(void **state)
{
    struct guest *guest = *state;
    struct vvs_element elements[] = {{GUEST_DATA, 43, 0}, {GUEST_DATA + 0x100, 0, 0}};
    parse_is(guest, elements, 1, VVS_E_HEADER_SHORT);
    parse_is(guest, elements, 2, VVS_E_HEADER_SHORT);
    parse_is(guest, &elements[1], 1, VVS_E_HEADER_SHORT);
    elements[1].len = 1;
    parse_is(guest, elements, 2, VVS_OK);
    for (uint32_t len = 1; len < 44; len++) {
        elements[0].len = len;
        parse_is(guest, elements, 1, VVS_E_HEADER_SHORT);
    }
}

static void test_addresses(void **state)
{
    struct guest *guest = *state;
    const struct vvs_element bad[] = {
        {GUEST_HOLE, 44, 0},      {GUEST_WRITE_ONLY, 44, 0},
        {GUEST_DATA - 1, 44, 0},  {GUEST_NEXT + GUEST_NEXT_BYTES - 43, 44, 0},
        {UINT64_MAX - 42, 44, 0}, {UINT64_MAX, 44, 0},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        parse_is(guest, &bad[i], 1, VVS_E_ADDR);
    const struct vvs_element tail[] = {{GUEST_DATA, 43, 0}, {GUEST_HOLE, 1, 0}};
    parse_is(guest, tail, 2, VVS_E_ADDR);
}

/* Memory may reach to the last byte of the address space, and a chain to the last of memory. */
static void test_end_of_address_space(void **state)
{
    struct guest *guest = *state;
    guest_extend(guest, GUEST_END, GUEST_END_BYTES, VVS_PERM_READ);
    for (uint32_t len = 44; len < 60; len++) {
        const struct vvs_element element = {UINT64_MAX - len + 1, len, 0};
        parses(guest, &element, 1, len - 44);
    }
    const struct vvs_element last[] = {{GUEST_DATA, 43, 0}, {UINT64_MAX, 1, 0}};
    parses(guest, last, 2, 0);
    const struct vvs_element wraps[] = {{UINT64_MAX - 42, 44, 0}, {UINT64_MAX, 0xffffffbf, 0}};
    parse_is(guest, &wraps[0], 1, VVS_E_ADDR);
    parse_is(guest, &wraps[1], 1, VVS_E_ADDR);
}

static void test_payload_address(void **state)
{
    struct guest *guest = *state;
    const struct guest_header header = guest_rw(10);
    const struct vvs_element head = {GUEST_DATA, 44, 0};
    pour(guest, &head, 1, &header);
    const struct vvs_element holes[] = {
        {GUEST_HOLE, 10, 0}, {GUEST_WRITE_ONLY, 10, 0}, {GUEST_NEXT + GUEST_NEXT_BYTES - 9, 10, 0}};
    for (size_t i = 0; i < COUNT_OF(holes); i++) {
        const struct vvs_element elements[] = {head, holes[i]};
        parse_is(guest, elements, 2, VVS_E_ADDR);
    }
}

/* Bytes behind the payload are the driver's own business, mapped or not. */
static void test_slack(void **state)
{
    struct guest *guest = *state;
    const struct guest_header header = guest_rw(10);
    const struct vvs_element end = {GUEST_NEXT + GUEST_NEXT_BYTES - 54, 54, 0};
    pour(guest, &end, 1, &header);
    struct vvs_element elements[] = {{GUEST_NEXT + GUEST_NEXT_BYTES - 54, 1000, 0},
                                     {GUEST_HOLE, 77, 0}};
    struct vvs_slice slices[SLICES];
    struct vvs_packet packet;
    struct vvs_chain chain;
    for (uint16_t count = 1; count <= 2; count++) {
        offer(guest, &chain, elements, count);
        assert_status(vvs_packet_from_tx(&packet, NULL, &chain, slices, SLICES, MAX_PAYLOAD),
                      VVS_OK);
        packet_is(&packet, &header);
    }
}

static void test_payload_short(void **state)
{
    struct guest *guest = *state;
    const struct vvs_element elements[] = {{GUEST_DATA, 50, 0}, {GUEST_DATA + 0x100, 4, 0}};
    const uint32_t lens[] = {11, 100, MAX_PAYLOAD};
    for (size_t i = 0; i < COUNT_OF(lens); i++) {
        const struct guest_header header = guest_rw(lens[i]);
        pour(guest, elements, 2, &header);
        parse_is(guest, elements, 2, VVS_E_PAYLOAD_SHORT);
    }
    parses(guest, elements, 2, 10);
}

/* Over the caller's maximum: the header is readable, so that a reply can be addressed. */
static void test_payload_limit(void **state)
{
    struct guest *guest = *state;
    const struct vvs_element element = {GUEST_DATA, 144, 0};
    const uint32_t limits[] = {0, 50, 99, 100};
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        const struct guest_header header = guest_rw(100);
        struct vvs_slice slices[SLICES];
        struct vvs_packet packet;
        struct vvs_chain chain;
        uint8_t bytes[VVS_HDR_BYTES];
        uint32_t count;
        guest_header_bytes(bytes, &header);
        pour(guest, &element, 1, &header);
        offer(guest, &chain, &element, 1);
        const enum vvs_status expected = limits[i] < 100 ? VVS_E_PAYLOAD_LIMIT : VVS_OK;
        assert_status(vvs_packet_from_tx(&packet, NULL, &chain, slices, SLICES, limits[i]),
                      expected);
        assert_memory_equal(vvs_packet_header(&packet), bytes, VVS_HDR_BYTES);
        assert_int_equal(vvs_packet_src_port(&packet), header.src_port);
        vvs_packet_payload_slices(&packet, &count);
        assert_int_equal(count, expected == VVS_OK ? 1 : 0);
    }
}

/* Too few slices: the count named is enough, and nothing beyond the array is written. */
static void test_slices(void **state)
{
    struct guest *guest = *state;
    const struct guest_header header = guest_rw(60);
    const struct vvs_element elements[] = {{GUEST_NEXT - 7, 40, 0},
                                           {GUEST_DATA, 10, 0},
                                           {GUEST_DATA + 200, 40, 0},
                                           {GUEST_DATA + 90, 14, 0}};
    struct vvs_chain chain;
    struct vvs_packet packet;
    pour(guest, elements, 4, &header);
    offer(guest, &chain, elements, 4);
    for (uint32_t room = 0; room < 6; room++) {
        struct vvs_slice *slices = calloc(room + 1u, sizeof(*slices));
        uint32_t needed = 0;
        fill_pattern(&packet);
        fill_pattern(&slices[room]);
        assert_status(vvs_packet_from_tx(&packet, &needed, &chain, slices, room, 60), VVS_E_SLICES);
        assert_untouched(&packet);
        assert_untouched(&slices[room]);
        assert_status(vvs_packet_from_tx(&packet, NULL, &chain, slices, room, 60), VVS_E_SLICES);
        free(slices);

        assert_int_equal(needed, 4 + 1 + 1);
        slices = malloc(needed * sizeof(*slices));
        assert_status(vvs_packet_from_tx(&packet, NULL, &chain, slices, needed, 60), VVS_OK);
        packet_is(&packet, &header);
        free(slices);
    }
}

/* The largest packet there can be, over aliased elements: no byte of it is looked at. */
static void test_largest(void **state)
{
    struct guest *guest = guest_replace(state, GUEST_INDIRECT, 8, 1024);
    const uint32_t piece = 0x400000;
    uint8_t *block = guest_extend(guest, GUEST_HOLE, piece, VVS_PERM_READ);
    struct vvs_element *elements = calloc(1024, sizeof(*elements));
    struct vvs_slice *slices = calloc(1100, sizeof(*slices));
    assert_non_null(elements);
    assert_non_null(slices);
    for (int i = 0; i < 1024; i++)
        elements[i] = (struct vvs_element){GUEST_HOLE, piece, 0};
    struct guest_header header = guest_rw(0xffffffff - 43);
    guest_header_bytes(block, &header);
    guest_indirect(guest, GUEST_DATA, elements, 1024);
    struct vvs_chain chain;
    guest_pop(guest, &chain);
    assert_true(chain.readable_len == VVS_CHAIN_BYTES_MAX);
    struct vvs_packet packet;
    assert_status(vvs_packet_from_tx(&packet, NULL, &chain, slices, 1100, UINT32_MAX), VVS_OK);
    assert_int_equal(vvs_packet_capacity(&packet), 0xffffffd4);
    uint32_t count;
    const struct vvs_slice *payload = vvs_packet_payload_slices(&packet, &count);
    assert_true(slices_len(payload, count) == 0xffffffd4);
    struct vvs_slice last;
    assert_status(vvs_packet_payload_range(&packet, &last, 1, &count, 0xffffffd3, 1), VVS_OK);
    assert_ptr_equal(last.data, block + piece - 1);
    assert_status(vvs_packet_payload_range(&packet, &last, 1, &count, 0xffffffd3, 2),
                  VVS_E_CAPACITY);
    assert_status(vvs_packet_payload_range(&packet, &last, 1, &count, 0xffffffff, 0xffffffff),
                  VVS_E_CAPACITY);

    header.len++;
    guest_header_bytes(block, &header);
    assert_status(vvs_packet_from_tx(&packet, NULL, &chain, slices, 1100, UINT32_MAX),
                  VVS_E_PAYLOAD_SHORT);
    free(elements);
    free(slices);
}

static void test_range_and_read(void **state)
{
    struct guest *guest = *state;
    const struct guest_header header = guest_rw(30);
    const struct vvs_element elements[] = {
        {GUEST_DATA, 50, 0}, {GUEST_NEXT - 3, 10, 0}, {GUEST_DATA + 100, 20, 0}};
    struct vvs_slice slices[5]; /* as many as it takes: what lies behind is not looked at */
    struct vvs_slice part[4];
    struct vvs_packet packet;
    struct vvs_chain chain;
    uint32_t whole;
    pour(guest, elements, 3, &header);
    offer(guest, &chain, elements, 3);
    assert_status(vvs_packet_from_tx(&packet, NULL, &chain, slices, 5, 30), VVS_OK);
    vvs_packet_payload_slices(&packet, &whole);
    assert_int_equal(whole, 4);
    for (uint32_t offset = 0; offset <= 31; offset++) {
        for (uint32_t len = 0; len <= 32; len++) {
            uint8_t copy[32];
            uint32_t count = 99;
            const enum vvs_status expected = offset + len <= 30 ? VVS_OK : VVS_E_CAPACITY;
            fill_pattern(&copy);
            assert_status(vvs_packet_read(&packet, copy, offset, len), expected);
            assert_status(vvs_packet_payload_range(&packet, part, 4, &count, offset, len),
                          expected);
            if (expected != VVS_OK) {
                assert_untouched(&copy);
                assert_int_equal(count, 99);
                continue;
            }
            assert_int_equal(slices_len(part, count), len);
            uint32_t done = 0;
            for (uint32_t i = 0; i < count; i++) {
                for (size_t j = 0; j < part[i].len; j++, done++)
                    assert_int_equal(((uint8_t *)part[i].data)[j], copy[done]);
            }
            for (uint32_t i = 0; i < len; i++)
                assert_int_equal(copy[i], stream_byte(NULL, VVS_HDR_BYTES + offset + i));
        }
    }
    uint32_t count = 99;
    fill_pattern(&part);
    assert_status(vvs_packet_payload_range(&packet, part, 3, &count, 0, 30), VVS_E_SLICES);
    assert_int_equal(count, 99);
    assert_untouched(&part[3]);
    assert_status(vvs_packet_read(&packet, (uint8_t *)part, 1, UINT32_MAX), VVS_E_CAPACITY);
    assert_status(vvs_packet_read(&packet, (uint8_t *)part, UINT32_MAX, 1), VVS_E_CAPACITY);
}

/* A tx packet can't write to the guest, whatever is done to it. */
static void test_read_only(void **state)
{
    struct guest *guest = *state;
    const struct guest_header header = guest_rw(10);
    const struct vvs_element element = {GUEST_DATA, 54, 0};
    struct vvs_slice slices[SLICES];
    struct vvs_packet packet;
    struct vvs_chain chain;
    uint32_t used_len;
    pour(guest, &element, 1, &header);
    offer(guest, &chain, &element, 1);
    guest_log(guest);
    guest_snapshot(guest);
    assert_status(vvs_packet_from_tx(&packet, NULL, &chain, slices, SLICES, 10), VVS_OK);
    fill_pattern(&used_len);
    vvs_packet_set_len(&packet, 0);
    vvs_packet_set_dst_cid(&packet, 7);
    const uint8_t byte = 1;
    assert_status(vvs_packet_write(&packet, 0, &byte, 1), VVS_E_READ_ONLY);
    assert_status(vvs_packet_set_written(&packet, 1), VVS_E_READ_ONLY);
    assert_status(vvs_packet_commit(&packet, &used_len), VVS_E_READ_ONLY);
    vvs_packet_abort(&packet);
    vvs_packet_abort(&packet);
    assert_untouched(&used_len);
    guest_expect_unchanged(guest);
    guest_expect_dirty(guest, NULL, 0);
}

/* The header is a private copy: the guest can't change it after it was checked. */
static void test_private_copy(void **state)
{
    struct guest *guest = *state;
    const struct guest_header header = guest_rw(10);
    const struct vvs_element element = {GUEST_DATA, 54, 0};
    struct vvs_slice slices[SLICES];
    struct vvs_packet packet;
    struct vvs_chain chain;
    pour(guest, &element, 1, &header);
    offer(guest, &chain, &element, 1);
    assert_status(vvs_packet_from_tx(&packet, NULL, &chain, slices, SLICES, 10), VVS_OK);
    guest_fill(guest, GUEST_DATA, 0xff, 44);
    assert_int_equal(vvs_packet_len(&packet), 10);
    assert_true(vvs_packet_src_cid(&packet) == header.src_cid);
    assert_int_equal(vvs_packet_op(&packet), VVS_OP_RW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH_TESTS(test_whole),
        BOTH_TESTS(test_header_alone_in_the_whole_storage),
        BOTH_TESTS(test_header_cut_in_two),
        BOTH_TESTS(test_payload_in_an_element_as_long_as_the_header),
        BOTH_TESTS(test_header_in_single_bytes),
        BOTH_TESTS(test_across_regions),
        BOTH_TESTS(test_zero_length_between),
        BOTH_TESTS(test_direction),
        BOTH_TESTS(test_header_short),
        BOTH_TESTS(test_addresses),
        BOTH_TESTS(test_end_of_address_space),
        BOTH_TESTS(test_payload_address),
        BOTH_TESTS(test_slack),
        BOTH_TESTS(test_payload_short),
        BOTH_TESTS(test_payload_limit),
        BOTH_TESTS(test_slices),
        BOTH_TESTS(test_largest),
        BOTH_TESTS(test_range_and_read),
        BOTH_TESTS(test_read_only),
        BOTH_TESTS(test_private_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
