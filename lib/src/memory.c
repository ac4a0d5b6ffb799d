/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vvs/memory.h"

#include "region.h"

/* The last address of a region; its first plus its length may be 2^64. */
static uint64_t vvs_region_last(const struct vvs_region *region)
{
    return region->guest_addr + (region->len - 1);
}

static enum vvs_status vvs_region_check(const struct vvs_region *region)
{
    if (region->len == 0) {
        return VVS_E_REGION_EMPTY;
    }
    if (!region->host || (region->permission & ~(VVS_PERM_READ | VVS_PERM_WRITE)) != 0) {
        return VVS_E_ARGUMENT;
    }
    if (region->len - 1 > UINT64_MAX - region->guest_addr ||
        region->len - 1 > UINTPTR_MAX - (uintptr_t)region->host) {
        return VVS_E_REGION_WRAP;
    }
    return VVS_OK;
}

/* Insertion sort: tables come nearly sorted, and are made once. */
static void vvs_regions_sort(struct vvs_region *regions, uint32_t region_count)
{
    for (uint32_t i = 1; i < region_count; i++) {
        struct vvs_region moving = regions[i];
        uint32_t at = i;
        while (at > 0 && regions[at - 1].guest_addr > moving.guest_addr) {
            regions[at] = regions[at - 1];
            at--;
        }
        regions[at] = moving;
    }
}

enum vvs_status vvs_memory_init(struct vvs_memory *out_memory, struct vvs_region *regions,
                                uint32_t region_count)
{
    if (!regions || region_count == 0) {
        return VVS_E_ARGUMENT;
    }
    if (region_count > VVS_MAX_REGIONS) {
        return VVS_E_REGION_COUNT;
    }
    for (uint32_t i = 0; i < region_count; i++) {
        enum vvs_status status = vvs_region_check(&regions[i]);
        if (status != VVS_OK) {
            return status;
        }
    }
    vvs_regions_sort(regions, region_count);
    for (uint32_t i = 1; i < region_count; i++) {
        if (regions[i].guest_addr <= vvs_region_last(&regions[i - 1])) {
            return VVS_E_REGION_OVERLAP;
        }
    }
    out_memory->regions = regions;
    out_memory->region_count = region_count;
    out_memory->log = 0;
    return VVS_OK;
}

enum vvs_status vvs_memory_set_log(struct vvs_memory *memory, uint8_t *log, uint64_t log_len)
{
    const struct vvs_region *last = &memory->regions[memory->region_count - 1];
    if (log && vvs_region_last(last) / VVS_LOG_PAGE_BYTES / 8 >= log_len) {
        return VVS_E_LOG_SIZE;
    }
    memory->log = log;
    return VVS_OK;
}

enum vvs_status vvs_memory_from_frontend(const struct vvs_memory *memory, uint64_t *out_guest_addr,
                                         uint64_t frontend_addr)
{
    for (uint32_t i = 0; i < memory->region_count; i++) {
        const struct vvs_region *region = &memory->regions[i];
        uint64_t offset = frontend_addr - region->frontend_addr;
        if (frontend_addr >= region->frontend_addr && offset < region->len) {
            *out_guest_addr = region->guest_addr + offset;
            return VVS_OK;
        }
    }
    return VVS_E_ADDR;
}

const struct vvs_region *vvs_region_search(const struct vvs_memory *memory, uint64_t guest_addr)
{
    /* The last region that does not start above the address is the only one that can have it. */
    const struct vvs_region *low = memory->regions;
    uint32_t count = memory->region_count;
    while (count > 1) {
        uint32_t half = count / 2;
        low = low[half].guest_addr <= guest_addr ? low + half : low;
        count -= half;
    }
    return guest_addr - low->guest_addr < low->len ? low : 0;
}

enum vvs_status vvs_memory_check_hinted(const struct vvs_memory *memory,
                                        const struct vvs_region **hint, uint64_t guest_addr,
                                        uint64_t len, uint32_t permission)
{
    if (len > 0 && len - 1 > UINT64_MAX - guest_addr) {
        return VVS_E_ADDR;
    }
    while (len > 0) {
        struct vvs_piece piece;
        if (!vvs_piece_find(memory, &piece, hint, guest_addr, len, permission)) {
            return VVS_E_ADDR;
        }
        guest_addr += piece.len;
        len -= piece.len;
    }
    return VVS_OK;
}

enum vvs_status vvs_memory_check(const struct vvs_memory *memory, uint64_t guest_addr, uint64_t len,
                                 uint32_t permission)
{
    const struct vvs_region *hint = memory->regions;
    return vvs_memory_check_hinted(memory, &hint, guest_addr, len, permission);
}

void vvs_log_pages(const struct vvs_memory *memory, uint64_t guest_addr, uint64_t len)
{
    uint64_t last = (guest_addr + (len - 1)) / VVS_LOG_PAGE_BYTES;
    for (uint64_t page = guest_addr / VVS_LOG_PAGE_BYTES; page <= last; page++) {
        __atomic_fetch_or(&memory->log[page / 8], (uint8_t)(1u << page % 8), __ATOMIC_RELAXED);
    }
}

void vvs_log_aliases(const struct vvs_memory *memory, const void *host, uint64_t len)
{
    uint64_t first = (uintptr_t)host;
    uint64_t last = first + (len - 1);
    for (uint32_t i = 0; i < memory->region_count; i++) {
        const struct vvs_region *region = &memory->regions[i];
        uint64_t start = (uintptr_t)region->host;
        uint64_t end = start + (region->len - 1);
        uint64_t low = first > start ? first : start;
        uint64_t high = last < end ? last : end;
        if (low <= high) {
            vvs_log_pages(memory, region->guest_addr + (low - start), high - low + 1);
        }
    }
}
