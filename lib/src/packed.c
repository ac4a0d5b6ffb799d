/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The packed ring: one descriptor ring for both directions, positions with wrap counters. */
#include "access.h"
#include "ring.h"

/* A place in the ring and the wrap counter that goes with it. */
struct vvs_place {
    uint32_t index;
    uint8_t wrap;
};

static inline struct vvs_place vvs_place_after(const struct vvs_queue *queue,
                                               struct vvs_place place, uint32_t span)
{
    place.index += span;
    if (place.index >= queue->size) {
        place.index -= queue->size;
        place.wrap ^= 1;
    }
    return place;
}

static inline struct vvs_place vvs_avail_place(const struct vvs_queue *queue)
{
    struct vvs_place place = {queue->avail_index, queue->avail_wrap};
    return place;
}

static inline struct vvs_place vvs_used_place(const struct vvs_queue *queue)
{
    struct vvs_place place = {queue->used_index, queue->used_wrap};
    return place;
}

static inline uint16_t vvs_packed_load_flags(const struct vvs_queue *queue, uint32_t index)
{
    const uint8_t *host = queue->desc + (size_t)index * VVS_DESC_BYTES;
    return vvs_load_word(queue, VVS_ITEM_PACKED_FLAGS, index,
                         host + offsetof(struct vvs_packed_desc_wire, flags));
}

/* Available: AVAIL equals the wrap counter, USED differs from it (Packed Virtqueues, Wrap
 * Counters). */
static inline bool vvs_packed_available(uint16_t flags, uint8_t wrap)
{
    bool avail = (flags & VVS_PACKED_DESC_F_AVAIL) != 0;
    bool used = (flags & VVS_PACKED_DESC_F_USED) != 0;
    return avail == (wrap != 0) && used != (wrap != 0);
}

static inline void vvs_packed_load(const struct vvs_queue *queue, struct vvs_desc *out_desc,
                                   uint32_t index, uint16_t flags)
{
    uint8_t raw[offsetof(struct vvs_packed_desc_wire, flags)];
    const uint8_t *host = queue->desc + (size_t)index * VVS_DESC_BYTES;
    vvs_copy_in(queue, VVS_ITEM_DESC, index, raw, host, sizeof raw);
    out_desc->addr = vvs_le64(raw);
    out_desc->len = vvs_le32(raw + 8);
    out_desc->next_or_id = vvs_le16(raw + 12);
    out_desc->flags = flags;
}

/* What one descriptor adds to its list: an element, or a table, which has to be the list's only
 * one. */
static enum vvs_status vvs_packed_add(struct vvs_queue *queue, struct vvs_walk *walk,
                                      const struct vvs_desc *desc, uint32_t span)
{
    if ((desc->flags & VVS_DESC_F_INDIRECT) == 0) {
        return walk->count == queue->max_chain ? VVS_E_CHAIN_LIMIT : vvs_walk_add(walk, desc);
    }
    if ((desc->flags & VVS_DESC_F_NEXT) != 0) {
        return VVS_E_INDIRECT_NEXT;
    }
    return span > 1 ? VVS_E_INDIRECT_MIXED : vvs_walk_add_table(walk, queue, desc);
}

/* Walks a list to its end even when an element is refused: only its last descriptor has the buffer
 * id, and the list's length says where the next one begins. */
static enum vvs_status vvs_packed_walk(struct vvs_queue *queue, struct vvs_walk *walk,
                                       uint16_t *out_span, uint16_t *out_id, uint16_t flags)
{
    struct vvs_place place = vvs_avail_place(queue);
    enum vvs_status status = VVS_OK;
    uint32_t free_span = queue->size - queue->in_flight_span;
    for (uint32_t span = 1; span <= free_span; span++) {
        struct vvs_desc desc;
        if (span > 1) {
            place = vvs_place_after(queue, place, 1);
            flags = vvs_packed_load_flags(queue, place.index);
            if (!vvs_packed_available(flags, place.wrap)) {
                return vvs_queue_break(queue, VVS_E_LIST_UNAVAILABLE);
            }
        }
        vvs_packed_load(queue, &desc, place.index, flags);
        if (status == VVS_OK) {
            status = vvs_packed_add(queue, walk, &desc, span);
        }
        if ((flags & VVS_DESC_F_NEXT) == 0) {
            *out_span = (uint16_t)span;
            *out_id = (uint16_t)desc.next_or_id;
            return status;
        }
    }
    return vvs_queue_break(queue, VVS_E_LIST_ENDLESS);
}

enum vvs_status vvs_packed_pop(struct vvs_queue *queue, struct vvs_token *out_token,
                               struct vvs_chain *out_chain)
{
    uint16_t position = queue->avail_index;
    uint16_t flags = vvs_packed_load_flags(queue, position);
    if (!vvs_packed_available(flags, queue->avail_wrap)) {
        return VVS_EMPTY;
    }
    uint16_t span = 0;
    uint16_t id = 0;
    struct vvs_walk walk = vvs_walk_begin(queue);
    enum vvs_status status = vvs_packed_walk(queue, &walk, &span, &id, flags);
    if (queue->broken != VVS_OK) {
        return status;
    }
    struct vvs_place next = vvs_place_after(queue, vvs_avail_place(queue), span);
    queue->avail_index = (uint16_t)next.index;
    queue->avail_wrap = next.wrap;
    vvs_take_slot(queue, out_token, id, span, position);
    return status == VVS_OK ? vvs_walk_end(&walk, queue, out_chain) : status;
}

