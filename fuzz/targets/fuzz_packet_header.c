/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A packet in the caller's own memory: each setter, getter and check, and what commit publishes.
 *
 * Target: vvs_packet_from_buffers, every getter and setter, _faults, _set_reply, _write,
 *         _set_written, _read, _payload_range, _commit, _abort
 * Input:  44 header bytes; a byte: bit 0 writable, the rest the payload's capacity; then operations
 *         of 9 bytes: number modulo 16 (field 0 to 9 in wire order, 10 flag, 11 header, 12 reply,
 *         13 write, 14 commit, 15 abort), value in 8 bytes, little-endian. What is missing is zero.
 *         Of a write: offset, length, first byte; bit 63: bytes written through the slices instead
 * Oracle: sanitizers, header-model */
#include <string.h>

#include "header_model.h"
#include "oracle.h"
#include "stats.h"
#include "target.h"
#include "used_len.h"

#define NAME "header-model"
#define OP_BYTES 9u
#define PAYLOAD_MAX 128u

struct state {
    struct header_model model;
    struct vvs_packet packet;
    uint8_t header[VVS_HDR_BYTES]; /* the caller's */
    uint8_t payload[PAYLOAD_MAX];
    uint8_t expected[PAYLOAD_MAX]; /* what was written to it */
    uint32_t capacity, written;
    bool writable, done;
};

static void expect(const char *what, enum vvs_status got, enum vvs_status expected)
{
    if (got != expected) {
        oracle_fail(NAME, "%s gives %s, expected %s", what, vvs_status_name(got),
                    vvs_status_name(expected));
    }
}

static enum vvs_status writable(const struct state *s)
{
    return !s->writable ? VVS_E_READ_ONLY : s->done ? VVS_E_DONE : VVS_OK;
}

/* The caller wrote through the slices, and says how much. */
static void do_set_written(struct state *s, uint32_t len)
{
    enum vvs_status expected = writable(s);
    if (expected == VVS_OK && len > s->capacity) {
        expected = VVS_E_CAPACITY;
    }
    expect("set_written", vvs_packet_set_written(&s->packet, len), expected);
    if (expected == VVS_OK) {
        s->written = len;
    }
}

static void do_write(struct state *s, uint64_t value)
{
    uint8_t bytes[PAYLOAD_MAX] = {0};
    uint32_t offset = (uint32_t)value & 0xff;
    uint32_t len = (uint32_t)(value >> 8) % (PAYLOAD_MAX + 1);
    enum vvs_status expected = writable(s);
    if (value >> 63 != 0) {
        do_set_written(s, len);
        return;
    }
    if (expected == VVS_OK && offset + len > s->capacity) {
        expected = VVS_E_CAPACITY;
    } else if (expected == VVS_OK && offset > s->written) {
        expected = VVS_E_UNWRITTEN;
    }
    for (uint32_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)((value >> 16) + i);
    }
    if (writable(s) == VVS_OK) {
        expect("write", vvs_packet_write(&s->packet, s->written, bytes, UINT32_MAX),
               VVS_E_CAPACITY);
    }
    expect("write", vvs_packet_write(&s->packet, offset, bytes, len), expected);
    if (expected == VVS_OK) {
        memcpy(s->expected + offset, bytes, len);
        s->written = offset + len > s->written ? offset + len : s->written;
    }
}

/* Payload as it can be read back: all of it, and from its middle on. */
static void check_payload(const struct state *s)
{
    uint8_t bytes[PAYLOAD_MAX];
    struct vvs_slice slice;
    uint32_t count = 0;
    uint32_t len = vvs_packet_capacity(&s->packet);
    uint32_t half = len / 2;
    expect("read", vvs_packet_read(&s->packet, bytes, half, len - half), VVS_OK);
    expect("read", vvs_packet_read(&s->packet, bytes, half, len - half + 1), VVS_E_CAPACITY);
    expect("read", vvs_packet_read(&s->packet, bytes, half, 0u - half),
           half == 0 ? VVS_OK : VVS_E_CAPACITY);
    expect("read", vvs_packet_read(&s->packet, bytes, half + 1, UINT32_MAX), VVS_E_CAPACITY);
    if (memcmp(bytes, s->expected + half, len - half) != 0 ||
        memcmp(s->payload, s->expected, PAYLOAD_MAX) != 0) {
        oracle_fail(NAME, "the payload is not what was written");
    }
    expect("payload_range",
           vvs_packet_payload_range(&s->packet, &slice, 1, &count, half, len - half), VVS_OK);
    struct vvs_slice untouched = {NULL, 7};
    expect("payload_range",
           vvs_packet_payload_range(&s->packet, &untouched, 0, &count, half, len - half),
           len == half ? VVS_OK : VVS_E_SLICES);
    expect("payload_range",
           vvs_packet_payload_range(&s->packet, &untouched, 1, &count, half + 1, UINT32_MAX - half),
           VVS_E_CAPACITY);
    if (untouched.data || untouched.len != 7) {
        oracle_fail(NAME, "a range that is refused is written out");
    }
    if (count != (len != half) ||
        (count != 0 && (slice.data != s->payload + half || slice.len != len - half))) {
        oracle_fail(NAME, "%u slices from payload byte %u on", count, half);
    }
}

