/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A socket packet in a descriptor chain: parsed from tx, built into rx, or in the caller's own
 * buffers.
 *
 * The header is a private copy: the guest can't change it after it was checked, and setters change
 * only the copy. vvs_packet_commit publishes it, once, and only into a buffer that was offered for
 * writing. Payload is never read here: its slices are live guest memory. */
#ifndef VVS_PACKET_H
#define VVS_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "chain.h"
#include "memory.h"
#include "spec.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Most payload an rx packet can take: header and payload have to fit a used length of 32 bits. */
#define VVS_PAYLOAD_BYTES_MAX (UINT32_MAX - VVS_HDR_BYTES)

/* A packet. The fields are private. */
struct vvs_packet {
    uint8_t header[VVS_HDR_BYTES];
    uint32_t header_slice_count;
    uint32_t slice_count; /* header slices first, payload slices after them */
    uint32_t capacity;    /* payload bytes that the slices hold */
    uint32_t written;     /* payload prefix that was written */
    uint8_t writable;
    uint8_t done;
    struct vvs_slice *slices;        /* the caller's array */
    const struct vvs_memory *memory; /* NULL for a packet in the caller's own buffers */
};

/* What may be odd about a header that parsed: a set of bits. None makes parsing fail. */
enum vvs_header_fault {
    VVS_FAULT_SRC_CID_RESERVED = 1 << 0,   /* upper half of src_cid is not 0 */
    VVS_FAULT_DST_CID_RESERVED = 1 << 1,   /* upper half of dst_cid is not 0 */
    VVS_FAULT_TYPE_UNKNOWN = 1 << 2,       /* neither stream nor seqpacket */
    VVS_FAULT_OP_UNKNOWN = 1 << 3,         /* 0 (INVALID) or above CREDIT_REQUEST */
    VVS_FAULT_PAYLOAD_UNEXPECTED = 1 << 4, /* `len` not 0 on an op other than RW */
    VVS_FAULT_SHUTDOWN_FLAGS = 1 << 5,     /* SHUTDOWN with bits other than RECEIVE and SEND */
    VVS_FAULT_SEQPACKET_FLAGS = 1 << 6,    /* seqpacket RW with bits other than EOM and EOR */
    VVS_FAULT_FLAGS_UNEXPECTED = 1 << 7    /* bits set where the specification defines none */
};

/* vvs_packet_from_tx parses the packet that the driver sent in `chain`. Each header byte is loaded
 * once. `slices` receives header and payload pieces and must outlive the packet; one entry for each
 * element, one more for each region border crossed, and one more where header and payload share an
 * element is always enough.
 *
 * Returns  VVS_OK
 *          VVS_E_DIRECTION      the chain has a device-writable element
 *          VVS_E_HEADER_SHORT   fewer than 44 bytes
 *          VVS_E_ADDR           header or payload is not in readable guest memory
 *          VVS_E_PAYLOAD_SHORT  `len` exceeds what is behind the header
 *          VVS_E_PAYLOAD_LIMIT  `len` exceeds `max_payload_len`
 *          VVS_E_SLICES         `slice_count` is too small: `out_needed` says what is enough
 * Out      `out_packet` with VVS_OK; with VVS_E_PAYLOAD_LIMIT header only, no payload slice, so
 *          that a reply can be addressed. `out_needed` (may be NULL) with VVS_E_SLICES only.
 * Limits   bytes behind header and payload are ignored and need not be mapped. Both CIDs keep 64
 *          bits; unknown types, ops and flags parse (see vvs_packet_faults).
 * Spec     Socket Device, Device Operation; Message Framing; Virtqueue Flow Control. */
VVS_MUST_USE enum vvs_status vvs_packet_from_tx(struct vvs_packet *out_packet, uint32_t *out_needed,
                                                const struct vvs_chain *chain,
                                                struct vvs_slice *slices, uint32_t slice_count,
                                                uint32_t max_payload_len);

/* vvs_packet_from_rx makes an empty packet, its header all zeros, in the buffer that the driver
 * offered in `chain`. The capacity is what the chain holds behind 44 header bytes, at most
 * `max_payload_len` and VVS_PAYLOAD_BYTES_MAX.
 *
 * Returns  VVS_OK
 *          VVS_E_DIRECTION     the chain has a device-readable element
 *          VVS_E_BUFFER_SHORT  fewer than 44 bytes
 *          VVS_E_ADDR          header or payload up to the capacity is not in writable guest memory
 *          VVS_E_SLICES        as vvs_packet_from_tx
 * Out      as vvs_packet_from_tx. Guest memory is not touched before vvs_packet_write or _commit.
 * Spec     Socket Device, Receive and Transmit; Message Framing. */
