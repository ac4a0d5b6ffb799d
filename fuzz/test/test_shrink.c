/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <vvs/observe.h>

#include "build.h"
#include "mutator.h"
#include "random_input.h"
#include "shrink.h"

#define CAPACITY 4096u
#define RANDOM_BYTES 400u
#define ROUNDS 200u

typedef bool property(const struct scn_scenario *scenario);

static struct shrink shrink;
static struct scn_scenario scenario;
static uint8_t kept[SCN_MAX_ENCODED];
static size_t kept_len;

/* The order, in words of its own: shorter, or the lesser number. */
static int compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    int result = a_len < b_len ? -1 : a_len > b_len;
    for (size_t i = 0; a_len == b_len && i < a_len; i++) {
        result = a[i] < b[i] ? -1 : a[i] > b[i] ? 1 : result;
    }
    return result;
}

static bool is_canonical(const uint8_t *bytes, size_t len)
{
    static struct scn_scenario decoded;
    static uint8_t again[SCN_MAX_ENCODED];
    scn_decode(&decoded, bytes, len);
    return scn_encode(again, sizeof again, &decoded) == len && memcmp(again, bytes, len) == 0;
}

/* Shrinks `kept` as long as it has the property; by a coin where none is given. Returns how many
 * candidates that took. */
static uint32_t shrink_all(property *has, uint64_t *coin)
{
    static uint8_t candidate[SCN_MAX_ENCODED];
    uint32_t count = 0;
    size_t len;
    shrink_begin(&shrink, kept, kept_len);
    scn_decode(&scenario, kept, kept_len);
    kept_len = scn_encode(kept, sizeof kept, &scenario);
    while ((len = shrink_next(&shrink, candidate, sizeof candidate)) != 0) {
        assert_true(compare(candidate, len, kept, kept_len) < 0);
        assert_true(is_canonical(candidate, len));
        scn_decode(&scenario, candidate, len);
        bool keep = has ? has(&scenario) : random_below(coin, 4) == 0;
        if (keep) {
            memcpy(kept, candidate, len);
            kept_len = len;
        }
        shrink_verdict(&shrink, keep);
        count++;
    }
    assert_int_equal(shrink_next(&shrink, candidate, sizeof candidate), 0);
    scn_decode(&scenario, kept, kept_len);
    return count;
}

static void take_mutant(uint32_t *seed)
{
    kept_len = 0;
    for (uint32_t i = 0; i < 12; i++) {
        kept_len = mutate(kept, kept_len, CAPACITY, (*seed)++, &rule_any);
    }
}

/* Puts what has the property into random scenarios, and expects to find nothing else at the end. */
static void expect_minimum(property *has, void (*plant)(struct scn_scenario *),
                           const uint8_t *least, size_t least_len)
{
    uint32_t seed = 1;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        take_mutant(&seed);
        scn_decode(&scenario, kept, kept_len);
        plant(&scenario);
        kept_len = scn_encode(kept, sizeof kept, &scenario);
        scn_decode(&scenario, kept, kept_len);
        assert_true(has(&scenario));
        assert_in_range(shrink_all(has, NULL), 1, 2000);
        assert_true(has(&scenario));
        assert_int_equal(kept_len, least_len);
        assert_memory_equal(kept, least, least_len);
    }
}

static bool has_race_on_desc(const struct scn_scenario *s)
{
    bool found = false;
    for (uint32_t i = 0; i < s->race_count; i++) {
        found = found || scn_get(&s->races[i], SCN_RACE_F_ITEM, VVS_ITEM_DESC) == VVS_ITEM_DESC;
    }
    return found;
}

static void plant_race(struct scn_scenario *s)
{
    s->race_count -= s->race_count == SCN_MAX_RACES;
    struct scn_record *race = build(s, SCN_TAG_RACE);
    scn_set(race, SCN_RACE_F_ITEM, VVS_ITEM_DESC);
    scn_set(race, SCN_RACE_F_AFTER, 3);
    build_bytes(s, race, SCN_RACE_F_BYTES, "\xff\xff\xff\xff", 4);
}

static void test_race(void **state)
{
    (void)state;
    static const uint8_t least[] = {SCN_VERSION, SCN_TAG_RACE, 0};
    expect_minimum(has_race_on_desc, plant_race, least, sizeof least);
}

static bool has_two_indirect(const struct scn_scenario *s)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < s->step_count; i++) {
        const struct scn_record *step = &s->steps[i];
        bool indirect =
            step->tag == SCN_TAG_ADD_CHAIN && scn_get(step, SCN_ADD_CHAIN_F_INDIRECT, 0) != 0;
        count += indirect ? scn_get(step, SCN_ADD_CHAIN_F_COUNT, 1) : 0;
    }
    return count >= 2;
}

static void plant_two_indirect(struct scn_scenario *s)
{
    s->step_count = s->step_count > SCN_MAX_STEPS - 2 ? SCN_MAX_STEPS - 2 : s->step_count;
    for (uint32_t i = 0; i < 2; i++) {
        struct scn_record *chain = build(s, SCN_TAG_ADD_CHAIN);
        scn_set(chain, SCN_ADD_CHAIN_F_INDIRECT, 1);
        scn_set(chain, SCN_ADD_CHAIN_F_DIRECT_COUNT, i);
        build_element(s, 17 + i);
        scn_set(build_element(s, 18), SCN_ELEMENT_F_ADDR, 0x100000);
    }
}

