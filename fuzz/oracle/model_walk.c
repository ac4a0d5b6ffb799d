/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* From the ring to a chain of buffers: Split Virtqueues, Packed Virtqueues. */
#include "model.h"
#include "model_view.h"

enum { NEXT = 1, WRITE = 2, INDIRECT = 4, AVAIL = 0x80, USED = 0x8000 };

struct descriptor {
    uint64_t addr;
    uint32_t len;
    uint32_t flags;
    uint32_t next; /* split */
    uint32_t id;   /* packed */
};

/* A ring or table descriptor: the two formats differ in the order of the last two fields. */
static struct descriptor decode(const uint8_t *raw, bool packed)
{
    uint32_t sixth = (uint32_t)view_number(raw + 12, 2);
    uint32_t seventh = (uint32_t)view_number(raw + 14, 2);
    return (struct descriptor){
        .addr = view_number(raw, 8),
        .len = (uint32_t)view_number(raw + 8, 4),
        .flags = packed ? seventh : sixth,
        .next = packed ? 0 : seventh,
        .id = packed ? sixth : 0,
    };
}

static struct descriptor ring_descriptor(const struct model_queue *q, uint32_t index)
{
    uint8_t raw[16] = {0};
    uint64_t addr = q->place->desc + UINT64_C(16) * index;
    if (!q->place->packed) {
        (void)view_read(raw, VVS_ITEM_DESC, index, addr, 16);
        return decode(raw, false);
    }
    (void)view_read(raw, VVS_ITEM_DESC, index, addr, 14);
    (void)view_read(raw + 14, VVS_ITEM_PACKED_FLAGS, index, addr + 14, 2);
    return decode(raw, true);
}

/* Adds a buffer, or refuses the chain: readable before writable, no more than max_chain. */
static void add(const struct model_queue *q, struct model_chain *chain,
                const struct descriptor *each)
{
    bool writable = (each->flags & WRITE) != 0;
    if (!writable && chain->count[1] != 0) {
        chain->verdict = MODEL_REFUSED;
    }
    chain->count[writable]++;
    chain->len[writable] += each->len;
    if (chain->count[0] + chain->count[1] > q->max_chain) {
        chain->verdict = MODEL_REFUSED;
    }
    if (each->len != 0 && model.buffer_count < MODEL_MAX_BUFFERS) {
        chain->buffers[chain->buffer_count++] = (struct model_buffer){each->addr, each->len};
        model.buffer_count++;
    }
}

/* Indirect Descriptors: entry after entry on packed rings, by `next` on split ones. */
static void add_table(const struct model_queue *q, struct model_chain *chain,
                      const struct descriptor *referrer)
{
    uint32_t entries = referrer->len / 16;
    uint32_t at = 0;
    bool in_memory = referrer->len != 0;
    for (uint32_t done = 0, piece = 0; done < referrer->len && in_memory; done += piece) {
        uint64_t addr = referrer->addr + done;
        in_memory = addr >= referrer->addr && view_find(addr, referrer->len - done, 1, &piece);
    }
    if (!q->indirect || referrer->len % 16 != 0 || !in_memory) {
        chain->verdict = MODEL_REFUSED;
    }
    for (uint32_t walked = 0; chain->verdict == MODEL_ACCEPTED; walked++) {
        uint8_t raw[16] = {0};
        if (walked == entries) {
            chain->verdict = q->place->packed ? MODEL_ACCEPTED : MODEL_REFUSED;
            return;
        }
        (void)view_read(raw, VVS_ITEM_TABLE_ENTRY, at, referrer->addr + UINT64_C(16) * at, 16);
        struct descriptor each = decode(raw, q->place->packed);
        if (!q->place->packed && (each.flags & INDIRECT)) {
            chain->verdict = MODEL_REFUSED;
            return;
        }
        add(q, chain, &each);
        if (!q->place->packed && !(each.flags & NEXT)) {
            return;
        }
        at = q->place->packed ? at + 1 : each.next;
        if (!q->place->packed && at >= entries) {
            chain->verdict = MODEL_REFUSED;
        }
    }
}