VVS_MUST_USE enum vvs_status vvs_packet_from_rx(struct vvs_packet *out_packet, uint32_t *out_needed,
                                                const struct vvs_chain *chain,
                                                struct vvs_slice *slices, uint32_t slice_count,
                                                uint32_t max_payload_len);

/* vvs_packet_from_buffers makes a packet in the caller's own memory, without ring or guest: the
 * header is read from `header`, the payload is `payload`. With `writable` commit writes the header
 * back.
 *
 * Returns  VVS_OK
 *          VVS_E_ARGUMENT       `header_len` is not 44; a NULL buffer of non-zero length; or
 *                               `payload_len` above VVS_PAYLOAD_BYTES_MAX
 *          VVS_E_SLICES         `slice_count` below 2
 *          VVS_E_PAYLOAD_SHORT  not `writable`: `len` exceeds `payload_len`
 * Out      `out_packet` only with VVS_OK. */
VVS_MUST_USE enum vvs_status vvs_packet_from_buffers(struct vvs_packet *out_packet,
                                                     struct vvs_slice *slices, uint32_t slice_count,
                                                     uint8_t *header, uint32_t header_len,
                                                     uint8_t *payload, uint32_t payload_len,
                                                     bool writable);

/* vvs_packet_header_slices lends the pieces of guest memory that hold the header: live, so never a
 * source of truth.
 *
 * Returns  the slices; their number in `out_count`. */
const struct vvs_slice *vvs_packet_header_slices(const struct vvs_packet *packet,
                                                 uint32_t *out_count);

/* vvs_packet_payload_slices lends the pieces of guest memory that hold the payload: tx, `len`
 * bytes; rx, the capacity. After writing through them say so with vvs_packet_set_written.
 *
 * Returns  the slices; their number in `out_count`. */
const struct vvs_slice *vvs_packet_payload_slices(const struct vvs_packet *packet,
                                                  uint32_t *out_count);

/* vvs_packet_payload_range gives the slices of payload bytes `offset` to `offset + len`: for going
 * on after a short read or write.
 *
 * Returns  VVS_OK
 *          VVS_E_CAPACITY  the range ends beyond the payload (tx) or the capacity (rx)
 *          VVS_E_SLICES    `out_slices` is too small: vvs_packet_payload_slices's count is enough
 * Out      `out_slices` and `out_count` only with VVS_OK. */
VVS_MUST_USE enum vvs_status vvs_packet_payload_range(const struct vvs_packet *packet,
                                                      struct vvs_slice *out_slices,
                                                      uint32_t slice_count, uint32_t *out_count,
                                                      uint32_t offset, uint32_t len);

/* vvs_packet_read copies payload bytes `offset` to `offset + len` of a packet into `out_bytes`.
 * Bytes read twice may differ: the guest may be writing.
 *
 * Returns  VVS_OK, or VVS_E_CAPACITY
 * Out      `out_bytes` only with VVS_OK. */
VVS_MUST_USE enum vvs_status vvs_packet_read(const struct vvs_packet *packet, uint8_t *out_bytes,
                                             uint32_t offset, uint32_t len);

/* vvs_packet_write copies `bytes` into the payload at `offset` and notes them as written.
 *
 * Returns  VVS_OK
 *          VVS_E_CAPACITY   the range ends beyond the capacity
 *          VVS_E_UNWRITTEN  `offset` is beyond what was written: a hole would reach the guest
 *          VVS_E_READ_ONLY  a tx packet
 *          VVS_E_DONE       committed or aborted already */
VVS_MUST_USE enum vvs_status vvs_packet_write(struct vvs_packet *packet, uint32_t offset,
                                              const uint8_t *bytes, uint32_t len);

/* vvs_packet_set_written says that the first `len` payload bytes were written through the slices.
 *
 * Returns  VVS_OK, VVS_E_CAPACITY, VVS_E_READ_ONLY, VVS_E_DONE */
VVS_MUST_USE enum vvs_status vvs_packet_set_written(struct vvs_packet *packet, uint32_t len);

