/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Payload by range: slices for the caller's own reads and writes, and plain copies. */
#include "access.h"
#include "vvs/packet.h"

const struct vvs_slice *vvs_packet_header_slices(const struct vvs_packet *packet,
                                                 uint32_t *out_count)
{
    *out_count = packet->header_slice_count;
    return packet->slices;
}

const struct vvs_slice *vvs_packet_payload_slices(const struct vvs_packet *packet,
                                                  uint32_t *out_count)
{
    *out_count = packet->slice_count - packet->header_slice_count;
    return packet->slices + packet->header_slice_count;
}

uint32_t vvs_packet_capacity(const struct vvs_packet *packet)
{
    return packet->capacity;
}

/* A range of the payload that is still to be visited. */
struct vvs_range {
    const struct vvs_slice *slice;
    uint32_t skip; /* bytes of `slice` before the range */
    uint32_t left;
};

static bool vvs_range_inside(const struct vvs_packet *packet, uint32_t offset, uint32_t len)
{
    return offset <= packet->capacity && len <= packet->capacity - offset;
}

static struct vvs_range vvs_range_of(const struct vvs_packet *packet, uint32_t offset, uint32_t len)
{
    struct vvs_range range = {packet->slices + packet->header_slice_count, offset, len};
    while (len > 0 && range.skip >= range.slice->len) {
        range.skip -= (uint32_t)range.slice->len;
        range.slice++;
    }
    return range;
}

/* The next piece of the range. To be called while bytes are left. */
static struct vvs_slice vvs_range_next(struct vvs_range *range)
{
    struct vvs_slice piece = {(uint8_t *)range->slice->data + range->skip,
                              range->slice->len - range->skip};
    if (piece.len > range->left) {
        piece.len = range->left;
    }
    range->left -= (uint32_t)piece.len;
    range->skip = 0;
    range->slice++;
    return piece;
}

enum vvs_status vvs_packet_payload_range(const struct vvs_packet *packet,
                                         struct vvs_slice *out_slices, uint32_t slice_count,
                                         uint32_t *out_count, uint32_t offset, uint32_t len)
{
    if (!vvs_range_inside(packet, offset, len)) {
        return VVS_E_CAPACITY;
    }
    uint32_t needed = 0;
    for (struct vvs_range range = vvs_range_of(packet, offset, len); range.left > 0; needed++) {
        (void)vvs_range_next(&range);
    }
    if (needed > slice_count) {
        return VVS_E_SLICES;
    }
    struct vvs_range range = vvs_range_of(packet, offset, len);
    for (uint32_t i = 0; i < needed; i++) {
        out_slices[i] = vvs_range_next(&range);
    }
    *out_count = needed;
    return VVS_OK;
}

enum vvs_status vvs_packet_read(const struct vvs_packet *packet, uint8_t *out_bytes,
                                uint32_t offset, uint32_t len)
{
    if (!vvs_range_inside(packet, offset, len)) {
        return VVS_E_CAPACITY;
    }
    struct vvs_range range = vvs_range_of(packet, offset, len);
    while (range.left > 0) {
        struct vvs_slice piece = vvs_range_next(&range);
        vvs_copy_in(0, VVS_ITEM_PAYLOAD, offset, out_bytes, piece.data, piece.len);
        out_bytes += piece.len;
        offset += (uint32_t)piece.len;
    }
    return VVS_OK;
}

/* Whether payload may still be written, up to `end`. */
static enum vvs_status vvs_packet_writable(const struct vvs_packet *packet)
{
    if (!packet->writable) {
        return VVS_E_READ_ONLY;
    }
    return packet->done ? VVS_E_DONE : VVS_OK;
}

enum vvs_status vvs_packet_write(struct vvs_packet *packet, uint32_t offset, const uint8_t *bytes,
                                 uint32_t len)
{
    enum vvs_status status = vvs_packet_writable(packet);
    if (status != VVS_OK) {
        return status;
    }
    if (!vvs_range_inside(packet, offset, len)) {
        return VVS_E_CAPACITY;
    }
    if (offset > packet->written) {
        return VVS_E_UNWRITTEN;
    }
    uint32_t end = offset + len;
    struct vvs_range range = vvs_range_of(packet, offset, len);
    while (range.left > 0) {
        struct vvs_slice piece = vvs_range_next(&range);
        vvs_copy_out(0, VVS_ITEM_PAYLOAD, offset, piece.data, bytes, piece.len);
        bytes += piece.len;
        offset += (uint32_t)piece.len;
    }
    packet->written = packet->written > end ? packet->written : end;
    return VVS_OK;
}

enum vvs_status vvs_packet_set_written(struct vvs_packet *packet, uint32_t len)
{
    enum vvs_status status = vvs_packet_writable(packet);
    if (status != VVS_OK) {
        return status;
    }
    if (len > packet->capacity) {
        return VVS_E_CAPACITY;
    }
    packet->written = len;
    return VVS_OK;
}
