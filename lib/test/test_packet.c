/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The header's fields, what is odd about them, replies, and packets in the caller's own buffers. */
#include "guest.h"

static struct vvs_slice slices[2];

/* A packet of its own, its header all zeros. */
static struct vvs_packet blank(void)
{
    static uint8_t header[VVS_HDR_BYTES];
    struct vvs_packet packet;
    memset(header, 0, sizeof(header));
    assert_status(
        vvs_packet_from_buffers(&packet, slices, 2, header, VVS_HDR_BYTES, NULL, 0, false), VVS_OK);
    return packet;
}

static void test_getters(void **state)
{
    (void)state;
    struct guest_header header = guest_rw(0x0a0b0c0d);
    header.type = 0x8182;
    header.op = 0x9192;
    uint8_t bytes[VVS_HDR_BYTES];
    guest_header_bytes(bytes, &header);
    struct vvs_packet packet = blank();
    assert_status(vvs_packet_set_header(&packet, bytes, VVS_HDR_BYTES), VVS_OK);
    assert_true(vvs_packet_src_cid(&packet) == header.src_cid);
    assert_true(vvs_packet_dst_cid(&packet) == header.dst_cid);
    assert_int_equal(vvs_packet_src_port(&packet), header.src_port);
    assert_int_equal(vvs_packet_dst_port(&packet), header.dst_port);
    assert_int_equal(vvs_packet_len(&packet), header.len);
    assert_int_equal(vvs_packet_type(&packet), header.type);
    assert_int_equal(vvs_packet_op(&packet), header.op);
    assert_int_equal(vvs_packet_flags(&packet), header.flags);
    assert_int_equal(vvs_packet_buf_alloc(&packet), header.buf_alloc);
    assert_int_equal(vvs_packet_fwd_cnt(&packet), header.fwd_cnt);
    assert_memory_equal(vvs_packet_header(&packet), bytes, VVS_HDR_BYTES);
}

/* Each setter changes its field and no other byte. */
static void test_setters(void **state)
{
    (void)state;
    struct guest_header header = {0};
    struct vvs_packet packet = blank();
    uint8_t bytes[VVS_HDR_BYTES];
#define SET(field, value)                                                                          \
    do {                                                                                           \
        header.field = value;                                                                      \
        vvs_packet_set_##field(&packet, value);                                                    \
        guest_header_bytes(bytes, &header);                                                        \
        assert_memory_equal(vvs_packet_header(&packet), bytes, VVS_HDR_BYTES);                     \
    } while (0)
    SET(src_cid, 0xf8f7f6f5f4f3f2f1);
    SET(dst_cid, 0xe8e7e6e5e4e3e2e1);
    SET(src_port, 0xd4d3d2d1);
    SET(dst_port, 0xc4c3c2c1);
    SET(len, 0xb4b3b2b1);
    SET(type, 0xa2a1);
    SET(op, 0x9291);
    SET(flags, 0x84838281);
    SET(buf_alloc, 0xf4737271);
    SET(fwd_cnt, 0x64636261);
    SET(src_cid, 0);
    SET(type, 0);
    SET(flags, 0);
#undef SET
}

static void test_set_flag_and_is_empty(void **state)
{
    (void)state;
    struct vvs_packet packet = blank();
    vvs_packet_set_flag(&packet, VVS_SEQ_EOM);
    assert_int_equal(vvs_packet_flags(&packet), 1);
    vvs_packet_set_flag(&packet, VVS_SEQ_EOR | 0x80000000);
    assert_int_equal(vvs_packet_flags(&packet), 0x80000003);
    vvs_packet_set_flag(&packet, 0);
    assert_int_equal(vvs_packet_flags(&packet), 0x80000003);
    assert_true(vvs_packet_is_empty(&packet));
    vvs_packet_set_len(&packet, 0x01000000);
    assert_false(vvs_packet_is_empty(&packet));
}

static void test_set_header_length(void **state)
{
    (void)state;
    const uint8_t bytes[64] = {1, 2, 3};
    const uint8_t zeros[VVS_HDR_BYTES] = {0};
    struct vvs_packet packet = blank();
    const uint32_t lens[] = {0, 1, 43, 45, UINT32_MAX};
    for (size_t i = 0; i < COUNT_OF(lens); i++)
        assert_status(vvs_packet_set_header(&packet, bytes, lens[i]), VVS_E_ARGUMENT);
    assert_memory_equal(vvs_packet_header(&packet), zeros, VVS_HDR_BYTES);
}

