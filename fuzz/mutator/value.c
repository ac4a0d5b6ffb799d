/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Values for single fields: boundaries of what a field means, else of its width. */
#include "ops.h"

#define VALUES(...)                                                                                \
    .values = (const uint64_t[]){__VA_ARGS__},                                                     \
    .count = sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t)

struct meaning {
    uint8_t tag; /* SCN_TAG_ADD_CHAIN stands for send too: they begin with the same header fields */
    uint8_t field;
    uint8_t count;
    const uint64_t *values;
};

#define CIDS VALUES(0, 1, 2, 3, 0xffffffff, 0x100000003, UINT64_MAX)
#define INDICES VALUES(0, 1, 7, 8, 255, 256, 32766, 32767, 32768, 65527, 65533, 65534, 65535)
#define WRAPS VALUES(0, 1, 2, 0xff)

static const struct meaning meanings[] = {
    {SCN_TAG_IMAGE, SCN_IMAGE_F_MAX_PAYLOAD, VALUES(0, 1, 63, 64, 65, 4096, 65536, UINT32_MAX)},
    {SCN_TAG_QUEUE, SCN_QUEUE_F_SIZE,
     VALUES(1, 2, 3, 4, 5, 8, 16, 128, 256, 32768, 0, 32767, 32769, 65536)},
    {SCN_TAG_QUEUE, SCN_QUEUE_F_MAX_CHAIN, VALUES(0, 1, 2, 3, 8, 64, 1024, 1025, 32768, 65536)},
    {SCN_TAG_QUEUE, SCN_QUEUE_F_AVAIL_INDEX, INDICES},
    {SCN_TAG_QUEUE, SCN_QUEUE_F_USED_INDEX, INDICES},
    {SCN_TAG_RESTART, SCN_RESTART_F_AVAIL_INDEX, INDICES},
    {SCN_TAG_RESTART, SCN_RESTART_F_USED_INDEX, INDICES},
    {SCN_TAG_RESTORE, SCN_RESTORE_F_AVAIL_INDEX, INDICES},
    {SCN_TAG_RESTORE, SCN_RESTORE_F_USED_INDEX, INDICES},
    {SCN_TAG_RESTORE, SCN_RESTORE_F_AVAIL_WRAP, WRAPS},
    {SCN_TAG_RESTORE, SCN_RESTORE_F_USED_WRAP, WRAPS},
    {SCN_TAG_SET_WORD, SCN_SET_WORD_F_VALUE,
     VALUES(0, 1, 2, 3, 7, 8, 9, 0x7fff, 0x8000, 0x8001, 0x8007, 0xfffe, 0xffff)},
    {SCN_TAG_REGION, SCN_REGION_F_LEN,
     VALUES(0, 1, 43, 44, 4096, 0x10000, 0x200000, 0x100000000, UINT64_MAX)},
    {SCN_TAG_REGION, SCN_REGION_F_ADDR,
     VALUES(0, 1, 0x100000, 0x110000, 0xfffff000, 0x100000000, UINT64_MAX - 0xffff, UINT64_MAX)},
    {SCN_TAG_ELEMENT, SCN_ELEMENT_F_LEN,
     VALUES(0, 1, 2, 4, 16, 43, 44, 45, 108, 4096, 0x80000000, 0xfffffff0, UINT32_MAX)},
    {SCN_TAG_ELEMENT, SCN_ELEMENT_F_ADDR,
     VALUES(0, 0x100000, 0x10ffff, 0x4fffff, 0x500000, UINT64_MAX - 43, UINT64_MAX)},
    {SCN_TAG_ELEMENT, SCN_ELEMENT_F_REPEAT, VALUES(0, 1, 2, 7, 8, 9, 16, 255, 257)},
    {SCN_TAG_ELEMENT, SCN_ELEMENT_F_SLOT, VALUES(0, 1, 2, 6, 7, 8, 32767, 65535)},
    {SCN_TAG_ELEMENT, SCN_ELEMENT_F_NEXT, VALUES(0, 1, 2, 6, 7, 8, 9, 32767, 65535)},
    {SCN_TAG_ELEMENT, SCN_ELEMENT_F_FLAGS_XOR, VALUES(1, 2, 3, 4, 5, 6, 8, 0x80, 0x8000, 0x8080)},
    {SCN_TAG_ADD_CHAIN, SCN_ADD_CHAIN_F_SRC_CID, CIDS},
    {SCN_TAG_ADD_CHAIN, SCN_ADD_CHAIN_F_DST_CID, CIDS},
    {SCN_TAG_ADD_CHAIN, SCN_ADD_CHAIN_F_HDR_LEN,
     VALUES(0, 1, 63, 64, 65, 65536, 65537, 0xffffffd3, 0xffffffd4, UINT32_MAX)},
    {SCN_TAG_ADD_CHAIN, SCN_ADD_CHAIN_F_TYPE, VALUES(0, 1, 2, 3, 0xffff)},
    {SCN_TAG_ADD_CHAIN, SCN_ADD_CHAIN_F_OP, VALUES(0, 1, 2, 3, 4, 5, 6, 7, 8, 0xffff)},
    {SCN_TAG_ADD_CHAIN, SCN_ADD_CHAIN_F_FLAGS, VALUES(0, 1, 2, 3, 4, 0x80000000, UINT32_MAX)},
    {SCN_TAG_ADD_CHAIN, SCN_ADD_CHAIN_F_PAYLOAD_LEN, VALUES(0, 1, 20, 64, 4052, 4096, 65536)},
    {SCN_TAG_ADD_CHAIN, SCN_ADD_CHAIN_F_TABLE_LEN,
     VALUES(0, 1, 15, 16, 17, 31, 32, 33, 48, 128, 144, 0x100000, 0xfffffff0, UINT32_MAX)},
    {SCN_TAG_ADD_CHAIN, SCN_ADD_CHAIN_F_TABLE_FLAGS_XOR, VALUES(1, 2, 3, 4, 8, 0x80, 0x8000)},
    {SCN_TAG_ADD_CHAIN, SCN_ADD_CHAIN_F_DIRECT_COUNT, VALUES(0, 1, 2, 3)},
    {SCN_TAG_ADD_CHAIN, SCN_ADD_CHAIN_F_TABLE_ADDR,
     VALUES(0, 1, 0x100000, 0x10fff0, 0x4ffff0, 0x4fffe8, UINT64_MAX - 15)},
    {SCN_TAG_ADD_CHAIN, SCN_ADD_CHAIN_F_HEAD, VALUES(0, 1, 2, 7, 8, 9, 32767, 32768, 65535)},
    {SCN_TAG_ADD_CHAIN, SCN_ADD_CHAIN_F_COUNT, VALUES(0, 1, 2, 3, 4, 7, 8, 9)},
    {SCN_TAG_SERVE, SCN_SERVE_F_MAX, VALUES(0, 1, 2, 3, 4, 8, 9, 1024)},
    {SCN_TAG_PUBLISH, SCN_PUBLISH_F_WHICH, VALUES(0, 1, 2, 3)},
    {SCN_TAG_UNDO, SCN_UNDO_F_WHICH, VALUES(0, 1, 2, 3)},
    {SCN_TAG_ABORT, SCN_ABORT_F_WHICH, VALUES(0, 1, 2, 3)},
    {SCN_TAG_SEND, SCN_SEND_F_WRITTEN, VALUES(0, 1, 64, 3732, 3733, 65536)},
    {SCN_TAG_RACE, SCN_RACE_F_INDEX, VALUES(0, 1, 2, 7, 8, 24, 44)},
    {SCN_TAG_RACE, SCN_RACE_F_AFTER, VALUES(0, 1, 2, 3)},
    {SCN_TAG_RACE, SCN_RACE_F_OFFSET, VALUES(0, 8, 12, 14, 24)},
};

