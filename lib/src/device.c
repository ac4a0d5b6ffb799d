/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vvs/device.h"

#include "access.h"
#include "event.h"
#include "le.h"
#include "region.h"

enum vvs_status vvs_config_read(uint8_t *out_bytes, uint64_t guest_cid, uint32_t offset,
                                uint32_t len)
{
    uint8_t config[VVS_CONFIG_BYTES];
    if (offset > sizeof config || len > sizeof config - offset) {
        return VVS_E_ARGUMENT;
    }
    vvs_put_le64(config, guest_cid);
    memcpy(out_bytes, config + offset, len);
    return VVS_OK;
}

bool vvs_cid_valid(uint64_t cid)
{
    return cid > VVS_CID_HOST && cid < VVS_CID_ANY;
}

enum vvs_status vvs_event_resolve(const struct vvs_chain *chain,
                                  uint8_t *out_hosts[VVS_EVENT_BYTES])
{
    if (chain->readable_descriptor_count != 0) {
        return VVS_E_DIRECTION;
    }
    if (chain->writable_len < VVS_EVENT_BYTES) {
        return VVS_E_BUFFER_SHORT;
    }
    const struct vvs_element *element = chain->elements;
    uint32_t used = 0;
    for (uint32_t i = 0; i < VVS_EVENT_BYTES; i++, used++) {
        struct vvs_piece piece;
        if (used == element->len) {
            element++;
            used = 0;
        }
        if (used > UINT64_MAX - element->addr ||
            !vvs_piece_find(chain->queue->memory, &piece, &chain->queue->region_hints[0],
                            element->addr + used, 1, VVS_PERM_WRITE)) {
            return VVS_E_ADDR;
        }
        out_hosts[i] = piece.host;
    }
    return VVS_OK;
}

enum vvs_status vvs_event_commit(uint32_t *out_used_len, const struct vvs_chain *chain, uint32_t id)
{
    uint8_t raw[VVS_EVENT_BYTES];
    uint8_t *hosts[VVS_EVENT_BYTES];
    enum vvs_status status = vvs_event_resolve(chain, hosts);
    if (status != VVS_OK) {
        return status;
    }
    vvs_put_le32(raw, id);
    for (uint32_t i = 0; i < VVS_EVENT_BYTES; i++) {
        vvs_copy_out(chain->queue, VVS_ITEM_EVENT, i, hosts[i], raw + i, 1);
        vvs_log_host(chain->queue->memory, hosts[i], 1);
    }
    *out_used_len = VVS_EVENT_BYTES;
    return VVS_OK;
}
