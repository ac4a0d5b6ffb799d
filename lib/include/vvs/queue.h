/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The device side of one virtqueue, split or packed.
 *
 * One queue, one thread. A failure of the ring itself (reaction VVS_REACT_BROKEN) is sticky: each
 * call that would touch the ring returns it again, and touches nothing, until vvs_queue_reset or
 * vvs_queue_set_state. What a pop hands out goes back through publish, stage or undo, each token
 * once. */
#ifndef VVS_QUEUE_H
#define VVS_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "memory.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Largest max_chain that can be asked for beyond the queue size: what Linux vhost takes
 * (UIO_MAXIOV). */
#define VVS_MAX_CHAIN_REQUEST 1024u

/* One buffer of a descriptor chain, copied from the ring and checked as a copy. */
struct vvs_element {
    uint64_t addr;     /* guest-physical */
    uint32_t len;      /* bytes; zero-length elements are counted but not stored */
    uint32_t writable; /* not 0: device-writable */
};

/* One popped chain. Copyable; holds what an in-flight log needs. */
struct vvs_token {
    uint32_t sequence; /* counts pops, modulo 2^32 */
    uint16_t id;       /* split: head; packed: buffer id */
    uint16_t span;     /* ring entries taken: split 1, packed the list's descriptors */
    uint16_t position; /* split: available index; packed: ring slot of the head */
    uint16_t slot;     /* private */
};

/* Storage for one chain in flight. The fields are private. */
struct vvs_slot {
    uint32_t sequence;
    uint16_t id;
    uint16_t span;
    uint16_t next_free;
};

/* Bits of a vhost or vhost-user feature word that say nothing of the device, F_LOG_ALL and
 * PROTOCOL_FEATURES: to be cleared in `features` below. */
#define VVS_FEATURES_VHOST (UINT64_C(1) << 26 | UINT64_C(1) << 30)

/* What a queue is set up with. Everything but the storage comes from the driver and is checked. The
 * addresses are guest-physical: vhost-user sends frontend addresses, which vvs_memory_from_frontend
 * translates. */
struct vvs_queue_config {
    uint64_t features;      /* as negotiated: VVS_FEATURE(VVS_F_VERSION_1) | ... */
    uint64_t desc_addr;     /* split: descriptor table; packed: descriptor ring */
    uint64_t driver_addr;   /* split: available ring; packed: driver event suppression */
    uint64_t device_addr;   /* split: used ring; packed: device event suppression */
    uint32_t size;          /* queue size in entries */
    uint32_t max_chain;     /* most elements of a chain; 0 means the queue size */
    struct vvs_slot *slots; /* caller's storage, at least `size` entries */
    uint32_t slot_count;
    struct vvs_element *elements; /* caller's storage, at least max_chain entries */
    uint32_t element_count;
};

/* Where a queue stands. Split: free-running 16-bit indices, wraps unused (0). Packed: ring slots
 * below the queue size, wraps 0 or 1. */
struct vvs_queue_state {
    uint16_t avail_index; /* next to pop */
    uint16_t used_index;  /* next to publish */
    uint8_t avail_wrap;
    uint8_t used_wrap;
};

/* A queue. The fields are private. */
struct vvs_queue {
    const struct vvs_memory *memory;
    uint8_t *desc;
    uint8_t *driver;
    uint8_t *device;
    const struct vvs_region *region_hints[2]; /* of headers and tables; of payload beside them */
    struct vvs_slot *slots;
    struct vvs_element *elements;
    uint64_t desc_addr;
    uint64_t driver_addr;
    uint64_t device_addr;
    uint32_t size;
    uint32_t max_chain;
    uint32_t direct_limit;
    uint32_t next_sequence;
    uint32_t oldest_sequence;
    uint32_t in_flight_span;
    uint32_t staged_span;
    uint32_t staged_len;
    uint64_t unsignalled;
    uint16_t free_slot;
    uint16_t fresh_slot;
    uint16_t avail_index;
    uint16_t used_index;
    uint8_t avail_wrap;
    uint8_t used_wrap;
    uint8_t packed;
    uint8_t indirect;
    uint8_t event_idx;
    uint8_t in_order;
    uint8_t signalled_known;
    enum vvs_status broken;
};

struct vvs_chain; /* chain.h */

/* vvs_features_check says whether a queue can run under the negotiated `features`.
 *
 * INDIRECT_DESC, EVENT_IDX, RING_PACKED and IN_ORDER change what a queue does; VERSION_1 is
 * required; the socket's own bits, ACCESS_PLATFORM and RING_RESET pass; every other bit is refused.
 *
 * Returns  VVS_OK, VVS_E_VERSION_1, or VVS_E_FEATURE
 * Spec     Reserved Feature Bits; Socket Device, Feature bits. */
