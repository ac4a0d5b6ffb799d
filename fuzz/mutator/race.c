/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Races that happen: aimed at what the device will load for a chain of the scenario, with bytes
 * that mean something there. */
#include "ops.h"

#include <vvs/observe.h>

#define MAX_BYTES 8u

/* A chain, and where its descriptors will stand. */
struct aim {
    const struct scn_record *chain;
    uint32_t role;
    uint32_t size;
    uint32_t start;       /* first slot of the ring, available or descriptor */
    uint32_t descriptors; /* in the ring */
    bool packed;
    bool indirect;
};

/* A write of `len` bytes of `value`, little-endian. */
struct shot {
    uint32_t item;
    uint32_t index;
    uint32_t offset;
    uint32_t len;
    uint64_t value;
};

static struct aim aim_at(struct mutation *mutation)
{
    struct scn_scenario *s = mutation->scenario;
    struct aim aim = {.chain = chain_pick(mutation), .size = 8, .descriptors = 1};
    if (rng_chance(&mutation->rng, 70) && s->step_count != 0 &&
        s->steps[0].tag == SCN_TAG_ADD_CHAIN) {
        aim.chain = &s->steps[0]; /* what comes first happens for certain */
    }
    aim.packed = (features_of(s) & VVS_FEATURE(VVS_F_RING_PACKED)) != 0;
    aim.role = aim.chain ? scn_role_of(s, aim.chain) : role_pick(mutation);
    for (uint32_t i = 0; i < s->queue_count; i++) {
        const struct scn_record *queue = &s->queues[i];
        if (scn_get(queue, SCN_QUEUE_F_ROLE, VVS_QUEUE_TX) == aim.role) {
            aim.size = (uint32_t)scn_get(queue, SCN_QUEUE_F_SIZE, 8);
            aim.start = (uint32_t)scn_get(queue, SCN_QUEUE_F_AVAIL_INDEX, 0);
        }
    }
    if (aim.chain) {
        uint32_t direct = (uint32_t)scn_get(aim.chain, SCN_ADD_CHAIN_F_DIRECT_COUNT, 0);
        aim.indirect = scn_get(aim.chain, SCN_ADD_CHAIN_F_INDIRECT, 0) != 0;
        aim.descriptors = aim.chain->element_count != 0 ? aim.chain->element_count : 1;
        if (aim.indirect && direct < aim.descriptors) {
            aim.descriptors = direct + 1;
        }
    }
    return aim;
}

/* Which of the items that this chain makes the device load. */
static uint32_t item_pick(struct mutation *mutation, const struct aim *aim)
{
    bool events = (features_of(mutation->scenario) & VVS_FEATURE(VVS_F_EVENT_IDX)) != 0;
    const struct {
        uint8_t item;
        uint8_t weight;
    } items[] = {
        {VVS_ITEM_DESC, 25},
        {VVS_ITEM_HEADER, aim->role == VVS_QUEUE_TX ? 30 : 0},
        {VVS_ITEM_TABLE_ENTRY, aim->indirect ? 30 : 0},
        {VVS_ITEM_AVAIL_IDX, aim->packed ? 0 : 15},
        {VVS_ITEM_AVAIL_SLOT, aim->packed ? 0 : 12},
        {VVS_ITEM_AVAIL_FLAGS, aim->packed || events ? 0 : 8},
        {VVS_ITEM_USED_EVENT, !aim->packed && events ? 10 : 0},
        {VVS_ITEM_PACKED_FLAGS, aim->packed ? 25 : 0},
        {VVS_ITEM_EVENT_FLAGS, aim->packed ? 8 : 0},
        {VVS_ITEM_EVENT_OFFSET, aim->packed && events ? 25 : 0},
        {VVS_ITEM_PAYLOAD, 4},
    };
    uint32_t total = 0;
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        total += items[i].weight;
    }
    uint32_t pick = rng_below(&mutation->rng, total);
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        if (pick < items[i].weight) {
            return items[i].item;
        }
        pick -= items[i].weight;
    }
    return VVS_ITEM_DESC;
}

static uint64_t address(struct mutation *mutation)
{
    struct rng *rng = &mutation->rng;
    uint64_t addr;
    uint64_t extent;
    region_extent(mutation->scenario, rng_below(rng, mutation->scenario->region_count), &addr,
                  &extent);
    switch (rng_below(rng, 5)) {
    case 0: /* on the rings */
        return addr + rng_below(rng, 512);
    case 1: /* in no region, most likely */
        return addr + extent + rng_below(rng, 64);
    case 2: /* over the end */
        return addr + extent - 1 - rng_below(rng, 64);
    case 3:
        return rng_chance(rng, 50) ? 0 : UINT64_MAX - rng_below(rng, 64);
    default:
        return addr + extent / 2 + rng_below(rng, 4096);
    }
}

/* Address, length or the rest of a descriptor, as it is on this ring. */
static void shoot_descriptor(struct mutation *mutation, struct shot *shot, bool packed)
{
    static const uint32_t lens[] = {0, 1, 16, 43, 44, 45, 108, 4096, 65536, 0x80000000, UINT32_MAX};
    struct rng *rng = &mutation->rng;
    uint32_t flags_at = packed && shot->item == VVS_ITEM_TABLE_ENTRY ? 14 : 12;
    switch (rng_below(rng, 4)) {
    case 0:
        *shot = (struct shot){shot->item, shot->index, 0, 8, address(mutation)};
        break;
    case 1:
        *shot = (struct shot){shot->item, shot->index, 8, 4,
                              lens[rng_below(rng, sizeof lens / sizeof lens[0])]};
        break;
    case 2: /* each of NEXT, WRITE and INDIRECT, or no more of any */
        *shot = (struct shot){shot->item, shot->index, flags_at, 2, rng_below(rng, 8)};
        break;
    default: /* where to go on, or the buffer's id */
        *shot = (struct shot){shot->item, shot->index, 26 - flags_at, 2,
                              rng_chance(rng, 80) ? rng_below(rng, 9) : rng_next(rng)};
        break;
    }
}

