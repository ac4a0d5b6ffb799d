/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The corner rules of descriptor chains, where both ring formats share them. */
#include "guest.h"

#include <stdlib.h>

#define TABLE (GUEST_DATA + 0x8000)

/* What a chain must look like: elements of zero length do not appear in `elements`. */
static void chain_is(const struct vvs_chain *chain, const struct vvs_element *elements,
                     uint32_t element_count, uint32_t descriptor_count, uint32_t readable_count)
{
    uint64_t lens[2] = {0, 0};
    assert_int_equal(chain->element_count, element_count);
    assert_int_equal(chain->descriptor_count, descriptor_count);
    assert_int_equal(chain->readable_descriptor_count, readable_count);
    for (uint32_t i = 0; i < element_count; i++) {
        assert_true(chain->elements[i].addr == elements[i].addr);
        assert_int_equal(chain->elements[i].len, elements[i].len);
        assert_int_equal(chain->elements[i].writable != 0, elements[i].writable);
        lens[elements[i].writable] += elements[i].len;
    }
    assert_true(chain->readable_len == lens[0]);
    assert_true(chain->writable_len == lens[1]);
}

static const struct vvs_element mixed[] = {
    {GUEST_DATA, 10, 0}, {GUEST_HOLE, 20, 0}, {UINT64_MAX, 0xf0000000, 1}, {0, 1, 1}};

static void test_direct(void **state)
{
    struct guest *guest = *state;
    struct vvs_chain chain;
    for (uint16_t count = 1; count <= 4; count++) {
        guest_chain(guest, mixed, count);
        const struct vvs_token token = guest_pop(guest, &chain);
        chain_is(&chain, mixed, count, count, count < 2 ? count : 2);
        guest_publish(guest, &token, 0);
    }
}

static void test_indirect(void **state)
{
    struct guest *guest = *state;
    struct vvs_chain chain;
    for (uint16_t count = 1; count <= 4; count++) {
        guest_indirect(guest, TABLE, mixed, count);
        const struct vvs_token token = guest_pop(guest, &chain);
        assert_int_equal(token.span, 1);
        chain_is(&chain, mixed, count, count, count < 2 ? count : 2);
        guest_publish(guest, &token, 0);
    }
}

/* Tables at odd addresses, in read-only memory, and with an entry across two regions. */
static void test_indirect_anywhere(void **state)
{
    struct guest *guest = *state;
    const uint64_t tables[] = {TABLE + 1, TABLE + 8, GUEST_READ_ONLY,
                               GUEST_READ_ONLY + GUEST_SMALL_BYTES - 64};
    struct vvs_chain chain;
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        guest_indirect(guest, tables[i], mixed, 4);
        const struct vvs_token token = guest_pop(guest, &chain);
        chain_is(&chain, mixed, 4, 4, 2);
        guest_publish(guest, &token, 0);
    }
    for (uint64_t before = 1; before < 64; before++) {
        guest_indirect(guest, GUEST_NEXT - before, mixed, 4);
        const struct vvs_token token = guest_pop(guest, &chain);
        chain_is(&chain, mixed, 4, 4, 2);
        guest_publish(guest, &token, 0);
    }
}

/* The last byte of an entry is behind the border, and is not 0: the high byte of `next`. */
static void test_border_in_next(void **state)
{
    struct guest *guest = guest_replace(state, GUEST_INDIRECT, 8, 1024);
    const uint64_t table = GUEST_NEXT - 15;
    const struct guest_desc first = {GUEST_DATA, 5, VVS_DESC_F_NEXT, 0x101};
    const struct guest_desc last = {GUEST_DATA + 5, 6, 0, 0};
    const struct guest_desc refer = {table, 0x102 * 16, VVS_DESC_F_INDIRECT, 0};
    const struct vvs_element elements[] = {{GUEST_DATA, 5, 0}, {GUEST_DATA + 5, 6, 0}};
    struct vvs_chain chain;
    guest_put_desc(guest, table, &first);
    guest_put_desc(guest, table + 0x101 * 16, &last);
    guest_raw(guest, &refer, 1);
    guest_pop(guest, &chain);
    chain_is(&chain, elements, 2, 2, 2);
}

static void test_border_of_read_only(void **state)
{
    struct guest *guest = *state;
    const uint64_t border = GUEST_READ_ONLY + GUEST_SMALL_BYTES;
    struct vvs_chain chain;
    guest_extend(guest, border, GUEST_SMALL_BYTES, VVS_PERM_READ);
    guest_indirect(guest, border - 24, mixed, 4);
    guest_pop(guest, &chain);
    chain_is(&chain, mixed, 4, 4, 2);
}

