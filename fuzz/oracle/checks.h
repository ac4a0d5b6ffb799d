/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The oracles that look at single accesses. Each is called before the access is made and before the
 * shadow learns of it, and reports through oracle_fail. `q` is NULL for a packet's own access. */
#ifndef VVS_FUZZ_CHECKS_H
#define VVS_FUZZ_CHECKS_H

#include "run.h"
#include "shadow.h"

/* access.c: where. */
void access_check(const struct shadow_queue *q, const struct vvs_access *access);

/* access.c: a queue that runs has a legal size, and each ring part aligned, in one piece,
 * permitted. */
void access_check_setup(const struct shadow_queue *q, const struct vvs_queue_config *config);

/* access.c: slices lent to the caller are those bytes of the chain's stream, no more and no
 * fewer. */
void access_check_packet(const struct vvs_packet *packet);

/* access.c: what a pop says of a chain is what its descriptors said. */
void access_check_chain(const struct shadow_queue *q, const struct vvs_token *token,
                        const struct vvs_chain *chain);

/* fetch_once.c: how often. */
void fetch_check(const struct shadow_queue *q, const struct vvs_access *access);

/* order.c: each side asks before it looks. */
void order_begin(void);
void order_fenced(void);
void order_check(const struct shadow_queue *q, const struct vvs_access *access);

/* outputs.c: a call that is refused leaves its outputs as they were. */
void outputs_check(const struct run *run);

/* used_ring.c: what is given back, in which order, when visible. Called behind the store. */
void used_stored(struct shadow_queue *q, const struct vvs_access *access);

/* What a step may do to the used ring. */
struct used_step {
    bool may_show; /* make entries visible */
    bool aborts;   /* give a filled buffer back empty */
};
void used_step_begin(struct used_step step);

/* used_step_end: in flight must be what the library says; a serve keeps nothing; what was published
 * is there to see. `q` is NULL for a step on no queue. */
void used_step_end(struct shadow_queue *q, const struct run_answer *answer, uint8_t tag,
                   uint32_t chains_before, bool driver_sees);

/* used_len.c: how much was written. `used_len_stored` is called behind the store. */
void used_len_stored(const struct vvs_access *access);
void used_len_check(const struct shadow_queue *q, const struct shadow_chain *chain, uint32_t len,
                    bool aborts);

/* stale.c: an announced store writes all that it announced. A run in a hundred million or so writes
 * the pattern by chance, so between stale_doubts and stale_suspects, which says whether there was
 * any, what is seen is a suspicion. The pattern is another one then: what is seen in a run
 * afterwards is a finding. */
void stale_before(const struct vvs_access *access);
void stale_after(const struct vvs_access *access);
void stale_doubts(void);
bool stale_suspects(void);

/* work.c: how much in all. */
void work_count(const struct shadow_queue *q, const struct vvs_access *access);
void work_step(uint32_t chains);
void work_step_end(void);

/* silent.c: guest memory changes by announced stores and races alone. */
void silent_begin(const struct guest *guest);
void silent_stored(const void *host, uint32_t len);
void silent_end(void);

/* frames.c: nothing points into the frame of a function that returned. */
void frames_watch(bool watched);

/* same_walk.c: the chain of `head`, which a pop gave, walked once more. No guest may race. */
void same_walk_check(const struct shadow_queue *q, uint16_t head, enum vvs_status popped,
                     const struct vvs_chain *chain);

/* same_answer.c: runs `scenario` once more, and compares with the answers that `run` holds. */
void same_answer_check(struct run *run, const struct scn_scenario *scenario);

/* dirty.c: what the device wrote is in the dirty log. dirty_attach gives the guest's table one,
 * where the guest is small enough. */
void dirty_attach(struct guest *guest);
void dirty_before(const struct guest *guest, const struct vvs_access *access);
void dirty_stored(const struct guest *guest, const struct vvs_access *access);
void dirty_step_end(void);

/* serving.c: a queue that is not broken goes on serving. serving_extend puts one good chain a queue
 * behind the scenario; serving_probes says whether `step` is part of that. */
void serving_begin(void);
void serving_extend(const struct run *run, struct scn_scenario *scenario);
bool serving_probes(uint32_t step);
void serving_check(const struct run *run, uint32_t step, const struct run_answer *answer);

/* Where an item's name is wanted in a report. */
const char *item_name(enum vvs_item item);

#endif