static void shoot_header(struct mutation *mutation, struct shot *shot)
{
    static const uint8_t starts[] = {0, 8, 16, 20, 24, 28, 30, 32, 36, 40, VVS_HDR_BYTES};
    struct rng *rng = &mutation->rng;
    /* The header's fields begin add_chain too, in the same order. */
    uint32_t field =
        rng_chance(rng, 50) ? SCN_ADD_CHAIN_F_HDR_LEN : rng_below(rng, sizeof starts - 1);
    shot->index = starts[field];
    shot->len = starts[field + 1] - (uint32_t)starts[field];
    shot->value = value_of(rng, scn_type_of(SCN_TAG_ADD_CHAIN), field);
}

/* The 16-bit words of the rings. */
static void shoot_word(struct rng *rng, struct shot *shot, const struct aim *aim)
{
    uint32_t wrap = rng_below(rng, 2) << 15;
    shot->len = 2;
    switch (shot->item) {
    case VVS_ITEM_AVAIL_IDX: /* more chains, fewer, or more than there can be */
        shot->value = aim->start + rng_below(rng, 5) + (rng_chance(rng, 20) ? aim->size : 0);
        break;
    case VVS_ITEM_AVAIL_SLOT:
        shot->index = aim->size ? (aim->start + rng_below(rng, 2)) % aim->size : 0;
        shot->value = rng_chance(rng, 80) ? rng_below(rng, 9) : rng_next(rng);
        break;
    case VVS_ITEM_PACKED_FLAGS: /* AVAIL and USED as well */
        shot->value = rng_below(rng, 8) | rng_below(rng, 2) << 7 | wrap;
        break;
    case VVS_ITEM_USED_EVENT:
    case VVS_ITEM_EVENT_OFFSET:
        shot->value = ((aim->start + rng_below(rng, 4) - 1) & 0x7fff) | wrap;
        break;
    default: /* flags of event suppression */
        shot->value = rng_below(rng, 4);
        break;
    }
}

/* The offset is looked at when the driver says so alone. */
static void ask_for_offset(struct mutation *mutation, uint32_t role)
{
    struct scn_record *word = steps_insert(mutation->scenario, 0, SCN_TAG_SET_WORD);
    if (word) {
        role_set(mutation->scenario, word, role);
        scn_set(word, SCN_SET_WORD_F_WORD, SCN_WORD_EVENT_FLAGS);
        scn_set(word, SCN_SET_WORD_F_VALUE, VVS_PACKED_EVENT_DESC);
    }
}

static struct shot shot_pick(struct mutation *mutation)
{
    struct rng *rng = &mutation->rng;
    struct aim aim = aim_at(mutation);
    struct shot shot = {.item = item_pick(mutation, &aim)};
    switch (shot.item) {
    case VVS_ITEM_TABLE_ENTRY:
        shot.index = rng_below(rng, aim.chain->element_count - aim.descriptors + 1);
        shoot_descriptor(mutation, &shot, aim.packed);
        break;
    case VVS_ITEM_DESC:
    case VVS_ITEM_PACKED_FLAGS:
        shot.index = rng_below(rng, aim.descriptors);
        if (aim.packed && aim.size != 0) {
            shot.index = (aim.start + shot.index) % aim.size;
        }
        if (shot.item == VVS_ITEM_DESC) {
            shoot_descriptor(mutation, &shot, aim.packed);
        } else {
            shoot_word(rng, &shot, &aim);
        }
        break;
    case VVS_ITEM_HEADER:
        shoot_header(mutation, &shot);
        break;
    case VVS_ITEM_PAYLOAD:
        shot = (struct shot){shot.item, rng_below(rng, 64), 0, 1, rng_next(rng)};
        break;
    case VVS_ITEM_EVENT_OFFSET:
        shoot_word(rng, &shot, &aim);
        ask_for_offset(mutation, aim.role);
        break;
    default:
        shoot_word(rng, &shot, &aim);
        break;
    }
    return shot;
}

bool race_aim(struct mutation *mutation)
{
    struct scn_scenario *s = mutation->scenario;
    struct rng *rng = &mutation->rng;
    uint8_t bytes[MAX_BYTES];
    struct shot shot = shot_pick(mutation);
    uint32_t at = s->race_count < MOST_RACES ? s->race_count++ : rng_below(rng, MOST_RACES);
    struct scn_record *race = &s->races[at];
    race->tag = SCN_TAG_RACE;
    race->present = 1u << SCN_RACE_F_BYTES;
    scn_set(race, SCN_RACE_F_ITEM, shot.item);
    scn_set(race, SCN_RACE_F_INDEX, shot.index);
    if (shot.offset != 0) {
        scn_set(race, SCN_RACE_F_OFFSET, shot.offset);
    }
    if (!rng_chance(rng,
                    75)) { /* a second load is there for a few items, or where there is a bug */
        scn_set(race, SCN_RACE_F_AFTER, 1 + rng_below(rng, 2));
    }
    for (uint32_t i = 0; i < shot.len; i++) {
        bytes[i] = (uint8_t)(shot.value >> (8 * i));
    }
    scn_add_bytes(s, race, bytes, shot.len);
    return true;
}

bool op_race(struct mutation *mutation)
{
    struct scn_scenario *s = mutation->scenario;
    if (s->race_count != 0 && rng_chance(&mutation->rng, 30)) {
        s->race_count--;
        return true;
    }
    return race_aim(mutation);
}
