/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Operations on what a scenario starts from: features, regions, queues, contents. */
#include "ops.h"

#define FIRST_REGION_ADDR UINT64_C(0x100000)
#define SOLE_REGION_LEN UINT64_C(0x400000)
#define REGION_LEN UINT64_C(0x10000)

uint64_t features_of(const struct scn_scenario *scenario)
{
    return scn_get(&scenario->image, SCN_IMAGE_F_FEATURES, VVS_FEATURE(VVS_F_VERSION_1));
}

void region_extent(const struct scn_scenario *scenario, uint32_t number, uint64_t *out_addr,
                   uint64_t *out_len)
{
    *out_addr = FIRST_REGION_ADDR;
    *out_len = SOLE_REGION_LEN;
    uint64_t next = FIRST_REGION_ADDR;
    for (uint32_t i = 0; i <= number && i < scenario->region_count; i++) {
        *out_addr = scn_get(&scenario->regions[i], SCN_REGION_F_ADDR, next);
        *out_len = scn_get(&scenario->regions[i], SCN_REGION_F_LEN, REGION_LEN);
        next = *out_addr + *out_len;
    }
}

static struct scn_record *region_add(struct scn_scenario *scenario)
{
    struct scn_record *region = &scenario->regions[scenario->region_count++];
    region->tag = SCN_TAG_REGION;
    region->present = 0;
    return region;
}

void regions_spell(struct scn_scenario *scenario, uint32_t count)
{
    if (scenario->region_count == 0) {
        scn_set(region_add(scenario), SCN_REGION_F_LEN, SOLE_REGION_LEN);
    }
    while (scenario->region_count < count) {
        region_add(scenario);
    }
}

bool op_format(struct mutation *mutation)
{
    struct scn_scenario *scenario = mutation->scenario;
    if (mutation->rule->format != RULE_ANY_FORMAT) {
        return false;
    }
    scn_set(&scenario->image, SCN_IMAGE_F_FEATURES,
            features_of(scenario) ^ VVS_FEATURE(VVS_F_RING_PACKED));
    return true;
}

/* The same guest with tx for rx: steps that name no queue mean the first one. */
bool op_direction(struct mutation *mutation)
{
    const uint32_t both = 1u << VVS_QUEUE_TX | 1u << VVS_QUEUE_RX;
    struct scn_scenario *scenario = mutation->scenario;
    if ((mutation->rule->roles & both) != both) {
        return false;
    }
    if (scenario->queue_count == 0) {
        (void)queue_said(mutation, VVS_QUEUE_RX);
        return true;
    }
    for (uint32_t i = 0; i < scenario->queue_count; i++) {
        struct scn_record *queue = &scenario->queues[i];
        uint64_t role = scn_get(queue, SCN_QUEUE_F_ROLE, VVS_QUEUE_TX);
        if (role != VVS_QUEUE_EVENT) {
            scn_set(queue, SCN_QUEUE_F_ROLE, role == VVS_QUEUE_TX ? VVS_QUEUE_RX : VVS_QUEUE_TX);
        }
    }
    return true;
}

bool op_feature(struct mutation *mutation)
{
    static const uint8_t bits[] = {VVS_F_INDIRECT_DESC, VVS_F_EVENT_IDX, VVS_F_EVENT_IDX,
                                   VVS_F_IN_ORDER,      VVS_F_IN_ORDER,  VVS_F_SEQPACKET,
                                   VVS_F_RING_RESET};
    struct scn_scenario *scenario = mutation->scenario;
    struct rng *rng = &mutation->rng;
    uint32_t bit = rng_chance(rng, 97) ? bits[rng_below(rng, sizeof bits)] : rng_below(rng, 64);
    scn_set(&scenario->image, SCN_IMAGE_F_FEATURES, features_of(scenario) ^ VVS_FEATURE(bit));
    return true;
}