static void test_border_to_write_only(void **state)
{
    struct guest *guest = *state;
    guest_extend(guest, GUEST_WRITE_ONLY - GUEST_SMALL_BYTES, GUEST_SMALL_BYTES, VVS_PERM_READ);
    guest_indirect(guest, GUEST_WRITE_ONLY - 24, mixed, 2);
    guest_refused(guest, VVS_E_TABLE_ADDR);
    guest_indirect(guest, GUEST_WRITE_ONLY - 32, mixed, 2);
    guest_pop(guest, NULL);
}

static void test_zero_length(void **state)
{
    struct guest *guest = *state;
    const struct vvs_element elements[] = {
        {GUEST_HOLE, 0, 0}, {GUEST_DATA, 5, 0}, {GUEST_HOLE, 0, 0}, {GUEST_HOLE, 0, 1}};
    const struct vvs_element stored = {GUEST_DATA, 5, 0};
    struct vvs_chain chain;
    for (int indirect = 0; indirect < 2; indirect++) {
        if (indirect) {
            guest_indirect(guest, TABLE, elements, 4);
        } else {
            guest_chain(guest, elements, 4);
        }
        const struct vvs_token token = guest_pop(guest, &chain);
        chain_is(&chain, &stored, 1, 4, 3);
        guest_publish(guest, &token, 0);
    }
    guest_chain(guest, elements, 1);
    guest_pop(guest, &chain);
    chain_is(&chain, NULL, 0, 1, 1);
}

static void test_order(void **state)
{
    struct guest *guest = *state;
    const struct vvs_element bad[][3] = {
        {{GUEST_DATA, 1, 1}, {GUEST_DATA, 1, 0}, {GUEST_DATA, 1, 1}},
        {{GUEST_DATA, 1, 0}, {GUEST_DATA, 1, 1}, {GUEST_DATA, 1, 0}},
        {{GUEST_DATA, 0, 1}, {GUEST_DATA, 1, 0}, {GUEST_DATA, 1, 0}},
        {{GUEST_DATA, 1, 1}, {GUEST_DATA, 1, 1}, {GUEST_DATA, 0, 0}},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        guest_chain(guest, bad[i], 3);
        guest_refused(guest, VVS_E_ORDER);
        guest_indirect(guest, TABLE, bad[i], 3);
        guest_refused(guest, VVS_E_ORDER);
    }
}

/* 2^32 bytes in all are allowed, one more is not: whatever the addresses, which may repeat. */
static void test_chain_bytes(void **state)
{
    struct guest *guest = *state;
    struct vvs_element elements[] = {
        {GUEST_DATA, 0xffffffff, 0}, {GUEST_DATA, 1, 1}, {GUEST_DATA, 0, 1}};
    struct vvs_chain chain;
    guest_chain(guest, elements, 3);
    struct vvs_token token = guest_pop(guest, &chain);
    assert_true(chain.readable_len == 0xffffffff);
    assert_true(chain.writable_len == 1);
    guest_publish(guest, &token, 0);
    guest_expect_used(guest, token.id, 0);

    guest_indirect(guest, TABLE, elements, 3);
    token = guest_pop(guest, &chain);
    guest_publish(guest, &token, 0);
    guest_expect_used(guest, token.id, 0);

    elements[2].len = 1;
    guest_chain(guest, elements, 3);
    guest_refused(guest, VVS_E_CHAIN_BYTES);
    guest_indirect(guest, TABLE, elements, 3);
    guest_refused(guest, VVS_E_CHAIN_BYTES);
    for (int i = 0; i < 3; i++)
        elements[i].len = 0xffffffff;
    guest_chain(guest, elements, 3);
    guest_refused(guest, VVS_E_CHAIN_BYTES);
}

static void test_indirect_feature(void **state)
{
    struct guest *guest = guest_replace(state, 0, 8, 0);
    guest_indirect(guest, TABLE, mixed, 2);
    guest_refused(guest, VVS_E_INDIRECT_FEATURE);
    guest_chain(guest, mixed, 2);
    guest_pop(guest, NULL);
}

static void test_table_length(void **state)
{
    struct guest *guest = *state;
    const uint32_t lens[] = {0, 1, 15, 17, 31, 33, 0xffffffff};
    guest_table(guest, TABLE, mixed, 4);
    for (size_t i = 0; i < COUNT_OF(lens); i++) {
        const struct guest_desc refer = {TABLE, lens[i], VVS_DESC_F_INDIRECT, 0};
        guest_raw(guest, &refer, 1);
        guest_refused(guest, VVS_E_TABLE_LEN);
    }
}