static void walk_split(const struct model_queue *q, struct model_chain *chain, uint32_t head)
{
    uint32_t at = head;
    for (uint32_t walked = 0; chain->verdict == MODEL_ACCEPTED; walked++) {
        if (walked == q->place->size) {
            chain->verdict = MODEL_REFUSED; /* round and round */
            return;
        }
        struct descriptor each = ring_descriptor(q, at);
        if (each.flags & INDIRECT) {
            if (each.flags & NEXT) {
                chain->verdict = MODEL_REFUSED;
            } else {
                add_table(q, chain, &each);
            }
            return;
        }
        add(q, chain, &each);
        if (!(each.flags & NEXT)) {
            return;
        }
        at = each.next;
        if (at >= q->place->size) {
            chain->verdict = MODEL_REFUSED;
        }
    }
}

static void pop_split(struct model_queue *q, struct model_chain *chain)
{
    uint32_t size = q->place->size;
    uint32_t offered = view_word(VVS_ITEM_AVAIL_IDX, 0, q->place->driver + 2);
    uint32_t pending = (offered + 65536 - q->avail) % 65536;
    uint32_t slot = q->avail % size;
    chain->verdict = MODEL_ACCEPTED;
    if (pending == 0) {
        chain->verdict = MODEL_EMPTY;
        return;
    }
    if (pending > size || q->popped_count + q->staged == size) {
        chain->verdict = MODEL_BROKEN;
        return;
    }
    uint32_t head = view_word(VVS_ITEM_AVAIL_SLOT, slot, q->place->driver + 4 + UINT64_C(2) * slot);
    if (head >= size) {
        chain->verdict = MODEL_BROKEN;
        return;
    }
    chain->id = (uint16_t)head;
    chain->span = 1;
    q->avail = (q->avail + 1) % 65536;
    walk_split(q, chain, head);
}

static bool available(uint32_t flags, bool wrap)
{
    return ((flags & AVAIL) != 0) == wrap && ((flags & USED) != 0) != wrap;
}

static uint32_t slots_taken(const struct model_queue *q)
{
    uint32_t taken = q->staged_slots;
    for (uint32_t i = 0; i < q->popped_count; i++) {
        taken += q->popped[i].span;
    }
    return taken;
}

/* The list is followed to its end whatever is wrong with it: the end has the id. */
static void pop_packed(struct model_queue *q, struct model_chain *chain)
{
    uint32_t at = q->avail;
    bool wrap = q->avail_wrap;
    uint32_t free_slots = q->place->size - slots_taken(q);
    chain->verdict = MODEL_ACCEPTED;
    for (chain->span = 0;;) {
        uint64_t addr = q->place->desc + UINT64_C(16) * at + 14;
        if (chain->span == free_slots && chain->span != 0) {
            chain->verdict = MODEL_BROKEN;
            return;
        }
        if (!available(view_word(VVS_ITEM_PACKED_FLAGS, at, addr), wrap)) {
            chain->verdict = chain->span == 0 ? MODEL_EMPTY : MODEL_BROKEN;
            return;
        }
        if (free_slots == 0) {
            chain->verdict = MODEL_BROKEN;
            return;
        }
        struct descriptor each = ring_descriptor(q, at);
        chain->span++;
        if (chain->verdict == MODEL_ACCEPTED && !(each.flags & INDIRECT)) {
            add(q, chain, &each);
        } else if (chain->verdict == MODEL_ACCEPTED) {
            if ((each.flags & NEXT) || chain->span > 1) {
                chain->verdict = MODEL_REFUSED;
            } else {
                add_table(q, chain, &each);
            }
        }
        at++;
        if (at == q->place->size) {
            at = 0;
            wrap = !wrap;
        }
        if (!(each.flags & NEXT)) {
            chain->id = (uint16_t)each.id;
            q->avail = at;
            q->avail_wrap = wrap;
            return;
        }
    }
}

void model_pop(struct model_queue *q, struct model_chain *out_chain)
{
    *out_chain = (struct model_chain){.buffers = &model.buffers[model.buffer_count]};
    if (q->place->packed) {
        pop_packed(q, out_chain);
    } else {
        pop_split(q, out_chain);
    }
    if (out_chain->verdict == MODEL_BROKEN) {
        q->broken = true;
    }
    if (out_chain->verdict == MODEL_ACCEPTED && out_chain->len[0] + out_chain->len[1] > UINT64_C(1)
                                                                                            << 32) {
        out_chain->verdict = MODEL_REFUSED;
    }
    out_chain->pop = q->pops;
}
