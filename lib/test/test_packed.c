/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What only a packed ring can get wrong. */
#include "guest.h"

#define TABLE (GUEST_DATA + 0x8000)
#define NEXT VVS_DESC_F_NEXT
#define WRITE VVS_DESC_F_WRITE
#define INDIRECT VVS_DESC_F_INDIRECT

/* Lists of rising length around rings of any size: every wrap at every place. */
static void test_sizes(void **state)
{
    const uint32_t sizes[] = {1, 2, 3, 5, 100};
    for (size_t s = 0; s < COUNT_OF(sizes); s++) {
        struct guest *guest = guest_replace(state, 0, sizes[s], 0);
        struct vvs_element elements[64];
        for (uint32_t i = 0; i < COUNT_OF(elements); i++)
            elements[i] = (struct vvs_element){GUEST_DATA + i, i + 1, i > 1};
        for (uint16_t i = 0; i < 200; i++) {
            const uint16_t most = sizes[s] < 64 ? (uint16_t)sizes[s] : 64;
            const uint16_t count = (uint16_t)(1 + i % most);
            struct vvs_chain chain;
            const uint16_t position = guest->avail;
            const uint16_t id = guest_chain(guest, elements, count);
            const struct vvs_token token = guest_pop(guest, &chain);
            assert_int_equal(token.id, id);
            assert_int_equal(token.span, count);
            assert_int_equal(token.position, position);
            assert_int_equal(chain.element_count, count);
            assert_int_equal(chain.elements[count - 1].len, count);
            guest_publish(guest, &token, i);
            guest_expect_used(guest, id, i);
            guest_expect_none_used(guest);
        }
    }
}

static void test_largest_queue(void **state)
{
    struct guest *guest = guest_replace(state, 0, 32768, 1);
    for (uint32_t turn = 0; turn < 2; turn++) {
        for (uint32_t i = 0; i < 32768; i++)
            guest_simple(guest, 44 + i, false);
        for (uint32_t i = 0; i < 32768; i++) {
            struct vvs_chain chain;
            const struct vvs_token token = guest_pop(guest, &chain);
            assert_int_equal(token.position, i);
            assert_int_equal(chain.readable_len, 44 + i);
            assert_status(vvs_queue_stage(&guest->queue, &token, i), VVS_OK);
        }
        guest_expect_none_used(guest);
        assert_status(vvs_queue_flush(&guest->queue), VVS_OK);
        for (uint32_t i = 0; i < 32768; i++)
            guest_expect_used(guest, (uint16_t)(32768 * turn + i), i);
    }
}

/* Any 16 bits are a buffer id, and it is the last descriptor's that counts. */
static void test_buffer_id(void **state)
{
    struct guest *guest = *state;
    const uint16_t ids[] = {0, 7, 8, 0x7fff, 0xffff};
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        const struct guest_desc list[] = {{GUEST_DATA, 44, NEXT, 0x5555},
                                          {GUEST_DATA, 1, NEXT, 0xaaaa},
                                          {GUEST_DATA, 1, WRITE, ids[i]}};
        guest_raw(guest, list, 3);
        const struct vvs_token token = guest_pop(guest, NULL);
        assert_int_equal(token.id, ids[i]);
        guest_publish(guest, &token, 1);
        guest_expect_used(guest, ids[i], 1);
    }
}

/* Chains go back in any order: the used descriptors follow each other without gaps by their
 * spans. */
static void test_out_of_order(void **state)
{
    struct guest *guest = guest_replace(state, 0, 7, 0);
    const struct vvs_element elements[] = {
        {GUEST_DATA, 44, 0}, {GUEST_DATA, 1, 0}, {GUEST_DATA, 1, 1}};
    for (int turn = 0; turn < 15; turn++) {
        struct vvs_token tokens[3];
        guest_chain(guest, elements, 3);
        guest_chain(guest, elements, 1);
        guest_chain(guest, elements, 2);
        for (int i = 0; i < 3; i++)
            tokens[i] = guest_pop(guest, NULL);
        for (int i = 2; i >= 0; i--) {
            guest_publish(guest, &tokens[i], (uint32_t)i);
            guest_expect_used(guest, tokens[i].id, (uint32_t)i);
        }
    }
}

static uint16_t flags_of(const struct guest *guest, uint32_t slot)
{
    return guest_get16(guest, GUEST_DESC + 16 * slot + 14);
}

