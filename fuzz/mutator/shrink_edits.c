/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Edits that make a decoded scenario smaller, numbered. */
#include "shrink_edits.h"

#include <string.h>

#include <vvs/spec.h>

/* A stretch of a list. */
struct chunk {
    uint32_t first;
    uint32_t len;
};

/* Stretches of a list of `count`: all of it, halves, quarters, at last single ones; from the end,
 * where what matters least stands. Takes the list's stretches off `*number` when it is none of
 * them. */
static bool chunk_of(struct chunk *out_chunk, uint32_t *number, uint32_t count)
{
    for (uint32_t len = count; len != 0; len /= 2) {
        uint32_t chunks = (count + len - 1) / len;
        if (*number < chunks) {
            uint32_t end = count - *number * len;
            uint32_t first = end > len ? end - len : 0;
            *out_chunk = (struct chunk){first, end - first};
            return true;
        }
        *number -= chunks;
    }
    return false;
}

static void remove_chunk(struct scn_record *records, uint32_t *count, struct chunk chunk)
{
    struct scn_record *first = &records[chunk.first];
    memmove(first, first + chunk.len, (*count - chunk.first - chunk.len) * sizeof *first);
    *count -= chunk.len;
}

static enum edit drop_records(struct scn_scenario *s, uint32_t number)
{
    static const uint8_t tags[] = {SCN_FIRST_STEP_TAG, SCN_TAG_RACE, SCN_TAG_SPAN, SCN_TAG_REGION,
                                   SCN_TAG_QUEUE};
    for (size_t i = 0; i < sizeof tags; i++) {
        struct scn_list list = scn_list_of(s, tags[i]);
        struct chunk chunk;
        if (chunk_of(&chunk, &number, *list.count)) {
            remove_chunk(list.records, list.count, chunk);
            return EDIT_DONE;
        }
    }
    return EDIT_END;
}

static enum edit drop_elements(struct scn_scenario *s, uint32_t number)
{
    for (uint32_t i = 0; i < s->step_count; i++) {
        struct scn_record *chain = &s->steps[i];
        struct chunk chunk;
        if (chunk_of(&chunk, &number, chain->element_count)) {
            remove_chunk(&s->elements[chain->element_first], &chain->element_count, chunk);
            return EDIT_DONE;
        }
    }
    return EDIT_END;
}

/* Every record, numbered through; NULL behind the last. Those that came from bytes have all
 * elements of the pool in chains. */
static struct scn_record *record_at(struct scn_scenario *s, uint32_t number)
{
    const struct {
        struct scn_record *records;
        uint32_t count;
    } lists[] = {{s->steps, s->step_count},         {s->elements, s->element_count},
                 {s->races, s->race_count},         {s->spans, s->span_count},
                 {s->queues, s->queue_count},       {s->regions, s->region_count},
                 {&s->image, s->image.present != 0}};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (number < lists[i].count) {
            return &lists[i].records[number];
        }
        number -= lists[i].count;
    }
    return NULL;
}

/* A field of all records of one type: what no two of them may differ in. */
static enum edit drop_field_everywhere(struct scn_scenario *s, uint32_t number)
{
    const struct scn_record_type *type = scn_type_at(number / SCN_MAX_FIELDS);
    uint32_t bit = 1u << number % SCN_MAX_FIELDS;
    uint32_t had = 0;
    struct scn_record *record;
    if (type == NULL) {
        return EDIT_END;
    }
    for (uint32_t i = 0; (record = record_at(s, i)) != NULL; i++) {
        if (record->tag == type->tag && (record->present & bit) != 0) {
            record->present &= ~bit;
            had++;
        }
    }
    return had != 0 ? EDIT_DONE : EDIT_NONE;
}

/* All fields of a record, then one after the other. */
static enum edit drop_fields(struct scn_scenario *s, uint32_t number)
{
    struct scn_record *record = record_at(s, number / (SCN_MAX_FIELDS + 1));
    uint32_t which = number % (SCN_MAX_FIELDS + 1);
    if (record == NULL) {
        return EDIT_END;
    }
    uint32_t gone = record->present & (which == 0 ? UINT32_MAX : 1u << (which - 1));
    record->present &= ~gone;
    return gone != 0 ? EDIT_DONE : EDIT_NONE;
}

static bool same_fields(const struct scn_record *a, const struct scn_record *b, uint32_t but)
{
    if (((a->present ^ b->present) & ~but) != 0 || a->bytes_len != 0 || b->bytes_len != 0) {
        return false;
    }
    for (uint32_t left = a->present & ~but; left != 0; left &= left - 1) {
        uint32_t field = (uint32_t)__builtin_ctz(left);
        if (a->value[field] != b->value[field]) {
            return false;
        }
    }
    return true;
}

