/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "oracle_stage.h"

#define SPLIT VVS_FEATURE(VVS_F_VERSION_1)
#define PACKED (SPLIT | VVS_FEATURE(VVS_F_RING_PACKED))

/* One chain of head 3 is popped. */
static void open_tx(void)
{
    stage_open(VVS_QUEUE_TX, SPLIT);
    stage_desc(STAGE_DESC + 48, STAGE_DATA, 44, 0, 0);
    stage_put(STAGE_DRIVER + 4, 3, 2);
    stage_pop(0, 0);
    stage_load(VVS_ITEM_DESC, 3, STAGE_DESC + 48, 16);
    stage.queue.next_sequence = 1;
}

static void give_back(uint32_t slot, uint32_t id)
{
    stage_store(VVS_ITEM_USED_ELEM, slot, STAGE_DEVICE + 4 + 8 * slot, id, 8);
    stage.queue.oldest_sequence = 1;
}

static void end(uint8_t tag, uint32_t before, uint32_t used_count)
{
    struct run_answer answer = {.status = VVS_OK, .used_count = used_count};
    used_step_end(stage.q, &answer, tag, before, true);
}

static void test_returned(void **state)
{
    (void)state;
    open_tx();
    give_back(0, 3);
    stage_store(VVS_ITEM_USED_IDX, 0, STAGE_DEVICE + 2, 1, 2);
    end(SCN_TAG_SERVE, 0, 1);
    stage_expect_clean();
}

static void test_wrong_id(void **state)
{
    (void)state;
    open_tx();
    give_back(0, 2);
    stage_expect("used-ring", "names id 2");
}

static void test_wrong_slot(void **state)
{
    (void)state;
    open_tx();
    give_back(1, 3);
    stage_expect("used-ring", "slot 1, next is 0");
}

static void test_twice(void **state)
{
    (void)state;
    open_tx();
    give_back(0, 3);
    give_back(1, 3);
    stage_expect("used-ring", "no chain in flight");
}

static void test_kept(void **state)
{
    (void)state;
    open_tx();
    end(SCN_TAG_SERVE, 0, 0);
    stage_expect("used-ring", "kept 1");
}

static void test_forgotten(void **state)
{
    (void)state;
    open_tx();
    stage.queue.oldest_sequence = 1; /* the library lost count of it */
    end(SCN_TAG_POP, 0, 0);
    stage_expect("used-ring", "counts 0");
}

static void test_never_shown(void **state)
{
    (void)state;
    open_tx();
    give_back(0, 3);
    end(SCN_TAG_PUBLISH, 1, 0);
    stage_expect("used-ring", "never shown");
}

static void test_shown_while_staged(void **state)
{
    (void)state;
    open_tx();
    used_step_begin((struct used_step){.may_show = false, .aborts = false});
    give_back(0, 3);
    stage_expect_clean();
    stage_store(VVS_ITEM_USED_IDX, 0, STAGE_DEVICE + 2, 1, 2);
    stage_expect("used-ring", "before a flush");
}

static void test_index_jumps(void **state)
{
    (void)state;
    open_tx();
    give_back(0, 3);
    stage_store(VVS_ITEM_USED_IDX, 0, STAGE_DEVICE + 2, 2, 2);
    stage_expect("used-ring", "used idx becomes 2");
}

static void test_index_runs_back(void **state)
{
    (void)state;
    open_tx();
    give_back(0, 3);
    stage_store(VVS_ITEM_USED_IDX, 0, STAGE_DEVICE + 2, 0xffff, 2);
    stage_expect("used-ring", "used idx becomes 65535");
}

static void test_driver_sees_less(void **state)
{
    (void)state;
    open_tx();
    give_back(0, 3);
    stage_store(VVS_ITEM_USED_IDX, 0, STAGE_DEVICE + 2, 1, 2);
    end(SCN_TAG_SERVE, 0, 0);
    stage_expect("used-ring", "the driver sees 0");
}

/* Packed: a list of two in slots 7 and 0, id 5. */
static void open_packed(void)
{
    stage_open(VVS_QUEUE_TX, PACKED);
    const struct vvs_queue_state position = {7, 7, 1, 1};
    shadow_resume(stage.q, &position);
    stage_packed(7, STAGE_DATA, 44, 9, VVS_PACKED_DESC_F_AVAIL | VVS_DESC_F_NEXT);
    stage_packed(0, STAGE_DATA, 44, 5, VVS_PACKED_DESC_F_USED);
    stage_mark(VVS_ITEM_BEGIN_POP);
    stage_load(VVS_ITEM_PACKED_FLAGS, 7, STAGE_DESC + 7 * 16 + 14, 2);
    stage_load(VVS_ITEM_DESC, 7, STAGE_DESC + 7 * 16, 14);
    stage_load(VVS_ITEM_PACKED_FLAGS, 0, STAGE_DESC + 14, 2);
    stage_load(VVS_ITEM_DESC, 0, STAGE_DESC, 14);
}

static void test_packed(void **state)
{
    (void)state;
    open_packed();
    stage_store(VVS_ITEM_USED_ELEM, 7, STAGE_DESC + 7 * 16 + 8, UINT64_C(5) << 32, 6);
    stage_store(VVS_ITEM_PACKED_FLAGS, 7, STAGE_DESC + 7 * 16 + 14,
                VVS_PACKED_DESC_F_AVAIL | VVS_PACKED_DESC_F_USED, 2);
    stage_expect_clean();
    assert_int_equal(stage.q->used_index, 1);
    assert_int_equal(stage.q->used_wrap, 0);
}

static void test_packed_id(void **state)
{
    (void)state;
    open_packed();
    stage_store(VVS_ITEM_USED_ELEM, 7, STAGE_DESC + 7 * 16 + 8, UINT64_C(9) << 32, 6);
    stage_expect("used-ring", "names id 9");
}

static void test_packed_wrap(void **state)
{
    (void)state;
    open_packed();
    stage_store(VVS_ITEM_USED_ELEM, 7, STAGE_DESC + 7 * 16 + 8, UINT64_C(5) << 32, 6);
    stage_store(VVS_ITEM_PACKED_FLAGS, 7, STAGE_DESC + 7 * 16 + 14, 0, 2);
    stage_expect("used-ring", "flags 0x0 in slot 7");
}

static void test_packed_other_slot(void **state)
{
    (void)state;
    open_packed();
    stage_store(VVS_ITEM_PACKED_FLAGS, 7, STAGE_DESC + 7 * 16 + 14, 0, 2);
    stage_expect("used-ring", "no used entry is in");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_returned),
        cmocka_unit_test(test_wrong_id),
        cmocka_unit_test(test_wrong_slot),
        cmocka_unit_test(test_twice),
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_forgotten),
        cmocka_unit_test(test_never_shown),
        cmocka_unit_test(test_shown_while_staged),
        cmocka_unit_test(test_index_jumps),
        cmocka_unit_test(test_index_runs_back),
        cmocka_unit_test(test_driver_sees_less),
        cmocka_unit_test(test_packed),
        cmocka_unit_test(test_packed_id),
        cmocka_unit_test(test_packed_wrap),
        cmocka_unit_test(test_packed_other_slot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
