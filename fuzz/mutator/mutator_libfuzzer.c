/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The mutator as libFuzzer calls it. */
#include <string.h>

#include "engine_mutate.h"
#include "mutator.h"
#include "stats.h"
#include "target.h"

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t len, size_t capacity, unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *first, size_t first_len, const uint8_t *second,
                                 size_t second_len, uint8_t *out_bytes, size_t capacity,
                                 unsigned int seed);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* One in so many mutants is made byte by byte: what no operation thinks of. */
#define BYTEWISE_ONE_IN 16u

/* The engine would cross every other input: that often, steps of many inputs pile up in each. */
#define CROSS_ONE_IN 4u

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t len, size_t capacity, unsigned int seed)
{
    stats_generated();
    if (seed % BYTEWISE_ONE_IN == 0 && len > 1) {
        /* The version stays, or all of it is an empty scenario. */
        len = 1 + engine_mutate(bytes + 1, len - 1, capacity - 1);
        return mutate_tidy(bytes, len, capacity, seed, &target_rule);
    }
    return mutate(bytes, len, capacity, seed, &target_rule);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *first, size_t first_len, const uint8_t *second,
                                 size_t second_len, uint8_t *out_bytes, size_t capacity,
                                 unsigned int seed)
{
    if (seed % CROSS_ONE_IN != 0) {
        return 0; /* the engine goes on to the mutator */
    }
    stats_generated();
    return mutate_cross(out_bytes, capacity, first, first_len, second, second_len, seed,
                        &target_rule);
}

/* A scenario is a few hundred bytes from the start: growing inputs from 4 bytes on would cut all of
 * them. What the command line says comes later and wins. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static char no_length_control[] = "-len_control=0";
    static char *arguments[256];
    if (*argc < 1 || *argc + 2 > (int)(sizeof arguments / sizeof arguments[0])) {
        return 0;
    }
    arguments[0] = (*argv)[0];
    arguments[1] = no_length_control;
    for (int i = 1; i < *argc; i++) {
        arguments[i + 1] = (*argv)[i];
    }
    *argc += 1;
    *argv = arguments;
    return 0;
}
