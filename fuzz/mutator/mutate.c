/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Decode, a few operations, encode. */
#include "mutator.h"

#include <string.h>

#include "ops.h"

/* How often an operation is chosen, in parts of their sum. */
static const struct {
    operation *apply;
    uint32_t weight;
} operations[] = {
    {op_traffic, 14},       {op_reframe, 10},
    {op_indirect, 8},       {op_cross, 8},
    {op_value, 10},         {op_format, 16},
    {op_split, 4},          {op_merge, 3},
    {op_swap_elements, 3},  {op_duplicate, 2},
    {op_remove, 2},         {op_empty_element, 2},
    {op_resize, 3},         {op_flip_direction, 2},
    {op_border, 3},         {op_table, 3},
    {op_links, 3},          {op_fit, 4},
    {op_feature, 3},        {op_region, 2},
    {op_queue_size, 3},     {op_start_index, 3},
    {op_span, 1},           {op_race, 4},
    {op_add_step, 6},       {op_remove_step, 6},
    {op_duplicate_step, 3}, {op_swap_steps, 2},
    {op_burst, 4},          {op_by_hand, 3},
    {op_restart, 2},        {op_event_words, 4},
    {op_drop, 8},           {op_bytes, 1},
    {op_literal, 1},        {op_write, 1},
    {op_image, 1},          {op_grant, 3},
    {op_notify_edge, 1},    {op_reorder, 1},
    {op_take_back, 1},      {op_move_memory, 1},
    {op_go_on, 1},          {op_arm, 1},
    {op_refuse, 1},         {op_small_buffer, 1},
    {op_wide, 1},           {op_lap, 1},
    {op_late_ring, 1},      {op_short_event, 1},
    {op_jump, 1},           {op_direction, 16},
};
#define OPERATION_COUNT (sizeof operations / sizeof operations[0])

/* A campaign in which some operations rest for a while goes deeper with the others. */
#define SWARM_CALLS 4096u
#define SWARM_PERCENT 80u

#define THRIFTY_SERVE 16u
#define THRIFTY_CHAIN 64u
#define THRIFTY_REGIONS 3u
#define THRIFTY_RING 256u
#define THRIFTY_BYTES 4096u
#define THRIFTY_STEPS 4u
#define RACY_PERCENT 15u
#define LONG_PERCENT 10u
#define THRIFTY_DESCRIPTORS 12u
#define LAVISH_ONE_IN 1000u

static uint64_t swarm;
static uint32_t swarm_calls;

static void swarm_step(struct rng *rng)
{
    if (swarm_calls++ % SWARM_CALLS != 0) {
        return;
    }
    swarm = 0;
    for (uint32_t i = 0; i < OPERATION_COUNT; i++) {
        swarm |= (uint64_t)rng_chance(rng, SWARM_PERCENT) << i;
    }
}

static void apply_one(struct mutation *mutation)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < OPERATION_COUNT; i++) {
        total += swarm >> i & 1u ? operations[i].weight : 0;
    }
    uint32_t pick = rng_below(&mutation->rng, total);
    for (uint32_t i = 0; i < OPERATION_COUNT; i++) {
        uint32_t weight = swarm >> i & 1u ? operations[i].weight : 0;
        if (pick < weight) {
            operations[i].apply(mutation);
            return;
        }
        pick -= weight;
    }
}

/* A chain and its serve in front of everything else: whatever the rest breaks, one packet is
 * parsed. Takes the place of the one that an earlier mutation put there. */
static void open_with_traffic(struct mutation *mutation)
{
    struct scn_scenario *s = mutation->scenario;
    if (s->step_count > 2 && s->steps[0].tag == SCN_TAG_ADD_CHAIN &&
        s->steps[1].tag == SCN_TAG_SERVE) {
        s->step_count -= 2;
        memmove(&s->steps[0], &s->steps[2], s->step_count * sizeof s->steps[0]);
    }
    traffic_insert(mutation, 0);
}

