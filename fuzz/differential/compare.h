/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Two runs of one scenario beside each other. */
#ifndef DIFFERENTIAL_COMPARE_H
#define DIFFERENTIAL_COMPARE_H

#include "peers.h"
#include "shape.h"

#define VIEW_MAX_SHAPES 2048u

/* What lay in the rings before each step, as seen beside the library's run. */
struct view {
    struct shape shapes[VIEW_MAX_SHAPES];
    uint8_t step_of[VIEW_MAX_SHAPES];
    uint8_t role_of[VIEW_MAX_SHAPES];
    uint32_t shape_count;
    uint16_t avail_flags[SCN_MAX_STEPS]; /* these three of the step's queue, behind the step */
    uint16_t used_event[SCN_MAX_STEPS];
    uint16_t used_idx[SCN_MAX_STEPS];
    uint64_t used_rings; /* all of them, before the step */
    uint32_t
        end; /* the first step that nobody may judge: one side wrote on what the other writes */
};

/* One implementation's run, and what lies in its guest memory behind each step. */
struct side {
    struct run run;
    uint64_t written[RUN_MAX_CHAINS]; /* the buffers of rx chains */
};

/* view_before_step and view_after_step stand around each step of the library's run. */
void view_start(struct view *view);
void view_before_step(struct view *view, const struct run *run, uint32_t number);
void view_after_step(struct view *view, const struct run *run, uint32_t number);

/* side_after_step keeps what an answer's rx chains have in guest memory. */
void side_after_step(struct side *side, const struct view *view, uint32_t number,
                     const struct run_answer *answer);

enum difference_kind {
    DIFFERENCE_STATUS,
    DIFFERENCE_CHAINS, /* another number of chains, or another order */
    DIFFERENCE_VERDICT,
    DIFFERENCE_HEADER,
    DIFFERENCE_CAPACITY,
    DIFFERENCE_PAYLOAD,
    DIFFERENCE_USED,
    DIFFERENCE_BYTES, /* in the buffers of an rx chain */
    DIFFERENCE_NOTIFY,
    DIFFERENCE_MORE
};

struct difference {
    enum difference_kind kind;
    uint32_t step;
    const struct peer *peer;
    const struct guest_queue *queue;
    uint32_t max_payload;
    bool signal_due; /* the driver asked for one */
    const struct run_answer *our_answer;
    const struct run_answer *their_answer;
    const struct run_chain *ours; /* NULL where it is about the whole step */
    bool we_took;                 /* the chain was good; only what was sent may be a mistake */
    bool they_took;
    const struct shape *shape; /* of that chain, else of a head that is none; NULL: neither */
};

/* compare_runs reports the first difference that nothing explains.
 *
 * Returns  how many chains were compared. */
uint32_t compare_runs(const struct peer *peer, const struct view *view, const struct side *ours,
                      const struct side *theirs);

#endif