static void test_faults(void **state)
{
    (void)state;
    const struct {
        struct guest_header header;
        uint32_t faults;
    } rows[] = {
        {{.type = 1, .op = 5, .len = 9, .src_cid = 0xffffffff, .dst_cid = 0xffffffff}, 0},
        {{.type = 2, .op = 5, .len = 9, .flags = 3}, 0},
        {{.type = 1, .op = 4, .flags = 3}, 0},
        {{.type = 2, .op = 4, .flags = 3}, 0},
        {{.type = 1, .op = 1, .buf_alloc = 0xffffffff, .fwd_cnt = 0xffffffff}, 0},
        {{.type = 2, .op = 7}, 0},
        {{.type = 1, .op = 1, .src_cid = UINT64_C(1) << 32}, VVS_FAULT_SRC_CID_RESERVED},
        {{.type = 1, .op = 1, .src_cid = UINT64_C(1) << 63}, VVS_FAULT_SRC_CID_RESERVED},
        {{.type = 1, .op = 1, .dst_cid = UINT64_C(1) << 32}, VVS_FAULT_DST_CID_RESERVED},
        {{.type = 1, .op = 1, .dst_cid = UINT64_C(1) << 63}, VVS_FAULT_DST_CID_RESERVED},
        {{.type = 0, .op = 1}, VVS_FAULT_TYPE_UNKNOWN},
        {{.type = 3, .op = 1}, VVS_FAULT_TYPE_UNKNOWN},
        {{.type = 0x0101, .op = 1}, VVS_FAULT_TYPE_UNKNOWN},
        {{.type = 1, .op = 0}, VVS_FAULT_OP_UNKNOWN},
        {{.type = 1, .op = 8}, VVS_FAULT_OP_UNKNOWN},
        {{.type = 1, .op = 0xffff}, VVS_FAULT_OP_UNKNOWN},
        {{.type = 1, .op = 1, .len = 1}, VVS_FAULT_PAYLOAD_UNEXPECTED},
        {{.type = 1, .op = 4, .len = 1}, VVS_FAULT_PAYLOAD_UNEXPECTED},
        {{.type = 2, .op = 6, .len = 0x80000000}, VVS_FAULT_PAYLOAD_UNEXPECTED},
        {{.type = 1, .op = 4, .flags = 4}, VVS_FAULT_SHUTDOWN_FLAGS},
        {{.type = 2, .op = 4, .flags = 0x80000001}, VVS_FAULT_SHUTDOWN_FLAGS},
        {{.type = 2, .op = 5, .flags = 4}, VVS_FAULT_SEQPACKET_FLAGS},
        {{.type = 2, .op = 5, .flags = 0x80000003}, VVS_FAULT_SEQPACKET_FLAGS},
        {{.type = 1, .op = 5, .flags = 1}, VVS_FAULT_FLAGS_UNEXPECTED},
        {{.type = 1, .op = 1, .flags = 2}, VVS_FAULT_FLAGS_UNEXPECTED},
        {{.type = 2, .op = 1, .flags = 1}, VVS_FAULT_FLAGS_UNEXPECTED},
        {{.type = 1, .op = 3, .flags = 0x80000000}, VVS_FAULT_FLAGS_UNEXPECTED},
        {{.type = 1, .op = 4, .flags = 4, .len = 1, .src_cid = UINT64_MAX},
         VVS_FAULT_SRC_CID_RESERVED | VVS_FAULT_PAYLOAD_UNEXPECTED | VVS_FAULT_SHUTDOWN_FLAGS},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint8_t bytes[VVS_HDR_BYTES];
        struct vvs_packet packet = blank();
        guest_header_bytes(bytes, &rows[i].header);
        assert_status(vvs_packet_set_header(&packet, bytes, VVS_HDR_BYTES), VVS_OK);
        assert_int_equal(vvs_packet_faults(&packet), rows[i].faults);
    }
}