/* Long scenarios are rare: steps go, from anywhere behind the first two, until few are left. */
static void thrift_steps(struct mutation *mutation)
{
    struct scn_scenario *s = mutation->scenario;
    if (mutation->is_scene || s->step_count <= THRIFTY_STEPS ||
        rng_chance(&mutation->rng, LONG_PERCENT)) {
        return;
    }
    uint32_t wanted = 1 + rng_below(&mutation->rng, THRIFTY_STEPS);
    while (s->step_count > wanted + 2) {
        uint32_t at = 2 + rng_below(&mutation->rng, s->step_count - 2);
        s->step_count--;
        memmove(&s->steps[at], &s->steps[at + 1], (s->step_count - at) * sizeof s->steps[0]);
    }
}

/* How much payload a step may come to. */
static uint64_t payload_bound(const struct scn_scenario *s, const struct scn_record *step)
{
    uint64_t most = 0;
    if (scn_has(step, SCN_ADD_CHAIN_F_PAYLOAD_LEN)) {
        most = step->value[SCN_ADD_CHAIN_F_PAYLOAD_LEN];
    } else if (!scn_has(step, SCN_ADD_CHAIN_F_PAYLOAD)) {
        for (uint32_t i = 0; i < step->element_count; i++) {
            const struct scn_record *element = &s->elements[step->element_first + i];
            most +=
                scn_get(element, SCN_ELEMENT_F_LEN, 0) * scn_get(element, SCN_ELEMENT_F_REPEAT, 1);
        }
    }
    return step->tag == SCN_TAG_ADD_CHAIN ? most * scn_get(step, SCN_ADD_CHAIN_F_COUNT, 1) : most;
}

static bool lavish(struct rng *rng)
{
    return rng_below(rng, LAVISH_ONE_IN) == 0;
}

/* How many descriptors a chain comes to. */
static uint64_t descriptor_count(const struct scn_scenario *s, const struct scn_record *chain)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < chain->element_count; i++) {
        total += scn_get(&s->elements[chain->element_first + i], SCN_ELEMENT_F_REPEAT, 1);
    }
    return total * scn_get(chain, SCN_ADD_CHAIN_F_COUNT, 1);
}

/* A long chain and many chains at once are rare, both together rarer. */
static void thrift_chain(struct mutation *mutation, struct scn_record *chain)
{
    struct scn_scenario *s = mutation->scenario;
    struct rng *rng = &mutation->rng;
    if (chain->tag != SCN_TAG_ADD_CHAIN || descriptor_count(s, chain) <= THRIFTY_DESCRIPTORS ||
        lavish(rng)) {
        return;
    }
    for (uint32_t i = 0; i < chain->element_count; i++) {
        s->elements[chain->element_first + i].present &= ~(1u << SCN_ELEMENT_F_REPEAT);
    }
    if (descriptor_count(s, chain) > THRIFTY_DESCRIPTORS) {
        chain->present &= ~(1u << SCN_ADD_CHAIN_F_COUNT);
    }
}

/* What is added to cross a border would pile up. */
static void thrift_regions(struct mutation *mutation)
{
    struct scn_scenario *s = mutation->scenario;
    if (s->region_count > THRIFTY_REGIONS && !rng_chance(&mutation->rng, LONG_PERCENT)) {
        s->region_count = THRIFTY_REGIONS;
    }
}

/* A loop is walked as far as a chain may be long: most large queues take short chains only. A large
 * ring is a hundred pages to be written and cleared: most are small. */
static void thrift_queues(struct mutation *mutation)
{
    struct scn_scenario *s = mutation->scenario;
    for (uint32_t i = 0; i < s->queue_count; i++) {
        struct scn_record *queue = &s->queues[i];
        uint64_t size = scn_get(queue, SCN_QUEUE_F_SIZE, 0);
        if (size > THRIFTY_RING && !mutation->is_scene &&
            !rng_chance(&mutation->rng, LONG_PERCENT)) {
            size = THRIFTY_RING >> rng_below(&mutation->rng, 8);
            scn_set(queue, SCN_QUEUE_F_SIZE, size);
        }
        uint64_t limit = scn_get(queue, SCN_QUEUE_F_MAX_CHAIN, 0);
        if ((limit == 0 ? size : limit) > THRIFTY_CHAIN && !lavish(&mutation->rng)) {
            scn_set(queue, SCN_QUEUE_F_MAX_CHAIN, 1 + rng_below(&mutation->rng, THRIFTY_CHAIN));
        }
    }
}

