/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A chain that is walked without being popped, as after a restart, is the one that was popped. */
#include "checks.h"
#include "observer.h"
#include "oracle.h"

#define NAME "same-walk"

/* Walks without the oracles of single accesses: the pop has made each of these loads already. */
static enum vvs_status walk(struct vvs_queue *queue, struct vvs_chain *out_chain, uint16_t head)
{
    observer.checks = false;
    enum vvs_status status = vvs_chain_walk(queue, out_chain, head);
    observer.checks = true;
    return status;
}

void same_walk_check(const struct shadow_queue *q, uint16_t head, enum vvs_status popped,
                     const struct vvs_chain *chain)
{
    struct vvs_chain again = {0};
    enum vvs_status expected = q->packed ? VVS_E_ARGUMENT : popped;
    enum vvs_status status = walk(q->queue, &again, head);
    if (status != expected) {
        oracle_fail(NAME, "the chain of head %u gives %s, expected %s", head,
                    vvs_status_name(status), vvs_status_name(expected));
    } else if (status == VVS_OK &&
               (again.element_count != chain->element_count ||
                again.descriptor_count != chain->descriptor_count ||
                again.readable_descriptor_count != chain->readable_descriptor_count ||
                again.readable_len != chain->readable_len ||
                again.writable_len != chain->writable_len)) {
        oracle_fail(NAME, "the chain of head %u has %u elements, popped it had %u", head,
                    again.element_count, chain->element_count);
    }
    if (!q->packed && walk(q->queue, &again, (uint16_t)q->size) != VVS_E_HEAD) {
        oracle_fail(NAME, "head %u is walked, the queue has as many descriptors", q->size);
    }
    if (vvs_queue_broken(q->queue) != VVS_OK) {
        oracle_fail(NAME, "walking breaks the queue");
    }
}
