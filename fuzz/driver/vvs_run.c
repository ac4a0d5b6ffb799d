/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* vvs-run: the library, or another implementation in a shared object, under test. Scenarios come in
 * as JSON, one a line; each gets one line of JSON back, at once. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "iut_load.h"
#include "json.h"
#include "json_build.h"
#include "run_iut.h"
#include "stray.h"

static const char help[] =
    "usage: vvs-run [--iut FILE.so [--hello]] < SCENARIOS\n"
    "\n"
    "Reads scenarios as JSON, one a line, runs each against the library and writes one line for\n"
    "each: its answers, or {\"error\": \"...\"} for a line that is no scenario.\n"
    "\n"
    "  --iut FILE.so  against that implementation (conformance/adapters/vvs_iut.h); what it does\n"
    "                 not support gets {\"unsupported\": \"...\"}\n"
    "  --hello        only say what it is and supports\n"
    "\n"
    "exit: 0 done, 2 bad usage, 3 the file or the memory of a guest is not to be had\n"
    "example:\n"
    "  echo '{\"steps\": [{\"add_chain\": {\"payload\": \"6869\"}}, {\"serve\": {}}]}' | vvs-run\n";

enum { EXIT_USAGE = 2, EXIT_SETUP = 3 };

static struct run run;
static struct run_iut other;
static struct stray stray;
static struct scn_scenario scenario;
static uint8_t payloads[8u << 20]; /* more than RUN_MAX_READ: what rx chains were sent, too */

static void print_line(cJSON *object)
{
    char *text = cJSON_PrintUnformatted(json_made(object));
    puts(text != NULL ? text : "{\"error\": \"out of memory\"}");
    free(text);
    cJSON_Delete(object);
}

static void print_text(const char *name, const char *text)
{
    cJSON *object = json_made(cJSON_CreateObject());
    json_add(object, name, cJSON_CreateString(text));
    print_line(object);
}

static void print_answers(void)
{
    char *text = answer_to_json(&run);
    puts(text != NULL ? text : "{\"error\": \"out of memory\"}");
    free(text);
}

static void print_hello(const struct vvs_iut *iut)
{
    cJSON *line = json_made(cJSON_CreateObject());
    cJSON *hello = json_made(cJSON_CreateObject());
    cJSON *supports = json_made(cJSON_CreateArray());
    for (uint32_t bits = iut->supports; iut_support_name(bits) != NULL; bits &= bits - 1) {
        json_append(supports, cJSON_CreateString(iut_support_name(bits)));
    }
    json_add(hello, "protocol", cJSON_CreateNumber(1));
    json_add(hello, "name", cJSON_CreateString(iut->name));
    json_add(hello, "version", cJSON_CreateString(iut->version));
    json_add(hello, "supports", supports);
    json_add(line, "hello", hello);
    print_line(line);
}

static void answer_of_other(void)
{
    uint32_t missing = run_iut_scenario(&other, &run, &scenario, &stray.hooks);
    if (missing != 0) {
        print_text("unsupported", iut_support_name(missing));
    } else if (other.crashed) {
        fprintf(stderr, "vvs-run: %s says that it crashed\n", other.iut->name);
        abort();
    } else if (!run.unmappable && !guest_gaps_intact(&run.guest)) {
        fprintf(stderr, "vvs-run: %s wrote behind a region of guest memory\n", other.iut->name);
        abort();
    } else if (other.unsupported && !run.unmappable) {
        print_text("unsupported", "it made no device of this image");
    } else {
        print_answers();
    }
}

static void answer(const char *line, size_t len)
{
    char error[SCN_JSON_ERROR_BYTES];
    if (!scn_json_parse(&scenario, error, line, len)) {
        print_text("error", error);
    } else if (other.iut != NULL) {
        answer_of_other();
    } else {
        run_scenario(&run, &scenario, &stray.hooks);
        print_answers();
    }
}

static int answer_lines(void)
{
    if (!run_init(&run)) {
        fputs("vvs-run: the host grants no memory for a guest; see ulimit -v\n", stderr);
        return EXIT_SETUP;
    }
    run.payload_store = payloads;
    run.payload_capacity = sizeof payloads;
    stray_init(&stray);

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

int main(int argc, char **argv)
{
    bool hello = argc == 4 && strcmp(argv[3], "--hello") == 0;
    bool with_iut = (argc == 3 || hello) && strcmp(argv[1], "--iut") == 0;
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(help, stdout);
        return EXIT_SUCCESS;
    }
    if (argc != 1 && !with_iut) {
        fputs("vvs-run: bad arguments; want: [--iut FILE.so [--hello]], and scenarios on stdin\n",
              stderr);
        return EXIT_USAGE;
    }
    if (with_iut) {
        const struct vvs_iut *iut = iut_load("vvs-run", argv[2]);
        if (iut == NULL) {
            return EXIT_SETUP;
        }
        run_iut_init(&other, iut);
    }
    if (hello) {
        print_hello(other.iut);
        return EXIT_SUCCESS;
    }
    return answer_lines();
}
