/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "oracle_stage.h"

#define SPLIT VVS_FEATURE(VVS_F_VERSION_1)

static void open_tx(uint64_t features)
{
    stage_open(VVS_QUEUE_TX, features);
    order_begin();
}

static void look(void)
{
    stage_load(VVS_ITEM_AVAIL_IDX, 0, STAGE_DRIVER + 2, 2);
}

static void ask(void)
{
    stage_store(VVS_ITEM_USED_FLAGS, 0, STAGE_DEVICE, 0, 2);
}

static void test_arm(void **state)
{
    (void)state;
    open_tx(SPLIT);
    stage_mark(VVS_ITEM_BEGIN_ARM);
    ask();
    stage_fence();
    look();
    order_begin();
    ask(); /* disarm, in the next step */
    stage_expect_clean();
}

static void test_arm_without_fence(void **state)
{
    (void)state;
    open_tx(SPLIT);
    stage_fence();
    stage_mark(VVS_ITEM_BEGIN_ARM);
    ask();
    look();
    stage_expect("order", "no full fence between asking the driver and looking at avail_idx");
}

static void test_arm_looks_first(void **state)
{
    (void)state;
    open_tx(SPLIT);
    stage_mark(VVS_ITEM_BEGIN_ARM);
    stage_fence();
    look();
    stage_expect("order", "avail_idx is looked at before the driver is asked");
    ask();
    stage_expect("order", "used_flags is written behind the look");
}

/* Shows a chain of head 0 to the driver. */
static void publish(void)
{
    stage_desc(STAGE_DESC, STAGE_DATA, 44, 0, 0);
    stage_pop(0, 1);
    stage_store(VVS_ITEM_USED_ELEM, 0, STAGE_DEVICE + 4, 0, 8);
    stage_store(VVS_ITEM_USED_IDX, 0, STAGE_DEVICE + 2, 1, 2);
}

static void test_notify(void **state)
{
    (void)state;
    open_tx(SPLIT);
    publish();
    stage_mark(VVS_ITEM_BEGIN_NOTIFY);
    stage_fence();
    stage_load(VVS_ITEM_AVAIL_FLAGS, 0, STAGE_DRIVER, 2);
    stage_expect_clean();
}

static void test_notify_without_fence(void **state)
{
    (void)state;
    open_tx(SPLIT);
    stage_fence();
    publish();
    stage_mark(VVS_ITEM_BEGIN_NOTIFY);
    stage_load(VVS_ITEM_AVAIL_FLAGS, 0, STAGE_DRIVER, 2);
    stage_expect("order", "no full fence between publishing and looking at avail_flags");
}

static void test_notify_looks_first(void **state)
{
    (void)state;
    open_tx(SPLIT);
    stage_desc(STAGE_DESC, STAGE_DATA, 44, 0, 0);
    stage_pop(0, 1);
    stage_store(VVS_ITEM_USED_ELEM, 0, STAGE_DEVICE + 4, 0, 8);
    stage_mark(VVS_ITEM_BEGIN_NOTIFY);
    stage_fence();
    stage_load(VVS_ITEM_AVAIL_FLAGS, 0, STAGE_DRIVER, 2);
    stage_expect_clean();
    stage_store(VVS_ITEM_USED_IDX, 0, STAGE_DEVICE + 2, 1, 2);
    stage_expect("order", "used_idx is written behind the look");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arm),
        cmocka_unit_test(test_arm_without_fence),
        cmocka_unit_test(test_arm_looks_first),
        cmocka_unit_test(test_notify),
        cmocka_unit_test(test_notify_without_fence),
        cmocka_unit_test(test_notify_looks_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