VVS_MUST_USE enum vvs_status vvs_features_check(uint64_t features);

/* vvs_queue_init sets a queue up, at index 0 with both wrap counters 1, nothing in flight.
 *
 * Returns  VVS_OK
 *          VVS_E_VERSION_1, VVS_E_FEATURE  see vvs_features_check
 *          VVS_E_QUEUE_SIZE  0, over 32768, or no power of two on a split ring
 *          VVS_E_RING_ALIGN  a part off its alignment (split 16, 2, 4; packed 16, 4, 4)
 *          VVS_E_RING_ADDR   a part outside guest memory, or without the permission it needs
 *          VVS_E_RING_HOST   a part over two host mappings, or misaligned on the host
 *          VVS_E_ARGUMENT    max_chain over both the queue size and VVS_MAX_CHAIN_REQUEST
 *          VVS_E_STORAGE     fewer slots than `size`, or fewer elements than max_chain
 * Out      `out_queue` only with VVS_OK.
 * Limits   each part lies in one region. Guest memory is not touched.
 * Spec     Split Virtqueues; Packed Virtqueues; alignment in Virtqueues, Driver Requirements. */
VVS_MUST_USE enum vvs_status vvs_queue_init(struct vvs_queue *out_queue,
                                            const struct vvs_memory *memory,
                                            const struct vvs_queue_config *config);

/* vvs_queue_reset forgets what is in flight, staged and broken, and starts at index 0, as after
 * vvs_queue_init with the same configuration. Guest memory is not touched. */
void vvs_queue_reset(struct vvs_queue *queue);

/* vvs_queue_rebind moves a queue to a new memory table. Chains in flight stay so; their packets'
 * slices are void.
 *
 * Returns  VVS_OK, VVS_E_RING_ADDR, VVS_E_RING_HOST
 * Out      on failure the queue keeps its old table. */
VVS_MUST_USE enum vvs_status vvs_queue_rebind(struct vvs_queue *queue,
                                              const struct vvs_memory *memory);

/* vvs_queue_get_state says where the queue stands. What is in flight is not part of it: undo or
 * publish it first, or keep its tokens in an in-flight log.
 *
 * Returns  VVS_OK, or VVS_E_STAGED
 * Out      `out_state` only with VVS_OK. */
VVS_MUST_USE enum vvs_status vvs_queue_get_state(const struct vvs_queue *queue,
                                                 struct vvs_queue_state *out_state);

/* vvs_queue_set_state restarts a queue at `state`, which is checked: nothing in flight, nothing
 * broken. What was signalled is not known then: with EVENT_IDX the first notification decision
 * after a publish says yes, unless the driver wants no notification at all.
 *
 * Returns  VVS_OK
 *          VVS_E_STATE  indices further apart than the queue size; packed: a slot or wrap out of
 *                       range, or split: a wrap that is not 0
 * Out      on failure the queue stays as it is. */
VVS_MUST_USE enum vvs_status vvs_queue_set_state(struct vvs_queue *queue,
                                                 const struct vvs_queue_state *state);

/* vvs_queue_state_to_base encodes `state` as vhost's vring base: split, the available index;
 * packed, available slot and wrap in bits 0 to 15, used slot and wrap in bits 16 to 31.
 *
 * Returns  the base. */
uint32_t vvs_queue_state_to_base(const struct vvs_queue *queue,
                                 const struct vvs_queue_state *state);

/* vvs_queue_base_to_state decodes vhost's vring base. On a split ring the used index, which the
 * base does not carry, is taken to equal the available one: nothing was in flight.
 *
 * Returns  VVS_OK
 *          VVS_E_STATE  as vvs_queue_set_state, and on a split ring a base above 65535
 * Out      `out_state` only with VVS_OK. */
VVS_MUST_USE enum vvs_status vvs_queue_base_to_state(const struct vvs_queue *queue,
                                                     struct vvs_queue_state *out_state,
                                                     uint32_t base);

