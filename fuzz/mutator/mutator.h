/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Structure-aware mutation of scenario bytes, for any engine. */
#ifndef VVS_FUZZ_MUTATOR_H
#define VVS_FUZZ_MUTATOR_H

#include <stddef.h>
#include <stdint.h>

#include "restrict.h"

/* mutate changes the scenario in `bytes` by a few operations that follow from `seed`, keeping to
 * `rule`. More often than not the result opens with a chain that parses.
 *
 * Returns  the new length, at most `capacity` */
size_t mutate(uint8_t *bytes, size_t len, size_t capacity, uint32_t seed, const struct rule *rule);

/* mutate_tidy makes bytes that something else mutated canonical and, mostly, cheap to run.
 *
 * Returns  as mutate */
size_t mutate_tidy(uint8_t *bytes, size_t len, size_t capacity, uint32_t seed,
                   const struct rule *rule);

/* mutate_cross puts steps, chains and image of two scenarios together.
 *
 * Returns  the length of what is in `out_bytes`, at most `capacity` */
size_t mutate_cross(uint8_t *out_bytes, size_t capacity, const uint8_t *first, size_t first_len,
                    const uint8_t *second, size_t second_len, uint32_t seed,
                    const struct rule *rule);

#endif
