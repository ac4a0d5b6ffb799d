/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "mutator_afl.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "minimise.h"
#include "mutator.h"
#include "rng.h"
#include "shared.h"
#include "target.h"

/* As much as the engine ever asks for. */
#define MUTANT_MAX (1u << 20)

/* One in so many mutants takes up the other input that the engine hands in, and one in so many is
 * made byte by byte: what no operation thinks of. */
#define CROSS_ONE_IN 8u
#define BYTEWISE_ONE_IN 16u

#define BYTEWISE_EDITS 4u
#define BYTEWISE_RUN 16u

/* So many mutants in a row are each made of the one before: what takes several changes, none of
 * which leads anywhere new alone, is out of reach otherwise. */
#define DEPTH 5u

/* So many mutants of one input at a time. The engine would make some thousand before it turns to
 * another one. */
#define MUTANTS (10 * DEPTH)

/* Of one input. A queue has a thousand, and each is trimmed before it is mutated. */
#define TRIM_CANDIDATES 64

struct mutator_afl {
    struct rng rng;
    uint32_t depth;
    size_t parent_len;
    size_t mutant_len;
    const char *made_by;
    uint8_t *mark; /* what is generated is counted in another process */
    size_t trim_most;
    size_t trim_len; /* of the candidate in `mutant` */
    int32_t trim_given;
    uint8_t parent[MUTANT_MAX]; /* what the engine handed in, at depth 0 */
    uint8_t mutant[MUTANT_MAX];
};

void *afl_custom_init(void *engine, unsigned int seed)
{
    (void)engine;
    struct mutator_afl *m = calloc(1, sizeof *m);
    if (m) {
        m->rng.state = seed;
        m->mark = shared_mark();
    }
    return m;
}

/* Overwrites a byte, flips a bit, takes a run of bytes away or doubles one. The version, which is
 * the first byte, stays, or all of it would be an empty scenario. */
static size_t edit(struct mutator_afl *m, size_t len, size_t capacity)
{
    uint32_t at = 1 + rng_below(&m->rng, (uint32_t)len - 1);
    size_t run = 1 + rng_below(&m->rng, BYTEWISE_RUN);
    run = run < len - at ? run : len - at;
    switch (rng_below(&m->rng, 4)) {
    case 0:
        m->mutant[at] = (uint8_t)rng_next(&m->rng);
        return len;
    case 1:
        m->mutant[at] ^= (uint8_t)(1u << rng_below(&m->rng, 8));
        return len;
    case 2:
        memmove(m->mutant + at, m->mutant + at + run, len - at - run);
        return len - run;
    default:
        if (run > capacity - len) {
            return len;
        }
        memmove(m->mutant + at + run, m->mutant + at, len - at);
        return len + run;
    }
}

static size_t mutate_bytewise(struct mutator_afl *m, size_t len, size_t capacity, uint32_t seed)
{
    for (uint32_t i = 1 + rng_below(&m->rng, BYTEWISE_EDITS); i != 0 && len > 1; i--) {
        len = edit(m, len, capacity);
    }
    return mutate_tidy(m->mutant, len, capacity, seed, &target_rule);
}

/* Leaves in `mutant` what the next one is made of: the last one, or `bytes`. */
static void take_up(struct mutator_afl *m, const uint8_t *bytes, size_t len, size_t capacity)
{
    len = len < capacity ? len : capacity;
    bool same = len == m->parent_len && memcmp(bytes, m->parent, len) == 0;
    if (same && ++m->depth < DEPTH && m->mutant_len <= capacity) {
        return;
    }
    m->depth = 0;
    m->parent_len = len;
    m->mutant_len = len;
    memcpy(m->parent, bytes, len);
    memcpy(m->mutant, bytes, len);
}

size_t afl_custom_fuzz(void *own, uint8_t *bytes, size_t len, uint8_t **out_bytes, uint8_t *other,
                       size_t other_len, size_t capacity)
{
    struct mutator_afl *m = own;
    uint32_t seed = (uint32_t)rng_next(&m->rng);
    capacity = capacity < MUTANT_MAX ? capacity : MUTANT_MAX;
    *out_bytes = m->mutant;
    if (m->mark) {
        *m->mark = 1;
    }
    if (other && rng_below(&m->rng, CROSS_ONE_IN) == 0) {
        m->made_by = "cross";
        m->depth = DEPTH;
        return mutate_cross(m->mutant, capacity, bytes, len, other, other_len, seed, &target_rule);
    }
    take_up(m, bytes, len, capacity);
    if (rng_below(&m->rng, BYTEWISE_ONE_IN) == 0) {
        m->made_by = "bytewise";
        m->mutant_len = mutate_bytewise(m, m->mutant_len, capacity, seed);
    } else {
        m->made_by = "mutate";
        m->mutant_len = mutate(m->mutant, m->mutant_len, capacity, seed, &target_rule);
    }
    return m->mutant_len;
}

static bool next_candidate(struct mutator_afl *m)
{
    m->depth = DEPTH; /* no mutant is left to go on from */
    m->trim_len = candidates_next(m->mutant, m->trim_most);
    return m->trim_len != 0;
}

int32_t afl_custom_init_trim(void *own, uint8_t *bytes, size_t len)
{
    struct mutator_afl *m = own;
    m->trim_most = len < MUTANT_MAX ? len : MUTANT_MAX;
    m->trim_given = 0;
    candidates_begin(bytes, len);
    return next_candidate(m) ? TRIM_CANDIDATES : 0;
}

size_t afl_custom_trim(void *own, uint8_t **out_bytes)
{
    struct mutator_afl *m = own;
    *out_bytes = m->mutant;
    return m->trim_len;
}

int32_t afl_custom_post_trim(void *own, unsigned char same)
{
    struct mutator_afl *m = own;
    candidates_verdict(same != 0);
    m->trim_given++;
    return next_candidate(m) ? m->trim_given : TRIM_CANDIDATES;
}

unsigned int afl_custom_fuzz_count(void *own, const uint8_t *bytes, size_t len)
{
    (void)own;
    (void)bytes;
    (void)len;
    return MUTANTS;
}

const char *afl_custom_describe(void *own, size_t capacity)
{
    (void)capacity; /* hundreds */
    return ((const struct mutator_afl *)own)->made_by;
}

void afl_custom_deinit(void *own)
{
    free(own);
}
