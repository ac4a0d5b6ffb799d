/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The model: a second reading of the specification, slow and plain, that shares no code and no
 * constant with lib/. It follows the same scenario beside the library, from guest memory alone, and
 * what both come to is compared: the verdict on each chain, fields, payload, used entries, event
 * words, notification decisions, positions. Statuses are not: two faults may be found in any
 * order.
 *
 * A pop is judged by the values that the library loaded, each item as it was loaded first
 * (model_view.h), so a racing guest changes nothing: the answer must be that of one unmoving
 * guest. */
#ifndef VVS_FUZZ_MODEL_H
#define VVS_FUZZ_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "run.h"

#define MODEL_HEADER_BYTES 44u
#define MODEL_MAX_BUFFERS (1u << 17) /* of all chains in flight; beyond, chains are not `known` */

/* The roles of queues, by number. */
enum model_role { MODEL_RX, MODEL_TX, MODEL_EVENT, MODEL_ROLES };

/* What a pop comes to. */
enum model_verdict { MODEL_EMPTY, MODEL_BROKEN, MODEL_REFUSED, MODEL_ACCEPTED };

/* One descriptor's buffer. */
struct model_buffer {
    uint64_t addr;
    uint32_t len;
};

struct model_chain {
    enum model_verdict verdict;
    uint16_t id;
    uint32_t span; /* packed: ring slots; split: 1 */
    uint32_t pop;  /* which pop of its queue it was */
    struct model_buffer *buffers;
    uint32_t buffer_count; /* with bytes; zero-length descriptors are in the counts below alone */
    uint64_t count[2];     /* descriptors, by writable */
    uint64_t len[2];       /* bytes, by writable */
    uint8_t header[MODEL_HEADER_BYTES]; /* tx */
    bool has_header;
    bool over_limit;   /* tx: nothing else is wrong than a payload longer than the caller takes */
    uint32_t capacity; /* payload bytes: tx those of the packet, rx those there is room for */
    uint32_t hashed;   /* tx: payload bytes that the run reads... */
    uint64_t hash;     /* ...and what run_fold comes to over them */
    bool filled;       /* rx, event: written, or refused on the way */
    bool done;         /* rx: aborted */
    bool stale;        /* popped under an older memory table */
    uint32_t used_len;
    uint32_t written; /* rx: payload bytes */
    uint32_t event;
    const struct scn_record *sent; /* rx: what was written; NULL is the default packet */
};

struct model_queue {
    const struct guest_queue *place;
    bool up;
    bool broken;
    bool indirect;
    bool event_idx;
    bool in_order;
    uint32_t max_chain;
    uint32_t avail; /* split: index modulo 2^16; packed: slot */
    uint32_t used;
    bool avail_wrap;
    bool used_wrap;
    uint32_t pops;
    struct model_chain popped[RUN_MAX_POPPED + 1]; /* oldest first; serve's own comes last */
    uint32_t popped_count;
    uint32_t staged;       /* entries behind `used` that the driver does not see yet */
    uint32_t staged_slots; /* and their ring slots: split one each */
    uint64_t unsignalled;  /* slots shown since the last decision */
    bool signalled_known;
};

/* The model's queues, and what all of them share. */
struct model {
    struct model_queue queues[MODEL_ROLES];
    struct run *run;
    struct model_buffer buffers[MODEL_MAX_BUFFERS];
    uint32_t buffer_count;
    uint32_t read_left; /* payload bytes that the run goes on to read */
    uint32_t sends_used;
    uint32_t events_used;
};
extern struct model model;

/* model_run begins: what set-up must have come to. */
void model_start(struct run *run);

/* model_before_step and model_after_step stand around each step. */
void model_before_step(struct run *run, const struct scn_record *step);
void model_after_step(struct run *run, const struct scn_record *step,
                      const struct run_answer *answer);

/* model_popped takes note of what a pop step's pop said, before its chain is parsed. */
void model_popped(enum vvs_status status);

/* model_before is called before a store and at a mark, while memory is as it was; model_loaded
 * takes note of what a load gave. `role` is the queue's, MODEL_ROLES for a packet's own access. */
void model_before(uint32_t role, const struct vvs_access *access);
void model_loaded(const struct vvs_access *access);

/* model_setup.c: whether a table of the regions of `active` is one, and whether a queue may run. */
bool model_table_possible(const struct guest *guest, uint32_t active);
bool model_queue_possible(const struct guest *guest, uint32_t active,
                          const struct guest_queue *place);
bool model_state_possible(const struct guest_queue *place, uint32_t avail, uint32_t used,
                          uint32_t avail_wrap, uint32_t used_wrap);

/* model_place_at puts a queue there, with nothing in flight; model_start_at_place as new, or where
 * the scenario says.
 *
 * Returns  false where no queue can stand. */
void model_place_at(struct model_queue *q, uint32_t avail, uint32_t used, bool avail_wrap,
                    bool used_wrap);
bool model_start_at_place(struct model_queue *q);

/* model_walk.c: takes the next chain of `q` from the ring. */
void model_pop(struct model_queue *q, struct model_chain *out_chain);

/* model_packet.c: what a chain that was accepted so far comes to as a packet, by its queue's
 * role. */
void model_parse(struct model_chain *chain, uint32_t role);

/* model_event_fits says whether an event can be written into `chain`. */
bool model_event_fits(const struct model_chain *chain);

/* model_fill decides what the device sends into an rx chain, and with which used length. */
void model_fill(struct model_chain *chain);

/* model_content_check compares what lies in the buffers of a filled rx or event chain. */
void model_content_check(const struct model_chain *chain, uint32_t role);

/* model_ring.c: what the used ring and the event words must be at the end of a step. Where a buffer
 * lies on them, model_ring_forget, nobody can say. */
void model_ring_forget(uint64_t addr, uint64_t len);
void model_stage(struct model_queue *q, const struct model_chain *chain, uint32_t len);
void model_flush(struct model_queue *q);
void model_ring_begin(void);
void model_ring_check(void);
bool model_decide(struct model_queue *q);
bool model_more(const struct model_queue *q);
void model_arm(const struct model_queue *q);
void model_disarm(const struct model_queue *q);

/* model_fail reports a finding. */
void model_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
