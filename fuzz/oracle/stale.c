/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* An announced store writes all bytes that it announced: what was in the guest's buffer before is
 * poisoned first, with a pattern that no input can know, and may not still be there. */
#include "checks.h"
#include "oracle.h"

#define NAME "used-len"
#define KEEPS 4u /* bytes in a row that are no accident */

static uint64_t key;

static bool poisons(const struct vvs_access *access)
{
    return access->kind == VVS_ACCESS_STORE && access->len >= KEEPS && access->len <= 4096 &&
           (access->item == VVS_ITEM_HEADER || access->item == VVS_ITEM_PAYLOAD);
}

static uint8_t pattern(uint32_t at)
{
    return (uint8_t)((key + at) * UINT64_C(0x9e3779b97f4a7c15) >> 56);
}

void stale_before(const struct vvs_access *access)
{
    if (!poisons(access)) {
        return;
    }
    key = key * UINT64_C(0xd1342543de82ef95) + 1;
    uint8_t *bytes = (uint8_t *)(uintptr_t)access->host;
    for (uint32_t i = 0; i < access->len; i++) {
        bytes[i] = pattern(i);
    }
}

void stale_after(const struct vvs_access *access)
{
    if (!poisons(access)) {
        return;
    }
    const uint8_t *bytes = access->host;
    uint32_t same = 0;
    for (uint32_t i = 0; i < access->len; i++) {
        same = bytes[i] == pattern(i) ? same + 1 : 0;
        if (same == KEEPS) {
            oracle_fail(NAME, "%s %u: byte %u on were announced as written and are stale",
                        item_name(access->item), access->index, i + 1 - KEEPS);
            return;
        }
    }
}
