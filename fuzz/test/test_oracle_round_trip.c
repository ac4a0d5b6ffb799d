/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "oracle_plant.h"
#include "round_trip.h"

/* A call each. */
enum {
    NO_FAULT,
    HEADER_BYTE_LOST,
    HEADER_LANDS_ELSEWHERE,
    WRITES_BEYOND,
    PAYLOAD_SHIFTED,
    EVENT_SWAPPED,
    SETTER_OF_ANOTHER,
    REPLY_NOT_SWAPPED,
    RANGE_TOO_SHORT,
    READ_BEYOND,
    OWN_HEADER_LOST,
    WRAP_LOST,
    FRONTEND_OFF_BY_ONE,
    FRONTEND_TAKES_ALL
};

enum vvs_status __real_vvs_packet_set_header(struct vvs_packet *, const uint8_t *, uint32_t);
enum vvs_status __wrap_vvs_packet_set_header(struct vvs_packet *, const uint8_t *, uint32_t);
enum vvs_status __wrap_vvs_packet_set_header(struct vvs_packet *packet, const uint8_t *header,
                                             uint32_t header_len)
{
    enum vvs_status status = __real_vvs_packet_set_header(packet, header, header_len);
    if (planted == HEADER_BYTE_LOST && packet->memory) {
        packet->header[16] = 0; /* of src_port, in which the inputs differ */
    }
    return status;
}

enum vvs_status __real_vvs_packet_commit(struct vvs_packet *, uint32_t *);
enum vvs_status __wrap_vvs_packet_commit(struct vvs_packet *, uint32_t *);
enum vvs_status __wrap_vvs_packet_commit(struct vvs_packet *packet, uint32_t *out_used_len)
{
    enum vvs_status status = __real_vvs_packet_commit(packet, out_used_len);
    if (planted == HEADER_LANDS_ELSEWHERE && packet->memory) {
        ((uint8_t *)packet->slices[0].data)[0] ^= 1;
    }
    return status;
}

enum vvs_status __real_vvs_packet_write(struct vvs_packet *, uint32_t, const uint8_t *, uint32_t);
enum vvs_status __wrap_vvs_packet_write(struct vvs_packet *, uint32_t, const uint8_t *, uint32_t);
enum vvs_status __wrap_vvs_packet_write(struct vvs_packet *packet, uint32_t offset,
                                        const uint8_t *bytes, uint32_t len)
{
    enum vvs_status status = __real_vvs_packet_write(packet, offset, bytes, len);
    const struct vvs_slice *slice = &packet->slices[packet->header_slice_count];
    if (planted == WRITES_BEYOND && packet->memory && offset + len < slice->len) {
        ((uint8_t *)slice->data)[offset + len] = 1;
        guest_touch(&run_current->guest, slice->data, slice->len); /* cleared behind the run */
    }
    return status;
}

enum vvs_status __real_vvs_packet_read(const struct vvs_packet *, uint8_t *, uint32_t, uint32_t);
enum vvs_status __wrap_vvs_packet_read(const struct vvs_packet *, uint8_t *, uint32_t, uint32_t);
enum vvs_status __wrap_vvs_packet_read(const struct vvs_packet *packet, uint8_t *out_bytes,
                                       uint32_t offset, uint32_t len)
{
    enum vvs_status status = __real_vvs_packet_read(packet, out_bytes, offset, len);
    if (planted == PAYLOAD_SHIFTED && status == VVS_OK && offset != 0 && len != 0) {
        out_bytes[0] ^= 1;
    }
    return planted == READ_BEYOND && status == VVS_E_CAPACITY ? VVS_OK : status;
}

enum vvs_status __real_vvs_event_commit(uint32_t *, const struct vvs_chain *, uint32_t);
enum vvs_status __wrap_vvs_event_commit(uint32_t *, const struct vvs_chain *, uint32_t);
enum vvs_status __wrap_vvs_event_commit(uint32_t *out_used_len, const struct vvs_chain *chain,
                                        uint32_t id)
{
    return __real_vvs_event_commit(out_used_len, chain,
                                   planted == EVENT_SWAPPED ? __builtin_bswap32(id) : id);
}

