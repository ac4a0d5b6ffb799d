/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The mutator as AFL++ calls it: a shared library for each target, which afl-fuzz loads. The names
 * and the order of the arguments are the engine's. */
#ifndef VVS_FUZZ_MUTATOR_AFL_H
#define VVS_FUZZ_MUTATOR_AFL_H

#include <stddef.h>
#include <stdint.h>

/* afl_custom_init makes what the other calls take as `own`; each mutant follows from `seed` and the
 * calls before.
 *
 * Returns  NULL without memory, at which the engine ends. */
void *afl_custom_init(void *engine, unsigned int seed);
void afl_custom_deinit(void *own);

/* afl_custom_fuzz makes a mutant of `bytes`, now and then with parts of `other`, which may be NULL.
 *
 * Returns  its length, at most `capacity`
 * Out      `*out_bytes` belongs to `own`, until the next call */
size_t afl_custom_fuzz(void *own, uint8_t *bytes, size_t len, uint8_t **out_bytes, uint8_t *other,
                       size_t other_len, size_t capacity);

/* afl_custom_fuzz_count says how many mutants of `bytes` the engine is to ask for in a row. */
unsigned int afl_custom_fuzz_count(void *own, const uint8_t *bytes, size_t len);

/* afl_custom_describe says how the last mutant was made, for the name of its file. */
const char *afl_custom_describe(void *own, size_t capacity);

/* afl_custom_init_trim starts to make `bytes` smaller, afl_custom_trim gives a candidate, and
 * afl_custom_post_trim is told whether the target goes the same way with it.
 *
 * Returns  init_trim: how many candidates there are at most; post_trim: how many there were, or
 *          that bound at the end; trim: the length of `*out_bytes`, never over that of `bytes` */
int32_t afl_custom_init_trim(void *own, uint8_t *bytes, size_t len);
size_t afl_custom_trim(void *own, uint8_t **out_bytes);
int32_t afl_custom_post_trim(void *own, unsigned char same);

#endif
