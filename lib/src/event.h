/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Where an event goes, before there is one. */
#ifndef VVS_SRC_EVENT_H
#define VVS_SRC_EVENT_H

#include "vvs/chain.h"
#include "vvs/spec.h"

/* vvs_event_resolve finds host memory for each byte of an event in `chain`.
 *
 * Returns  VVS_OK, and the failures of vvs_event_commit. Guest memory is not touched. */
enum vvs_status vvs_event_resolve(const struct vvs_chain *chain,
                                  uint8_t *out_hosts[VVS_EVENT_BYTES]);

#endif
