/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* From a chain to a packet, and from a packet to what the driver reads. */
#include "vvs/packet.h"

#include "access.h"
#include "le.h"
#include "region.h"
#include "ring.h"

/* Cuts a chain's byte stream into slices of host memory. Slices that do not fit are counted only.
 * */
struct vvs_cutter {
    struct vvs_queue *queue;
    const struct vvs_element *element; /* the next one */
    uint64_t addr;                     /* of what is left of the last one, behind `piece` */
    uint64_t left;
    struct vvs_piece piece; /* found, not cut yet */
    struct vvs_slice *slices;
    uint32_t slice_count;
    uint32_t used;
};

static VVS_INLINE struct vvs_cutter vvs_cutter_of(const struct vvs_chain *chain,
                                                  struct vvs_slice *slices, uint32_t slice_count)
{
    struct vvs_cutter cutter = {chain->queue, chain->elements, 0,           0,
                                {0, 0},       slices,          slice_count, 0};
    return cutter;
}

/* Finds the next piece of host memory of the stream; the chain must have one. */
static VVS_INLINE bool vvs_cutter_find(struct vvs_cutter *cutter, uint32_t permission)
{
    if (cutter->left == 0) {
        cutter->addr = cutter->element->addr;
        cutter->left = cutter->element->len;
        cutter->element++;
    } else if (cutter->addr == 0) {
        return false; /* the element goes on behind the last address there is */
    }
    if (!vvs_piece_find(cutter->queue->memory, &cutter->piece, &cutter->queue->region_hint,
                        cutter->addr, cutter->left, permission)) {
        return false;
    }
    cutter->addr += cutter->piece.len;
    cutter->left -= cutter->piece.len;
    return true;
}

/* Cuts a slice of `len` bytes, which the piece has, and copies it to `out_header` if there is one.
 * */
static VVS_INLINE void vvs_cut_slice(struct vvs_cutter *cutter, uint8_t *out_header, uint32_t done,
                                     uint32_t len)
{
    if (cutter->used < cutter->slice_count) {
        cutter->slices[cutter->used].data = cutter->piece.host;
        cutter->slices[cutter->used].len = len;
    }
    if (out_header) {
        vvs_copy_in(cutter->queue, VVS_ITEM_HEADER, done, out_header + done, cutter->piece.host,
                    len);
    }
    cutter->used++;
    cutter->piece.host += len;
    cutter->piece.len -= len;
}

/* The next `len` bytes in as many slices as it takes. Returns how far it came. */
static __attribute__((noinline)) uint32_t vvs_cut_across(struct vvs_cutter *cutter,
                                                         uint8_t *out_header, uint32_t len,
                                                         uint32_t permission)
{
    uint32_t done = 0;
    while (done < len) {
        if (cutter->piece.len == 0 && !vvs_cutter_find(cutter, permission)) {
            break;
        }
        uint32_t want = len - done;
        uint32_t taken = want < cutter->piece.len ? want : (uint32_t)cutter->piece.len;
        vvs_cut_slice(cutter, out_header, done, taken);
        done += taken;
    }
    return done;
}

/* Cuts the next `len` bytes of the stream, copying them to `out_header` if there is one. They are
 * one slice nearly always; the copy of the cutter keeps its state in registers then. */
static VVS_INLINE enum vvs_status vvs_cut(struct vvs_cutter *cutter, uint8_t *out_header,
                                          uint32_t len, uint32_t permission)
{
    if (len == 0) {
        return VVS_OK;
    }
    if (cutter->piece.len == 0 && !vvs_cutter_find(cutter, permission)) {
        return VVS_E_ADDR;
    }
    if (cutter->piece.len >= len) {
        vvs_cut_slice(cutter, out_header, 0, len);
        return VVS_OK;
    }
    struct vvs_cutter across = *cutter;
    uint32_t done = vvs_cut_across(&across, out_header, len, permission);
    *cutter = across;
    return done == len ? VVS_OK : VVS_E_ADDR;
}

static VVS_INLINE enum vvs_status vvs_cutter_check(const struct vvs_cutter *cutter,
                                                   uint32_t *out_needed)
{
    if (cutter->used <= cutter->slice_count) {
        return VVS_OK;
    }
    if (out_needed) {
        *out_needed = cutter->used;
    }
    return VVS_E_SLICES;
}

/* A packet of `capacity` payload bytes in what the cutter has cut. */
static VVS_INLINE void vvs_packet_describe(struct vvs_packet *packet,
                                           const struct vvs_cutter *cutter,
                                           uint32_t header_slice_count, uint32_t capacity,
                                           bool writable)
{
    packet->slices = cutter->slices;
    packet->header_slice_count = header_slice_count;
    packet->slice_count = cutter->used;
    packet->capacity = capacity;
    packet->written = 0;
    packet->writable = writable;
    packet->done = 0;
    packet->memory = cutter->queue->memory;
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
    struct vvs_cutter cutter = vvs_cutter_of(chain, slices, slice_count);
    enum vvs_status status = vvs_cut(&cutter, header, VVS_HDR_BYTES, VVS_PERM_READ);
    if (status != VVS_OK) {
        return status;
    }
    uint32_t header_slice_count = cutter.used;
    uint32_t len = vvs_le32(header + offsetof(struct vvs_hdr_wire, len));
    if (len > chain->readable_len - VVS_HDR_BYTES) {
        return VVS_E_PAYLOAD_SHORT;
    }
    bool too_long = len > max_payload_len;
    if (!too_long) {
        status = vvs_cut(&cutter, 0, len, VVS_PERM_READ);
        if (status != VVS_OK) {
            return status;
        }
    }
    status = vvs_cutter_check(&cutter, out_needed);
    if (status != VVS_OK) {
        return status;
    }
    memcpy(out_packet->header, header, sizeof header);
    vvs_packet_describe(out_packet, &cutter, header_slice_count, too_long ? 0 : len, false);
    return too_long ? VVS_E_PAYLOAD_LIMIT : VVS_OK;
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
    struct vvs_cutter cutter = vvs_cutter_of(chain, slices, slice_count);
    enum vvs_status status = vvs_cut(&cutter, 0, VVS_HDR_BYTES, VVS_PERM_WRITE);
    if (status != VVS_OK) {
        return status;
    }
    uint32_t header_slice_count = cutter.used;
    status = vvs_cut(&cutter, 0, capacity, VVS_PERM_WRITE);
    if (status != VVS_OK) {
        return status;
    }
    status = vvs_cutter_check(&cutter, out_needed);
    if (status != VVS_OK) {
        return status;
    }
    memset(out_packet->header, 0, VVS_HDR_BYTES);
    vvs_packet_describe(out_packet, &cutter, header_slice_count, capacity, true);
    return VVS_OK;
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
