/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The example of the README, against a tiny guest of 64 KiB with a split rx and tx queue. */
#include "../example/monitor.h"
#include "guest.h"

#include <stdlib.h>

#define SIZE 16u
#define RING(index) (0x1000u * (unsigned)(index))
#define BUFFER(number) (0x8000u + 0x100u * (number))

struct tiny {
    uint8_t *bytes;
    struct vvs_region region;
    struct monitor_vring vrings[2];
    uint16_t avail[2];
    uint16_t used[2];
    uint32_t interrupts[2];
    struct monitor *monitor;
};

static void put(struct tiny *tiny, uint32_t addr, uint64_t value, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        tiny->bytes[addr + i] = (uint8_t)(value >> (8 * i));
}

static uint32_t get(const struct tiny *tiny, uint32_t addr, uint32_t len)
{
    uint32_t value = 0;
    for (uint32_t i = len; i-- > 0;)
        value = value << 8 | tiny->bytes[addr + i];
    return value;
}

static void interrupt(void *context, enum vvs_queue_index index)
{
    struct tiny *tiny = context;
    tiny->interrupts[index]++;
}

/* Each queue: descriptors at 0x0, available ring at 0x400, used ring at 0x800 of its page. */
static void offer(struct tiny *tiny, enum vvs_queue_index index, uint32_t addr)
{
    const uint32_t slot = tiny->avail[index] % SIZE;
    const uint32_t desc = RING(index) + 16 * slot;
    put(tiny, desc, addr, 8);
    put(tiny, desc + 8, 44, 4);
    put(tiny, desc + 12, index == VVS_QUEUE_RX ? VVS_DESC_F_WRITE : 0, 2);
    put(tiny, RING(index) + 0x404 + 2 * slot, slot, 2);
    put(tiny, RING(index) + 0x402, ++tiny->avail[index], 2);
}

static void send_packet(struct tiny *tiny, uint32_t port, uint16_t op)
{
    const struct guest_header header = {
        .src_cid = 3, .dst_cid = 2, .src_port = port, .dst_port = 1234, .type = 1, .op = op};
    const uint32_t addr = BUFFER(SIZE + tiny->avail[VVS_QUEUE_TX] % SIZE);
    guest_header_bytes(tiny->bytes + addr, &header);
    offer(tiny, VVS_QUEUE_TX, addr);
}

static void offer_buffer(struct tiny *tiny)
{
    offer(tiny, VVS_QUEUE_RX, BUFFER(tiny->avail[VVS_QUEUE_RX] % SIZE));
}

/* The next used buffer; its length in `out_len`. */
static bool take(struct tiny *tiny, enum vvs_queue_index index, uint32_t *out_len)
{
    if ((uint16_t)get(tiny, RING(index) + 0x802, 2) == tiny->used[index])
        return false;
    *out_len = get(tiny, RING(index) + 0x804 + 8 * (tiny->used[index]++ % SIZE) + 4, 4);
    return true;
}

static uint32_t take_all(struct tiny *tiny, enum vvs_queue_index index, uint32_t expected_len)
{
    uint32_t count = 0;
    uint32_t len;
    for (; take(tiny, index, &len); count++)
        assert_int_equal(len, expected_len);
    return count;
}

static void expect_reset(struct tiny *tiny, uint32_t port)
{
    const uint32_t addr = BUFFER(tiny->used[VVS_QUEUE_RX] % SIZE);
    uint32_t len = 0;
    const struct guest_header expected = {.src_cid = 2,
                                          .dst_cid = 3,
                                          .src_port = 1234,
                                          .dst_port = port,
                                          .type = VVS_TYPE_STREAM,
                                          .op = VVS_OP_RST};
    uint8_t bytes[VVS_HDR_BYTES];
    assert_true(take(tiny, VVS_QUEUE_RX, &len));
    assert_int_equal(len, 44);
    guest_header_bytes(bytes, &expected);
    assert_memory_equal(tiny->bytes + addr, bytes, VVS_HDR_BYTES);
}

static void start(struct tiny *tiny)
{
    tiny->monitor->interrupt = interrupt;
    tiny->monitor->context = tiny;
    assert_status(monitor_start(tiny->monitor, &tiny->region, 1,
                                VVS_FEATURE(VVS_F_VERSION_1) | VVS_FEATURES_VHOST,
                                &tiny->vrings[VVS_QUEUE_RX], &tiny->vrings[VVS_QUEUE_TX]),
                  VVS_OK);
}

