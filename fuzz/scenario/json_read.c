/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

#include "vvs/spec.h"

#define PATH_BYTES 96
#define HEX_DIGITS "0123456789abcdef"
#define SHOWN_BYTES 40 /* of a text that is quoted in an error */

struct place {
    char *error;
    struct scn_scenario *scenario;
    size_t len;
    char path[PATH_BYTES];
};

__attribute__((format(printf, 2, 3))) static bool fail(struct place *place, const char *format, ...)
{
    va_list args;
    size_t at = 0;

    if (place->len > 0) {
        at = (size_t)snprintf(place->error, SCN_JSON_ERROR_BYTES, "%s: ", place->path);
    }
    va_start(args, format);
    (void)vsnprintf(place->error + at, SCN_JSON_ERROR_BYTES - at, format, args);
    va_end(args);
    return false;
}

/* Text out of the input, cut and without what would break a line. */
struct shown {
    char text[SHOWN_BYTES + 4];
};

static struct shown shown(const char *text)
{
    struct shown out;
    size_t len = 0;

    for (; len < SHOWN_BYTES && text[len] != '\0'; len++) {
        out.text[len] = (char)(isprint((unsigned char)text[len]) ? text[len] : '?');
    }
    (void)snprintf(out.text + len, sizeof "...", "%s", text[len] != '\0' ? "..." : "");
    return out;
}

/* Paths are made of names of the tables and of small numbers, so they fit. */
static size_t enter_name(struct place *place, const char *name)
{
    size_t back = place->len;

    place->len +=
        (size_t)snprintf(place->path + back, PATH_BYTES - back, "%s%s", back > 0 ? "." : "", name);
    return back;
}

static size_t enter_index(struct place *place, uint32_t index)
{
    size_t back = place->len;

    place->len += (size_t)snprintf(place->path + back, PATH_BYTES - back, "[%u]", index);
    return back;
}

static void leave(struct place *place, size_t back)
{
    place->len = back;
    place->path[back] = '\0';
}

static bool read_number(struct place *place, const cJSON *json, uint64_t maximum, uint64_t *out)
{
    double value = json->valuedouble;

    if (!cJSON_IsNumber(json)) {
        return fail(place, "a number is wanted");
    }
    if (value < 0) {
        return fail(place, "%.15g is below 0", value);
    }
    if (value > (double)maximum) {
        return fail(place, "%.15g is above %llu", value, (unsigned long long)maximum);
    }
    if (value != (double)(uint64_t)value) {
        return fail(place, "%.15g is no whole number", value);
    }
    *out = (uint64_t)value;
    return true;
}

static bool read_hex_number(struct place *place, const cJSON *json, uint64_t *out)
{
    const char *text = json->valuestring;
    size_t len;

    if (!cJSON_IsString(json)) {
        return fail(place, "a string \"0x...\" is wanted");
    }
    len = strlen(text);
    if (strncmp(text, "0x", 2) != 0 || len < 3 || len > 18 ||
        strspn(text + 2, HEX_DIGITS) != len - 2) {
        return fail(place, "\"%s\" is not 0x and 1 to 16 digits of 0-9a-f", shown(text).text);
    }
    *out = strtoull(text + 2, NULL, 16);
    return true;
}

static bool read_name(struct place *place, const cJSON *json, const struct scn_field *field,
                      uint64_t *out)
{
    if (!cJSON_IsString(json)) {
        return fail(place, "a name is wanted");
    }
    for (uint64_t value = 0; value <= field->maximum; value++) {
        if (strcmp(json->valuestring, scn_value_name(field->type, value)) == 0) {
            *out = value;
            return true;
        }
    }
    return fail(place, "unknown name \"%s\"", shown(json->valuestring).text);
}

/* "bit-N" is for bits without a name alone, so that each set has one spelling. */
static uint32_t feature_bit(const char *name)
{
    char unnamed[sizeof "bit-63"];

    for (uint32_t bit = 0; bit < 64; bit++) {
        const char *known = scn_value_name(SCN_FEATURES, bit);
        (void)snprintf(unnamed, sizeof unnamed, "bit-%u", (unsigned)(bit & 63u));
        if (strcmp(name, known != NULL ? known : unnamed) == 0) {
            return bit;
        }
    }
    return 64;
}

