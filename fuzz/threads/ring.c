/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "ring.h"

#include "memory.h"

void ring_start(struct ring *ring, const struct plan *plan)
{
    *ring = (struct ring){.plan = plan, .free_count = plan->size};
    for (uint32_t i = 0; i < plan->size; i++) {
        ring->free[i] = (uint16_t)i;
    }
    ring->avail = ring->shown = ring->asked = ring->used = plan->start;
    if (!plan->packed) {
        memory_store(MEMORY_DRIVER + 2, (uint16_t)plan->start);
        memory_store(MEMORY_DEVICE + 2, (uint16_t)plan->start);
        if (plan->event_idx) {
            /* Both words are behind: nothing is asked for before somebody arms. */
            memory_store(MEMORY_DRIVER + 4 + 2 * plan->size, (uint16_t)(plan->start - 1));
            memory_store(MEMORY_DEVICE + 4 + 8 * plan->size, (uint16_t)(plan->start - 1));
        }
    }
}

uint32_t ring_buffer(uint32_t id)
{
    return MEMORY_BUFFERS + MEMORY_BUFFER_BYTES * id;
}

uint32_t ring_table(uint32_t id)
{
    return MEMORY_TABLES + MEMORY_TABLE_BYTES * id;
}

struct ring_chain *ring_chain_of(struct ring *ring, uint32_t id)
{
    if (id >= ring->plan->size || !ring->chains[id].out) {
        plan_fail(ring->plan, "pair", "a used entry has id %u, which is not out", id);
    }
    return &ring->chains[id];
}

void ring_put_desc(uint32_t offset, uint64_t addr, uint32_t len, uint16_t third, uint16_t fourth)
{
    uint8_t raw[16];
    memory_le(raw, addr, 8);
    memory_le(raw + 8, len, 4);
    memory_le(raw + 12, third, 2);
    memory_le(raw + 14, fourth, 2);
    memory_put(offset, raw, sizeof raw);
}

static void fill_buffer(const struct plan *plan, const struct plan_chain *chain, uint32_t id,
                        uint32_t number)
{
    if (plan->rx) {
        memory_fill(ring_buffer(id), RING_UNTOUCHED, chain->total);
    } else {
        uint8_t bytes[VVS_HDR_BYTES + PLAN_PAYLOAD_MAX];
        memory_put(ring_buffer(id), bytes, plan_packet(plan, bytes, number));
    }
}

bool ring_has_room(const struct ring *ring, const struct plan_chain *chain)
{
    uint32_t count = chain->indirect ? 1 : chain->count;
    if (ring->plan->packed) {
        return ring->plan->size - (ring->avail - ring->used) >= count && ring->free_count != 0;
    }
    return ring->free_count >= count;
}

void ring_add(struct ring *ring, const struct plan_chain *chain, uint32_t number)
{
    uint32_t id = ring->free[ring->free_count - 1];
    fill_buffer(ring->plan, chain, id, number);
    if (ring->plan->packed) {
        packed_add(ring, chain, number);
    } else {
        split_add(ring, chain, number);
    }
}

void ring_show(struct ring *ring)
{
    if (ring->plan->packed) {
        packed_show(ring);
    } else {
        split_show(ring);
    }
    ring->shown = ring->avail;
}

bool ring_asks_kick(struct ring *ring)
{
    if (ring->asked == ring->shown) {
        return false;
    }
    memory_fence();
    bool asks = ring->plan->packed ? packed_asks_kick(ring) : split_asks_kick(ring);
    ring->asked = ring->shown;
    return asks;
}

void ring_arm(const struct ring *ring, uint32_t distance)
{
    if (ring->plan->packed) {
        packed_arm(ring, distance);
    } else {
        split_arm(ring, distance);
    }
    memory_fence();
}

void ring_disarm(const struct ring *ring)
{
    if (ring->plan->packed) {
        packed_disarm(ring);
    } else {
        split_disarm(ring);
    }
}

uint32_t ring_visible(const struct ring *ring)
{
    return ring->plan->packed ? packed_visible(ring) : split_visible(ring);
}

uint32_t ring_take(struct ring *ring, uint32_t *out_len)
{
    uint32_t id = ring->plan->packed ? packed_take(ring, out_len) : split_take(ring, out_len);
    struct ring_chain *chain = ring_chain_of(ring, id);
    chain->out = false;
    ring->used += chain->span;
    for (uint32_t i = chain->desc_count; i-- > 0;) {
        ring->free[ring->free_count++] = chain->descs[i];
    }
    return id;
}
