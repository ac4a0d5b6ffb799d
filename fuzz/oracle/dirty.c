/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The dirty log has the page of each byte that the device wrote, once the step that wrote it is
 * over: what it lacks, a migrated guest reads as it was before. A mark made ahead of its store does
 * not count: the page may have been sent in between. */
#include "checks.h"

#include <string.h>

#include "oracle.h"

#define NAME "dirty-log"
#define LOG_BYTES 4096u  /* guests that reach higher have none here */
#define MAX_STORES 4096u /* of one step; further ones are not looked at */

static uint8_t marks[LOG_BYTES];
static uint64_t marks_len; /* 0: no log */
static uint64_t pages[MAX_STORES];
static uint32_t page_count;

void dirty_attach(struct guest *guest)
{
    uint64_t last = 0;
    for (uint32_t i = 0; i < guest->region_count; i++) {
        uint64_t end = guest->regions[i].addr + (guest->regions[i].len - 1);
        last = (guest->active >> i & 1u) && end > last ? end : last;
    }
    uint64_t len = last / VVS_LOG_PAGE_BYTES / 8 + 1;
    marks_len = len <= LOG_BYTES ? len : 0;
    page_count = 0;
    if (marks_len == 0 || guest->active == 0) {
        marks_len = 0;
        return;
    }
    memset(marks, 0, (size_t)marks_len);
    enum vvs_status status = vvs_memory_set_log(&guest->tables[guest->table], marks, marks_len);
    if (status != VVS_OK) {
        oracle_fail(NAME, "a log up to the last page is refused: %s", vvs_status_name(status));
    }
}

/* The pages of an access, where there is a log for them. */
static bool pages_of(const struct guest *guest, const struct vvs_access *access,
                     uint64_t *out_first, uint64_t *out_last)
{
    uint64_t addr;
    if (marks_len == 0 || access->len == 0 || guest_find_host(guest, &addr, access->host) < 0) {
        return false;
    }
    *out_first = addr / VVS_LOG_PAGE_BYTES;
    *out_last = (addr + (access->len - 1)) / VVS_LOG_PAGE_BYTES;
    return true;
}

void dirty_before(const struct guest *guest, const struct vvs_access *access)
{
    uint64_t page;
    uint64_t last;
    if (!pages_of(guest, access, &page, &last)) {
        return;
    }
    for (; page <= last; page++) {
        marks[page / 8] &= (uint8_t)~(1u << page % 8);
    }
}

void dirty_stored(const struct guest *guest, const struct vvs_access *access)
{
    uint64_t page;
    uint64_t last;
    if (!pages_of(guest, access, &page, &last)) {
        return;
    }
    for (; page <= last && page_count < MAX_STORES; page++) {
        if (page_count == 0 || pages[page_count - 1] != page) {
            pages[page_count++] = page;
        }
    }
}

void dirty_step_end(void)
{
    for (uint32_t i = 0; i < page_count; i++) {
        if (!(marks[pages[i] / 8] >> pages[i] % 8 & 1)) {
            oracle_fail(NAME, "page 0x%llx was written and is not marked",
                        (unsigned long long)pages[i]);
            break;
        }
    }
    if (page_count != 0) {
        memset(marks, 0, (size_t)marks_len);
    }
    page_count = 0;
}