void setup_mend(struct scn_scenario *s)
{
    const uint64_t good = VVS_FEATURE(VVS_F_INDIRECT_DESC) | VVS_FEATURE(VVS_F_EVENT_IDX) |
                          VVS_FEATURE(VVS_F_RING_PACKED) | VVS_FEATURE(VVS_F_IN_ORDER);
    if (scn_has(&s->image, SCN_IMAGE_F_FEATURES)) {
        scn_set(&s->image, SCN_IMAGE_F_FEATURES,
                (features_of(s) & good) | VVS_FEATURE(VVS_F_VERSION_1));
    }
    s->image.present &= ~(1u << SCN_IMAGE_F_ACTIVE | 1u << SCN_IMAGE_F_MAX_PAYLOAD);
    for (uint32_t i = 0; i < s->region_count; i++) {
        s->regions[i].present &= 1u << SCN_REGION_F_LEN;
        if (i == 0 || scn_get(&s->regions[i], SCN_REGION_F_LEN, 1) == 0) {
            scn_set(&s->regions[i], SCN_REGION_F_LEN, UINT64_C(0x400000));
        }
    }
    for (uint32_t i = 0; i < s->queue_count; i++) {
        struct scn_record *queue = &s->queues[i];
        uint64_t size = scn_get(queue, SCN_QUEUE_F_SIZE, 8);
        if (size == 0 || size > VVS_QUEUE_SIZE_MAX || (size & (size - 1)) != 0) {
            queue->present &= ~(1u << SCN_QUEUE_F_SIZE);
        }
        queue->present &= 1u << SCN_QUEUE_F_ROLE | 1u << SCN_QUEUE_F_SIZE;
    }
    s->span_count = 0;
}

void feature_add(struct scn_scenario *scenario, uint32_t bit)
{
    scn_set(&scenario->image, SCN_IMAGE_F_FEATURES, features_of(scenario) | VVS_FEATURE(bit));
}

/* What holds for all queues: the most payload there may be, which regions there are at first. */
bool op_image(struct mutation *mutation)
{
    struct rng *rng = &mutation->rng;
    uint32_t field = rng_chance(rng, 80) ? SCN_IMAGE_F_MAX_PAYLOAD : SCN_IMAGE_F_ACTIVE;
    scn_set(&mutation->scenario->image, field, value_of(rng, scn_type_of(SCN_TAG_IMAGE), field));
    return true;
}

bool op_region(struct mutation *mutation)
{
    struct scn_scenario *scenario = mutation->scenario;
    struct rng *rng = &mutation->rng;
    if (scenario->region_count == SCN_MAX_REGIONS) {
        scenario->region_count--;
        return true;
    }
    regions_spell(scenario, 1);
    uint64_t addr;
    uint64_t len;
    region_extent(scenario, scenario->region_count - 1, &addr, &len);
    if (scenario->region_count == SCN_MAX_REGIONS) {
        return true;
    }
    struct scn_record *region = region_add(scenario);
    switch (rng_below(rng, 5)) {
    case 0: /* behind a hole */
        scn_set(region, SCN_REGION_F_ADDR, addr + len + (UINT64_C(1) << rng_below(rng, 32)));
        break;
    case 1:
        scn_set(region, SCN_REGION_F_PERMISSION, rng_below(rng, 4));
        break;
    case 2:
        scn_set(region, SCN_REGION_F_LEN, 1 + rng_below(rng, 128));
        break;
    case 3: /* up to the last byte there is */
        scn_set(region, SCN_REGION_F_ADDR, 0 - REGION_LEN);
        break;
    default: /* adjacent */
        break;
    }
    return true;
}

struct scn_record *queue_said(struct mutation *mutation, uint32_t role)
{
    struct scn_scenario *scenario = mutation->scenario;
    for (uint32_t i = 0; i < scenario->queue_count; i++) {
        if (scn_get(&scenario->queues[i], SCN_QUEUE_F_ROLE, VVS_QUEUE_TX) == role) {
            return &scenario->queues[i];
        }
    }
    struct scn_record *queue = &scenario->queues[scenario->queue_count++];
    queue->tag = SCN_TAG_QUEUE;
    queue->present = 0;
    scn_set(queue, SCN_QUEUE_F_ROLE, role);
    rule_apply(mutation->rule, scenario);
    return &scenario->queues[scenario->queue_count - 1];
}

