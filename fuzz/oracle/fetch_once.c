/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Each item is loaded once a pop or notification decision, by item and not by address: two loads of
 * one address are fine where two items alias, two loads of one item let the guest change it in
 * between. */
#include "checks.h"
#include "oracle.h"

#define NAME "fetch-once"

static void again(const struct vvs_access *access, const char *why)
{
    oracle_fail(NAME, "%s %u is loaded %s", item_name(access->item), access->index, why);
}

void fetch_check(const struct shadow_queue *q, const struct vvs_access *access)
{
    if (access->kind != VVS_ACCESS_LOAD) {
        return;
    }
    switch (access->item) {
    case VVS_ITEM_HEADER:
        if (shadow.handling && access->index != shadow.handling->header_loaded) {
            again(access, access->index < shadow.handling->header_loaded ? "a second time"
                                                                         : "out of order");
        }
        break;
    case VVS_ITEM_AVAIL_SLOT:
        if (q->seen >> VVS_ITEM_AVAIL_SLOT & 1u) {
            again(access, "a second time in one pop");
        } else if (access->index != (q->avail_index & (q->size - 1))) {
            again(access, "though another one is next");
        }
        break;
    case VVS_ITEM_AVAIL_IDX:
    case VVS_ITEM_AVAIL_FLAGS:
    case VVS_ITEM_USED_EVENT:
    case VVS_ITEM_EVENT_FLAGS:
    case VVS_ITEM_EVENT_OFFSET:
        if (q->seen >> access->item & 1u) {
            again(access, "a second time in one pop or decision");
        }
        break;
    case VVS_ITEM_PACKED_FLAGS:
        if (access->index != q->flags_next) {
            again(access, "a second time, or though another one is next");
        }
        break;
    case VVS_ITEM_DESC:
        if (access->index != q->ring_next) {
            again(access, "a second time, or though nothing refers to it");
        }
        break;
    case VVS_ITEM_TABLE_ENTRY:
        if (access->index != q->table_next) {
            again(access, "a second time, or though nothing refers to it");
        }
        break;
    default:
        break;
    }
}
