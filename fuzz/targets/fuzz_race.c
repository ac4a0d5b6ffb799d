/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A guest whose other processor writes to rings, tables, headers and payload between two loads of
 * the device: the answer is that of one unmoving guest, in which each item has the value that was
 * loaded first, and nothing is left undone.
 *
 * Target: all of lib/ that loads from guest memory
 * Input:  a scenario (FORMAT.md), version 1, with a race at least
 * Oracle: sanitizers and all of fuzz/oracle, on each input; model is the one that judges answers */
#include "target.h"

#include <vvs/spec.h>

#include "oracle.h"

const struct rule target_rule = {
    .roles = 1u << VVS_QUEUE_RX | 1u << VVS_QUEUE_TX | 1u << VVS_QUEUE_EVENT,
    .format = RULE_ANY_FORMAT,
    .races = true,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    oracle_run(bytes, len, &target_rule);
    return 0;
}