static void test_table_address(void **state)
{
    struct guest *guest = *state;
    const struct guest_desc bad[] = {
        {GUEST_HOLE, 16, VVS_DESC_F_INDIRECT, 0},
        {GUEST_WRITE_ONLY, 16, VVS_DESC_F_INDIRECT, 0},
        {GUEST_READ_ONLY + GUEST_SMALL_BYTES - 16, 32, VVS_DESC_F_INDIRECT, 0},
        {GUEST_READ_ONLY + GUEST_SMALL_BYTES - 15, 16, VVS_DESC_F_INDIRECT, 0},
        {GUEST_READ_ONLY - 1, 16, VVS_DESC_F_INDIRECT, 0},
        {UINT64_MAX - 15, 32, VVS_DESC_F_INDIRECT, 0},
        {UINT64_MAX - 7, 16, VVS_DESC_F_INDIRECT, 0},
        {TABLE, 0xfffffff0, VVS_DESC_F_INDIRECT, 0},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        guest_raw(guest, &bad[i], 1);
        guest_refused(guest, VVS_E_TABLE_ADDR);
    }
    const struct vvs_element last = {GUEST_DATA, 44, 0};
    guest_indirect(guest, GUEST_READ_ONLY + GUEST_SMALL_BYTES - 16, &last, 1);
    guest_pop(guest, NULL);
}

/* The specification has the device ignore WRITE on the descriptor that refers to a table. */
static void test_write_flag_of_referrer(void **state)
{
    struct guest *guest = *state;
    struct vvs_chain chain;
    guest_table(guest, TABLE, mixed, 2);
    const struct guest_desc refer = {TABLE, 32, VVS_DESC_F_INDIRECT | VVS_DESC_F_WRITE, 0};
    guest_raw(guest, &refer, 1);
    guest_pop(guest, &chain);
    chain_is(&chain, mixed, 2, 2, 2);
}

static void many(struct guest *guest, uint16_t count)
{
    struct vvs_element *elements = calloc(count, sizeof(*elements));
    assert_non_null(elements);
    for (uint16_t i = 0; i < count; i++)
        elements[i] = (struct vvs_element){GUEST_DATA + i, i % 3, 0};
    guest_indirect(guest, TABLE, elements, count);
    free(elements);
}

/* Zero-length elements count, the descriptor that refers to the table does not. */
static void test_chain_limit(void **state)
{
    const struct {
        uint32_t max_chain;
        uint16_t accepted;
    } rows[] = {{0, 8}, {1, 1}, {5, 5}, {8, 8}, {9, 9}, {1024, 1024}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct guest *guest = guest_replace(state, GUEST_INDIRECT, 8, rows[i].max_chain);
        struct vvs_chain chain;
        many(guest, rows[i].accepted);
        const struct vvs_token token = guest_pop(guest, &chain);
        assert_int_equal(chain.descriptor_count, rows[i].accepted);
        guest_publish(guest, &token, 0);
        guest_expect_used(guest, token.id, 0);
        many(guest, (uint16_t)(rows[i].accepted + 1));
        guest_refused(guest, VVS_E_CHAIN_LIMIT);
    }
}

static void test_chain_limit_direct(void **state)
{
    struct guest *guest = guest_replace(state, 0, 8, 3);
    guest_chain(guest, mixed, 3);
    const struct vvs_token token = guest_pop(guest, NULL);
    guest_publish(guest, &token, 0);
    guest_expect_used(guest, token.id, 0);
    guest_chain(guest, mixed, 4);
    guest_refused(guest, VVS_E_CHAIN_LIMIT);
    /* The refused chain took all its ring entries. */
    guest_chain(guest, mixed, 2);
    guest_pop(guest, NULL);
}

/* The longest chain of the ring itself, its end at every place. */
static void test_whole_ring(void **state)
{
    struct guest *guest = *state;
    struct vvs_element elements[8];
    for (uint32_t i = 0; i < 8; i++)
        elements[i] = (struct vvs_element){GUEST_DATA + 100 * i, i + 1, i >= 4};
    for (int i = 0; i < 9; i++) {
        struct vvs_chain chain;
        guest_chain(guest, elements, 8);
        struct vvs_token token = guest_pop(guest, &chain);
        chain_is(&chain, elements, 8, 8, 4);
        guest_publish(guest, &token, 1);
        guest_expect_used(guest, token.id, 1);
        guest_simple(guest, 1, true);
        token = guest_pop(guest, &chain);
        guest_publish(guest, &token, 1);
        guest_expect_used(guest, token.id, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH_TESTS(test_direct),
        BOTH_TESTS(test_indirect),
        BOTH_TESTS(test_indirect_anywhere),
        SPLIT_TEST(test_border_in_next),
        BOTH_TESTS(test_border_of_read_only),
        BOTH_TESTS(test_border_to_write_only),
        BOTH_TESTS(test_zero_length),
        BOTH_TESTS(test_order),
        BOTH_TESTS(test_chain_bytes),
        BOTH_TESTS(test_indirect_feature),
        BOTH_TESTS(test_table_length),
        BOTH_TESTS(test_table_address),
        BOTH_TESTS(test_write_flag_of_referrer),
        BOTH_TESTS(test_chain_limit),
        BOTH_TESTS(test_chain_limit_direct),
        BOTH_TESTS(test_whole_ring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
