/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Framing means nothing: a packet in other descriptors, in other regions, in a table, on another
 * ring gives the same answer.
 *
 * Target: vvs_serve_*, vvs_queue_pop, vvs_packet_from_tx, vvs_packet_from_rx, vvs_event_commit,
 *         vvs_queue_stage and _publish on both ring formats
 * Input:  a scenario (FORMAT.md), version 1, of which the chains count: their packets, lengths and
 *         cut; the other cut follows from the input's bytes
 * Oracle: sanitizers, framing, and on each of the two runs access, fetch-once, used-ring, used-len,
 *         work; on one input in eight also silent-store; all of fuzz/oracle */
#include "target.h"

#include <vvs/spec.h>

#include "framing.h"

const struct rule target_rule = {
    .roles = 1u << VVS_QUEUE_RX | 1u << VVS_QUEUE_TX | 1u << VVS_QUEUE_EVENT,
    .format = RULE_ANY_FORMAT,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    (void)framing_run(bytes, len, &target_rule);
    return 0;
}
