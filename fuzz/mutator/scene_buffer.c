/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Scenes about what is refused beside what is not, and about buffers of odd sizes. */
#include "ops.h"

#define WIDE_REGION (UINT64_C(1) << 33)

static void element_add(struct mutation *mutation, struct scn_record *chain, uint64_t len)
{
    struct scn_scenario *s = mutation->scenario;
    if (s->element_count == SCN_MAX_ELEMENTS) {
        return;
    }
    if (chain->element_count == 0) {
        chain->element_first = s->element_count;
    }
    struct scn_record *element = &s->elements[s->element_count++];
    element->tag = SCN_TAG_ELEMENT;
    element->present = 0;
    element->bytes_len = 0;
    scn_set(element, SCN_ELEMENT_F_LEN, len);
    chain->element_count++;
}

/* A chain that no device may take. */
static void chain_spoil(struct mutation *mutation, struct scn_record *chain, uint32_t role)
{
    struct rng *rng = &mutation->rng;
    struct scn_record *elements = chain_open(mutation, chain, 0);
    if (!elements) {
        return;
    }
    struct scn_record *last = &elements[chain->element_count - 1];
    switch (rng_below(rng, 8)) {
    case 0:
        scn_set(&elements[0], SCN_ELEMENT_F_LEN, rng_below(rng, VVS_HDR_BYTES));
        break;
    case 1:
        scn_set(last, SCN_ELEMENT_F_WRITABLE, role == VVS_QUEUE_TX);
        break;
    case 2:
        scn_set(last, SCN_ELEMENT_F_ADDR, UINT64_MAX - rng_below(rng, 64));
        break;
    case 3:
        scn_set(last, SCN_ELEMENT_F_FLAGS_XOR, 1u << rng_below(rng, 3));
        break;
    case 4: /* back to itself, or to nowhere */
        scn_set(last, SCN_ELEMENT_F_FLAGS_XOR, VVS_DESC_F_NEXT);
        scn_set(last, SCN_ELEMENT_F_NEXT, rng_chance(rng, 50) ? rng_below(rng, 4) : 0xffff);
        break;
    case 5:
        scn_set(chain, SCN_ADD_CHAIN_F_HDR_LEN, UINT32_MAX - rng_below(rng, 64));
        break;
    case 6: /* a table, though there is no such feature, or of no whole entries */
        scn_set(chain, SCN_ADD_CHAIN_F_INDIRECT, 1);
        scn_set(chain, SCN_ADD_CHAIN_F_TABLE_LEN, rng_below(rng, 64));
        break;
    default: /* no packet at all */
        scn_set(chain, SCN_ADD_CHAIN_F_HEAD, 8 + rng_below(rng, 4));
        break;
    }
}

/* What is refused goes back, and what stands behind it is served, in the same turn. */
bool op_refuse(struct mutation *mutation)
{
    struct rng *rng = &mutation->rng;
    uint32_t role = scene_begin(mutation);
    uint32_t spoilt = 1 + rng_below(rng, 2);
    uint32_t count = spoilt + 1 + rng_below(rng, 2);
    bool alternate = rng_chance(rng, 20);
    for (uint32_t i = 0; i < count; i++) {
        struct scn_record *chain = scene_chains(mutation, role, 1);
        if (i < spoilt) {
            chain_spoil(mutation, chain, role);
        }
    }
    scene_serve(mutation, role, count + rng_below(rng, 2));
    if (alternate) { /* for more than a lap of the smallest rings */
        struct scn_record *queue = queue_said(mutation, role);
        scn_set(queue, SCN_QUEUE_F_SIZE, 1u << (1 + rng_below(rng, 2)));
        for (uint32_t i = 0; i < 4; i++) {
            struct scn_record *chain = scene_chains(mutation, role, 1);
            if (i % 2 == 0) {
                chain_spoil(mutation, chain, role);
            }
            scene_serve(mutation, role, 1);
        }
    }
    return true;
}

