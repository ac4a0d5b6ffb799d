/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The mutator behind libFuzzer's entry points, called as the engine calls them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <vvs/spec.h>

#include "build.h"
#include "target.h"

#define CAPACITY 4096u
#define ROUNDS 1000u

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t len, size_t capacity);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t len, size_t capacity, unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *first, size_t first_len, const uint8_t *second,
                                 size_t second_len, uint8_t *out_bytes, size_t capacity,
                                 unsigned int seed);

const struct rule target_rule = {.roles = 1u << VVS_QUEUE_TX, .format = RULE_PACKED};

static struct scn_scenario scenario;
static uint32_t bytewise;

/* The engine's own mutation: one byte more. */
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t len, size_t capacity)
{
    bytewise++;
    if (len < capacity) {
        bytes[len++] = SCN_TAG_SERVE;
    }
    return len;
}

static bool is_packed(const uint8_t *bytes, size_t len)
{
    scn_decode(&scenario, bytes, len);
    return (scn_get(&scenario.image, SCN_IMAGE_F_FEATURES, 0) & VVS_FEATURE(VVS_F_RING_PACKED)) !=
           0;
}

/* Mostly by the operations, at times byte by byte, always within what the target looks at. */
static void test_mutator(void **state)
{
    (void)state;
    static uint8_t bytes[CAPACITY];
    size_t len = 0;
    bytewise = 0;
    for (unsigned int seed = 0; seed < ROUNDS; seed++) {
        len = LLVMFuzzerCustomMutator(bytes, len, CAPACITY, seed);
        assert_in_range(len, 1, CAPACITY);
        assert_true(is_packed(bytes, len));
    }
    assert_in_range(bytewise, ROUNDS / 32, ROUNDS / 8);
}

/* Each so many calls a child of both; else nothing, and the engine mutates. */
static void test_cross(void **state)
{
    (void)state;
    uint8_t parents[2][64];
    size_t lens[2];
    uint8_t child[256];
    uint32_t crossed = 0;
    uint32_t of_both = 0;
    for (uint32_t i = 0; i < 2; i++) {
        scn_init(&scenario);
        build_features(&scenario, VVS_FEATURE(VVS_F_RING_PACKED));
        build_step(&scenario, i ? SCN_TAG_ARM : SCN_TAG_POP, 0, VVS_QUEUE_TX);
        lens[i] = scn_encode(parents[i], sizeof parents[i], &scenario);
    }
    for (unsigned int seed = 0; seed < ROUNDS; seed++) {
        size_t len = LLVMFuzzerCustomCrossOver(parents[0], lens[0], parents[1], lens[1], child,
                                               sizeof child, seed);
        if (len == 0) {
            continue;
        }
        crossed++;
        assert_true(is_packed(child, len));
        of_both += scenario.step_count == 2 && scenario.steps[0].tag == SCN_TAG_POP &&
                   scenario.steps[1].tag == SCN_TAG_ARM;
    }
    assert_in_range(crossed, ROUNDS / 8, ROUNDS / 2);
    assert_in_range(of_both, crossed / 16, crossed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mutator),
        cmocka_unit_test(test_cross),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
