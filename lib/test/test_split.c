/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What only a split ring can get wrong. */
#include "guest.h"

#define TABLE (GUEST_DATA + 0x8000)
#define NEXT VVS_DESC_F_NEXT
#define WRITE VVS_DESC_F_WRITE
#define INDIRECT VVS_DESC_F_INDIRECT

static void test_avail_index(void **state)
{
    struct guest *guest = *state;
    /* As far ahead as the queue is large: the driver's right. */
    guest_put16(guest, GUEST_DRIVER + 2, 8);
    guest_put_desc(guest, GUEST_DESC, &(struct guest_desc){GUEST_DATA, 44, 0, 0});
    for (int i = 0; i < 8; i++)
        guest_pop(guest, NULL);
    guest_put16(guest, GUEST_DRIVER + 2, 17);
    guest_breaks(guest, VVS_E_AVAIL_INDEX);

    guest = guest_replace(state, 0, 8, 0);
    guest_put16(guest, GUEST_DRIVER + 2, 9);
    guest_breaks(guest, VVS_E_AVAIL_INDEX);
    /* Sticky, even when the driver mends it. */
    guest_put16(guest, GUEST_DRIVER + 2, 0);
    guest_breaks(guest, VVS_E_AVAIL_INDEX);
}

static void test_avail_index_backwards(void **state)
{
    struct guest *guest = *state;
    guest_simple(guest, 44, false);
    guest_simple(guest, 44, false);
    guest_pop(guest, NULL);
    guest_pop(guest, NULL);
    guest_put16(guest, GUEST_DRIVER + 2, 1);
    guest_breaks(guest, VVS_E_AVAIL_INDEX);
}

static void test_head(void **state)
{
    const uint16_t heads[] = {8, 9, 0x7fff, 0x8000, 0xffff};
    for (size_t i = 0; i < COUNT_OF(heads); i++) {
        struct guest *guest = guest_replace(state, 0, 8, 0);
        guest_offer(guest, heads[i]);
        guest_breaks(guest, VVS_E_HEAD);
    }
}

static void test_outstanding(void **state)
{
    struct guest *guest = *state;
    for (uint32_t i = 0; i < guest->size; i++) {
        guest_simple(guest, 44, false);
        guest_pop(guest, NULL);
    }
    guest_offer(guest, 0);
    guest_breaks(guest, VVS_E_OUTSTANDING);
}

/* One chain went back, so one more may come; not two. */
static void test_outstanding_after_publish(void **state)
{
    struct guest *guest = *state;
    struct vvs_token tokens[8] = {0};
    for (uint32_t i = 0; i < guest->size; i++) {
        guest_simple(guest, 44, false);
        tokens[i] = guest_pop(guest, NULL);
    }
    guest_publish(guest, &tokens[3], 0);
    guest_offer(guest, tokens[3].id);
    guest_pop(guest, NULL);
    guest_offer(guest, tokens[3].id);
    guest_breaks(guest, VVS_E_OUTSTANDING);
}

/* What is staged the driver can't have seen yet: its used entries are not to be written over. */
static void test_outstanding_while_staged(void **state)
{
    struct guest *guest = *state;
    for (uint32_t i = 0; i < guest->size; i++) {
        guest_simple(guest, 44, false);
        struct vvs_token token = guest_pop(guest, NULL);
        assert_status(vvs_queue_stage(&guest->queue, &token, 0), VVS_OK);
    }
    assert_int_equal(vvs_queue_in_flight(&guest->queue), 0);
    guest_offer(guest, 0);
    guest_breaks(guest, VVS_E_OUTSTANDING);
}

static void refused_raw(void **state, const struct guest_desc *descs, uint16_t count,
                        enum vvs_status expected)
{
    /* Room for more elements than the ring has descriptors, so that no limit hides the fault. */
    struct guest *guest = guest_replace(state, GUEST_INDIRECT, 8, 1024);
    guest_raw(guest, descs, count);
    guest_refused(guest, expected);
}

