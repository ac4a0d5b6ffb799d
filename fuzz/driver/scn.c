/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* scn: scenarios between bytes, JSON, a drawing and packets; the field table for other tools. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "json.h"
#include "packets.h"
#include "scn_resolve.h"

enum { EXIT_CLEAN = 0, EXIT_FINDINGS = 1, EXIT_USAGE = 2, EXIT_SETUP = 3 };

static const char usage[] =
    "Usage: scn json FILE...           scenario bytes as JSON, one after the other\n"
    "       scn bytes FILE [-o OUT]    JSON as canonical scenario bytes\n"
    "       scn draw FILE              bytes or JSON as a drawing of memory, chains and steps\n"
    "       scn packets FILE           what the guest offers and is sent, a line of JSON each\n"
    "       scn resolve [FILE...]      bytes or JSON as a request to an adapter, a line each; "
    "without\n"
    "                                  FILE, JSON from standard input, a scenario a line\n"
    "       scn fields                 every record and field, names and bounds, as JSON\n"
    "\n"
    "FILE may be - for standard input; output goes to standard output unless -o names a file.\n"
    "Exit: 0 done, 1 the file is no scenario, 2 usage, 3 a file can't be read or written.\n"
    "\n"
    "Examples:\n"
    "  scn json corpus/tx_packet/seed/tx-framing-split-header-1\n"
    "  scn bytes crash.json -o crash\n"
    "  scn draw crash\n"
    "  scn resolve crash\n";

static const char no_memory[] = "no memory for the guest; see ulimit -v";

static struct scn_scenario scenario;

__attribute__((format(printf, 2, 3), noreturn)) static void stop(int code, const char *format, ...)
{
    va_list args;

    (void)fputs("scn: ", stderr);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
    exit(code);
}

/* What was read: one byte more than any scenario may have, so that too much is noticed. */
static struct {
    char bytes[SCN_JSON_MAX_BYTES + 1];
    size_t len;
} text;

static void read_file(const char *name)
{
    bool standard = strcmp(name, "-") == 0;
    FILE *file = standard ? stdin : fopen(name, "rb");
    bool failed;

    if (file == NULL) {
        stop(EXIT_SETUP, "can't open %s: %s; name a file that is there, or -", name,
             strerror(errno));
    }
    text.len = fread(text.bytes, 1, sizeof text.bytes, file);
    failed = ferror(file) != 0;
    if (!standard) {
        (void)fclose(file);
    }
    if (failed) {
        stop(EXIT_SETUP, "can't read %s: %s; name a file, or -", name, strerror(errno));
    }
}

static void read_bytes(const char *name)
{
    if (text.len > SCN_JSON_MAX_BYTES) {
        stop(EXIT_FINDINGS, "%s: more than %u bytes; see fuzz/scenario/FORMAT.md", name,
             SCN_JSON_MAX_BYTES);
    }
    scn_decode(&scenario, (const uint8_t *)text.bytes, text.len);
}

static void read_json(const char *name)
{
    char error[SCN_JSON_ERROR_BYTES];

    if (!scn_json_parse(&scenario, error, text.bytes, text.len)) {
        stop(EXIT_FINDINGS, "%s: %s; see fuzz/scenario/FORMAT.md", name, error);
    }
}

/* Bytes begin with their version, which is no character that JSON begins with. */
static bool looks_like_json(void)
{
    size_t at = 0;

    while (at < text.len && isspace((unsigned char)text.bytes[at])) {
        at++;
    }
    return at < text.len && text.bytes[at] == '{';
}

static void close_output(FILE *out, const char *name)
{
    bool failed = ferror(out) != 0;

    if (fclose(out) != 0 || failed) {
        stop(EXIT_SETUP, "can't write %s; name another file", name);
    }
}

static void print_json(cJSON *json)
{
    scn_json_print(stdout, json);
    cJSON_Delete(json);
}

static void to_json(const char *name)
{
    read_file(name);
    read_bytes(name);
    print_json(scn_json_write(&scenario));
}

static void to_bytes(const char *name, const char *out_name)
{
    static uint8_t bytes[SCN_MAX_ENCODED];
    FILE *out;
    size_t len;

    read_file(name);
    read_json(name);
    out = out_name == NULL ? stdout : fopen(out_name, "wb");
    if (out == NULL) {
        stop(EXIT_SETUP, "can't open %s: %s; name another file", out_name, strerror(errno));
    }
    len = scn_encode(bytes, sizeof bytes, &scenario);
    (void)fwrite(bytes, 1, len, out);
    if (out_name != NULL) {
        close_output(out, out_name);
    }
}

static void read_either(const char *name)
{
    read_file(name);
    if (looks_like_json()) {
        read_json(name);
    } else {
        read_bytes(name);
    }
}

static void to_drawing(const char *name)
{
    read_either(name);
    if (!draw_scenario(stdout, &scenario)) {
        stop(EXIT_SETUP, no_memory);
    }
}

static void to_packets(const char *name)
{
    read_either(name);
    if (!packets_print(stdout, &scenario)) {
        stop(EXIT_SETUP, no_memory);
    }
}

