/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The tables of fields.h, and the names of values. */
#include "scenario.h"

#include "vvs/observe.h"
#include "vvs/spec.h"

#define FIELD(field, json, type, maximum) {json, SCN_##type, maximum},
#define FIELDS(record, tag, json)                                                                  \
    static const struct scn_field fields_##record[] = {SCN_##record(FIELD)};                       \
    _Static_assert(sizeof fields_##record / sizeof fields_##record[0] <= SCN_MAX_FIELDS, json);
SCN_RECORDS(FIELDS)

#define TYPE(record, tag, json)                                                                    \
    {tag, json, fields_##record, sizeof fields_##record / sizeof fields_##record[0]},
const struct scn_record_type scn_types[] = {SCN_RECORDS(TYPE)};
#define TYPE_COUNT (sizeof scn_types / sizeof scn_types[0])

#define NUMBER(record, tag, json) NUMBER_##record,
enum { SCN_RECORDS(NUMBER) };
#define ENTRY(record, tag, json) [tag] = NUMBER_##record + 1,
const uint8_t scn_number_of_tag[256] = {SCN_RECORDS(ENTRY)};

const struct scn_record_type *scn_type_at(uint32_t number)
{
    return number < TYPE_COUNT ? &scn_types[number] : NULL;
}

static const char *const roles[] = {
    [VVS_QUEUE_RX] = "rx", [VVS_QUEUE_TX] = "tx", [VVS_QUEUE_EVENT] = "event"};

static const char *const words[] = {
    [SCN_WORD_AVAIL_IDX] = "avail_idx",     [SCN_WORD_AVAIL_FLAGS] = "avail_flags",
    [SCN_WORD_USED_EVENT] = "used_event",   [SCN_WORD_EVENT_OFFSET] = "event_offset",
    [SCN_WORD_EVENT_FLAGS] = "event_flags", [SCN_WORD_NEXT_AVAIL] = "next_avail"};

static const char *const items[] = {
    [VVS_ITEM_BEGIN_POP] = "begin_pop",
    [VVS_ITEM_BEGIN_NOTIFY] = "begin_notify",
    [VVS_ITEM_BEGIN_ARM] = "begin_arm",
    [VVS_ITEM_AVAIL_IDX] = "avail_idx",
    [VVS_ITEM_AVAIL_SLOT] = "avail_slot",
    [VVS_ITEM_AVAIL_FLAGS] = "avail_flags",
    [VVS_ITEM_USED_EVENT] = "used_event",
    [VVS_ITEM_DESC] = "desc",
    [VVS_ITEM_TABLE_ENTRY] = "table_entry",
    [VVS_ITEM_HEADER] = "header",
    [VVS_ITEM_PACKED_FLAGS] = "packed_flags",
    [VVS_ITEM_EVENT_FLAGS] = "event_flags",
    [VVS_ITEM_EVENT_OFFSET] = "event_offset",
    [VVS_ITEM_USED_ELEM] = "used_elem",
    [VVS_ITEM_USED_IDX] = "used_idx",
    [VVS_ITEM_USED_FLAGS] = "used_flags",
    [VVS_ITEM_AVAIL_EVENT] = "avail_event",
    [VVS_ITEM_DEVICE_EVENT_FLAGS] = "device_event_flags",
    [VVS_ITEM_DEVICE_EVENT_OFFSET] = "device_event_offset",
    [VVS_ITEM_PAYLOAD] = "payload",
    [VVS_ITEM_EVENT] = "event",
};
_Static_assert(sizeof items / sizeof items[0] == VVS_ITEM_COUNT, "an item without a name");

static const char *const features[] = {
    [VVS_F_STREAM] = "STREAM",
    [VVS_F_SEQPACKET] = "SEQPACKET",
    [VVS_F_NO_IMPLIED_STREAM] = "NO_IMPLIED_STREAM",
    [VVS_F_INDIRECT_DESC] = "INDIRECT_DESC",
    [VVS_F_EVENT_IDX] = "EVENT_IDX",
    [VVS_F_VERSION_1] = "VERSION_1",
    [VVS_F_ACCESS_PLATFORM] = "ACCESS_PLATFORM",
    [VVS_F_RING_PACKED] = "RING_PACKED",
    [VVS_F_IN_ORDER] = "IN_ORDER",
    [VVS_F_ORDER_PLATFORM] = "ORDER_PLATFORM",
    [VVS_F_SR_IOV] = "SR_IOV",
    [VVS_F_NOTIFICATION_DATA] = "NOTIFICATION_DATA",
    [VVS_F_NOTIF_CONFIG_DATA] = "NOTIF_CONFIG_DATA",
    [VVS_F_RING_RESET] = "RING_RESET",
};

#define NAME_IN(names, value) ((value) < sizeof(names) / sizeof(names)[0] ? (names)[value] : NULL)

const char *scn_value_name(enum scn_type type, uint64_t value)
{
    switch (type) {
    case SCN_ROLE:
        return NAME_IN(roles, value);
    case SCN_WORD:
        return NAME_IN(words, value);
    case SCN_ITEM:
        return NAME_IN(items, value);
    case SCN_FEATURES:
        return NAME_IN(features, value);
    default:
        return NULL;
    }
}

uint32_t scn_role_of(const struct scn_scenario *scenario, const struct scn_record *step)
{
    const struct scn_record_type *type = scn_type_of(step->tag);
    /* A step that has a role begins with it, but for the one that begins with a header. */
    uint32_t field = step->tag == SCN_TAG_ADD_CHAIN ? (uint32_t)SCN_ADD_CHAIN_F_ROLE : 0;

    if (scn_has(step, field) && type != NULL && type->fields[field].type == SCN_ROLE) {
        return (uint32_t)step->value[field];
    }
    if (scenario->queue_count > 0) {
        return (uint32_t)scn_get(&scenario->queues[0], SCN_QUEUE_F_ROLE, VVS_QUEUE_TX);
    }
    return VVS_QUEUE_TX;
}
