/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "oracle_stage.h"

#define SPLIT (VVS_FEATURE(VVS_F_VERSION_1) | VVS_FEATURE(VVS_F_INDIRECT_DESC))

static void open_tx(void)
{
    stage_open(VVS_QUEUE_TX, SPLIT);
    stage_desc(STAGE_DESC, STAGE_DATA, 20, VVS_DESC_F_NEXT, 1);
    stage_desc(STAGE_DESC + 16, STAGE_DATA + 0x100, 100, 0, 0);
}

static void test_in_place(void **state)
{
    (void)state;
    open_tx();
    stage_pop(0, 2);
    stage_load(VVS_ITEM_HEADER, 0, STAGE_DATA, 20);
    stage_load(VVS_ITEM_HEADER, 20, STAGE_DATA + 0x100, 24);
    stage_load(VVS_ITEM_PAYLOAD, 0, STAGE_DATA + 0x100 + 24, 76);
    stage_store(VVS_ITEM_USED_ELEM, 0, STAGE_DEVICE + 4, 0, 8);
    stage_store(VVS_ITEM_USED_IDX, 0, STAGE_DEVICE + 2, 1, 2);
    stage_expect_clean();
}

/* The offset of a slot was computed in too few bits, or from another base. */
static void test_slot_elsewhere(void **state)
{
    (void)state;
    open_tx();
    stage_mark(VVS_ITEM_BEGIN_POP);
    stage_load(VVS_ITEM_AVAIL_SLOT, 0, STAGE_DRIVER + 2, 2);
    stage_expect("access", "behind the place");
}

static void test_slot_beyond_ring(void **state)
{
    (void)state;
    open_tx();
    stage_load(VVS_ITEM_AVAIL_SLOT, STAGE_SIZE, STAGE_DRIVER + 4 + 2 * STAGE_SIZE, 2);
    stage_expect("access", "no such entry");
}

static void test_torn_word(void **state)
{
    (void)state;
    open_tx();
    stage_load(VVS_ITEM_AVAIL_IDX, 0, STAGE_DRIVER + 2, 1);
    stage_expect("access", "one aligned access");
}

static void test_descriptor_beyond_ring(void **state)
{
    (void)state;
    open_tx();
    stage_pop(0, 0);
    stage_load(VVS_ITEM_DESC, STAGE_SIZE, STAGE_DESC + 16 * STAGE_SIZE, 16);
    stage_expect("access", "no such entry");
}

static void test_store_to_descriptor(void **state)
{
    (void)state;
    open_tx();
    stage_store(VVS_ITEM_DESC, 0, STAGE_DESC, 0, 8);
    stage_expect("access", "no item that may be accessed so");
}

static void test_header_of_no_chain(void **state)
{
    (void)state;
    open_tx();
    stage_load(VVS_ITEM_HEADER, 0, STAGE_DATA, 20);
    stage_expect("access", "no chain");
}

static void test_header_past_element(void **state)
{
    (void)state;
    open_tx();
    stage_pop(0, 2);
    stage_load(VVS_ITEM_HEADER, 0, STAGE_DATA, 44);
    stage_expect("access", "stream");
}

static void test_payload_off_by_one(void **state)
{
    (void)state;
    open_tx();
    stage_pop(0, 2);
    stage_load(VVS_ITEM_PAYLOAD, 0, STAGE_DATA + 0x100 + 24, 77);
    stage_expect("access", "stream");
}

static void test_store_to_readable(void **state)
{
    (void)state;
    open_tx();
    stage_pop(0, 2);
    stage_store(VVS_ITEM_HEADER, 0, STAGE_DATA, 0, 20);
    stage_expect("access", "other direction");
    stage_store(VVS_ITEM_PAYLOAD, 0, STAGE_DATA + 0x100 + 24, 0, 8);
    stage_expect("access", "other direction");
}

static void open_table(void)
{
    stage_open(VVS_QUEUE_TX, SPLIT);
    stage_desc(STAGE_DESC, STAGE_TABLE, 32, VVS_DESC_F_INDIRECT, 0);
    stage_desc(STAGE_TABLE, STAGE_DATA, 44, VVS_DESC_F_NEXT, 1);
    stage_desc(STAGE_TABLE + 16, STAGE_DATA + 0x100, 8, 0, 0);
    stage_pop(0, 1);
}

static void test_table(void **state)
{
    (void)state;
    open_table();
    stage_load(VVS_ITEM_TABLE_ENTRY, 0, STAGE_TABLE, 16);
    stage_load(VVS_ITEM_TABLE_ENTRY, 1, STAGE_TABLE + 16, 16);
    stage_load(VVS_ITEM_HEADER, 0, STAGE_DATA, 44);
    stage_expect_clean();
}

static void test_table_overrun(void **state)
{
    (void)state;
    open_table();
    stage_load(VVS_ITEM_TABLE_ENTRY, 2, STAGE_TABLE + 32, 16);
    stage_expect("access", "no such entry in the table");
}

static void test_table_entry_elsewhere(void **state)
{
    (void)state;
    open_table();
    stage_load(VVS_ITEM_TABLE_ENTRY, 0, STAGE_TABLE + 16, 16);
    stage_expect("access", "not where that entry");
}

