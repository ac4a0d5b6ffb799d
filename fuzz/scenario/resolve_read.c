/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Which memory the answer to a step shows: what the device may write, and what it may not. */
#include "resolve_read.h"

#include "json_build.h"
#include "known.h"

#define MAX_STEP_BYTES (UINT64_C(1) << 20)
#define MAX_ELEMENT_BYTES (UINT64_C(1) << 17) /* more than a header and the usual payload limit */
#define MAX_STEP_ENTRIES 4096

struct reads {
    cJSON *list;
    uint64_t left;
    uint32_t entries;
};

static void add(void *context, enum known_what what, uint32_t role, uint64_t addr, uint64_t len)
{
    static const char *const names[] = {
        [KNOWN_USED] = "used",         [KNOWN_EVENT] = "event", [KNOWN_DESC] = "desc",
        [KNOWN_DRIVER] = "driver",     [KNOWN_TABLE] = "table", [KNOWN_READABLE] = "readable",
        [KNOWN_WRITABLE] = "writable",
    };
    struct reads *reads = context;
    bool element = what == KNOWN_READABLE || what == KNOWN_WRITABLE;
    len = element && len > MAX_ELEMENT_BYTES ? MAX_ELEMENT_BYTES : len;
    if (len == 0 || len > reads->left || reads->entries == MAX_STEP_ENTRIES) {
        return;
    }
    cJSON *entry = json_made(cJSON_CreateObject());
    reads->left -= len;
    reads->entries++;
    json_add(entry, "addr", json_hex_number(addr));
    json_add(entry, "len", cJSON_CreateNumber((double)len));
    json_add(entry, "what", cJSON_CreateString(names[what]));
    json_add(entry, "queue", cJSON_CreateString(scn_value_name(SCN_ROLE, role)));
    json_append(reads->list, entry);
}

cJSON *resolve_reads(const struct resolve *resolve)
{
    struct reads reads = {json_made(cJSON_CreateArray()), MAX_STEP_BYTES, 0};
    known_each(&resolve->guest, &resolve->driver, add, &reads);
    return reads.list;
}
