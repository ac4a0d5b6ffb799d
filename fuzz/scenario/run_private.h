/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What the parts of the runner share. */
#ifndef SCN_RUN_PRIVATE_H
#define SCN_RUN_PRIVATE_H

#include "run.h"

/* run_add_chain begins the next chain of the current step's answer. */
struct run_chain *run_add_chain(struct run *run, uint32_t role, enum run_kind kind);

/* run_add_reject answers that a chain was refused; `packet` has its header, or is NULL. */
struct run_chain *run_add_reject(struct run *run, uint32_t role, enum vvs_status status,
                                 const struct vvs_packet *packet);

/* run_received answers with a tx packet and its payload. */
struct run_chain *run_received(struct run *run, const struct vvs_packet *packet);

/* run_fill puts the next pending packet into an rx packet, up to commit, and answers with it. */
struct run_chain *run_fill(struct run *run, struct vvs_packet *packet);

/* run_pending_event gives the id of the event to be sent next. */
uint32_t run_pending_event(const struct run *run);

/* run_sent_event answers with that event and goes on to the one behind it. */
struct run_chain *run_sent_event(struct run *run);

/* run_device_step executes a device step on a queue that is set up. */
void run_device_step(struct run *run, struct run_answer *answer, const struct scn_record *step);

/* run_start_device puts a queue where guest_queue says: as new, or at a position.
 *
 * Returns  what vvs_queue_set_state said, if it was needed. */
enum vvs_status run_start_device(struct run_queue *queue, const struct guest_queue *place);

/* run_set_memory gives all queues another table, or none of them. */
enum vvs_status run_set_memory(struct run *run, uint32_t active);

#endif
