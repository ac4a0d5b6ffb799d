/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What both ring formats have in common: set-up, what is in flight, order, notification. */
#include "vvs/queue.h"

#include "access.h"
#include "region.h"
#include "ring.h"
#include "split.h"

/* Honoured: they change what a queue does. Passed: they are the monitor's business. */
#define VVS_FEATURES_HONOURED                                                                      \
    (VVS_FEATURE(VVS_F_INDIRECT_DESC) | VVS_FEATURE(VVS_F_EVENT_IDX) |                             \
     VVS_FEATURE(VVS_F_VERSION_1) | VVS_FEATURE(VVS_F_RING_PACKED) | VVS_FEATURE(VVS_F_IN_ORDER))
#define VVS_FEATURES_PASSED                                                                        \
    (VVS_FEATURE(VVS_F_STREAM) | VVS_FEATURE(VVS_F_SEQPACKET) |                                    \
     VVS_FEATURE(VVS_F_NO_IMPLIED_STREAM) | VVS_FEATURE(VVS_F_ACCESS_PLATFORM) |                   \
     VVS_FEATURE(VVS_F_RING_RESET))

enum vvs_status vvs_features_check(uint64_t features)
{
    if ((features & ~(VVS_FEATURES_HONOURED | VVS_FEATURES_PASSED)) != 0) {
        return VVS_E_FEATURE;
    }
    return (features & VVS_FEATURE(VVS_F_VERSION_1)) != 0 ? VVS_OK : VVS_E_VERSION_1;
}

/* One ring part: where the driver said it is, what it takes, where it turned out to be. */
struct vvs_part {
    uint64_t addr;
    uint64_t len;
    uint32_t align;
    uint32_t permission;
    uint8_t *host;
};

static enum vvs_status vvs_part_resolve(struct vvs_part *part, const struct vvs_memory *memory)
{
    const struct vvs_region *hint = memory->regions;
    struct vvs_piece piece;
    if (part->addr % part->align != 0) {
        return VVS_E_RING_ALIGN;
    }
    if (!vvs_piece_find(memory, &piece, &hint, part->addr, part->len, part->permission)) {
        return VVS_E_RING_ADDR;
    }
    if (piece.len != part->len) {
        enum vvs_status rest = vvs_memory_check(memory, part->addr, part->len, part->permission);
        return rest == VVS_OK ? VVS_E_RING_HOST : VVS_E_RING_ADDR;
    }
    part->host = piece.host;
    return (uintptr_t)piece.host % part->align == 0 ? VVS_OK : VVS_E_RING_HOST;
}

/* The event words are part of a split ring only with EVENT_IDX. */
static enum vvs_status vvs_queue_resolve(struct vvs_queue *queue, const struct vvs_memory *memory)
{
    uint64_t size = queue->size;
    uint64_t event_len = queue->event_idx ? 2 : 0;
    struct vvs_part parts[3] = {
        {queue->desc_addr, size * VVS_DESC_BYTES, VVS_SPLIT_DESC_ALIGN, VVS_PERM_READ, 0},
        {queue->driver_addr, VVS_AVAIL_RING_OFFSET + size * VVS_AVAIL_SLOT_BYTES + event_len,
         VVS_SPLIT_AVAIL_ALIGN, VVS_PERM_READ, 0},
        {queue->device_addr, VVS_USED_RING_OFFSET + size * VVS_USED_ELEM_BYTES + event_len,
         VVS_SPLIT_USED_ALIGN, VVS_PERM_WRITE, 0},
    };
    if (queue->packed) {
        parts[0].permission = VVS_PERM_READ | VVS_PERM_WRITE;
        parts[1].len = parts[2].len = VVS_PACKED_EVENT_BYTES;
        parts[1].align = parts[2].align = VVS_PACKED_EVENT_ALIGN;
    }
    for (int i = 0; i < 3; i++) {
        enum vvs_status status = vvs_part_resolve(&parts[i], memory);
        if (status != VVS_OK) {
            return status;
        }
    }
    queue->memory = memory;
    queue->region_hints[0] = memory->regions;
    queue->region_hints[1] = memory->regions;
    queue->desc = parts[0].host;
    queue->driver = parts[1].host;
    queue->device = parts[2].host;
    return VVS_OK;
}

