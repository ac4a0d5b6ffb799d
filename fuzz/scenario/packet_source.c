/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "packet_source.h"

#include <string.h>

_Static_assert((int)SCN_ADD_CHAIN_F_SRC_CID == (int)SCN_SEND_F_SRC_CID &&
                   (int)SCN_ADD_CHAIN_F_PAYLOAD_FILL == (int)SCN_SEND_F_PAYLOAD_FILL,
               "the header fields come first wherever a packet is said");

static void put(uint8_t *bytes, uint64_t value, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(value >> 8 * i);
    }
}

void packet_source_init(struct packet_source *out_source, const struct scn_scenario *scenario,
                        const struct scn_record *record, bool from_driver, uint32_t default_len)
{
    static const struct scn_record nothing_said;
    const struct scn_record *said = record != NULL ? record : &nothing_said;
    const bool literal = scn_has(said, SCN_SEND_F_PAYLOAD);
    struct vvs_hdr_wire wire;

    out_source->literal = literal ? scenario->blob + said->bytes_at : NULL;
    out_source->literal_len = literal ? said->bytes_len : 0;
    out_source->fill =
        scn_has(said, SCN_SEND_F_PAYLOAD_FILL) ? (int32_t)said->value[SCN_SEND_F_PAYLOAD_FILL] : -1;
    out_source->payload_len = (uint32_t)scn_get(said, SCN_SEND_F_PAYLOAD_LEN,
                                                literal ? out_source->literal_len : default_len);
    put(wire.src_cid, scn_get(said, SCN_SEND_F_SRC_CID, from_driver ? 3 : 2), 8);
    put(wire.dst_cid, scn_get(said, SCN_SEND_F_DST_CID, from_driver ? 2 : 3), 8);
    put(wire.src_port, scn_get(said, SCN_SEND_F_SRC_PORT, from_driver ? 1024 : 1234), 4);
    put(wire.dst_port, scn_get(said, SCN_SEND_F_DST_PORT, from_driver ? 1234 : 1024), 4);
    put(wire.len, scn_get(said, SCN_SEND_F_HDR_LEN, out_source->payload_len), 4);
    put(wire.type, scn_get(said, SCN_SEND_F_TYPE, VVS_TYPE_STREAM), 2);
    put(wire.op, scn_get(said, SCN_SEND_F_OP, VVS_OP_RW), 2);
    put(wire.flags, scn_get(said, SCN_SEND_F_FLAGS, 0), 4);
    put(wire.buf_alloc, scn_get(said, SCN_SEND_F_BUF_ALLOC, 65536), 4);
    put(wire.fwd_cnt, scn_get(said, SCN_SEND_F_FWD_CNT, 0), 4);
    memcpy(out_source->header, &wire, sizeof wire);
}

#define PATTERN_PERIOD 65536u

/* One period of the payload pattern, made once: payload is written in each run of a campaign. */
static const uint8_t *pattern_bytes(void)
{
    static uint8_t pattern[PATTERN_PERIOD];
    if (pattern[1] == 0) {
        for (uint32_t i = 0; i < PATTERN_PERIOD; i++) {
            pattern[i] = (uint8_t)(i * 131 + (i >> 8));
        }
    }
    return pattern;
}

void packet_source_bytes(const struct packet_source *source, uint8_t *out_bytes, uint32_t offset,
                         uint32_t len)
{
    uint32_t done = 0;
    if (offset < source->literal_len) {
        uint32_t left = source->literal_len - offset;
        done = len < left ? len : left;
        memcpy(out_bytes, source->literal + offset, done);
    }
    if (source->fill >= 0) {
        memset(out_bytes + done, source->fill, len - done);
        return;
    }
    const uint8_t *pattern = pattern_bytes();
    while (done < len) {
        uint32_t at = (offset + done) % PATTERN_PERIOD;
        uint32_t piece = len - done < PATTERN_PERIOD - at ? len - done : PATTERN_PERIOD - at;
        memcpy(out_bytes + done, pattern + at, piece);
        done += piece;
    }
}
