/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Chains as byte streams, apart from how they are cut: read from a scenario, cut anew at random,
 * laid out as a scenario of their own in which nothing but the cut can make a difference. There
 * each buffer lies apart from all others, the driver keeps to the ring's rules, and no limit of
 * descriptors is met. */
#ifndef VVS_FUZZ_CUT_H
#define VVS_FUZZ_CUT_H

#include "rng.h"
#include "run.h"

#define CUT_MAX_CHAINS 8u
#define CUT_MAX_SAID 128u        /* pieces of all chains, as a scenario says them */
#define CUT_MAX_PIECES 512u      /* and cut anew */
#define CUT_MAX_REACH 0x18000u   /* bytes of one chain that somebody touches */
#define CUT_MAX_PAYLOAD 0x10000u /* of a packet: what the device takes and gives */
#define CUT_BEHIND 16u           /* bytes behind a packet that are compared too */
#define CUT_STORE_BYTES (CUT_MAX_CHAINS * (VVS_HDR_BYTES + CUT_MAX_PAYLOAD + CUT_BEHIND))

struct cut_piece {
    uint32_t len;
    bool writable;
};

struct cut_chain {
    struct scn_record said; /* an add_chain, of which the packet's fields count */
    uint32_t role;
    uint32_t first_piece;
    uint32_t piece_count;
    uint32_t direct_count; /* the pieces behind them are in a table, if there are any */
    uint64_t reach;        /* bytes of the stream that somebody may touch: those are mapped */
};

struct cut_queue {
    uint32_t size;
    uint32_t max_chain;
    uint16_t start;
    uint8_t wrap; /* packed */
};

struct cut {
    const struct scn_scenario *content; /* packets and events that are sent, literal bytes */
    struct cut_chain chains[CUT_MAX_CHAINS];
    uint32_t chain_count;
    struct cut_piece pieces[CUT_MAX_PIECES];
    uint32_t piece_count;
    struct cut_queue queues[GUEST_ROLES];
    uint64_t features;
    uint32_t max_payload;
    bool scattered; /* over regions and their borders, else in one */
    bool batched;   /* all chains are offered before the first is served */
    bool stepwise;  /* by pop and publish, else by serve */
    bool staged;    /* these by stage and flush */
};

/* What became of one chain. */
struct cut_outcome {
    uint32_t answers; /* pops: 1, else it was lost or came twice */
    uint32_t returns; /* used entries */
    enum vvs_status status;
    uint8_t kind; /* enum run_kind */
    bool has_header;
    uint8_t header[VVS_HDR_BYTES];
    uint32_t capacity;
    uint32_t payload_len;
    uint64_t payload_hash;
    uint32_t event;
    uint32_t used_len;
    const uint8_t *bytes; /* of the stream the queue is about, in guest memory behind the run */
    uint32_t byte_count;
};

struct cut_outcomes {
    struct cut_outcome of[CUT_MAX_CHAINS];
    uint8_t store[CUT_STORE_BYTES];
    uint32_t store_used;
};

/* cut_read reads the chains of `scenario`, cut as it says: up to CUT_MAX_CHAINS, without those that
 * have no element or go beyond the bounds above. `scenario` must outlive the result. */
void cut_read(struct cut *out_cut, const struct scn_scenario *scenario);

/* cut_add adds a chain of one piece: `len` bytes in the direction of the queue. `said` is what it
 * carries. */
void cut_add(struct cut *cut, const struct scn_record *said, uint32_t role, uint32_t len);

/* cut_settle sizes the queues for the chains that there are. */
void cut_settle(struct cut *cut);

/* cut_anew gives the streams of `old` another cut, and other rings. */
void cut_anew(struct cut *out_cut, const struct cut *old, struct rng *rng);

/* cut_lay makes a scenario of a cut: where the buffers lie follows from `rng`. */
void cut_lay(struct scn_scenario *out_scenario, const struct cut *cut, struct rng *rng);

/* cut_collect takes the outcomes from a run of that scenario. */
void cut_collect(struct cut_outcomes *out_outcomes, const struct run *run, const struct cut *cut);

/* cut_describe writes how chain `number` is cut.
 *
 * Returns  `text`. */
const char *cut_describe(char *text, size_t capacity, const struct cut *cut, uint32_t number);

#endif
