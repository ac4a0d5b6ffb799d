/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* From guest addresses to host memory, and the dirty log. */
#ifndef VVS_SRC_REGION_H
#define VVS_SRC_REGION_H

#include <stdbool.h>
#include <stdint.h>

#include "vvs/memory.h"

/* For the few functions whose working state has to stay in registers: see scripts/bench parse. */
#define VVS_INLINE inline __attribute__((always_inline))

/* vvs_region_search finds the region of `guest_addr` by binary search.
 *
 * Returns  NULL when no region has that address. */
const struct vvs_region *vvs_region_search(const struct vvs_memory *memory, uint64_t guest_addr);

/* vvs_memory_check_hinted is vvs_memory_check with a hint for the first region. */
enum vvs_status vvs_memory_check_hinted(const struct vvs_memory *memory,
                                        const struct vvs_region **hint, uint64_t guest_addr,
                                        uint64_t len, uint32_t permission);

/* vvs_log_pages and vvs_log_aliases do the work of the two functions below. */
void vvs_log_pages(const struct vvs_memory *memory, uint64_t guest_addr, uint64_t len);
void vvs_log_aliases(const struct vvs_memory *memory, const void *host, uint64_t len);

/* vvs_log_guest marks the pages of `len` bytes, at least 1, at a guest address known to be in
 * memory. */
static inline void vvs_log_guest(const struct vvs_memory *memory, uint64_t guest_addr, uint64_t len)
{
    if (memory->log) {
        vvs_log_pages(memory, guest_addr, len);
    }
}

/* vvs_log_host marks the pages of `len` bytes, at least 1, at `host`, under each guest address that
 * maps there. */
static inline void vvs_log_host(const struct vvs_memory *memory, const void *host, uint64_t len)
{
    if (memory->log) {
        vvs_log_aliases(memory, host, len);
    }
}

/* Guest memory that is contiguous on the host. */
struct vvs_piece {
    uint8_t *host;
    uint64_t len;
};

/* vvs_piece_find gives host memory for the first bytes of a guest range: as many of `len` as one
 * region has, so at least 1. `hint` is the region to try first, and the one found.
 *
 * Returns  false when the address is in no region of that permission. */
static VVS_INLINE bool vvs_piece_find(const struct vvs_memory *memory, struct vvs_piece *out_piece,
                                      const struct vvs_region **hint, uint64_t guest_addr,
                                      uint64_t len, uint32_t permission)
{
    const struct vvs_region *region = *hint;
    if (guest_addr - region->guest_addr >= region->len) {
        region = vvs_region_search(memory, guest_addr);
        if (!region) {
            return false;
        }
        *hint = region;
    }
    if ((region->permission & permission) != permission) {
        return false;
    }
    uint64_t offset = guest_addr - region->guest_addr;
    uint64_t left = region->len - offset;
    out_piece->host = region->host + offset;
    out_piece->len = len < left ? len : left;
    return true;
}

#endif
