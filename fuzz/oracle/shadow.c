/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "shadow.h"

#include <string.h>

#include "oracle.h"

struct shadow shadow;

static uint64_t number(const uint8_t *bytes, uint32_t len)
{
    uint64_t value = 0;
    while (len-- > 0) {
        value = value << 8 | bytes[len];
    }
    return value;
}

void shadow_clear(void)
{
    for (uint32_t i = 0; i < SHADOW_ROLES; i++) {
        shadow.queues[i].queue = NULL;
        shadow.queues[i].chain_count = 0;
    }
    shadow.handling = NULL;
    shadow.handling_queue = NULL;
    shadow.grant_count = 0;
}

const uint8_t *shadow_translate(const struct vvs_memory *memory, uint64_t *out_len, uint64_t addr,
                                uint32_t permission)
{
    for (uint32_t i = 0; i < memory->region_count; i++) {
        const struct vvs_region *region = &memory->regions[i];
        if (addr >= region->guest_addr && addr - region->guest_addr < region->len) {
            *out_len = region->len - (addr - region->guest_addr);
            return (region->permission & permission) == permission
                       ? region->host + (addr - region->guest_addr)
                       : NULL;
        }
    }
    return NULL;
}

void shadow_locate(struct shadow_queue *q, const struct vvs_queue_config *config)
{
    uint64_t len;
    const struct vvs_memory *memory = q->queue->memory;
    uint32_t both = VVS_PERM_READ | VVS_PERM_WRITE;
    q->desc = shadow_translate(memory, &len, config->desc_addr, q->packed ? both : VVS_PERM_READ);
    q->driver = shadow_translate(memory, &len, config->driver_addr, VVS_PERM_READ);
    q->device = shadow_translate(memory, &len, config->device_addr, VVS_PERM_WRITE);
}

struct shadow_queue *shadow_bind(uint32_t role, struct vvs_queue *queue,
                                 const struct vvs_queue_config *config)
{
    struct shadow_queue *q = &shadow.queues[role];
    q->queue = queue;
    q->role = role;
    q->size = config->size;
    q->max_chain = config->max_chain != 0 ? config->max_chain : config->size;
    q->packed = (config->features & VVS_FEATURE(VVS_F_RING_PACKED)) != 0;
    q->features_indirect = (config->features & VVS_FEATURE(VVS_F_INDIRECT_DESC)) != 0;
    shadow_locate(q, config);
    struct vvs_queue_state state = {0, 0, q->packed, q->packed};
    shadow_resume(q, &state);
    return q;
}

void shadow_resume(struct shadow_queue *q, const struct vvs_queue_state *state)
{
    q->avail_index = state->avail_index;
    q->used_index = state->used_index;
    q->avail_wrap = state->avail_wrap;
    q->used_wrap = state->used_wrap;
    q->phase = SHADOW_IDLE;
    q->ring_next = SHADOW_NOTHING;
    q->flags_next = SHADOW_NOTHING;
    q->table_count = 0;
    q->building = NULL;
    q->chain_count = 0;
    q->span_count = 0;
    q->staged_count = 0;
    q->staged_span = 0;
    if (shadow.handling_queue == q) {
        shadow.handling_queue = NULL;
        shadow.handling = NULL;
    }
}

void shadow_mark(struct shadow_queue *q, const struct vvs_access *access)
{
    q->seen = 0;
    q->ring_next = SHADOW_NOTHING;
    q->table_count = 0;
    q->flags_next = q->packed ? q->avail_index : SHADOW_NOTHING;
    switch (access->item) {
    case VVS_ITEM_BEGIN_POP:
        q->phase = SHADOW_POP;
        q->walked = 0;
        q->loads = 0;
        q->building = NULL;
        shadow.handling = NULL;
        shadow.handling_queue = q;
        break;
    case VVS_ITEM_BEGIN_NOTIFY:
        q->phase = SHADOW_NOTIFY;
        break;
    default:
        q->phase = SHADOW_ARM;
        break;
    }
}

static bool nothing_in_flight(void)
{
    return shadow.queues[0].chain_count + shadow.queues[1].chain_count +
               shadow.queues[2].chain_count ==
           0;
}