/* One chain, twice. */
static void test_indirect(void **state)
{
    (void)state;
    static const uint8_t least[] = {
        SCN_VERSION, SCN_TAG_ADD_CHAIN, 0x80, 0x80, 0x81, 0x02, 1, 2, 0, 0};
    expect_minimum(has_two_indirect, plant_two_indirect, least, sizeof least);
}

static bool has_long_element(const struct scn_scenario *s)
{
    bool found = false;
    for (uint32_t i = 0; i < s->element_count; i++) {
        found = found || scn_get(&s->elements[i], SCN_ELEMENT_F_LEN, 44) > 44;
    }
    return found;
}

static void plant_long_element(struct scn_scenario *s)
{
    s->step_count -= s->step_count == SCN_MAX_STEPS;
    build(s, SCN_TAG_ADD_CHAIN);
    build_element(s, 0x80000007);
}

/* A bound of a value is found exactly. */
static void test_value(void **state)
{
    (void)state;
    static const uint8_t least[] = {SCN_VERSION, SCN_TAG_ADD_CHAIN, 0, 1, 1, 45, 0, 0, 0};
    expect_minimum(has_long_element, plant_long_element, least, sizeof least);
}

static bool starts_late(const struct scn_scenario *s)
{
    bool found = false;
    for (uint32_t i = 0; i < s->queue_count; i++) {
        uint64_t avail = scn_get(&s->queues[i], SCN_QUEUE_F_AVAIL_INDEX, 0);
        found = found ||
                (avail >= 0x7ffe && avail == scn_get(&s->queues[i], SCN_QUEUE_F_USED_INDEX, 0));
    }
    return found;
}

static void plant_late_start(struct scn_scenario *s)
{
    s->queue_count = 0;
    struct scn_record *queue = build_queue(s, VVS_QUEUE_RX, 16);
    scn_set(queue, SCN_QUEUE_F_AVAIL_INDEX, 0xfffd);
    scn_set(queue, SCN_QUEUE_F_USED_INDEX, 0xfffd);
    scn_set(queue, SCN_QUEUE_F_AVAIL_WRAP, 0);
}

/* Two values that have to be equal. */
static void test_together(void **state)
{
    (void)state;
    static const uint8_t least[] = {SCN_VERSION, SCN_TAG_QUEUE, 0xc0, 0x01, 0xfe, 0x7f, 0xfe, 0x7f};
    expect_minimum(starts_late, plant_late_start, least, sizeof least);
}

static bool sends_two_marks(const struct scn_scenario *s)
{
    uint32_t marks = 0;
    for (uint32_t i = 0; i < s->step_count; i++) {
        const struct scn_record *step = &s->steps[i];
        bool literal = step->tag == SCN_TAG_SEND && scn_has(step, SCN_SEND_F_PAYLOAD);
        for (uint32_t k = 0; literal && k < step->bytes_len; k++) {
            marks += s->blob[step->bytes_at + k] == 0xaa;
        }
    }
    return marks >= 2;
}

static void plant_marks(struct scn_scenario *s)
{
    s->step_count -= s->step_count == SCN_MAX_STEPS;
    s->blob_len = 0;
    for (uint32_t i = 0; i < s->step_count; i++) {
        s->steps[i].bytes_len = 0;
    }
    s->race_count = 0;
    s->span_count = 0;
    build_bytes(s, build(s, SCN_TAG_SEND), SCN_SEND_F_PAYLOAD, "abcdefg\xaahijk\xaalmn", 16);
}

static void test_bytes(void **state)
{
    (void)state;
    static const uint8_t least[] = {SCN_VERSION, SCN_TAG_SEND, 0x80, 0x08, 2, 0, 0xaa, 0xaa};
    expect_minimum(sends_two_marks, plant_marks, least, sizeof least);
}

static bool is_anything(const struct scn_scenario *s)
{
    (void)s;
    return true;
}

static bool is_nothing(const struct scn_scenario *s)
{
    (void)s;
    return false;
}

/* The order is kept to and an end is reached, whatever the verdicts, from any bytes. */
static void test_any(void **state)
{
    (void)state;
    static const uint8_t empty[] = {SCN_VERSION};
    uint64_t seed = 88172645463325252u;
    for (uint32_t i = 0; i < ROUNDS / 4; i++) {
        kept_len = random_input(&seed, kept, RANDOM_BYTES);
        assert_in_range(shrink_all(NULL, &seed), 0, SHRINK_MAX_CANDIDATES);
        kept_len = random_input(&seed, kept, RANDOM_BYTES);
        assert_in_range(shrink_all(is_nothing, NULL), 0, SHRINK_MAX_CANDIDATES);
        kept_len = random_input(&seed, kept, RANDOM_BYTES);
        assert_in_range(shrink_all(is_anything, NULL), 0, 8);
        assert_int_equal(kept_len, sizeof empty);
        assert_memory_equal(kept, empty, sizeof empty);
    }
}

/* What does not fit is no candidate; others are. */
static void test_capacity(void **state)
{
    (void)state;
    uint8_t candidate[48];
    uint32_t seed = 7;
    uint32_t count = 0;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        size_t len;
        take_mutant(&seed);
        shrink_begin(&shrink, kept, kept_len);
        while ((len = shrink_next(&shrink, candidate, sizeof candidate)) != 0) {
            assert_in_range(len, 1, sizeof candidate);
            shrink_verdict(&shrink, false);
            count++;
        }
    }
    assert_in_range(count, ROUNDS, UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_race),     cmocka_unit_test(test_indirect),
        cmocka_unit_test(test_value),    cmocka_unit_test(test_together),
        cmocka_unit_test(test_bytes),    cmocka_unit_test(test_any),
        cmocka_unit_test(test_capacity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
