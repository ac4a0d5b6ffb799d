/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Random scenario bytes from a PRNG seed: mostly well-formed records, so that depth is reached. */
#ifndef TEST_RANDOM_INPUT_H
#define TEST_RANDOM_INPUT_H

#include "scenario.h"

static inline uint64_t random_next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static inline uint32_t random_below(uint64_t *seed, uint32_t bound)
{
    return (uint32_t)(random_next(seed) >> 33) % bound;
}

/* Small numbers often, so that lengths and counts name what follows. */
static inline uint8_t random_byte(uint64_t *seed)
{
    uint8_t byte = (uint8_t)(random_next(seed) >> 40);

    return random_below(seed, 3) == 0 ? byte : (uint8_t)(byte & 3u);
}

/* random_input fills `out_bytes`.
 *
 * Returns  how many, 0 to `capacity`. */
static inline size_t random_input(uint64_t *seed, uint8_t *out_bytes, size_t capacity)
{
    size_t len = random_below(seed, (uint32_t)capacity + 1);
    size_t at = 0;

    while (at < len) {
        uint32_t number = random_below(seed, 32);
        const struct scn_record_type *type = scn_type_at(number);
        uint32_t run = random_below(seed, 24);
        if (type != NULL && len - at > 4) {
            out_bytes[at++] = (uint8_t)type->tag;
        }
        for (; run > 0 && at < len; run--) {
            out_bytes[at++] = random_byte(seed);
        }
    }
    if (len > 0 && random_below(seed, 64) != 0) {
        out_bytes[0] = SCN_VERSION;
    }
    return len;
}

#endif
