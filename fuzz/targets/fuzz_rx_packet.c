/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Packets that the device puts into a guest's buffers: never outside them, never more than was
 * written.
 *
 * Target: vvs_serve_rx, vvs_packet_from_rx, vvs_packet_write, vvs_packet_commit, vvs_queue_publish
 * Input:  a scenario (FORMAT.md), version 1, moved to the rx queue
 * Oracle: sanitizers, access, fetch-once, used-ring, used-len, work; on one input in eight also
 *         silent-store and same-answer; all of fuzz/oracle */
#include "target.h"

#include <vvs/spec.h>

#include "oracle.h"

const struct rule target_rule = {
    .roles = 1u << VVS_QUEUE_RX,
    .format = RULE_ANY_FORMAT,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    oracle_run(bytes, len, &target_rule);
    return 0;
}
