/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Packets that a guest sends, in any framing: whatever lies in its rings and buffers, parsing one
 * stays inside what was granted and gives each buffer back.
 *
 * Target: vvs_serve_tx, vvs_queue_pop, vvs_packet_from_tx, vvs_packet_read, vvs_queue_publish
 * Input:  a scenario (FORMAT.md), version 1, moved to the tx queue
 * Oracle: sanitizers, access, fetch-once, used-ring, used-len, work; on one input in eight also
 *         silent-store and same-answer; all of fuzz/oracle */
#include "target.h"

#include <vvs/spec.h>

#include "oracle.h"

const struct rule target_rule = {
    .roles = 1u << VVS_QUEUE_TX,
    .format = RULE_ANY_FORMAT,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    oracle_run(bytes, len, &target_rule);
    return 0;
}
