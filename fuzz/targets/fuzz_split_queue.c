/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The split ring under all three queues at once: indices, order, notification, restart.
 *
 * Target: vvs_queue_*, vvs_serve_* on split rings, vvs_event_commit
 * Input:  a scenario (FORMAT.md), version 1, made split
 * Oracle: sanitizers, access, fetch-once, used-ring, used-len, work; on one input in eight also
 *         silent-store and same-answer; all of fuzz/oracle */
#include "target.h"

#include <vvs/spec.h>

#include "oracle.h"

const struct rule target_rule = {
    .roles = 1u << VVS_QUEUE_RX | 1u << VVS_QUEUE_TX | 1u << VVS_QUEUE_EVENT,
    .format = RULE_SPLIT,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    oracle_run(bytes, len, &target_rule);
    return 0;
}
