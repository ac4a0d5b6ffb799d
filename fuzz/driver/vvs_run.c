/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* vvs-run: the library as an implementation under test. Scenarios come in as JSON, one a line;
 * each gets one line of JSON back, at once. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "json.h"

static const char help[] =
    "usage: vvs-run < SCENARIOS\n"
    "\n"
    "Reads scenarios as JSON, one a line, runs each against the library and writes one line for\n"
    "each: its answers, or {\"error\": \"...\"} for a line that is no scenario.\n"
    "\n"
    "example:\n"
    "  echo '{\"steps\": [{\"add_chain\": {\"payload\": \"6869\"}}, {\"serve\": {}}]}' | vvs-run\n";

enum { EXIT_USAGE = 2, EXIT_SETUP = 3 };

static struct run run;
static struct scn_scenario scenario;
static uint8_t payloads[8u << 20]; /* more than RUN_MAX_READ: what rx chains were sent, too */

static void print_error(const char *message)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "error", message);
    char *text = cJSON_PrintUnformatted(object);
    puts(text != NULL ? text : "{\"error\": \"out of memory\"}");
    free(text);
    cJSON_Delete(object);
}

static void answer(const char *line, size_t len)
{
    char error[SCN_JSON_ERROR_BYTES];
    if (!scn_json_parse(&scenario, error, line, len)) {
        print_error(error);
        return;
    }
    run_scenario(&run, &scenario, NULL);
    char *text = answer_to_json(&run);
    puts(text != NULL ? text : "{\"error\": \"out of memory\"}");
    free(text);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(help, stdout);
        return EXIT_SUCCESS;
    }
    if (argc != 1) {
        fprintf(stderr, "vvs-run: unknown argument %s; it reads scenarios from stdin (--help)\n",
                argv[1]);
        return EXIT_USAGE;
    }
    if (!run_init(&run)) {
        fputs("vvs-run: the host grants no memory for a guest\n", stderr);
        return EXIT_SETUP;
    }
    run.payload_store = payloads;
    run.payload_capacity = sizeof payloads;

    char *line = NULL;
    size_t capacity = 0;
    for (ssize_t len; (len = getline(&line, &capacity, stdin)) >= 0;) {
        answer(line, (size_t)len);
        fflush(stdout);
    }
    free(line);
    run_fini(&run);
    return EXIT_SUCCESS;
}