static bool vvs_feature_set(uint64_t features, int bit)
{
    return (features & VVS_FEATURE(bit)) != 0;
}

/* Everything of a queue that follows from its configuration alone. */
static void vvs_queue_configure(struct vvs_queue *queue, const struct vvs_queue_config *config)
{
    queue->slots = config->slots;
    queue->elements = config->elements;
    queue->desc_addr = config->desc_addr;
    queue->driver_addr = config->driver_addr;
    queue->device_addr = config->device_addr;
    queue->size = config->size;
    queue->max_chain = config->max_chain != 0 ? config->max_chain : config->size;
    queue->direct_limit = queue->max_chain < queue->size ? queue->max_chain : queue->size;
    queue->packed = vvs_feature_set(config->features, VVS_F_RING_PACKED);
    queue->indirect = vvs_feature_set(config->features, VVS_F_INDIRECT_DESC);
    queue->event_idx = vvs_feature_set(config->features, VVS_F_EVENT_IDX);
    queue->in_order = vvs_feature_set(config->features, VVS_F_IN_ORDER);
}

static enum vvs_status vvs_queue_check(const struct vvs_queue *queue,
                                       const struct vvs_queue_config *config)
{
    bool power_of_two = (queue->size & (queue->size - 1)) == 0;
    if (queue->size == 0 || queue->size > VVS_QUEUE_SIZE_MAX || (!queue->packed && !power_of_two)) {
        return VVS_E_QUEUE_SIZE;
    }
    if (queue->max_chain > queue->size && queue->max_chain > VVS_MAX_CHAIN_REQUEST) {
        return VVS_E_ARGUMENT;
    }
    if (config->slot_count < queue->size || config->element_count < queue->max_chain) {
        return VVS_E_STORAGE;
    }
    return VVS_OK;
}

enum vvs_status vvs_queue_init(struct vvs_queue *out_queue, const struct vvs_memory *memory,
                               const struct vvs_queue_config *config)
{
    struct vvs_queue queue;
    enum vvs_status status = vvs_features_check(config->features);
    if (status != VVS_OK) {
        return status;
    }
    vvs_queue_configure(&queue, config);
    status = vvs_queue_check(&queue, config);
    if (status != VVS_OK) {
        return status;
    }
    status = vvs_queue_resolve(&queue, memory);
    if (status != VVS_OK) {
        return status;
    }
    vvs_queue_reset(&queue);
    *out_queue = queue;
    return VVS_OK;
}

/* Nothing in flight, staged or broken; the place is for the caller to say. */
static void vvs_queue_restart(struct vvs_queue *queue, const struct vvs_queue_state *state)
{
    queue->avail_index = state->avail_index;
    queue->used_index = state->used_index;
    queue->avail_wrap = state->avail_wrap;
    queue->used_wrap = state->used_wrap;
    queue->next_sequence = 0;
    queue->oldest_sequence = 0;
    queue->in_flight_span = 0;
    queue->unsignalled = 0;
    queue->staged_span = 0;
    queue->staged_len = 0;
    queue->free_slot = 0;
    queue->fresh_slot = 0;
    queue->broken = VVS_OK;
}

void vvs_queue_reset(struct vvs_queue *queue)
{
    uint8_t wrap = queue->packed ? 1 : 0;
    struct vvs_queue_state start = {0, 0, wrap, wrap};
    vvs_queue_restart(queue, &start);
    queue->signalled_known = 1;
}

enum vvs_status vvs_queue_rebind(struct vvs_queue *queue, const struct vvs_memory *memory)
{
    return vvs_queue_resolve(queue, memory);
}

