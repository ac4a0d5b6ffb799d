/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The split ring: available idx and slots in, used elements and idx out. */
#include "access.h"
#include "le.h"
#include "region.h"
#include "ring.h"

/* All index arithmetic is modulo 2^16; a slot is the index modulo the queue size, a power of two. */
static inline uint32_t vvs_split_slot(const struct vvs_queue *queue, uint16_t index)
{
    return index & (queue->size - 1);
}

static inline uint16_t vvs_split_load_index(const struct vvs_queue *queue)
{
    return vvs_load_word(queue, VVS_ITEM_AVAIL_IDX, 0, queue->driver + VVS_AVAIL_IDX_OFFSET);
}

enum vvs_status vvs_split_pop(struct vvs_queue *queue, struct vvs_token *out_token,
                              struct vvs_chain *out_chain)
{
    uint16_t position = queue->avail_index;
    uint16_t pending = (uint16_t)(vvs_split_load_index(queue) - position);
    if (pending == 0) {
        return VVS_EMPTY;
    }
    if (pending > queue->size) {
        return vvs_queue_break(queue, VVS_E_AVAIL_INDEX);
    }
    if (queue->in_flight_count == queue->size) {
        return vvs_queue_break(queue, VVS_E_OUTSTANDING);
    }
    uint32_t slot = vvs_split_slot(queue, position);
    const uint8_t *host = queue->driver + VVS_AVAIL_RING_OFFSET + (size_t)slot * VVS_AVAIL_SLOT_BYTES;
    uint16_t head = vvs_load_word(queue, VVS_ITEM_AVAIL_SLOT, slot, host);
    if (head >= queue->size) {
        return vvs_queue_break(queue, VVS_E_HEAD);
    }
    enum vvs_status status = vvs_chain_walk(queue, out_chain, head);
    queue->avail_index = (uint16_t)(position + 1);
    vvs_take_slot(queue, out_token, head, 1, position);
    return status;
}

void vvs_split_stage(struct vvs_queue *queue, uint16_t id, uint32_t len)
{
    uint8_t raw[VVS_USED_ELEM_BYTES];
    uint32_t slot = vvs_split_slot(queue, (uint16_t)(queue->used_index + queue->staged_count));
    size_t offset = VVS_USED_RING_OFFSET + (size_t)slot * VVS_USED_ELEM_BYTES;
    vvs_put_le32(raw, id);
    vvs_put_le32(raw + 4, len);
    vvs_copy_out(queue, VVS_ITEM_USED_ELEM, slot, queue->device + offset, raw, sizeof raw);
    vvs_log_guest(queue->memory, queue->device_addr + offset, sizeof raw);
}

/* A store to a word of the used ring, and its mark in the dirty log. */
static void vvs_split_store(struct vvs_queue *queue, enum vvs_item item, size_t offset, uint16_t value)
{
    vvs_store_word(queue, item, 0, queue->device + offset, value);
    vvs_log_guest(queue->memory, queue->device_addr + offset, sizeof value);
}

void vvs_split_flush(struct vvs_queue *queue)
{
    queue->used_index = (uint16_t)(queue->used_index + queue->staged_count);
    vvs_split_store(queue, VVS_ITEM_USED_IDX, VVS_USED_IDX_OFFSET, queue->used_index);
}

bool vvs_split_needs_notify(struct vvs_queue *queue)
{
    if (!queue->event_idx) {
        uint16_t flags = vvs_load_word(queue, VVS_ITEM_AVAIL_FLAGS, 0, queue->driver);
        return (flags & VVS_AVAIL_F_NO_INTERRUPT) == 0;
    }
    size_t offset = VVS_AVAIL_RING_OFFSET + (size_t)queue->size * VVS_AVAIL_SLOT_BYTES;
    uint16_t event = vvs_load_word(queue, VVS_ITEM_USED_EVENT, 0, queue->driver + offset);
    /* How many entries ago the one at `event` was published; a batch may step over it. */
    uint16_t ago = (uint16_t)(queue->used_index - event - 1u);
    return ago < queue->unsignalled || !queue->signalled_known;
}

bool vvs_split_arm(struct vvs_queue *queue)
{
    if (queue->event_idx) {
        size_t offset = VVS_USED_RING_OFFSET + (size_t)queue->size * VVS_USED_ELEM_BYTES;
        vvs_split_store(queue, VVS_ITEM_AVAIL_EVENT, offset, queue->avail_index);
    } else {
        vvs_split_store(queue, VVS_ITEM_USED_FLAGS, 0, 0);
    }
    vvs_full_fence();
    return vvs_split_load_index(queue) != queue->avail_index;
}

void vvs_split_disarm(struct vvs_queue *queue)
{
    if (!queue->event_idx) {
        vvs_split_store(queue, VVS_ITEM_USED_FLAGS, 0, VVS_USED_F_NO_NOTIFY);
    }
}
