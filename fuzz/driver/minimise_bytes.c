/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Smaller inputs that are mere bytes: stretches go, halves first; then what stays becomes zero. */
#include <string.h>

#include "minimise.h"

#define MAX_BYTES (1u << 20)

static uint8_t kept[MAX_BYTES];
static uint8_t candidate[MAX_BYTES];
static size_t kept_len, candidate_len;
static size_t chunk_len; /* the stretch that is next; 0 behind the single bytes */
static size_t chunk_end;
static bool zeroing;
static bool changed;

static void restart(bool zeroes)
{
    zeroing = zeroes;
    chunk_len = kept_len;
    chunk_end = kept_len;
}

void candidates_begin(const uint8_t *bytes, size_t len)
{
    kept_len = len < sizeof kept ? len : sizeof kept;
    memcpy(kept, bytes, kept_len);
    changed = false;
    restart(false);
}

/* Moves on to a stretch that is there: shorter ones, then zeroes, then all over if that did
 * something. */
static bool find_chunk(void)
{
    while (chunk_end == 0 || chunk_len == 0) {
        if (chunk_len > 1) {
            chunk_len /= 2;
            chunk_end = kept_len;
        } else if (!zeroing) {
            restart(true);
        } else if (changed) {
            changed = false;
            restart(false);
        } else {
            return false;
        }
        if (kept_len == 0) {
            return false;
        }
    }
    return true;
}

/* Takes the stretch away or makes it zero; whether anything is different then. */
static bool edit(void)
{
    size_t first = chunk_end > chunk_len ? chunk_end - chunk_len : 0;
    memcpy(candidate, kept, kept_len);
    candidate_len = kept_len;
    if (zeroing) {
        memset(candidate + first, 0, chunk_end - first);
    } else {
        memmove(candidate + first, candidate + chunk_end, kept_len - chunk_end);
        candidate_len -= chunk_end - first;
    }
    chunk_end = first;
    return candidate_len != kept_len || memcmp(candidate, kept, kept_len) != 0;
}

size_t candidates_next(uint8_t *out_bytes, size_t capacity)
{
    while (find_chunk()) {
        if (edit() && candidate_len != 0 && candidate_len <= capacity) {
            memcpy(out_bytes, candidate, candidate_len);
            return candidate_len;
        }
    }
    return 0;
}

void candidates_verdict(bool keep)
{
    if (!keep) {
        return;
    }
    memcpy(kept, candidate, candidate_len);
    kept_len = candidate_len;
    changed = true;
}