enum vvs_status vvs_queue_get_state(const struct vvs_queue *queue,
                                    struct vvs_queue_state *out_state)
{
    if (queue->staged_span != 0) {
        return VVS_E_STAGED;
    }
    out_state->avail_index = queue->avail_index;
    out_state->used_index = queue->used_index;
    out_state->avail_wrap = queue->avail_wrap;
    out_state->used_wrap = queue->used_wrap;
    return VVS_OK;
}

/* The available place is ahead of the used one, by at most the queue size. */
static bool vvs_state_possible(const struct vvs_queue *queue, const struct vvs_queue_state *state)
{
    if (!queue->packed) {
        uint16_t ahead = (uint16_t)(state->avail_index - state->used_index);
        return ahead <= queue->size && state->avail_wrap == 0 && state->used_wrap == 0;
    }
    if (state->avail_index >= queue->size || state->used_index >= queue->size ||
        state->avail_wrap > 1 || state->used_wrap > 1) {
        return false;
    }
    return state->avail_wrap == state->used_wrap ? state->avail_index >= state->used_index
                                                 : state->avail_index <= state->used_index;
}

enum vvs_status vvs_queue_set_state(struct vvs_queue *queue, const struct vvs_queue_state *state)
{
    if (!vvs_state_possible(queue, state)) {
        return VVS_E_STATE;
    }
    vvs_queue_restart(queue, state);
    queue->signalled_known = 0;
    return VVS_OK;
}

uint32_t vvs_queue_state_to_base(const struct vvs_queue *queue, const struct vvs_queue_state *state)
{
    if (!queue->packed) {
        return state->avail_index;
    }
    uint32_t avail = state->avail_index | (uint32_t)state->avail_wrap << 15;
    uint32_t used = state->used_index | (uint32_t)state->used_wrap << 15;
    return avail | used << 16;
}

enum vvs_status vvs_queue_base_to_state(const struct vvs_queue *queue,
                                        struct vvs_queue_state *out_state, uint32_t base)
{
    struct vvs_queue_state state = {(uint16_t)base, (uint16_t)base, 0, 0};
    if (queue->packed) {
        state.avail_index = base & 0x7fff;
        state.avail_wrap = (uint8_t)(base >> 15 & 1);
        state.used_index = base >> 16 & 0x7fff;
        state.used_wrap = (uint8_t)(base >> 31);
    } else if (base > UINT16_MAX) {
        return VVS_E_STATE;
    }
    if (!vvs_state_possible(queue, &state)) {
        return VVS_E_STATE;
    }
    *out_state = state;
    return VVS_OK;
}

enum vvs_status vvs_queue_pop(struct vvs_queue *queue, struct vvs_token *out_token,
                              struct vvs_chain *out_chain)
{
    if (queue->broken != VVS_OK) {
        return queue->broken;
    }
    VVS_MARK(queue, VVS_ITEM_BEGIN_POP);
    return queue->packed ? vvs_packed_pop(queue, out_token, out_chain)
                         : vvs_split_pop(queue, out_token, out_chain);
}

/* The slot of a token that is in flight, else NULL. */
static inline struct vvs_slot *vvs_find_slot(struct vvs_queue *queue, const struct vvs_token *token)
{
    struct vvs_slot *slot = &queue->slots[token->slot];
    if (token->slot >= queue->fresh_slot || slot->next_free != VVS_IN_FLIGHT) {
        return 0;
    }
    bool same =
        slot->sequence == token->sequence && slot->id == token->id && slot->span == token->span;
    return same ? slot : 0;
}

static inline void vvs_free_slot(struct vvs_queue *queue, const struct vvs_token *token)
{
    queue->slots[token->slot].next_free = queue->free_slot;
    queue->free_slot = token->slot;
}

