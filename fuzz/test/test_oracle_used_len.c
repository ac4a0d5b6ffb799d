/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "oracle_stage.h"

#define SPLIT VVS_FEATURE(VVS_F_VERSION_1)

static void open_role(uint32_t role, uint16_t flags)
{
    stage_open(role, SPLIT);
    stage_desc(STAGE_DESC, STAGE_DATA, 144, flags, 0);
    stage_pop(0, 1);
}

static void give_back(uint32_t len)
{
    stage_store(VVS_ITEM_USED_ELEM, 0, STAGE_DEVICE + 4, (uint64_t)len << 32, 8);
}

/* 44 header bytes of `fill`, but `len` payload bytes said: written in three stores. */
static void store_header(uint32_t len)
{
    stage_store(VVS_ITEM_HEADER, 0, STAGE_DATA, 0x11, 24);
    stage_store(VVS_ITEM_HEADER, 24, STAGE_DATA + 24, len, 4);
    stage_store(VVS_ITEM_HEADER, 28, STAGE_DATA + 28, 0x11, 16);
}

static void test_tx(void **state)
{
    (void)state;
    open_role(VVS_QUEUE_TX, 0);
    give_back(0);
    stage_expect_clean();
    open_role(VVS_QUEUE_TX, 0);
    give_back(44);
    stage_expect("used-len", "44 for id 0, expected 0");
}

static void test_rx(void **state)
{
    (void)state;
    open_role(VVS_QUEUE_RX, VVS_DESC_F_WRITE);
    stage_store(VVS_ITEM_PAYLOAD, 0, STAGE_DATA + 44, 0x22, 60);
    stage_store(VVS_ITEM_PAYLOAD, 60, STAGE_DATA + 104, 0x22, 40);
    store_header(100);
    give_back(144);
    stage_expect_clean();
}

static void test_rx_capacity_instead_of_len(void **state)
{
    (void)state;
    open_role(VVS_QUEUE_RX, VVS_DESC_F_WRITE);
    stage_store(VVS_ITEM_PAYLOAD, 0, STAGE_DATA + 44, 0x22, 60);
    store_header(60);
    give_back(144);
    stage_expect("used-len", "expected 104");
}

static void test_rx_never_written(void **state)
{
    (void)state;
    open_role(VVS_QUEUE_RX, VVS_DESC_F_WRITE);
    stage_store(VVS_ITEM_PAYLOAD, 0, STAGE_DATA + 44, 0x22, 60);
    store_header(100);
    give_back(144);
    stage_expect("used-len", "60 of payload were written");
}

static void test_rx_hole(void **state)
{
    (void)state;
    open_role(VVS_QUEUE_RX, VVS_DESC_F_WRITE);
    stage_store(VVS_ITEM_PAYLOAD, 50, STAGE_DATA + 94, 0x22, 50);
    store_header(100);
    give_back(144);
    stage_expect("used-len", "0 of payload were written");
}

static void test_rx_refused(void **state)
{
    (void)state;
    open_role(VVS_QUEUE_RX, VVS_DESC_F_WRITE);
    give_back(44);
    stage_expect("used-len", "expected 0");
}

static void test_aborted(void **state)
{
    (void)state;
    open_role(VVS_QUEUE_RX, VVS_DESC_F_WRITE);
    used_step_begin((struct used_step){.may_show = true, .aborts = true});
    store_header(0);
    give_back(44);
    stage_expect("used-len", "expected 0");
}

static void test_event(void **state)
{
    (void)state;
    open_role(VVS_QUEUE_EVENT, VVS_DESC_F_WRITE);
    stage_store(VVS_ITEM_EVENT, 0, STAGE_DATA, 1, 3);
    give_back(4);
    stage_expect("used-len", "expected 3");
}

/* What was announced is not what was written. */
static void test_stale_bytes(void **state)
{
    (void)state;
    open_role(VVS_QUEUE_RX, VVS_DESC_F_WRITE);
    struct vvs_access access =
        stage_access(VVS_ACCESS_STORE, VVS_ITEM_PAYLOAD, 0, STAGE_DATA + 44, 60);
    vvs_observe_before(&access);
    memset(stage_at(STAGE_DATA + 44), 0x22, 56);
    vvs_observe_after(&access);
    stage_expect("used-len", "byte 56 on");
}

/* What may be chance is a suspicion at first, and a finding when it is seen again. */
static void test_stale_by_chance(void **state)
{
    (void)state;
    open_role(VVS_QUEUE_RX, VVS_DESC_F_WRITE);
    struct vvs_access access =
        stage_access(VVS_ACCESS_STORE, VVS_ITEM_PAYLOAD, 0, STAGE_DATA + 44, 60);
    stale_doubts();
    vvs_observe_before(&access);
    memset(stage_at(STAGE_DATA + 44), 0x22, 60);
    vvs_observe_after(&access);
    assert_false(stale_suspects());
    stale_doubts();
    vvs_observe_before(&access);
    vvs_observe_after(&access);
    stage_expect_clean();
    assert_true(stale_suspects());
    vvs_observe_before(&access);
    vvs_observe_after(&access);
    stage_expect("used-len", "byte 0 on");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tx),
        cmocka_unit_test(test_rx),
        cmocka_unit_test(test_rx_capacity_instead_of_len),
        cmocka_unit_test(test_rx_never_written),
        cmocka_unit_test(test_rx_hole),
        cmocka_unit_test(test_rx_refused),
        cmocka_unit_test(test_aborted),
        cmocka_unit_test(test_event),
        cmocka_unit_test(test_stale_bytes),
        cmocka_unit_test(test_stale_by_chance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
