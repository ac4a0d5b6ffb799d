/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What libFuzzer's own mutator leaves to luck: the first byte of an input says which queue there is
 * and what is negotiated (fuzz_threads.c). A corpus of some ten inputs keeps to few of these, so
 * every other mutant has it drawn anew. */
#include <stddef.h>
#include <stdint.h>

#define DRAWN_ONE_IN 2u

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t len, size_t capacity);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t len, size_t capacity, unsigned int seed);

/* There under MemorySanitizer alone. */
void __msan_unpoison(const volatile void *start, size_t len) __attribute__((weak));

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t len, size_t capacity, unsigned int seed)
{
    len = LLVMFuzzerMutate(bytes, len, capacity);
    if (__msan_unpoison) {
        __msan_unpoison(bytes, len); /* written by the engine, which is not instrumented */
    }
    if (len != 0 && seed % DRAWN_ONE_IN == 0) {
        bytes[0] = (uint8_t)(seed >> 8);
    }
    return len;
}
