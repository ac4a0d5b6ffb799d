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
    bool is_scene; /* the steps belong together */
};

typedef bool operation(struct mutation *mutation);

/* chain.c: the elements of one chain. */
operation op_reframe, op_split, op_merge, op_swap_elements, op_duplicate, op_remove,
    op_empty_element;
operation op_resize, op_flip_direction, op_border, op_cross, op_grant, op_indirect, op_table,
    op_links, op_fit;

/* image.c: features, regions, queues, spans. */
operation op_format, op_direction, op_feature, op_region, op_queue_size, op_start_index, op_span,
    op_image;

/* race.c. */
operation op_race;

/* step.c: the steps. */
operation op_traffic, op_add_step, op_remove_step, op_duplicate_step, op_swap_steps, op_burst;
operation op_by_hand, op_restart, op_event_words, op_write;

/* scene.c: whole courses of steps, about indices and order. */
operation op_notify_edge, op_reorder, op_take_back, op_move_memory, op_go_on, op_arm;

/* scene_buffer.c: about what is refused, and buffers of odd sizes. */
operation op_refuse, op_small_buffer, op_wide, op_lap, op_late_ring, op_short_event, op_jump;

/* value.c: any field of any record. */
operation op_value, op_drop, op_bytes, op_literal;

/* mutation_end makes the scenario cheap to run, mostly, has it keep to the rule and encodes it.
 *
 * Returns  the length; 0 when not even a scenario without steps fits into `capacity` */
size_t mutation_end(struct mutation *mutation, uint8_t *out_bytes, size_t capacity);

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

/* queue_said finds the queue record of `role`, or adds it. */
struct scn_record *queue_said(struct mutation *mutation, uint32_t role);

/* feature_add negotiates one more feature. */
void feature_add(struct scn_scenario *scenario, uint32_t bit);

/* setup_mend takes away what keeps every packet from being parsed: all that is said of image,
 * regions and queues but what a valid set-up may say. */
void setup_mend(struct scn_scenario *scenario);

/* literal makes up to 8 bytes that mean something to a descriptor or a header.
 *
 * Returns  how many */
uint32_t literal(struct rng *rng, uint8_t *out_bytes);

/* scene_begin takes all steps away.
 *
 * Returns  the role that the scene is about */
uint32_t scene_begin(struct mutation *mutation);

/* scene_step puts a step behind the others; a scene has fewer than there is room for. */
struct scn_record *scene_step(struct mutation *mutation, uint8_t tag, uint32_t role);

/* scene_chains adds `count` chains of one framing, scene_serve serves up to `most`, scene_pops
 * takes `count`. */
struct scn_record *scene_chains(struct mutation *mutation, uint32_t role, uint32_t count);
void scene_serve(struct mutation *mutation, uint32_t role, uint32_t most);
void scene_pops(struct mutation *mutation, uint32_t role, uint32_t count);

/* scene_start_late has the queue start somewhere else than at 0, often right before its index or
 * its ring ends.
 *
 * Returns  where */
uint32_t scene_start_late(struct mutation *mutation, uint32_t role);

/* race_aim adds a race that is likely to happen; when there are MOST_RACES, in place of one. */
#define MOST_RACES 4u
bool race_aim(struct mutation *mutation);

/* features_of gives the negotiated features. */
uint64_t features_of(const struct scn_scenario *scenario);

/* region_extent gives the guest addresses of region `number`, or of the last one, defaults worked
 * out. */
void region_extent(const struct scn_scenario *scenario, uint32_t number, uint64_t *out_addr,
                   uint64_t *out_len);

/* regions_spell says the regions, so that there are at least `count`, each adjacent to the one
 * before. */
void regions_spell(struct scn_scenario *scenario, uint32_t count);

#endif
