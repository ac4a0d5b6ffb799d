/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#define _POSIX_C_SOURCE 200809L
#include "scn_resolve.h"

#include <stdlib.h>

#include "json.h"
#include "json_build.h"
#include "resolve.h"

static struct resolve resolve;

bool scn_resolve_start(void)
{
    return resolve_init(&resolve);
}

static void print_line(FILE *out, cJSON *line)
{
    char *text = cJSON_PrintUnformatted(json_made(line));
    if (text == NULL) {
        abort();
    }
    (void)fprintf(out, "%s\n", text);
    cJSON_free(text);
    cJSON_Delete(line);
}

void scn_resolve(FILE *out, const struct scn_scenario *scenario)
{
    print_line(out, resolve_scenario(&resolve, scenario));
}

static void print_error(FILE *out, const char *message)
{
    cJSON *line = json_made(cJSON_CreateObject());
    json_add(line, "error", cJSON_CreateString(message));
    print_line(out, line);
}

bool scn_resolve_lines(FILE *out, FILE *in)
{
    static struct scn_scenario scenario;
    char *text = NULL;
    size_t capacity = 0;
    for (ssize_t len; (len = getline(&text, &capacity, in)) >= 0;) {
        char error[SCN_JSON_ERROR_BYTES];
        if (scn_json_parse(&scenario, error, text, (size_t)len)) {
            scn_resolve(out, &scenario);
        } else {
            print_error(out, error);
        }
        (void)fflush(out);
    }
    free(text);
    return ferror(in) == 0;
}