/* vvs_queue_pop takes the next available chain, walks its structure to the end, and describes it.
 * Each available slot, descriptor and table entry is loaded once.
 *
 * Returns  VVS_OK
 *          VVS_EMPTY          nothing is available
 *          VVS_E_NEXT, VVS_E_LOOP, VVS_E_ORDER, VVS_E_CHAIN_BYTES, VVS_E_INDIRECT_*,
 *          VVS_E_TABLE_*, VVS_E_CHAIN_LIMIT   the chain is refused: publish it with length 0
 *          VVS_E_AVAIL_INDEX, VVS_E_HEAD, VVS_E_LIST_*, VVS_E_OUTSTANDING   the queue is broken
 * Out      `out_token` with VVS_OK and with each status whose reaction is VVS_REACT_RETURN: the
 *          chain is in flight then. `out_chain` with VVS_OK only; it is valid until the next pop of
 *          this queue.
 * Limits   at most 1 + queue size + max_chain descriptor loads, whatever the driver wrote.
 * Spec     The Virtqueue Descriptor Table; The Virtqueue Available Ring; Indirect Descriptors;
 *          Packed Virtqueues, Scatter-Gather Support. */
VVS_MUST_USE enum vvs_status vvs_queue_pop(struct vvs_queue *queue, struct vvs_token *out_token,
                                           struct vvs_chain *out_chain);

/* vvs_queue_undo takes back the newest pop that is still in flight, so that the next pop returns
 * that chain again. Repeat to take back several, newest first.
 *
 * Returns  VVS_OK
 *          VVS_E_TOKEN       not in flight
 *          VVS_E_UNDO_ORDER  a newer pop exists
 *          the sticky status of a broken queue */
VVS_MUST_USE enum vvs_status vvs_queue_undo(struct vvs_queue *queue, const struct vvs_token *token);

/* vvs_queue_publish returns one chain to the driver: `len` bytes of its device-writable part were
 * written. It equals vvs_queue_stage followed by vvs_queue_flush.
 *
 * Returns  as vvs_queue_stage
 * Spec     The Virtqueue Used Ring; Packed Virtqueues, Supplying Used Buffers. */
VVS_MUST_USE enum vvs_status vvs_queue_publish(struct vvs_queue *queue,
                                               const struct vvs_token *token, uint32_t len);

/* vvs_queue_stage writes a used entry that the driver does not see before vvs_queue_flush.
 *
 * Returns  VVS_OK
 *          VVS_E_TOKEN     the token is not in flight: never popped, or returned already
 *          VVS_E_IN_ORDER  IN_ORDER was negotiated and an older chain is still in flight
 *          the sticky status of a broken queue
 * Out      on failure nothing is written and the token stays as it was. */
VVS_MUST_USE enum vvs_status vvs_queue_stage(struct vvs_queue *queue, const struct vvs_token *token,
                                             uint32_t len);

/* vvs_queue_flush shows all staged entries to the driver at once. Nothing staged is no error.
 *
 * Returns  VVS_OK, or the sticky status of a broken queue */
VVS_MUST_USE enum vvs_status vvs_queue_flush(struct vvs_queue *queue);

/* vvs_queue_needs_notify decides whether the driver must be notified of what was published since
 * the last decision. Call it after each publish or flush, or after a batch of them; the event words
 * are loaded once a decision, behind a full fence.
 *
 * Returns  VVS_OK, or the sticky status of a broken queue
 * Out      `out_notify` only with VVS_OK. False when nothing was published. An event word that
 *          names no ring slot is answered with true: a spurious notification harms nobody, a
 *          missing one hangs. Reserved bits of the flags words mean nothing.
 * Spec     Used Buffer Notification Suppression; Driver and Device Event Suppression. */
VVS_MUST_USE enum vvs_status vvs_queue_needs_notify(struct vvs_queue *queue, bool *out_notify);

/* vvs_queue_arm asks the driver to notify when it makes the next chain available, then looks again
 * behind a full fence: a chain that came in between is not notified, and is reported here.
 *
 * Returns  VVS_OK, or the sticky status of a broken queue
 * Out      `out_more` only with VVS_OK: true when something is available now (serve it, then arm
 *          again).
 * Spec     Available Buffer Notification Suppression. */
VVS_MUST_USE enum vvs_status vvs_queue_arm(struct vvs_queue *queue, bool *out_more);

/* vvs_queue_disarm asks the driver not to notify. With EVENT_IDX on a split ring there is no such
 * request and nothing is written: the driver goes on by the last index asked for.
 *
 * Returns  VVS_OK, or the sticky status of a broken queue */
VVS_MUST_USE enum vvs_status vvs_queue_disarm(struct vvs_queue *queue);

/* vvs_queue_in_flight counts the chains popped and neither published, staged nor undone.
 *
 * Returns  0 to the queue size. */
uint32_t vvs_queue_in_flight(const struct vvs_queue *queue);

/* vvs_queue_broken gives the sticky status.
 *
 * Returns  VVS_OK while the queue works. */
enum vvs_status vvs_queue_broken(const struct vvs_queue *queue);

#ifdef __cplusplus
}
#endif

#endif