static void do_commit(struct state *s)
{
    uint32_t used_len = 0;
    uint32_t len = vvs_packet_len(&s->packet);
    enum vvs_status expected = writable(s);
    if (expected == VVS_OK && len > s->capacity) {
        expected = VVS_E_CAPACITY;
    } else if (expected == VVS_OK && len > s->written) {
        expected = VVS_E_UNWRITTEN;
    }
    expect("commit", vvs_packet_commit(&s->packet, &used_len), expected);
    if (expected == VVS_OK) {
        s->done = true;
        if (used_len != VVS_HDR_BYTES + len) {
            /* There is no chain here. */
            oracle_fail(USED_LEN, USED_LEN_IS, used_len, 0u, VVS_HDR_BYTES + len, "");
        } else if (memcmp(s->header, s->model.bytes, VVS_HDR_BYTES) != 0) {
            oracle_fail(NAME, "commit wrote another header");
        }
    }
}

static void operate(struct state *s, uint8_t number, uint64_t value)
{
    struct header_model before = s->model;
    struct vvs_packet request = s->packet;
    uint8_t raw[VVS_HDR_BYTES];
    switch (number) {
    case 10:
        vvs_packet_set_flag(&s->packet, (uint32_t)value);
        header_model_set(&s->model, 7, header_model_get(&s->model, 7) | value);
        break;
    case 11:
        memset(raw, (int)(value & 0xff), sizeof raw);
        memcpy(raw, &value, sizeof value);
        expect("set_header", vvs_packet_set_header(&s->packet, raw, VVS_HDR_BYTES - 1),
               VVS_E_ARGUMENT);
        expect("set_header", vvs_packet_set_header(&s->packet, raw, VVS_HDR_BYTES), VVS_OK);
        memcpy(s->model.bytes, raw, sizeof raw);
        break;
    case 12:
        vvs_packet_set_reply(&s->packet, &request, (uint16_t)value);
        header_model_reply(&s->model, &before, (uint16_t)value);
        break;
    case 13:
        do_write(s, value);
        break;
    case 14:
        do_commit(s);
        break;
    case 15:
        vvs_packet_abort(&s->packet);
        s->done = true;
        break;
    default:
        header_packet_set(&s->packet, number, value);
        header_model_set(&s->model, number, value);
        break;
    }
}

static void play(const uint8_t *bytes, size_t len)
{
    static struct state s;
    uint8_t start[VVS_HDR_BYTES + 1] = {0};
    struct vvs_slice slices[2];
    size_t at = len < sizeof start ? len : sizeof start;
    memset(&s, 0, sizeof s);
    if (at != 0) {
        memcpy(start, bytes, at);
    }
    memcpy(s.model.bytes, start, VVS_HDR_BYTES);
    memcpy(s.header, start, VVS_HDR_BYTES);
    s.writable = (start[VVS_HDR_BYTES] & 1) != 0;
    s.capacity = start[VVS_HDR_BYTES] >> 1;
    uint64_t said = header_model_get(&s.model, 4);
    expect("from_buffers",
           vvs_packet_from_buffers(&s.packet, slices, 2, s.header, VVS_HDR_BYTES - 1, s.payload,
                                   s.capacity, s.writable),
           VVS_E_ARGUMENT);
    expect("from_buffers",
           vvs_packet_from_buffers(&s.packet, slices, 1, s.header, VVS_HDR_BYTES, s.payload,
                                   s.capacity, s.writable),
           VVS_E_SLICES);
    enum vvs_status status = vvs_packet_from_buffers(&s.packet, slices, 2, s.header, VVS_HDR_BYTES,
                                                     s.payload, s.capacity, s.writable);
    expect("from_buffers", status, !s.writable && said > s.capacity ? VVS_E_PAYLOAD_SHORT : VVS_OK);
    if (status == VVS_OK) {
        stats_packet(s.writable, false, 0); /* in no ring, so without a tag */
    }
    while (status == VVS_OK) {
        header_model_check(&s.model, &s.packet);
        if (at == len) {
            check_payload(&s);
            break;
        }
        uint8_t operation[OP_BYTES] = {0};
        size_t taken = len - at < OP_BYTES ? len - at : OP_BYTES;
        memcpy(operation, bytes + at, taken);
        uint64_t value = 0;
        for (uint32_t i = OP_BYTES; i-- > 1;) {
            value = value << 8 | operation[i];
        }
        operate(&s, operation[0] % 16, value);
        at += taken;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    stats_input();
    play(bytes, len);
    stats_end();
    return 0;
}
