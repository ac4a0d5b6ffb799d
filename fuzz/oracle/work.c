/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Work is bounded by what the caller asked for, whatever the guest writes meanwhile. */
#include <inttypes.h>

#include "checks.h"
#include "oracle.h"

#define NAME "work"

/* Header bytes may come one by one, and so may events; a used entry is an element and its flags or
 * index; a decision loads two words at most. */
#define LOADS_A_CHAIN (VVS_HDR_BYTES + 2u)

static uint64_t pops;
static uint64_t pops_allowed;
static uint64_t loads;
static uint64_t loads_allowed;

void work_step(uint32_t chains)
{
    pops = 0;
    pops_allowed = chains;
    loads = 0;
    loads_allowed = 4; /* the words of a decision, or the re-check of arming */
}

void work_count(const struct shadow_queue *q, const struct vvs_access *access)
{
    if (access->kind == VVS_ACCESS_MARK) {
        if (access->item == VVS_ITEM_BEGIN_POP) {
            pops++;
            uint64_t descriptors = 1 + (uint64_t)q->size + q->max_chain;
            /* Of a packed ring the flags are apart; an entry over a region border takes two. */
            loads_allowed += 2 * descriptors + LOADS_A_CHAIN;
            if (pops > pops_allowed) {
                oracle_fail(NAME, "pop number %" PRIu64 " in a step that may take %" PRIu64, pops,
                            pops_allowed);
            }
        }
        return;
    }
    if (access->kind == VVS_ACCESS_LOAD && access->item != VVS_ITEM_PAYLOAD &&
        ++loads > loads_allowed) {
        oracle_fail(NAME, "load number %" PRIu64 " in a step that may take %" PRIu64, loads,
                    loads_allowed);
    }
}

void work_step_end(void)
{
    pops_allowed = UINT64_MAX;
    loads_allowed = UINT64_MAX;
}
