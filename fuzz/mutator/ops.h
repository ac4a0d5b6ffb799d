/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The operations of the mutator, private to it. Each changes a decoded scenario within its bounds
 * and says whether it did. */
#ifndef VVS_FUZZ_OPS_H
#define VVS_FUZZ_OPS_H

#include <vvs/spec.h>

#include "restrict.h"
#include "rng.h"

struct mutation {
    struct rng rng;
    struct scn_scenario *scenario;
    const struct rule *rule;
};

typedef bool operation(struct mutation *mutation);

/* chain.c: the elements of one chain. */
operation op_reframe, op_split, op_merge, op_swap_elements, op_duplicate, op_remove,
    op_empty_element;
operation op_resize, op_flip_direction, op_border, op_cross, op_indirect, op_table, op_links,
    op_fit;

/* image.c: features, regions, queues, spans, races. */
operation op_format, op_feature, op_region, op_queue_size, op_start_index, op_span, op_race;

/* step.c: the steps. */
operation op_traffic, op_add_step, op_remove_step, op_duplicate_step, op_swap_steps, op_burst;
operation op_by_hand, op_restart, op_event_words;

/* value.c: any field of any record. */
operation op_value, op_drop, op_bytes;

/* value_of picks a value for field `field` of `type`: at a boundary of its meaning or of its
 * width. */
uint64_t value_of(struct rng *rng, const struct scn_record_type *type, uint32_t field);

/* chain_pick picks one of the add_chain steps.
 *
 * Returns  NULL when there is none. */
struct scn_record *chain_pick(struct mutation *mutation);

/* chain_open gives the elements of `chain` for changing, with room for `spare` more behind them.
 * Defaults that were not said are spelled out.
 *
 * Returns  NULL when the scenario has no room. */
struct scn_record *chain_open(struct mutation *mutation, struct scn_record *chain, uint32_t spare);

/* chain_frame cuts the chain's bytes anew, in one of the framings that the statistics count. */
bool chain_frame(struct mutation *mutation, struct scn_record *chain);

/* steps_insert makes room for a step at `at`.
 *
 * Returns  the new record, nothing present; NULL when there is no room. */
struct scn_record *steps_insert(struct scn_scenario *scenario, uint32_t at, uint8_t tag);

/* role_set makes `step` one on `role`. */
void role_set(struct scn_scenario *scenario, struct scn_record *step, uint32_t role);

/* role_pick picks a role that has a queue. */
uint32_t role_pick(struct mutation *mutation);

/* traffic_insert adds a chain of random framing at `at`, and behind it the step that serves it. */
bool traffic_insert(struct mutation *mutation, uint32_t at);

/* features_of gives the negotiated features. */
uint64_t features_of(const struct scn_scenario *scenario);

/* region_extent gives the guest addresses of region `number`, defaults worked out. */
void region_extent(const struct scn_scenario *scenario, uint32_t number, uint64_t *out_addr,
                   uint64_t *out_len);

/* regions_spell says the regions, so that there are at least `count`, each adjacent to the one
 * before. */
void regions_spell(struct scn_scenario *scenario, uint32_t count);

#endif