void __real_vvs_packet_set_fwd_cnt(struct vvs_packet *, uint32_t);
void __wrap_vvs_packet_set_fwd_cnt(struct vvs_packet *, uint32_t);
void __wrap_vvs_packet_set_fwd_cnt(struct vvs_packet *packet, uint32_t value)
{
    if (planted == SETTER_OF_ANOTHER) {
        vvs_packet_set_buf_alloc(packet, value);
    } else {
        __real_vvs_packet_set_fwd_cnt(packet, value);
    }
}

void __real_vvs_packet_set_reply(struct vvs_packet *, const struct vvs_packet *, uint16_t);
void __wrap_vvs_packet_set_reply(struct vvs_packet *, const struct vvs_packet *, uint16_t);
void __wrap_vvs_packet_set_reply(struct vvs_packet *packet, const struct vvs_packet *request,
                                 uint16_t op)
{
    __real_vvs_packet_set_reply(packet, request, op);
    if (planted == REPLY_NOT_SWAPPED) {
        vvs_packet_set_dst_port(packet, vvs_packet_dst_port(request));
    }
}

enum vvs_status __real_vvs_packet_payload_range(const struct vvs_packet *, struct vvs_slice *,
                                                uint32_t, uint32_t *, uint32_t, uint32_t);
enum vvs_status __wrap_vvs_packet_payload_range(const struct vvs_packet *, struct vvs_slice *,
                                                uint32_t, uint32_t *, uint32_t, uint32_t);
enum vvs_status __wrap_vvs_packet_payload_range(const struct vvs_packet *packet,
                                                struct vvs_slice *out_slices, uint32_t slice_count,
                                                uint32_t *out_count, uint32_t offset, uint32_t len)
{
    bool less = planted == RANGE_TOO_SHORT && len != 0;
    return __real_vvs_packet_payload_range(packet, out_slices, slice_count, out_count, offset,
                                           len - less);
}

enum vvs_status __real_vvs_packet_from_buffers(struct vvs_packet *, struct vvs_slice *, uint32_t,
                                               uint8_t *, uint32_t, uint8_t *, uint32_t, bool);
enum vvs_status __wrap_vvs_packet_from_buffers(struct vvs_packet *, struct vvs_slice *, uint32_t,
                                               uint8_t *, uint32_t, uint8_t *, uint32_t, bool);
enum vvs_status __wrap_vvs_packet_from_buffers(struct vvs_packet *out_packet,
                                               struct vvs_slice *slices, uint32_t slice_count,
                                               uint8_t *header, uint32_t header_len,
                                               uint8_t *payload, uint32_t payload_len,
                                               bool writable)
{
    enum vvs_status status = __real_vvs_packet_from_buffers(
        out_packet, slices, slice_count, header, header_len, payload, payload_len, writable);
    if (planted == OWN_HEADER_LOST) {
        out_packet->header[0] ^= 1;
    }
    return status;
}

enum vvs_status __real_vvs_queue_base_to_state(const struct vvs_queue *, struct vvs_queue_state *,
                                               uint32_t);
enum vvs_status __wrap_vvs_queue_base_to_state(const struct vvs_queue *, struct vvs_queue_state *,
                                               uint32_t);
enum vvs_status __wrap_vvs_queue_base_to_state(const struct vvs_queue *queue,
                                               struct vvs_queue_state *out_state, uint32_t base)
{
    enum vvs_status status = __real_vvs_queue_base_to_state(queue, out_state, base);
    if (planted == WRAP_LOST && status == VVS_OK) {
        out_state->used_wrap = 0;
    }
    return status;
}

enum vvs_status __real_vvs_memory_from_frontend(const struct vvs_memory *, uint64_t *, uint64_t);
enum vvs_status __wrap_vvs_memory_from_frontend(const struct vvs_memory *, uint64_t *, uint64_t);
enum vvs_status __wrap_vvs_memory_from_frontend(const struct vvs_memory *memory,
                                                uint64_t *out_guest_addr, uint64_t frontend_addr)
{
    enum vvs_status status = __real_vvs_memory_from_frontend(memory, out_guest_addr, frontend_addr);
    *out_guest_addr += planted == FRONTEND_OFF_BY_ONE;
    return planted == FRONTEND_TAKES_ALL ? VVS_OK : status;
}

