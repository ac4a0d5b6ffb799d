/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Scenes: steps that only together lead to a corner of the protocol, where steps picked one by one
 * come too seldom. A scene takes the place of all steps; other operations vary it. */
#include "ops.h"

uint32_t scene_begin(struct mutation *mutation)
{
    struct scn_scenario *s = mutation->scenario;
    s->step_count = 0;
    s->element_count = 0;
    mutation->is_scene = true;
    if (rng_chance(&mutation->rng, 75)) {
        setup_mend(s);
    }
    return role_pick(mutation);
}

struct scn_record *scene_step(struct mutation *mutation, uint8_t tag, uint32_t role)
{
    struct scn_scenario *s = mutation->scenario;
    struct scn_record *step = steps_insert(s, s->step_count, tag);
    if (rule_role_field(tag) >= 0) {
        role_set(s, step, role);
    }
    return step;
}

struct scn_record *scene_chains(struct mutation *mutation, uint32_t role, uint32_t count)
{
    struct scn_record *chain = scene_step(mutation, SCN_TAG_ADD_CHAIN, role);
    if (rng_chance(&mutation->rng, 60)) {
        (void)chain_frame(mutation, chain);
    }
    if (count != 1) {
        scn_set(chain, SCN_ADD_CHAIN_F_COUNT, count);
    }
    return chain;
}

void scene_serve(struct mutation *mutation, uint32_t role, uint32_t most)
{
    struct scn_record *serve = scene_step(mutation, SCN_TAG_SERVE, role);
    if (most != 1) {
        scn_set(serve, SCN_SERVE_F_MAX, most);
    }
}

void scene_pops(struct mutation *mutation, uint32_t role, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        scene_step(mutation, SCN_TAG_POP, role);
    }
}

uint32_t scene_start_late(struct mutation *mutation, uint32_t role)
{
    static const uint16_t indices[] = {1, 7, 254, 255, 256, 0x7ffe, 0x7fff, 0x8000, 0xfffd, 0xffff};
    struct rng *rng = &mutation->rng;
    struct scn_record *queue = queue_said(mutation, role);
    uint32_t size = (uint32_t)scn_get(queue, SCN_QUEUE_F_SIZE, 8);
    uint32_t index = indices[rng_below(rng, sizeof indices / sizeof indices[0])];
    if ((features_of(mutation->scenario) & VVS_FEATURE(VVS_F_RING_PACKED)) != 0 && size != 0) {
        index = rng_chance(rng, 50) ? size - 1 : index % size;
        if (rng_chance(rng, 50)) {
            scn_set(queue, SCN_QUEUE_F_AVAIL_WRAP, 0);
            scn_set(queue, SCN_QUEUE_F_USED_WRAP, 0);
        }
    }
    scn_set(queue, SCN_QUEUE_F_AVAIL_INDEX, index);
    scn_set(queue, SCN_QUEUE_F_USED_INDEX, index);
    return index;
}

/* The driver's event word `ahead` of position `start`, as the ring format has it. */
static void scene_event_word(struct mutation *mutation, uint32_t role, uint32_t start,
                             uint32_t ahead)
{
    struct scn_scenario *s = mutation->scenario;
    const struct scn_record *queue = queue_said(mutation, role);
    uint32_t size = (uint32_t)scn_get(queue, SCN_QUEUE_F_SIZE, 8);
    bool packed = (features_of(s) & VVS_FEATURE(VVS_F_RING_PACKED)) != 0;
    uint32_t value = (start + ahead) & UINT16_MAX;
    if (packed) {
        uint64_t wrap = scn_get(queue, SCN_QUEUE_F_USED_WRAP, 1);
        value = start + ahead;
        if (size != 0 && value >= size) { /* -1 is above as well: the end of the lap before */
            value = ahead > UINT16_MAX ? size - 1 : value % size;
            wrap ^= 1;
        }
        value |= (uint32_t)wrap << 15;
    }
    struct scn_record *word = scene_step(mutation, SCN_TAG_SET_WORD, role);
    scn_set(word, SCN_SET_WORD_F_WORD, packed ? SCN_WORD_EVENT_OFFSET : SCN_WORD_USED_EVENT);
    scn_set(word, SCN_SET_WORD_F_VALUE, value & UINT16_MAX);
    if (packed) {
        word = scene_step(mutation, SCN_TAG_SET_WORD, role);
        scn_set(word, SCN_SET_WORD_F_WORD, SCN_WORD_EVENT_FLAGS);
        scn_set(word, SCN_SET_WORD_F_VALUE, VVS_PACKED_EVENT_DESC);
    }
}

