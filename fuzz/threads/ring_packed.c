/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The driver of a packed ring. */
#include "memory.h"
#include "ring.h"

static uint32_t desc_of(const struct ring *ring, uint32_t position)
{
    return MEMORY_DESC + 16 * (position % ring->plan->size);
}

static bool wrap_of(const struct ring *ring, uint32_t position)
{
    return position / ring->plan->size % 2 == 0;
}

/* A position as event words have it. */
static uint16_t place_of(const struct ring *ring, uint32_t position)
{
    uint32_t wrap = wrap_of(ring, position) ? VVS_PACKED_EVENT_WRAP : 0;
    return (uint16_t)(position % ring->plan->size | wrap);
}

/* The flags that make the descriptor at `position` available. */
static uint16_t available(const struct ring *ring, uint32_t position, uint32_t flags)
{
    return (uint16_t)(flags |
                      (wrap_of(ring, position) ? VVS_PACKED_DESC_F_AVAIL : VVS_PACKED_DESC_F_USED));
}

/* Everything plain but the flags of the first chain that is not shown: those show all. */
static void put(struct ring *ring, uint32_t position, uint64_t addr, uint32_t len, uint16_t id,
                uint16_t flags)
{
    if (position != ring->shown) {
        ring_put_desc(desc_of(ring, position), addr, len, id, flags);
        return;
    }
    uint8_t raw[14];
    memory_le(raw, addr, 8);
    memory_le(raw + 8, len, 4);
    memory_le(raw + 12, id, 2);
    memory_put(desc_of(ring, position), raw, sizeof raw);
    ring->shown_flags = flags;
}

static void put_table(const struct ring *ring, const struct plan_chain *chain, uint32_t table,
                      uint64_t addr)
{
    for (uint32_t i = 0; i < chain->count; i++) {
        uint16_t flags = ring->plan->rx ? VVS_DESC_F_WRITE : 0;
        ring_put_desc(table + 16 * i, addr, chain->lens[i], 0, flags);
        addr += chain->lens[i];
    }
}

void packed_add(struct ring *ring, const struct plan_chain *chain, uint32_t number)
{
    uint16_t id = ring->free[--ring->free_count];
    uint64_t addr = MEMORY_ADDR(ring_buffer(id));
    uint32_t first = ring->avail;
    ring->chains[id] = (struct ring_chain){
        .out = true, .number = number, .span = 1, .desc_count = 1, .descs = {id}};
    if (chain->indirect) {
        put_table(ring, chain, ring_table(id), addr);
        put(ring, first, MEMORY_ADDR(ring_table(id)), 16 * chain->count, id,
            available(ring, first, VVS_DESC_F_INDIRECT));
        ring->avail++;
        return;
    }
    ring->chains[id].span = chain->count;
    for (uint32_t i = 0; i < chain->count; i++) {
        uint32_t flags = i + 1 == chain->count ? 0 : VVS_DESC_F_NEXT;
        flags |= ring->plan->rx ? VVS_DESC_F_WRITE : 0;
        put(ring, first + i, addr, chain->lens[i], id, available(ring, first + i, flags));
        addr += chain->lens[i];
    }
    ring->avail = first + chain->count;
}

void packed_show(struct ring *ring)
{
    if (ring->shown != ring->avail) {
        memory_store(desc_of(ring, ring->shown) + 14, ring->shown_flags);
    }
}

bool packed_asks_kick(struct ring *ring)
{
    uint16_t flags = memory_load(MEMORY_DEVICE + 2);
    if (flags != VVS_PACKED_EVENT_DESC) {
        return flags == VVS_PACKED_EVENT_ENABLE;
    }
    uint16_t event = memory_load(MEMORY_DEVICE);
    for (uint32_t at = ring->asked; at != ring->shown; at++) {
        if (place_of(ring, at) == event) {
            return true;
        }
    }
    return false;
}

void packed_arm(const struct ring *ring, uint32_t distance)
{
    if (ring->plan->event_idx) {
        memory_store(MEMORY_DRIVER, place_of(ring, ring->used + distance));
        memory_store(MEMORY_DRIVER + 2, VVS_PACKED_EVENT_DESC);
    } else {
        memory_store(MEMORY_DRIVER + 2, VVS_PACKED_EVENT_ENABLE);
    }
}

void packed_disarm(const struct ring *ring)
{
    (void)ring;
    memory_store(MEMORY_DRIVER + 2, VVS_PACKED_EVENT_DISABLE);
}

static bool is_used(const struct ring *ring, uint32_t position)
{
    const uint16_t both = VVS_PACKED_DESC_F_AVAIL | VVS_PACKED_DESC_F_USED;
    uint16_t flags = memory_load(desc_of(ring, position) + 14);
    return (flags & both) == (wrap_of(ring, position) ? both : 0);
}

/* Id and length of the used entry at `position`, which is there. Without WRITE a length means
 * nothing. */
static uint32_t used_entry(const struct ring *ring, uint32_t position, uint32_t *out_len)
{
    uint8_t raw[6];
    memory_get(raw, desc_of(ring, position) + 8, sizeof raw);
    bool written = memory_load(desc_of(ring, position) + 14) & VVS_DESC_F_WRITE;
    *out_len = written ? memory_from_le(raw, 4) : 0;
    return memory_from_le(raw + 4, 2);
}

uint32_t packed_visible(const struct ring *ring)
{
    uint32_t at = ring->used;
    while (at != ring->shown && is_used(ring, at)) {
        uint32_t len;
        uint32_t id = used_entry(ring, at, &len);
        /* A wrong one is for packed_take to report. */
        at += id < ring->plan->size && ring->chains[id].out ? ring->chains[id].span : 1;
    }
    return at - ring->used;
}

uint32_t packed_take(struct ring *ring, uint32_t *out_len)
{
    return used_entry(ring, ring->used, out_len);
}
