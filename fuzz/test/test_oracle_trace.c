/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "oracle_stage.h"
#include "trace.h"

void __sanitizer_cov_load4(uint32_t *host);
void *trace_memcpy(void *to, const void *from, size_t len);

static struct run run;

static void open_traced(void)
{
    stage_open(VVS_QUEUE_TX, VVS_FEATURE(VVS_F_VERSION_1));
    run.guest.arena = stage.host;
    run.guest.arena_used = STAGE_BYTES;
    run_current = &run;
    trace_done();
}

static void announce(enum vvs_access_kind kind, uint64_t addr, uint32_t len)
{
    struct vvs_access access = stage_access(kind, VVS_ITEM_DESC, 0, addr, len);
    trace_announce(&access);
}

static void test_announced(void **state)
{
    (void)state;
    uint8_t copy[16];
    open_traced();
    announce(VVS_ACCESS_LOAD, STAGE_DESC, 16);
    __sanitizer_cov_load4((uint32_t *)(void *)stage_at(STAGE_DESC + 12));
    trace_memcpy(copy, stage_at(STAGE_DESC), sizeof copy);
    trace_check(copy, sizeof copy, VVS_ACCESS_STORE); /* no guest memory */
    stage_expect_clean();
}

static void test_unannounced_load(void **state)
{
    (void)state;
    open_traced();
    __sanitizer_cov_load4((uint32_t *)(void *)stage_at(STAGE_DESC + 8));
    stage_expect("trace", "load of 4 bytes");
}

static void test_behind_announced(void **state)
{
    (void)state;
    open_traced();
    announce(VVS_ACCESS_LOAD, STAGE_DESC, 14);
    trace_check(stage_at(STAGE_DESC + 12), 4, VVS_ACCESS_LOAD);
    stage_expect("trace", "load of 4 bytes");
}

static void test_store_announced_as_load(void **state)
{
    (void)state;
    open_traced();
    announce(VVS_ACCESS_LOAD, STAGE_DESC, 16);
    trace_check(stage_at(STAGE_DESC), 2, VVS_ACCESS_STORE);
    stage_expect("trace", "store of 2 bytes");
}

static void test_after_done(void **state)
{
    (void)state;
    uint8_t copy[16];
    open_traced();
    announce(VVS_ACCESS_LOAD, STAGE_DESC, 16);
    trace_done();
    trace_memcpy(copy, stage_at(STAGE_DESC), sizeof copy);
    stage_expect("trace", "load of 16 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_announced),        cmocka_unit_test(test_unannounced_load),
        cmocka_unit_test(test_behind_announced), cmocka_unit_test(test_store_announced_as_load),
        cmocka_unit_test(test_after_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