/* vvs_packet_commit writes the header into the driver's buffer. The packet is done then.
 *
 * Returns  VVS_OK
 *          VVS_E_READ_ONLY  a tx packet
 *          VVS_E_CAPACITY   `len` exceeds the capacity
 *          VVS_E_UNWRITTEN  `len` exceeds what was written: stale bytes would reach the guest
 *          VVS_E_DONE       committed or aborted already
 * Out      `out_used_len` only with VVS_OK: 44 + `len`, what vvs_queue_publish wants.
 * Limits   logs header and payload slices as dirty.
 * Spec     The Virtqueue Used Ring (used length); Socket Device, Receive and Transmit. */
VVS_MUST_USE enum vvs_status vvs_packet_commit(struct vvs_packet *packet, uint32_t *out_used_len);

/* vvs_packet_abort gives an rx packet up: what may have been written is logged as dirty, the chain
 * is to be published with length 0 or undone. On a tx packet it only marks the packet done; on a
 * packet that is done already it does nothing. */
void vvs_packet_abort(struct vvs_packet *packet);

/* vvs_packet_set_header replaces the header by 44 raw bytes, little-endian as on the wire.
 *
 * Returns  VVS_OK, or VVS_E_ARGUMENT when `header_len` is not 44 */
VVS_MUST_USE enum vvs_status vvs_packet_set_header(struct vvs_packet *packet, const uint8_t *header,
                                                   uint32_t header_len);

/* vvs_packet_header lends the 44 bytes of the private copy, as on the wire. */
const uint8_t *vvs_packet_header(const struct vvs_packet *packet);

/* vvs_packet_src_cid and its kin give one field of the private copy, in host order, unchanged. */
uint64_t vvs_packet_src_cid(const struct vvs_packet *packet);
uint64_t vvs_packet_dst_cid(const struct vvs_packet *packet);
uint32_t vvs_packet_src_port(const struct vvs_packet *packet);
uint32_t vvs_packet_dst_port(const struct vvs_packet *packet);
uint32_t vvs_packet_len(const struct vvs_packet *packet);
uint16_t vvs_packet_type(const struct vvs_packet *packet);
uint16_t vvs_packet_op(const struct vvs_packet *packet);
uint32_t vvs_packet_flags(const struct vvs_packet *packet);
uint32_t vvs_packet_buf_alloc(const struct vvs_packet *packet);
uint32_t vvs_packet_fwd_cnt(const struct vvs_packet *packet);

/* vvs_packet_set_src_cid and its kin change one field of the private copy. */
void vvs_packet_set_src_cid(struct vvs_packet *packet, uint64_t value);
void vvs_packet_set_dst_cid(struct vvs_packet *packet, uint64_t value);
void vvs_packet_set_src_port(struct vvs_packet *packet, uint32_t value);
void vvs_packet_set_dst_port(struct vvs_packet *packet, uint32_t value);
void vvs_packet_set_len(struct vvs_packet *packet, uint32_t value);
void vvs_packet_set_type(struct vvs_packet *packet, uint16_t value);
void vvs_packet_set_op(struct vvs_packet *packet, uint16_t value);
void vvs_packet_set_flags(struct vvs_packet *packet, uint32_t value);
void vvs_packet_set_buf_alloc(struct vvs_packet *packet, uint32_t value);
void vvs_packet_set_fwd_cnt(struct vvs_packet *packet, uint32_t value);

/* vvs_packet_set_flag sets the bits of `mask` in `flags` and leaves the others. */
void vvs_packet_set_flag(struct vvs_packet *packet, uint32_t mask);

/* vvs_packet_is_empty says whether `len` is 0. */
bool vvs_packet_is_empty(const struct vvs_packet *packet);

/* vvs_packet_capacity gives the payload bytes the packet has room for (rx) or holds (tx). */
uint32_t vvs_packet_capacity(const struct vvs_packet *packet);

/* vvs_packet_faults names what is odd about the header.
 *
 * Returns  a set of VVS_FAULT_* bits (enum vvs_header_fault), 0 when all is as specified.
 * Spec     Socket Device: Addressing, Device Operation, Stream and Seqpacket Sockets. */
uint32_t vvs_packet_faults(const struct vvs_packet *packet);

/* vvs_header_fault_name names the lowest bit of `faults` ("dst-cid-reserved").
 *
 * Returns  a static string; "none" for 0. */
const char *vvs_header_fault_name(uint32_t faults);

/* vvs_packet_set_reply addresses `packet` as an answer to `request`: CIDs and ports swapped, the
 * same type, `op`, and everything else 0.
 *
 * Spec     Socket Device, Addressing. */
void vvs_packet_set_reply(struct vvs_packet *packet, const struct vvs_packet *request, uint16_t op);

#ifdef __cplusplus
}
#endif

#endif
