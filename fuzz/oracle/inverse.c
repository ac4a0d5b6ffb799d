/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Single calls of the library and their inverses, on what is live in a run. */
#include <inttypes.h>
#include <string.h>

#include "header_model.h"
#include "observer.h"
#include "oracle.h"
#include "round_trip.h"

#define NAME "round-trip"
#define WHOLE_BYTES 2048u
#define WHOLE_SLICES 512u
#define RANGES 2u

static uint8_t whole[WHOLE_BYTES];
static uint8_t part[WHOLE_BYTES];

static void expect(const char *what, enum vvs_status got)
{
    if (got != VVS_OK) {
        oracle_fail(NAME, "%s gives %s", what, vvs_status_name(got));
    }
}

static void check_fields(const struct vvs_packet *packet)
{
    static const uint8_t zeros[VVS_HDR_BYTES];
    struct vvs_packet copy = *packet;
    struct header_model model;
    memcpy(model.bytes, vvs_packet_header(packet), VVS_HDR_BYTES);
    header_model_check(&model, packet);
    expect("set_header", vvs_packet_set_header(&copy, zeros, sizeof zeros));
    for (uint32_t field = 0; field < HEADER_FIELDS; field++) {
        header_packet_set(&copy, field, header_model_get(&model, field));
    }
    if (memcmp(vvs_packet_header(&copy), model.bytes, VVS_HDR_BYTES) != 0) {
        oracle_fail(NAME, "each field set to what it was gives another header");
    }
}

static void check_reply(const struct vvs_packet *packet)
{
    struct vvs_packet reply = *packet;
    struct vvs_packet again = *packet;
    vvs_packet_set_reply(&reply, packet, VVS_OP_RST);
    vvs_packet_set_reply(&again, &reply, VVS_OP_RST);
    const uint32_t end = offsetof(struct vvs_hdr_wire, len);
    if (memcmp(vvs_packet_header(&again), vvs_packet_header(packet), end) != 0 ||
        vvs_packet_type(&again) != vvs_packet_type(packet)) {
        oracle_fail(NAME, "the reply to a reply is not addressed as the request was");
    }
}

/* With one slice less than it takes a range is refused, and nothing of it written out. */
static void check_too_few(const struct vvs_packet *packet, uint32_t offset, uint32_t len,
                          uint32_t count)
{
    static struct vvs_slice slices[WHOLE_SLICES];
    const struct vvs_slice untouched = {slices, 7};
    uint32_t told = 7;
    for (uint32_t i = 0; i + 1 < count; i++) {
        slices[i] = untouched;
    }
    enum vvs_status status =
        vvs_packet_payload_range(packet, slices, count - 1, &told, offset, len);
    bool spoiled = told != 7;
    for (uint32_t i = 0; i + 1 < count; i++) {
        spoiled = spoiled || slices[i].data != slices || slices[i].len != 7;
    }
    if (status != VVS_E_SLICES || spoiled) {
        oracle_fail(NAME, "a range of %u slices in %u gives %s%s", count, count - 1,
                    vvs_status_name(status), spoiled ? ", and is written out" : "");
    }
}

static void check_slices(const struct vvs_packet *packet, uint32_t offset, uint32_t len)
{
    static struct vvs_slice slices[WHOLE_SLICES];
    uint32_t count = 0;
    uint32_t at = offset;
    expect("payload_range",
           vvs_packet_payload_range(packet, slices, WHOLE_SLICES, &count, offset, len));
    if (count != 0) {
        check_too_few(packet, offset, len, count);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (slices[i].len > offset + len - at ||
            memcmp(slices[i].data, whole + at, slices[i].len) != 0) {
            oracle_fail(NAME, "slice %u of payload %u to %u is another part of it", i, offset,
                        offset + len);
            return;
        }
        at += (uint32_t)slices[i].len;
    }
    if (at != offset + len) {
        oracle_fail(NAME, "the slices of payload %u to %u end at %u", offset, offset + len, at);
    }
}

/* Parts of the payload against the whole of it, which one read gave; what is read and written back
 * stays as it was. */
static void check_ranges(const struct vvs_packet *packet, struct rng *rng)
{
    struct vvs_packet copy = *packet;
    uint32_t capacity = vvs_packet_capacity(packet);
    uint32_t count = capacity < WHOLE_BYTES ? capacity : WHOLE_BYTES;
    expect("read", vvs_packet_read(packet, whole, 0, count));
    for (uint32_t i = 0; i < RANGES; i++) {
        uint32_t offset = rng_below(rng, count + 1);
        uint32_t len = rng_below(rng, count - offset + 1);
        expect("read", vvs_packet_read(packet, part, offset, len));
        if (memcmp(part, whole + offset, len) != 0) {
            oracle_fail(NAME, "payload %u to %u read alone is other bytes", offset, offset + len);
        }
        check_slices(packet, offset, len);
        if (packet->writable && offset + len <= packet->written) {
            expect("write", vvs_packet_write(&copy, offset, part, len));
        }
        uint32_t beyond = capacity - offset + 1;
        if (vvs_packet_read(packet, part, offset, beyond) != VVS_E_CAPACITY) {
            oracle_fail(NAME, "a read of payload %u to %u beyond %u is not refused", offset,
                        offset + beyond, capacity);
        }
    }
    expect("read", vvs_packet_read(packet, part, 0, count));
    if (memcmp(part, whole, count) != 0) {
        oracle_fail(NAME, "payload read and written back is other bytes");
    }
}

