/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What libFuzzer's own mutator leaves to luck: the first byte of an input says which queue there is
 * and what is negotiated (fuzz_threads.c). A corpus of some ten inputs keeps to few of these, so
 * every other mutant has it drawn anew. */
#include "../mutator/engine_mutate.h"

#define DRAWN_ONE_IN 2u

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t len, size_t capacity, unsigned int seed);

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t len, size_t capacity, unsigned int seed)
{
    len = engine_mutate(bytes, len, capacity);
    if (len != 0 && seed % DRAWN_ONE_IN == 0) {
        bytes[0] = (uint8_t)(seed >> 8);
    }
    return len;
}
