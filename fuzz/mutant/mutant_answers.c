/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* mutant-answers: does an answer to a recorded scenario tell this library from the one it is a
 * mutant of, or does an oracle? It says what it begins, and stops at the first difference. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle.h"

enum exit_code { EXIT_SAME = 0, EXIT_DIFFERENT = 1, EXIT_USAGE = 2, EXIT_SETUP = 3 };

#define MAX_INPUTS 16384u
#define MAX_INPUT (1u << 20) /* more than any input has: FORMAT.md */

static const char usage[] =
    "usage: mutant-answers RECORD [FILE...]\n"
    "With files, corpus/TARGET/KIND/NAME each: writes a number for their answers to RECORD; those\n"
    "of a target that is not part of this are left out.\n"
    "Without: looks for a difference from RECORD, then for a finding of an oracle.\n"
    "exit: 0 none, 1 a difference, 2 bad usage, 3 unreadable; any other end is a finding\n"
    "example: mutant-answers answers corpus/tx_packet/seed/live-linux-6.1-connect\n";

/* mutant_targets.inc has TARGET(NAME, INPUT) for each target that looks for faults. */
#define TARGET(name, input) int input_##name(const uint8_t *bytes, size_t len);
#include "mutant_targets.inc"
#undef TARGET

enum input_kind { INPUT_scenario, INPUT_bytes };

struct target {
    const char *name;
    enum input_kind kind;
    int (*run)(const uint8_t *bytes, size_t len);
};

static const struct target targets[] = {
#define TARGET(name, input) {#name, INPUT_##input, input_##name},
#include "mutant_targets.inc"
#undef TARGET
};

struct input {
    const struct target *target;
    uint8_t *bytes;
    size_t len;
    uint64_t digest;
};

static struct input inputs[MAX_INPUTS];
static uint32_t input_count;

/* The mutant may end the program any time: what was begun last must be out by then. */
static void begin(const char *what, const char *name)
{
    printf("%s %s\n", what, name);
    (void)fflush(stdout);
}

static const struct target *target_of(const char *path)
{
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        size_t len = strlen(targets[i].name);
        const char *found = strstr(path, "corpus/");
        found = found ? found + strlen("corpus/") : path;
        if (strncmp(found, targets[i].name, len) == 0 && found[len] == '/') {
            return &targets[i];
        }
    }
    return NULL;
}

static bool read_input(const char *path, uint64_t digest)
{
    static uint8_t buffer[MAX_INPUT];
    const struct target *target = target_of(path);
    if (!target || input_count == MAX_INPUTS) {
        fprintf(stderr, "mutant-answers: %s: %s\n", path,
                target ? "one more than can be kept" : "of no target");
        return false;
    }
    FILE *file = fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "mutant-answers: %s: %s\n", path, strerror(errno));
        return false;
    }
    size_t len = fread(buffer, 1, sizeof buffer, file);
    (void)fclose(file);
    uint8_t *bytes = malloc(len != 0 ? len : 1);
    if (!bytes) {
        return false;
    }
    memcpy(bytes, buffer, len);
    inputs[input_count++] = (struct input){target, bytes, len, digest};
    return true;
}

static uint64_t digest_of(const struct input *input)
{
    static struct run run;
    static struct scn_scenario scenario;
    static bool started;
    if (!started && !run_init(&run)) {
        fputs("mutant-answers: the host grants no memory for a guest\n", stderr);
        exit(EXIT_SETUP);
    }
    started = true;
    if (input->target->kind != INPUT_scenario) {
        return 0;
    }
    scn_decode(&scenario, input->bytes, input->len);
    run_scenario(&run, &scenario, NULL);
    return run_digest(&run);
}

static int record(const char *path, char **files, int count)
{
    FILE *out = fopen(path, "w");
    if (!out) {
        fprintf(stderr, "mutant-answers: %s: %s\n", path, strerror(errno));
        return EXIT_SETUP;
    }
    bool well = true;
    for (int i = 0; well && i < count; i++) {
        if (!target_of(files[i])) {
            continue;
        }
        well = read_input(files[i], 0);
        if (well) {
            fprintf(out, "%016" PRIx64 " %s\n", digest_of(&inputs[input_count - 1]), files[i]);
        }
    }
    return fclose(out) == 0 && well ? EXIT_SAME : EXIT_SETUP;
}

static bool read_record(const char *path)
{
    char line[4096];
    FILE *in = fopen(path, "r");
    if (!in) {
        fprintf(stderr, "mutant-answers: %s: %s\n", path, strerror(errno));
        return false;
    }
    bool well = true;
    while (well && fgets(line, sizeof line, in)) {
        char *file;
        uint64_t digest = strtoull(line, &file, 16);
        file[strcspn(file, "\n")] = '\0';
        well = *file == ' ' && read_input(file + 1, digest);
    }
    (void)fclose(in);
    return well && input_count != 0;
}

static bool same_answers(void)
{
    begin("answers", "to all scenarios");
    for (uint32_t i = 0; i < input_count; i++) {
        if (digest_of(&inputs[i]) != inputs[i].digest) {
            return false;
        }
    }
    return true;
}

static void ask_oracles(void)
{
    oracle_costly_one_in = 1;
    for (size_t k = 0; k < sizeof targets / sizeof targets[0]; k++) {
        begin("oracles of", targets[k].name);
        for (uint32_t i = 0; i < input_count; i++) {
            if (inputs[i].target == &targets[k]) {
                (void)targets[k].run(inputs[i].bytes, inputs[i].len);
            }
        }
    }
}

int main(int argc, char **argv)
{
    if (argc < 2 || argv[1][0] == '-') {
        bool asked = argc == 2 && strcmp(argv[1], "--help") == 0;
        fputs(usage, asked ? stdout : stderr);
        return asked ? EXIT_SAME : EXIT_USAGE;
    }
    if (argc > 2) {
        return record(argv[1], argv + 2, argc - 2);
    }
    if (!read_record(argv[1])) {
        return EXIT_SETUP;
    }
    if (!same_answers()) {
        return EXIT_DIFFERENT;
    }
    ask_oracles();
    return EXIT_SAME;
}