static void test_fault_names(void **state)
{
    (void)state;
    const char *const names[] = {"src-cid-reserved", "dst-cid-reserved",   "type-unknown",
                                 "op-unknown",       "payload-unexpected", "shutdown-flags",
                                 "seqpacket-flags",  "flags-unexpected"};
    assert_string_equal(vvs_header_fault_name(0), "none");
    for (unsigned i = 0; i < COUNT_OF(names); i++) {
        assert_string_equal(vvs_header_fault_name(1u << i), names[i]);
        assert_string_equal(vvs_header_fault_name(0xffu << i & 0xff), names[i]);
    }
    for (unsigned i = COUNT_OF(names); i < 32; i++)
        assert_string_equal(vvs_header_fault_name(1u << i), "none");
}

static void test_reply(void **state)
{
    (void)state;
    struct guest_header header = guest_rw(77);
    header.type = VVS_TYPE_SEQPACKET;
    uint8_t bytes[VVS_HDR_BYTES];
    uint8_t own[VVS_HDR_BYTES] = {0};
    struct vvs_slice own_slices[2];
    struct vvs_packet request = blank();
    struct vvs_packet reply;
    guest_header_bytes(bytes, &header);
    assert_status(vvs_packet_set_header(&request, bytes, VVS_HDR_BYTES), VVS_OK);
    assert_status(vvs_packet_from_buffers(&reply, own_slices, 2, own, VVS_HDR_BYTES, NULL, 0, true),
                  VVS_OK);
    assert_status(vvs_packet_set_header(&reply, bytes, VVS_HDR_BYTES), VVS_OK);
    vvs_packet_set_reply(&reply, &request, VVS_OP_RST);

    const struct guest_header expected = {
        .src_cid = header.dst_cid,
        .dst_cid = header.src_cid,
        .src_port = header.dst_port,
        .dst_port = header.src_port,
        .type = VVS_TYPE_SEQPACKET,
        .op = VVS_OP_RST,
    };
    assert_memory_equal(vvs_packet_header(&request), bytes, VVS_HDR_BYTES);
    guest_header_bytes(bytes, &expected);
    assert_memory_equal(vvs_packet_header(&reply), bytes, VVS_HDR_BYTES);
}

static void buffers_are(uint8_t *header, uint32_t header_len, uint8_t *payload,
                        uint32_t payload_len, uint32_t slice_count, bool writable,
                        enum vvs_status expected)
{
    struct vvs_packet packet;
    struct vvs_slice own[2];
    fill_pattern(&packet);
    assert_status(vvs_packet_from_buffers(&packet, own, slice_count, header, header_len, payload,
                                          payload_len, writable),
                  expected);
    if (expected != VVS_OK)
        assert_untouched(&packet);
}

static void test_buffers_arguments(void **state)
{
    (void)state;
    uint8_t header[64] = {0};
    uint8_t payload[10] = {0};
    buffers_are(header, 44, payload, 10, 2, false, VVS_OK);
    buffers_are(header, 43, payload, 10, 2, false, VVS_E_ARGUMENT);
    buffers_are(header, 45, payload, 10, 2, false, VVS_E_ARGUMENT);
    buffers_are(NULL, 44, payload, 10, 2, false, VVS_E_ARGUMENT);
    buffers_are(header, 44, NULL, 10, 2, false, VVS_E_ARGUMENT);
    buffers_are(header, 44, NULL, 0, 2, false, VVS_OK);
    buffers_are(header, 44, payload, 10, 1, false, VVS_E_SLICES);
    buffers_are(header, 44, payload, 10, 0, true, VVS_E_SLICES);
    header[24] = 10;
    buffers_are(header, 44, payload, 10, 2, false, VVS_OK);
    header[24] = 11;
    buffers_are(header, 44, payload, 10, 2, false, VVS_E_PAYLOAD_SHORT);
    buffers_are(header, 44, payload, 10, 2, true, VVS_OK);
    /* The payload is not looked at, so that its length may be any. */
    buffers_are(header, 44, payload, VVS_PAYLOAD_BYTES_MAX, 2, true, VVS_OK);
    buffers_are(header, 44, payload, VVS_PAYLOAD_BYTES_MAX + 1, 2, true, VVS_E_ARGUMENT);
}

