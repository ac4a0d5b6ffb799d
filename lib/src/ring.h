/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What the queue, its two ring formats and the chain walk share. */
#ifndef VVS_SRC_RING_H
#define VVS_SRC_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "vvs/chain.h"
#include "vvs/queue.h"
#include "vvs/spec.h"

#define VVS_NO_SLOT UINT16_MAX

/* One descriptor, copied from guest memory. */
struct vvs_desc {
    uint64_t addr;
    uint32_t len;
    uint16_t flags;
    uint16_t next_or_id; /* split: next; packed: id */
};

/* A failure of the ring is kept: the queue touches nothing any more. */
static inline enum vvs_status vvs_queue_break(struct vvs_queue *queue, enum vvs_status status)
{
    queue->broken = status;
    return status;
}

/* vvs_chain_begin empties `chain`; vvs_chain_add appends one descriptor, vvs_chain_end accepts the whole.
 * vvs_chain_add_table appends the entries of the table that `referrer` names; `out_chain` is accepted or
 * refused then. */
static inline void vvs_chain_begin(struct vvs_queue *queue, struct vvs_chain *chain)
{
    chain->queue = queue;
    chain->elements = queue->elements;
    chain->element_count = 0;
    chain->readable_count = 0;
    chain->descriptor_count = 0;
    chain->has_readable = 0;
    chain->has_writable = 0;
    chain->readable_len = 0;
    chain->writable_len = 0;
}

/* The order, the limit and the direction of one more element. Zero-length ones count but are not kept:
 * they hold no bytes, and their address means nothing. */
static inline enum vvs_status vvs_chain_add(struct vvs_chain *chain, const struct vvs_desc *desc)
{
    struct vvs_queue *queue = chain->queue;
    bool writable = (desc->flags & VVS_DESC_F_WRITE) != 0;
    if (chain->descriptor_count == queue->max_chain) {
        return VVS_E_CHAIN_LIMIT;
    }
    chain->descriptor_count++;
    if (writable) {
        chain->has_writable = 1;
        chain->writable_len += desc->len;
    } else if (chain->has_writable) {
        return VVS_E_ORDER;
    } else {
        chain->has_readable = 1;
        chain->readable_len += desc->len;
    }
    if (desc->len != 0) {
        struct vvs_element *element = &queue->elements[chain->element_count];
        element->addr = desc->addr;
        element->len = desc->len;
        element->writable = writable;
        chain->element_count++;
        chain->readable_count += !writable;
    }
    return VVS_OK;
}

static inline enum vvs_status vvs_chain_end(const struct vvs_chain *chain)
{
    return chain->readable_len + chain->writable_len > VVS_CHAIN_BYTES_MAX ? VVS_E_CHAIN_BYTES : VVS_OK;
}

enum vvs_status vvs_chain_add_table(struct vvs_chain *chain, const struct vvs_desc *referrer);

/* The split ring. */
enum vvs_status vvs_split_pop(struct vvs_queue *queue, struct vvs_token *out_token,
                              struct vvs_chain *out_chain);
void vvs_split_stage(struct vvs_queue *queue, uint16_t id, uint32_t len);
void vvs_split_flush(struct vvs_queue *queue);
bool vvs_split_needs_notify(struct vvs_queue *queue);
bool vvs_split_arm(struct vvs_queue *queue);
void vvs_split_disarm(struct vvs_queue *queue);

/* The packed ring. */
enum vvs_status vvs_packed_pop(struct vvs_queue *queue, struct vvs_token *out_token,
                               struct vvs_chain *out_chain);
void vvs_packed_undo(struct vvs_queue *queue, uint16_t span);
void vvs_packed_stage(struct vvs_queue *queue, uint16_t id, uint16_t span, uint32_t len);
void vvs_packed_flush(struct vvs_queue *queue);
bool vvs_packed_needs_notify(struct vvs_queue *queue);
bool vvs_packed_arm(struct vvs_queue *queue);
void vvs_packed_disarm(struct vvs_queue *queue);

/* vvs_take_slot puts a popped chain in flight. There is always room: a pop beyond the queue size breaks
 * the queue before. */
static inline void vvs_take_slot(struct vvs_queue *queue, struct vvs_token *out_token, uint16_t id,
                                 uint16_t span, uint16_t position)
{
    uint16_t at = queue->free_slot;
    if (at == VVS_NO_SLOT) {
        at = queue->fresh_slot++;
    } else {
        queue->free_slot = queue->slots[at].next_free;
    }
    struct vvs_slot *slot = &queue->slots[at];
    slot->sequence = queue->next_sequence;
    slot->id = id;
    slot->span = span;
    slot->in_flight = 1;
    out_token->sequence = queue->next_sequence;
    out_token->id = id;
    out_token->span = span;
    out_token->position = position;
    out_token->slot = at;
    queue->next_sequence++;
    queue->in_flight_count++;
    queue->in_flight_span += span;
}

#endif
