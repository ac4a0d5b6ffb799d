/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Parsing and building are each other's inverse: what came on tx and is sent through rx, or was
 * sent through rx and is offered on tx, is the same packet, however both buffers are cut.
 *
 * Target: vvs_serve_*, vvs_packet_* of packets in chains and in own buffers, vvs_event_commit,
 *         vvs_queue_state_to_base, vvs_queue_base_to_state, vvs_memory_from_frontend
 * Input:  a scenario (FORMAT.md), version 1, of which the chains and what is sent count; the cuts
 *         follow from the input's bytes
 * Oracle: sanitizers, round-trip, header-model, and on each of the two runs access, fetch-once,
 *         used-ring, used-len, work; on one input in eight also silent-store; all of fuzz/oracle */
#include "target.h"

#include <vvs/spec.h>

#include "round_trip.h"

const struct rule target_rule = {
    .roles = 1u << VVS_QUEUE_RX | 1u << VVS_QUEUE_TX | 1u << VVS_QUEUE_EVENT,
    .format = RULE_ANY_FORMAT,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    (void)round_trip_run(bytes, len, &target_rule);
    return 0;
}
