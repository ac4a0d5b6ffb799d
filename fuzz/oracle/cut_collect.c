/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The outcomes of a cut's chains: in each queue chains are answered and returned in the order in
 * which they were offered. */
#include <string.h>

#include "cut.h"

/* What of a role comes next: chains answered, filled, returned. */
struct turn {
    uint32_t popped;
    uint32_t published;
    uint32_t used;
};

struct collector {
    struct cut_outcomes *outcomes;
    const struct run *run;
    struct cut_outcome *chains[GUEST_ROLES][CUT_MAX_CHAINS]; /* by role, in order */
    uint32_t counts[GUEST_ROLES];
    struct turn turns[GUEST_ROLES];
};

/* The outcome whose turn it is; NULL when all had theirs. */
static struct cut_outcome *next(struct collector *collector, uint32_t role, uint32_t *turn)
{
    return *turn < collector->counts[role] ? collector->chains[role][(*turn)++] : NULL;
}

static void keep(struct cut_outcome *outcome, const struct run_chain *chain)
{
    outcome->kind = chain->kind;
    outcome->status = chain->status;
    outcome->has_header = chain->has_header;
    outcome->capacity = chain->capacity;
    outcome->payload_len = chain->payload_len;
    outcome->payload_hash = chain->payload_hash;
    outcome->event = chain->event;
    memcpy(outcome->header, chain->header, VVS_HDR_BYTES);
}

static void take_answer(struct collector *collector, const struct run_answer *answer)
{
    const struct run *run = collector->run;
    uint8_t tag = run->scenario->steps[answer->step].tag;
    struct turn *turn = &collector->turns[answer->role];
    bool publish = tag == SCN_TAG_PUBLISH;
    for (uint32_t i = 0; i < answer->chain_count; i++) {
        uint32_t filled = turn->published;
        struct cut_outcome *outcome =
            next(collector, answer->role, publish ? &filled : &turn->popped);
        if (outcome != NULL) {
            keep(outcome, &run->chains[answer->first_chain + i]);
            outcome->answers += !publish;
        }
    }
    turn->published += publish;
    for (uint32_t i = 0; i < answer->used_count; i++) {
        struct cut_outcome *outcome = next(collector, answer->role, &turn->used);
        if (outcome != NULL) {
            outcome->used_len = run->used[answer->first_used + i].len;
            outcome->returns++;
        }
    }
}

/* Reads bytes of the stream that the chain's queue is about, up to the first that is not mapped. */
static void gather(struct cut_outcomes *outcomes, struct cut_outcome *outcome,
                   const struct run *run, const struct driver_chain *chain, uint64_t len)
{
    uint8_t *bytes = outcomes->store + outcomes->store_used;
    uint32_t done = 0;
    for (uint32_t i = 0; i < chain->element_count && done < len; i++) {
        const struct driver_element *element = &run->driver.elements[chain->first_element + i];
        if (element->place == DRIVER_REFERRER ||
            element->writable != (chain->role != VVS_QUEUE_TX)) {
            continue;
        }
        uint64_t piece = element->len < len - done ? element->len : len - done;
        done += (uint32_t)guest_read(&run->guest, bytes + done, element->addr, piece);
    }
    outcome->bytes = bytes;
    outcome->byte_count = done;
    outcomes->store_used += done;
}

void cut_collect(struct cut_outcomes *out_outcomes, const struct run *run, const struct cut *cut)
{
    struct collector collector = {.outcomes = out_outcomes, .run = run};
    memset(out_outcomes->of, 0, sizeof out_outcomes->of);
    out_outcomes->store_used = 0;
    for (uint32_t i = 0; i < cut->chain_count; i++) {
        uint32_t role = cut->chains[i].role;
        collector.chains[role][collector.counts[role]++] = &out_outcomes->of[i];
    }
    for (uint32_t i = 0; i < run->answer_count; i++) {
        take_answer(&collector, &run->answers[i]);
    }
    for (uint32_t i = 0; i < cut->chain_count && i < run->driver.chain_count; i++) {
        struct cut_outcome *outcome = &out_outcomes->of[i];
        bool sent = cut->chains[i].role != VVS_QUEUE_TX;
        uint64_t wanted = (uint64_t)VVS_HDR_BYTES + outcome->payload_len + (sent ? CUT_BEHIND : 0);
        uint64_t reach = cut->chains[i].reach;
        gather(out_outcomes, outcome, run, &run->driver.chains[i], wanted < reach ? wanted : reach);
    }
}
