/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Operations on the steps. */
#include "ops.h"

#include <string.h>

struct scn_record *steps_insert(struct scn_scenario *scenario, uint32_t at, uint8_t tag)
{
    if (scenario->step_count == SCN_MAX_STEPS) {
        return NULL;
    }
    struct scn_record *step = &scenario->steps[at];
    memmove(step + 1, step, (scenario->step_count - at) * sizeof *step);
    scenario->step_count++;
    step->tag = tag;
    step->present = 0;
    step->bytes_at = 0;
    step->bytes_len = 0;
    step->element_first = 0;
    step->element_count = 0;
    return step;
}

void role_set(struct scn_scenario *scenario, struct scn_record *step, uint32_t role)
{
    if (scn_role_of(scenario, step) != role) {
        scn_set(step, (uint32_t)rule_role_field(step->tag), role);
    }
}

uint32_t role_pick(struct mutation *mutation)
{
    const struct scn_scenario *scenario = mutation->scenario;
    if (scenario->queue_count == 0) {
        return VVS_QUEUE_TX;
    }
    const struct scn_record *queue =
        &scenario->queues[rng_below(&mutation->rng, scenario->queue_count)];
    uint32_t role = (uint32_t)scn_get(queue, SCN_QUEUE_F_ROLE, VVS_QUEUE_TX);
    if (role == VVS_QUEUE_EVENT && rng_chance(&mutation->rng, 80)) {
        queue = &scenario->queues[0]; /* events are no packets, and soon seen through */
    }
    return (uint32_t)scn_get(queue, SCN_QUEUE_F_ROLE, VVS_QUEUE_TX);
}

static void header_vary(struct rng *rng, struct scn_record *record)
{
    const struct scn_record_type *type = scn_type_of(record->tag);
    uint32_t field = rng_below(rng, SCN_ADD_CHAIN_F_PAYLOAD_FILL + 1);
    if (field != SCN_ADD_CHAIN_F_PAYLOAD && field != SCN_ADD_CHAIN_F_HDR_LEN) {
        scn_set(record, field, value_of(rng, type, field));
    }
}

/* Where a border between two regions cuts a chain of few bytes: in one of its elements, or its
 * table. */
static void cross_vary(struct mutation *mutation, struct scn_record *chain)
{
    struct scn_scenario *scenario = mutation->scenario;
    struct rng *rng = &mutation->rng;
    if (chain->element_count == 0) {
        return;
    }
    regions_spell(scenario, 2);
    uint64_t addr;
    uint64_t extent;
    region_extent(scenario, 0, &addr, &extent);
    struct scn_record *element =
        &scenario->elements[chain->element_first + rng_below(rng, chain->element_count)];
    uint32_t len = (uint32_t)scn_get(element, SCN_ELEMENT_F_LEN, VVS_HDR_BYTES);
    if (len > 1) {
        scn_set(element, SCN_ELEMENT_F_ADDR, addr + extent - 1 - rng_below(rng, len - 1));
    }
}

bool traffic_insert(struct mutation *mutation, uint32_t at)
{
    struct scn_scenario *scenario = mutation->scenario;
    struct rng *rng = &mutation->rng;
    if (scenario->step_count + 2 > SCN_MAX_STEPS) {
        return false;
    }
    uint32_t role = role_pick(mutation);
    struct scn_record *serve = steps_insert(scenario, at, SCN_TAG_SERVE);
    role_set(scenario, serve, role);
    struct scn_record *chain = steps_insert(scenario, at, SCN_TAG_ADD_CHAIN);
    role_set(scenario, chain, role);
    if (role == VVS_QUEUE_TX && rng_chance(rng, 30)) {
        header_vary(rng, chain);
    }
    if (rng_chance(rng, 90) && !chain_frame(mutation, chain)) {
        return true;
    }
    if (rng_chance(rng, 25)) {
        cross_vary(mutation, chain);
    }
    if (rng_chance(rng, 25)) {
        scn_set(chain, SCN_ADD_CHAIN_F_INDIRECT, 1);
        feature_add(scenario, VVS_F_INDIRECT_DESC);
    }
    return true;
}

bool op_traffic(struct mutation *mutation)
{
    return traffic_insert(mutation, rng_below(&mutation->rng, mutation->scenario->step_count + 1));
}

