/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* From guest addresses to host memory, and the dirty log. */
#ifndef VVS_SRC_REGION_H
#define VVS_SRC_REGION_H

#include <stdint.h>

#include "vvs/memory.h"

/* vvs_region_search finds the region of `guest_addr` by binary search and leaves it in `hint`.
 *
 * Returns  NULL when no region has that address; `hint` stays then. */
const struct vvs_region *vvs_region_search(const struct vvs_memory *memory, uint32_t *hint,
                                           uint64_t guest_addr);

/* vvs_memory_check_hinted is vvs_memory_check with a hint for the first region. */
enum vvs_status vvs_memory_check_hinted(const struct vvs_memory *memory, uint32_t *hint,
                                        uint64_t guest_addr, uint64_t len, uint32_t permission);

/* vvs_log_guest marks the pages of `len` bytes at a guest address that is known to be in memory. */
void vvs_log_guest(const struct vvs_memory *memory, uint64_t guest_addr, uint64_t len);

/* vvs_log_host marks the pages of `len` bytes at `host`, under each guest address that maps there. */
void vvs_log_host(const struct vvs_memory *memory, const void *host, uint64_t len);

/* vvs_piece gives host memory for the first bytes of a guest range: as many of `len` as one region has.
 *
 * Returns  NULL when the address is in no region of that permission; else `out_len`, at least 1 when
 *          `len` is, says how many. */
static inline uint8_t *vvs_piece(const struct vvs_memory *memory, uint32_t *hint, uint64_t *out_len,
                                 uint64_t guest_addr, uint64_t len, uint32_t permission)
{
    const struct vvs_region *region = &memory->regions[*hint];
    uint64_t offset = guest_addr - region->guest_addr;
    if (offset >= region->len) {
        region = vvs_region_search(memory, hint, guest_addr);
        if (!region) {
            return 0;
        }
        offset = guest_addr - region->guest_addr;
    }
    if ((region->permission & permission) != permission) {
        return 0;
    }
    uint64_t left = region->len - offset;
    *out_len = len < left ? len : left;
    return region->host + offset;
}

#endif
