/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A packet as a scenario says it, by add_chain or send: header fields and payload, defaults
 * resolved. */
#ifndef SCN_PACKET_SOURCE_H
#define SCN_PACKET_SOURCE_H

#include <stdint.h>

#include <vvs/spec.h>

#include "scenario.h"

struct packet_source {
    uint8_t header[VVS_HDR_BYTES]; /* as on the wire */
    uint32_t payload_len;
    const uint8_t *literal; /* the first payload bytes; valid as long as the scenario */
    uint32_t literal_len;
    int32_t fill; /* the bytes behind them: 0 to 255, or -1 for the pattern */
};

/* packet_source_init resolves a packet. `record` is an add_chain or a send, or NULL for a packet
 * of defaults; `from_driver` says whose defaults; `default_len` is the payload length when the
 * record gives neither payload nor length. */
void packet_source_init(struct packet_source *out_source, const struct scn_scenario *scenario,
                        const struct scn_record *record, bool from_driver, uint32_t default_len);

/* packet_source_bytes gives payload bytes `offset` to `offset + len`. */
void packet_source_bytes(const struct packet_source *source, uint8_t *out_bytes, uint32_t offset,
                         uint32_t len);

#endif
