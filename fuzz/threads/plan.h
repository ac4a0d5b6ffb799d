/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What an input asks of the two threads: the queue, the chains, and how each side goes about it. */
#ifndef VVS_THREADS_PLAN_H
#define VVS_THREADS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vvs/spec.h>

#define PLAN_SIZE_MAX 64u
#define PLAN_CHAINS_MAX 200u
#define PLAN_PAYLOAD_MAX 255u
#define PLAN_SPARE_MAX 7u
#define PLAN_ELEMENTS_MAX 4u

/* Odds are of 16. */
struct plan {
    uint32_t seed; /* of all bytes: what is drawn hangs on it */
    bool packed, rx, event_idx, indirect, in_order;
    bool by_hand;   /* the device pops and publishes itself; otherwise it calls vvs_serve_* */
    uint32_t size;  /* of the queue */
    uint32_t start; /* split: index; packed: slot, and the queue size more for wrap counters of 0 */
    uint32_t chains;
    uint32_t payload_max;
    uint32_t elements_max;
    uint32_t late; /* the driver asks for a call up to so many used entries late (EVENT_IDX) */
    /* The driver. */
    uint32_t batch;         /* chains made available at once, at most */
    uint32_t batches;       /* between two decisions whether to kick */
    uint32_t suppress_odds; /* asks for no calls */
    uint32_t wait_odds;     /* sleeps although it could go on */
    uint32_t driver_polls;  /* looks again instead of sleeping */
    uint32_t driver_pauses; /* of 64, at each access */
    /* The device. */
    uint32_t budget; /* chains a turn */
    uint32_t disarm_odds;
    uint32_t stop_odds;    /* a handler gives its chain back */
    uint32_t restart_odds; /* a queue is stopped and started again */
    uint32_t device_polls;
    uint32_t device_pauses;
};

/* A chain: how it is cut, and how much of it the packet takes. */
struct plan_chain {
    bool indirect;
    uint32_t count;
    uint32_t lens[PLAN_ELEMENTS_MAX];
    uint32_t total; /* their sum */
    uint32_t payload_len;
};

/* plan_decode reads any bytes; what is missing is 0. */
void plan_decode(struct plan *out_plan, const uint8_t *bytes, size_t len);

/* plan_features gives the feature word that was negotiated. */
uint64_t plan_features(const struct plan *plan);

/* plan_chain describes the chain with this number, 0 to `chains` - 1. */
void plan_chain(const struct plan *plan, struct plan_chain *out_chain, uint32_t number);

/* plan_packet gives the header and payload that chain `number` carries.
 *
 * Returns  their length. */
uint32_t plan_packet(const struct plan *plan, uint8_t out_bytes[VVS_HDR_BYTES + PLAN_PAYLOAD_MAX],
                     uint32_t number);

/* plan_fail reports a finding as oracle_fail does, behind a line that tells the plan. */
void plan_fail(const struct plan *plan, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
