/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* replay-TARGET: runs files through a fuzz target, or makes one that fails smaller; without an
 * engine. */
#define _XOPEN_SOURCE 700 /* nftw, sigaction */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "known.h"
#include "minimise.h"
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
    "usage: %s [-v] [--reports] [--played OUT] FILE|DIRECTORY...\n"
    "       %s --minimise OUT [--seconds N] FILE\n"
    "Runs each file, and each file below a directory, and counts them. Or writes to OUT what is "
    "left\n"
    "of a FILE that fails when all goes without which it fails in the same way too.\n"
    "  -v             print a line for each file\n"
    "  --played OUT   write the scenario that fails to OUT as the target runs it: with the queues "
    "that it\n"
    "                 looks at, and the chain that it offers at the end\n"
    "  --reports      go on behind an oracle's report: each file tells all that is seen of it\n"
    "  --seconds N    end with the smallest one found so far after N seconds (60)\n"
    "exit: 0 clean, 1 a finding (its file is named), 2 bad usage, 3 unreadable, 5 nothing was run\n"
    "example: %s -v corpus/tx_packet/seed\n";

static bool verbose;
static bool all_reports;
static unsigned long failed; /* files with reports that it went on behind */
static const char *minimise_to;
static const char *played_to;
static uint32_t minimise_seconds = 60;
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

/* Behind the last run, where two are compared, there is none under way. */
static void keep_played(void)
{
    static uint8_t bytes[SCN_MAX_ENCODED];
    if (!played_to || !run_current) {
        return;
    }
    size_t len = scn_encode(bytes, sizeof bytes, run_current->scenario);
    int file = open(played_to, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file < 0 || write(file, bytes, len) != (ssize_t)len) {
        say("replay: what was played can't be written\n");
    }
}

static void end_with_finding(void)
{
    name_input();
    keep_played();
}

static void on_abort(int number)
{
    (void)number;
    end_with_finding();
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
        __sanitizer_set_death_callback(end_with_finding);
    }
}

/* Reads a file into `input`. */
static bool read_file(const char *path, size_t *out_len)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "replay: %s: %s; name inputs, or folders of them\n", path, strerror(errno));
        return false;
    }
    *out_len = fread(input, 1, sizeof input, file);
    bool whole = !ferror(file) && *out_len < sizeof input;
    (void)fclose(file);
    if (!whole) {
        fprintf(stderr, "replay: %s: can't be read, or has more than %u bytes; leave it out\n",
                path, MAX_INPUT - 1);
    }
    return whole;
}

static bool run_file(const char *path)
{
    size_t len;
    if (!read_file(path, &len)) {
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
    if (known_said() != 0) {
        name_input();
        failed++;
    }
    current[0] = '\0';
    free(bytes);
    count++;
    if (verbose && known_said() == 0) {
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
        fprintf(stderr, "replay: %s: can't be read; leave it out\n", path);
        unreadable = true;
    } else if (kind == FTW_F && !run_file(path)) {
        unreadable = true;
    }
    return 0;
}

static int minimise_one(const char *path)
{
    struct minimised done;
    size_t len;
    if (!read_file(path, &len)) {
        return EXIT_SETUP;
    }
    if (!minimise(&done, minimise_to, input, len, minimise_seconds)) {
        fprintf(stderr, "replay: %s: %s; name another OUT\n", minimise_to, strerror(errno));
        return EXIT_SETUP;
    }
    if (done.token[0] == '\0') {
        printf("%s: %zu bytes, no finding\n", path, len);
        return EXIT_CLEAN;
    }
    printf("minimised: %s, %zu to %zu bytes, %u candidates, %s\n", done.token, len, done.len,
           done.candidates, done.finished ? "finished" : "out of time");
    return EXIT_FINDING;
}

static int misused(const char *name)
{
    fprintf(stderr, usage, name, name, name);
    return EXIT_USAGE;
}

/* Takes the options; returns the number of the first argument that is none, or 0. */
static int read_options(int argc, char **argv)
{
    int at = 1;
    for (; at < argc && argv[at][0] == '-'; at++) {
        bool more = at + 1 < argc;
        char *end = NULL;
        unsigned long seconds = more ? strtoul(argv[at + 1], &end, 10) : 0;
        if (strcmp(argv[at], "-v") == 0) {
            verbose = true;
        } else if (strcmp(argv[at], "--reports") == 0) {
            all_reports = true;
        } else if (strcmp(argv[at], "--minimise") == 0 && more) {
            minimise_to = argv[++at];
        } else if (strcmp(argv[at], "--played") == 0 && more) {
            played_to = argv[++at];
        } else if (strcmp(argv[at], "--seconds") == 0 && more && *end == '\0' && seconds != 0 &&
                   seconds < UINT32_MAX) {
            minimise_seconds = (uint32_t)seconds;
            at++;
        } else {
            fprintf(stderr, "replay: unknown option or bad value: %s\n", argv[at]);
            return 0;
        }
    }
    return at;
}

int main(int argc, char **argv)
{
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        printf(usage, argv[0], argv[0], argv[0]);
        return EXIT_CLEAN;
    }
    int first = read_options(argc, argv);
    if (first == 0 || first == argc || (minimise_to && first + 1 != argc)) {
        return misused(argv[0]);
    }
    oracle_costly_one_in = 1;
    if (minimise_to) {
        return minimise_one(argv[first]);
    }
    catch_findings();
    if (all_reports) {
        known_say_all();
    }
    for (int i = first; i < argc; i++) {
        if (nftw(argv[i], visit, 16, FTW_PHYS) != 0) {
            fprintf(stderr, "replay: %s: %s; name inputs, or folders of them\n", argv[i],
                    strerror(errno));
            unreadable = true;
        }
    }
    if (failed != 0) {
        printf("%lu inputs, %lu with findings\n", count, failed);
        return EXIT_FINDING;
    }
    printf("%lu inputs, no finding\n", count);
    if (unreadable) {
        return EXIT_SETUP;
    }
    return count != 0 ? EXIT_CLEAN : EXIT_NOTHING;
}
