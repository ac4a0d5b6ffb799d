/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Which candidate comes next, and when there is none. */
#include "shrink.h"

#include <string.h>

#include "shrink_edits.h"

void shrink_begin(struct shrink *s, const uint8_t *bytes, size_t len)
{
    scn_decode(&s->trial, bytes, len);
    s->kept_len = scn_encode(s->kept, sizeof s->kept, &s->trial);
    scn_decode(&s->trial, s->kept, s->kept_len);
    s->candidate_len = 0;
    s->pass = 0;
    s->number = 0;
    s->given = 0;
    s->changed = false;
}

static bool candidate_is_less(const struct shrink *s)
{
    if (s->candidate_len != s->kept_len) {
        return s->candidate_len < s->kept_len;
    }
    for (size_t i = s->kept_len; i-- > 0;) {
        if (s->candidate[i] != s->kept[i]) {
            return s->candidate[i] < s->kept[i];
        }
    }
    return false;
}

/* What an edit left may decode to something else, two queues of one role for example: once more,
 * and it is canonical. */
static void take_candidate(struct shrink *s)
{
    size_t len = scn_encode(s->candidate, sizeof s->candidate, &s->trial);
    scn_decode(&s->trial, s->candidate, len);
    s->candidate_len = scn_encode(s->candidate, sizeof s->candidate, &s->trial);
    scn_decode(&s->trial, s->kept, s->kept_len);
}

static void next_pass(struct shrink *s)
{
    s->number = 0;
    s->pass++;
    if (shrink_passes[s->pass] == NULL && s->changed) {
        s->pass = 0;
        s->changed = false;
    }
}

size_t shrink_next(struct shrink *s, uint8_t *out_bytes, size_t capacity)
{
    while (shrink_passes[s->pass] != NULL && s->given < SHRINK_MAX_CANDIDATES) {
        enum edit edit = shrink_passes[s->pass](&s->trial, s->number++);
        if (edit == EDIT_END) {
            next_pass(s);
        } else if (edit == EDIT_DONE) {
            take_candidate(s);
            if (candidate_is_less(s) && s->candidate_len <= capacity) {
                s->given++;
                memcpy(out_bytes, s->candidate, s->candidate_len);
                return s->candidate_len;
            }
        }
    }
    return 0;
}

void shrink_verdict(struct shrink *s, bool keep)
{
    if (!keep) {
        return;
    }
    memcpy(s->kept, s->candidate, s->candidate_len);
    s->kept_len = s->candidate_len;
    scn_decode(&s->trial, s->kept, s->kept_len);
    s->changed = true;
    s->number--; /* the same edit may go further: what stood behind has moved up */
}
