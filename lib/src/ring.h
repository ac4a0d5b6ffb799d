/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What the queue, its two ring formats and the chain walk share. */
#ifndef VVS_SRC_RING_H
#define VVS_SRC_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "le.h"
#include "region.h"
#include "vvs/chain.h"
#include "vvs/queue.h"
#include "vvs/spec.h"

/* In a slot's `next_free` while its chain is in flight; slots are numbered below the queue size. */
#define VVS_IN_FLIGHT UINT16_MAX

/* One descriptor, copied from guest memory. */
struct vvs_desc {
    uint64_t addr;
    uint32_t len;
    uint32_t flags;
    uint32_t next_or_id; /* split: next; packed: id */
};

static VVS_INLINE void vvs_desc_decode(struct vvs_desc *out_desc, const uint8_t *raw, bool packed)
{
    out_desc->addr = vvs_le64(raw);
    out_desc->len = vvs_le32(raw + 8);
    out_desc->flags = vvs_le16(raw + (packed ? 14 : 12));
    out_desc->next_or_id = vvs_le16(raw + (packed ? 12 : 14));
}

/* A failure of the ring is kept: the queue touches nothing any more. */
static inline enum vvs_status vvs_queue_break(struct vvs_queue *queue, enum vvs_status status)
{
    queue->broken = status;
    return status;
}

/* A walk under way: what was added, descriptor by descriptor, to the queue's element storage. */
struct vvs_walk {
    struct vvs_element *element; /* the next one */
    uint32_t count;
    uint32_t readable_count;
    uint64_t readable_len;
    uint64_t total_len;
};

static inline struct vvs_walk vvs_walk_begin(const struct vvs_queue *queue)
{
    struct vvs_walk walk = {queue->elements, 0, 0, 0, 0};
    return walk;
}

/* One more descriptor. The caller has checked that there is storage for it: count is below
 * max_chain. */
static VVS_INLINE enum vvs_status vvs_walk_add(struct vvs_walk *walk, const struct vvs_desc *desc)
{
    uint32_t writable = desc->flags & VVS_DESC_F_WRITE;
    if (writable == 0) {
        if (walk->readable_count != walk->count) {
            return VVS_E_ORDER;
        }
        walk->readable_count++;
        walk->readable_len += desc->len;
    }
    walk->count++;
    walk->total_len += desc->len;
    if (desc->len != 0) {
        walk->element->addr = desc->addr;
        walk->element->len = desc->len;
        walk->element->writable = writable;
        walk->element++;
    }
    return VVS_OK;
}

/* The whole chain is accepted, or refused for its length. */
static VVS_INLINE enum vvs_status vvs_walk_end(const struct vvs_walk *walk, struct vvs_queue *queue,
                                               struct vvs_chain *out_chain)
{
    if (walk->total_len > VVS_CHAIN_BYTES_MAX) {
        return VVS_E_CHAIN_BYTES;
    }
    out_chain->queue = queue;
    out_chain->elements = queue->elements;
    out_chain->element_count = (uint32_t)(walk->element - queue->elements);
    out_chain->descriptor_count = walk->count;
    out_chain->readable_descriptor_count = walk->readable_count;
    out_chain->readable_len = walk->readable_len;
    out_chain->writable_len = walk->total_len - walk->readable_len;
    return VVS_OK;
}

/* vvs_walk_add_table adds the entries of the table that `referrer` names. */
enum vvs_status vvs_walk_add_table(struct vvs_walk *walk, struct vvs_queue *queue,
                                   const struct vvs_desc *referrer);

/* The split ring. */
enum vvs_status vvs_split_pop(struct vvs_queue *queue, struct vvs_token *out_token,
                              struct vvs_chain *out_chain);
bool vvs_split_needs_notify(struct vvs_queue *queue);
bool vvs_split_arm(struct vvs_queue *queue);
void vvs_split_disarm(struct vvs_queue *queue);

/* The packed ring. */
enum vvs_status vvs_packed_pop(struct vvs_queue *queue, struct vvs_token *out_token,
                               struct vvs_chain *out_chain);
void vvs_packed_undo(struct vvs_queue *queue, uint16_t span);
void vvs_packed_stage(struct vvs_queue *queue, uint16_t id, uint32_t len);
void vvs_packed_flush(struct vvs_queue *queue);
bool vvs_packed_needs_notify(struct vvs_queue *queue);
bool vvs_packed_arm(struct vvs_queue *queue);
void vvs_packed_disarm(struct vvs_queue *queue);

/* vvs_take_slot puts a popped chain in flight. There is always room: a pop beyond the queue size
 * breaks the queue before. */
static VVS_INLINE void vvs_take_slot(struct vvs_queue *queue, struct vvs_token *out_token,
                                     uint16_t id, uint16_t span, uint16_t position)
{
    uint16_t at = queue->free_slot;
    struct vvs_slot *slot = &queue->slots[at];
    if (at == queue->fresh_slot) {
        queue->free_slot = ++queue->fresh_slot;
    } else {
        queue->free_slot = slot->next_free;
    }
    slot->sequence = queue->next_sequence;
    slot->id = id;
    slot->span = span;
    slot->next_free = VVS_IN_FLIGHT;
    out_token->sequence = queue->next_sequence;
    out_token->id = id;
    out_token->span = span;
    out_token->position = position;
    out_token->slot = at;
    queue->next_sequence++;
    queue->in_flight_span += span;
}

#endif
