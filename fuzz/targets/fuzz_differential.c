/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* One guest, several devices: the library and rust-vmm's crates give the same answers, but for what
 * is known of either.
 *
 * Target: vvs_serve_tx, vvs_serve_rx, vvs_queue_* on split rings; VsockPacket and Queue of the
 *         crates virtio-vsock and virtio-queue, behind conformance/adapters/rust-vmm
 * Input:  a scenario (FORMAT.md), version 1, moved to the tx and rx queues and split rings
 * Oracle: sanitizers (of the library alone), differential: verdict on each chain, fields, payload,
 *         bytes in rx buffers, used entries, status, notification */
#include "target.h"

#include <vvs/spec.h>

#include "differential.h"

const struct rule target_rule = {
    .roles = 1u << VVS_QUEUE_RX | 1u << VVS_QUEUE_TX,
    .format = RULE_SPLIT,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    (void)differential_run(bytes, len, &target_rule);
    return 0;
}