static void test_next_outside(void **state)
{
    const uint16_t nexts[] = {8, 9, 0x8000, 0xffff};
    for (size_t i = 0; i < COUNT_OF(nexts); i++) {
        struct guest_desc descs[] = {{GUEST_DATA, 44, NEXT, nexts[i]}, {GUEST_DATA, 1, 0, 0}};
        refused_raw(state, descs, 1, VVS_E_NEXT);
        descs[0].next = 1;
        descs[1] = (struct guest_desc){GUEST_DATA, 44, NEXT, nexts[i]};
        refused_raw(state, descs, 2, VVS_E_NEXT);
    }
}

static void test_next_without_flag_is_ignored(void **state)
{
    struct guest *guest = *state;
    const struct guest_desc desc = {GUEST_DATA, 44, 0, 0xffff};
    struct vvs_chain chain;
    guest_raw(guest, &desc, 1);
    guest_pop(guest, &chain);
    assert_int_equal(chain.element_count, 1);
}

static void test_loop(void **state)
{
    const struct guest_desc self = {GUEST_DATA, 1, NEXT, 0};
    refused_raw(state, &self, 1, VVS_E_LOOP);
    const struct guest_desc two[] = {{GUEST_DATA, 1, NEXT, 1}, {GUEST_DATA, 1, NEXT, 0}};
    refused_raw(state, two, 2, VVS_E_LOOP);
    const struct guest_desc tail[] = {
        {GUEST_DATA, 1, NEXT, 1}, {GUEST_DATA, 1, NEXT, 2}, {GUEST_DATA, 1, NEXT, 2}};
    refused_raw(state, tail, 3, VVS_E_LOOP);
    const struct guest_desc empty = {GUEST_DATA, 0, NEXT, 0};
    refused_raw(state, &empty, 1, VVS_E_LOOP);

    /* With as many elements allowed as the ring has entries it is a loop too, not a limit. */
    struct guest *guest = guest_replace(state, 0, 8, 0);
    guest_raw(guest, two, 2);
    guest_refused(guest, VVS_E_LOOP);
}

static void refused_table(void **state, const struct guest_desc *entries, uint16_t count,
                          enum vvs_status expected)
{
    struct guest *guest = guest_replace(state, GUEST_INDIRECT, 8, 1024);
    for (uint16_t i = 0; i < count; i++)
        guest_put_desc(guest, TABLE + 16u * i, &entries[i]);
    const struct guest_desc refer = {TABLE, 16u * count, INDIRECT, 0};
    guest_raw(guest, &refer, 1);
    guest_refused(guest, expected);
}

static void test_table_next(void **state)
{
    struct guest_desc entries[] = {{GUEST_DATA, 1, NEXT, 2}, {GUEST_DATA, 1, 0, 0}};
    refused_table(state, entries, 2, VVS_E_NEXT);
    entries[0].next = 0xffff;
    refused_table(state, entries, 2, VVS_E_NEXT);
    /* A ring slot is no table entry. */
    entries[0].next = 7;
    refused_table(state, entries, 2, VVS_E_NEXT);
    entries[0].next = 0;
    refused_table(state, entries, 2, VVS_E_LOOP);
    entries[0].next = 1;
    entries[1] = (struct guest_desc){GUEST_DATA, 1, NEXT, 1};
    refused_table(state, entries, 2, VVS_E_LOOP);

    /* A loop too, not a limit nor an order, when each entry was read once. */
    entries[0].next = 1;
    entries[1] = (struct guest_desc){GUEST_DATA, 1, NEXT | VVS_DESC_F_WRITE, 0};
    refused_table(state, entries, 2, VVS_E_LOOP);
    struct guest *guest = guest_replace(state, GUEST_INDIRECT, 8, 2);
    entries[1].flags = NEXT;
    guest_put_desc(guest, TABLE, &entries[0]);
    guest_put_desc(guest, TABLE + 16, &entries[1]);
    const struct guest_desc refer = {TABLE, 32, INDIRECT, 0};
    guest_raw(guest, &refer, 1);
    guest_refused(guest, VVS_E_LOOP);
}

