/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a scenario asks of an implementation under test, in the words of
 * conformance/adapters/PROTOCOL.md and the structures of vvs_iut.h beside it. */
#ifndef SCN_IUT_H
#define SCN_IUT_H

#include <stdint.h>

#include <vvs_iut.h>

#include "scenario.h"

#define IUT_UNSAID_PAYLOAD_BYTES 64u

/* iut_needs gives the VVS_IUT_* bits that an implementation must support to run the scenario. */
uint32_t iut_needs(const struct scn_scenario *scenario);

/* iut_support_name names the lowest of some bits.
 *
 * Returns  NULL where there is none. */
const char *iut_support_name(uint32_t supports);

/* iut_status_name names a status that vvs_iut.h has. */
const char *iut_status_name(uint32_t status);

/* iut_send_init works out the packet of a send step, or with NULL the default one, but for its
 * payload bytes: they are to be had from iut_send_payload.
 *
 * Out      `payload_len` bytes of payload are wanted; `payload` is NULL. */
void iut_send_init(struct vvs_iut_send *out_send, const struct scn_scenario *scenario,
                   const struct scn_record *record);

/* iut_send_payload writes the payload_len bytes of that packet. */
void iut_send_payload(const struct vvs_iut_send *send, uint8_t *out_bytes,
                      const struct scn_scenario *scenario, const struct scn_record *record);

#endif
