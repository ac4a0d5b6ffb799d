/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A device that changes one byte in each step: whether that is noticed depends on where. */
#include "stray.h"

#include "play.h"

#define BASE UINT64_C(0x100000)
#define READ_ONLY UINT64_C(0x200000)
#define BUFFER UINT64_C(0x104000)
#define TABLE UINT64_C(0x106000)

static struct stray stray;
static uint64_t target; /* the byte that the device changes */

static void fake_set_up(void *context, struct run *played, enum vvs_status table)
{
    (void)context;
    (void)table;
    for (uint32_t role = 0; role < GUEST_ROLES; role++) {
        played->queues[role].setup = VVS_OK;
    }
}

static void fake_step(void *context, struct run *played, struct run_answer *found,
                      const struct scn_record *step)
{
    uint8_t byte = 0;
    (void)context;
    (void)found;
    (void)step;
    assert_int_equal(guest_read(&played->guest, &byte, target, 1), 1);
    byte ^= 1;
    assert_int_equal(guest_write(&played->guest, target, &byte, 1), 1);
}

static const struct run_device fake = {
    .status_name = vvs_status_name,
    .set_up = fake_set_up,
    .step = fake_step,
};

/* Where the changed byte is noticed; 0: nowhere. */
static uint64_t noticed(uint64_t addr)
{
    target = addr;
    run_scenario_on(&run, &scenario, &stray.hooks, &fake);
    const struct run_answer *last = &run.answers[run.answer_count - 1];
    return last->strayed ? last->stray_addr : 0;
}

static void assert_stray(uint64_t addr)
{
    assert_int_equal(noticed(addr), addr);
}

static void assert_granted(uint64_t addr)
{
    assert_int_equal(noticed(addr), 0);
}

static struct scn_record *add_element(uint64_t addr, uint32_t len)
{
    struct scn_record *element = build_element(&scenario, len);
    scn_set(element, SCN_ELEMENT_F_ADDR, addr);
    return element;
}

static void begin(uint64_t features, uint32_t role)
{
    build_features(&scenario, features);
    build_region(&scenario, BASE, 0x10000);
    scn_set(build_region(&scenario, READ_ONLY, 0x10000), SCN_REGION_F_PERMISSION, VVS_PERM_READ);
    build_queue(&scenario, role, 8);
}

static void test_a_split_rx_queue(void **state)
{
    (void)state;
    begin(0, RX);
    build_chain(&scenario, RX);
    add_element(BUFFER, 100);
    serve(RX, 1);
    assert_stray(BASE);         /* descriptor */
    assert_stray(BASE + 128);   /* available ring */
    assert_granted(BASE + 160); /* used ring */
    assert_granted(BASE + 160 + 69);
    assert_granted(BUFFER);
    assert_granted(BUFFER + 99);
    assert_stray(BUFFER + 100); /* the guards */
    assert_stray(BUFFER + 163);
    assert_stray(BUFFER - 1);
    assert_granted(BUFFER + 164); /* further away nobody looks */
}

static void test_a_packed_rx_queue_with_a_table(void **state)
{
    (void)state;
    begin(PACKED | INDIRECT, RX);
    struct scn_record *chain = build_chain(&scenario, RX);
    scn_set(chain, SCN_ADD_CHAIN_F_INDIRECT, 1);
    scn_set(chain, SCN_ADD_CHAIN_F_TABLE_ADDR, TABLE);
    add_element(BUFFER, 100);
    serve(RX, 1);
    assert_granted(BASE);       /* descriptor ring */
    assert_stray(BASE + 128);   /* driver event suppression */
    assert_granted(BASE + 144); /* the device's */
    assert_stray(TABLE);
    assert_granted(BUFFER + 99);
    assert_stray(BUFFER + 100);
}

static void test_a_tx_buffer(void **state)
{
    (void)state;
    begin(0, TX);
    build_chain(&scenario, TX);
    add_element(BUFFER, 100);
    serve(TX, 1);
    assert_stray(BUFFER);
    assert_stray(BUFFER + 99);
}

static void test_memory_for_reading_is_granted_to_nobody(void **state)
{
    (void)state;
    begin(0, RX);
    build_chain(&scenario, RX);
    add_element(READ_ONLY + 256, 100);
    serve(RX, 1);
    assert_stray(READ_ONLY + 256);
    assert_stray(READ_ONLY + 355);
}

/* The driver's own description, in memory, goes before what its chains said once. */
static void test_what_memory_describes_is_granted(void **state)
{
    static const char descriptor[] = "\0\x40\x10\0\0\0\0\0\x64\0\0\0\2\0\0";
    (void)state;
    begin(0, TX);
    build_chain(&scenario, TX);
    add_element(BUFFER, 100);
    struct scn_record *step = build(&scenario, SCN_TAG_WRITE);
    scn_set(step, SCN_WRITE_F_ADDR, BASE);
    build_bytes(&scenario, step, SCN_WRITE_F_BYTES, descriptor, sizeof descriptor);
    serve(TX, 1);
    assert_granted(BUFFER);
}

static void test_other_queues_are_looked_at_too(void **state)
{
    (void)state;
    begin(0, RX);
    build_queue(&scenario, TX, 8);
    build_chain(&scenario, TX);
    add_element(BUFFER, 100);
    serve(RX, 1);
    assert_stray(BUFFER);
}

static void test_a_race_may_write_anywhere(void **state)
{
    (void)state;
    begin(0, TX);
    build(&scenario, SCN_TAG_RACE);
    build_chain(&scenario, TX);
    add_element(BUFFER, 100);
    serve(TX, 1);
    assert_granted(BUFFER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_split_rx_queue, set_up_test),
        cmocka_unit_test_setup(test_a_packed_rx_queue_with_a_table, set_up_test),
        cmocka_unit_test_setup(test_a_tx_buffer, set_up_test),
        cmocka_unit_test_setup(test_memory_for_reading_is_granted_to_nobody, set_up_test),
        cmocka_unit_test_setup(test_what_memory_describes_is_granted, set_up_test),
        cmocka_unit_test_setup(test_other_queues_are_looked_at_too, set_up_test),
        cmocka_unit_test_setup(test_a_race_may_write_anywhere, set_up_test),
    };
    stray_init(&stray);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
