/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A scenario as data: a guest image, steps in order, races. FORMAT.md says what each part means.
 *
 * Every part is a record: a tag, which fields are present, their values. What is not present
 * takes a default that keeps the whole valid, so an empty scenario is one and a small change
 * stays near it. */
#ifndef SCN_SCENARIO_H
#define SCN_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fields.h"

#define SCN_VERSION 1u

#define SCN_MAX_REGIONS 8u
#define SCN_MAX_QUEUES 3u
#define SCN_MAX_SPANS 32u
#define SCN_MAX_RACES 8u
#define SCN_MAX_STEPS 64u
#define SCN_MAX_ELEMENTS 512u /* over all chains */
#define SCN_MAX_BLOB 16384u   /* literal bytes over all records */
#define SCN_MAX_ENCODED 65536u
#define SCN_MAX_FIELDS 23u

/* Tags from here on are steps. */
#define SCN_FIRST_STEP_TAG 0x10u

enum scn_tag {
#define SCN_TAG_ENUM(name, tag, json) SCN_TAG_##name = tag,
    SCN_RECORDS(SCN_TAG_ENUM)
#undef SCN_TAG_ENUM
};

enum scn_type {
    SCN_U8,
    SCN_U16,
    SCN_U32,
    SCN_U64,
    SCN_BYTES,
    SCN_FEATURES,
    SCN_ROLE,
    SCN_WORD,
    SCN_ITEM
};

/* Field numbers, a set for each record: SCN_ADD_CHAIN_TABLE_ADDR and so on. */
#define SCN_ENUM_(record, field) SCN_##record##_F_##field,
#define SCN_FIELD_ENUM(record)                                                                     \
    enum scn_##record##_field                                                                      \
    {                                                                                              \
        SCN_##record(SCN_FIELD_##record) SCN_##record##_FIELD_COUNT                                \
    }
#define SCN_FIELD_IMAGE(f, j, t, m) SCN_ENUM_(IMAGE, f)
#define SCN_FIELD_REGION(f, j, t, m) SCN_ENUM_(REGION, f)
#define SCN_FIELD_QUEUE(f, j, t, m) SCN_ENUM_(QUEUE, f)
#define SCN_FIELD_SPAN(f, j, t, m) SCN_ENUM_(SPAN, f)
#define SCN_FIELD_RACE(f, j, t, m) SCN_ENUM_(RACE, f)
#define SCN_FIELD_ELEMENT(f, j, t, m) SCN_ENUM_(ELEMENT, f)
#define SCN_FIELD_ADD_CHAIN(f, j, t, m) SCN_ENUM_(ADD_CHAIN, f)
#define SCN_FIELD_SET_WORD(f, j, t, m) SCN_ENUM_(SET_WORD, f)
#define SCN_FIELD_WRITE(f, j, t, m) SCN_ENUM_(WRITE, f)
#define SCN_FIELD_SET_MEMORY(f, j, t, m) SCN_ENUM_(SET_MEMORY, f)
#define SCN_FIELD_RESTART(f, j, t, m) SCN_ENUM_(RESTART, f)
#define SCN_FIELD_SERVE(f, j, t, m) SCN_ENUM_(SERVE, f)
#define SCN_FIELD_POP(f, j, t, m) SCN_ENUM_(POP, f)
#define SCN_FIELD_PUBLISH(f, j, t, m) SCN_ENUM_(PUBLISH, f)
#define SCN_FIELD_FLUSH(f, j, t, m) SCN_ENUM_(FLUSH, f)
#define SCN_FIELD_UNDO(f, j, t, m) SCN_ENUM_(UNDO, f)
#define SCN_FIELD_ARM(f, j, t, m) SCN_ENUM_(ARM, f)
#define SCN_FIELD_DISARM(f, j, t, m) SCN_ENUM_(DISARM, f)
#define SCN_FIELD_SEND(f, j, t, m) SCN_ENUM_(SEND, f)
#define SCN_FIELD_SEND_EVENT(f, j, t, m) SCN_ENUM_(SEND_EVENT, f)
#define SCN_FIELD_ABORT(f, j, t, m) SCN_ENUM_(ABORT, f)
#define SCN_FIELD_SAVE(f, j, t, m) SCN_ENUM_(SAVE, f)
#define SCN_FIELD_RESTORE(f, j, t, m) SCN_ENUM_(RESTORE, f)
#define SCN_FIELD_NOTIFY(f, j, t, m) SCN_ENUM_(NOTIFY, f)
SCN_FIELD_ENUM(IMAGE);
SCN_FIELD_ENUM(REGION);
SCN_FIELD_ENUM(QUEUE);
SCN_FIELD_ENUM(SPAN);
SCN_FIELD_ENUM(RACE);
SCN_FIELD_ENUM(ELEMENT);
SCN_FIELD_ENUM(ADD_CHAIN);
SCN_FIELD_ENUM(SET_WORD);
SCN_FIELD_ENUM(WRITE);
SCN_FIELD_ENUM(SET_MEMORY);
SCN_FIELD_ENUM(RESTART);
SCN_FIELD_ENUM(SERVE);
SCN_FIELD_ENUM(POP);
SCN_FIELD_ENUM(PUBLISH);
SCN_FIELD_ENUM(FLUSH);
SCN_FIELD_ENUM(UNDO);
SCN_FIELD_ENUM(ARM);
SCN_FIELD_ENUM(DISARM);
SCN_FIELD_ENUM(SEND);
SCN_FIELD_ENUM(SEND_EVENT);
SCN_FIELD_ENUM(ABORT);
SCN_FIELD_ENUM(SAVE);
SCN_FIELD_ENUM(RESTORE);
SCN_FIELD_ENUM(NOTIFY);

