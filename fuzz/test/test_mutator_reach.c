/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What the mutator comes to: each step, each field, each racing item, and the situations that bugs
 * of the past needed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <vvs/observe.h>
#include <vvs/spec.h>

#include "mutator.h"
#include "ops.h"
#include "run.h"
#include "situations.h"

#define MUTANTS 100000u
#define RUNS 5000u
#define POOL 64u
#define CAPACITY 4096u

static struct scn_scenario scenario;
static uint8_t pool[POOL][CAPACITY];
static size_t pool_len[POOL];
static uint32_t with_field[256][SCN_MAX_FIELDS];
static uint32_t with_tag[256];
static uint32_t in_situation[64];

/* As an engine does it: a mutant of some input, now and then of two, takes the place of another. */
static void next_mutant(uint32_t seed, const struct rule *rule)
{
    struct rng rng = {seed};
    uint32_t to = rng_below(&rng, POOL);
    uint32_t from = rng_below(&rng, POOL);
    uint32_t other = rng_below(&rng, POOL);
    static uint8_t child[CAPACITY];
    size_t len = pool_len[from];
    memcpy(child, pool[from], len);
    if (rng_chance(&rng, 12)) {
        len = mutate_cross(child, CAPACITY, pool[from], len, pool[other], pool_len[other], seed,
                           rule);
    } else {
        len = mutate(child, len, CAPACITY, seed, rule);
    }
    memcpy(pool[to], child, len);
    pool_len[to] = len;
    scn_decode(&scenario, child, len);
}

static void see(const struct scn_record *records, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        with_tag[records[i].tag]++;
        for (uint32_t left = records[i].present; left != 0; left &= left - 1) {
            with_field[records[i].tag][__builtin_ctz(left)]++;
        }
    }
}

static int count_all(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < MUTANTS; seed++) {
        next_mutant(seed, &rule_any);
        see(&scenario.image, scenario.image.present != 0);
        see(scenario.regions, scenario.region_count);
        see(scenario.queues, scenario.queue_count);
        see(scenario.spans, scenario.span_count);
        see(scenario.races, scenario.race_count);
        see(scenario.steps, scenario.step_count);
        see(scenario.elements, scenario.element_count);
        for (uint32_t i = 0; i < situation_count; i++) {
            in_situation[i] += situations[i].holds(&scenario);
        }
    }
    return 0;
}

/* Every step, every record, and every field of each, is in one mutant of a thousand or so; those of
 * which there is one in ten thousand take a place, no more. */
#define LEAST 10u

static void test_each_field(void **state)
{
    (void)state;
    const struct scn_record_type *type;
    for (uint32_t i = 0; (type = scn_type_at(i)) != NULL; i++) {
        if (with_tag[type->tag] < MUTANTS / 200) {
            fail_msg("%s: in %u of %u mutants", type->name, with_tag[type->tag], MUTANTS);
        }
        for (uint32_t field = 0; field < type->field_count; field++) {
            if (with_field[type->tag][field] < LEAST) {
                fail_msg("%s.%s: in %u of %u mutants", type->name, type->fields[field].name,
                         with_field[type->tag][field], MUTANTS);
            }
        }
    }
}

static void test_each_situation(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < situation_count; i++) {
        if (in_situation[i] < MUTANTS / 2000) {
            fail_msg("%s: %u of %u mutants", situations[i].name, in_situation[i], MUTANTS);
        }
    }
}

/* The items that a device loads: a race on any other does not happen. */
static const uint8_t loaded[] = {VVS_ITEM_AVAIL_IDX,    VVS_ITEM_AVAIL_SLOT,   VVS_ITEM_AVAIL_FLAGS,
                                 VVS_ITEM_USED_EVENT,   VVS_ITEM_DESC,         VVS_ITEM_TABLE_ENTRY,
                                 VVS_ITEM_HEADER,       VVS_ITEM_PACKED_FLAGS, VVS_ITEM_EVENT_FLAGS,
                                 VVS_ITEM_EVENT_OFFSET, VVS_ITEM_PAYLOAD};

/* Where races are wanted, most inputs have one that happens; each item has its share. */
static void test_races_happen(void **state)
{
    (void)state;
    static struct run run;
    static uint32_t happened[VVS_ITEM_COUNT];
    const struct rule racy = {.roles = rule_any.roles, .format = RULE_ANY_FORMAT, .races = true};
    uint32_t with_race = 0;
    memset(pool_len, 0, sizeof pool_len);
    assert_true(run_init(&run));
    for (uint32_t seed = 0; seed < RUNS; seed++) {
        uint32_t count = 0;
        next_mutant(seed, &racy);
        assert_in_range(scenario.race_count, 1, SCN_MAX_RACES);
        run_scenario(&run, &scenario, NULL);
        for (uint32_t i = 0; i < scenario.race_count; i++) {
            const struct scn_record *race = &scenario.races[i];
            bool happens = run.races[i].seen > scn_get(race, SCN_RACE_F_AFTER, 0);
            happened[scn_get(race, SCN_RACE_F_ITEM, VVS_ITEM_DESC)] += happens;
            count += happens;
        }
        with_race += count != 0;
    }
    run_fini(&run);
    if (with_race < RUNS * 7 / 10) {
        fail_msg("a race happens in %u of %u inputs", with_race, RUNS);
    }
    for (size_t i = 0; i < sizeof loaded; i++) {
        if (happened[loaded[i]] < RUNS / 200) {
            fail_msg("on %s a race happens in %u of %u inputs", scn_value_name(SCN_ITEM, loaded[i]),
                     happened[loaded[i]], RUNS);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_field),
        cmocka_unit_test(test_each_situation),
        cmocka_unit_test(test_races_happen),
    };
    return cmocka_run_group_tests(tests, count_all, NULL);
}
