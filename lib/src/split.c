/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The split ring: available idx and slots in, used elements and idx out. */
#include "split.h"
#include "access.h"
#include "ring.h"

static inline uint16_t vvs_split_load_index(const struct vvs_queue *queue)
{
    return vvs_load_word(queue, VVS_ITEM_AVAIL_IDX, 0, queue->driver + VVS_AVAIL_IDX_OFFSET);
}

static VVS_INLINE void vvs_split_load(const struct vvs_queue *queue, struct vvs_desc *out_desc,
                                      uint32_t index)
{
    uint8_t raw[VVS_DESC_BYTES];
    vvs_copy_in(queue, VVS_ITEM_DESC, index, raw, queue->desc + (size_t)index * VVS_DESC_BYTES,
                sizeof raw);
    vvs_desc_decode(out_desc, raw, false);
}

/* The last descriptor of a split chain may refer to a table. */
static __attribute__((noinline)) enum vvs_status
vvs_split_end_table(struct vvs_queue *queue, struct vvs_chain *out_chain, struct vvs_walk *walk,
                    const struct vvs_desc *referrer)
{
    if ((referrer->flags & VVS_DESC_F_NEXT) != 0) {
        return VVS_E_INDIRECT_NEXT;
    }
    enum vvs_status status = vvs_walk_add_table(walk, queue, referrer);
    return status == VVS_OK ? vvs_walk_end(walk, queue, out_chain) : status;
}

/* Walks on from the head, a direct descriptor that does not end its chain. The head comes in parts
 * because those stay in registers. */
static __attribute__((noinline)) enum vvs_status vvs_split_walk_on(struct vvs_queue *queue,
                                                                   struct vvs_chain *out_chain,
                                                                   uint64_t addr, uint32_t len,
                                                                   uint32_t flags, uint32_t next)
{
    struct vvs_desc desc = {addr, len, flags, next};
    struct vvs_walk walk = vvs_walk_begin(queue);
    do {
        enum vvs_status status = vvs_walk_add(&walk, &desc);
        if (status != VVS_OK) {
            return status;
        }
        if ((desc.flags & VVS_DESC_F_NEXT) == 0) {
            return vvs_walk_end(&walk, queue, out_chain);
        }
        if (desc.next_or_id >= queue->size) {
            return VVS_E_NEXT;
        }
        if (walk.count == queue->direct_limit) {
            return walk.count == queue->size ? VVS_E_LOOP : VVS_E_CHAIN_LIMIT;
        }
        vvs_split_load(queue, &desc, desc.next_or_id);
    } while ((desc.flags & VVS_DESC_F_INDIRECT) == 0);
    /* Copies, so that the loop's own stay in registers. */
    struct vvs_walk walked = walk;
    struct vvs_desc referrer = desc;
    return vvs_split_end_table(queue, out_chain, &walked, &referrer);
}

/* Walks from `head`, which is below the queue size. Most chains are one descriptor. */
static VVS_INLINE enum vvs_status vvs_split_walk(struct vvs_queue *queue,
                                                 struct vvs_chain *out_chain, uint16_t head)
{
    struct vvs_desc desc;
    struct vvs_walk walk = vvs_walk_begin(queue);
    vvs_split_load(queue, &desc, head);
    if ((desc.flags & VVS_DESC_F_INDIRECT) != 0) {
        struct vvs_desc referrer = desc;
        struct vvs_walk walked = walk;
        return vvs_split_end_table(queue, out_chain, &walked, &referrer);
    }
    if ((desc.flags & VVS_DESC_F_NEXT) != 0) {
        return vvs_split_walk_on(queue, out_chain, desc.addr, desc.len, desc.flags,
                                 desc.next_or_id);
    }
    (void)vvs_walk_add(&walk, &desc); /* refuses an order of two */
    return vvs_walk_end(&walk, queue, out_chain);
}

enum vvs_status vvs_chain_walk(struct vvs_queue *queue, struct vvs_chain *out_chain, uint16_t head)
{
    if (queue->packed) {
        return VVS_E_ARGUMENT;
    }
    if (queue->broken != VVS_OK) {
        return queue->broken;
    }
    return head < queue->size ? vvs_split_walk(queue, out_chain, head) : VVS_E_HEAD;
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
    if (queue->in_flight_span == queue->size) {
        return vvs_queue_break(queue, VVS_E_OUTSTANDING);
    }
    uint32_t slot = vvs_split_slot(queue, position);
    const uint8_t *host =
        queue->driver + VVS_AVAIL_RING_OFFSET + (size_t)slot * VVS_AVAIL_SLOT_BYTES;
    uint16_t head = vvs_load_word(queue, VVS_ITEM_AVAIL_SLOT, slot, host);
    if (head >= queue->size) {
        return vvs_queue_break(queue, VVS_E_HEAD);
    }
    queue->avail_index = (uint16_t)(position + 1);
    vvs_take_slot(queue, out_token, head, 1, position);
    return vvs_split_walk(queue, out_chain, head);
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
