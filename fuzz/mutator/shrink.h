/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Makes a scenario smaller as long as it does what it is to do. On the decoded form: a canonical
 * codec would grow back what a cut through its bytes takes away. */
#ifndef VVS_FUZZ_SHRINK_H
#define VVS_FUZZ_SHRINK_H

#include "scenario.h"

/* So many candidates at most, whatever the verdicts. Few inputs take a hundredth of it. */
#define SHRINK_MAX_CANDIDATES 65536u

struct shrink {
    struct scn_scenario trial; /* the kept one, decoded */
    uint8_t kept[SCN_MAX_ENCODED];
    uint8_t candidate[SCN_MAX_ENCODED];
    size_t kept_len;
    size_t candidate_len;
    uint32_t pass;   /* kind of edit */
    uint32_t number; /* of the edit, in its pass */
    uint32_t given;  /* candidates */
    bool changed;    /* in this round over all passes something was kept */
};

/* shrink_begin starts with the canonical form of `bytes`, which may be a byte or two longer. */
void shrink_begin(struct shrink *s, const uint8_t *bytes, size_t len);

/* shrink_next makes the next candidate: canonical, and less than the kept one, which is to have
 * fewer bytes, or as many and be the smaller number when they are read as one, little-endian. To be
 * called again only after shrink_verdict.
 *
 * Returns  its length, at most `capacity`; 0 when there is none: no edit of the kept one was
 *          worth keeping, or SHRINK_MAX_CANDIDATES is reached */
size_t shrink_next(struct shrink *s, uint8_t *out_bytes, size_t capacity);

/* shrink_verdict says whether the last candidate does what it is to do: then it is the kept one. */
void shrink_verdict(struct shrink *s, bool keep);

#endif
