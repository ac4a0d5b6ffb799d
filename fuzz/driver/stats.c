/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include "stats.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "reach.h"
#include "shared.h"

#define LOOK_EVERY 1024u /* inputs between two looks at the clock */

static struct totals {
    uint64_t inputs;
    uint64_t generated;
    uint64_t parsed;                      /* of those generated: reached a packet */
    uint64_t compared;                    /* of those generated: with another form of the input */
    uint64_t packets;                     /* of all inputs */
    uint64_t tags[2][2][STATS_TAG_COUNT]; /* rx, packed; generated inputs */
} own;
static struct totals *total = &own;

static uint32_t reached[2][2]; /* of this input: tags, and this bit for any packet */
#define REACHED_ANY (1u << 31)
static bool generated;
static bool compared;
static uint8_t *mark; /* of a mutator in another process */
static const char *path;
static time_t written;

static const char *const tag_names[STATS_TAG_COUNT] = {"one",        "two",      "many",
                                                       "header-cut", "indirect", "region-crossing"};

static bool write_numbers(FILE *file)
{
    fprintf(file,
            "{\"inputs\": %" PRIu64 ", \"generated\": %" PRIu64 ", \"parsed_inputs\": %" PRIu64
            ", \"compared_inputs\": %" PRIu64 ", \"packets\": %" PRIu64
            ", \"parsed\": %.4f, \"tags\": {",
            total->inputs, total->generated, total->parsed, total->compared, total->packets,
            total->generated ? (double)total->parsed / (double)total->generated : 0.0);
    const char *separator = "";
    for (int rx = 0; rx < 2; rx++) {
        for (int packed = 0; packed < 2; packed++) {
            for (int tag = 0; tag < STATS_TAG_COUNT; tag++) {
                fprintf(file, "%s\"%s/%s/%s\": %" PRIu64, separator, rx ? "rx" : "tx",
                        packed ? "packed" : "split", tag_names[tag], total->tags[rx][packed][tag]);
                separator = ", ";
            }
        }
    }
    fputs("}, \"places\": ", file);
    reach_write(file);
    fputs("}\n", file);
    return !ferror(file);
}

/* A reader never sees half of it. */
void stats_write(void)
{
    char fresh[4096];
    if (!path || snprintf(fresh, sizeof fresh, "%s.tmp", path) >= (int)sizeof fresh) {
        return;
    }
    FILE *file = fopen(fresh, "w");
    if (!file) {
        return;
    }
    bool whole = write_numbers(file);
    if (fclose(file) == 0 && whole) {
        (void)rename(fresh, path);
    } else {
        (void)remove(fresh);
    }
}

/* The sanitizers call these when they report; the engine keeps their death callback for itself. */
void __asan_on_error(void);
void __asan_on_error(void)
{
    stats_write();
}

void __ubsan_on_report(void);
void __ubsan_on_report(void)
{
    stats_write();
}

void stats_start(void)
{
    path = getenv("VVS_STATS");
    if (!path) {
        return;
    }
    atexit(stats_write);
}

void stats_forks(void)
{
    struct totals *shared = shared_with_forks(sizeof own);
    if (shared) {
        total = shared;
    }
    reach_forks();
    mark = shared_mark();
}

void stats_generated(void)
{
    generated = true;
}

void stats_begin(void)
{
    compared = false;
    for (int i = 0; i < 4; i++) {
        reached[i / 2][i % 2] = 0;
    }
}

void stats_compared(void)
{
    compared = true;
}

void stats_input(void)
{
    static bool started;
    if (!started) {
        started = true;
        stats_start();
    }
    stats_generated();
    stats_begin();
}

void stats_packet(bool rx, bool packed, uint32_t tags)
{
    total->packets++;
    reached[rx][packed] |= tags | REACHED_ANY;
}

static void look_at_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec != written) {
        written = now.tv_sec;
        stats_write();
    }
}

void stats_end(void)
{
    total->inputs++;
    if (mark && *mark != 0) {
        *mark = 0;
        generated = true;
    }
    if (generated) {
        generated = false;
        total->generated++;
        reach_note();
        total->compared += compared;
        total->parsed += ((reached[0][0] | reached[0][1] | reached[1][0] | reached[1][1]) != 0);
        for (int i = 0; i < 4; i++) {
            for (uint32_t tags = reached[i / 2][i % 2] & ~REACHED_ANY; tags != 0;
                 tags &= tags - 1) {
                total->tags[i / 2][i % 2][__builtin_ctz(tags)]++;
            }
        }
    }
    if (path && total->inputs % LOOK_EVERY == 0) {
        look_at_clock();
    }
}