/* Two elements become one of both lengths, or equal ones a repeated one. */
static bool join(struct scn_record *first, const struct scn_record *second, bool repeated)
{
    uint32_t sum_of = repeated ? SCN_ELEMENT_F_REPEAT : SCN_ELEMENT_F_LEN;
    uint64_t absent = repeated ? 1 : VVS_HDR_BYTES;
    uint64_t sum = scn_get(first, sum_of, absent) + scn_get(second, sum_of, absent);
    if (repeated ? !same_fields(first, second, 1u << sum_of) || scn_has(first, SCN_ELEMENT_F_ADDR)
                 : scn_has(first, SCN_ELEMENT_F_REPEAT) || scn_has(second, SCN_ELEMENT_F_REPEAT)) {
        return false;
    }
    scn_set(first, sum_of, sum);
    return sum <= scn_type_of(SCN_TAG_ELEMENT)->fields[sum_of].maximum;
}

static enum edit join_elements(struct scn_scenario *s, uint32_t number)
{
    uint32_t at = number / 2;
    for (uint32_t i = 0; i < s->step_count; i++) {
        struct scn_record *chain = &s->steps[i];
        if (at + 1 < chain->element_count) {
            struct scn_record *first = &s->elements[chain->element_first + at];
            struct scn_record joined = *first;
            if (!join(&joined, first + 1, number % 2 != 0)) {
                return EDIT_NONE;
            }
            *first = joined;
            remove_chunk(&s->elements[chain->element_first], &chain->element_count,
                         (struct chunk){at + 1, 1});
            return EDIT_DONE;
        }
        at -= chain->element_count == 0 ? 0 : chain->element_count - 1;
    }
    return EDIT_END;
}

/* What a pop and the return of its chain do, serve does alone. */
static bool serve_for_pop(struct scn_scenario *s, uint32_t at)
{
    const struct scn_record *pop = &s->steps[at];
    for (uint32_t i = at + 1; i < s->step_count; i++) {
        const struct scn_record *back = &s->steps[i];
        if ((back->tag == SCN_TAG_PUBLISH || back->tag == SCN_TAG_ABORT) &&
            scn_role_of(s, back) == scn_role_of(s, pop)) {
            s->steps[at].tag = SCN_TAG_SERVE; /* whose first field is the queue as well */
            remove_chunk(s->steps, &s->step_count, (struct chunk){i, 1});
            return true;
        }
    }
    return false;
}

/* Neighbours of one kind become one that says how often. */
static bool join_with_next(struct scn_scenario *s, uint32_t at, uint32_t count_of)
{
    if (at + 1 == s->step_count) {
        return false;
    }
    struct scn_record *first = &s->steps[at];
    const struct scn_record *second = first + 1;
    uint64_t sum = scn_get(first, count_of, 1) + scn_get(second, count_of, 1);
    if (second->tag != first->tag || second->element_count != first->element_count ||
        sum > scn_type_of(first->tag)->fields[count_of].maximum ||
        !same_fields(first, second, 1u << count_of)) {
        return false;
    }
    for (uint32_t i = 0; i < first->element_count; i++) {
        const struct scn_record *element = &s->elements[first->element_first + i];
        if (!same_fields(element, &s->elements[second->element_first + i], 0)) {
            return false;
        }
    }
    scn_set(first, count_of, sum);
    remove_chunk(s->steps, &s->step_count, (struct chunk){at + 1, 1});
    return true;
}

static enum edit join_steps(struct scn_scenario *s, uint32_t number)
{
    if (number >= s->step_count) {
        return EDIT_END;
    }
    bool done = false;
    if (s->steps[number].tag == SCN_TAG_POP) {
        done = serve_for_pop(s, number);
    } else if (s->steps[number].tag == SCN_TAG_SERVE) {
        done = join_with_next(s, number, SCN_SERVE_F_MAX);
    } else if (s->steps[number].tag == SCN_TAG_ADD_CHAIN) {
        done = join_with_next(s, number, SCN_ADD_CHAIN_F_COUNT);
    }
    return done ? EDIT_DONE : EDIT_NONE;
}

/* The number of the BYTES field that a record says, or -1. */
static int bytes_field(const struct scn_record *record)
{
    const struct scn_record_type *type = scn_type_of(record->tag);
    for (uint32_t field = 0; field < type->field_count; field++) {
        if (type->fields[field].type == SCN_BYTES && scn_has(record, field)) {
            return (int)field;
        }
    }
    return -1;
}

