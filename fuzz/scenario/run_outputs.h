/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A call that is refused leaves what it would have written as it was: a live queue above all. */
#ifndef SCN_RUN_OUTPUTS_H
#define SCN_RUN_OUTPUTS_H

#include <string.h>

#include "run.h"

#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#define OUTPUT_MSAN 1
#endif
#endif

#define OUTPUT_MAX_BYTES 512u

/* An object as it was before a call. */
struct output {
    const void *object;
    size_t len;
    unsigned char before[OUTPUT_MAX_BYTES];
};

/* output_keep remembers `len` bytes of `object`. */
static inline void output_keep(struct output *output, const void *object, size_t len)
{
    output->object = object;
    output->len = len < OUTPUT_MAX_BYTES ? len : OUTPUT_MAX_BYTES;
    memcpy(output->before, object, output->len);
}

/* output_check says in `played` that the call of this name changed the object, where it was
 * refused. */
static inline void output_check(struct run *played, const struct output *output, const char *call,
                                bool refused)
{
    unsigned char after[OUTPUT_MAX_BYTES];
    if (!refused) {
        return;
    }
    memcpy(after, output->object, output->len);
#ifdef OUTPUT_MSAN
    /* Padding is compared too, whatever it holds. */
    __msan_unpoison(output->before, output->len);
    __msan_unpoison(after, output->len);
#endif
    if (memcmp(after, output->before, output->len) != 0) {
        played->spoiled = call;
    }
}

#endif