void vvs_packed_undo(struct vvs_queue *queue, uint16_t span)
{
    if (queue->avail_index < span) {
        queue->avail_index = (uint16_t)(queue->avail_index + queue->size);
        queue->avail_wrap ^= 1;
    }
    queue->avail_index = (uint16_t)(queue->avail_index - span);
}

static void vvs_packed_store_flags(struct vvs_queue *queue, struct vvs_place place, uint32_t len)
{
    size_t offset =
        (size_t)place.index * VVS_DESC_BYTES + offsetof(struct vvs_packed_desc_wire, flags);
    uint16_t flags = place.wrap ? VVS_PACKED_DESC_F_AVAIL | VVS_PACKED_DESC_F_USED : 0;
    if (len != 0) {
        flags |= VVS_DESC_F_WRITE;
    }
    vvs_store_word(queue, VVS_ITEM_PACKED_FLAGS, place.index, queue->desc + offset, flags);
    vvs_log_guest(queue->memory, queue->desc_addr + offset, sizeof flags);
}

/* The first staged entry keeps its old flags until the flush, which hides those behind it too: the
 * driver looks at one place only (Packed Virtqueues, Polling of Available and Used Descriptors). */
void vvs_packed_stage(struct vvs_queue *queue, uint16_t id, uint32_t len)
{
    uint8_t raw[6];
    struct vvs_place place = vvs_place_after(queue, vvs_used_place(queue), queue->staged_span);
    size_t offset =
        (size_t)place.index * VVS_DESC_BYTES + offsetof(struct vvs_packed_desc_wire, len);
    vvs_put_le32(raw, len);
    vvs_put_le16(raw + 4, id);
    vvs_copy_out(queue, VVS_ITEM_USED_ELEM, place.index, queue->desc + offset, raw, sizeof raw);
    vvs_log_guest(queue->memory, queue->desc_addr + offset, sizeof raw);
    if (queue->staged_span == 0) {
        queue->staged_len = len;
    } else {
        vvs_packed_store_flags(queue, place, len);
    }
}

void vvs_packed_flush(struct vvs_queue *queue)
{
    struct vvs_place first = vvs_used_place(queue);
    struct vvs_place next = vvs_place_after(queue, first, queue->staged_span);
    vvs_packed_store_flags(queue, first, queue->staged_len);
    queue->used_index = (uint16_t)next.index;
    queue->used_wrap = next.wrap;
}

bool vvs_packed_needs_notify(struct vvs_queue *queue)
{
    uint16_t flags = vvs_load_word(queue, VVS_ITEM_EVENT_FLAGS, 0,
                                   queue->driver + VVS_PACKED_EVENT_FLAGS_OFFSET);
    flags &= VVS_PACKED_EVENT_DISABLE | VVS_PACKED_EVENT_DESC;
    if (flags != VVS_PACKED_EVENT_DESC || !queue->event_idx) {
        return flags != VVS_PACKED_EVENT_DISABLE;
    }
    uint16_t word = vvs_load_word(queue, VVS_ITEM_EVENT_OFFSET, 0, queue->driver);
    uint32_t event = word & (VVS_PACKED_EVENT_WRAP - 1u);
    if (event >= queue->size) {
        return true;
    }
    /* How many ring slots ago the one at `event` was handed back. With its wrap counter a place
     * comes round every two laps, so one that lies ahead was passed nearly two laps ago. */
    uint32_t two_laps = 2 * queue->size;
    bool this_lap = ((word & VVS_PACKED_EVENT_WRAP) != 0) == (queue->used_wrap != 0);
    uint32_t ago = queue->used_index + (this_lap ? two_laps : two_laps + queue->size) - event - 1u;
    if (ago >= two_laps) {
        ago -= two_laps;
    }
    return ago < queue->unsignalled || !queue->signalled_known;
}

/* Stores to the device's event words, and their mark in the dirty log. */
static void vvs_packed_store_event(struct vvs_queue *queue, enum vvs_item item, size_t offset,
                                   uint16_t value)
{
    vvs_store_word(queue, item, 0, queue->device + offset, value);
    vvs_log_guest(queue->memory, queue->device_addr + offset, sizeof value);
}

bool vvs_packed_arm(struct vvs_queue *queue)
{
    uint16_t flags = VVS_PACKED_EVENT_ENABLE;
    if (queue->event_idx) {
        uint16_t wrap = queue->avail_wrap ? VVS_PACKED_EVENT_WRAP : 0;
        vvs_packed_store_event(queue, VVS_ITEM_DEVICE_EVENT_OFFSET, 0, queue->avail_index | wrap);
        flags = VVS_PACKED_EVENT_DESC;
    }
    vvs_packed_store_event(queue, VVS_ITEM_DEVICE_EVENT_FLAGS, VVS_PACKED_EVENT_FLAGS_OFFSET,
                           flags);
    vvs_full_fence();
    return vvs_packed_available(vvs_packed_load_flags(queue, queue->avail_index),
                                queue->avail_wrap);
}

void vvs_packed_disarm(struct vvs_queue *queue)
{
    vvs_packed_store_event(queue, VVS_ITEM_DEVICE_EVENT_FLAGS, VVS_PACKED_EVENT_FLAGS_OFFSET,
                           VVS_PACKED_EVENT_DISABLE);
}
