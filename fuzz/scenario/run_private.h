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

/* run_device_step executes a device step of the library's on a queue that is set up. */
void run_device_step(void *context, struct run *run, struct run_answer *answer,
                     const struct scn_record *step);

/* run_used_before and run_collect stand around what a device step does: the used entries that
 * became visible to the driver go into its answer. */
uint16_t run_used_before(const struct run *run, uint32_t role);
void run_collect(struct run *run, struct run_answer *answer, uint16_t used_before);

/* run_pop_cost gives the descriptor loads that a pop may come to at worst. */
uint32_t run_pop_cost(const struct run *run, uint32_t role);

#endif
