/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* From a chain to a packet, and from a packet to what the driver reads. */
#include "vvs/packet.h"

#include "access.h"
#include "le.h"
#include "region.h"
#include "ring.h"

/* Where most packets lie: the payload behind the header in the first element, or in the whole of
 * the second. What lies otherwise is cut by the functions below. */
static VVS_INLINE bool vvs_near(const struct vvs_chain *chain, struct vvs_piece *out_piece,
                                uint32_t element, uint32_t len, uint32_t permission)
{
    struct vvs_queue *queue = chain->queue;
    const struct vvs_element *found = &chain->elements[element];
    return vvs_piece_find(queue->memory, out_piece, &queue->region_hints[element], found->addr,
                          found->len, permission) &&
           out_piece->len >= len;
}

/* `piece` has the header, and becomes the payload's. */
static VVS_INLINE bool vvs_near_payload(const struct vvs_chain *chain, struct vvs_piece *piece,
                                        uint32_t len, uint32_t permission)
{
    if (piece->len - VVS_HDR_BYTES >= len) {
        piece->host += VVS_HDR_BYTES;
        return true;
    }
    return chain->elements[0].len == VVS_HDR_BYTES && vvs_near(chain, piece, 1, len, permission);
}

/* Cuts a chain's byte stream into slices of host memory. Slices that do not fit are counted only.
 */
struct vvs_cutter {
    struct vvs_queue *queue;
    const struct vvs_element *element; /* the next one */
    uint64_t addr;                     /* of what is left of the last one, behind `piece` */
    uint64_t left;
    struct vvs_piece piece; /* found, not cut yet */
    uint32_t permission;
    struct vvs_slice *slices;
    uint32_t slice_count;
    uint32_t used;
};

static struct vvs_cutter vvs_cutter_of(const struct vvs_chain *chain, struct vvs_slice *slices,
                                       uint32_t slice_count, uint32_t permission)
{
    struct vvs_cutter cutter = {chain->queue, chain->elements, 0,           0, {0, 0},
                                permission,   slices,          slice_count, 0};
    return cutter;
}

/* Finds the next piece of host memory of the stream; the chain must have one. */
static bool vvs_cutter_find(struct vvs_cutter *cutter)
{
    if (cutter->left == 0) {
        cutter->addr = cutter->element->addr;
        cutter->left = cutter->element->len;
        cutter->element++;
    } else if (cutter->addr == 0) {
        return false; /* the element goes on behind the last address there is */
    }
    if (!vvs_piece_find(cutter->queue->memory, &cutter->piece, &cutter->queue->region_hints[0],
                        cutter->addr, cutter->left, cutter->permission)) {
        return false;
    }
    cutter->addr += cutter->piece.len;
    cutter->left -= cutter->piece.len;
    return true;
}

/* Cuts the next `len` bytes in as many slices as it takes, and copies them to `out_header` if there
 * is one, each byte loaded once. */
static enum vvs_status vvs_cut(struct vvs_cutter *cutter, uint8_t *out_header, uint32_t len)
{
    uint32_t taken;
    for (uint32_t done = 0; done < len; done += taken) {
        if (cutter->piece.len == 0 && !vvs_cutter_find(cutter)) {
            return VVS_E_ADDR;
        }
        taken = len - done;
        if (taken > cutter->piece.len) {
            taken = (uint32_t)cutter->piece.len;
        }
        if (cutter->used < cutter->slice_count) {
            cutter->slices[cutter->used].data = cutter->piece.host;
            cutter->slices[cutter->used].len = taken;
        }
        if (out_header) {
            vvs_copy_in(cutter->queue, VVS_ITEM_HEADER, done, out_header + done, cutter->piece.host,
                        taken);
        }
        cutter->used++;
        cutter->piece.host += taken;
        cutter->piece.len -= taken;
    }
    return VVS_OK;
}

static enum vvs_status vvs_cutter_check(const struct vvs_cutter *cutter, uint32_t *out_needed)
{
    if (cutter->used <= cutter->slice_count) {
        return VVS_OK;
    }
    if (out_needed) {
        *out_needed = cutter->used;
    }
    return VVS_E_SLICES;
}

/* A packet in `slices`, nothing of it written yet. */
static VVS_INLINE void vvs_packet_describe(struct vvs_packet *packet,
                                           const struct vvs_memory *memory,
                                           struct vvs_slice *slices, uint32_t header_slice_count,
                                           uint32_t slice_count, uint32_t capacity, bool writable)
{
    packet->slices = slices;
    packet->header_slice_count = header_slice_count;
    packet->slice_count = slice_count;
    packet->capacity = capacity;
    packet->written = 0;
    packet->writable = writable;
    packet->done = 0;
    packet->memory = memory;
}