static bool read_features(struct place *place, const cJSON *json, uint64_t *out)
{
    const cJSON *name;
    uint64_t features = 0;
    uint32_t bit;

    if (!cJSON_IsArray(json)) {
        return fail(place, "a list of feature names is wanted");
    }
    cJSON_ArrayForEach(name, json)
    {
        if (!cJSON_IsString(name)) {
            return fail(place, "a list of feature names is wanted");
        }
        bit = feature_bit(name->valuestring);
        if (bit == 64) {
            return fail(place, "unknown feature \"%s\"", shown(name->valuestring).text);
        }
        if ((features >> bit & 1u) != 0) {
            return fail(place, "\"%s\" is said twice", shown(name->valuestring).text);
        }
        features |= VVS_FEATURE(bit);
    }
    *out = features;
    return true;
}

static uint8_t hex_digit(char digit)
{
    return (uint8_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

static bool read_bytes(struct place *place, const cJSON *json, uint64_t maximum,
                       struct scn_record *out)
{
    const char *text = json->valuestring;
    uint8_t bytes[4096];
    size_t len;

    if (!cJSON_IsString(json)) {
        return fail(place, "a string of hex digits is wanted");
    }
    len = strlen(text);
    if (len % 2 != 0 || strspn(text, HEX_DIGITS) != len) {
        return fail(place, "\"%s\" is not digits of 0-9a-f in pairs", shown(text).text);
    }
    len /= 2;
    if (len > maximum || len > sizeof bytes) {
        return fail(place, "%zu bytes are above %llu", len, (unsigned long long)maximum);
    }
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(hex_digit(text[2 * i]) << 4 | hex_digit(text[2 * i + 1]));
    }
    if (scn_add_bytes(place->scenario, out, bytes, (uint32_t)len) != len) {
        return fail(place, "more than %u literal bytes in all", SCN_MAX_BLOB);
    }
    return true;
}

static bool read_value(struct place *place, const cJSON *json, const struct scn_field *field,
                       uint32_t number, struct scn_record *out)
{
    switch (field->type) {
    case SCN_BYTES:
        return read_bytes(place, json, field->maximum, out);
    case SCN_FEATURES:
        return read_features(place, json, &out->value[number]);
    case SCN_U64:
        return read_hex_number(place, json, &out->value[number]);
    case SCN_ROLE:
    case SCN_WORD:
    case SCN_ITEM:
        return read_name(place, json, field, &out->value[number]);
    default:
        return read_number(place, json, field->maximum, &out->value[number]);
    }
}

static bool read_field(struct place *place, const cJSON *json, const struct scn_record_type *type,
                       struct scn_record *out)
{
    size_t back;
    bool ok;

    for (uint32_t i = 0; i < type->field_count; i++) {
        if (strcmp(json->string, type->fields[i].name) != 0) {
            continue;
        }
        back = enter_name(place, type->fields[i].name);
        ok = scn_has(out, i) ? fail(place, "said twice")
                             : read_value(place, json, &type->fields[i], i, out);
        leave(place, back);
        out->present |= 1u << i;
        return ok;
    }
    return fail(place, "unknown key \"%s\"", shown(json->string).text);
}

static bool read_elements(struct place *place, const cJSON *json, struct scn_record *chain);

static bool read_record(struct place *place, const cJSON *json, const struct scn_record_type *type,
                        struct scn_record *out)
{
    const cJSON *member;
    bool elements_said = false;
    bool ok;

    *out = (struct scn_record){.tag = (uint8_t)type->tag};
    if (!cJSON_IsObject(json)) {
        return fail(place, "an object is wanted");
    }
    cJSON_ArrayForEach(member, json)
    {
        if (type->tag == SCN_TAG_ADD_CHAIN && strcmp(member->string, "elements") == 0) {
            ok = elements_said ? fail(place, "elements is said twice")
                               : read_elements(place, member, out);
            elements_said = true;
        } else {
            ok = read_field(place, member, type, out);
        }
        if (!ok) {
            return false;
        }
    }
    return true;
}

static bool read_elements(struct place *place, const cJSON *json, struct scn_record *chain)
{
    struct scn_scenario *scenario = place->scenario;
    size_t back = enter_name(place, "elements");
    const cJSON *entry;

    if (!cJSON_IsArray(json)) {
        return fail(place, "a list is wanted");
    }
    chain->element_first = scenario->element_count;
    cJSON_ArrayForEach(entry, json)
    {
        size_t list = enter_index(place, chain->element_count);
        if (scenario->element_count == SCN_MAX_ELEMENTS) {
            return fail(place, "more than %u elements in all", SCN_MAX_ELEMENTS);
        }
        if (!read_record(place, entry, scn_type_of(SCN_TAG_ELEMENT),
                         &scenario->elements[scenario->element_count])) {
            return false;
        }
        scenario->element_count++;
        chain->element_count++;
        leave(place, list);
    }
    leave(place, back);
    return true;
}

static bool read_step(struct place *place, const cJSON *json, struct scn_record *out)
{
    const struct scn_record_type *type;
    const cJSON *body;

    if (!cJSON_IsObject(json) || cJSON_GetArraySize(json) != 1) {
        return fail(place, "an object of one key, the step's name, is wanted");
    }
    body = json->child;
    for (uint32_t i = 0; (type = scn_type_at(i)) != NULL; i++) {
        if (type->tag >= SCN_FIRST_STEP_TAG && strcmp(type->name, body->string) == 0) {
            size_t back = enter_name(place, type->name);
            bool ok = read_record(place, body, type, out);
            leave(place, back);
            return ok;
        }
    }
    return fail(place, "unknown step \"%s\"", shown(body->string).text);
}

static uint64_t role_of_queue(const struct scn_record *queue)
{
    return scn_get(queue, SCN_QUEUE_F_ROLE, VVS_QUEUE_TX);
}

static bool queue_is_new(struct place *place)
{
    const struct scn_scenario *scenario = place->scenario;
    const struct scn_record *queue = &scenario->queues[scenario->queue_count];

    for (uint32_t i = 0; i < scenario->queue_count; i++) {
        if (role_of_queue(&scenario->queues[i]) == role_of_queue(queue)) {
            return fail(place, "queue %s is said twice",
                        scn_value_name(SCN_ROLE, role_of_queue(queue)));
        }
    }
    return true;
}

static bool read_entry(struct place *place, const cJSON *json, uint8_t tag, struct scn_record *out)
{
    if (tag >= SCN_FIRST_STEP_TAG) {
        return read_step(place, json, out);
    }
    return read_record(place, json, scn_type_of(tag), out) &&
           (tag != SCN_TAG_QUEUE || queue_is_new(place));
}

static bool read_list(struct place *place, const cJSON *json, uint8_t tag)
{
    struct scn_list list = scn_list_of(place->scenario, tag);
    const cJSON *entry;

    if (!cJSON_IsArray(json)) {
        return fail(place, "a list is wanted");
    }
    cJSON_ArrayForEach(entry, json)
    {
        size_t back;
        if (*list.count == list.capacity) {
            return fail(place, "more than %u entries", list.capacity);
        }
        back = enter_index(place, *list.count);
        if (!read_entry(place, entry, tag, &list.records[*list.count])) {
            return false;
        }
        (*list.count)++;
        leave(place, back);
    }
    return true;
}

static bool read_version(struct place *place, const cJSON *json)
{
    uint64_t version;

    if (!read_number(place, json, UINT32_MAX, &version)) {
        return false;
    }
    return version == SCN_VERSION ||
           fail(place, "%u is not version %u", (unsigned)version, SCN_VERSION);
}

static bool read_part(struct place *place, const cJSON *json, uint8_t tag)
{
    switch (tag) {
    case 0:
        return read_version(place, json);
    case SCN_TAG_IMAGE:
        return read_record(place, json, scn_type_of(tag), &place->scenario->image);
    default:
        return read_list(place, json, tag);
    }
}

static const struct part {
    const char *name;
    uint8_t tag; /* of its records, any step's for steps, 0 for none */
} parts[] = {
    {"version", 0},
    {"image", SCN_TAG_IMAGE},
    {"regions", SCN_TAG_REGION},
    {"queues", SCN_TAG_QUEUE},
    {"spans", SCN_TAG_SPAN},
    {"races", SCN_TAG_RACE},
    {"steps", SCN_FIRST_STEP_TAG},
};
#define PART_COUNT (sizeof parts / sizeof parts[0])

static size_t part_number(const char *name)
{
    size_t number = 0;

    while (number < PART_COUNT && strcmp(parts[number].name, name) != 0) {
        number++;
    }
    return number;
}

static bool read_parts(struct place *place, const cJSON *json)
{
    bool said[PART_COUNT + 1] = {false};
    const cJSON *member;

    if (!cJSON_IsObject(json)) {
        return fail(place, "a scenario is an object");
    }
    cJSON_ArrayForEach(member, json)
    {
        size_t number = part_number(member->string);
        size_t back;
        if (number == PART_COUNT) {
            return fail(place, "unknown key \"%s\"", shown(member->string).text);
        }
        back = enter_name(place, parts[number].name);
        if (said[number]) {
            return fail(place, "said twice");
        }
        said[number] = true;
        if (!read_part(place, member, parts[number].tag)) {
            return false;
        }
        leave(place, back);
    }
    return true;
}

bool scn_json_read(struct scn_scenario *out_scenario, char out_error[SCN_JSON_ERROR_BYTES],
                   const cJSON *json)
{
    struct place place = {.error = out_error, .scenario = out_scenario};

    scn_init(out_scenario);
    if (read_parts(&place, json)) {
        return true;
    }
    scn_init(out_scenario);
    return false;
}

/* cJSON takes control bytes for blanks and ends a string at an escaped NUL: neither may pass.
 *
 * Returns  the offset of the first such place, or `len`. */
static size_t find_hidden(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < 0x20 && text[i] != '\n' && text[i] != '\r' &&
            text[i] != '\t') {
            return i;
        }
        if (text[i] == '\\') {
            if (len - i >= 6 && memcmp(text + i, "\\u0000", 6) == 0) {
                return i;
            }
            i++;
        }
    }
    return len;
}

