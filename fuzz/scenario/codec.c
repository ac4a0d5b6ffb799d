/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Scenario bytes, by the tables. FORMAT.md, Bytes, is the description; nothing here allocates,
 * and no array is cleared, since decoding stands before each fuzz execution. */
#include <string.h>

#include "scenario.h"

#include "vvs/spec.h"

#define ULEB_BITS 35u /* five bytes carry a 32-bit number */

struct reader {
    const uint8_t *at;
    const uint8_t *end;
    const uint8_t *bytes; /* BYTES of the record just read */
    uint32_t bytes_len;
};

static uint64_t in_range(uint64_t value, uint64_t maximum)
{
    return value <= maximum ? value : value % (maximum + 1);
}

static uint32_t all_fields(const struct scn_record_type *type)
{
    return (1u << type->field_count) - 1u;
}

static uint32_t width_of(enum scn_type type)
{
    static const uint8_t widths[] = {
        [SCN_U8] = 1,       [SCN_U16] = 2,  [SCN_U32] = 4,  [SCN_U64] = 8,
        [SCN_BYTES] = 2, /* of its length */
        [SCN_FEATURES] = 8, [SCN_ROLE] = 1, [SCN_WORD] = 1, [SCN_ITEM] = 1};
    return widths[type];
}

void scn_init(struct scn_scenario *out_scenario)
{
    out_scenario->image.tag = SCN_TAG_IMAGE;
    out_scenario->image.present = 0;
    out_scenario->region_count = 0;
    out_scenario->queue_count = 0;
    out_scenario->span_count = 0;
    out_scenario->race_count = 0;
    out_scenario->step_count = 0;
    out_scenario->element_count = 0;
    out_scenario->blob_len = 0;
}

struct scn_list scn_list_of(struct scn_scenario *s, uint8_t tag)
{
    switch (tag) {
    case SCN_TAG_REGION:
        return (struct scn_list){s->regions, &s->region_count, SCN_MAX_REGIONS};
    case SCN_TAG_QUEUE:
        return (struct scn_list){s->queues, &s->queue_count, SCN_MAX_QUEUES};
    case SCN_TAG_SPAN:
        return (struct scn_list){s->spans, &s->span_count, SCN_MAX_SPANS};
    case SCN_TAG_RACE:
        return (struct scn_list){s->races, &s->race_count, SCN_MAX_RACES};
    default:
        break;
    }
    if (tag >= SCN_FIRST_STEP_TAG && scn_type_of(tag) != NULL) {
        return (struct scn_list){s->steps, &s->step_count, SCN_MAX_STEPS};
    }
    return (struct scn_list){NULL, NULL, 0};
}

uint32_t scn_add_bytes(struct scn_scenario *scenario, struct scn_record *record,
                       const uint8_t *bytes, uint32_t len)
{
    uint32_t room = SCN_MAX_BLOB - scenario->blob_len;
    uint32_t taken = len < room ? len : room;

    record->bytes_at = scenario->blob_len;
    record->bytes_len = taken;
    if (taken > 0) {
        memcpy(scenario->blob + scenario->blob_len, bytes, taken);
        scenario->blob_len += taken;
    }
    return taken;
}

static uint32_t take_uleb(struct reader *in)
{
    uint64_t value = 0;

    for (uint32_t shift = 0; shift < ULEB_BITS && in->at < in->end; shift += 7) {
        uint8_t byte = *in->at++;
        value |= (uint64_t)(byte & 0x7fu) << shift;
        if ((byte & 0x80u) == 0) {
            break;
        }
    }
    return (uint32_t)value;
}

