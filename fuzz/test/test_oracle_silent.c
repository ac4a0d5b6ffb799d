/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "oracle_stage.h"

static struct guest guest;

/* Two ranges that somebody wrote: a ring, a buffer. */
static void open_touched(void)
{
    stage_open(VVS_QUEUE_TX, VVS_FEATURE(VVS_F_VERSION_1));
    guest.touched[0] = (struct guest_touched){stage_at(STAGE_DESC), stage_at(STAGE_DESC + 128)};
    guest.touched[1] = (struct guest_touched){stage_at(STAGE_DATA), stage_at(STAGE_DATA + 44)};
    guest.touched_count = 2;
    silent_begin(&guest);
}

static void test_announced(void **state)
{
    (void)state;
    open_touched();
    stage_put(STAGE_DATA + 40, 0x1234, 8);
    silent_stored(stage_at(STAGE_DATA + 40), 8);
    silent_end();
    stage_expect_clean();
}

static void test_unannounced(void **state)
{
    (void)state;
    open_touched();
    stage_put(STAGE_DATA + 43, 7, 1);
    silent_end();
    stage_expect("silent-store", "from 00 to 07");
}

static void test_beside_announced(void **state)
{
    (void)state;
    open_touched();
    stage_put(STAGE_DESC + 8, UINT64_MAX, 8);
    silent_stored(stage_at(STAGE_DESC + 8), 6);
    silent_end();
    stage_expect("silent-store", "unannounced");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_announced),
        cmocka_unit_test(test_unannounced),
        cmocka_unit_test(test_beside_announced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