static size_t skip_blanks(const char *text, size_t at, size_t len)
{
    while (at < len && strchr(" \t\r\n", text[at]) != NULL) {
        at++;
    }
    return at;
}

static cJSON *not_json(char *error, const char *text, size_t at)
{
    size_t line = 1;
    size_t column = 1;

    for (size_t i = 0; i < at; i++) {
        line += text[i] == '\n';
        column = text[i] == '\n' ? 1 : column + 1;
    }
    (void)snprintf(error, SCN_JSON_ERROR_BYTES, "line %zu, column %zu: this is not JSON", line,
                   column);
    return NULL;
}

cJSON *scn_json_text(char out_error[SCN_JSON_ERROR_BYTES], const char *text, size_t len)
{
    const char *end = text;
    size_t hidden;
    cJSON *json;

    if (len > SCN_JSON_MAX_BYTES) {
        (void)snprintf(out_error, SCN_JSON_ERROR_BYTES, "%zu bytes are above %u", len,
                       SCN_JSON_MAX_BYTES);
        return NULL;
    }
    hidden = find_hidden(text, len);
    if (hidden < len) {
        return not_json(out_error, text, hidden);
    }
    json = cJSON_ParseWithLengthOpts(text, len, &end, false);
    if (json == NULL || skip_blanks(text, (size_t)(end - text), len) != len) {
        cJSON_Delete(json);
        return not_json(out_error, text, skip_blanks(text, (size_t)(end - text), len));
    }
    return json;
}

bool scn_json_parse(struct scn_scenario *out_scenario, char out_error[SCN_JSON_ERROR_BYTES],
                    const char *text, size_t len)
{
    cJSON *json = scn_json_text(out_error, text, len);
    bool ok;

    scn_init(out_scenario);
    if (json == NULL) {
        return false;
    }
    ok = scn_json_read(out_scenario, out_error, json);
    cJSON_Delete(json);
    return ok;
}
