/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#define _POSIX_C_SOURCE 200809L /* setenv */
#include "differential.h"

#include <stdlib.h>

#include "build.h"
#include "oracle_stage.h"

#define PAYLOAD 300u

/* Faults on the library's side. */
enum { NO_FAULT, REFUSES, OTHER_HEADER, LESS_ROOM, OTHER_PAYLOAD, OTHER_LENGTH, NO_SIGNAL };

static uint32_t planted;

enum vvs_status __real_vvs_packet_from_tx(struct vvs_packet *, uint32_t *, const struct vvs_chain *,
                                          struct vvs_slice *, uint32_t, uint32_t);
enum vvs_status __wrap_vvs_packet_from_tx(struct vvs_packet *, uint32_t *, const struct vvs_chain *,
                                          struct vvs_slice *, uint32_t, uint32_t);
enum vvs_status __wrap_vvs_packet_from_tx(struct vvs_packet *out_packet, uint32_t *out_needed,
                                          const struct vvs_chain *chain, struct vvs_slice *slices,
                                          uint32_t slice_count, uint32_t max_payload_len)
{
    enum vvs_status status = __real_vvs_packet_from_tx(out_packet, out_needed, chain, slices,
                                                       slice_count, max_payload_len);
    if (planted == OTHER_HEADER && status == VVS_OK) {
        out_packet->header[40] ^= 1;
    }
    return planted == REFUSES && status == VVS_OK ? VVS_E_HEADER_SHORT : status;
}

enum vvs_status __real_vvs_packet_from_rx(struct vvs_packet *, uint32_t *, const struct vvs_chain *,
                                          struct vvs_slice *, uint32_t, uint32_t);
enum vvs_status __wrap_vvs_packet_from_rx(struct vvs_packet *, uint32_t *, const struct vvs_chain *,
                                          struct vvs_slice *, uint32_t, uint32_t);
enum vvs_status __wrap_vvs_packet_from_rx(struct vvs_packet *out_packet, uint32_t *out_needed,
                                          const struct vvs_chain *chain, struct vvs_slice *slices,
                                          uint32_t slice_count, uint32_t max_payload_len)
{
    return __real_vvs_packet_from_rx(out_packet, out_needed, chain, slices, slice_count,
                                     max_payload_len - (planted == LESS_ROOM ? 63000 : 0));
}

enum vvs_status __real_vvs_packet_read(const struct vvs_packet *, uint8_t *, uint32_t, uint32_t);
enum vvs_status __wrap_vvs_packet_read(const struct vvs_packet *, uint8_t *, uint32_t, uint32_t);
enum vvs_status __wrap_vvs_packet_read(const struct vvs_packet *packet, uint8_t *out_bytes,
                                       uint32_t offset, uint32_t len)
{
    enum vvs_status status = __real_vvs_packet_read(packet, out_bytes, offset, len);
    if (planted == OTHER_PAYLOAD && len != 0) {
        out_bytes[len - 1] ^= 1;
    }
    return status;
}

enum vvs_status __real_vvs_packet_commit(struct vvs_packet *, uint32_t *);
enum vvs_status __wrap_vvs_packet_commit(struct vvs_packet *, uint32_t *);
enum vvs_status __wrap_vvs_packet_commit(struct vvs_packet *packet, uint32_t *out_used_len)
{
    enum vvs_status status = __real_vvs_packet_commit(packet, out_used_len);
    if (planted == OTHER_LENGTH && status == VVS_OK) {
        *out_used_len -= 1;
    }
    return status;
}

enum vvs_status __real_vvs_queue_needs_notify(struct vvs_queue *, bool *);
enum vvs_status __wrap_vvs_queue_needs_notify(struct vvs_queue *, bool *);
enum vvs_status __wrap_vvs_queue_needs_notify(struct vvs_queue *queue, bool *out_needed)
{
    enum vvs_status status = __real_vvs_queue_needs_notify(queue, out_needed);
    if (planted == NO_SIGNAL) {
        *out_needed = false;
    }
    return status;
}

/* A packet each way, served, in elements that every rule of deviations.c has no word about. */
static bool run_packets(void)
{
    static struct scn_scenario scenario;
    uint8_t bytes[512];
    scn_init(&scenario);
    build_queue(&scenario, VVS_QUEUE_TX, 8);
    build_queue(&scenario, VVS_QUEUE_RX, 8);
    build_chain(&scenario, VVS_QUEUE_TX);
    build_element(&scenario, 44);
    build_element(&scenario, PAYLOAD);
    build_step(&scenario, SCN_TAG_SERVE, SCN_SERVE_F_ROLE, VVS_QUEUE_TX);
    scn_set(build(&scenario, SCN_TAG_SEND), SCN_SEND_F_PAYLOAD_LEN, PAYLOAD);
    build_chain(&scenario, VVS_QUEUE_RX);
    build_step(&scenario, SCN_TAG_SERVE, SCN_SERVE_F_ROLE, VVS_QUEUE_RX);
    size_t len = scn_encode(bytes, sizeof bytes, &scenario);
    assert_int_not_equal(len, 0);
    memset(&stage, 0, sizeof stage);
    oracle_catch = stage_catch;
    return differential_run(bytes, len, &rule_any);
}

static void planted_here(uint32_t fault)
{
    planted = fault;
    assert_true(run_packets());
    planted = NO_FAULT;
    assert_int_equal(stage.findings != 0, fault != NO_FAULT);
}

static void test_alike_is_clean(void **state)
{
    (void)state;
    planted_here(NO_FAULT);
}

static void test_each_fault_of_ours_is_seen(void **state)
{
    (void)state;
    for (uint32_t fault = REFUSES; fault <= NO_SIGNAL; fault++) {
        print_message("fault %u\n", fault);
        planted_here(fault);
    }
}

static void test_each_fault_of_theirs_is_seen(void **state)
{
    static const char *const faults[] = {"payload", "header", "id",    "kind",
                                         "lost",    "notify", "status"};
    (void)state;
    for (uint32_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        print_message("%s\n", faults[i]);
        assert_int_equal(setenv("FAULTY", faults[i], 1), 0);
        (void)run_packets();
        assert_int_equal(unsetenv("FAULTY"), 0);
        assert_int_not_equal(stage.findings, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alike_is_clean),
        cmocka_unit_test(test_each_fault_of_ours_is_seen),
        cmocka_unit_test(test_each_fault_of_theirs_is_seen),
    };
    if (setenv("VVS_PEERS", PEER, 1) != 0 || setenv("FAULTY_OBJECT", OBJECT, 1) != 0) {
        return EXIT_FAILURE;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