/* As many bytes of the pattern do for literal ones. */
static enum edit drop_literal(struct scn_record *record, uint32_t bytes)
{
    uint32_t len = bytes + 1; /* wherever there are bytes, their length or its default follows */
    if (record->tag == SCN_TAG_RACE || scn_has(record, len)) {
        return EDIT_NONE;
    }
    scn_set(record, len, record->bytes_len);
    record->present &= ~(1u << bytes);
    return EDIT_DONE;
}
_Static_assert(SCN_SPAN_F_LEN == SCN_SPAN_F_BYTES + 1 && SCN_WRITE_F_LEN == SCN_WRITE_F_BYTES + 1 &&
                   SCN_ADD_CHAIN_F_PAYLOAD_LEN == SCN_ADD_CHAIN_F_PAYLOAD + 1 &&
                   SCN_SEND_F_PAYLOAD_LEN == SCN_SEND_F_PAYLOAD + 1,
               "a length stands behind the bytes");

static enum edit zero_bytes(uint8_t *bytes, uint32_t len)
{
    bool any = false;
    for (uint32_t i = 0; i < len; i++) {
        any = any || bytes[i] != 0;
    }
    memset(bytes, 0, len);
    return any ? EDIT_DONE : EDIT_NONE;
}

/* Literal bytes go, from some place on or in between; what has to stay becomes zero. */
static enum edit shorten_bytes(struct scn_scenario *s, uint32_t number)
{
    struct scn_record *record;
    for (uint32_t i = 0; (record = record_at(s, i)) != NULL; i++) {
        int field = bytes_field(record);
        struct chunk chunk;
        if (field < 0) {
            continue;
        }
        if (number-- == 0) {
            return drop_literal(record, (uint32_t)field);
        }
        uint8_t *bytes = &s->blob[record->bytes_at];
        if (chunk_of(&chunk, &number, record->bytes_len)) {
            uint32_t end = chunk.first + chunk.len;
            memmove(bytes + chunk.first, bytes + end, record->bytes_len - end);
            record->bytes_len -= chunk.len;
            return EDIT_DONE;
        }
        if (chunk_of(&chunk, &number, record->bytes_len)) {
            return zero_bytes(bytes + chunk.first, chunk.len);
        }
    }
    return EDIT_END;
}

/* 0, 1, then ever less below the value: a bisection, as long as what is less will do; then without
 * one bit that is set. */
#define BITS 64u
#define LOWER_COUNT (2 * BITS + 1)

static bool lower(uint64_t *value, uint32_t how)
{
    uint64_t before = *value;
    if (how < 2) {
        *value = how;
    } else if (how <= BITS) {
        *value = before - (before >> (how - 1));
    } else {
        *value = before & ~(UINT64_C(1) << (how - BITS - 1));
    }
    return *value < before && (how < 2 || *value > 1);
}

static bool is_number(const struct scn_record *record, uint32_t field)
{
    return scn_has(record, field) && scn_type_of(record->tag)->fields[field].type != SCN_BYTES;
}

/* Fields of a record with one value, such as both indices where a queue starts, go down together,
 * or go. */
static enum edit lower_together(struct scn_scenario *s, uint32_t number)
{
    uint32_t how = number % (LOWER_COUNT + 1);
    uint32_t field = number / (LOWER_COUNT + 1) % SCN_MAX_FIELDS;
    struct scn_record *record = record_at(s, number / (LOWER_COUNT + 1) / SCN_MAX_FIELDS);
    if (record == NULL) {
        return EDIT_END;
    }
    if (!is_number(record, field)) {
        return EDIT_NONE;
    }
    uint64_t before = record->value[field];
    uint64_t after = before;
    uint32_t fields = 0;
    for (uint32_t i = field; i < scn_type_of(record->tag)->field_count; i++) {
        fields |= (uint32_t)(is_number(record, i) && record->value[i] == before) << i;
    }
    if ((fields & (fields - 1)) == 0 || (how != 0 && !lower(&after, how - 1))) {
        return EDIT_NONE;
    }
    record->present &= how == 0 ? ~fields : UINT32_MAX;
    for (; fields != 0; fields &= fields - 1) {
        record->value[__builtin_ctz(fields)] = after;
    }
    return EDIT_DONE;
}

static enum edit lower_values(struct scn_scenario *s, uint32_t number)
{
    uint32_t field = number / LOWER_COUNT % SCN_MAX_FIELDS;
    struct scn_record *record = record_at(s, number / LOWER_COUNT / SCN_MAX_FIELDS);
    if (record == NULL) {
        return EDIT_END;
    }
    if (!is_number(record, field)) {
        return EDIT_NONE;
    }
    uint64_t value = record->value[field];
    if (!lower(&value, number % LOWER_COUNT)) {
        return EDIT_NONE;
    }
    record->value[field] = value;
    return EDIT_DONE;
}

shrink_pass *const shrink_passes[] = {
    drop_records,  drop_elements, drop_field_everywhere, drop_fields,  join_steps,
    join_elements, shorten_bytes, lower_together,        lower_values, NULL,
};