/* All four combinations of the two bits, under both wrap counters: one alone means available. */
static void test_availability(void **state)
{
    for (int wrap = 0; wrap < 2; wrap++) {
        for (unsigned bits = 0; bits < 4; bits++) {
            struct guest *guest = guest_replace(state, 0, 4, 0);
            const struct vvs_queue_state at = {0, 0, (uint8_t)wrap, (uint8_t)wrap};
            assert_status(vvs_queue_set_state(&guest->queue, &at), VVS_OK);
            const unsigned flags = (bits & 1u) << 7 | (bits >> 1) << 15;
            const struct guest_desc desc = {GUEST_DATA, 44, (uint16_t)flags, 3};
            guest_put_desc(guest, GUEST_DESC, &desc);
            struct vvs_token token;
            struct vvs_chain chain;
            const bool available = bits == (wrap ? 1u : 2u);
            assert_status(vvs_queue_pop(&guest->queue, &token, &chain),
                          available ? VVS_OK : VVS_EMPTY);
        }
    }
}

/* What a publish writes: id, length, both flags by the wrap counter, WRITE only with written
 * bytes. */
static void test_used_descriptor(void **state)
{
    struct guest *guest = guest_replace(state, 0, 1, 0);
    for (int turn = 0; turn < 4; turn++) {
        const uint16_t id = guest_simple(guest, 44, true);
        const struct vvs_token token = guest_pop(guest, NULL);
        const bool wrote = turn & 1;
        guest_publish(guest, &token, wrote ? 44 : 0);
        const uint16_t flags = flags_of(guest, 0);
        const bool wrap = turn % 2 == 0;
        assert_int_equal((flags & VVS_PACKED_DESC_F_AVAIL) != 0, wrap);
        assert_int_equal((flags & VVS_PACKED_DESC_F_USED) != 0, wrap);
        if (wrote)
            assert_true(flags & WRITE);
        guest_expect_used(guest, id, wrote ? 44 : 0);
    }
}

static void test_list_unavailable(void **state)
{
    struct guest *guest = *state;
    const struct guest_desc list[] = {
        {GUEST_DATA, 1, NEXT, 0}, {GUEST_DATA, 1, NEXT, 0}, {GUEST_DATA, 1, 0, 0}};
    guest_raw(guest, list, 3);
    guest_put16(guest, GUEST_DESC + 16 * 2 + 14, 0);
    guest_breaks(guest, VVS_E_LIST_UNAVAILABLE);

    guest = guest_replace(state, 0, 8, 0);
    guest_raw(guest, list, 2);
    guest_breaks(guest, VVS_E_LIST_UNAVAILABLE);
}

static void test_list_endless(void **state)
{
    const struct guest_desc link = {GUEST_DATA, 1, NEXT, 0};
    const uint32_t sizes[] = {1, 3, 8};
    for (size_t s = 0; s < COUNT_OF(sizes); s++) {
        struct guest *guest = guest_replace(state, 0, sizes[s], 0);
        for (uint32_t i = 0; i < sizes[s]; i++)
            guest_raw(guest, &link, 1);
        guest_breaks(guest, VVS_E_LIST_ENDLESS);
    }
}

/* Slots of chains in flight are not free: a list that runs into them is endless. */
static void test_list_into_chains_in_flight(void **state)
{
    struct guest *guest = guest_replace(state, 0, 4, 0);
    guest_simple(guest, 44, false);
    guest_simple(guest, 44, false);
    guest_pop(guest, NULL);
    guest_pop(guest, NULL);
    const struct guest_desc link = {GUEST_DATA, 1, NEXT, 0};
    for (uint32_t i = 0; i < 3; i++)
        guest_raw(guest, &link, 1);
    guest_breaks(guest, VVS_E_LIST_ENDLESS);
}

/* What was undone is free again, and no more than that. */
static void test_list_after_undo(void **state)
{
    const struct vvs_element elements[] = {
        {GUEST_DATA, 44, 0}, {GUEST_DATA, 1, 0}, {GUEST_DATA, 1, 0}};
    for (int endless = 0; endless < 2; endless++) {
        struct guest *guest = guest_replace(state, 0, 4, 0);
        guest_chain(guest, elements, 3);
        const struct vvs_token token = guest_pop(guest, NULL);
        assert_status(vvs_queue_undo(&guest->queue, &token), VVS_OK);
        /* The driver must not change what it made available; the device has to survive it. */
        const struct guest_desc link = {GUEST_DATA, 1, VVS_DESC_F_NEXT, 7};
        const struct guest_desc last = {GUEST_DATA, 1, 0, 7};
        guest->avail = 0;
        for (int i = 0; i < 3; i++)
            guest_raw(guest, &link, 1);
        guest_raw(guest, endless ? &link : &last, 1);
        guest->span_of[7] = 4;
        if (endless) {
            guest_breaks(guest, VVS_E_LIST_ENDLESS);
            continue;
        }
        const struct vvs_token whole = guest_pop(guest, NULL);
        assert_int_equal(whole.span, 4);
        guest_publish(guest, &whole, 0);
        guest_expect_used(guest, 7, 0);
    }
}

