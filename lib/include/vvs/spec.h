/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The wire of virtio 1.4: the socket device and both ring formats. All fields are little-endian on
 * any host, so the structs serve for sizes and offsets; bytes are read and written through vvs_le*.
 *
 * rx and tx are the driver's view, as in the specification: the device reads tx and writes rx. */
#ifndef VVS_SPEC_H
#define VVS_SPEC_H

#include <stddef.h>
#include <stdint.h>

/* Socket Device, Device ID and Virtqueues */
#define VVS_DEVICE_ID 19u
enum vvs_queue_index { VVS_QUEUE_RX = 0, VVS_QUEUE_TX = 1, VVS_QUEUE_EVENT = 2 };

/* Socket Device, Feature bits (bit numbers) */
#define VVS_F_STREAM 0
#define VVS_F_SEQPACKET 1
#define VVS_F_NO_IMPLIED_STREAM 2

/* Reserved Feature Bits (bit numbers) */
#define VVS_F_INDIRECT_DESC 28
#define VVS_F_EVENT_IDX 29
#define VVS_F_VERSION_1 32
#define VVS_F_ACCESS_PLATFORM 33
#define VVS_F_RING_PACKED 34
#define VVS_F_IN_ORDER 35
#define VVS_F_ORDER_PLATFORM 36
#define VVS_F_SR_IOV 37
#define VVS_F_NOTIFICATION_DATA 38
#define VVS_F_NOTIF_CONFIG_DATA 39
#define VVS_F_RING_RESET 40

#define VVS_FEATURE(bit) (UINT64_C(1) << (bit))

/* Socket Device, Device Operation: the packet header */
struct vvs_hdr_wire {
    uint8_t src_cid[8];
    uint8_t dst_cid[8];
    uint8_t src_port[4];
    uint8_t dst_port[4];
    uint8_t len[4];
    uint8_t type[2];
    uint8_t op[2];
    uint8_t flags[4];
    uint8_t buf_alloc[4];
    uint8_t fwd_cnt[4];
};
#define VVS_HDR_BYTES 44u

enum vvs_op {
    VVS_OP_INVALID = 0,
    VVS_OP_REQUEST = 1,
    VVS_OP_RESPONSE = 2,
    VVS_OP_RST = 3,
    VVS_OP_SHUTDOWN = 4,
    VVS_OP_RW = 5,
    VVS_OP_CREDIT_UPDATE = 6,
    VVS_OP_CREDIT_REQUEST = 7
};

/* Socket Device, Addressing */
enum vvs_type { VVS_TYPE_STREAM = 1, VVS_TYPE_SEQPACKET = 2 };
#define VVS_CID_HYPERVISOR UINT64_C(0)
#define VVS_CID_LOCAL UINT64_C(1)
#define VVS_CID_HOST UINT64_C(2)
#define VVS_CID_ANY UINT64_C(0xffffffff)

/* Masks in `flags`. The specification names the shutdown ones by bit number, the seqpacket ones by
 * mask. */
#define VVS_SHUTDOWN_F_RECEIVE 1u
#define VVS_SHUTDOWN_F_SEND 2u
#define VVS_SEQ_EOM 1u
#define VVS_SEQ_EOR 2u

/* Socket Device, Device configuration layout and Device Events */
#define VVS_CONFIG_BYTES 8u
#define VVS_EVENT_BYTES 4u
#define VVS_EVENT_TRANSPORT_RESET 0u

/* Split Virtqueues: limits, descriptors, rings */
#define VVS_QUEUE_SIZE_MAX 32768u
#define VVS_CHAIN_BYTES_MAX (UINT64_C(1) << 32)

struct vvs_split_desc_wire {
    uint8_t addr[8];
    uint8_t len[4];
    uint8_t flags[2];
    uint8_t next[2];
};
#define VVS_DESC_BYTES 16u
#define VVS_DESC_F_NEXT 1u
#define VVS_DESC_F_WRITE 2u
#define VVS_DESC_F_INDIRECT 4u

#define VVS_SPLIT_DESC_ALIGN 16u
#define VVS_SPLIT_AVAIL_ALIGN 2u
#define VVS_SPLIT_USED_ALIGN 4u
#define VVS_AVAIL_F_NO_INTERRUPT 1u
#define VVS_USED_F_NO_NOTIFY 1u

/* Available ring: flags, idx, ring[size], used_event. Used ring: flags, idx, ring[size],
 * avail_event. */
#define VVS_AVAIL_IDX_OFFSET 2u
#define VVS_AVAIL_RING_OFFSET 4u
#define VVS_AVAIL_SLOT_BYTES 2u
#define VVS_USED_IDX_OFFSET 2u
#define VVS_USED_RING_OFFSET 4u
#define VVS_USED_ELEM_BYTES 8u

/* Packed Virtqueues */
struct vvs_packed_desc_wire {
    uint8_t addr[8];
    uint8_t len[4];
    uint8_t id[2];
    uint8_t flags[2];
};
#define VVS_PACKED_DESC_F_AVAIL (1u << 7)
#define VVS_PACKED_DESC_F_USED (1u << 15)
#define VVS_PACKED_DESC_ALIGN 16u
#define VVS_PACKED_EVENT_ALIGN 4u
#define VVS_PACKED_EVENT_BYTES 4u
#define VVS_PACKED_EVENT_FLAGS_OFFSET 2u
#define VVS_PACKED_EVENT_ENABLE 0u
#define VVS_PACKED_EVENT_DISABLE 1u
#define VVS_PACKED_EVENT_DESC 2u
#define VVS_PACKED_EVENT_WRAP (1u << 15)

#if defined(__cplusplus)
#define VVS_STATIC_ASSERT(condition, text) static_assert(condition, text)
#else
#define VVS_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#endif

VVS_STATIC_ASSERT(sizeof(struct vvs_hdr_wire) == VVS_HDR_BYTES, "packet header");
VVS_STATIC_ASSERT(offsetof(struct vvs_hdr_wire, len) == 24, "header len");
VVS_STATIC_ASSERT(offsetof(struct vvs_hdr_wire, op) == 30, "header op");
VVS_STATIC_ASSERT(sizeof(struct vvs_split_desc_wire) == VVS_DESC_BYTES, "split descriptor");
VVS_STATIC_ASSERT(offsetof(struct vvs_split_desc_wire, next) == 14, "split descriptor next");
VVS_STATIC_ASSERT(sizeof(struct vvs_packed_desc_wire) == VVS_DESC_BYTES, "packed descriptor");
VVS_STATIC_ASSERT(offsetof(struct vvs_packed_desc_wire, flags) == 14, "packed descriptor flags");

#endif
