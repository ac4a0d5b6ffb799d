/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdlib.h>

#include "json.h"
#include "json_build.h"

static cJSON *feature_list(uint64_t features)
{
    cJSON *list = json_made(cJSON_CreateArray());

    for (uint32_t bit = 0; bit < 64; bit++) {
        const char *name = scn_value_name(SCN_FEATURES, bit);
        char unnamed[sizeof "bit-63"];
        if ((features >> bit & 1u) == 0) {
            continue;
        }
        (void)snprintf(unnamed, sizeof unnamed, "bit-%u", (unsigned)(bit & 63u));
        json_append(list, cJSON_CreateString(name != NULL ? name : unnamed));
    }
    return list;
}

static cJSON *field_value(const struct scn_scenario *scenario, const struct scn_record *record,
                          uint32_t number, enum scn_type type)
{
    switch (type) {
    case SCN_BYTES:
        return json_hex_bytes(scenario->blob + record->bytes_at, record->bytes_len);
    case SCN_FEATURES:
        return feature_list(record->value[number]);
    case SCN_U64:
        return json_hex_number(record->value[number]);
    case SCN_ROLE:
    case SCN_WORD:
    case SCN_ITEM:
        return cJSON_CreateString(scn_value_name(type, record->value[number]));
    default:
        return cJSON_CreateNumber((double)record->value[number]);
    }
}

cJSON *scn_json_record(const struct scn_scenario *scenario, const struct scn_record *record)
{
    const struct scn_record_type *type = scn_type_of(record->tag);
    cJSON *object = json_made(cJSON_CreateObject());
    cJSON *elements;

    for (uint32_t i = 0; i < type->field_count; i++) {
        if (scn_has(record, i)) {
            json_add(object, type->fields[i].name,
                     field_value(scenario, record, i, type->fields[i].type));
        }
    }
    if (record->tag != SCN_TAG_ADD_CHAIN || record->element_count == 0) {
        return object;
    }
    elements = json_made(cJSON_CreateArray());
    for (uint32_t i = 0; i < record->element_count; i++) {
        json_append(elements,
                    scn_json_record(scenario, &scenario->elements[record->element_first + i]));
    }
    json_add(object, "elements", elements);
    return object;
}

static void add_list(cJSON *object, const char *name, const struct scn_scenario *scenario,
                     const struct scn_record *records, uint32_t count)
{
    cJSON *list;

    if (count == 0) {
        return;
    }
    list = json_made(cJSON_CreateArray());
    for (uint32_t i = 0; i < count; i++) {
        json_append(list, scn_json_record(scenario, &records[i]));
    }
    json_add(object, name, list);
}

static void add_steps(cJSON *object, const struct scn_scenario *scenario)
{
    cJSON *list;

    if (scenario->step_count == 0) {
        return;
    }
    list = json_made(cJSON_CreateArray());
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        cJSON *step = json_made(cJSON_CreateObject());
        json_add(step, scn_type_of(scenario->steps[i].tag)->name,
                 scn_json_record(scenario, &scenario->steps[i]));
        json_append(list, step);
    }
    json_add(object, "steps", list);
}

cJSON *scn_json_write(const struct scn_scenario *scenario)
{
    cJSON *object = json_made(cJSON_CreateObject());

    json_add(object, "version", cJSON_CreateNumber(SCN_VERSION));
    if (scenario->image.present != 0) {
        json_add(object, "image", scn_json_record(scenario, &scenario->image));
    }
    add_list(object, "regions", scenario, scenario->regions, scenario->region_count);
    add_list(object, "queues", scenario, scenario->queues, scenario->queue_count);
    add_list(object, "spans", scenario, scenario->spans, scenario->span_count);
    add_list(object, "races", scenario, scenario->races, scenario->race_count);
    add_steps(object, scenario);
    return object;
}

static void print_scalar(FILE *out, const cJSON *json)
{
    char *text = cJSON_PrintUnformatted(json);

    if (text == NULL) {
        abort();
    }
    (void)fputs(text, out);
    cJSON_free(text);
}

static void print_key(FILE *out, const cJSON *member)
{
    cJSON key = {.type = cJSON_String, .valuestring = member->string};

    if (member->string != NULL) {
        print_scalar(out, &key);
        (void)fputs(": ", out);
    }
}

static void print_inline(FILE *out, const cJSON *json)
{
    bool list = cJSON_IsArray(json);

    if (!list && !cJSON_IsObject(json)) {
        print_scalar(out, json);
        return;
    }
    (void)fputc(list ? '[' : '{', out);
    for (const cJSON *member = json->child; member != NULL; member = member->next) {
        print_key(out, member);
        print_inline(out, member);
        (void)fputs(member->next != NULL ? ", " : "", out);
    }
    (void)fputc(list ? ']' : '}', out);
}

static void print_member(FILE *out, const cJSON *member)
{
    (void)fputs("  ", out);
    print_key(out, member);
    if (!cJSON_IsArray(member) || !cJSON_IsObject(member->child)) {
        print_inline(out, member);
        return;
    }
    (void)fputs("[\n", out);
    for (const cJSON *entry = member->child; entry != NULL; entry = entry->next) {
        (void)fputs("    ", out);
        print_inline(out, entry);
        (void)fputs(entry->next != NULL ? ",\n" : "\n", out);
    }
    (void)fputs("  ]", out);
}

void scn_json_print(FILE *out, const cJSON *json)
{
    if (!cJSON_IsObject(json)) {
        print_inline(out, json);
        (void)fputc('\n', out);
        return;
    }
    (void)fputs("{\n", out);
    for (const cJSON *member = json->child; member != NULL; member = member->next) {
        print_member(out, member);
        (void)fputs(member->next != NULL ? ",\n" : "\n", out);
    }
    (void)fputs("}\n", out);
}
