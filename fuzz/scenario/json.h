/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Scenarios as JSON, for tools only: fuzz targets never link this. FORMAT.md, JSON, is the
 * description.
 *
 * Reading is strict: an unknown or repeated key, a wrong type, a value out of range or too many
 * records is an error that names its place ("steps[2].serve.max: 1025 is above 1024"), never
 * silently taken. Writing aborts when out of memory. */
#ifndef SCN_JSON_H
#define SCN_JSON_H

#include <stdio.h>

#include <cjson/cJSON.h>

#include "scenario.h"

#define SCN_JSON_MAX_BYTES (16u << 20)
#define SCN_JSON_ERROR_BYTES 256u

/* scn_json_parse reads text, which may hold anything, as a scenario.
 *
 * Returns  false with one line in `out_error`
 * Out      `out_scenario` is the empty scenario on failure. */
bool scn_json_parse(struct scn_scenario *out_scenario, char out_error[SCN_JSON_ERROR_BYTES],
                    const char *text, size_t len);

/* scn_json_text parses text without asking what it means: what strictness is lost in cJSON is
 * done here (size, NUL bytes, trailing garbage, the place of an error).
 *
 * Returns  the value, to be freed by cJSON_Delete; NULL with one line in `out_error` */
cJSON *scn_json_text(char out_error[SCN_JSON_ERROR_BYTES], const char *text, size_t len);

/* scn_json_read reads a scenario out of a parsed value. Returns and Out as scn_json_parse. */
bool scn_json_read(struct scn_scenario *out_scenario, char out_error[SCN_JSON_ERROR_BYTES],
                   const cJSON *json);

/* scn_json_write makes the whole scenario.
 *
 * Returns  an object, to be freed by cJSON_Delete. */
cJSON *scn_json_write(const struct scn_scenario *scenario);

/* scn_json_record makes one record's fields, with the elements of an add_chain; without its name.
 *
 * Returns  an object, to be freed by cJSON_Delete. */
cJSON *scn_json_record(const struct scn_scenario *scenario, const struct scn_record *record);

/* scn_json_print prints for people: the members of an object a line each, those that are lists of
 * objects an entry a line. Ends with a newline. */
void scn_json_print(FILE *out, const cJSON *json);

#endif
