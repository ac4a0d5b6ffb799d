/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#define _GNU_SOURCE /* prctl */
#include "minimise.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "oracle.h"
#include "shared.h"
#include "target.h"
#include "token.h"

#define CHILD_SECONDS 10u /* that long a run is a finding: a timeout */
#define MAX_INPUT (1u << 20)
#define REPORT_BYTES (1u << 16) /* what a child says first */
#define DETAIL_BYTES TOKEN_BYTES
#define TOP_PLACES 3u
#define RUNTIME_ERROR " runtime error: "
#define LEAK "memory-leak"
#define TIMEOUT "timeout"

/* What ran, where the report came in steps that an oracle had appended; by the child. */
struct spelled {
    size_t len;
    uint8_t bytes[SCN_MAX_ENCODED];
};

static struct spelled *spelled;
static uint8_t trial[MAX_INPUT];
static char report[REPORT_BYTES + 1];
static char detail[DETAIL_BYTES]; /* of the child that failed last */
static char wanted[DETAIL_BYTES]; /* of the input itself */

/* The word at `text`: letters, digits, - and _. */
static void copy_word(char *out_token, const char *text)
{
    size_t len = 0;
    while (len + 1 < MINIMISE_TOKEN_BYTES &&
           (isalnum((unsigned char)text[len]) || text[len] == '-' || text[len] == '_')) {
        out_token[len] = text[len];
        len++;
    }
    out_token[len] = '\0';
}

static const char oracle[] = "\noracle ";

/* The library's functions at the top of the first stack; none where nobody named them. */
static void copy_places(char *out_detail)
{
    char *stack = strstr(report, "#0 0x");
    char *end = stack ? strstr(stack, "\n\n") : NULL;
    size_t len = 0;
    if (end) {
        *end = '\0';
    }
    /* Wrong arithmetic is wrong where it stands, whoever calls it. */
    uint32_t most = strstr(report, RUNTIME_ERROR) ? 1 : TOP_PLACES;
    for (uint32_t i = 0; stack && i < most; i++) {
        char *place = strstr(stack, "/lib/src/");
        char *name = NULL;
        for (char *in = stack; place && (in = strstr(in, " in ")) && in < place; in++) {
            name = in + strlen(" in ");
        }
        if (!name) {
            break;
        }
        size_t size = strcspn(name, " ");
        if (len + size + 2 > DETAIL_BYTES) {
            break;
        }
        memcpy(out_detail + len, name, size);
        len += size;
        out_detail[len++] = ' ';
        stack = place + 1;
    }
    out_detail[len] = '\0';
}

/* As scripts/vvs_tools/tokens.py has it. */
static void detail_of_report(char *out_detail)
{
    const char *at = strstr(report, oracle);
    const char *said = at ? strstr(at, ": ") : NULL;
    if (said) {
        (void)token_detail(out_detail, DETAIL_BYTES, said + 2);
    } else {
        copy_places(out_detail);
    }
}

/* As scripts/vvs_tools/findings.py has it. */
static void token_of_report(char *out_token)
{
    static const char summary[] = "SUMMARY: ";
    const char *at = strstr(report, oracle);
    if (at) {
        copy_word(out_token, at + sizeof oracle - 1);
        return;
    }
    const char *sanitizer = strstr(report, summary);
    const char *kind = sanitizer ? strstr(sanitizer, "Sanitizer: ") : NULL;
    if (strstr(report, "ERROR: LeakSanitizer")) {
        copy_word(out_token, LEAK);
    } else if (kind) {
        copy_word(out_token, kind + sizeof "Sanitizer: " - 1);
    } else {
        copy_word(out_token, strstr(report, RUNTIME_ERROR) ? "undefined-behavior" : "crash");
    }
}

static _Noreturn void run_child(int out, const uint8_t *bytes, size_t len, bool leaks)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)dup2(out, STDOUT_FILENO);
    (void)dup2(out, STDERR_FILENO);
    (void)alarm(CHILD_SECONDS);
    /* An exact copy, so that a sanitizer sees a step beyond its end. */
    uint8_t *copy = malloc(len != 0 ? len : 1);
    if (!copy) {
        _exit(EXIT_SUCCESS);
    }
    memcpy(copy, bytes, len);
    (void)LLVMFuzzerTestOneInput(copy, len);
    free(copy);
    if (leaks) {
        exit(EXIT_SUCCESS); /* leaks are looked for on the way out, which takes its time */
    }
    _exit(EXIT_SUCCESS);
}