/* Used entries up to the driver's event word, short of it, or just beyond. */
bool op_notify_edge(struct mutation *mutation)
{
    struct rng *rng = &mutation->rng;
    uint32_t role = scene_begin(mutation);
    uint32_t start = rng_chance(rng, 80) ? scene_start_late(mutation, role) : 0;
    uint32_t count = 1 + rng_below(rng, 3);
    if (rng_chance(rng, 90)) {
        feature_add(mutation->scenario, VVS_F_EVENT_IDX);
    }
    scene_event_word(mutation, role, start, rng_below(rng, count + 2) - 1);
    scene_chains(mutation, role, 2 * count);
    scene_serve(mutation, role, count);
    if (rng_chance(rng, 50)) { /* the driver says nothing new */
        scene_event_word(mutation, role, start, rng_below(rng, 2 * count));
    }
    scene_serve(mutation, role, count);
    return true;
}

/* Chains come back in another order than they came, one by one or together. */
bool op_reorder(struct mutation *mutation)
{
    struct rng *rng = &mutation->rng;
    uint32_t role = scene_begin(mutation);
    uint32_t count = 2 + rng_below(rng, 3);
    bool staged = rng_chance(rng, 50);
    if (rng_chance(rng, 40)) {
        feature_add(mutation->scenario, VVS_F_IN_ORDER);
    }
    if (rng_chance(rng, 30)) {
        scene_start_late(mutation, role);
    }
    scene_chains(mutation, role, count);
    scene_pops(mutation, role, count);
    for (uint32_t i = 0; i < count; i++) {
        struct scn_record *publish = scene_step(mutation, SCN_TAG_PUBLISH, role);
        scn_set(publish, SCN_PUBLISH_F_WHICH, rng_below(rng, count - i));
        if (staged) {
            scn_set(publish, SCN_PUBLISH_F_STAGE, 1);
        }
        if (staged && rng_chance(rng, 20)) {
            scene_step(mutation, SCN_TAG_FLUSH, role);
        }
    }
    if (staged) {
        scene_step(mutation, SCN_TAG_FLUSH, role);
    }
    return true;
}

/* Pops are taken back, newest first, and come again. */
bool op_take_back(struct mutation *mutation)
{
    struct rng *rng = &mutation->rng;
    uint32_t role = scene_begin(mutation);
    uint32_t count = 1 + rng_below(rng, 4);
    uint32_t back = 1 + rng_below(rng, count);
    if (rng_chance(rng, 30)) {
        scene_start_late(mutation, role);
    }
    scene_chains(mutation, role, count);
    scene_pops(mutation, role, count);
    for (uint32_t i = 0; i < back; i++) {
        struct scn_record *undo = scene_step(mutation, SCN_TAG_UNDO, role);
        if (rng_chance(rng, 20)) {
            scn_set(undo, SCN_UNDO_F_WHICH, rng_below(rng, count));
        }
    }
    scene_pops(mutation, role, back);
    for (uint32_t i = 0; i < count; i++) {
        scene_step(mutation, rng_chance(rng, 80) ? SCN_TAG_PUBLISH : SCN_TAG_ABORT, role);
    }
    return true;
}

