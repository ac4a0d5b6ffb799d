/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "oracle_stage.h"

static struct run run;
static struct scn_scenario scenario;

/* One packet, added and served. */
static void run_one(void)
{
    static bool ready;
    static const uint8_t bytes[] = {SCN_VERSION, SCN_TAG_ADD_CHAIN, 0, 0, SCN_TAG_SERVE, 0};
    stage_open(VVS_QUEUE_TX, VVS_FEATURE(VVS_F_VERSION_1));
    observer = (struct observer){.checks = false, .costly = false};
    if (!ready) {
        ready = run_init(&run);
    }
    assert_true(ready);
    scn_decode(&scenario, bytes, sizeof bytes);
    run_scenario(&run, &scenario, NULL);
    assert_int_equal(run.chain_count, 1);
}

static void test_same(void **state)
{
    (void)state;
    run_one();
    same_answer_check(&run, &scenario);
    stage_expect_clean();
}

static void test_different(void **state)
{
    (void)state;
    run_one();
    run.chains[0].header[3] ^= 1;
    same_answer_check(&run, &scenario);
    stage_expect("same-answer", "second time");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_different),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