static const struct meaning *meaning_of(uint8_t tag, uint32_t field)
{
    if (tag == SCN_TAG_SEND && field < SCN_SEND_F_WRITTEN) {
        tag = SCN_TAG_ADD_CHAIN;
    }
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        if (meanings[i].tag == tag && meanings[i].field == field) {
            return &meanings[i];
        }
    }
    return NULL;
}

static uint64_t width_boundary(struct rng *rng, uint64_t maximum)
{
    switch (rng_below(rng, 5)) {
    case 0:
        return rng_below(rng, 4);
    case 1:
        return maximum - rng_below(rng, 3);
    case 2:
        return (UINT64_C(1) << rng_below(rng, 64)) + rng_below(rng, 3) - 1;
    case 3:
        return rng_below(rng, 256);
    default:
        return rng_next(rng);
    }
}

uint64_t value_of(struct rng *rng, const struct scn_record_type *type, uint32_t field)
{
    uint64_t maximum = type->fields[field].maximum;
    const struct meaning *meaning = meaning_of((uint8_t)type->tag, field);
    uint64_t value = meaning && rng_chance(rng, 80)
                         ? meaning->values[rng_below(rng, meaning->count)]
                         : width_boundary(rng, maximum);
    /* Millions of repetitions cost time and say nothing that hundreds do not. */
    bool costly = (type->tag == SCN_TAG_ELEMENT && field == SCN_ELEMENT_F_REPEAT) ||
                  (type->tag == SCN_TAG_ADD_CHAIN &&
                   (field == SCN_ADD_CHAIN_F_COUNT || field == SCN_ADD_CHAIN_F_PAYLOAD_LEN));
    if (costly && value > 4096 && !rng_chance(rng, 2)) {
        value %= 64;
    }
    return maximum == UINT64_MAX ? value : value % (maximum + 1);
}