/* The memory table changes under a chain in flight. */
bool op_move_memory(struct mutation *mutation)
{
    struct rng *rng = &mutation->rng;
    struct scn_scenario *s = mutation->scenario;
    uint32_t role = scene_begin(mutation);
    regions_spell(s, 2 + rng_below(rng, 2));
    struct scn_record *chain = scene_chains(mutation, role, 1 + rng_below(rng, 3));
    if (chain->element_count != 0 && rng_chance(rng, 60)) {
        uint64_t addr;
        uint64_t extent;
        region_extent(s, 1, &addr, &extent);
        scn_set(&s->elements[chain->element_first], SCN_ELEMENT_F_ADDR,
                addr + rng_below(rng, 4096));
    }
    scene_pops(mutation, role, 1);
    scn_set(scene_step(mutation, SCN_TAG_SET_MEMORY, 0), SCN_SET_MEMORY_F_ACTIVE,
            rng_chance(rng, 70) ? 1 : rng_below(rng, 8));
    scene_step(mutation, rng_chance(rng, 80) ? SCN_TAG_PUBLISH : SCN_TAG_UNDO, role);
    scene_serve(mutation, role, 2);
    if (rng_chance(rng, 50)) {
        scene_step(mutation, SCN_TAG_SET_MEMORY, 0);
        scene_serve(mutation, role, 2);
    }
    return true;
}

/* In the middle of a lap the device stops and goes on, or both sides start over. */
bool op_go_on(struct mutation *mutation)
{
    struct rng *rng = &mutation->rng;
    uint32_t role = scene_begin(mutation);
    if (rng_chance(rng, 50)) {
        scene_start_late(mutation, role);
    }
    uint32_t count = 1 + rng_below(rng, 4);
    scene_chains(mutation, role, count);
    scene_serve(mutation, role, 1 + rng_below(rng, count));
    scene_pops(mutation, role, rng_below(rng, 2));
    if (rng_chance(rng, 70)) {
        scene_step(mutation, SCN_TAG_SAVE, role);
        scene_step(mutation, SCN_TAG_RESTORE, role);
    } else {
        const struct scn_record_type *type = scn_type_of(SCN_TAG_RESTART);
        struct scn_record *restart = scene_step(mutation, SCN_TAG_RESTART, role);
        uint64_t index = value_of(rng, type, SCN_RESTART_F_AVAIL_INDEX);
        scn_set(restart, SCN_RESTART_F_AVAIL_INDEX, index);
        scn_set(restart, SCN_RESTART_F_USED_INDEX, index);
    }
    scene_chains(mutation, role, 1 + rng_below(rng, 3));
    scene_serve(mutation, role, 1 + rng_below(rng, 4));
    return true;
}

/* The device is asked, or not, to be told of what the driver adds. */
bool op_arm(struct mutation *mutation)
{
    static const uint8_t tags[] = {SCN_TAG_ARM, SCN_TAG_DISARM, SCN_TAG_NOTIFY, SCN_TAG_SERVE,
                                   SCN_TAG_ADD_CHAIN};
    struct rng *rng = &mutation->rng;
    uint32_t role = scene_begin(mutation);
    if (rng_chance(rng, 60)) {
        feature_add(mutation->scenario, VVS_F_EVENT_IDX);
    }
    if (rng_chance(rng, 40)) {
        scene_start_late(mutation, role);
    }
    scene_step(mutation, rng_chance(rng, 50) ? SCN_TAG_DISARM : SCN_TAG_ARM, role);
    scene_chains(mutation, role, 1 + rng_below(rng, 2));
    for (uint32_t i = 2 + rng_below(rng, 5); i != 0; i--) {
        scene_step(mutation, tags[rng_below(rng, sizeof tags)], role);
    }
    scene_serve(mutation, role, 4);
    scene_step(mutation, SCN_TAG_ARM, role);
    return true;
}
