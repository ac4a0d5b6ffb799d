/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* An announced store writes all bytes that it announced: what was in the guest's buffer before is
 * poisoned first, with a pattern that no input can know, and may not still be there. */
#include <string.h>

#include "checks.h"
#include "oracle.h"

#define NAME "used-len"
#define WORD 8u
#define KEEPS 4u /* bytes in a row that are no accident */

static uint64_t key;
static bool doubts;
static bool suspects;

static bool poisons(const struct vvs_access *access)
{
    return access->kind == VVS_ACCESS_STORE && access->len >= KEEPS && access->len <= 4096 &&
           (access->item == VVS_ITEM_HEADER || access->item == VVS_ITEM_PAYLOAD);
}

/* The pattern's bytes from number `at` on, which is a multiple of 8. */
static uint64_t pattern(uint32_t at)
{
    uint64_t word = (key + at) * UINT64_C(0x9e3779b97f4a7c15);
    return word ^ word >> 32;
}

void stale_before(const struct vvs_access *access)
{
    if (!poisons(access)) {
        return;
    }
    key = key * UINT64_C(0xd1342543de82ef95) + 1;
    uint8_t *bytes = (uint8_t *)(uintptr_t)access->host;
    uint32_t at = 0;
    for (; at + WORD <= access->len; at += WORD) {
        uint64_t word = pattern(at);
        memcpy(bytes + at, &word, WORD);
    }
    uint64_t last = pattern(at);
    memcpy(bytes + at, &last, access->len - at);
}

/* Which bytes still are the pattern's: those that are 0 in what is returned. */
static uint64_t difference(const uint8_t *bytes, uint32_t at, uint32_t len)
{
    uint64_t word = ~pattern(at); /* behind the end nothing is the same */
    memcpy(&word, bytes + at, len - at < WORD ? len - at : WORD);
    return word ^ pattern(at);
}

static bool has_zero_byte(uint64_t word)
{
    return ((word - UINT64_C(0x0101010101010101)) & ~word & UINT64_C(0x8080808080808080)) != 0;
}

void stale_after(const struct vvs_access *access)
{
    if (!poisons(access)) {
        return;
    }
    uint32_t same = 0;
    for (uint32_t at = 0; at < access->len; at += WORD) {
        uint64_t word = difference(access->host, at, access->len);
        if (!has_zero_byte(word)) {
            same = 0;
            continue;
        }
        uint8_t bytes[WORD];
        memcpy(bytes, &word, WORD);
        for (uint32_t i = 0; i < WORD; i++) {
            same = bytes[i] == 0 ? same + 1 : 0;
            if (same == KEEPS && doubts) {
                suspects = true;
                return;
            }
            if (same == KEEPS) {
                oracle_fail(NAME, "%s %u: byte %u on were announced as written and are stale",
                            item_name(access->item), access->index, at + i + 1 - KEEPS);
                return;
            }
        }
    }
}

void stale_doubts(void)
{
    doubts = true;
    suspects = false;
}

bool stale_suspects(void)
{
    doubts = false;
    return suspects;
}
