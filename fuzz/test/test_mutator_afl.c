/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <vvs/spec.h>

#include "mutator_afl.h"
#include "restrict.h"
#include "target.h"

#define ROUNDS 20000u
#define CAPACITY 4096u

const struct rule target_rule = {.roles = 1u << VVS_QUEUE_RX, .format = RULE_PACKED};

static struct scn_scenario scenario;

/* A scenario of `count` notify steps on the rx queue. */
static size_t notifies(uint8_t *bytes, uint32_t count)
{
    scn_init(&scenario);
    for (uint32_t i = 0; i < count; i++) {
        scenario.steps[scenario.step_count++].tag = SCN_TAG_NOTIFY;
    }
    return scn_encode(bytes, CAPACITY, &scenario);
}

/* Every mutant of a long chain of mutants is canonical, of at most the capacity, and keeps to the
 * rule; each way to make one turns up and is told. */
static void test_mutants(void **state)
{
    (void)state;
    static uint8_t bytes[CAPACITY], other[CAPACITY], again[CAPACITY];
    uint32_t crossed = 0;
    uint32_t bytewise = 0;
    void *own = afl_custom_init(NULL, 1);
    assert_non_null(own);
    size_t len = notifies(bytes, 1);
    size_t other_len = notifies(other, 3);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        size_t capacity = round % 2 ? CAPACITY : 256;
        uint8_t *mutant = NULL;
        len = afl_custom_fuzz(own, bytes, len, &mutant, other, other_len, capacity);
        assert_in_range(len, 1, capacity);
        scn_decode(&scenario, mutant, len);
        assert_int_equal(scn_encode(again, CAPACITY, &scenario), len);
        assert_memory_equal(again, mutant, len);
        rule_apply(&target_rule, &scenario);
        assert_int_equal(scn_encode(again, CAPACITY, &scenario), len);
        assert_memory_equal(again, mutant, len);
        crossed += strcmp(afl_custom_describe(own, 100), "cross") == 0;
        bytewise += strcmp(afl_custom_describe(own, 100), "bytewise") == 0;
        memcpy(bytes, mutant, len);
    }
    afl_custom_deinit(own);
    assert_in_range(crossed, ROUNDS / 16, ROUNDS / 4);
    assert_in_range(bytewise, ROUNDS / 32, ROUNDS / 8);
}

/* What is crossed has steps of both, and without another input nothing is. */
static void test_cross(void **state)
{
    (void)state;
    static uint8_t bytes[CAPACITY], other[CAPACITY];
    uint32_t longest = 0;
    void *own = afl_custom_init(NULL, 2);
    size_t len = notifies(bytes, 2);
    size_t other_len = notifies(other, 2);
    for (uint32_t round = 0; round < ROUNDS / 10; round++) {
        uint8_t *mutant = NULL;
        size_t got = afl_custom_fuzz(own, bytes, len, &mutant, other, other_len, CAPACITY);
        if (strcmp(afl_custom_describe(own, 100), "cross") == 0) {
            scn_decode(&scenario, mutant, got);
            longest = scenario.step_count > longest ? scenario.step_count : longest;
        }
        afl_custom_fuzz(own, bytes, len, &mutant, NULL, 0, CAPACITY);
        assert_string_not_equal(afl_custom_describe(own, 100), "cross");
    }
    afl_custom_deinit(own);
    assert_int_equal(longest, 4);
}

/* The same seed gives the same mutants. */
static void test_deterministic(void **state)
{
    (void)state;
    static uint8_t bytes[CAPACITY];
    size_t len = notifies(bytes, 3);
    void *first = afl_custom_init(NULL, 3);
    void *second = afl_custom_init(NULL, 3);
    for (uint32_t round = 0; round < 3; round++) {
        uint8_t *one = NULL;
        uint8_t *two = NULL;
        size_t one_len = afl_custom_fuzz(first, bytes, len, &one, NULL, 0, CAPACITY);
        size_t two_len = afl_custom_fuzz(second, bytes, len, &two, NULL, 0, CAPACITY);
        assert_int_equal(one_len, two_len);
        assert_memory_equal(one, two, one_len);
    }
    afl_custom_deinit(first);
    afl_custom_deinit(second);
}

/* Trimmed by a target that goes the same way as long as `step` is there, an input is that step
 * alone, in canonical form, and within the bound. */
static void test_trim(void **state)
{
    (void)state;
    static uint8_t bytes[CAPACITY];
    scn_init(&scenario);
    for (uint32_t i = 0; i < 6; i++) {
        scenario.steps[scenario.step_count++].tag = i == 3 ? SCN_TAG_ARM : SCN_TAG_NOTIFY;
    }
    rule_apply(&target_rule, &scenario);
    size_t len = scn_encode(bytes, CAPACITY, &scenario);
    void *own = afl_custom_init(NULL, 4);
    int32_t most = afl_custom_init_trim(own, bytes, len);
    assert_in_range(most, 1, 1000);
    for (int32_t given = 0; given < most;) {
        uint8_t *candidate = NULL;
        size_t got = afl_custom_trim(own, &candidate);
        assert_in_range(got, 1, len);
        scn_decode(&scenario, candidate, got);
        bool same = false;
        for (uint32_t i = 0; i < scenario.step_count; i++) {
            same = same || scenario.steps[i].tag == SCN_TAG_ARM;
        }
        if (same) {
            memcpy(bytes, candidate, got);
            len = got;
        }
        int32_t next = afl_custom_post_trim(own, same);
        assert_true(next == given + 1 || next == most);
        given = next;
    }
    scn_decode(&scenario, bytes, len);
    assert_int_equal(scenario.step_count, 1);
    assert_int_equal(scenario.steps[0].tag, SCN_TAG_ARM);
    afl_custom_deinit(own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mutants),
        cmocka_unit_test(test_cross),
        cmocka_unit_test(test_deterministic),
        cmocka_unit_test(test_trim),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