/* A packet of one header and one payload slice. */
static VVS_INLINE void vvs_packet_near(struct vvs_packet *packet, const struct vvs_chain *chain,
                                       struct vvs_slice *slices, uint8_t *header, uint8_t *payload,
                                       uint32_t capacity, bool writable)
{
    slices[0].data = header;
    slices[0].len = VVS_HDR_BYTES;
    slices[1].data = payload;
    slices[1].len = capacity;
    vvs_packet_describe(packet, chain->queue->memory, slices, 1, capacity != 0 ? 2 : 1, capacity,
                        writable);
}

/* What the header's `len` may be. */
static VVS_INLINE enum vvs_status vvs_tx_len_check(const struct vvs_chain *chain,
                                                   const uint8_t *header, uint32_t max_payload_len)
{
    uint32_t len = vvs_le32(header + offsetof(struct vvs_hdr_wire, len));
    if (len > chain->readable_len - VVS_HDR_BYTES) {
        return VVS_E_PAYLOAD_SHORT;
    }
    return len > max_payload_len ? VVS_E_PAYLOAD_LIMIT : VVS_OK;
}

/* A tx packet that lies anyhow. Where the header was `loaded` already, it is not loaded again. */
static __attribute__((noinline)) enum vvs_status
vvs_tx_across(struct vvs_packet *out_packet, uint32_t *out_needed, const struct vvs_chain *chain,
              struct vvs_slice *slices, uint32_t slice_count, uint32_t max_payload_len,
              uint8_t *header, bool loaded)
{
    struct vvs_cutter cutter = vvs_cutter_of(chain, slices, slice_count, VVS_PERM_READ);
    enum vvs_status status = vvs_cut(&cutter, loaded ? 0 : header, VVS_HDR_BYTES);
    if (status != VVS_OK) {
        return status;
    }
    uint32_t header_slice_count = cutter.used;
    uint32_t len = vvs_le32(header + offsetof(struct vvs_hdr_wire, len));
    enum vvs_status len_status = vvs_tx_len_check(chain, header, max_payload_len);
    if (len_status == VVS_E_PAYLOAD_SHORT) {
        return len_status;
    }
    len = len_status == VVS_OK ? len : 0;
    status = vvs_cut(&cutter, 0, len);
    if (status == VVS_OK) {
        status = vvs_cutter_check(&cutter, out_needed);
    }
    if (status != VVS_OK) {
        return status;
    }
    memcpy(out_packet->header, header, VVS_HDR_BYTES);
    vvs_packet_describe(out_packet, chain->queue->memory, slices, header_slice_count, cutter.used,
                        len, false);
    return len_status;
}

enum vvs_status vvs_packet_from_tx(struct vvs_packet *out_packet, uint32_t *out_needed,
                                   const struct vvs_chain *chain, struct vvs_slice *slices,
                                   uint32_t slice_count, uint32_t max_payload_len)
{
    uint8_t header[VVS_HDR_BYTES];
    if (chain->readable_descriptor_count != chain->descriptor_count) {
        return VVS_E_DIRECTION;
    }
    if (chain->readable_len < VVS_HDR_BYTES) {
        return VVS_E_HEADER_SHORT;
    }
    struct vvs_piece piece;
    bool near = vvs_near(chain, &piece, 0, VVS_HDR_BYTES, VVS_PERM_READ);
    if (near) {
        uint8_t *host = piece.host;
        vvs_copy_in(chain->queue, VVS_ITEM_HEADER, 0, header, host, VVS_HDR_BYTES);
        uint32_t len = vvs_le32(header + offsetof(struct vvs_hdr_wire, len));
        if (vvs_tx_len_check(chain, header, max_payload_len) == VVS_OK && slice_count >= 2 &&
            vvs_near_payload(chain, &piece, len, VVS_PERM_READ)) {
            memcpy(out_packet->header, header, VVS_HDR_BYTES);
            vvs_packet_near(out_packet, chain, slices, host, piece.host, len, false);
            return VVS_OK;
        }
    }
    return vvs_tx_across(out_packet, out_needed, chain, slices, slice_count, max_payload_len,
                         header, near);
}

/* An rx packet that lies anyhow. */
static __attribute__((noinline)) enum vvs_status
vvs_rx_across(struct vvs_packet *out_packet, uint32_t *out_needed, const struct vvs_chain *chain,
              struct vvs_slice *slices, uint32_t slice_count, uint32_t capacity)
{
    struct vvs_cutter cutter = vvs_cutter_of(chain, slices, slice_count, VVS_PERM_WRITE);
    enum vvs_status status = vvs_cut(&cutter, 0, VVS_HDR_BYTES);
    if (status != VVS_OK) {
        return status;
    }
    uint32_t header_slice_count = cutter.used;
    status = vvs_cut(&cutter, 0, capacity);
    if (status == VVS_OK) {
        status = vvs_cutter_check(&cutter, out_needed);
    }
    if (status != VVS_OK) {
        return status;
    }
    memset(out_packet->header, 0, VVS_HDR_BYTES);
    vvs_packet_describe(out_packet, chain->queue->memory, slices, header_slice_count, cutter.used,
                        capacity, true);
    return VVS_OK;
}

