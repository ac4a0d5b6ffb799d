/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <vvs/spec.h>

#include "mutator.h"
#include "ops.h"

#define ROUNDS 20000u
#define CAPACITY 4096u

static struct scn_scenario scenario;

/* Every mutant of a long chain of mutants is a canonical scenario of at most the capacity. */
static void test_canonical(void **state)
{
    (void)state;
    static uint8_t bytes[CAPACITY];
    static uint8_t again[CAPACITY];
    size_t len = 0;
    for (uint32_t seed = 0; seed < ROUNDS; seed++) {
        len = mutate(bytes, len, CAPACITY, seed, &rule_any);
        assert_in_range(len, 1, CAPACITY);
        scn_decode(&scenario, bytes, len);
        assert_int_equal(scn_encode(again, CAPACITY, &scenario), len);
        assert_memory_equal(again, bytes, len);
    }
}

static void test_small_capacity(void **state)
{
    (void)state;
    uint8_t bytes[64];
    size_t len = 0;
    for (uint32_t seed = 0; seed < ROUNDS / 10; seed++) {
        len = mutate(bytes, len, sizeof bytes, seed, &rule_any);
        assert_in_range(len, 0, sizeof bytes);
    }
}

/* A rule holds for each mutant, and crossing keeps to it too. */
static void test_rule(void **state)
{
    (void)state;
    const struct rule rx_packed = {.roles = 1u << VVS_QUEUE_RX, .format = RULE_PACKED};
    static uint8_t bytes[CAPACITY];
    static uint8_t older[CAPACITY];
    static uint8_t child[CAPACITY];
    size_t len = 0;
    size_t older_len = 0;
    for (uint32_t seed = 0; seed < ROUNDS / 4; seed++) {
        memcpy(older, bytes, len);
        older_len = len;
        len = mutate(bytes, len, CAPACITY, seed, &rx_packed);
        size_t child_len =
            mutate_cross(child, CAPACITY, older, older_len, bytes, len, seed, &rx_packed);
        scn_decode(&scenario, child, child_len);
        assert_true((features_of(&scenario) & VVS_FEATURE(VVS_F_RING_PACKED)) != 0);
        for (uint32_t i = 0; i < scenario.step_count; i++) {
            if (rule_role_field(scenario.steps[i].tag) >= 0) {
                assert_int_equal(scn_role_of(&scenario, &scenario.steps[i]), VVS_QUEUE_RX);
            }
        }
    }
}

/* The same seeds give the same mutants; others give others. */
static void test_deterministic(void **state)
{
    (void)state;
    uint8_t first[CAPACITY];
    uint8_t second[CAPACITY];
    uint32_t same = 0;
    for (uint32_t seed = 0; seed < 200; seed++) {
        size_t first_len = mutate(first, 0, CAPACITY, seed, &rule_any);
        size_t second_len = mutate(second, 0, CAPACITY, seed, &rule_any);
        assert_int_equal(first_len, second_len);
        assert_memory_equal(first, second, first_len);
        second_len = mutate(second, 0, CAPACITY, seed + 1000, &rule_any);
        same += first_len == second_len && memcmp(first, second, first_len) == 0;
    }
    assert_in_range(same, 0, 40);
}

static uint64_t chain_bytes(void)
{
    uint64_t total = 0;
    const struct scn_record *chain = &scenario.steps[0];
    for (uint32_t i = 0; i < chain->element_count; i++) {
        total += scn_get(&scenario.elements[chain->element_first + i], SCN_ELEMENT_F_LEN, 44);
    }
    return total;
}

/* Cutting a chain anew, splitting and merging its elements keeps its bytes; cuts of each kind turn
 * up. */
static void test_framing(void **state)
{
    (void)state;
    bool one = false;
    bool two = false;
    bool many = false;
    bool cut = false;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct mutation mutation = {.rng = {seed}, .scenario = &scenario, .rule = &rule_any};
        scn_init(&scenario);
        struct scn_record *chain = steps_insert(&scenario, 0, SCN_TAG_ADD_CHAIN);
        assert_non_null(chain_open(&mutation, chain, 0));
        assert_int_equal(chain_bytes(), 108);
        assert_true(op_reframe(&mutation));
        assert_int_equal(chain_bytes(), 108);
        uint32_t count = chain->element_count;
        one = one || count == 1;
        two = two || count == 2;
        many = many || count > 2;
        cut = cut || scenario.elements[chain->element_first].value[SCN_ELEMENT_F_LEN] < 44;
        if (op_split(&mutation)) {
            assert_int_equal(chain->element_count, count + 1);
        }
        op_merge(&mutation);
        assert_int_equal(chain_bytes(), 108);
    }
    assert_true(one && two && many && cut);
}

static void test_cross_border(void **state)
{
    (void)state;
    uint32_t crossed = 0;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct mutation mutation = {.rng = {seed}, .scenario = &scenario, .rule = &rule_any};
        scn_init(&scenario);
        steps_insert(&scenario, 0, SCN_TAG_ADD_CHAIN);
        assert_true(op_cross(&mutation));
        const struct scn_record *element = &scenario.elements[scenario.steps[0].element_first];
        uint64_t start = element->value[SCN_ELEMENT_F_ADDR];
        uint64_t addr;
        uint64_t len;
        for (uint32_t i = 0; i + 1 < scenario.region_count; i++) {
            region_extent(&scenario, i, &addr, &len);
            crossed += start < addr + len && start + element->value[SCN_ELEMENT_F_LEN] > addr + len;
        }
    }
    assert_int_equal(crossed, 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_canonical), cmocka_unit_test(test_small_capacity),
        cmocka_unit_test(test_rule),      cmocka_unit_test(test_deterministic),
        cmocka_unit_test(test_framing),   cmocka_unit_test(test_cross_border),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
