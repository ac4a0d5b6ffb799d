/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The used length is what was written into the chain's device-writable part: nothing on tx, nothing
 * of what was refused, else header and payload without a hole. */
#include <string.h>

#include "checks.h"
#include "oracle.h"
#include "used_len.h"

/* Bytes 24 to 27 of a header: `len`. */
static uint32_t header_len(const uint8_t *header)
{
    const uint8_t *at = header + offsetof(struct vvs_hdr_wire, len);
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Extends a prefix; what comes behind a hole does not count. */
static void extend(uint32_t *stored, const struct vvs_access *access)
{
    uint32_t end = access->index + access->len;
    if (access->index <= *stored && end > *stored) {
        *stored = end;
    }
}

void used_len_stored(const struct vvs_access *access)
{
    struct shadow_chain *chain = shadow.handling;
    if (!chain) {
        return; /* a finding of the access oracle */
    }
    switch (access->item) {
    case VVS_ITEM_HEADER:
        if ((uint64_t)access->index + access->len <= VVS_HDR_BYTES) {
            memcpy(chain->header + access->index, access->host, access->len);
            extend(&chain->header_stored, access);
        }
        break;
    case VVS_ITEM_PAYLOAD:
        extend(&chain->payload_stored, access);
        break;
    case VVS_ITEM_EVENT:
        extend(&chain->event_stored, access);
        break;
    default:
        break;
    }
}

static uint32_t expected_len(const struct shadow_queue *q, const struct shadow_chain *chain)
{
    switch (q->role) {
    case VVS_QUEUE_RX:
        return chain->header_stored == 0 ? 0 : chain->header_stored + header_len(chain->header);
    case VVS_QUEUE_EVENT:
        return chain->event_stored;
    default:
        return 0;
    }
}

void used_len_check(const struct shadow_queue *q, const struct shadow_chain *chain, uint32_t len,
                    bool aborts)
{
    uint32_t expected = aborts ? 0 : expected_len(q, chain);
    if (len != expected) {
        oracle_fail(USED_LEN, USED_LEN_IS, len, chain->id, expected, USED_LEN_WHY(expected));
        return;
    }
    if (q->role == VVS_QUEUE_RX && len != 0 &&
        (chain->header_stored != VVS_HDR_BYTES || chain->payload_stored < len - VVS_HDR_BYTES)) {
        oracle_fail(
            USED_LEN,
            "used length %u for id %u, but %u bytes of header and %u of payload were written", len,
            chain->id, chain->header_stored, chain->payload_stored);
    }
}
