/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A descriptor chain whose structure has been checked: flags, next, direction, count, total length.
 *
 * Addresses have not been looked at yet. The elements are private copies. */
#ifndef VVS_CHAIN_H
#define VVS_CHAIN_H

#include <stdint.h>

#include "queue.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A walked chain. Read-only for callers; valid until the next pop or walk of its queue. A
 * descriptor of length 0 counts, and obeys order and direction, but holds no bytes: it is no
 * element. */
struct vvs_chain {
    struct vvs_queue *queue;
    const struct vvs_element *elements; /* device-readable ones first */
    uint32_t element_count;
    uint32_t descriptor_count; /* those of a table included, the one that refers to it not */
    uint32_t readable_descriptor_count; /* the others are device-writable */
    uint64_t readable_len;              /* bytes */
    uint64_t writable_len;              /* bytes; both together at most 2^32 */
};

/* vvs_chain_walk walks the chain whose head is `head`, without popping: for chains that an
 * in-flight log names after a restart, and for measuring. Split rings only.
 *
 * Returns  as vvs_queue_pop for a chain that is refused; VVS_E_HEAD when `head` is not below the
 *          queue size, which does not break the queue here; VVS_E_ARGUMENT on a packed ring; the
 *          sticky status of a broken queue
 * Out      `out_chain` only with VVS_OK.
 * Limits   as vvs_queue_pop.
 * Spec     The Virtqueue Descriptor Table; Indirect Descriptors. */
VVS_MUST_USE enum vvs_status vvs_chain_walk(struct vvs_queue *queue, struct vvs_chain *out_chain,
                                            uint16_t head);

#ifdef __cplusplus
}
#endif

#endif