bool op_add_step(struct mutation *mutation)
{
    static const uint8_t tags[] = {
        SCN_TAG_SET_WORD,   SCN_TAG_SET_MEMORY, SCN_TAG_SERVE,   SCN_TAG_SERVE,   SCN_TAG_SERVE,
        SCN_TAG_POP,        SCN_TAG_POP,        SCN_TAG_PUBLISH, SCN_TAG_PUBLISH, SCN_TAG_FLUSH,
        SCN_TAG_UNDO,       SCN_TAG_ARM,        SCN_TAG_DISARM,  SCN_TAG_SEND,    SCN_TAG_SEND,
        SCN_TAG_SEND_EVENT, SCN_TAG_ABORT,      SCN_TAG_NOTIFY};
    struct scn_scenario *scenario = mutation->scenario;
    struct rng *rng = &mutation->rng;
    uint32_t at = rng_below(rng, scenario->step_count + 1);
    struct scn_record *step = steps_insert(scenario, at, tags[rng_below(rng, sizeof tags)]);
    if (!step) {
        return false;
    }
    const struct scn_record_type *type = scn_type_of(step->tag);
    for (uint32_t i = rng_below(rng, 3); i != 0; i--) {
        uint32_t field = rng_below(rng, type->field_count);
        if (type->fields[field].type != SCN_BYTES && type->fields[field].type != SCN_ROLE) {
            scn_set(step, field, value_of(rng, type, field));
        }
    }
    if (rule_role_field(step->tag) >= 0) {
        role_set(scenario, step, role_pick(mutation));
    }
    return true;
}

bool op_remove_step(struct mutation *mutation)
{
    struct scn_scenario *scenario = mutation->scenario;
    if (scenario->step_count == 0) {
        return false;
    }
    struct scn_record *step = &scenario->steps[rng_below(&mutation->rng, scenario->step_count)];
    scenario->step_count--;
    memmove(step, step + 1, (size_t)(&scenario->steps[scenario->step_count] - step) * sizeof *step);
    return true;
}

bool op_duplicate_step(struct mutation *mutation)
{
    struct scn_scenario *scenario = mutation->scenario;
    struct rng *rng = &mutation->rng;
    if (scenario->step_count == 0) {
        return false;
    }
    struct scn_record copy = scenario->steps[rng_below(rng, scenario->step_count)];
    struct scn_record *step =
        steps_insert(scenario, rng_below(rng, scenario->step_count + 1), copy.tag);
    if (!step) {
        return false;
    }
    *step = copy;
    uint32_t count = copy.element_count;
    if (count > SCN_MAX_ELEMENTS - scenario->element_count) {
        count = 0;
    }
    memcpy(&scenario->elements[scenario->element_count], &scenario->elements[copy.element_first],
           count * sizeof copy);
    step->element_first = scenario->element_count;
    step->element_count = count;
    scenario->element_count += count;
    return true;
}

bool op_swap_steps(struct mutation *mutation)
{
    struct scn_scenario *scenario = mutation->scenario;
    uint32_t a = rng_below(&mutation->rng, scenario->step_count);
    uint32_t b = rng_below(&mutation->rng, scenario->step_count);
    if (a == b) {
        return false;
    }
    struct scn_record swap = scenario->steps[a];
    scenario->steps[a] = scenario->steps[b];
    scenario->steps[b] = swap;
    return true;
}

/* Several chains before one serve. */
bool op_burst(struct mutation *mutation)
{
    struct scn_scenario *scenario = mutation->scenario;
    struct rng *rng = &mutation->rng;
    struct scn_record *chain = chain_pick(mutation);
    if (!chain) {
        return false;
    }
    scn_set(chain, SCN_ADD_CHAIN_F_COUNT, 2 + rng_below(rng, 8));
    for (struct scn_record *step = chain; step < &scenario->steps[scenario->step_count]; step++) {
        if (step->tag == SCN_TAG_SERVE) {
            scn_set(step, SCN_SERVE_F_MAX,
                    value_of(rng, scn_type_of(SCN_TAG_SERVE), SCN_SERVE_F_MAX));
            break;
        }
    }
    return true;
}