static void chain_begin(struct shadow_queue *q)
{
    if (q->chain_count == SHADOW_MAX_CHAINS) {
        oracle_fail("shadow", "more than %u chains in flight", SHADOW_MAX_CHAINS);
        return;
    }
    if (nothing_in_flight()) {
        shadow.grant_count = 0;
    }
    struct shadow_chain *chain = &q->chains[q->chain_count];
    memset(chain, 0, sizeof *chain);
    chain->grants = &shadow.grants[shadow.grant_count];
    chain->known = true;
    chain->sequence = SHADOW_NOTHING;
    q->building = chain;
}

/* The chain is in flight from here on. */
static void chain_take(struct shadow_queue *q, uint16_t id, uint16_t span)
{
    q->building->id = id;
    q->building->span = span;
    q->chain_count++;
    q->span_count += span;
    q->popped++;
    shadow.handling = q->building;
    shadow.handling_queue = q;
}

void shadow_drop(struct shadow_queue *q, struct shadow_chain *chain)
{
    uint32_t at = (uint32_t)(chain - q->chains);
    q->chain_count--;
    memmove(chain, chain + 1, (q->chain_count - at) * sizeof *chain);
    q->building = NULL;
    shadow.handling = NULL;
}

void shadow_undone(struct shadow_queue *q, struct shadow_chain *chain)
{
    uint32_t step = q->packed ? chain->span : 1;
    if (q->packed && q->avail_index < step) {
        q->avail_index = (uint16_t)(q->avail_index + q->size);
        q->avail_wrap ^= 1;
    }
    q->avail_index = (uint16_t)(q->avail_index - step);
    q->span_count -= chain->span;
    shadow_drop(q, chain);
}

struct shadow_chain *shadow_find(struct shadow_queue *q, uint32_t sequence)
{
    for (uint32_t i = 0; i < q->chain_count; i++) {
        if (q->chains[i].sequence == sequence) {
            return &q->chains[i];
        }
    }
    return NULL;
}

static void grant(struct shadow_queue *q, uint64_t addr, uint32_t len, bool writable)
{
    struct shadow_chain *chain = q->building;
    if (!chain) {
        return;
    }
    chain->len[writable] += len;
    chain->count[writable]++;
    if (shadow.grant_count == SHADOW_MAX_GRANTS) {
        chain->known = false;
        return;
    }
    shadow.grants[shadow.grant_count++] = (struct shadow_grant){addr, len, writable};
    chain->grant_count++;
}

/* One whole descriptor was loaded: what does it grant, and which is the next one? */
static void take_split(struct shadow_queue *q, const uint8_t *raw, bool in_table)
{
    uint64_t addr = number(raw, 8);
    uint32_t len = (uint32_t)number(raw + 8, 4);
    uint32_t flags = (uint32_t)number(raw + 12, 2);
    uint32_t next = (uint32_t)number(raw + 14, 2);
    uint32_t bound = in_table ? q->table_count : q->size;
    bool more =
        (flags & VVS_DESC_F_NEXT) != 0 && next < bound && q->loads <= q->size + q->max_chain;
    q->ring_next = SHADOW_NOTHING;
    if ((flags & VVS_DESC_F_INDIRECT) != 0) {
        q->table_addr = addr;
        q->table_count = in_table || !q->features_indirect ? 0 : len / VVS_DESC_BYTES;
        q->table_next = 0;
        q->table_done = 0;
        if (q->building) {
            q->building->indirect = true;
        }
        return;
    }
    grant(q, addr, len, (flags & VVS_DESC_F_WRITE) != 0);
    if (in_table) {
        q->table_next = more ? next : SHADOW_NOTHING;
    } else {
        q->ring_next = more ? next : SHADOW_NOTHING;
    }
}

static void take_packed_end(struct shadow_queue *q, uint16_t id)
{
    uint32_t index = q->avail_index + q->walked;
    if (index >= q->size) {
        index -= q->size;
        q->avail_wrap ^= 1;
    }
    q->avail_index = (uint16_t)index;
    if (q->building) {
        chain_take(q, id, (uint16_t)q->walked);
    }
}