/* Any record of the scenario, elements and steps most often. */
static struct scn_record *record_pick(struct mutation *mutation)
{
    struct scn_scenario *scenario = mutation->scenario;
    struct rng *rng = &mutation->rng;
    const struct {
        struct scn_record *records;
        uint32_t count;
        uint32_t weight;
    } lists[] = {
        {scenario->steps, scenario->step_count, 8},
        {scenario->elements, scenario->element_count, 8},
        {scenario->queues, scenario->queue_count, 3},
        {scenario->regions, scenario->region_count, 1},
        {scenario->races, scenario->race_count, 2},
        {scenario->spans, scenario->span_count, 1},
        {&scenario->image, scenario->image.present != 0, 1},
    };
    uint32_t total = 0;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        total += lists[i].count ? lists[i].weight : 0;
    }
    uint32_t pick = rng_below(rng, total);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0] && total != 0; i++) {
        uint32_t weight = lists[i].count ? lists[i].weight : 0;
        if (pick < weight) {
            return &lists[i].records[rng_below(rng, lists[i].count)];
        }
        pick -= weight;
    }
    return NULL;
}

bool op_value(struct mutation *mutation)
{
    struct scn_record *record = record_pick(mutation);
    if (!record) {
        return false;
    }
    const struct scn_record_type *type = scn_type_of(record->tag);
    uint32_t field = rng_below(&mutation->rng, type->field_count);
    enum scn_type kind = type->fields[field].type;
    if (kind == SCN_BYTES || kind == SCN_ROLE) {
        return false; /* op_bytes; roles follow the queues */
    }
    scn_set(record, field, value_of(&mutation->rng, type, field));
    return true;
}

bool op_drop(struct mutation *mutation)
{
    struct scn_record *record = record_pick(mutation);
    if (!record || record->present == 0) {
        return false;
    }
    uint32_t field = rng_below(&mutation->rng, scn_type_of(record->tag)->field_count);
    bool had = scn_has(record, field);
    record->present &= ~(1u << field);
    return had;
}

bool op_bytes(struct mutation *mutation)
{
    struct scn_scenario *scenario = mutation->scenario;
    struct rng *rng = &mutation->rng;
    if (scenario->blob_len == 0) {
        return false;
    }
    for (uint32_t i = 1 + rng_below(rng, 4); i != 0; i--) {
        uint32_t at = rng_below(rng, scenario->blob_len);
        uint32_t flip = rng_chance(rng, 50) ? 1u << rng_below(rng, 8) : (uint32_t)rng_next(rng);
        scenario->blob[at] = (uint8_t)(scenario->blob[at] ^ flip);
    }
    return true;
}

/* A payload whose first bytes are said. */
bool op_literal(struct mutation *mutation)
{
    struct scn_scenario *scenario = mutation->scenario;
    uint8_t bytes[8];
    if (scenario->step_count == 0) {
        return false;
    }
    struct scn_record *step = &scenario->steps[rng_below(&mutation->rng, scenario->step_count)];
    if (step->tag != SCN_TAG_ADD_CHAIN && step->tag != SCN_TAG_SEND) {
        return false;
    }
    scn_add_bytes(scenario, step, bytes, literal(&mutation->rng, bytes));
    step->present |= 1u << SCN_ADD_CHAIN_F_PAYLOAD;
    return true;
}
_Static_assert((int)SCN_ADD_CHAIN_F_PAYLOAD == (int)SCN_SEND_F_PAYLOAD,
               "one field number for both");