/* Only where `width` bytes are left. */
static uint64_t take_number(struct reader *in, uint32_t width)
{
    const uint8_t *at = in->at;
    uint64_t value = 0;

    in->at += width;
    if (in->end - at >= 8) { /* one load, and no loop */
        value = (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 |
                (uint64_t)at[3] << 24 | (uint64_t)at[4] << 32 | (uint64_t)at[5] << 40 |
                (uint64_t)at[6] << 48 | (uint64_t)at[7] << 56;
        return value & UINT64_MAX >> (64 - 8 * width);
    }
    for (uint32_t i = 0; i < width; i++) {
        value |= (uint64_t)at[i] << (8 * i);
    }
    return value;
}

static bool take_bytes(struct reader *in, uint64_t maximum)
{
    uint32_t len;

    if (in->end - in->at < 2) {
        return false;
    }
    len = (uint32_t)take_number(in, 2);
    if ((size_t)(in->end - in->at) < len) {
        return false;
    }
    in->bytes = in->at;
    in->bytes_len = len <= maximum ? len : (uint32_t)maximum;
    in->at += len;
    return true;
}

static bool take_field(struct reader *in, struct scn_record *out, uint32_t number,
                       const struct scn_field *field)
{
    uint32_t width = width_of(field->type);

    if (field->type == SCN_BYTES) {
        return take_bytes(in, field->maximum);
    }
    if ((size_t)(in->end - in->at) < width) {
        return false;
    }
    out->value[number] = in_range(take_number(in, width), field->maximum);
    return true;
}

/* Everything behind the tag. Input that ends inside a field takes it and all behind it away. */
static void take_fields(struct reader *in, struct scn_record *out,
                        const struct scn_record_type *type)
{
    uint32_t mask = take_uleb(in) & all_fields(type);

    out->tag = (uint8_t)type->tag;
    out->present = 0;
    out->bytes_at = 0;
    out->bytes_len = 0;
    out->element_first = 0;
    out->element_count = 0;
    in->bytes_len = 0;
    for (; mask != 0; mask &= mask - 1) {
        uint32_t number = (uint32_t)__builtin_ctz(mask);
        if (!take_field(in, out, number, &type->fields[number])) {
            in->at = in->end;
            return;
        }
        out->present |= 1u << number;
    }
}

/* `chain` is NULL where the chain itself is dropped. */
static void take_elements(struct scn_scenario *out, struct reader *in, struct scn_record *chain)
{
    const struct scn_record_type *type = scn_type_of(SCN_TAG_ELEMENT);
    uint32_t first = out->element_count;
    struct scn_record dropped;

    for (uint32_t left = take_uleb(in); left > 0 && in->at < in->end; left--) {
        if (chain != NULL && out->element_count < SCN_MAX_ELEMENTS) {
            take_fields(in, &out->elements[out->element_count++], type);
        } else {
            take_fields(in, &dropped, type);
        }
    }
    if (chain != NULL) {
        chain->element_first = first;
        chain->element_count = out->element_count - first;
    }
}

static void take_queue(struct scn_scenario *out, struct reader *in,
                       const struct scn_record_type *type)
{
    struct scn_record queue;
    uint64_t role;
    uint32_t place = 0;

    queue.value[SCN_QUEUE_F_ROLE] = VVS_QUEUE_TX; /* clang-tidy can't see that absent is not read */
    take_fields(in, &queue, type);
    role = scn_get(&queue, SCN_QUEUE_F_ROLE, VVS_QUEUE_TX);
    while (place < out->queue_count &&
           scn_get(&out->queues[place], SCN_QUEUE_F_ROLE, VVS_QUEUE_TX) != role) {
        place++;
    }
    out->queues[place] = queue;
    if (place == out->queue_count) {
        out->queue_count++;
    }
}

static void take_listed(struct scn_scenario *out, struct reader *in,
                        const struct scn_record_type *type)
{
    struct scn_list list = scn_list_of(out, (uint8_t)type->tag);
    struct scn_record dropped;
    struct scn_record *kept = NULL;

    if (list.capacity > 0 && *list.count < list.capacity) {
        kept = &list.records[(*list.count)++];
    }
    take_fields(in, kept != NULL ? kept : &dropped, type);
    if (kept != NULL && in->bytes_len > 0) {
        scn_add_bytes(out, kept, in->bytes, in->bytes_len);
    }
    if (type->tag == SCN_TAG_ADD_CHAIN) {
        take_elements(out, in, kept);
    }
}

void scn_decode(struct scn_scenario *out_scenario, const uint8_t *bytes, size_t len)
{
    struct reader in;

    scn_init(out_scenario);
    if (len == 0 || bytes[0] != SCN_VERSION) {
        return;
    }
    in = (struct reader){bytes + 1, bytes + len, NULL, 0};
    while (in.at < in.end) {
        const struct scn_record_type *type = scn_type_of(*in.at++);
        if (type == NULL) {
            continue;
        }
        if (type->tag == SCN_TAG_IMAGE) {
            take_fields(&in, &out_scenario->image, type);
        } else if (type->tag == SCN_TAG_QUEUE) {
            take_queue(out_scenario, &in, type);
        } else {
            take_listed(out_scenario, &in, type);
        }
    }
}

struct writer {
    uint8_t *at;
    uint8_t *end;
    bool full;
};

static void put_byte(struct writer *out, uint8_t byte)
{
    if (out->at == out->end) {
        out->full = true;
        return;
    }
    *out->at++ = byte;
}

static void put_number(struct writer *out, uint64_t value, uint32_t width)
{
    if (out->end - out->at >= 8) { /* one store, and no loop: what is too much is overwritten */
        for (uint32_t i = 0; i < 8; i++) {
            out->at[i] = (uint8_t)(value >> (8 * i));
        }
        out->at += width;
        return;
    }
    for (uint32_t i = 0; i < width; i++) {
        put_byte(out, (uint8_t)(value >> (8 * i)));
    }
}

static void put_uleb(struct writer *out, uint32_t value)
{
    for (; value >= 0x80u; value >>= 7) {
        put_byte(out, (uint8_t)(value | 0x80u));
    }
    put_byte(out, (uint8_t)value);
}

static void put_bytes(struct writer *out, const uint8_t *bytes, uint32_t len)
{
    put_number(out, len, 2);
    if ((size_t)(out->end - out->at) < len) {
        out->full = true;
        return;
    }
    memcpy(out->at, bytes, len);
    out->at += len;
}

static void put_fields(struct writer *out, const struct scn_scenario *scenario,
                       const struct scn_record *record)
{
    const struct scn_record_type *type = scn_type_of(record->tag);
    uint32_t mask = record->present & all_fields(type);

    put_uleb(out, mask);
    for (; mask != 0; mask &= mask - 1) {
        uint32_t number = (uint32_t)__builtin_ctz(mask);
        const struct scn_field *field = &type->fields[number];
        if (field->type == SCN_BYTES) {
            put_bytes(out, scenario->blob + record->bytes_at, record->bytes_len);
        } else {
            put_number(out, in_range(record->value[number], field->maximum), width_of(field->type));
        }
    }
}

static void put_records(struct writer *out, const struct scn_scenario *scenario,
                        const struct scn_record *records, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct scn_record *record = &records[i];
        put_byte(out, record->tag);
        put_fields(out, scenario, record);
        if (record->tag != SCN_TAG_ADD_CHAIN) {
            continue;
        }
        put_uleb(out, record->element_count);
        for (uint32_t k = 0; k < record->element_count; k++) {
            put_fields(out, scenario, &scenario->elements[record->element_first + k]);
        }
    }
}

size_t scn_encode(uint8_t *out_bytes, size_t capacity, const struct scn_scenario *scenario)
{
    struct writer out = {out_bytes, out_bytes + capacity, false};

    put_byte(&out, SCN_VERSION);
    put_records(&out, scenario, &scenario->image, scenario->image.present != 0 ? 1 : 0);
    put_records(&out, scenario, scenario->regions, scenario->region_count);
    put_records(&out, scenario, scenario->queues, scenario->queue_count);
    put_records(&out, scenario, scenario->spans, scenario->span_count);
    put_records(&out, scenario, scenario->races, scenario->race_count);
    put_records(&out, scenario, scenario->steps, scenario->step_count);
    return out.full ? 0 : (size_t)(out.at - out_bytes);
}
