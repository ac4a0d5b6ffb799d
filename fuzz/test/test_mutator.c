/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "build.h"
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

/* A corpus of one direction and one ring format comes to the others by itself. */
static void test_each_way(void **state)
{
    (void)state;
    uint32_t found[2][2] = {{0}};
    for (uint32_t seed = 0; seed < ROUNDS; seed++) {
        uint8_t bytes[CAPACITY];
        scn_decode(&scenario, bytes, mutate(bytes, 0, CAPACITY, seed, &rule_any));
        if (scenario.step_count != 0 && scenario.steps[0].tag == SCN_TAG_ADD_CHAIN) {
            bool packed = (features_of(&scenario) & VVS_FEATURE(VVS_F_RING_PACKED)) != 0;
            found[scn_role_of(&scenario, &scenario.steps[0]) == VVS_QUEUE_RX][packed]++;
        }
    }
    for (uint32_t i = 0; i < 4; i++) {
        assert_in_range(found[i / 2][i % 2], ROUNDS / 100, ROUNDS);
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

/* A parent all of whose values can be told from the other's. */
static size_t parent_make(uint8_t *out_bytes, uint32_t mark)
{
    const char text[2] = {(char)mark, (char)mark};
    scn_init(&scenario);
    scn_set(&scenario.image, SCN_IMAGE_F_MAX_PAYLOAD, mark);
    build_region(&scenario, 0x100000, 0x10000 * mark);
    build_queue(&scenario, VVS_QUEUE_TX, mark);
    struct scn_record *span = build(&scenario, SCN_TAG_SPAN);
    build_bytes(&scenario, span, SCN_SPAN_F_BYTES, text, 1);
    struct scn_record *race = build(&scenario, SCN_TAG_RACE);
    build_bytes(&scenario, race, SCN_RACE_F_BYTES, text, 2);
    for (uint32_t i = 0; i < 2; i++) {
        scn_set(build_chain(&scenario, VVS_QUEUE_TX), SCN_ADD_CHAIN_F_SRC_PORT, mark);
        build_element(&scenario, 44 + mark);
    }
    return scn_encode(out_bytes, CAPACITY, &scenario);
}

/* Which parents a list of records has the marks of: bit 0 the first, bit 1 the second. */
static uint32_t marks_of(const struct scn_record *records, uint32_t count, uint32_t field,
                         uint64_t unit)
{
    uint32_t marks = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct scn_record *record = &records[i];
        bool literal = scn_type_of(record->tag)->fields[field].type == SCN_BYTES;
        marks |=
            (uint32_t)(literal ? scenario.blob[record->bytes_at] : record->value[field] / unit);
    }
    return marks;
}

/* A child has steps, elements, races, spans, regions and queues of its first parent, of its second,
 * and of both where there may be several. */
static void test_cross(void **state)
{
    (void)state;
    static uint8_t first[CAPACITY];
    static uint8_t second[CAPACITY];
    static uint8_t child[CAPACITY];
    size_t first_len = parent_make(first, 1);
    size_t second_len = parent_make(second, 2);
    uint32_t seen[7] = {0}; /* bit n: marks n */
    for (uint32_t seed = 0; seed < 4000; seed++) {
        size_t len =
            mutate_cross(child, CAPACITY, first, first_len, second, second_len, seed, &rule_any);
        scn_decode(&scenario, child, len);
        const struct scn_scenario *s = &scenario;
        seen[0] |= 1u << marks_of(s->steps, s->step_count, SCN_ADD_CHAIN_F_SRC_PORT, 1);
        seen[1] |= 1u << marks_of(s->regions, s->region_count, SCN_REGION_F_LEN, 0x10000);
        seen[2] |= 1u << marks_of(s->spans, s->span_count, SCN_SPAN_F_BYTES, 1);
        seen[3] |= 1u << marks_of(s->races, s->race_count, SCN_RACE_F_BYTES, 1);
        seen[4] |= 1u << marks_of(s->queues, s->queue_count, SCN_QUEUE_F_SIZE, 1);
        seen[5] |= 1u << s->image.value[SCN_IMAGE_F_MAX_PAYLOAD];
        for (uint32_t i = 0; i < s->step_count;
             i++) { /* a chain of one with elements of the other */
            const struct scn_record *chain = &s->steps[i];
            uint64_t element = s->elements[chain->element_first].value[SCN_ELEMENT_F_LEN] - 44;
            seen[6] |= (uint32_t)(element != chain->value[SCN_ADD_CHAIN_F_SRC_PORT]);
        }
    }
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(seen[i] & 0xe, 0xe);
    }
    assert_int_equal(seen[4] & 0x6, 0x6);
    assert_int_equal(seen[5] & 0x6, 0x6);
    assert_int_equal(seen[6], 1);
}

/* What was decoded last is decoded again once it was changed, for other bytes, or another rule. */
static void test_decoded_once(void **state)
{
    (void)state;
    const struct rule packed = {.roles = 7, .format = RULE_PACKED};
    const uint8_t two_serves[] = {1, 0x20, 0, 0x20, 0};
    struct scn_scenario *first = rule_decode(&packed, two_serves, sizeof two_serves);
    assert_int_equal(first->step_count, 2);
    first->step_count = 9;
    assert_int_equal(rule_decode(&packed, two_serves, sizeof two_serves)->step_count, 9);
    rule_changed();
    assert_int_equal(rule_decode(&packed, two_serves, sizeof two_serves)->step_count, 2);
    first->step_count = 9;
    assert_int_equal(rule_decode(&rule_any, two_serves, sizeof two_serves)->step_count, 2);
    first->step_count = 9;
    assert_int_equal(rule_decode(&rule_any, two_serves, 3)->step_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_canonical),     cmocka_unit_test(test_small_capacity),
        cmocka_unit_test(test_rule),          cmocka_unit_test(test_each_way),
        cmocka_unit_test(test_deterministic), cmocka_unit_test(test_framing),
        cmocka_unit_test(test_cross_border),  cmocka_unit_test(test_cross),
        cmocka_unit_test(test_decoded_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
