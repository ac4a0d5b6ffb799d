/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* spec.h against the Linux UAPI headers, wherever Linux has the same thing. */
#include "guest.h"

#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <linux/virtio_vsock.h>

#define assert_member(ours, our_member, theirs, their_member)                                      \
    do {                                                                                           \
        assert_int_equal(offsetof(struct ours, our_member),                                        \
                         offsetof(struct theirs, their_member));                                   \
        assert_int_equal(sizeof(((struct ours *)0)->our_member),                                   \
                         sizeof(((struct theirs *)0)->their_member));                              \
    } while (0)

static void test_header_layout(void **state)
{
    (void)state;
    assert_int_equal(sizeof(struct vvs_hdr_wire), sizeof(struct virtio_vsock_hdr));
    assert_int_equal(VVS_HDR_BYTES, sizeof(struct virtio_vsock_hdr));
    assert_member(vvs_hdr_wire, src_cid, virtio_vsock_hdr, src_cid);
    assert_member(vvs_hdr_wire, dst_cid, virtio_vsock_hdr, dst_cid);
    assert_member(vvs_hdr_wire, src_port, virtio_vsock_hdr, src_port);
    assert_member(vvs_hdr_wire, dst_port, virtio_vsock_hdr, dst_port);
    assert_member(vvs_hdr_wire, len, virtio_vsock_hdr, len);
    assert_member(vvs_hdr_wire, type, virtio_vsock_hdr, type);
    assert_member(vvs_hdr_wire, op, virtio_vsock_hdr, op);
    assert_member(vvs_hdr_wire, flags, virtio_vsock_hdr, flags);
    assert_member(vvs_hdr_wire, buf_alloc, virtio_vsock_hdr, buf_alloc);
    assert_member(vvs_hdr_wire, fwd_cnt, virtio_vsock_hdr, fwd_cnt);
}

static void test_socket_constants(void **state)
{
    (void)state;
    assert_int_equal(VVS_DEVICE_ID, VIRTIO_ID_VSOCK);
    assert_int_equal(VVS_F_SEQPACKET, VIRTIO_VSOCK_F_SEQPACKET);
    assert_int_equal(VVS_CONFIG_BYTES, sizeof(struct virtio_vsock_config));
    assert_int_equal(VVS_EVENT_BYTES, sizeof(struct virtio_vsock_event));
    assert_int_equal(VVS_EVENT_TRANSPORT_RESET, VIRTIO_VSOCK_EVENT_TRANSPORT_RESET);
    assert_int_equal(VVS_TYPE_STREAM, VIRTIO_VSOCK_TYPE_STREAM);
    assert_int_equal(VVS_TYPE_SEQPACKET, VIRTIO_VSOCK_TYPE_SEQPACKET);
    assert_int_equal(VVS_OP_INVALID, VIRTIO_VSOCK_OP_INVALID);
    assert_int_equal(VVS_OP_REQUEST, VIRTIO_VSOCK_OP_REQUEST);
    assert_int_equal(VVS_OP_RESPONSE, VIRTIO_VSOCK_OP_RESPONSE);
    assert_int_equal(VVS_OP_RST, VIRTIO_VSOCK_OP_RST);
    assert_int_equal(VVS_OP_SHUTDOWN, VIRTIO_VSOCK_OP_SHUTDOWN);
    assert_int_equal(VVS_OP_RW, VIRTIO_VSOCK_OP_RW);
    assert_int_equal(VVS_OP_CREDIT_UPDATE, VIRTIO_VSOCK_OP_CREDIT_UPDATE);
    assert_int_equal(VVS_OP_CREDIT_REQUEST, VIRTIO_VSOCK_OP_CREDIT_REQUEST);
    assert_int_equal(VVS_SHUTDOWN_F_RECEIVE, VIRTIO_VSOCK_SHUTDOWN_RCV);
    assert_int_equal(VVS_SHUTDOWN_F_SEND, VIRTIO_VSOCK_SHUTDOWN_SEND);
    assert_int_equal(VVS_SEQ_EOM, VIRTIO_VSOCK_SEQ_EOM);
    assert_int_equal(VVS_SEQ_EOR, VIRTIO_VSOCK_SEQ_EOR);
}

static void test_feature_bits(void **state)
{
    (void)state;
    assert_int_equal(VVS_F_INDIRECT_DESC, VIRTIO_RING_F_INDIRECT_DESC);
    assert_int_equal(VVS_F_EVENT_IDX, VIRTIO_RING_F_EVENT_IDX);
    assert_int_equal(VVS_F_VERSION_1, VIRTIO_F_VERSION_1);
    assert_int_equal(VVS_F_ACCESS_PLATFORM, VIRTIO_F_ACCESS_PLATFORM);
    assert_int_equal(VVS_F_RING_PACKED, VIRTIO_F_RING_PACKED);
    assert_int_equal(VVS_F_IN_ORDER, VIRTIO_F_IN_ORDER);
    assert_int_equal(VVS_F_ORDER_PLATFORM, VIRTIO_F_ORDER_PLATFORM);
    assert_int_equal(VVS_F_SR_IOV, VIRTIO_F_SR_IOV);
    assert_int_equal(VVS_F_RING_RESET, VIRTIO_F_RING_RESET);
    assert_true(VVS_FEATURE(VVS_F_RING_RESET) == UINT64_C(0x10000000000));
}

