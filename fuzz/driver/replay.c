/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* replay-TARGET: runs files through a fuzz target, without an engine. */
#define _XOPEN_SOURCE 700 /* nftw, sigaction */
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oracle.h"
#include "target.h"

enum exit_code {
    EXIT_CLEAN = 0,
    EXIT_FINDING = 1,
    EXIT_USAGE = 2,
    EXIT_SETUP = 3,
    EXIT_NOTHING = 5
};

/* More than any input has: FORMAT.md. */
#define MAX_INPUT (1u << 20)

static const char usage[] =
    "usage: %s [-v] FILE|DIRECTORY...\n"
    "Runs each file, and each file below a directory, and counts them.\n"
    "  -v      print a line for each file\n"
    "exit: 0 clean, 1 a finding (its file is named), 2 bad usage, 3 unreadable, 5 nothing was run\n"
    "example: %s -v corpus/tx_packet/seed\n";

static bool verbose;
static bool unreadable;
static unsigned long count;
static char current[4096]; /* what runs now, for the signal handler */
static uint8_t input[MAX_INPUT];

/* Sanitizers call this before they end the process, and so does an abort. */
static void say(const char *text)
{
    ssize_t written = write(STDERR_FILENO, text, strlen(text));
    (void)written;
}

static void name_input(void)
{
    if (current[0] != '\0') {
        say("replay: finding in ");
        say(current);
        say("\n");
    }
}

static void on_abort(int number)
{
    (void)number;
    name_input();
    _exit(EXIT_FINDING);
}

void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void catch_findings(void)
{
    static const int numbers[] = {SIGABRT, SIGTRAP, SIGILL, SIGFPE, SIGBUS, SIGSEGV};
    struct sigaction action = {.sa_handler = on_abort};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct sigaction old;
        /* A sanitizer's own handler tells more; it ends in the death callback. */
        if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL) {
            (void)sigaction(numbers[i], &action, NULL);
        }
    }
    if (__sanitizer_set_death_callback) {
        __sanitizer_set_death_callback(name_input);
    }
}

static bool run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
        return false;
    }
    size_t len = fread(input, 1, sizeof input, file);
    bool whole = !ferror(file) && len < sizeof input;
    (void)fclose(file);
    if (!whole) {
        fprintf(stderr, "replay: %s: can't be read, or has more than %u bytes\n", path,
                MAX_INPUT - 1);
        return false;
    }
    /* An exact copy, so that a sanitizer sees a step beyond its end. */
    uint8_t *bytes = malloc(len != 0 ? len : 1);
    if (!bytes) {
        return false;
    }
    memcpy(bytes, input, len);
    (void)snprintf(current, sizeof current, "%s", path);
    (void)LLVMFuzzerTestOneInput(bytes, len);
    current[0] = '\0';
    free(bytes);
    count++;
    if (verbose) {
        printf("%s: %zu bytes, no finding\n", path, len);
    }
    return true;
}

/* There under MemorySanitizer alone, to which what nftw has written is uninitialised. */
void __msan_unpoison_string(const volatile char *text) __attribute__((weak));

static int visit(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    if (__msan_unpoison_string) {
        __msan_unpoison_string(path);
    }
    (void)status;
    (void)place;
    if (kind == FTW_DNR || kind == FTW_NS) {
        fprintf(stderr, "replay: %s: can't be read\n", path);
        unreadable = true;
    } else if (kind == FTW_F && !run_file(path)) {
        unreadable = true;
    }
    return 0;
}

static int misused(const char *name)
{
    fprintf(stderr, usage, name, name);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    int first = 1;
    for (; first < argc && argv[first][0] == '-'; first++) {
        if (strcmp(argv[first], "--help") == 0 || strcmp(argv[first], "-h") == 0) {
            printf(usage, argv[0], argv[0]);
            return EXIT_CLEAN;
        }
        if (strcmp(argv[first], "-v") != 0) {
            fprintf(stderr, "replay: unknown option %s\n", argv[first]);
            return misused(argv[0]);
        }
        verbose = true;
    }
    if (first == argc) {
        return misused(argv[0]);
    }
    oracle_costly_one_in = 1;
    catch_findings();
    for (int i = first; i < argc; i++) {
        if (nftw(argv[i], visit, 16, FTW_PHYS) != 0) {
            fprintf(stderr, "replay: %s: %s\n", argv[i], strerror(errno));
            unreadable = true;
        }
    }
    printf("%lu inputs, no finding\n", count);
    if (unreadable) {
        return EXIT_SETUP;
    }
    return count != 0 ? EXIT_CLEAN : EXIT_NOTHING;
}
