/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "memory.h"

#include <stdalign.h>
#include <string.h>

#include <vvs/spec.h>

#define BORDER (MEMORY_BUFFERS + 64u)

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LE16(value) __builtin_bswap16(value)
#else
#define LE16(value) (value)
#endif

static alignas(16) uint8_t low[BORDER];
static alignas(16) uint8_t high[MEMORY_END - BORDER];

void memory_start(void)
{
    memset(low, 0, MEMORY_TABLES);
}

void memory_table(struct vvs_region out_regions[2])
{
    const uint32_t both = VVS_PERM_READ | VVS_PERM_WRITE;
    out_regions[0] = (struct vvs_region){MEMORY_ADDR(0), sizeof low, low, 0, both};
    out_regions[1] = (struct vvs_region){MEMORY_ADDR(BORDER), sizeof high, high, 0, both};
}

/* The host's bytes at `offset`, and in `*len` how many of those asked for follow there. */
static uint8_t *piece(uint32_t offset, uint32_t *len)
{
    if (offset >= BORDER) {
        return high + (offset - BORDER);
    }
    *len = *len < BORDER - offset ? *len : BORDER - offset;
    return low + offset;
}

void memory_put(uint32_t offset, const uint8_t *bytes, uint32_t len)
{
    for (uint32_t at = 0, part; at < len; at += part) {
        part = len - at;
        uint8_t *host = piece(offset + at, &part);
        memcpy(host, bytes + at, part);
    }
}

void memory_get(uint8_t *out_bytes, uint32_t offset, uint32_t len)
{
    for (uint32_t at = 0, part; at < len; at += part) {
        part = len - at;
        const uint8_t *host = piece(offset + at, &part);
        memcpy(out_bytes + at, host, part);
    }
}

void memory_fill(uint32_t offset, uint8_t value, uint32_t len)
{
    for (uint32_t at = 0, part; at < len; at += part) {
        part = len - at;
        uint8_t *host = piece(offset + at, &part);
        memset(host, value, part);
    }
}

uint16_t memory_load(uint32_t offset)
{
    uint16_t raw =
        __atomic_load_n((const uint16_t *)(const void *)(low + offset), __ATOMIC_ACQUIRE);
    return LE16(raw);
}

void memory_store(uint32_t offset, uint16_t value)
{
    uint16_t raw = LE16(value);
    __atomic_store_n((uint16_t *)(void *)(low + offset), raw, __ATOMIC_RELEASE);
}

void memory_fence(void)
{
    __sync_synchronize();
}

void memory_le(uint8_t *out_bytes, uint64_t value, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        out_bytes[i] = (uint8_t)(value >> 8 * i);
    }
}

uint32_t memory_from_le(const uint8_t *bytes, uint32_t len)
{
    uint32_t value = 0;
    for (uint32_t i = len; i-- > 0;) {
        value = value << 8 | bytes[i];
    }
    return value;
}
