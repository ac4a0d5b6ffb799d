/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* libFuzzer's own mutation, for a mutator that adds to it. */
#ifndef VVS_FUZZ_ENGINE_MUTATE_H
#define VVS_FUZZ_ENGINE_MUTATE_H

#include <stddef.h>
#include <stdint.h>

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t len, size_t capacity);

/* There under MemorySanitizer alone. */
void __msan_unpoison(const volatile void *start, size_t len) __attribute__((weak));

/* Changes `len` bytes in place, within `capacity`. Returns how many there are now. */
static inline size_t engine_mutate(uint8_t *bytes, size_t len, size_t capacity)
{
    len = LLVMFuzzerMutate(bytes, len, capacity);
    if (__msan_unpoison) {
        __msan_unpoison(bytes, len); /* written by the engine, which is not instrumented */
    }
    return len;
}

#endif
