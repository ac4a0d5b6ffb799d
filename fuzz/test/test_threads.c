/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What the two threads are made of, and that they find nothing where nothing is. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bell.h"
#include "memory.h"
#include "pair.h"
#include "random_input.h"
#include "ring.h"

#define INPUT_BYTES 12u

static void random_bytes(uint8_t *out_bytes, uint64_t seed)
{
    for (uint32_t i = 0; i < INPUT_BYTES; i++) {
        out_bytes[i] = (uint8_t)(random_next(&seed) >> 40);
    }
}

static void random_plan(struct plan *plan, uint64_t seed)
{
    uint8_t bytes[INPUT_BYTES];
    random_bytes(bytes, seed);
    plan_decode(plan, bytes, sizeof bytes);
}

static void test_any_bytes_are_a_plan(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 2000; seed++) {
        struct plan plan;
        random_plan(&plan, seed);
        assert_in_range(plan.size, 1, PLAN_SIZE_MAX);
        assert_in_range(plan.chains, 1, PLAN_CHAINS_MAX);
        assert_true(plan.packed ? plan.start < 2 * plan.size : plan.start <= UINT16_MAX);
        for (uint32_t number = 0; number < plan.chains; number++) {
            struct plan_chain chain;
            uint32_t total = 0;
            plan_chain(&plan, &chain, number);
            assert_in_range(chain.count, 1, chain.indirect ? PLAN_ELEMENTS_MAX : plan.size);
            for (uint32_t i = 0; i < chain.count; i++) {
                assert_int_not_equal(chain.lens[i], 0);
                total += chain.lens[i];
            }
            assert_int_equal(total, chain.total);
            assert_in_range(chain.total, VVS_HDR_BYTES + chain.payload_len, MEMORY_BUFFER_BYTES);
        }
    }
}

static void test_no_bytes_are_a_plan(void **state)
{
    (void)state;
    struct plan plan;
    plan_decode(&plan, NULL, 0);
    assert_int_equal(plan.size, 1);
    assert_int_equal(plan.chains, 1);
}

static void test_a_notification_before_sleep_is_kept_once(void **state)
{
    (void)state;
    struct bell bell;
    bell_start(&bell);
    bell_wake(&bell, BELL_DRIVER);
    assert_true(bell_sleep(&bell, BELL_DRIVER));
    assert_true(bell_leave(&bell, BELL_DEVICE));
    assert_false(bell_sleep(&bell, BELL_DRIVER));
}

static void *sleep_as_driver(void *bell)
{
    return bell_sleep(bell, BELL_DRIVER) ? bell : NULL;
}

/* The driver sleeps; `last` is what the device does then. */
static void check_who_goes_last(bool (*last)(struct bell *bell, enum bell_side side))
{
    struct bell bell;
    pthread_t thread;
    void *woken;
    bell_start(&bell);
    assert_int_equal(pthread_create(&thread, NULL, sleep_as_driver, &bell), 0);
    while (__atomic_load_n(&bell.word, __ATOMIC_RELAXED) == 0) {
        (void)sched_yield();
    }
    assert_false(last(&bell, BELL_DEVICE));
    bell_wake(&bell, BELL_DRIVER);
    assert_int_equal(pthread_join(thread, &woken), 0);
    assert_ptr_equal(woken, &bell);
}

static void test_whoever_sleeps_last_knows(void **state)
{
    (void)state;
    check_who_goes_last(bell_sleep);
    check_who_goes_last(bell_leave);
}

/* What the device asked for, and of how many chains shown at once the driver has to tell. */
static bool kicks(bool packed, uint32_t shown, uint16_t flags, uint16_t event)
{
    struct ring ring;
    struct plan plan = {
        .packed = packed, .event_idx = true, .size = 4, .start = 2, .chains = 4, .elements_max = 1};
    struct plan_chain chain;
    memory_start();
    ring_start(&ring, &plan);
    for (uint32_t i = 0; i < shown; i++) {
        plan_chain(&plan, &chain, i);
        ring_add(&ring, &chain, i);
    }
    ring_show(&ring);
    memory_store(packed ? MEMORY_DEVICE + 2 : MEMORY_DEVICE, flags);
    memory_store(packed ? MEMORY_DEVICE : MEMORY_DEVICE + 4 + 8 * plan.size, event);
    bool asks = ring_asks_kick(&ring);
    assert_false(ring_asks_kick(&ring)); /* once */
    return asks;
}

static void test_the_driver_kicks_as_the_device_asked(void **state)
{
    (void)state;
    assert_true(kicks(false, 1, 0, 2));
    assert_false(kicks(false, 1, 0, 3));
    assert_true(kicks(false, 2, 0, 3));
    assert_false(kicks(false, 4, 0, 1));
    assert_true(kicks(true, 1, VVS_PACKED_EVENT_ENABLE, 0));
    assert_false(kicks(true, 1, VVS_PACKED_EVENT_DISABLE, 2 | VVS_PACKED_EVENT_WRAP));
    assert_true(kicks(true, 1, VVS_PACKED_EVENT_DESC, 2 | VVS_PACKED_EVENT_WRAP));
    assert_false(kicks(true, 2, VVS_PACKED_EVENT_DESC, 0));
    assert_true(kicks(true, 3, VVS_PACKED_EVENT_DESC, 0));
    assert_false(kicks(true, 4, VVS_PACKED_EVENT_DESC, 2));
}

static void test_there_is_no_finding_where_there_is_no_fault(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 300; seed++) {
        uint8_t bytes[INPUT_BYTES];
        random_bytes(bytes, seed);
        (void)pair_run(bytes, sizeof bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_bytes_are_a_plan),
        cmocka_unit_test(test_no_bytes_are_a_plan),
        cmocka_unit_test(test_a_notification_before_sleep_is_kept_once),
        cmocka_unit_test(test_whoever_sleeps_last_knows),
        cmocka_unit_test(test_the_driver_kicks_as_the_device_asked),
        cmocka_unit_test(test_there_is_no_finding_where_there_is_no_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