static void test_buffers_read_only(void **state)
{
    (void)state;
    const struct guest_header fields = guest_rw(4);
    uint8_t header[VVS_HDR_BYTES];
    uint8_t payload[6] = {1, 2, 3, 4, 5, 6};
    uint8_t copy[4];
    struct vvs_packet packet;
    uint32_t used_len;
    uint32_t count;
    guest_header_bytes(header, &fields);
    assert_status(vvs_packet_from_buffers(&packet, slices, 2, header, 44, payload, 6, false),
                  VVS_OK);
    assert_true(vvs_packet_dst_cid(&packet) == fields.dst_cid);
    assert_int_equal(vvs_packet_capacity(&packet), 4);
    assert_status(vvs_packet_read(&packet, copy, 0, 4), VVS_OK);
    assert_memory_equal(copy, payload, 4);
    assert_status(vvs_packet_read(&packet, copy, 0, 5), VVS_E_CAPACITY);
    const struct vvs_slice *lent = vvs_packet_payload_slices(&packet, &count);
    assert_int_equal(count, 1);
    assert_ptr_equal(lent[0].data, payload);
    assert_int_equal(lent[0].len, 4);
    lent = vvs_packet_header_slices(&packet, &count);
    assert_int_equal(count, 1);
    assert_ptr_equal(lent[0].data, header);
    assert_status(vvs_packet_write(&packet, 0, copy, 1), VVS_E_READ_ONLY);
    assert_status(vvs_packet_commit(&packet, &used_len), VVS_E_READ_ONLY);
}

static void test_buffers_without_payload(void **state)
{
    (void)state;
    uint8_t header[VVS_HDR_BYTES] = {0};
    for (int writable = 0; writable < 2; writable++) {
        struct vvs_packet packet;
        uint32_t count;
        assert_status(vvs_packet_from_buffers(&packet, slices, 2, header, 44, NULL, 0, writable),
                      VVS_OK);
        vvs_packet_header_slices(&packet, &count);
        assert_int_equal(count, 1);
        vvs_packet_payload_slices(&packet, &count);
        assert_int_equal(count, 0);
    }
}

static void test_buffers_writable(void **state)
{
    (void)state;
    const uint8_t bytes[6] = {9, 8, 7, 6, 5, 4};
    uint8_t header[VVS_HDR_BYTES] = {0};
    uint8_t payload[6] = {1, 2, 3, 4, 5, 6};
    uint8_t expected[VVS_HDR_BYTES];
    const struct guest_header fields = guest_rw(5);
    struct vvs_packet packet;
    uint32_t used_len = 0;
    guest_header_bytes(expected, &fields);
    fill_pattern(&packet);
    assert_status(vvs_packet_from_buffers(&packet, slices, 2, header, 44, payload, 6, true),
                  VVS_OK);
    assert_int_equal(vvs_packet_capacity(&packet), 6);
    vvs_packet_set_len(&packet, 1);
    assert_status(vvs_packet_commit(&packet, &used_len), VVS_E_UNWRITTEN);
    assert_status(vvs_packet_write(&packet, 0, bytes, 7), VVS_E_CAPACITY);
    assert_status(vvs_packet_write(&packet, 0, bytes, 5), VVS_OK);
    assert_status(vvs_packet_set_header(&packet, expected, VVS_HDR_BYTES), VVS_OK);
    assert_int_equal(header[0], 0);
    assert_status(vvs_packet_commit(&packet, &used_len), VVS_OK);
    assert_int_equal(used_len, 49);
    assert_memory_equal(header, expected, VVS_HDR_BYTES);
    assert_memory_equal(payload, ((const uint8_t[]){9, 8, 7, 6, 5, 6}), 6);
    assert_status(vvs_packet_commit(&packet, &used_len), VVS_E_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_getters),
        cmocka_unit_test(test_setters),
        cmocka_unit_test(test_set_flag_and_is_empty),
        cmocka_unit_test(test_set_header_length),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_fault_names),
        cmocka_unit_test(test_reply),
        cmocka_unit_test(test_buffers_arguments),
        cmocka_unit_test(test_buffers_read_only),
        cmocka_unit_test(test_buffers_without_payload),
        cmocka_unit_test(test_buffers_writable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