static void test_split_layout(void **state)
{
    (void)state;
    assert_int_equal(sizeof(struct vvs_split_desc_wire), sizeof(struct vring_desc));
    assert_member(vvs_split_desc_wire, addr, vring_desc, addr);
    assert_member(vvs_split_desc_wire, len, vring_desc, len);
    assert_member(vvs_split_desc_wire, flags, vring_desc, flags);
    assert_member(vvs_split_desc_wire, next, vring_desc, next);
    assert_int_equal(VVS_AVAIL_IDX_OFFSET, offsetof(struct vring_avail, idx));
    assert_int_equal(VVS_AVAIL_RING_OFFSET, offsetof(struct vring_avail, ring));
    assert_int_equal(VVS_AVAIL_SLOT_BYTES, sizeof(((struct vring_avail *)0)->ring[0]));
    assert_int_equal(VVS_USED_IDX_OFFSET, offsetof(struct vring_used, idx));
    assert_int_equal(VVS_USED_RING_OFFSET, offsetof(struct vring_used, ring));
    assert_int_equal(VVS_USED_ELEM_BYTES, sizeof(struct vring_used_elem));
    assert_int_equal(VVS_SPLIT_DESC_ALIGN, VRING_DESC_ALIGN_SIZE);
    assert_int_equal(VVS_SPLIT_AVAIL_ALIGN, VRING_AVAIL_ALIGN_SIZE);
    assert_int_equal(VVS_SPLIT_USED_ALIGN, VRING_USED_ALIGN_SIZE);
    assert_int_equal(VVS_AVAIL_F_NO_INTERRUPT, VRING_AVAIL_F_NO_INTERRUPT);
    assert_int_equal(VVS_USED_F_NO_NOTIFY, VRING_USED_F_NO_NOTIFY);
    assert_int_equal(VVS_DESC_F_NEXT, VRING_DESC_F_NEXT);
    assert_int_equal(VVS_DESC_F_WRITE, VRING_DESC_F_WRITE);
    assert_int_equal(VVS_DESC_F_INDIRECT, VRING_DESC_F_INDIRECT);
}

static void test_packed_layout(void **state)
{
    (void)state;
    assert_int_equal(sizeof(struct vvs_packed_desc_wire), sizeof(struct vring_packed_desc));
    assert_member(vvs_packed_desc_wire, addr, vring_packed_desc, addr);
    assert_member(vvs_packed_desc_wire, len, vring_packed_desc, len);
    assert_member(vvs_packed_desc_wire, id, vring_packed_desc, id);
    assert_member(vvs_packed_desc_wire, flags, vring_packed_desc, flags);
    assert_int_equal(VVS_PACKED_DESC_F_AVAIL, 1u << VRING_PACKED_DESC_F_AVAIL);
    assert_int_equal(VVS_PACKED_DESC_F_USED, 1u << VRING_PACKED_DESC_F_USED);
    assert_int_equal(VVS_PACKED_EVENT_BYTES, sizeof(struct vring_packed_desc_event));
    assert_int_equal(VVS_PACKED_EVENT_FLAGS_OFFSET,
                     offsetof(struct vring_packed_desc_event, flags));
    assert_int_equal(VVS_PACKED_EVENT_ENABLE, VRING_PACKED_EVENT_FLAG_ENABLE);
    assert_int_equal(VVS_PACKED_EVENT_DISABLE, VRING_PACKED_EVENT_FLAG_DISABLE);
    assert_int_equal(VVS_PACKED_EVENT_DESC, VRING_PACKED_EVENT_FLAG_DESC);
    assert_int_equal(VVS_PACKED_EVENT_WRAP, 1u << VRING_PACKED_EVENT_F_WRAP_CTR);
}

/* What Linux has no name for, from the text of virtio 1.4. */
static void test_unnamed_by_linux(void **state)
{
    (void)state;
    assert_int_equal(VVS_QUEUE_RX, 0);
    assert_int_equal(VVS_QUEUE_TX, 1);
    assert_int_equal(VVS_QUEUE_EVENT, 2);
    assert_int_equal(VVS_F_STREAM, 0);
    assert_int_equal(VVS_F_NO_IMPLIED_STREAM, 2);
    assert_int_equal(VVS_F_NOTIFICATION_DATA, 38);
    assert_int_equal(VVS_F_NOTIF_CONFIG_DATA, 39);
    assert_int_equal(VVS_QUEUE_SIZE_MAX, 32768);
    assert_int_equal(VVS_CHAIN_BYTES_MAX, UINT64_C(4294967296));
    assert_int_equal(VVS_PACKED_DESC_ALIGN, 16);
    assert_int_equal(VVS_PACKED_EVENT_ALIGN, 4);
    assert_int_equal(VVS_CID_HYPERVISOR, 0);
    assert_int_equal(VVS_CID_LOCAL, 1);
    assert_int_equal(VVS_CID_HOST, 2);
    assert_int_equal(VVS_CID_ANY, 0xffffffff);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header_layout), cmocka_unit_test(test_socket_constants),
        cmocka_unit_test(test_feature_bits),  cmocka_unit_test(test_split_layout),
        cmocka_unit_test(test_packed_layout), cmocka_unit_test(test_unnamed_by_linux),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