static void test_clean(void **state)
{
    (void)state;
    plant_run(round_trip_run, NO_FAULT, NULL);
    stage_expect_clean();
}

static void expect_fault(uint32_t fault, const char *part)
{
    plant_run(round_trip_run, fault, "round-trip");
    stage_expect("round-trip", part);
}

static void test_runs(void **state)
{
    (void)state;
    expect_fault(HEADER_BYTE_LOST, "came back with another header");
    expect_fault(HEADER_LANDS_ELSEWHERE, "the header is not what guest memory holds");
    expect_fault(WRITES_BEYOND, "bytes behind the payload were written");
    expect_fault(EVENT_SWAPPED, "another event than was sent");
}

static void test_calls(void **state)
{
    (void)state;
    expect_fault(PAYLOAD_SHIFTED, "read alone is other bytes");
    expect_fault(SETTER_OF_ANOTHER, "gives another header");
    expect_fault(REPLY_NOT_SWAPPED, "not addressed as the request was");
    expect_fault(RANGE_TOO_SHORT, "end at");
    expect_fault(READ_BEYOND, "is not refused");
    expect_fault(OWN_HEADER_LOST, "another one in own buffers");
    expect_fault(WRAP_LOST, "comes back");
    expect_fault(FRONTEND_OFF_BY_ONE, "frontend address");
    expect_fault(FRONTEND_TAKES_ALL, "expected 0x0");
}

/* A packet of one byte of payload, as it lies in the buffer. */
static void make_outcome(struct cut_outcomes *outcomes)
{
    static const uint8_t byte = 7;
    memset(outcomes->store, 0, VVS_HDR_BYTES);
    outcomes->store[offsetof(struct vvs_hdr_wire, len)] = 1;
    outcomes->store[VVS_HDR_BYTES] = byte;
    outcomes->of[0] = (struct cut_outcome){
        .answers = 1,
        .returns = 1,
        .kind = RUN_PACKET,
        .payload_len = 1,
        .payload_hash = run_fold_bytes(RUN_FOLD_START, &byte, 1),
        .bytes = outcomes->store,
        .byte_count = VVS_HDR_BYTES + 1,
    };
    memcpy(outcomes->of[0].header, outcomes->store, VVS_HDR_BYTES);
}

static struct cut cut;
static struct cut_outcomes there;
static struct cut_outcomes back;

static void test_stream(void **state)
{
    (void)state;
    cut.chain_count = 1;
    cut.chains[0].role = VVS_QUEUE_TX;
    memset(&stage, 0, sizeof stage);
    oracle_catch = stage_catch;
    make_outcome(&there);
    round_trip_check_stream(&cut, &there);
    stage_expect_clean();
    there.of[0].used_len = 1;
    round_trip_check_stream(&cut, &there);
    stage_expect("round-trip", "the used length is not that of the packet");
    make_outcome(&there);
    there.store[VVS_HDR_BYTES] = 8;
    round_trip_check_stream(&cut, &there);
    stage_expect("round-trip", "the payload is not what guest memory holds");
    make_outcome(&there);
    there.of[0].returns = 2;
    round_trip_check_stream(&cut, &there);
    stage_expect("round-trip", "not answered and returned once");
}

static void test_return(void **state)
{
    (void)state;
    make_outcome(&there);
    make_outcome(&back);
    memset(&stage, 0, sizeof stage);
    round_trip_check_return(&cut, &there, &back);
    stage_expect_clean();
    back.of[0].kind = RUN_REJECT;
    round_trip_check_return(&cut, &there, &back);
    stage_expect("round-trip", "refused when it went back");
    make_outcome(&back);
    back.store[VVS_HDR_BYTES] = 8;
    round_trip_check_return(&cut, &there, &back);
    stage_expect("round-trip", "came back with another payload");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clean),  cmocka_unit_test(test_runs),   cmocka_unit_test(test_calls),
        cmocka_unit_test(test_stream), cmocka_unit_test(test_return),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
