/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "oracle_stage.h"

static void test_pops(void **state)
{
    (void)state;
    stage_open(VVS_QUEUE_TX, VVS_FEATURE(VVS_F_VERSION_1));
    work_step(2);
    stage_mark(VVS_ITEM_BEGIN_POP);
    stage_mark(VVS_ITEM_BEGIN_POP);
    stage_expect_clean();
    stage_mark(VVS_ITEM_BEGIN_POP);
    stage_expect("work", "pop number 3");
}

/* An endless walk: whatever is loaded, it ends. */
static void test_loads(void **state)
{
    (void)state;
    stage_open(VVS_QUEUE_TX, VVS_FEATURE(VVS_F_VERSION_1));
    struct vvs_access access = stage_access(VVS_ACCESS_LOAD, VVS_ITEM_DESC, 0, STAGE_DESC, 16);
    stage_mark(VVS_ITEM_BEGIN_POP);
    for (uint32_t i = 0; i < 2 * (1 + STAGE_SIZE + STAGE_SIZE); i++) {
        work_count(stage.q, &access);
    }
    stage_expect_clean();
    for (uint32_t i = 0; i < 64; i++) {
        work_count(stage.q, &access);
    }
    stage_expect("work", "load number");
}

/* Outside a pop the ring is none of the device's business, but for the words of a decision. */
static void test_loads_without_pop(void **state)
{
    (void)state;
    stage_open(VVS_QUEUE_TX, VVS_FEATURE(VVS_F_VERSION_1));
    work_step(0);
    struct vvs_access access =
        stage_access(VVS_ACCESS_LOAD, VVS_ITEM_AVAIL_IDX, 0, STAGE_DRIVER + 2, 2);
    for (uint32_t i = 0; i < 5; i++) {
        work_count(stage.q, &access);
    }
    stage_expect("work", "load number 5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pops),
        cmocka_unit_test(test_loads),
        cmocka_unit_test(test_loads_without_pop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
