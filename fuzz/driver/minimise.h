/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* An input that fails made smaller, as long as it fails in the same way. */
#ifndef DRIVER_MINIMISE_H
#define DRIVER_MINIMISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What can be told of an input that fails: the oracle, or the sanitizer's kind of report. */
#define MINIMISE_TOKEN_BYTES 64u

struct minimised {
    char token[MINIMISE_TOKEN_BYTES]; /* empty: the input does not fail */
    size_t len;
    uint32_t candidates;
    bool finished; /* false: the time was up */
};

/* minimise runs the target on candidates, each in a child of its own, and writes to `path` the
 * first input that fails and each smaller one that fails with the same token, and the same words of
 * the oracle or the same functions on the stack. At most `seconds` pass.
 *
 * Returns  false when no child can be made or `path` can't be written: errno says why. */
bool minimise(struct minimised *out, const char *path, const uint8_t *bytes, size_t len,
              uint32_t seconds);

/* How smaller inputs come about: by the kind of input that a target takes. To be called as
 * shrink_begin, shrink_next and shrink_verdict (fuzz/mutator/shrink.h) are. */
void candidates_begin(const uint8_t *bytes, size_t len);
size_t candidates_next(uint8_t *out_bytes, size_t capacity);
void candidates_verdict(bool keep);

#endif
