/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The used side of the split ring: small enough to be part of each publish. */
#ifndef VVS_SRC_SPLIT_H
#define VVS_SRC_SPLIT_H

#include "access.h"
#include "le.h"
#include "region.h"
#include "ring.h"

/* All index arithmetic is modulo 2^16; a slot is the index modulo the queue size, a power of two.
 * */
static inline uint32_t vvs_split_slot(const struct vvs_queue *queue, uint16_t index)
{
    return index & (queue->size - 1);
}

/* A store to a word of the used ring, and its mark in the dirty log. */
static VVS_INLINE void vvs_split_store(struct vvs_queue *queue, enum vvs_item item, size_t offset,
                                       uint16_t value)
{
    vvs_store_word(queue, item, 0, queue->device + offset, value);
    vvs_log_guest(queue->memory, queue->device_addr + offset, sizeof value);
}

static VVS_INLINE void vvs_split_stage(struct vvs_queue *queue, uint16_t id, uint32_t len)
{
    uint8_t raw[VVS_USED_ELEM_BYTES];
    uint32_t slot = vvs_split_slot(queue, (uint16_t)(queue->used_index + queue->staged_span));
    size_t offset = VVS_USED_RING_OFFSET + (size_t)slot * VVS_USED_ELEM_BYTES;
    vvs_put_le32(raw, id);
    vvs_put_le32(raw + 4, len);
    vvs_copy_out(queue, VVS_ITEM_USED_ELEM, slot, queue->device + offset, raw, sizeof raw);
    vvs_log_guest(queue->memory, queue->device_addr + offset, sizeof raw);
}

static VVS_INLINE void vvs_split_flush(struct vvs_queue *queue)
{
    queue->used_index = (uint16_t)(queue->used_index + queue->staged_span);
    vvs_split_store(queue, VVS_ITEM_USED_IDX, VVS_USED_IDX_OFFSET, queue->used_index);
}

#endif
