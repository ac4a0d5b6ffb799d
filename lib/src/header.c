/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The packet header: fields of the private copy, and what is odd about them. */
#include <string.h>

#include "le.h"
#include "vvs/packet.h"

#define VVS_AT(field) offsetof(struct vvs_hdr_wire, field)

enum vvs_status vvs_packet_set_header(struct vvs_packet *packet, const uint8_t *header,
                                      uint32_t header_len)
{
    if (header_len != VVS_HDR_BYTES) {
        return VVS_E_ARGUMENT;
    }
    memcpy(packet->header, header, VVS_HDR_BYTES);
    return VVS_OK;
}

const uint8_t *vvs_packet_header(const struct vvs_packet *packet)
{
    return packet->header;
}

#define VVS_FIELD(field, bits)                                                                     \
    uint##bits##_t vvs_packet_##field(const struct vvs_packet *packet)                             \
    {                                                                                              \
        return vvs_le##bits(packet->header + VVS_AT(field));                                       \
    }                                                                                              \
    void vvs_packet_set_##field(struct vvs_packet *packet, uint##bits##_t value)                   \
    {                                                                                              \
        vvs_put_le##bits(packet->header + VVS_AT(field), value);                                   \
    }

VVS_FIELD(src_cid, 64)
VVS_FIELD(dst_cid, 64)
VVS_FIELD(src_port, 32)
VVS_FIELD(dst_port, 32)
VVS_FIELD(len, 32)
VVS_FIELD(type, 16)
VVS_FIELD(op, 16)
VVS_FIELD(flags, 32)
VVS_FIELD(buf_alloc, 32)
VVS_FIELD(fwd_cnt, 32)

void vvs_packet_set_flag(struct vvs_packet *packet, uint32_t mask)
{
    vvs_packet_set_flags(packet, vvs_packet_flags(packet) | mask);
}

bool vvs_packet_is_empty(const struct vvs_packet *packet)
{
    return vvs_packet_len(packet) == 0;
}

/* Which bits of `flags` mean anything depends on op and type. */
static uint32_t vvs_flags_faults(uint32_t flags, uint16_t type, uint16_t op)
{
    if (op == VVS_OP_SHUTDOWN) {
        uint32_t known = VVS_SHUTDOWN_F_RECEIVE | VVS_SHUTDOWN_F_SEND;
        return (flags & ~known) != 0 ? VVS_FAULT_SHUTDOWN_FLAGS : 0;
    }
    if (op == VVS_OP_RW && type == VVS_TYPE_SEQPACKET) {
        uint32_t known = VVS_SEQ_EOM | VVS_SEQ_EOR;
        return (flags & ~known) != 0 ? VVS_FAULT_SEQPACKET_FLAGS : 0;
    }
    return flags != 0 ? VVS_FAULT_FLAGS_UNEXPECTED : 0;
}

uint32_t vvs_packet_faults(const struct vvs_packet *packet)
{
    uint16_t type = vvs_packet_type(packet);
    uint16_t op = vvs_packet_op(packet);
    uint32_t faults = vvs_flags_faults(vvs_packet_flags(packet), type, op);
    if (vvs_packet_src_cid(packet) >> 32 != 0) {
        faults |= VVS_FAULT_SRC_CID_RESERVED;
    }
    if (vvs_packet_dst_cid(packet) >> 32 != 0) {
        faults |= VVS_FAULT_DST_CID_RESERVED;
    }
    if (type != VVS_TYPE_STREAM && type != VVS_TYPE_SEQPACKET) {
        faults |= VVS_FAULT_TYPE_UNKNOWN;
    }
    if (op == VVS_OP_INVALID || op > VVS_OP_CREDIT_REQUEST) {
        faults |= VVS_FAULT_OP_UNKNOWN;
    }
    if (op != VVS_OP_RW && vvs_packet_len(packet) != 0) {
        faults |= VVS_FAULT_PAYLOAD_UNEXPECTED;
    }
    return faults;
}

const char *vvs_header_fault_name(uint32_t faults)
{
    static const char *const names[] = {"src-cid-reserved", "dst-cid-reserved",   "type-unknown",
                                        "op-unknown",       "payload-unexpected", "shutdown-flags",
                                        "seqpacket-flags",  "flags-unexpected"};
    for (uint32_t bit = 0; bit < sizeof(names) / sizeof(names[0]); bit++) {
        if ((faults >> bit & 1) != 0) {
            return names[bit];
        }
    }
    return "none";
}

void vvs_packet_set_reply(struct vvs_packet *packet, const struct vvs_packet *request, uint16_t op)
{
    uint8_t header[VVS_HDR_BYTES] = {0};
    vvs_put_le64(header + VVS_AT(src_cid), vvs_packet_dst_cid(request));
    vvs_put_le64(header + VVS_AT(dst_cid), vvs_packet_src_cid(request));
    vvs_put_le32(header + VVS_AT(src_port), vvs_packet_dst_port(request));
    vvs_put_le32(header + VVS_AT(dst_port), vvs_packet_src_port(request));
    vvs_put_le16(header + VVS_AT(type), vvs_packet_type(request));
    vvs_put_le16(header + VVS_AT(op), op);
    memcpy(packet->header, header, sizeof header);
}
