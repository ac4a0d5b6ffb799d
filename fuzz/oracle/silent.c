/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* In a device step guest memory changes by announced stores and by races, and by nothing else.
 * Looked at is what anybody has written so far: rings, descriptors, buffers, as long as it is
 * little. */
#include <string.h>

#include "checks.h"
#include "oracle.h"

#define NAME "silent-store"
#define MAX_RANGES 64u
#define MAX_BYTES 16384u

struct range {
    const uint8_t *host;
    uint32_t len;
    uint32_t at; /* of the copy */
};

static struct range ranges[MAX_RANGES];
static uint32_t range_count;
static uint8_t copy[MAX_BYTES];

void silent_begin(const struct guest *guest)
{
    uint32_t used = 0;
    range_count = 0;
    for (uint32_t i = 0; i < guest->touched_count && range_count < MAX_RANGES; i++) {
        const struct guest_touched *touched = &guest->touched[i];
        size_t len = (size_t)(touched->end - touched->start);
        if (len <= MAX_BYTES - used) {
            ranges[range_count++] = (struct range){touched->start, (uint32_t)len, used};
            memcpy(copy + used, touched->start, len);
            used += (uint32_t)len;
        }
    }
}

void silent_stored(const void *host, uint32_t len)
{
    uintptr_t start = (uintptr_t)host;
    uintptr_t end = start + len;
    for (uint32_t i = 0; i < range_count; i++) {
        uintptr_t first = (uintptr_t)ranges[i].host;
        uintptr_t last = first + ranges[i].len;
        uintptr_t from = start > first ? start : first;
        uintptr_t to = end < last ? end : last;
        if (from < to) {
            memcpy(copy + ranges[i].at + (from - first), ranges[i].host + (from - first),
                   to - from);
        }
    }
}

void silent_end(void)
{
    for (uint32_t i = 0; i < range_count; i++) {
        const struct range *range = &ranges[i];
        if (memcmp(range->host, copy + range->at, range->len) == 0) {
            continue;
        }
        uint32_t at = 0;
        while (range->host[at] == copy[range->at + at]) {
            at++;
        }
        uint64_t addr = 0;
        int region =
            run_current ? guest_find_host(&run_current->guest, &addr, range->host + at) : -1;
        oracle_fail(NAME,
                    "guest memory at 0x%llx (region %d) changed from %02x to %02x unannounced",
                    (unsigned long long)addr, region, copy[range->at + at], range->host[at]);
    }
    range_count = 0;
}
