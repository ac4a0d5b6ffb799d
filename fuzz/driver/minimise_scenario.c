/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Smaller scenarios, such that a target runs exactly what is written. */
#include <string.h>

#include "minimise.h"
#include "shrink.h"
#include "target.h"

static struct shrink shrink;
static struct scn_scenario scenario;
static uint8_t ruled[SCN_MAX_ENCODED];

/* What a target makes of the bytes. */
static size_t apply_rule(const uint8_t *bytes, size_t len)
{
    scn_decode(&scenario, bytes, len);
    rule_apply(&target_rule, &scenario);
    return scn_encode(ruled, sizeof ruled, &scenario);
}

void candidates_begin(const uint8_t *bytes, size_t len)
{
    size_t ruled_len = apply_rule(bytes, len);
    shrink_begin(&shrink, ruled, ruled_len);
}

size_t candidates_next(uint8_t *out_bytes, size_t capacity)
{
    for (;;) {
        size_t len = shrink_next(&shrink, out_bytes, capacity);
        if (len == 0 || (apply_rule(out_bytes, len) == len && memcmp(ruled, out_bytes, len) == 0)) {
            return len;
        }
        shrink_verdict(&shrink, false);
    }
}

void candidates_verdict(bool keep)
{
    shrink_verdict(&shrink, keep);
}
