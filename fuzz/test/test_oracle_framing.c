/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "framing.h"
#include "oracle_plant.h"

/* Faults that one cut shows and another does not. */
enum {
    NO_FAULT,
    REFUSES_TABLES,
    HEADER_OF_MANY,
    PAYLOAD_OF_THREE,
    CAPACITY_WHEN_PACKED,
    USED_LEN_OF_CUT_HEADER,
    BYTES_OF_CUT_HEADER,
    LOSES_STAGED,
    EVENT_IN_PIECES
};

enum vvs_status __real_vvs_packet_from_tx(struct vvs_packet *, uint32_t *, const struct vvs_chain *,
                                          struct vvs_slice *, uint32_t, uint32_t);
enum vvs_status __wrap_vvs_packet_from_tx(struct vvs_packet *, uint32_t *, const struct vvs_chain *,
                                          struct vvs_slice *, uint32_t, uint32_t);
enum vvs_status __wrap_vvs_packet_from_tx(struct vvs_packet *out_packet, uint32_t *out_needed,
                                          const struct vvs_chain *chain, struct vvs_slice *slices,
                                          uint32_t slice_count, uint32_t max_payload_len)
{
    if (planted == REFUSES_TABLES && chain->descriptor_count > chain->queue->size) {
        return VVS_E_LOOP;
    }
    enum vvs_status status = __real_vvs_packet_from_tx(out_packet, out_needed, chain, slices,
                                                       slice_count, max_payload_len);
    if (planted == HEADER_OF_MANY && status == VVS_OK && out_packet->header_slice_count > 2) {
        out_packet->header[40] ^= 1;
    }
    return status;
}

enum vvs_status __real_vvs_packet_from_rx(struct vvs_packet *, uint32_t *, const struct vvs_chain *,
                                          struct vvs_slice *, uint32_t, uint32_t);
enum vvs_status __wrap_vvs_packet_from_rx(struct vvs_packet *, uint32_t *, const struct vvs_chain *,
                                          struct vvs_slice *, uint32_t, uint32_t);
enum vvs_status __wrap_vvs_packet_from_rx(struct vvs_packet *out_packet, uint32_t *out_needed,
                                          const struct vvs_chain *chain, struct vvs_slice *slices,
                                          uint32_t slice_count, uint32_t max_payload_len)
{
    bool less = planted == CAPACITY_WHEN_PACKED && chain->queue->packed;
    return __real_vvs_packet_from_rx(out_packet, out_needed, chain, slices, slice_count,
                                     max_payload_len - (less ? 63000 : 0));
}

enum vvs_status __real_vvs_packet_read(const struct vvs_packet *, uint8_t *, uint32_t, uint32_t);
enum vvs_status __wrap_vvs_packet_read(const struct vvs_packet *, uint8_t *, uint32_t, uint32_t);
enum vvs_status __wrap_vvs_packet_read(const struct vvs_packet *packet, uint8_t *out_bytes,
                                       uint32_t offset, uint32_t len)
{
    enum vvs_status status = __real_vvs_packet_read(packet, out_bytes, offset, len);
    if (planted == PAYLOAD_OF_THREE && packet->slice_count - packet->header_slice_count == 3) {
        out_bytes[0] ^= 1;
    }
    return status;
}

enum vvs_status __real_vvs_packet_commit(struct vvs_packet *, uint32_t *);
enum vvs_status __wrap_vvs_packet_commit(struct vvs_packet *, uint32_t *);
enum vvs_status __wrap_vvs_packet_commit(struct vvs_packet *packet, uint32_t *out_used_len)
{
    enum vvs_status status = __real_vvs_packet_commit(packet, out_used_len);
    bool cut = status == VVS_OK && packet->header_slice_count > 1;
    if (planted == USED_LEN_OF_CUT_HEADER && cut) {
        *out_used_len = (uint32_t)packet->slices[0].len;
    }
    if (planted == BYTES_OF_CUT_HEADER && cut) {
        memset(packet->slices[1].data, 0, packet->slices[1].len);
    }
    return status;
}

enum vvs_status __real_vvs_queue_flush(struct vvs_queue *);
enum vvs_status __wrap_vvs_queue_flush(struct vvs_queue *);
enum vvs_status __wrap_vvs_queue_flush(struct vvs_queue *queue)
{
    return planted == LOSES_STAGED ? VVS_OK : __real_vvs_queue_flush(queue);
}

enum vvs_status __real_vvs_event_commit(uint32_t *, const struct vvs_chain *, uint32_t);
enum vvs_status __wrap_vvs_event_commit(uint32_t *, const struct vvs_chain *, uint32_t);
enum vvs_status __wrap_vvs_event_commit(uint32_t *out_used_len, const struct vvs_chain *chain,
                                        uint32_t id)
{
    bool other = planted == EVENT_IN_PIECES && chain->element_count > 1;
    return __real_vvs_event_commit(out_used_len, chain, other ? __builtin_bswap32(id) : id);
}

static void test_clean(void **state)
{
    (void)state;
    plant_run(framing_run, NO_FAULT, NULL);
    stage_expect_clean();
}

static void expect_fault(uint32_t fault, const char *part)
{
    plant_run(framing_run, fault, "framing");
    stage_expect("framing", part);
}

static void test_faults(void **state)
{
    (void)state;
    expect_fault(REFUSES_TABLES, "accepted, and refused anew");
    expect_fault(HEADER_OF_MANY, "another header");
    expect_fault(PAYLOAD_OF_THREE, "another payload");
    expect_fault(CAPACITY_WHEN_PACKED, "another capacity");
    expect_fault(USED_LEN_OF_CUT_HEADER, "another used length");
    expect_fault(LOSES_STAGED, "not answered and returned once");
    expect_fault(BYTES_OF_CUT_HEADER, "other bytes in the buffer");
    expect_fault(EVENT_IN_PIECES, "other bytes in the buffer");
}

/* Each difference of an outcome is one. */
static void test_compare(void **state)
{
    (void)state;
    static struct cut said;
    static struct cut_outcomes before;
    static struct cut_outcomes after;
    said.chain_count = 1;
    before.of[0] = (struct cut_outcome){.answers = 1, .returns = 1, .bytes = before.store};
    after.of[0] = before.of[0];
    memset(&stage, 0, sizeof stage);
    oracle_catch = stage_catch;
    framing_compare(&said, &before, &said, &after);
    stage_expect_clean();
    after.of[0].returns = 0;
    framing_compare(&said, &before, &said, &after);
    stage_expect("framing", "not answered and returned once");
    after.of[0].returns = 1;
    after.of[0].used_len = 1;
    framing_compare(&said, &before, &said, &after);
    stage_expect("framing", "another used length");
    after.of[0] = before.of[0];
    before.of[0].kind = after.of[0].kind = RUN_REJECT;
    before.of[0].status = VVS_E_HEADER_SHORT;
    after.of[0].status = VVS_E_DIRECTION; /* the same reaction */
    framing_compare(&said, &before, &said, &after);
    stage_expect_clean();
    after.of[0].status = VVS_E_UNWRITTEN;
    framing_compare(&said, &before, &said, &after);
    stage_expect("framing", "another reaction");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_compare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