static struct scn_record *queue_pick(struct mutation *mutation)
{
    struct scn_scenario *scenario = mutation->scenario;
    struct rng *rng = &mutation->rng;
    if (scenario->queue_count != 0 && !rng_chance(rng, 20)) {
        return &scenario->queues[rng_below(rng, scenario->queue_count)];
    }
    uint32_t role = rng_below(rng, 3);
    if (!(mutation->rule->roles >> role & 1u)) {
        role = VVS_QUEUE_TX;
    }
    return queue_said(mutation, role);
}

bool op_queue_size(struct mutation *mutation)
{
    struct scn_record *queue = queue_pick(mutation);
    const struct scn_record_type *type = scn_type_of(SCN_TAG_QUEUE);
    uint32_t field = rng_chance(&mutation->rng, 75) ? SCN_QUEUE_F_SIZE : SCN_QUEUE_F_MAX_CHAIN;
    scn_set(queue, field, value_of(&mutation->rng, type, field));
    return true;
}

bool op_start_index(struct mutation *mutation)
{
    struct rng *rng = &mutation->rng;
    struct scn_record *queue = queue_pick(mutation);
    uint64_t size = scn_get(queue, SCN_QUEUE_F_SIZE, 8);
    bool packed = (features_of(mutation->scenario) & VVS_FEATURE(VVS_F_RING_PACKED)) != 0;
    uint64_t near = rng_chance(rng, 50) && size != 0 ? size : packed ? size : 65536;
    uint64_t index = (near - 1 - rng_below(rng, 4)) & UINT16_MAX;
    scn_set(queue, SCN_QUEUE_F_AVAIL_INDEX, index);
    scn_set(queue, SCN_QUEUE_F_USED_INDEX, index);
    if (packed && rng_chance(rng, 50)) {
        uint64_t wrap = rng_below(rng, 2);
        scn_set(queue, SCN_QUEUE_F_AVAIL_WRAP, wrap);
        scn_set(queue, SCN_QUEUE_F_USED_WRAP, wrap);
    }
    return true;
}

uint32_t literal(struct rng *rng, uint8_t *out_bytes)
{
    uint32_t len = 1u << rng_below(rng, 4);
    uint64_t value = rng_chance(rng, 40)   ? UINT64_MAX
                     : rng_chance(rng, 50) ? rng_below(rng, 256)
                                           : rng_next(rng);
    for (uint32_t i = 0; i < len; i++) {
        out_bytes[i] = (uint8_t)(value >> (8 * i));
    }
    return len;
}

bool op_span(struct mutation *mutation)
{
    struct scn_scenario *scenario = mutation->scenario;
    struct rng *rng = &mutation->rng;
    if (scenario->span_count == SCN_MAX_SPANS) {
        scenario->span_count--;
        return true;
    }
    struct scn_record *span = &scenario->spans[scenario->span_count++];
    span->tag = SCN_TAG_SPAN;
    span->present = 0;
    span->bytes_len = 0;
    uint64_t addr;
    uint64_t len;
    region_extent(scenario, 0, &addr, &len);
    scn_set(span, SCN_SPAN_F_ADDR, addr + rng_below(rng, rng_chance(rng, 80) ? 512 : 65536));
    if (rng_chance(rng, 50)) {
        uint8_t bytes[8];
        scn_add_bytes(scenario, span, bytes, literal(rng, bytes));
        span->present |= 1u << SCN_SPAN_F_BYTES;
    } else {
        scn_set(span, SCN_SPAN_F_LEN, 1 + rng_below(rng, 64));
        scn_set(span, SCN_SPAN_F_FILL, rng_below(rng, 256));
    }
    return true;
}