static void take_packed(struct shadow_queue *q, const uint8_t *raw)
{
    uint64_t addr = number(raw, 8);
    uint32_t len = (uint32_t)number(raw + 8, 4);
    uint32_t index = q->ring_next;
    q->ring_next = SHADOW_NOTHING;
    q->walked++;
    if ((q->flags & VVS_DESC_F_INDIRECT) != 0) {
        q->table_addr = addr;
        q->table_count = q->features_indirect ? len / VVS_DESC_BYTES : 0;
        q->table_next = 0;
        q->table_done = 0;
        if (q->building) {
            q->building->indirect = true;
        }
    } else {
        q->table_count = 0;
        grant(q, addr, len, (q->flags & VVS_DESC_F_WRITE) != 0);
    }
    if ((q->flags & VVS_DESC_F_NEXT) == 0) {
        take_packed_end(q, (uint16_t)number(raw + 12, 2));
    } else if (q->walked < q->size - q->span_count) {
        q->flags_next = index + 1 == q->size ? 0 : index + 1;
    }
}

static void take_flags(struct shadow_queue *q, uint32_t index, uint16_t flags)
{
    bool lap = index < q->avail_index; /* the walk has passed the end of the ring */
    bool wrap = (q->avail_wrap != 0) != lap;
    bool avail = (flags & VVS_PACKED_DESC_F_AVAIL) != 0;
    bool used = (flags & VVS_PACKED_DESC_F_USED) != 0;
    q->flags_next = SHADOW_NOTHING;
    if (q->phase != SHADOW_POP || avail != wrap || used == wrap) {
        return;
    }
    if (q->walked == 0) {
        chain_begin(q);
    }
    q->flags = flags;
    q->ring_next = index;
}

static void take_entry(struct shadow_queue *q, const struct vvs_access *access)
{
    if (q->table_done + access->len > VVS_DESC_BYTES) {
        return; /* a finding already */
    }
    memcpy(q->entry + q->table_done, access->host, access->len);
    q->table_done += access->len;
    if (q->table_done < VVS_DESC_BYTES) {
        return;
    }
    q->table_done = 0;
    q->loads++;
    if (!q->packed) {
        take_split(q, q->entry, true);
        return;
    }
    grant(q, number(q->entry, 8), (uint32_t)number(q->entry + 8, 4),
          (number(q->entry + 14, 2) & VVS_DESC_F_WRITE) != 0);
    q->table_next = q->table_next + 1 < q->table_count ? q->table_next + 1 : SHADOW_NOTHING;
}

void shadow_loaded(struct shadow_queue *q, const struct vvs_access *access)
{
    if (access->item < 32) {
        q->seen |= 1u << access->item;
    }
    switch (access->item) {
    case VVS_ITEM_AVAIL_SLOT: {
        uint16_t head = (uint16_t)number(access->host, 2);
        if (head < q->size) {
            chain_begin(q);
            if (q->building) {
                chain_take(q, head, 1);
            }
            q->avail_index++;
            q->ring_next = head;
        }
        break;
    }
    case VVS_ITEM_DESC:
        q->loads++;
        if (q->packed) {
            take_packed(q, access->host);
        } else {
            take_split(q, access->host, false);
        }
        break;
    case VVS_ITEM_TABLE_ENTRY:
        take_entry(q, access);
        break;
    case VVS_ITEM_PACKED_FLAGS:
        take_flags(q, access->index, (uint16_t)number(access->host, 2));
        break;
    default:
        break;
    }
}

const uint8_t *shadow_stream(const struct vvs_memory *memory, struct shadow_chain *chain,
                             uint64_t *out_len, bool writable, uint64_t at)
{
    if (chain->cursor_at[writable] > at) {
        chain->cursor[writable] = 0;
        chain->cursor_at[writable] = 0;
    }
    for (; chain->cursor[writable] < chain->grant_count; chain->cursor[writable]++) {
        const struct shadow_grant *each = &chain->grants[chain->cursor[writable]];
        if (each->writable != writable) {
            continue;
        }
        uint64_t skip = at - chain->cursor_at[writable];
        if (skip < each->len) {
            uint64_t region_len = 0;
            if (skip > UINT64_MAX - each->addr) {
                return NULL;
            }
            const uint8_t *host = shadow_translate(memory, &region_len, each->addr + skip,
                                                   writable ? VVS_PERM_WRITE : VVS_PERM_READ);
            *out_len = each->len - skip < region_len ? each->len - skip : region_len;
            return host;
        }
        chain->cursor_at[writable] += each->len;
    }
    return NULL;
}
