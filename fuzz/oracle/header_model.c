/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "header_model.h"

#include <inttypes.h>
#include <string.h>

#include "oracle.h"

#define NAME "header-model"

enum field { SRC_CID, DST_CID, SRC_PORT, DST_PORT, LEN, TYPE, OP, FLAGS, BUF_ALLOC, FWD_CNT };

/* Socket Device, Device Operation. */
static const struct {
    uint8_t offset;
    uint8_t width;
} places[HEADER_FIELDS] = {{0, 8},  {8, 8},  {16, 4}, {20, 4}, {24, 4},
                           {28, 2}, {30, 2}, {32, 4}, {36, 4}, {40, 4}};

uint64_t header_model_get(const struct header_model *model, uint32_t field)
{
    uint64_t value = 0;
    for (uint32_t i = places[field].width; i-- > 0;) {
        value = value << 8 | model->bytes[places[field].offset + i];
    }
    return value;
}

void header_model_set(struct header_model *model, uint32_t field, uint64_t value)
{
    for (uint32_t i = 0; i < places[field].width; i++) {
        model->bytes[places[field].offset + i] = (uint8_t)(value >> (8 * i));
    }
}

void header_model_reply(struct header_model *model, const struct header_model *request, uint16_t op)
{
    struct header_model asked = *request;
    memset(model, 0, sizeof *model);
    header_model_set(model, SRC_CID, header_model_get(&asked, DST_CID));
    header_model_set(model, DST_CID, header_model_get(&asked, SRC_CID));
    header_model_set(model, SRC_PORT, header_model_get(&asked, DST_PORT));
    header_model_set(model, DST_PORT, header_model_get(&asked, SRC_PORT));
    header_model_set(model, TYPE, header_model_get(&asked, TYPE));
    header_model_set(model, OP, op);
}

void header_packet_set(struct vvs_packet *packet, uint32_t field, uint64_t value)
{
    switch (field) {
    case SRC_CID:
        vvs_packet_set_src_cid(packet, value);
        break;
    case DST_CID:
        vvs_packet_set_dst_cid(packet, value);
        break;
    case SRC_PORT:
        vvs_packet_set_src_port(packet, (uint32_t)value);
        break;
    case DST_PORT:
        vvs_packet_set_dst_port(packet, (uint32_t)value);
        break;
    case LEN:
        vvs_packet_set_len(packet, (uint32_t)value);
        break;
    case TYPE:
        vvs_packet_set_type(packet, (uint16_t)value);
        break;
    case OP:
        vvs_packet_set_op(packet, (uint16_t)value);
        break;
    case FLAGS:
        vvs_packet_set_flags(packet, (uint32_t)value);
        break;
    case BUF_ALLOC:
        vvs_packet_set_buf_alloc(packet, (uint32_t)value);
        break;
    default:
        vvs_packet_set_fwd_cnt(packet, (uint32_t)value);
        break;
    }
}

/* The faults as enum vvs_header_fault describes them, one after the other. */
static uint32_t model_faults(const struct header_model *model)
{
    uint64_t type = header_model_get(model, TYPE);
    uint64_t op = header_model_get(model, OP);
    uint64_t flags = header_model_get(model, FLAGS);
    bool shutdown = op == VVS_OP_SHUTDOWN;
    bool record = op == VVS_OP_RW && type == VVS_TYPE_SEQPACKET;
    const bool faults[] = {
        header_model_get(model, SRC_CID) > UINT32_MAX,
        header_model_get(model, DST_CID) > UINT32_MAX,
        type != VVS_TYPE_STREAM && type != VVS_TYPE_SEQPACKET,
        op < VVS_OP_REQUEST || op > VVS_OP_CREDIT_REQUEST,
        op != VVS_OP_RW && header_model_get(model, LEN) != 0,
        shutdown && flags > 3,
        record && flags > 3,
        !shutdown && !record && flags != 0,
    };
    uint32_t bits = 0;
    for (uint32_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        bits |= (uint32_t)faults[i] << i;
    }
    return bits;
}

void header_model_check(const struct header_model *model, const struct vvs_packet *packet)
{
    const uint64_t got[HEADER_FIELDS] = {vvs_packet_src_cid(packet),   vvs_packet_dst_cid(packet),
                                         vvs_packet_src_port(packet),  vvs_packet_dst_port(packet),
                                         vvs_packet_len(packet),       vvs_packet_type(packet),
                                         vvs_packet_op(packet),        vvs_packet_flags(packet),
                                         vvs_packet_buf_alloc(packet), vvs_packet_fwd_cnt(packet)};
    for (uint32_t field = 0; field < HEADER_FIELDS; field++) {
        if (got[field] != header_model_get(model, field)) {
            oracle_fail(NAME, "field at byte %u is 0x%" PRIx64 ", expected 0x%" PRIx64,
                        places[field].offset, got[field], header_model_get(model, field));
        }
    }
    if (memcmp(vvs_packet_header(packet), model->bytes, VVS_HDR_BYTES) != 0) {
        oracle_fail(NAME, "the 44 bytes are not those of the fields");
    }
    if (vvs_packet_is_empty(packet) != (header_model_get(model, LEN) == 0)) {
        oracle_fail(NAME, "is_empty disagrees with len");
    }
    uint32_t faults = vvs_packet_faults(packet);
    uint32_t expected = model_faults(model);
    if (faults != expected) {
        oracle_fail(NAME, "faults 0x%x (%s), expected 0x%x (%s)", faults,
                    vvs_header_fault_name(faults), expected, vvs_header_fault_name(expected));
    }
}