/* The driver's words that set_word writes. */
enum scn_word {
    SCN_WORD_AVAIL_IDX,    /* split */
    SCN_WORD_AVAIL_FLAGS,  /* split */
    SCN_WORD_USED_EVENT,   /* split */
    SCN_WORD_EVENT_OFFSET, /* packed: offset and wrap */
    SCN_WORD_EVENT_FLAGS,  /* packed */
    SCN_WORD_NEXT_AVAIL    /* the driver model's own position, not in guest memory */
};

struct scn_field {
    const char *name;
    enum scn_type type;
    uint64_t maximum;
};

struct scn_record_type {
    enum scn_tag tag;
    const char *name;
    const struct scn_field *fields;
    uint32_t field_count;
};

struct scn_record {
    uint8_t tag;
    uint32_t present; /* bit n: field n */
    uint64_t value[SCN_MAX_FIELDS];
    uint32_t bytes_at; /* of the record's BYTES field, in the blob */
    uint32_t bytes_len;
    uint32_t element_first; /* add_chain: its elements, in the pool */
    uint32_t element_count;
};

struct scn_scenario {
    struct scn_record image;
    struct scn_record regions[SCN_MAX_REGIONS];
    struct scn_record queues[SCN_MAX_QUEUES]; /* in the order said; one a role */
    struct scn_record spans[SCN_MAX_SPANS];
    struct scn_record races[SCN_MAX_RACES];
    struct scn_record steps[SCN_MAX_STEPS];
    struct scn_record elements[SCN_MAX_ELEMENTS];
    uint8_t blob[SCN_MAX_BLOB];
    uint32_t region_count;
    uint32_t queue_count;
    uint32_t span_count;
    uint32_t race_count;
    uint32_t step_count;
    uint32_t element_count;
    uint32_t blob_len;
};

/* All types, and a tag's number among them plus 1, or 0. */
extern const struct scn_record_type scn_types[];
extern const uint8_t scn_number_of_tag[256];

/* scn_type_of finds the table of a tag.
 *
 * Returns  NULL for a tag that is none. */
static inline const struct scn_record_type *scn_type_of(uint8_t tag)
{
    uint8_t number = scn_number_of_tag[tag];
    return number == 0 ? NULL : &scn_types[number - 1];
}

/* scn_type_at enumerates the record types, from 0.
 *
 * Returns  NULL behind the last. */
const struct scn_record_type *scn_type_at(uint32_t number);

/* scn_value_name names a value of ROLE, WORD or ITEM, or a bit number of FEATURES, as JSON spells
 * it.
 *
 * Returns  NULL for a value without a name, and for every other type. */
const char *scn_value_name(enum scn_type type, uint64_t value);

/* A list of records: where, how many, how many at most. */
struct scn_list {
    struct scn_record *records;
    uint32_t *count;
    uint32_t capacity;
};

/* scn_list_of finds the list that top-level records of `tag` go to.
 *
 * Returns  a list of capacity 0 for a tag without one (image, element, and what is no tag). */
struct scn_list scn_list_of(struct scn_scenario *scenario, uint8_t tag);

/* scn_add_bytes appends literal bytes to the blob, as the record's BYTES field.
 *
 * Returns  how many of them there was room for. */
uint32_t scn_add_bytes(struct scn_scenario *scenario, struct scn_record *record,
                       const uint8_t *bytes, uint32_t len);

static inline bool scn_has(const struct scn_record *record, uint32_t field)
{
    return (record->present >> field & 1u) != 0;
}

static inline uint64_t scn_get(const struct scn_record *record, uint32_t field, uint64_t absent)
{
    return scn_has(record, field) ? record->value[field] : absent;
}

static inline void scn_set(struct scn_record *record, uint32_t field, uint64_t value)
{
    record->present |= 1u << field;
    record->value[field] = value;
}

/* scn_init makes the empty scenario. */
void scn_init(struct scn_scenario *out_scenario);

/* scn_decode reads any bytes as a scenario: there is none that it refuses. Cost is bounded by
 * `len` alone: of what `out_scenario` held, only counts are cleared. */
void scn_decode(struct scn_scenario *out_scenario, const uint8_t *bytes, size_t len);

/* scn_encode writes the canonical bytes.
 *
 * Returns  their number, or 0 when `capacity` is too small. */
size_t scn_encode(uint8_t *out_bytes, size_t capacity, const struct scn_scenario *scenario);

/* scn_role_of gives the queue a step is about: its `queue` field, else the first queue said, else
 * tx. */
uint32_t scn_role_of(const struct scn_scenario *scenario, const struct scn_record *step);

#endif