static int setup(void **state)
{
    struct tiny *tiny = calloc(1, sizeof(*tiny));
    assert_non_null(tiny);
    tiny->bytes = calloc(1, 0x10000);
    tiny->monitor = calloc(1, sizeof(*tiny->monitor));
    assert_non_null(tiny->bytes);
    assert_non_null(tiny->monitor);
    tiny->region = (struct vvs_region){0, 0x10000, tiny->bytes, 0, VVS_PERM_READ | VVS_PERM_WRITE};
    for (unsigned i = 0; i < 2; i++) {
        tiny->vrings[i] =
            (struct monitor_vring){RING(i), RING(i) + 0x400, RING(i) + 0x800, SIZE, 0};
    }
    start(tiny);
    *state = tiny;
    return 0;
}

static int teardown(void **state)
{
    struct tiny *tiny = *state;
    free(tiny->monitor);
    free(tiny->bytes);
    free(tiny);
    return 0;
}

static void kick(struct tiny *tiny)
{
    for (int turns = 0; monitor_kick(tiny->monitor); turns++)
        assert_true(turns < 10);
}

static void test_request_is_reset(void **state)
{
    struct tiny *tiny = *state;
    send_packet(tiny, 1000, VVS_OP_REQUEST);
    send_packet(tiny, 1001, VVS_OP_RST);
    kick(tiny);
    assert_int_equal(take_all(tiny, VVS_QUEUE_TX, 0), 2);
    assert_int_equal(tiny->interrupts[VVS_QUEUE_TX], 1);
    offer_buffer(tiny);
    offer_buffer(tiny);
    kick(tiny);
    assert_int_equal(tiny->interrupts[VVS_QUEUE_RX], 1);
    expect_reset(tiny, 1000);
    assert_int_equal(take_all(tiny, VVS_QUEUE_RX, 44), 0);
}

/* Without rx buffers the device takes no more than it can answer, and goes on once there are
 * some. */
static void test_back_pressure(void **state)
{
    struct tiny *tiny = *state;
    for (uint32_t i = 0; i < MONITOR_REPLIES; i++)
        send_packet(tiny, i, VVS_OP_REQUEST);
    kick(tiny);
    assert_int_equal(take_all(tiny, VVS_QUEUE_TX, 0), MONITOR_REPLIES);
    for (uint32_t i = 0; i < 5; i++)
        send_packet(tiny, MONITOR_REPLIES + i, VVS_OP_REQUEST);
    kick(tiny);
    assert_int_equal(take_all(tiny, VVS_QUEUE_TX, 0), 0);
    for (uint32_t i = 0; i < MONITOR_REPLIES + 5; i++) {
        offer_buffer(tiny);
        kick(tiny);
        expect_reset(tiny, i);
    }
    assert_int_equal(take_all(tiny, VVS_QUEUE_TX, 0), 5);
}

/* Stopped and started again after each packet, with a buffer left over each time: nothing is lost
 * or seen twice, also once the indices have gone round the rings. */
static void test_stop_and_restart(void **state)
{
    struct tiny *tiny = *state;
    offer_buffer(tiny);
    for (uint32_t i = 0; i < 3 * SIZE; i++) {
        send_packet(tiny, i, VVS_OP_REQUEST);
        offer_buffer(tiny);
        kick(tiny);
        assert_int_equal(take_all(tiny, VVS_QUEUE_TX, 0), 1);
        expect_reset(tiny, i);
        assert_int_equal(take_all(tiny, VVS_QUEUE_RX, 44), 0);
        assert_status(monitor_stop(tiny->monitor, &tiny->vrings[VVS_QUEUE_RX].base,
                                   &tiny->vrings[VVS_QUEUE_TX].base),
                      VVS_OK);
        assert_int_equal(tiny->vrings[VVS_QUEUE_RX].base, i + 1);
        assert_int_equal(tiny->vrings[VVS_QUEUE_TX].base, i + 1);
        memset(tiny->monitor, 0, sizeof(*tiny->monitor));
        start(tiny);
    }
}

static void test_setup_is_refused(void **state)
{
    struct tiny *tiny = *state;
    struct monitor_vring bad = tiny->vrings[VVS_QUEUE_RX];
    bad.size = 3;
    assert_status(monitor_start(tiny->monitor, &tiny->region, 1, VVS_FEATURE(VVS_F_VERSION_1), &bad,
                                &tiny->vrings[VVS_QUEUE_TX]),
                  VVS_E_QUEUE_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_request_is_reset, setup, teardown),
        cmocka_unit_test_setup_teardown(test_back_pressure, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stop_and_restart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_setup_is_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
