/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "oracle_stage.h"

#define SPLIT (VVS_FEATURE(VVS_F_VERSION_1) | VVS_FEATURE(VVS_F_INDIRECT_DESC))
#define PACKED (SPLIT | VVS_FEATURE(VVS_F_RING_PACKED))

static void open_tx(void)
{
    stage_open(VVS_QUEUE_TX, SPLIT);
    stage_desc(STAGE_DESC, STAGE_DATA, 44, VVS_DESC_F_NEXT, 1);
    stage_desc(STAGE_DESC + 16, STAGE_DATA, 44, 0, 0);
}

static void test_once(void **state)
{
    (void)state;
    open_tx();
    stage_pop(0, 2);
    stage_load(VVS_ITEM_HEADER, 0, STAGE_DATA, 44);
    stage_mark(VVS_ITEM_BEGIN_NOTIFY);
    stage_fence();
    stage_load(VVS_ITEM_AVAIL_FLAGS, 0, STAGE_DRIVER, 2);
    stage_mark(VVS_ITEM_BEGIN_ARM);
    stage_store(VVS_ITEM_USED_FLAGS, 0, STAGE_DEVICE, 0, 2);
    stage_fence();
    stage_load(VVS_ITEM_AVAIL_IDX, 0, STAGE_DRIVER + 2, 2);
    stage_expect_clean();
}

static void test_descriptor_again(void **state)
{
    (void)state;
    open_tx();
    stage_pop(0, 2);
    stage_load(VVS_ITEM_DESC, 0, STAGE_DESC, 16);
    stage_expect("fetch-once", "desc 0");
}

static void test_head_descriptor_again_at_once(void **state)
{
    (void)state;
    open_tx();
    stage_pop(0, 1);
    stage_load(VVS_ITEM_DESC, 0, STAGE_DESC, 16);
    stage_expect("fetch-once", "desc 0");
}

/* A loop loads one descriptor many times, each time as another element of the walk. */
static void test_loop_is_no_second_fetch(void **state)
{
    (void)state;
    open_tx();
    stage_desc(STAGE_DESC + 16, STAGE_DATA, 44, VVS_DESC_F_NEXT, 0);
    stage_pop(0, 2);
    stage_load(VVS_ITEM_DESC, 0, STAGE_DESC, 16);
    stage_expect_clean();
}

static void test_slot_again(void **state)
{
    (void)state;
    open_tx();
    stage_pop(0, 0);
    stage_load(VVS_ITEM_AVAIL_SLOT, 0, STAGE_DRIVER + 4, 2);
    stage_expect("fetch-once", "avail_slot 0");
}

static void test_wrong_slot(void **state)
{
    (void)state;
    open_tx();
    stage_mark(VVS_ITEM_BEGIN_POP);
    stage_load(VVS_ITEM_AVAIL_SLOT, 1, STAGE_DRIVER + 6, 2);
    stage_expect("fetch-once", "another one is next");
}

static void test_index_again(void **state)
{
    (void)state;
    open_tx();
    stage_pop(0, 0);
    stage_load(VVS_ITEM_AVAIL_IDX, 0, STAGE_DRIVER + 2, 2);
    stage_expect("fetch-once", "avail_idx");
}

static void test_header_byte_again(void **state)
{
    (void)state;
    open_tx();
    stage_pop(0, 2);
    stage_load(VVS_ITEM_HEADER, 0, STAGE_DATA, 44);
    stage_load(VVS_ITEM_HEADER, 24, STAGE_DATA + 24, 4);
    stage_expect("fetch-once", "header 24");
}

static void test_event_word_again(void **state)
{
    (void)state;
    open_tx();
    stage_mark(VVS_ITEM_BEGIN_NOTIFY);
    stage_fence();
    stage_load(VVS_ITEM_USED_EVENT, 0, STAGE_DRIVER + 4 + 2 * STAGE_SIZE, 2);
    stage_load(VVS_ITEM_USED_EVENT, 0, STAGE_DRIVER + 4 + 2 * STAGE_SIZE, 2);
    stage_expect("fetch-once", "used_event");
}

static void test_table_entry_again(void **state)
{
    (void)state;
    open_tx();
    stage_desc(STAGE_DESC, STAGE_TABLE, 32, VVS_DESC_F_INDIRECT, 0);
    stage_desc(STAGE_TABLE, STAGE_DATA, 44, VVS_DESC_F_NEXT, 1);
    stage_pop(0, 1);
    stage_load(VVS_ITEM_TABLE_ENTRY, 0, STAGE_TABLE, 16);
    stage_load(VVS_ITEM_TABLE_ENTRY, 0, STAGE_TABLE, 16);
    stage_expect("fetch-once", "table_entry 0");
}

static void test_packed(void **state)
{
    (void)state;
    stage_open(VVS_QUEUE_TX, PACKED);
    stage_packed(0, STAGE_DATA, 44, 5, VVS_PACKED_DESC_F_AVAIL | VVS_DESC_F_NEXT);
    stage_packed(1, STAGE_DATA, 44, 5, VVS_PACKED_DESC_F_AVAIL);
    stage_mark(VVS_ITEM_BEGIN_POP);
    stage_load(VVS_ITEM_PACKED_FLAGS, 0, STAGE_DESC + 14, 2);
    stage_load(VVS_ITEM_DESC, 0, STAGE_DESC, 14);
    stage_load(VVS_ITEM_PACKED_FLAGS, 1, STAGE_DESC + 30, 2);
    stage_load(VVS_ITEM_DESC, 1, STAGE_DESC + 16, 14);
    stage_expect_clean();
    assert_int_equal(stage.q->chain_count, 1);
    assert_int_equal(stage.q->chains[0].id, 5);
    stage_load(VVS_ITEM_PACKED_FLAGS, 0, STAGE_DESC + 14, 2);
    stage_expect("fetch-once", "packed_flags 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once),
        cmocka_unit_test(test_descriptor_again),
        cmocka_unit_test(test_head_descriptor_again_at_once),
        cmocka_unit_test(test_loop_is_no_second_fetch),
        cmocka_unit_test(test_slot_again),
        cmocka_unit_test(test_wrong_slot),
        cmocka_unit_test(test_index_again),
        cmocka_unit_test(test_header_byte_again),
        cmocka_unit_test(test_event_word_again),
        cmocka_unit_test(test_table_entry_again),
        cmocka_unit_test(test_packed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
