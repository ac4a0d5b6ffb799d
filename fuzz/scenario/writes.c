/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "writes.h"

#include <stdlib.h>

#include "json_build.h"

/* From here on equal bytes are said once. */
#define FILL_BYTES 32u

static void *grown(void *memory, size_t len)
{
    void *larger = realloc(memory, len);
    if (larger == NULL) {
        abort();
    }
    return larger;
}

static void note(void *context, const uint8_t *host, size_t len)
{
    struct writes *writes = context;
    uint64_t first;
    if (guest_find_host(writes->guest, &first, host) < 0) {
        return;
    }
    if (writes->count == writes->capacity) {
        writes->capacity = writes->capacity == 0 ? 256 : 2 * writes->capacity;
        writes->ranges = grown(writes->ranges, writes->capacity * sizeof *writes->ranges);
    }
    writes->ranges[writes->count++] = (struct writes_range){first, first + (len - 1)};
}

void writes_start(struct writes *out_writes, struct guest *guest)
{
    *out_writes = (struct writes){.guest = guest};
    guest->wrote = note;
    guest->wrote_context = out_writes;
}

void writes_stop(struct writes *writes)
{
    writes->guest->wrote = NULL;
    free(writes->ranges);
    *writes = (struct writes){.guest = writes->guest};
}

static int by_first(const void *a, const void *b)
{
    const struct writes_range *left = a;
    const struct writes_range *right = b;
    return (left->first > right->first) - (left->first < right->first);
}

/* Makes ranges that touch or overlap one, in order. */
static void merge(struct writes *writes)
{
    struct writes_range *ranges = writes->ranges;
    size_t kept = 0;
    qsort(ranges, writes->count, sizeof *ranges, by_first);
    for (size_t i = 1; i < writes->count; i++) {
        /* A range that ends at the last address takes in all that follow. */
        if (ranges[kept].last == UINT64_MAX || ranges[i].first <= ranges[kept].last + 1) {
            if (ranges[i].last > ranges[kept].last) {
                ranges[kept].last = ranges[i].last;
            }
        } else {
            ranges[++kept] = ranges[i];
        }
    }
    writes->count = kept + 1;
}

static size_t same_bytes(const uint8_t *bytes, size_t len)
{
    size_t count = 1;
    while (count < len && bytes[count] == bytes[0]) {
        count++;
    }
    return count;
}

static void add_literal(cJSON *list, uint64_t addr, const uint8_t *bytes, size_t len)
{
    if (len != 0) {
        cJSON *entry = json_made(cJSON_CreateObject());
        json_add(entry, "addr", json_hex_number(addr));
        json_add(entry, "bytes", json_hex_bytes(bytes, len));
        json_append(list, entry);
    }
}

static void add_fill(cJSON *list, uint64_t addr, size_t len, uint8_t fill)
{
    cJSON *entry = json_made(cJSON_CreateObject());
    json_add(entry, "addr", json_hex_number(addr));
    json_add(entry, "len", cJSON_CreateNumber((double)len));
    json_add(entry, "fill", cJSON_CreateNumber(fill));
    json_append(list, entry);
}

static void add_range(cJSON *list, uint64_t addr, const uint8_t *bytes, size_t len)
{
    size_t from = 0;
    for (size_t at = 0, run; at < len; at += run) {
        run = same_bytes(bytes + at, len - at);
        if (run >= FILL_BYTES) {
            add_literal(list, addr + from, bytes + from, at - from);
            add_fill(list, addr + at, run, bytes[at]);
            from = at + run;
        }
    }
    add_literal(list, addr + from, bytes + from, len - from);
}

cJSON *writes_take(struct writes *writes)
{
    cJSON *list;
    uint8_t *bytes = NULL;
    if (writes->count == 0) {
        return NULL;
    }
    merge(writes);
    list = json_made(cJSON_CreateArray());
    for (size_t i = 0; i < writes->count; i++) {
        const struct writes_range *range = &writes->ranges[i];
        size_t len = (size_t)(range->last - range->first) + 1;
        bytes = grown(bytes, len);
        (void)guest_read(writes->guest, bytes, range->first, len);
        add_range(list, range->first, bytes, len);
    }
    free(bytes);
    writes->count = 0;
    return list;
}