/* A refused list goes back whole: the id of its last descriptor, and all its slots. */
static void test_refused_whole(void **state)
{
    struct guest *guest = *state;
    const struct guest_desc list[] = {{GUEST_DATA, 1, NEXT | WRITE, 0x1111},
                                      {GUEST_DATA, 1, NEXT, 0x2222},
                                      {GUEST_DATA, 1, NEXT, 0x3333},
                                      {GUEST_DATA, 1, WRITE, 0x4444}};
    for (int turn = 0; turn < 7; turn++) {
        guest_raw(guest, list, 4);
        struct vvs_token token;
        struct vvs_chain chain;
        assert_status(vvs_queue_pop(&guest->queue, &token, &chain), VVS_E_ORDER);
        assert_int_equal(token.id, 0x4444);
        assert_int_equal(token.span, 4);
        guest_publish(guest, &token, 0);
        guest_expect_used(guest, 0x4444, 0);
        const uint16_t id = guest_simple(guest, 44, false);
        const struct vvs_token good = guest_pop(guest, NULL);
        guest_publish(guest, &good, 0);
        guest_expect_used(guest, id, 0);
    }
}

static void refused_list(void **state, const struct guest_desc *list, uint16_t count,
                         enum vvs_status expected)
{
    struct guest *guest = guest_replace(state, GUEST_INDIRECT, 8, 0);
    const struct vvs_element entry = {GUEST_DATA, 1, 0};
    guest_table(guest, TABLE, &entry, 1);
    guest_raw(guest, list, count);
    guest_refused(guest, expected);
    guest_simple(guest, 44, false);
    guest_pop(guest, NULL);
}

static void test_mixed(void **state)
{
    const struct guest_desc table_last[] = {{GUEST_DATA, 1, NEXT, 0}, {TABLE, 16, INDIRECT, 1}};
    refused_list(state, table_last, 2, VVS_E_INDIRECT_MIXED);
    const struct guest_desc table_middle[] = {
        {GUEST_DATA, 1, NEXT, 0}, {TABLE, 16, INDIRECT, 0}, {GUEST_DATA, 1, 0, 1}};
    struct guest *guest = guest_replace(state, GUEST_INDIRECT, 8, 0);
    guest_raw(guest, table_middle, 2);
    struct vvs_token token;
    struct vvs_chain chain;
    assert_status(vvs_queue_pop(&guest->queue, &token, &chain), VVS_E_INDIRECT_MIXED);
    assert_int_equal(token.span, 2);
}

static void test_indirect_with_next(void **state)
{
    const struct guest_desc list[] = {{TABLE, 16, INDIRECT | NEXT, 0}, {GUEST_DATA, 1, 0, 9}};
    refused_list(state, list, 2, VVS_E_INDIRECT_NEXT);
}

/* Inside a table only WRITE means anything. */
static void test_flags_inside_a_table(void **state)
{
    struct guest *guest = *state;
    const struct guest_desc entries[] = {{GUEST_DATA, 1, (uint16_t)~WRITE, 0xffff},
                                         {GUEST_DATA, 2, 0, 0x1234},
                                         {GUEST_DATA, 3, 0xffff, 0}};
    for (uint16_t i = 0; i < 3; i++)
        guest_put_desc(guest, TABLE + 16u * i, &entries[i]);
    const struct guest_desc refer = {TABLE, 48, INDIRECT, 5};
    guest_raw(guest, &refer, 1);
    struct vvs_chain chain;
    const struct vvs_token token = guest_pop(guest, &chain);
    assert_int_equal(token.id, 5);
    assert_int_equal(chain.element_count, 3);
    assert_int_equal(chain.readable_len, 3);
    assert_int_equal(chain.writable_len, 3);
}

static void test_walk_is_for_split(void **state)
{
    struct guest *guest = *state;
    struct vvs_chain chain;
    guest_simple(guest, 44, false);
    fill_pattern(&chain);
    assert_status(vvs_chain_walk(&guest->queue, &chain, 0), VVS_E_ARGUMENT);
    assert_untouched(&chain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PACKED_TEST(test_sizes),
        PACKED_TEST(test_largest_queue),
        PACKED_TEST(test_buffer_id),
        PACKED_TEST(test_out_of_order),
        PACKED_TEST(test_availability),
        PACKED_TEST(test_used_descriptor),
        PACKED_TEST(test_list_unavailable),
        PACKED_TEST(test_list_endless),
        PACKED_TEST(test_list_into_chains_in_flight),
        PACKED_TEST(test_list_after_undo),
        PACKED_TEST(test_refused_whole),
        PACKED_TEST(test_mixed),
        PACKED_TEST(test_indirect_with_next),
        PACKED_TEST(test_flags_inside_a_table),
        PACKED_TEST(test_walk_is_for_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