/* Races are for the target that is about them: what they break is in the way of other oracles. */
static void thrift_races(struct mutation *mutation)
{
    struct scn_scenario *s = mutation->scenario;
    if (mutation->rule->races) {
        if (s->race_count == 0 || rng_chance(&mutation->rng, 50)) {
            (void)race_aim(mutation);
        }
    } else if (!rng_chance(&mutation->rng, RACY_PERCENT)) {
        s->race_count = 0;
    }
}

/* What costs milliseconds shows no more than what costs microseconds: megabytes of payload, a
 * thousand chains in one serve. Most mutants get along with little; one in LAVISH_ONE_IN keeps what
 * it has. */
static void thrift(struct mutation *mutation)
{
    struct scn_scenario *s = mutation->scenario;
    struct rng *rng = &mutation->rng;
    thrift_steps(mutation);
    thrift_regions(mutation);
    thrift_queues(mutation);
    thrift_races(mutation);
    for (uint32_t i = 0; i < s->step_count; i++) {
        struct scn_record *step = &s->steps[i];
        thrift_chain(mutation, step);
        if (step->tag == SCN_TAG_SERVE && scn_get(step, SCN_SERVE_F_MAX, 1) > THRIFTY_SERVE &&
            !lavish(rng)) {
            scn_set(step, SCN_SERVE_F_MAX, rng_below(rng, THRIFTY_SERVE));
        }
        bool writes =
            step->tag == SCN_TAG_WRITE && scn_get(step, SCN_WRITE_F_LEN, 0) > THRIFTY_BYTES;
        bool pours = (step->tag == SCN_TAG_ADD_CHAIN || step->tag == SCN_TAG_SEND) &&
                     payload_bound(s, step) > THRIFTY_BYTES;
        if (pours && !lavish(rng)) {
            scn_set(step, SCN_ADD_CHAIN_F_PAYLOAD_LEN, rng_below(rng, 256));
        }
        if (writes && !lavish(rng)) {
            scn_set(step, SCN_WRITE_F_LEN, rng_below(rng, 256));
        }
    }
}

size_t mutation_end(struct mutation *mutation, uint8_t *out_bytes, size_t capacity)
{
    struct scn_scenario *s = mutation->scenario;
    thrift(mutation);
    rule_apply(mutation->rule, s);
    size_t len = scn_encode(out_bytes, capacity, s);
    while (len == 0 && s->step_count != 0) {
        s->step_count--;
        len = scn_encode(out_bytes, capacity, s);
    }
    return len;
}

size_t mutate(uint8_t *bytes, size_t len, size_t capacity, uint32_t seed, const struct rule *rule)
{
    struct scn_scenario *scenario = rule_decode(rule, bytes, len);
    struct mutation mutation = {.rng = {seed}, .scenario = scenario, .rule = rule};
    struct rng *rng = &mutation.rng;
    rule_changed();
    swarm_step(rng);
    for (uint32_t i = 1 + rng_below(rng, 4); i != 0; i--) {
        apply_one(&mutation);
    }
    if (!mutation.is_scene && rng_chance(rng, 55)) {
        setup_mend(scenario);
    }
    if (!mutation.is_scene && (rule->races || rng_chance(rng, 70))) {
        open_with_traffic(&mutation);
    }
    size_t fresh = mutation_end(&mutation, bytes, capacity);
    return fresh != 0 ? fresh : len;
}

size_t mutate_tidy(uint8_t *bytes, size_t len, size_t capacity, uint32_t seed,
                   const struct rule *rule)
{
    struct scn_scenario *scenario = rule_decode(rule, bytes, len);
    struct mutation mutation = {.rng = {seed}, .scenario = scenario, .rule = rule};
    rule_changed();
    size_t fresh = mutation_end(&mutation, bytes, capacity);
    return fresh != 0 ? fresh : len;
}