enum vvs_status vvs_queue_undo(struct vvs_queue *queue, const struct vvs_token *token)
{
    if (queue->broken != VVS_OK) {
        return queue->broken;
    }
    struct vvs_slot *slot = vvs_find_slot(queue, token);
    if (!slot) {
        return VVS_E_TOKEN;
    }
    if (token->sequence != queue->next_sequence - 1) {
        return VVS_E_UNDO_ORDER;
    }
    if (queue->packed) {
        vvs_packed_undo(queue, slot->span);
    } else {
        queue->avail_index--;
    }
    queue->in_flight_span -= slot->span;
    queue->next_sequence--;
    vvs_free_slot(queue, token);
    return VVS_OK;
}

static inline enum vvs_status vvs_stage(struct vvs_queue *queue, const struct vvs_token *token,
                                        uint32_t len)
{
    struct vvs_slot *slot = vvs_find_slot(queue, token);
    if (!slot) {
        return VVS_E_TOKEN;
    }
    if (queue->in_order && token->sequence != queue->oldest_sequence) {
        return VVS_E_IN_ORDER;
    }
    queue->oldest_sequence++;
    if (queue->packed) {
        vvs_packed_stage(queue, slot->id, len);
    } else {
        vvs_split_stage(queue, slot->id, len);
    }
    queue->staged_span += slot->span;
    vvs_free_slot(queue, token);
    return VVS_OK;
}

static inline void vvs_flush(struct vvs_queue *queue)
{
    if (queue->packed) {
        vvs_packed_flush(queue);
    } else {
        vvs_split_flush(queue);
    }
    queue->unsignalled += queue->staged_span;
    queue->in_flight_span -= queue->staged_span;
    queue->staged_span = 0;
}

enum vvs_status vvs_queue_stage(struct vvs_queue *queue, const struct vvs_token *token,
                                uint32_t len)
{
    return queue->broken == VVS_OK ? vvs_stage(queue, token, len) : queue->broken;
}

enum vvs_status vvs_queue_flush(struct vvs_queue *queue)
{
    if (queue->broken == VVS_OK && queue->staged_span != 0) {
        vvs_flush(queue);
    }
    return queue->broken;
}

enum vvs_status vvs_queue_publish(struct vvs_queue *queue, const struct vvs_token *token,
                                  uint32_t len)
{
    if (queue->broken != VVS_OK) {
        return queue->broken;
    }
    enum vvs_status status = vvs_stage(queue, token, len);
    if (status == VVS_OK) {
        vvs_flush(queue);
    }
    return status;
}

enum vvs_status vvs_queue_needs_notify(struct vvs_queue *queue, bool *out_notify)
{
    if (queue->broken != VVS_OK) {
        return queue->broken;
    }
    if (queue->unsignalled == 0) {
        *out_notify = false;
        return VVS_OK;
    }
    VVS_MARK(queue, VVS_ITEM_BEGIN_NOTIFY);
    vvs_full_fence();
    *out_notify = queue->packed ? vvs_packed_needs_notify(queue) : vvs_split_needs_notify(queue);
    queue->signalled_known = 1;
    queue->unsignalled = 0;
    return VVS_OK;
}

enum vvs_status vvs_queue_arm(struct vvs_queue *queue, bool *out_more)
{
    if (queue->broken != VVS_OK) {
        return queue->broken;
    }
    VVS_MARK(queue, VVS_ITEM_BEGIN_ARM);
    *out_more = queue->packed ? vvs_packed_arm(queue) : vvs_split_arm(queue);
    return VVS_OK;
}

enum vvs_status vvs_queue_disarm(struct vvs_queue *queue)
{
    if (queue->broken != VVS_OK) {
        return queue->broken;
    }
    if (queue->packed) {
        vvs_packed_disarm(queue);
    } else {
        vvs_split_disarm(queue);
    }
    return VVS_OK;
}

uint32_t vvs_queue_in_flight(const struct vvs_queue *queue)
{
    return queue->next_sequence - queue->oldest_sequence;
}

enum vvs_status vvs_queue_broken(const struct vvs_queue *queue)
{
    return queue->broken;
}