static void to_requests(char **names, int count)
{
    if (!scn_resolve_start()) {
        stop(EXIT_SETUP, no_memory);
    }
    for (int i = 0; i < count; i++) {
        read_either(names[i]);
        scn_resolve(stdout, &scenario);
    }
    if (count == 0 && !scn_resolve_lines(stdout, stdin)) {
        stop(EXIT_SETUP, "can't read standard input; name files");
    }
}

static cJSON *field_json(const struct scn_field *field)
{
    static const char *const types[] = {
        [SCN_U8] = "U8",     [SCN_U16] = "U16",     [SCN_U32] = "U32",
        [SCN_U64] = "U64",   [SCN_BYTES] = "BYTES", [SCN_FEATURES] = "FEATURES",
        [SCN_ROLE] = "ROLE", [SCN_WORD] = "WORD",   [SCN_ITEM] = "ITEM",
    };
    cJSON *json = cJSON_CreateObject();
    char maximum[2 + 16 + 1];

    (void)snprintf(maximum, sizeof maximum, "%#" PRIx64, field->maximum);
    cJSON_AddStringToObject(json, "name", field->name);
    cJSON_AddStringToObject(json, "type", types[field->type]);
    cJSON_AddStringToObject(json, "maximum", maximum);
    return json;
}

static cJSON *records_json(void)
{
    cJSON *list = cJSON_CreateArray();
    const struct scn_record_type *type;

    for (uint32_t i = 0; (type = scn_type_at(i)) != NULL; i++) {
        cJSON *record = cJSON_CreateObject();
        cJSON *fields = cJSON_CreateArray();
        for (uint32_t k = 0; k < type->field_count; k++) {
            cJSON_AddItemToArray(fields, field_json(&type->fields[k]));
        }
        cJSON_AddStringToObject(record, "name", type->name);
        cJSON_AddNumberToObject(record, "tag", type->tag);
        cJSON_AddItemToObject(record, "fields", fields);
        cJSON_AddItemToArray(list, record);
    }
    return list;
}

/* {"rx": 0, ...}: every named value of a type. */
static cJSON *names_json(enum scn_type type)
{
    cJSON *names = cJSON_CreateObject();

    for (uint32_t value = 0; value < 64; value++) {
        if (scn_value_name(type, value) != NULL) {
            cJSON_AddNumberToObject(names, scn_value_name(type, value), value);
        }
    }
    return names;
}

static cJSON *bounds_json(void)
{
    cJSON *bounds = cJSON_CreateObject();

    cJSON_AddNumberToObject(bounds, "regions", SCN_MAX_REGIONS);
    cJSON_AddNumberToObject(bounds, "queues", SCN_MAX_QUEUES);
    cJSON_AddNumberToObject(bounds, "spans", SCN_MAX_SPANS);
    cJSON_AddNumberToObject(bounds, "races", SCN_MAX_RACES);
    cJSON_AddNumberToObject(bounds, "steps", SCN_MAX_STEPS);
    cJSON_AddNumberToObject(bounds, "elements", SCN_MAX_ELEMENTS);
    cJSON_AddNumberToObject(bounds, "literal bytes", SCN_MAX_BLOB);
    cJSON_AddNumberToObject(bounds, "encoded bytes", SCN_MAX_ENCODED);
    return bounds;
}

static void print_fields(void)
{
    cJSON *json = cJSON_CreateObject();

    cJSON_AddNumberToObject(json, "version", SCN_VERSION);
    cJSON_AddItemToObject(json, "bounds", bounds_json());
    cJSON_AddItemToObject(json, "records", records_json());
    cJSON_AddItemToObject(json, "roles", names_json(SCN_ROLE));
    cJSON_AddItemToObject(json, "words", names_json(SCN_WORD));
    cJSON_AddItemToObject(json, "items", names_json(SCN_ITEM));
    cJSON_AddItemToObject(json, "features", names_json(SCN_FEATURES));
    print_json(json);
}

int main(int argc, char **argv)
{
    const char *command = argc > 1 ? argv[1] : "";

    if (strcmp(command, "--help") == 0 || strcmp(command, "-h") == 0) {
        (void)fputs(usage, stdout);
    } else if (strcmp(command, "json") == 0 && argc >= 3) {
        for (int i = 2; i < argc; i++) {
            to_json(argv[i]);
        }
    } else if (strcmp(command, "bytes") == 0 && argc == 3) {
        to_bytes(argv[2], NULL);
    } else if (strcmp(command, "bytes") == 0 && argc == 5 && strcmp(argv[3], "-o") == 0) {
        to_bytes(argv[2], argv[4]);
    } else if (strcmp(command, "draw") == 0 && argc == 3) {
        to_drawing(argv[2]);
    } else if (strcmp(command, "packets") == 0 && argc == 3) {
        to_packets(argv[2]);
    } else if (strcmp(command, "resolve") == 0) {
        to_requests(argv + 2, argc - 2);
    } else if (strcmp(command, "fields") == 0 && argc == 2) {
        print_fields();
    } else {
        stop(EXIT_USAGE, "bad arguments; want: json FILE... | bytes FILE [-o OUT] | draw FILE | "
                         "packets FILE | resolve [FILE...] | fields");
    }
    close_output(stdout, "standard output");
    return EXIT_CLEAN;
}
