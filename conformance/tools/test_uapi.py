# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""lib/include/vvs/spec.h against what Linux says to user space: the compiler reads both."""

import re
import subprocess

import pytest

from conformance.runner.vectors import TOP

SPEC = TOP / "lib/include/vvs/spec.h"
HEADERS = (
    "sys/socket.h",
    "linux/vm_sockets.h",
    "linux/virtio_config.h",
    "linux/virtio_ids.h",
    "linux/virtio_ring.h",
    "linux/virtio_vsock.h",
)
MEMBERS = re.compile(r"\b(VVS_[A-Z0-9_]+) = ")

# Ours, by Linux's expression for the same. A bit number there may be a mask here.
SAME = {
    "VVS_DEVICE_ID": "VIRTIO_ID_VSOCK",
    "VVS_F_SEQPACKET": "VIRTIO_VSOCK_F_SEQPACKET",
    "VVS_F_INDIRECT_DESC": "VIRTIO_RING_F_INDIRECT_DESC",
    "VVS_F_EVENT_IDX": "VIRTIO_RING_F_EVENT_IDX",
    "VVS_F_VERSION_1": "VIRTIO_F_VERSION_1",
    "VVS_F_ACCESS_PLATFORM": "VIRTIO_F_ACCESS_PLATFORM",
    "VVS_F_RING_PACKED": "VIRTIO_F_RING_PACKED",
    "VVS_F_IN_ORDER": "VIRTIO_F_IN_ORDER",
    "VVS_F_ORDER_PLATFORM": "VIRTIO_F_ORDER_PLATFORM",
    "VVS_F_SR_IOV": "VIRTIO_F_SR_IOV",
    "VVS_F_RING_RESET": "VIRTIO_F_RING_RESET",
    "VVS_HDR_BYTES": "sizeof(struct virtio_vsock_hdr)",
    "VVS_OP_INVALID": "VIRTIO_VSOCK_OP_INVALID",
    "VVS_OP_REQUEST": "VIRTIO_VSOCK_OP_REQUEST",
    "VVS_OP_RESPONSE": "VIRTIO_VSOCK_OP_RESPONSE",
    "VVS_OP_RST": "VIRTIO_VSOCK_OP_RST",
    "VVS_OP_SHUTDOWN": "VIRTIO_VSOCK_OP_SHUTDOWN",
    "VVS_OP_RW": "VIRTIO_VSOCK_OP_RW",
    "VVS_OP_CREDIT_UPDATE": "VIRTIO_VSOCK_OP_CREDIT_UPDATE",
    "VVS_OP_CREDIT_REQUEST": "VIRTIO_VSOCK_OP_CREDIT_REQUEST",
    "VVS_TYPE_STREAM": "VIRTIO_VSOCK_TYPE_STREAM",
    "VVS_TYPE_SEQPACKET": "VIRTIO_VSOCK_TYPE_SEQPACKET",
    "VVS_CID_HYPERVISOR": "VMADDR_CID_HYPERVISOR",
    "VVS_CID_LOCAL": "VMADDR_CID_LOCAL",
    "VVS_CID_HOST": "VMADDR_CID_HOST",
    "VVS_CID_ANY": "(uint32_t)VMADDR_CID_ANY",
    "VVS_SHUTDOWN_F_RECEIVE": "VIRTIO_VSOCK_SHUTDOWN_RCV",
    "VVS_SHUTDOWN_F_SEND": "VIRTIO_VSOCK_SHUTDOWN_SEND",
    "VVS_SEQ_EOM": "VIRTIO_VSOCK_SEQ_EOM",
    "VVS_SEQ_EOR": "VIRTIO_VSOCK_SEQ_EOR",
    "VVS_CONFIG_BYTES": "sizeof(struct virtio_vsock_config)",
    "VVS_EVENT_BYTES": "sizeof(struct virtio_vsock_event)",
    "VVS_EVENT_TRANSPORT_RESET": "VIRTIO_VSOCK_EVENT_TRANSPORT_RESET",
    "VVS_DESC_BYTES": "sizeof(struct vring_desc)",
    "VVS_DESC_F_NEXT": "VRING_DESC_F_NEXT",
    "VVS_DESC_F_WRITE": "VRING_DESC_F_WRITE",
    "VVS_DESC_F_INDIRECT": "VRING_DESC_F_INDIRECT",
    "VVS_SPLIT_DESC_ALIGN": "VRING_DESC_ALIGN_SIZE",
    "VVS_SPLIT_AVAIL_ALIGN": "VRING_AVAIL_ALIGN_SIZE",
    "VVS_SPLIT_USED_ALIGN": "VRING_USED_ALIGN_SIZE",
    "VVS_AVAIL_F_NO_INTERRUPT": "VRING_AVAIL_F_NO_INTERRUPT",
    "VVS_USED_F_NO_NOTIFY": "VRING_USED_F_NO_NOTIFY",
    "VVS_AVAIL_IDX_OFFSET": "offsetof(struct vring_avail, idx)",
    "VVS_AVAIL_RING_OFFSET": "offsetof(struct vring_avail, ring)",
    "VVS_AVAIL_SLOT_BYTES": "sizeof(((struct vring_avail *)0)->ring[0])",
    "VVS_USED_IDX_OFFSET": "offsetof(struct vring_used, idx)",
    "VVS_USED_RING_OFFSET": "offsetof(struct vring_used, ring)",
    "VVS_USED_ELEM_BYTES": "sizeof(struct vring_used_elem)",
    "VVS_PACKED_DESC_F_AVAIL": "1 << VRING_PACKED_DESC_F_AVAIL",
    "VVS_PACKED_DESC_F_USED": "1 << VRING_PACKED_DESC_F_USED",
    "VVS_PACKED_EVENT_BYTES": "sizeof(struct vring_packed_desc_event)",
    "VVS_PACKED_EVENT_FLAGS_OFFSET": "offsetof(struct vring_packed_desc_event, flags)",
    "VVS_PACKED_EVENT_ENABLE": "VRING_PACKED_EVENT_FLAG_ENABLE",
    "VVS_PACKED_EVENT_DISABLE": "VRING_PACKED_EVENT_FLAG_DISABLE",
    "VVS_PACKED_EVENT_DESC": "VRING_PACKED_EVENT_FLAG_DESC",
    "VVS_PACKED_EVENT_WRAP": "1 << VRING_PACKED_EVENT_F_WRAP_CTR",
}
# What those headers have no word for, or have it in newer versions only: not compared.
UNSAID = {
    "VVS_F_STREAM", "VVS_F_NO_IMPLIED_STREAM", "VVS_F_NOTIFICATION_DATA", "VVS_F_NOTIF_CONFIG_DATA",
    "VVS_QUEUE_RX", "VVS_QUEUE_TX", "VVS_QUEUE_EVENT", "VVS_QUEUE_SIZE_MAX", "VVS_CHAIN_BYTES_MAX",
    "VVS_PACKED_DESC_ALIGN", "VVS_PACKED_EVENT_ALIGN",
}  # fmt: skip
STRUCTS = {
    "vvs_hdr_wire": "virtio_vsock_hdr",
    "vvs_split_desc_wire": "vring_desc",
    "vvs_packed_desc_wire": "vring_packed_desc",
}
STRUCT = re.compile(r"^struct (vvs_\w+) \{(.*?)^\};", re.MULTILINE | re.DOTALL)
FIELD = re.compile(r"uint8_t (\w+)\[")


