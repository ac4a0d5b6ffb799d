/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "framing.h"

#include <string.h>

#include "oracle.h"
#include "stats.h"

#define NAME "framing"
#define REPLAY_CUTS 8u /* where speed is no matter */

static struct scn_scenario said_scenario;
static struct scn_scenario laid_scenario;
static struct cut said_cut;
static struct cut new_cut;
static struct cut_outcomes before;
static struct cut_outcomes after;

static void differs(const struct cut *said, const struct cut *anew, uint32_t number,
                    const char *what)
{
    char first[160];
    char second[160];
    oracle_fail(NAME, "chain %u: %s\n  as said  %s\n  cut anew %s", number, what,
                cut_describe(first, sizeof first, said, number),
                cut_describe(second, sizeof second, anew, number));
}

/* Which of two faults of a chain is named first may depend on its cut, what follows from it not. */
static const char *difference(const struct cut_outcome *a, const struct cut_outcome *b)
{
    if (a->answers != 1 || a->returns != 1 || b->answers != 1 || b->returns != 1) {
        return "not answered and returned once";
    }
    if (a->kind != b->kind) {
        return a->kind == RUN_REJECT ? "refused, and accepted anew" : "accepted, and refused anew";
    }
    if (vvs_status_reaction(a->status) != vvs_status_reaction(b->status)) {
        return "refused with another reaction";
    }
    if (a->has_header != b->has_header ||
        (a->has_header && memcmp(a->header, b->header, VVS_HDR_BYTES) != 0)) {
        return "another header";
    }
    if (a->kind != RUN_REJECT && a->capacity != b->capacity) {
        return "another capacity";
    }
    if (a->payload_len != b->payload_len || a->payload_hash != b->payload_hash) {
        return "another payload";
    }
    if (a->event != b->event) {
        return "another event";
    }
    if (a->used_len != b->used_len) {
        return "another used length";
    }
    if (a->byte_count != b->byte_count || memcmp(a->bytes, b->bytes, a->byte_count) != 0) {
        return "other bytes in the buffer";
    }
    return NULL;
}

void framing_compare(const struct cut *said, const struct cut_outcomes *before_,
                     const struct cut *anew, const struct cut_outcomes *after_)
{
    for (uint32_t i = 0; i < said->chain_count; i++) {
        const char *what = difference(&before_->of[i], &after_->of[i]);
        if (what != NULL) {
            differs(said, anew, i, what);
        }
    }
}

static void play(struct cut_outcomes *out_outcomes, const struct cut *cut, struct rng *rng,
                 bool costly)
{
    cut_lay(&laid_scenario, cut, rng);
    cut_collect(out_outcomes, oracle_play(&laid_scenario, &oracle_hooks, costly), cut);
}

bool framing_run(const uint8_t *bytes, size_t len, const struct rule *rule)
{
    uint64_t fold = run_fold_bytes(RUN_FOLD_START, bytes, len);
    struct rng rng = {fold};
    bool costly = fold % oracle_costly_one_in == 0;
    oracle_start();
    stats_begin();
    scn_decode(&said_scenario, bytes, len);
    rule_apply(rule, &said_scenario);
    cut_read(&said_cut, &said_scenario);
    if (said_cut.chain_count != 0) {
        play(&before, &said_cut, &rng, costly);
    }
    uint32_t cuts = oracle_costly_one_in == 1 ? REPLAY_CUTS : 1;
    for (uint32_t i = 0; i < cuts && said_cut.chain_count != 0; i++) {
        cut_anew(&new_cut, &said_cut, &rng);
        play(&after, &new_cut, &rng, costly);
        framing_compare(&said_cut, &before, &new_cut, &after);
        stats_compared();
    }
    stats_end();
    return said_cut.chain_count != 0;
}
