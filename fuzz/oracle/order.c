/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* No wake-up is lost. Each side first tells the other what it did or wants, then looks, and between
 * the two stands a full fence: publish, then look at the driver's event words; write the own event
 * words, then look for what is available. In any other order driver and device may both look before
 * the other one has told, and both sleep (Used and Available Buffer Notification Suppression). */
#include "checks.h"
#include "oracle.h"

#define NAME "order"

#define ASKING                                                                                     \
    (1u << VVS_ITEM_USED_FLAGS | 1u << VVS_ITEM_AVAIL_EVENT | 1u << VVS_ITEM_DEVICE_EVENT_FLAGS |  \
     1u << VVS_ITEM_DEVICE_EVENT_OFFSET)
#define OFFERED (1u << VVS_ITEM_AVAIL_IDX | 1u << VVS_ITEM_PACKED_FLAGS)
#define ASKED                                                                                      \
    (1u << VVS_ITEM_AVAIL_FLAGS | 1u << VVS_ITEM_USED_EVENT | 1u << VVS_ITEM_EVENT_FLAGS |         \
     1u << VVS_ITEM_EVENT_OFFSET)
#define SHOWING (1u << VVS_ITEM_USED_IDX | 1u << VVS_ITEM_PACKED_FLAGS)

static bool arming; /* since BEGIN_ARM */
static bool asked;  /* an own event word was written in this arming */
static bool looked; /* at what is available in this arming, or at the driver's event words */
static bool fenced; /* since the last store that the other side has to see */

void order_begin(void)
{
    arming = false;
    looked = false;
}

void order_fenced(void)
{
    fenced = true;
}

static void check_load(uint32_t bit, const struct vvs_access *access)
{
    if (arming && (bit & OFFERED)) {
        if (!asked) {
            oracle_fail(NAME, "%s is looked at before the driver is asked to notify",
                        item_name(access->item));
        } else if (!fenced) {
            oracle_fail(NAME, "no full fence between asking the driver and looking at %s",
                        item_name(access->item));
        }
        looked = true;
    } else if (bit & ASKED) {
        if (!fenced) {
            oracle_fail(NAME, "no full fence between publishing and looking at %s",
                        item_name(access->item));
        }
        looked = true;
    }
}

static void check_store(uint32_t bit, const struct vvs_access *access)
{
    if (!(bit & (ASKING | SHOWING))) {
        return;
    }
    if (looked) {
        oracle_fail(NAME, "%s is written behind the look that has to come after it",
                    item_name(access->item));
    }
    asked = asked || (bit & ASKING) != 0;
    fenced = false;
}

void order_check(const struct shadow_queue *q, const struct vvs_access *access)
{
    if (!q) {
        return;
    }
    uint32_t bit = 1u << access->item;
    if (access->kind == VVS_ACCESS_MARK) {
        arming = access->item == VVS_ITEM_BEGIN_ARM;
        asked = false;
        looked = false;
    } else if (access->kind == VVS_ACCESS_LOAD) {
        check_load(bit, access);
    } else {
        check_store(bit, access);
    }
}
