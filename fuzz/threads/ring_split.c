/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The driver of a split ring. */
#include "memory.h"
#include "ring.h"

static uint32_t slot(const struct ring *ring, uint32_t position)
{
    return position % ring->plan->size;
}

/* The event words lie behind the slots: the driver's, which the device reads, and the device's. */
static uint32_t used_event(const struct ring *ring)
{
    return MEMORY_DRIVER + 4 + 2 * ring->plan->size;
}

static uint32_t avail_event(const struct ring *ring)
{
    return MEMORY_DEVICE + 4 + 8 * ring->plan->size;
}

/* Writes the chain's elements into the table at `table`: at the places in `places`, or without them
 * one behind the other. */
static void put_elements(const struct ring *ring, const struct plan_chain *chain, uint32_t table,
                         const uint16_t *places, uint64_t addr)
{
    for (uint32_t i = 0; i < chain->count; i++) {
        bool last = i + 1 == chain->count;
        uint32_t at = places ? places[i] : i;
        uint32_t flags = (last ? 0 : VVS_DESC_F_NEXT) | (ring->plan->rx ? VVS_DESC_F_WRITE : 0);
        uint32_t next = last ? 0 : places ? places[i + 1] : i + 1;
        ring_put_desc(table + 16 * at, addr, chain->lens[i], (uint16_t)flags, (uint16_t)next);
        addr += chain->lens[i];
    }
}

void split_add(struct ring *ring, const struct plan_chain *chain, uint32_t number)
{
    struct ring_chain added = {.out = true, .number = number, .span = 1};
    added.desc_count = chain->indirect ? 1 : chain->count;
    for (uint32_t i = 0; i < added.desc_count; i++) {
        added.descs[i] = ring->free[--ring->free_count];
    }
    uint16_t head = added.descs[0];
    uint64_t addr = MEMORY_ADDR(ring_buffer(head));
    if (chain->indirect) {
        put_elements(ring, chain, ring_table(head), NULL, addr);
        ring_put_desc(MEMORY_DESC + 16u * head, MEMORY_ADDR(ring_table(head)), 16 * chain->count,
                      VVS_DESC_F_INDIRECT, 0);
    } else {
        put_elements(ring, chain, MEMORY_DESC, added.descs, addr);
    }
    ring->chains[head] = added;
    uint8_t raw[2];
    memory_le(raw, head, 2);
    memory_put(MEMORY_DRIVER + 4 + 2 * slot(ring, ring->avail), raw, 2);
    ring->avail++;
}

void split_show(struct ring *ring)
{
    memory_store(MEMORY_DRIVER + 2, (uint16_t)ring->avail);
}

bool split_asks_kick(struct ring *ring)
{
    if (!ring->plan->event_idx) {
        return (memory_load(MEMORY_DEVICE) & VVS_USED_F_NO_NOTIFY) == 0;
    }
    uint16_t event = memory_load(avail_event(ring));
    for (uint32_t at = ring->asked; at != ring->shown; at++) {
        if ((uint16_t)at == event) {
            return true;
        }
    }
    return false;
}

void split_arm(const struct ring *ring, uint32_t distance)
{
    if (ring->plan->event_idx) {
        memory_store(used_event(ring), (uint16_t)(ring->used + distance));
    } else {
        memory_store(MEMORY_DRIVER, 0);
    }
}

void split_disarm(const struct ring *ring)
{
    if (!ring->plan->event_idx) {
        memory_store(MEMORY_DRIVER, VVS_AVAIL_F_NO_INTERRUPT);
    }
}

uint32_t split_visible(const struct ring *ring)
{
    uint32_t visible = (uint16_t)(memory_load(MEMORY_DEVICE + 2) - ring->used);
    if (visible > ring->shown - ring->used) {
        plan_fail(ring->plan, "pair", "used idx is %u ahead, of %u chains that are out", visible,
                  ring->shown - ring->used);
    }
    return visible;
}

uint32_t split_take(struct ring *ring, uint32_t *out_len)
{
    uint8_t raw[8];
    memory_get(raw, MEMORY_DEVICE + 4 + 8 * slot(ring, ring->used), sizeof raw);
    *out_len = memory_from_le(raw + 4, 4);
    return memory_from_le(raw, 4);
}