/* Reads to the end: a child never waits for us. */
static void read_report(int in)
{
    static char rest[4096];
    size_t len = 0;
    report[len++] = '\n';
    for (;;) {
        bool room = len < REPORT_BYTES;
        ssize_t more =
            read(in, room ? report + len : rest, room ? REPORT_BYTES - len : sizeof rest);
        if (more == 0 || (more < 0 && errno != EINTR)) {
            break;
        }
        len += room && more > 0 ? (size_t)more : 0;
    }
    report[len] = '\0';
}

/* Runs the target in a child; how it fails goes to `out_token`, nothing when it does not.
 *
 * Returns  false when there can be no child. */
static bool run(char *out_token, const uint8_t *bytes, size_t len, bool leaks)
{
    int ends[2];
    int status;
    if (pipe(ends) != 0) {
        return false;
    }
    pid_t child = fork();
    if (child == 0) {
        (void)close(ends[0]);
        run_child(ends[1], bytes, len, leaks);
    }
    (void)close(ends[1]);
    if (child > 0) {
        read_report(ends[0]);
    }
    (void)close(ends[0]);
    if (child < 0 || waitpid(child, &status, 0) != child) {
        return false;
    }
    out_token[0] = '\0';
    detail[0] = '\0';
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
        copy_word(out_token, TIMEOUT);
    } else if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS) {
        token_of_report(out_token);
        detail_of_report(detail);
    }
    return true;
}

static bool write_file(const char *path, const uint8_t *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");
    if (!file) {
        return false;
    }
    bool whole = fwrite(bytes, 1, len, file) == len;
    return fclose(file) == 0 && whole;
}

static uint32_t seconds_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)now.tv_sec;
}

static void spell(const char *name, const char *said)
{
    if (spelled) {
        spelled->len = oracle_appended(spelled->bytes, sizeof spelled->bytes);
    }
    oracle_end(name, said);
}

/* A scenario is to tell the fault by its own steps, not by some that an oracle appends. Replaces
 * the input by one that does, and appends no more, if that fails in the same way.
 *
 * Returns  false when there can be no child. */
static bool be_plain(const char *wanted_token, const uint8_t **bytes, size_t *len)
{
    char token[MINIMISE_TOKEN_BYTES];
    const uint8_t *plain = spelled && spelled->len != 0 ? spelled->bytes : *bytes;
    size_t plain_len = spelled && spelled->len != 0 ? spelled->len : *len;
    oracle_appends = false;
    if (!run(token, plain, plain_len, false)) {
        return false;
    }
    oracle_appends = strcmp(token, wanted_token) != 0 || strcmp(detail, wanted) != 0;
    if (!oracle_appends) {
        *bytes = plain;
        *len = plain_len;
    }
    return true;
}

bool minimise(struct minimised *out, const char *path, const uint8_t *bytes, size_t len,
              uint32_t seconds)
{
    uint32_t began = seconds_now();
    char token[MINIMISE_TOKEN_BYTES];
    size_t next;
    *out = (struct minimised){.len = len};
    spelled = shared_with_forks(sizeof *spelled);
    oracle_catch = spell;
    if (!run(out->token, bytes, len, true)) {
        return false;
    }
    if (out->token[0] == '\0') {
        return true;
    }
    memcpy(wanted, detail, sizeof wanted);
    if (!be_plain(out->token, &bytes, &len)) {
        return false;
    }
    out->len = len;
    if (!write_file(path, bytes, len)) {
        return false;
    }
    bool leaks = strcmp(out->token, LEAK) == 0;
    candidates_begin(bytes, len);
    while ((next = candidates_next(trial, sizeof trial)) != 0) {
        if (seconds_now() - began >= seconds) {
            return true;
        }
        if (!run(token, trial, next, leaks)) {
            return false;
        }
        bool same = strcmp(token, out->token) == 0 && strcmp(detail, wanted) == 0;
        candidates_verdict(same);
        out->candidates++;
        if (same && !write_file(path, trial, next)) {
            return false;
        }
        out->len = same ? next : out->len;
    }
    out->finished = true;
    return true;
}