static void test_table_nested(void **state)
{
    struct guest_desc entries[] = {{GUEST_DATA, 1, NEXT, 1}, {TABLE, 16, INDIRECT, 0}};
    refused_table(state, entries, 2, VVS_E_INDIRECT_NESTED);
    refused_table(state, &entries[1], 1, VVS_E_INDIRECT_NESTED);
}

static void test_indirect_with_next(void **state)
{
    const struct guest_desc descs[] = {{TABLE, 16, INDIRECT | NEXT, 1}, {GUEST_DATA, 1, 0, 0}};
    refused_raw(state, descs, 2, VVS_E_INDIRECT_NEXT);
    const struct guest_desc later[] = {{GUEST_DATA, 1, NEXT, 1}, {TABLE, 16, INDIRECT | NEXT, 0}};
    refused_raw(state, later, 2, VVS_E_INDIRECT_NEXT);
}

/* A table is entered at its first entry, follows `next`, and need not be used up. */
static void test_table_order_of_next(void **state)
{
    struct guest *guest = *state;
    const struct guest_desc entries[] = {{GUEST_DATA, 1, NEXT, 3},
                                         {GUEST_DATA, 2, WRITE, 0},
                                         {GUEST_DATA, 99, INDIRECT, 9},
                                         {GUEST_DATA, 3, NEXT, 1}};
    for (uint16_t i = 0; i < 4; i++)
        guest_put_desc(guest, TABLE + 16u * i, &entries[i]);
    const struct guest_desc refer = {TABLE, 64, INDIRECT, 0};
    guest_raw(guest, &refer, 1);
    struct vvs_chain chain;
    guest_pop(guest, &chain);
    assert_int_equal(chain.element_count, 3);
    assert_int_equal(chain.elements[0].len, 1);
    assert_int_equal(chain.elements[1].len, 3);
    assert_int_equal(chain.elements[2].len, 2);
    assert_int_equal(chain.elements[2].writable != 0, 1);
}

static void test_direct_then_table(void **state)
{
    struct guest *guest = *state;
    const struct vvs_element table[] = {{GUEST_DATA, 2, 0}, {GUEST_DATA, 3, 1}};
    guest_table(guest, TABLE, table, 2);
    struct guest_desc descs[] = {{GUEST_DATA, 1, NEXT, 1}, {TABLE, 32, INDIRECT, 0}};
    guest_raw(guest, descs, 2);
    struct vvs_chain chain;
    struct vvs_token token = guest_pop(guest, &chain);
    assert_int_equal(chain.element_count, 3);
    assert_int_equal(chain.descriptor_count, 3);
    assert_int_equal(chain.readable_len, 3);
    assert_int_equal(chain.writable_len, 3);
    guest_publish(guest, &token, 0);
    guest_expect_used(guest, token.id, 0);

    /* Order holds across the border to the table. */
    descs[0] = (struct guest_desc){GUEST_DATA, 1, NEXT | WRITE, 3};
    guest_raw(guest, descs, 2);
    guest_refused(guest, VVS_E_ORDER);
}

/* The limit counts direct elements and table entries together. */
static void test_direct_then_table_limit(void **state)
{
    struct guest *guest = guest_replace(state, GUEST_INDIRECT, 8, 3);
    const struct vvs_element table[] = {{GUEST_DATA, 2, 0}, {GUEST_DATA, 3, 1}, {GUEST_DATA, 3, 1}};
    struct guest_desc descs[] = {{GUEST_DATA, 1, NEXT, 1}, {TABLE, 32, INDIRECT, 0}};
    guest_table(guest, TABLE, table, 2);
    guest_raw(guest, descs, 2);
    const struct vvs_token token = guest_pop(guest, NULL);
    guest_publish(guest, &token, 0);
    guest_expect_used(guest, token.id, 0);

    guest_table(guest, TABLE, table, 3);
    descs[0].next = 3;
    descs[1].len = 48;
    guest_raw(guest, descs, 2);
    guest_refused(guest, VVS_E_CHAIN_LIMIT);
}