/* A packet for the driver that fills its buffer exactly, all but, or is too long for it. */
bool op_small_buffer(struct mutation *mutation)
{
    static const uint16_t capacities[] = {0, 1, 8, 8, 20, 64};
    struct rng *rng = &mutation->rng;
    if (!(mutation->rule->roles & 1u << VVS_QUEUE_RX)) {
        return false;
    }
    scene_begin(mutation);
    (void)queue_said(mutation, VVS_QUEUE_RX);
    uint32_t capacity = capacities[rng_below(rng, sizeof capacities / sizeof capacities[0])];
    uint32_t cut = rng_chance(rng, 50) ? VVS_HDR_BYTES : 1 + rng_below(rng, VVS_HDR_BYTES);
    struct scn_record *chain = scene_step(mutation, SCN_TAG_ADD_CHAIN, VVS_QUEUE_RX);
    element_add(mutation, chain, cut);
    if (cut < VVS_HDR_BYTES + capacity) {
        element_add(mutation, chain, VVS_HDR_BYTES + capacity - cut);
    }
    struct scn_record *send = scene_step(mutation, SCN_TAG_SEND, 0);
    uint32_t len = capacity + (rng_chance(rng, 50) ? 1 + rng_below(rng, 64) : rng_below(rng, 2));
    scn_set(send, SCN_SEND_F_PAYLOAD_LEN, rng_chance(rng, 10) ? 65536 : len);
    if (rng_chance(rng, 30)) {
        scn_set(send, SCN_SEND_F_HDR_LEN, capacity + rng_below(rng, 3) - 1);
    }
    if (rng_chance(rng, 30)) {
        scn_set(send, SCN_SEND_F_WRITTEN, rng_below(rng, capacity + 2));
    }
    if (rng_chance(rng, 70)) {
        scene_serve(mutation, VVS_QUEUE_RX, 1 + rng_below(rng, 2));
    } else {
        scene_pops(mutation, VVS_QUEUE_RX, 1);
        scene_step(mutation, SCN_TAG_PUBLISH, VVS_QUEUE_RX);
    }
    return true;
}

/* Lengths that are each mapped and come together to 2^32, or around it. */
bool op_wide(struct mutation *mutation)
{
    struct rng *rng = &mutation->rng;
    struct scn_scenario *s = mutation->scenario;
    uint32_t role = scene_begin(mutation);
    uint64_t addr;
    uint64_t extent;
    regions_spell(s, 1);
    scn_set(&s->regions[0], SCN_REGION_F_LEN, WIDE_REGION);
    s->region_count = 1;
    region_extent(s, 0, &addr, &extent);
    struct scn_record *chain = scene_step(mutation, SCN_TAG_ADD_CHAIN, role);
    uint64_t sum = (UINT64_C(1) << 32) + rng_below(rng, 64) - (rng_chance(rng, 50) ? 64 : 0);
    uint32_t pieces = 2 + rng_below(rng, 3);
    for (uint64_t left = sum; left != 0; pieces--) {
        uint64_t len = pieces > 2 ? rng_below(rng, 128) : pieces == 2 ? 0x80000000 : left;
        len = len < left ? len : left;
        element_add(mutation, chain, len);
        scn_set(&s->elements[s->element_count - 1], SCN_ELEMENT_F_ADDR,
                addr + 0x10000 + rng_below(rng, 4096));
        left -= len;
    }
    if (rng_chance(rng, 50)) {
        scn_set(chain, SCN_ADD_CHAIN_F_HDR_LEN, rng_below(rng, 128));
    }
    scn_set(chain, SCN_ADD_CHAIN_F_PAYLOAD_LEN, 64);
    scene_serve(mutation, role, 1);
    return true;
}

/* A small ring, filled again and again. */
bool op_lap(struct mutation *mutation)
{
    struct rng *rng = &mutation->rng;
    uint32_t role = scene_begin(mutation);
    uint32_t size = 1u << rng_below(rng, 3);
    scn_set(queue_said(mutation, role), SCN_QUEUE_F_SIZE, size);
    for (uint32_t i = 2 + rng_below(rng, 2); i != 0; i--) {
        struct scn_record *chain = scene_chains(mutation, role, size);
        if (chain->element_count > size) {
            scn_set(chain, SCN_ADD_CHAIN_F_INDIRECT, 1);
            feature_add(mutation->scenario, VVS_F_INDIRECT_DESC);
        }
        scene_serve(mutation, role, size + rng_below(rng, 2));
    }
    return true;
}

