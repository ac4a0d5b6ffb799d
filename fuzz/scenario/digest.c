/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* One number for all answers of a run, folded field by field so that every host gives the same. */
#include <string.h>

#include "run.h"

uint64_t run_fold_bytes(uint64_t digest, const uint8_t *bytes, size_t len)
{
    size_t done = 0;
    for (; len - done >= 8; done += 8) {
        uint8_t piece[8]; /* copied first: sanitizers check it once then, not for each byte */
        uint64_t word = 0;
        memcpy(piece, bytes + done, sizeof piece);
        for (size_t i = 0; i < sizeof piece; i++) {
            word |= (uint64_t)piece[i] << 8 * i;
        }
        digest = run_fold(digest, word);
    }
    for (; done < len; done++) {
        digest = run_fold(digest, bytes[done] | 0x100u);
    }
    return digest;
}

static uint64_t fold_chain(uint64_t digest, const struct run_chain *chain)
{
    digest = run_fold(digest, chain->kind | (uint64_t)chain->has_header << 8 |
                                  (uint64_t)chain->has_id << 9 | (uint64_t)chain->has_event << 10 |
                                  (uint64_t)chain->id << 16 | (uint64_t)chain->status << 32);
    digest = run_fold(digest, chain->capacity | (uint64_t)chain->used_len << 32);
    digest = run_fold(digest, chain->event | (uint64_t)chain->payload_len << 32);
    digest = run_fold(digest, chain->payload_hash);
    return chain->has_header ? run_fold_bytes(digest, chain->header, VVS_HDR_BYTES) : digest;
}

static uint64_t fold_answer(uint64_t digest, const struct run *run, const struct run_answer *answer)
{
    const bool flags[] = {answer->has_role, answer->none, answer->decided,  answer->notify,
                          answer->armed,    answer->more, answer->used_lost};
    uint64_t bits = 0;
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        bits |= (uint64_t)flags[i] << i;
    }
    digest = run_fold(digest, answer->step | bits << 8 | (uint64_t)answer->role << 16 |
                                  (uint64_t)answer->status << 32);
    digest = run_fold(digest, answer->chain_count | (uint64_t)answer->used_count << 32);
    for (uint32_t i = 0; i < answer->chain_count; i++) {
        digest = fold_chain(digest, &run->chains[answer->first_chain + i]);
    }
    for (uint32_t i = 0; i < answer->used_count; i++) {
        const struct driver_used *used = &run->used[answer->first_used + i];
        digest = run_fold(digest, used->id | (uint64_t)used->len << 32);
    }
    return digest;
}

uint64_t run_digest(const struct run *run)
{
    uint64_t digest = run_fold(RUN_FOLD_START, run->unmappable);
    if (run->unmappable) {
        return digest;
    }
    for (uint32_t role = 0; role < GUEST_ROLES; role++) {
        if (run->guest.queues[role].present) {
            digest = run_fold(digest, role | (uint64_t)run->queues[role].setup << 32);
        }
    }
    for (uint32_t i = 0; i < run->answer_count; i++) {
        digest = fold_answer(digest, run, &run->answers[i]);
    }
    return run_fold(digest, run->chain_total);
}