/* The largest queue: each slot and each descriptor number once, the last among them. */
static void test_largest_queue(void **state)
{
    struct guest *guest = guest_replace(state, 0, 32768, 1);
    struct vvs_chain chain;
    for (uint32_t i = 0; i < 32768; i++)
        guest_simple(guest, 44 + i, false);
    for (uint32_t i = 0; i < 32768; i++) {
        const struct vvs_token token = guest_pop(guest, &chain);
        assert_int_equal(token.id, i);
        assert_int_equal(chain.readable_len, 44 + i);
        if (i % 2) {
            guest_publish(guest, &token, i);
        } else {
            assert_status(vvs_queue_stage(&guest->queue, &token, i), VVS_OK);
        }
    }
    for (uint16_t i = 0; i < 32768; i++)
        guest_expect_used(guest, i, i);
    /* Twice round, and the 16-bit index has wrapped. */
    for (uint32_t i = 0; i < 40000; i++) {
        const uint16_t id = guest_simple(guest, 44, false);
        const struct vvs_token token = guest_pop(guest, NULL);
        guest_publish(guest, &token, 1);
        guest_expect_used(guest, id, 1);
    }
}

static void test_walk(void **state)
{
    struct guest *guest = *state;
    const struct vvs_element elements[] = {{GUEST_DATA, 10, 0}, {GUEST_DATA, 3, 1}};
    const uint16_t head = guest_chain(guest, elements, 2);
    struct vvs_chain chain;
    assert_status(vvs_chain_walk(&guest->queue, &chain, head), VVS_OK);
    assert_int_equal(chain.readable_len, 10);
    assert_int_equal(chain.writable_len, 3);
    assert_int_equal(vvs_queue_in_flight(&guest->queue), 0);

    fill_pattern(&chain);
    assert_status(vvs_chain_walk(&guest->queue, &chain, 8), VVS_E_HEAD);
    assert_status(vvs_chain_walk(&guest->queue, &chain, 0xffff), VVS_E_HEAD);
    const struct guest_desc bad = {GUEST_DATA, 44, NEXT, 8};
    guest_put_desc(guest, GUEST_DESC + 16 * 5, &bad);
    assert_status(vvs_chain_walk(&guest->queue, &chain, 5), VVS_E_NEXT);
    assert_untouched(&chain);
    assert_status(vvs_queue_broken(&guest->queue), VVS_OK);

    const struct vvs_token token = guest_pop(guest, NULL);
    assert_int_equal(token.id, head);
    guest_put16(guest, GUEST_DRIVER + 2, 100);
    guest_breaks(guest, VVS_E_AVAIL_INDEX);
    assert_status(vvs_chain_walk(&guest->queue, &chain, head), VVS_E_AVAIL_INDEX);
    assert_untouched(&chain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SPLIT_TEST(test_avail_index),
        SPLIT_TEST(test_avail_index_backwards),
        SPLIT_TEST(test_head),
        SPLIT_TEST(test_outstanding),
        SPLIT_TEST(test_outstanding_after_publish),
        SPLIT_TEST(test_outstanding_while_staged),
        SPLIT_TEST(test_next_outside),
        SPLIT_TEST(test_next_without_flag_is_ignored),
        SPLIT_TEST(test_loop),
        SPLIT_TEST(test_table_next),
        SPLIT_TEST(test_table_nested),
        SPLIT_TEST(test_indirect_with_next),
        SPLIT_TEST(test_table_order_of_next),
        SPLIT_TEST(test_direct_then_table),
        SPLIT_TEST(test_direct_then_table_limit),
        SPLIT_TEST(test_largest_queue),
        SPLIT_TEST(test_walk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