/* The largest ring at its end, where offsets have 17 bits. */
bool op_late_ring(struct mutation *mutation)
{
    struct rng *rng = &mutation->rng;
    uint32_t role = scene_begin(mutation);
    struct scn_record *queue = queue_said(mutation, role);
    uint32_t index = VVS_QUEUE_SIZE_MAX - 1 - rng_below(rng, 4);
    scn_set(queue, SCN_QUEUE_F_SIZE, VVS_QUEUE_SIZE_MAX);
    if (!(features_of(mutation->scenario) & VVS_FEATURE(VVS_F_RING_PACKED))) {
        index += rng_chance(rng, 30) ? VVS_QUEUE_SIZE_MAX : 0;
    } else if (rng_chance(rng, 90)) { /* a lap of which a fresh ring has all but the last slots */
        scn_set(queue, SCN_QUEUE_F_AVAIL_WRAP, 0);
        scn_set(queue, SCN_QUEUE_F_USED_WRAP, 0);
    }
    scn_set(queue, SCN_QUEUE_F_AVAIL_INDEX, index);
    scn_set(queue, SCN_QUEUE_F_USED_INDEX, index);
    uint32_t count = 1 + rng_below(rng, 4);
    scene_chains(mutation, role, count);
    scene_serve(mutation, role, count);
    return true;
}

/* Buffers for events: none, too short ones, cut ones. */
bool op_short_event(struct mutation *mutation)
{
    struct rng *rng = &mutation->rng;
    if (!(mutation->rule->roles & 1u << VVS_QUEUE_EVENT)) {
        return false;
    }
    scene_begin(mutation);
    (void)queue_said(mutation, VVS_QUEUE_EVENT);
    uint32_t count = 1 + rng_below(rng, 3);
    for (uint32_t i = 0; i < count; i++) {
        struct scn_record *chain = scene_step(mutation, SCN_TAG_ADD_CHAIN, VVS_QUEUE_EVENT);
        for (uint32_t k = 1 + rng_below(rng, 3); k != 0; k--) {
            element_add(mutation, chain, rng_below(rng, VVS_EVENT_BYTES + 2));
        }
    }
    if (rng_chance(rng, 60)) {
        scn_set(scene_step(mutation, SCN_TAG_SEND_EVENT, 0), SCN_SEND_EVENT_F_EVENT,
                rng_below(rng, 4));
    }
    scene_serve(mutation, VVS_QUEUE_EVENT, count + rng_below(rng, 2));
    return true;
}

/* The available index claims more chains than there are: the last one again, or more than fit. */
bool op_jump(struct mutation *mutation)
{
    struct rng *rng = &mutation->rng;
    uint32_t role = scene_begin(mutation);
    uint32_t start = rng_chance(rng, 40) ? scene_start_late(mutation, role) : 0;
    uint64_t size = scn_get(queue_said(mutation, role), SCN_QUEUE_F_SIZE, 8);
    uint32_t count = 1 + rng_below(rng, 2);
    scene_chains(mutation, role, count);
    if (rng_chance(rng, 50)) {
        scene_serve(mutation, role, 1);
    }
    bool own = rng_chance(rng, 20);
    struct scn_record *word = scene_step(mutation, SCN_TAG_SET_WORD, role);
    scn_set(word, SCN_SET_WORD_F_WORD, own ? SCN_WORD_NEXT_AVAIL : SCN_WORD_AVAIL_IDX);
    uint64_t ahead = rng_chance(rng, 50) ? size + rng_below(rng, 3) - 1 : rng_below(rng, 4);
    scn_set(word, SCN_SET_WORD_F_VALUE, (start + ahead) & UINT16_MAX);
    scene_serve(mutation, role, count + 1);
    scene_chains(mutation, role, 1);
    scene_serve(mutation, role, 2);
    return true;
}