def names(text):
    """The constants of spec.h."""
    defined = re.findall(r"^#define (VVS_[A-Z0-9_]+) \S", text, re.MULTILINE)
    return {*defined, *MEMBERS.findall(text)}


def pairs(text):
    """Expressions in C that have to be equal: ours, theirs."""
    yield from SAME.items()
    for ours, body in STRUCT.findall(text):
        theirs = STRUCTS[ours]
        yield f"sizeof(struct {ours})", f"sizeof(struct {theirs})"
        for field in FIELD.findall(body):
            for measure in ("offsetof(struct {}, {})", "sizeof(((struct {} *)0)->{})"):
                yield measure.format(ours, field), measure.format(theirs, field)


def differences(text, folder):
    """The pairs that the compiler finds unequal."""
    (folder / "spec.h").write_text(text)
    lines = [f'    compare("{ours}", {ours}, "{theirs}", {theirs});' for ours, theirs in pairs(text)]
    includes = "\n".join(f"#include <{name}>" for name in HEADERS)
    source = folder / "compare.c"
    source.write_text(PROGRAM.format(includes=includes, comparisons="\n".join(lines)))
    program = folder / "compare"
    subprocess.run(["gcc", "-std=c11", source, "-o", program], check=True, timeout=60)
    done = subprocess.run([program], capture_output=True, text=True, check=True, timeout=10)
    assert done.stdout.splitlines()[-1] == f"{len(lines)} compared"
    return done.stdout.splitlines()[:-1]


PROGRAM = """\
#include <stdio.h>
{includes}
#include "spec.h"

static int count;

static void compare(const char *ours, unsigned long long a, const char *theirs, unsigned long long b)
{{
    count++;
    if (a != b)
        printf("%s is %#llx, %s is %#llx\\n", ours, a, theirs, b);
}}

int main(void)
{{
{comparisons}
    printf("%d compared\\n", count);
}}
"""


def test_each_constant_is_linux_s(tmp_path):
    assert differences(SPEC.read_text(), tmp_path) == []


def test_no_constant_is_left_out():
    assert names(SPEC.read_text()) == {*SAME, *UNSAID}
    assert not SAME.keys() & UNSAID


PLANTED = {
    "VVS_F_RING_PACKED is 0x21": ("VVS_F_RING_PACKED 34", "VVS_F_RING_PACKED 33"),
    "VVS_OP_SHUTDOWN is 0x3": ("VVS_OP_SHUTDOWN = 4", "VVS_OP_SHUTDOWN = 3"),
    "VVS_PACKED_EVENT_WRAP is 0x4000": (
        "VVS_PACKED_EVENT_WRAP (1u << 15)",
        "VVS_PACKED_EVENT_WRAP (1u << 14)",
    ),
    "offsetof(struct vvs_hdr_wire, buf_alloc) is 0x28": (
        "    uint8_t buf_alloc[4];\n    uint8_t fwd_cnt[4];\n",
        "    uint8_t fwd_cnt[4];\n    uint8_t buf_alloc[4];\n",
    ),
}


@pytest.mark.parametrize("told", PLANTED)
def test_a_wrong_constant_is_told(told, tmp_path):
    text = SPEC.read_text()
    right, wrong = PLANTED[told]
    assert text.count(right) == 1
    found = differences(text.replace(right, wrong), tmp_path)
    assert any(line.startswith(f"{told}, ") for line in found), found