/* The same header and payload in the caller's memory. `whole` has the payload. */
static void check_own(const struct vvs_packet *packet)
{
    struct vvs_packet own;
    struct vvs_slice slices[2];
    uint8_t header[VVS_HDR_BYTES];
    uint32_t len = vvs_packet_len(packet);
    uint32_t used_len = 0;
    if (len > vvs_packet_capacity(packet) || len > WHOLE_BYTES) {
        return;
    }
    memcpy(header, vvs_packet_header(packet), sizeof header);
    expect("from_buffers",
           vvs_packet_from_buffers(&own, slices, 2, header, sizeof header, whole, len, false));
    expect("read", vvs_packet_read(&own, part, 0, vvs_packet_capacity(&own)));
    if (vvs_packet_capacity(&own) != len || memcmp(part, whole, len) != 0 ||
        memcmp(vvs_packet_header(&own), header, sizeof header) != 0) {
        oracle_fail(NAME, "the packet is another one in own buffers");
    }
    memset(header, 0, sizeof header);
    memset(part, 0, len);
    expect("from_buffers",
           vvs_packet_from_buffers(&own, slices, 2, header, sizeof header, part, len, true));
    expect("set_header", vvs_packet_set_header(&own, vvs_packet_header(packet), sizeof header));
    expect("write", vvs_packet_write(&own, 0, whole, len));
    expect("commit", vvs_packet_commit(&own, &used_len));
    if (used_len != VVS_HDR_BYTES + len || memcmp(part, whole, len) != 0 ||
        memcmp(vvs_packet_header(packet), header, sizeof header) != 0) {
        oracle_fail(NAME, "the packet built in own buffers is another one");
    }
}

void round_trip_check_packet(const struct vvs_packet *packet, struct rng *rng)
{
    check_fields(packet);
    check_reply(packet);
    check_ranges(packet, rng);
    const struct observer kept = observer;
    observer = (struct observer){.checks = false, .costly = false}; /* it knows the guest's alone */
    check_own(packet);
    observer = kept;
}

static bool same_state(const struct vvs_queue_state *a, const struct vvs_queue_state *b)
{
    return a->avail_index == b->avail_index && a->used_index == b->used_index &&
           a->avail_wrap == b->avail_wrap && a->used_wrap == b->used_wrap;
}

/* A base whose places are inside the queue. Out: whether the available one may be so far ahead. */
static uint32_t base_of(const struct vvs_queue *queue, uint32_t any, bool *out_possible)
{
    uint32_t size = queue->size;
    uint32_t avail = (any & 0x7fff) % size;
    uint32_t used = (any >> 16 & 0x7fff) % size;
    bool lap = (any >> 15 & 1) != any >> 31; /* the available place is in the next one */
    *out_possible = !queue->packed || (lap ? avail <= used : avail >= used);
    return queue->packed ? (any & 0x80008000) | avail | used << 16 : any & UINT16_MAX;
}

void round_trip_check_queue(const struct vvs_queue *queue, uint32_t any)
{
    struct vvs_queue_state state;
    struct vvs_queue_state again;
    bool possible;
    uint32_t base = base_of(queue, any, &possible);
    expect("get_state", vvs_queue_get_state(queue, &state));
    expect("base_to_state",
           vvs_queue_base_to_state(queue, &again, vvs_queue_state_to_base(queue, &state)));
    if (vvs_queue_in_flight(queue) == 0 && !same_state(&state, &again)) {
        oracle_fail(NAME, "a queue at %u/%u comes back at %u/%u", state.avail_index,
                    state.used_index, again.avail_index, again.used_index);
    }
    enum vvs_status status = vvs_queue_base_to_state(queue, &state, base);
    if ((status == VVS_OK) != possible) {
        oracle_fail(NAME, "base 0x%" PRIx32 " gives %s", base, vvs_status_name(status));
    } else if (possible && vvs_queue_state_to_base(queue, &state) != base) {
        oracle_fail(NAME, "base 0x%" PRIx32 " comes back as 0x%" PRIx32, base,
                    vvs_queue_state_to_base(queue, &state));
    }
}

/* Whether a region has that address of the frontend's, and which guest address it is. */
static bool frontend_holds(const struct vvs_memory *memory, uint64_t *out_addr, uint64_t addr)
{
    for (uint32_t i = 0; i < memory->region_count; i++) {
        const struct vvs_region *region = &memory->regions[i];
        if (addr - region->frontend_addr < region->len) {
            *out_addr = region->guest_addr + (addr - region->frontend_addr);
            return true;
        }
    }
    return false;
}

static void check_frontend(const struct vvs_memory *memory, uint64_t addr)
{
    uint64_t got = 0;
    uint64_t expected = 0;
    bool held = frontend_holds(memory, &expected, addr);
    enum vvs_status status = vvs_memory_from_frontend(memory, &got, addr);
    if (status != (held ? VVS_OK : VVS_E_ADDR) || (held && got != expected)) {
        oracle_fail(
            NAME, "frontend address 0x%" PRIx64 " gives %s and 0x%" PRIx64 ", expected 0x%" PRIx64,
            addr, vvs_status_name(status), got, expected);
    }
}

void round_trip_check_memory(const struct vvs_memory *memory, uint64_t offset)
{
    for (uint32_t i = 0; i < memory->region_count; i++) {
        const struct vvs_region *region = &memory->regions[i];
        check_frontend(memory, region->frontend_addr + offset % region->len);
        check_frontend(memory, region->frontend_addr - 1);
        check_frontend(memory, region->frontend_addr + region->len);
    }
}