/* A serve becomes what it is made of: pops, then publications in some order, at once or staged. */
bool op_by_hand(struct mutation *mutation)
{
    struct scn_scenario *scenario = mutation->scenario;
    struct rng *rng = &mutation->rng;
    uint32_t at = 0;
    while (at < scenario->step_count && scenario->steps[at].tag != SCN_TAG_SERVE) {
        at++;
    }
    uint32_t count = 1 + rng_below(rng, 3);
    if (at == scenario->step_count || scenario->step_count + 2 * count > SCN_MAX_STEPS) {
        return false;
    }
    uint32_t role = scn_role_of(scenario, &scenario->steps[at]);
    bool staged = rng_chance(rng, 40);
    scenario->steps[at].tag = SCN_TAG_FLUSH;
    scenario->steps[at].present = 0;
    role_set(scenario, &scenario->steps[at], role);
    for (uint32_t i = 0; i < count; i++) {
        struct scn_record *publish = steps_insert(scenario, at, SCN_TAG_PUBLISH);
        role_set(scenario, publish, role);
        if (staged) {
            scn_set(publish, SCN_PUBLISH_F_STAGE, 1);
        }
        if (rng_chance(rng, 30)) {
            scn_set(publish, SCN_PUBLISH_F_WHICH, rng_below(rng, count));
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        role_set(scenario, steps_insert(scenario, at, SCN_TAG_POP), role);
    }
    return true;
}

/* The device stops and starts, or both sides do, with positions as they were or as somebody
 * claims. */
bool op_restart(struct mutation *mutation)
{
    struct scn_scenario *scenario = mutation->scenario;
    struct rng *rng = &mutation->rng;
    uint32_t role = role_pick(mutation);
    if (scenario->step_count + 2 > SCN_MAX_STEPS) {
        return false;
    }
    bool both = rng_chance(rng, 40);
    uint8_t tag = both ? SCN_TAG_RESTART : SCN_TAG_RESTORE;
    uint32_t at = rng_below(rng, scenario->step_count + 1);
    struct scn_record *step = steps_insert(scenario, at, tag);
    role_set(scenario, step, role);
    const struct scn_record_type *type = scn_type_of(tag);
    if (rng_chance(rng, 40)) {
        uint64_t index = value_of(rng, type, SCN_RESTART_F_AVAIL_INDEX);
        scn_set(step, SCN_RESTART_F_AVAIL_INDEX, index);
        scn_set(step, SCN_RESTART_F_USED_INDEX, index);
    } else if (rng_chance(rng, 20)) {
        uint32_t field = 1 + rng_below(rng, 4);
        scn_set(step, field, value_of(rng, type, field));
    }
    if (!both) {
        role_set(scenario, steps_insert(scenario, at, SCN_TAG_SAVE), role);
    }
    return true;
}

/* The driver writes: into a ring, a table, a header, while the device has the chain or before. */
bool op_write(struct mutation *mutation)
{
    struct scn_scenario *scenario = mutation->scenario;
    struct rng *rng = &mutation->rng;
    uint64_t addr;
    uint64_t extent;
    uint8_t bytes[8];
    struct scn_record *step =
        steps_insert(scenario, rng_below(rng, scenario->step_count + 1), SCN_TAG_WRITE);
    if (!step) {
        return false;
    }
    region_extent(scenario, 0, &addr, &extent);
    if (rng_chance(rng, 80)) { /* else where buffers begin */
        scn_set(step, SCN_WRITE_F_ADDR, addr + rng_below(rng, 512));
    }
    if (rng_chance(rng, 70)) {
        scn_add_bytes(scenario, step, bytes, literal(rng, bytes));
        step->present |= 1u << SCN_WRITE_F_BYTES;
    } else {
        scn_set(step, SCN_WRITE_F_LEN, 1 + rng_below(rng, 64));
        scn_set(step, SCN_WRITE_F_FILL, rng_below(rng, 256));
    }
    return true;
}

/* The driver's word about when it wants to be notified, or the device's request to the driver. */
bool op_event_words(struct mutation *mutation)
{
    static const uint8_t words[] = {SCN_WORD_AVAIL_FLAGS, SCN_WORD_USED_EVENT,
                                    SCN_WORD_EVENT_OFFSET, SCN_WORD_EVENT_FLAGS};
    struct scn_scenario *scenario = mutation->scenario;
    struct rng *rng = &mutation->rng;
    uint32_t role = role_pick(mutation);
    uint32_t at = rng_below(rng, scenario->step_count + 1);
    struct scn_record *step =
        steps_insert(scenario, at, rng_chance(rng, 60) ? SCN_TAG_SET_WORD : SCN_TAG_ARM);
    if (!step) {
        return false;
    }
    role_set(scenario, step, role);
    if (step->tag == SCN_TAG_SET_WORD) {
        scn_set(step, SCN_SET_WORD_F_WORD, words[rng_below(rng, sizeof words)]);
        scn_set(step, SCN_SET_WORD_F_VALUE,
                value_of(rng, scn_type_of(SCN_TAG_SET_WORD), SCN_SET_WORD_F_VALUE));
    }
    return true;
}
