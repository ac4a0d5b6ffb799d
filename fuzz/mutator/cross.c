/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Two scenarios become one. */
#include "mutator.h"

#include <string.h>

#include "ops.h"

static struct scn_scenario scenario;
static struct scn_scenario other;

/* A record of `other` at the end of the list it belongs to, bytes along. */
static void take(const struct scn_record *from)
{
    struct scn_list list = scn_list_of(&scenario, from->tag);
    if (*list.count == list.capacity) {
        return;
    }
    struct scn_record *record = &list.records[(*list.count)++];
    *record = *from;
    if (from->bytes_len != 0) {
        scn_add_bytes(&scenario, record, other.blob + from->bytes_at, from->bytes_len);
    }
}

/* The elements of a chain of `other`, for `chain`. */
static void take_elements(struct scn_record *chain, const struct scn_record *from)
{
    uint32_t count = from->element_count;
    if (count > SCN_MAX_ELEMENTS - scenario.element_count) {
        return;
    }
    memcpy(&scenario.elements[scenario.element_count], &other.elements[from->element_first],
           count * sizeof *from);
    chain->element_first = scenario.element_count;
    chain->element_count = count;
    scenario.element_count += count;
}

/* Steps from `first` on go behind the first `kept`. */
static void cross_steps(uint32_t kept, uint32_t first)
{
    scenario.step_count = kept;
    for (uint32_t i = first; i < other.step_count && scenario.step_count < SCN_MAX_STEPS; i++) {
        const struct scn_record *from = &other.steps[i];
        if (from->element_count > SCN_MAX_ELEMENTS - scenario.element_count) {
            return;
        }
        take(from);
        take_elements(&scenario.steps[scenario.step_count - 1], from);
    }
}

/* All steps stay, and one chain is framed as one of the other's is. */
static void cross_chain(struct mutation *mutation)
{
    struct mutation second = {.rng = {rng_next(&mutation->rng)}, .scenario = &other};
    struct scn_record *chain = chain_pick(mutation);
    const struct scn_record *from = chain_pick(&second);
    if (chain && from) {
        take_elements(chain, from);
    }
}

/* A list is that of one of the two, or as much of both as there is room for. */
static void cross_list(struct rng *rng, uint8_t tag)
{
    struct scn_list mine = scn_list_of(&scenario, tag);
    struct scn_list theirs = scn_list_of(&other, tag);
    if (rng_chance(rng, 60)) {
        return;
    }
    if (rng_chance(rng, 50)) {
        *mine.count = 0;
    }
    for (uint32_t i = 0; i < *theirs.count; i++) {
        take(&theirs.records[i]);
    }
}

/* Queues are one a role, so a list of both would lose some. */
static void cross_image(struct rng *rng)
{
    if (rng_chance(rng, 30)) {
        scenario.image = other.image;
    }
    if (rng_chance(rng, 30)) {
        memcpy(scenario.queues, other.queues, sizeof scenario.queues);
        scenario.queue_count = other.queue_count;
    }
    cross_list(rng, SCN_TAG_REGION);
    cross_list(rng, SCN_TAG_SPAN);
    cross_list(rng, SCN_TAG_RACE);
}

size_t mutate_cross(uint8_t *out_bytes, size_t capacity, const uint8_t *first, size_t first_len,
                    const uint8_t *second, size_t second_len, uint32_t seed,
                    const struct rule *rule)
{
    struct mutation mutation = {.rng = {seed}, .scenario = &scenario, .rule = rule};
    struct rng *rng = &mutation.rng;
    scn_decode(&scenario, first, first_len);
    scn_decode(&other, second, second_len);
    if (rng_chance(rng, 70)) {
        cross_steps(rng_below(rng, scenario.step_count + 1), rng_below(rng, other.step_count + 1));
    } else {
        cross_chain(&mutation);
    }
    if (rng_chance(rng, 50)) {
        cross_image(rng);
    }
    return mutation_end(&mutation, out_bytes, capacity);
}