enum vvs_status vvs_packet_from_rx(struct vvs_packet *out_packet, uint32_t *out_needed,
                                   const struct vvs_chain *chain, struct vvs_slice *slices,
                                   uint32_t slice_count, uint32_t max_payload_len)
{
    if (chain->readable_descriptor_count != 0) {
        return VVS_E_DIRECTION;
    }
    if (chain->writable_len < VVS_HDR_BYTES) {
        return VVS_E_BUFFER_SHORT;
    }
    uint64_t room = chain->writable_len - VVS_HDR_BYTES;
    uint32_t most =
        max_payload_len < VVS_PAYLOAD_BYTES_MAX ? max_payload_len : VVS_PAYLOAD_BYTES_MAX;
    uint32_t capacity = room < most ? (uint32_t)room : most;
    struct vvs_piece piece;
    if (slice_count >= 2 && vvs_near(chain, &piece, 0, VVS_HDR_BYTES, VVS_PERM_WRITE)) {
        uint8_t *host = piece.host;
        if (vvs_near_payload(chain, &piece, capacity, VVS_PERM_WRITE)) {
            memset(out_packet->header, 0, VVS_HDR_BYTES);
            vvs_packet_near(out_packet, chain, slices, host, piece.host, capacity, true);
            return VVS_OK;
        }
    }
    return vvs_rx_across(out_packet, out_needed, chain, slices, slice_count, capacity);
}

enum vvs_status vvs_packet_from_buffers(struct vvs_packet *out_packet, struct vvs_slice *slices,
                                        uint32_t slice_count, uint8_t *header, uint32_t header_len,
                                        uint8_t *payload, uint32_t payload_len, bool writable)
{
    if (!header || header_len != VVS_HDR_BYTES || (!payload && payload_len != 0) ||
        payload_len > VVS_PAYLOAD_BYTES_MAX) {
        return VVS_E_ARGUMENT;
    }
    if (slice_count < 2) {
        return VVS_E_SLICES;
    }
    uint32_t len = vvs_le32(header + offsetof(struct vvs_hdr_wire, len));
    if (!writable && len > payload_len) {
        return VVS_E_PAYLOAD_SHORT;
    }
    uint32_t capacity = writable ? payload_len : len;
    slices[0].data = header;
    slices[0].len = VVS_HDR_BYTES;
    slices[1].data = payload;
    slices[1].len = capacity;
    memcpy(out_packet->header, header, VVS_HDR_BYTES);
    out_packet->slices = slices;
    out_packet->header_slice_count = 1;
    out_packet->slice_count = capacity != 0 ? 2 : 1;
    out_packet->capacity = capacity;
    out_packet->written = 0;
    out_packet->writable = writable;
    out_packet->done = 0;
    out_packet->memory = 0;
    return VVS_OK;
}

/* Everything that was lent out for writing may have been written. */
static void vvs_packet_log(const struct vvs_packet *packet, uint32_t first_slice)
{
    if (!packet->memory) {
        return;
    }
    for (uint32_t i = first_slice; i < packet->slice_count; i++) {
        vvs_log_host(packet->memory, packet->slices[i].data, packet->slices[i].len);
    }
}

enum vvs_status vvs_packet_commit(struct vvs_packet *packet, uint32_t *out_used_len)
{
    uint32_t len = vvs_packet_len(packet);
    if (!packet->writable) {
        return VVS_E_READ_ONLY;
    }
    if (packet->done) {
        return VVS_E_DONE;
    }
    if (len > packet->capacity) {
        return VVS_E_CAPACITY;
    }
    if (len > packet->written) {
        return VVS_E_UNWRITTEN;
    }
    uint32_t done = 0;
    for (uint32_t i = 0; i < packet->header_slice_count; i++) {
        const struct vvs_slice *slice = &packet->slices[i];
        vvs_copy_out(0, VVS_ITEM_HEADER, done, slice->data, packet->header + done, slice->len);
        done += (uint32_t)slice->len;
    }
    vvs_packet_log(packet, 0);
    packet->done = 1;
    *out_used_len = VVS_HDR_BYTES + len;
    return VVS_OK;
}

void vvs_packet_abort(struct vvs_packet *packet)
{
    if (packet->writable && !packet->done) {
        vvs_packet_log(packet, packet->header_slice_count);
    }
    packet->done = 1;
}