static void test_broken_queue(void **state)
{
    (void)state;
    open_tx();
    stage.queue.broken = VVS_E_HEAD;
    stage_load(VVS_ITEM_AVAIL_IDX, 0, STAGE_DRIVER + 2, 2);
    stage_expect("access", "broken");
}

static void test_item_of_other_format(void **state)
{
    (void)state;
    open_tx();
    stage_load(VVS_ITEM_EVENT_FLAGS, 0, STAGE_DRIVER + 2, 2);
    stage_expect("access", "does not have");
}

static void test_slices(void **state)
{
    (void)state;
    struct vvs_slice slices[3] = {0};
    struct vvs_packet packet = {
        .header_slice_count = 2, .slice_count = 3, .capacity = 10, .slices = slices};
    open_tx();
    slices[0] = (struct vvs_slice){stage_at(STAGE_DATA), 20};
    slices[1] = (struct vvs_slice){stage_at(STAGE_DATA + 0x100), 24};
    slices[2] = (struct vvs_slice){stage_at(STAGE_DATA + 0x100 + 24), 10};
    stage_pop(0, 2);
    vvs_packet_set_len(&packet, 10);
    access_check_packet(&packet);
    stage_expect_clean();
    slices[2].len = 11; /* the descriptor's length, not the packet's */
    access_check_packet(&packet);
    stage_expect("access", "end at stream byte 55, not 54");
    slices[2] = (struct vvs_slice){stage_at(STAGE_DATA + 0x100), 10};
    access_check_packet(&packet);
    stage_expect("access", "payload slice 0");
}

static void test_setup(void **state)
{
    (void)state;
    struct vvs_queue_config config = {
        .desc_addr = STAGE_DESC, .driver_addr = STAGE_DRIVER, .device_addr = STAGE_DEVICE};
    open_tx();
    access_check_setup(stage.q, &config);
    stage_expect_clean();
    stage.q->size = 12; /* no power of two */
    access_check_setup(stage.q, &config);
    stage_expect("access", "size is none");
    stage.q->size = 8192; /* twice what the region can hold */
    access_check_setup(stage.q, &config);
    stage_expect("access", "rings");
    stage.q->size = STAGE_SIZE;
    config.driver_addr += 1;
    stage.q->driver += 1;
    access_check_setup(stage.q, &config);
    stage_expect("access", "rings");
}

/* What is parsed from a chain that had to be refused: direction, bytes, elements. */
static void test_accepted(void **state)
{
    (void)state;
    struct vvs_slice slices[2] = {{stage_at(STAGE_DATA), 20}, {stage_at(STAGE_DATA + 0x100), 24}};
    const struct vvs_packet packet = {.header_slice_count = 2, .slice_count = 2, .slices = slices};
    open_tx();
    stage_desc(STAGE_DESC + 16, STAGE_DATA + 0x100, 100, VVS_DESC_F_WRITE, 0);
    stage_pop(0, 2);
    access_check_packet(&packet);
    stage_expect("access", "other direction");
    open_tx();
    stage_desc(STAGE_DESC + 16, STAGE_DATA + 0x100, UINT32_MAX - 18, 0, 0);
    stage_pop(0, 2);
    access_check_packet(&packet);
    stage_expect("access", "a chain of 4294967297");
    open_tx();
    stage.q->max_chain = 1;
    stage_pop(0, 2);
    access_check_packet(&packet);
    stage_expect("access", "the limit is 1");
}

static void test_popped_chain(void **state)
{
    (void)state;
    struct vvs_element elements[2] = {{STAGE_DATA, 20, 0}, {STAGE_DATA + 0x100, 100, 0}};
    struct vvs_chain chain = {.elements = elements, .element_count = 2, .readable_len = 120};
    struct vvs_token token = {.id = 0, .span = 1};
    open_tx();
    stage_pop(0, 2);
    access_check_chain(stage.q, &token, &chain);
    stage_expect_clean();
    elements[1].len = 99;
    access_check_chain(stage.q, &token, &chain);
    stage_expect("access", "element 1");
    elements[1].len = 100;
    chain.readable_len = 120 - (UINT64_C(1) << 32);
    access_check_chain(stage.q, &token, &chain);
    stage_expect("access", "bytes");
    chain.readable_len = 120;
    chain.element_count = 1;
    access_check_chain(stage.q, &token, &chain);
    stage_expect("access", "element 1");
    token.id = 3;
    access_check_chain(stage.q, &token, NULL);
    stage_expect("access", "token");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_place),
        cmocka_unit_test(test_slot_elsewhere),
        cmocka_unit_test(test_slot_beyond_ring),
        cmocka_unit_test(test_torn_word),
        cmocka_unit_test(test_descriptor_beyond_ring),
        cmocka_unit_test(test_store_to_descriptor),
        cmocka_unit_test(test_header_of_no_chain),
        cmocka_unit_test(test_header_past_element),
        cmocka_unit_test(test_payload_off_by_one),
        cmocka_unit_test(test_store_to_readable),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_table_overrun),
        cmocka_unit_test(test_table_entry_elsewhere),
        cmocka_unit_test(test_broken_queue),
        cmocka_unit_test(test_item_of_other_format),
        cmocka_unit_test(test_slices),
        cmocka_unit_test(test_setup),
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_popped_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
