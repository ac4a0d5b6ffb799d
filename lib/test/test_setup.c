/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* vvs_queue_init, _reset, _rebind, and features: everything is the driver's word and is checked. */
#include "guest.h"

#include <stdlib.h>

static void test_features(void **state)
{
    (void)state;
    const uint64_t version_1 = VVS_FEATURE(VVS_F_VERSION_1);
    const uint64_t known = VVS_FEATURE(0) | VVS_FEATURE(1) | VVS_FEATURE(2) | VVS_FEATURE(28) |
                           VVS_FEATURE(29) | VVS_FEATURE(32) | VVS_FEATURE(33) | VVS_FEATURE(34) |
                           VVS_FEATURE(35) | VVS_FEATURE(40);
    assert_status(vvs_features_check(known), VVS_OK);
    assert_status(vvs_features_check(0), VVS_E_VERSION_1);
    for (unsigned bit = 0; bit < 64; bit++) {
        const bool good = (known & VVS_FEATURE(bit)) != 0;
        assert_status(vvs_features_check(version_1 | VVS_FEATURE(bit)),
                      good ? VVS_OK : VVS_E_FEATURE);
        if (good && bit != VVS_F_VERSION_1)
            assert_status(vvs_features_check(VVS_FEATURE(bit)), VVS_E_VERSION_1);
    }
}

static void init_is(const struct guest *guest, const struct vvs_queue_config *config,
                    enum vvs_status expected)
{
    struct vvs_queue queue;
    fill_pattern(&queue);
    assert_status(vvs_queue_init(&queue, &guest->memory, config), expected);
    if (expected != VVS_OK)
        assert_untouched(&queue);
}

static void test_init_features(void **state)
{
    const struct guest *guest = *state;
    struct vvs_queue_config config = guest->config;
    init_is(guest, &config, VVS_OK);
    config.features &= ~VVS_FEATURE(VVS_F_VERSION_1);
    init_is(guest, &config, VVS_E_VERSION_1);
    config.features = guest->config.features | VVS_FEATURE(VVS_F_ORDER_PLATFORM);
    init_is(guest, &config, VVS_E_FEATURE);
}

/* Features that are the monitor's business change nothing here. */
static void test_init_features_passed(void **state)
{
    const struct guest *guest = guest_replace(state, 0, 8, 0);
    struct vvs_queue_config config = guest->config;
    struct vvs_queue queue;
    config.features |= VVS_FEATURE(VVS_F_STREAM) | VVS_FEATURE(VVS_F_SEQPACKET) |
                       VVS_FEATURE(VVS_F_NO_IMPLIED_STREAM) | VVS_FEATURE(VVS_F_ACCESS_PLATFORM) |
                       VVS_FEATURE(VVS_F_RING_RESET);
    assert_status(vvs_queue_init(&queue, &guest->memory, &config), VVS_OK);
    assert_int_equal(queue.packed, guest_is_packed(guest));
    assert_int_equal(queue.indirect, 0);
    assert_int_equal(queue.event_idx, 0);
    assert_int_equal(queue.in_order, 0);
}

static void test_init_size(void **state)
{
    const struct guest *guest = guest_replace(state, 0, 32768, 0);
    struct vvs_queue_config config = guest->config;
    const bool packed = guest_is_packed(guest);
    for (config.size = 0; config.size <= 32768; config.size++) {
        const bool power = config.size && (config.size & (config.size - 1)) == 0;
        const bool good = packed ? config.size > 0 : power;
        init_is(guest, &config, good ? VVS_OK : VVS_E_QUEUE_SIZE);
    }
    config.size = 32769;
    init_is(guest, &config, VVS_E_QUEUE_SIZE);
    config.size = 65536;
    init_is(guest, &config, VVS_E_QUEUE_SIZE);
    config.size = UINT32_C(1) << 31;
    init_is(guest, &config, VVS_E_QUEUE_SIZE);
    config.size = UINT32_MAX;
    init_is(guest, &config, VVS_E_QUEUE_SIZE);
}

/* One ring part moved at a time: `part` points into `config`. */
static void part_moves(const struct guest *guest, struct vvs_queue_config *config, uint64_t *part,
                       uint32_t align, uint64_t len, uint32_t wrong_permission)
{
    const uint64_t home = *part;
    for (uint32_t shift = 1; shift < align; shift++) {
        *part = home + shift;
        init_is(guest, config, VVS_E_RING_ALIGN);
    }
    const uint64_t outside[] = {home + align, home - align, GUEST_HOLE, 0, UINT64_MAX - align + 1};
    for (size_t i = 0; i < COUNT_OF(outside); i++) {
        *part = outside[i];
        init_is(guest, config, VVS_E_RING_ADDR);
    }
    *part = wrong_permission == VVS_PERM_READ ? GUEST_READ_ONLY : GUEST_WRITE_ONLY;
    init_is(guest, config, VVS_E_RING_ADDR);
    /* Adjacent regions are one piece for the guest, two on the host. */
    *part = GUEST_NEXT - align;
    init_is(guest, config, len > align ? VVS_E_RING_HOST : VVS_OK);
    *part = GUEST_NEXT + GUEST_NEXT_BYTES - (len + align - 1) / align * align;
    init_is(guest, config, VVS_OK);
    *part = home;
}

static void test_init_ring_addresses(void **state)
{
    const uint64_t features[] = {0, GUEST_EVENT_IDX};
    for (size_t i = 0; i < COUNT_OF(features); i++) {
        const struct guest *guest = guest_replace(state, features[i], 8, 0);
        struct vvs_queue_config config = guest->config;
        const uint32_t desc_len = VVS_DESC_BYTES * guest->size;
        const uint32_t driver_len = guest_driver_bytes(guest);
        const uint32_t device_len = guest_device_bytes(guest);
        const bool packed = guest_is_packed(guest);
        part_moves(guest, &config, &config.desc_addr, 16, desc_len, VVS_PERM_WRITE);
        part_moves(guest, &config, &config.driver_addr, packed ? 4 : 2, driver_len, VVS_PERM_WRITE);
        part_moves(guest, &config, &config.device_addr, 4, device_len, VVS_PERM_READ);
        if (packed)
            part_moves(guest, &config, &config.desc_addr, 16, desc_len, VVS_PERM_READ);
    }
}

/* The same table with one region's host memory moved by one byte. */
static void misaligned_on_host(const struct guest *guest, uint64_t part)
{
    struct vvs_region regions[GUEST_REGIONS_MAX];
    struct vvs_memory memory;
    struct vvs_queue queue;
    uint8_t *block = NULL;
    memcpy(regions, guest->regions, sizeof(regions));
    for (uint32_t i = 0; i < guest->region_count; i++) {
        if (regions[i].guest_addr == part)
            regions[i].host = (block = malloc((size_t)regions[i].len + 1)) + 1;
    }
    assert_non_null(block);
    assert_status(vvs_memory_init(&memory, regions, guest->region_count), VVS_OK);
    fill_pattern(&queue);
    assert_status(vvs_queue_init(&queue, &memory, &guest->config), VVS_E_RING_HOST);
    assert_untouched(&queue);
    free(block);
}

static void test_init_host_alignment(void **state)
{
    const struct guest *guest = *state;
    misaligned_on_host(guest, GUEST_DESC);
    misaligned_on_host(guest, GUEST_DRIVER);
    misaligned_on_host(guest, GUEST_DEVICE);
}

static void test_init_storage(void **state)
{
    const struct guest *guest = *state;
    struct vvs_queue_config config = guest->config;
    config.slot_count = guest->size - 1;
    init_is(guest, &config, VVS_E_STORAGE);
    config.slot_count = guest->size + 1;
    init_is(guest, &config, VVS_OK);
    config.element_count = guest->size - 1;
    init_is(guest, &config, VVS_E_STORAGE);
    config.max_chain = guest->size - 1;
    init_is(guest, &config, VVS_OK);
    config.max_chain = guest->size;
    init_is(guest, &config, VVS_E_STORAGE);
    config.max_chain = VVS_MAX_CHAIN_REQUEST;
    config.element_count = VVS_MAX_CHAIN_REQUEST - 1;
    init_is(guest, &config, VVS_E_STORAGE);
    config.element_count = VVS_MAX_CHAIN_REQUEST;
    init_is(guest, &config, VVS_OK);
}

static void test_init_max_chain(void **state)
{
    const struct guest *guest = *state;
    struct vvs_queue_config config = guest->config;
    config.element_count = UINT32_MAX;
    config.max_chain = VVS_MAX_CHAIN_REQUEST + 1;
    init_is(guest, &config, VVS_E_ARGUMENT);
    config.max_chain = UINT32_MAX;
    init_is(guest, &config, VVS_E_ARGUMENT);

    guest = guest_replace(state, 0, 2048, 0);
    config = guest->config;
    config.max_chain = 2048;
    init_is(guest, &config, VVS_OK);
    config.element_count = 2049;
    config.max_chain = 2049;
    init_is(guest, &config, VVS_E_ARGUMENT);
}

/* A ring part may be the last bytes of the address space. */
static void test_init_at_end_of_address_space(void **state)
{
    struct guest *guest = *state;
    struct vvs_queue_config config = guest->config;
    const uint64_t start = UINT64_MAX - 4095;
    const uint32_t desc_len = VVS_DESC_BYTES * guest->size;
    struct vvs_region regions[GUEST_REGIONS_MAX];
    memcpy(regions, guest->regions, sizeof(regions));
    regions[guest->region_count] = guest_region(start, 4096, VVS_PERM_READ | VVS_PERM_WRITE);
    uint8_t *block = regions[guest->region_count].host;
    struct vvs_memory memory;
    assert_status(vvs_memory_init(&memory, regions, guest->region_count + 1), VVS_OK);

    config.desc_addr = UINT64_MAX - desc_len + 1;
    struct vvs_queue queue;
    assert_status(vvs_queue_init(&queue, &memory, &config), VVS_OK);
    config.desc_addr += 16;
    assert_status(vvs_queue_init(&queue, &memory, &config), VVS_E_RING_ADDR);
    free(block);
}

static void test_init_touches_no_guest_memory(void **state)
{
    struct guest *guest = *state;
    guest_fill(guest, GUEST_DESC, 0x5a, 16u * guest->size);
    guest_snapshot(guest);
    init_is(guest, &guest->config, VVS_OK);
    vvs_queue_reset(&guest->queue);
    guest_expect_unchanged(guest);
}

static void clear_rings(struct guest *guest)
{
    guest_fill(guest, GUEST_DESC, 0, VVS_DESC_BYTES * guest->size);
    guest_fill(guest, GUEST_DRIVER, 0, guest_driver_bytes(guest));
    guest_fill(guest, GUEST_DEVICE, 0, guest_device_bytes(guest));
    guest->avail = guest->used = guest->next_slot = 0;
    guest->avail_wrap = guest->used_wrap = true;
}

static void test_reset(void **state)
{
    struct guest *guest = *state;
    guest_simple(guest, 44, false);
    guest_simple(guest, 44, false);
    guest_simple(guest, 44, false);
    const struct vvs_token first = guest_pop(guest, NULL);
    const struct vvs_token second = guest_pop(guest, NULL);
    assert_status(vvs_queue_stage(&guest->queue, &first, 0), VVS_OK);

    vvs_queue_reset(&guest->queue);
    assert_int_equal(vvs_queue_in_flight(&guest->queue), 0);
    assert_status(vvs_queue_publish(&guest->queue, &second, 0), VVS_E_TOKEN);
    struct vvs_queue_state at;
    assert_status(vvs_queue_get_state(&guest->queue, &at), VVS_OK);
    assert_int_equal(at.avail_index, 0);
    assert_int_equal(at.used_index, 0);
    assert_int_equal(at.avail_wrap, guest_is_packed(guest) ? 1 : 0);
    assert_int_equal(at.used_wrap, guest_is_packed(guest) ? 1 : 0);

    clear_rings(guest);
    const uint16_t id = guest_simple(guest, 44, false);
    const struct vvs_token again = guest_pop(guest, NULL);
    guest_publish(guest, &again, 0);
    guest_expect_used(guest, id, 0);
}

static void test_reset_mends_a_broken_queue(void **state)
{
    struct guest *guest = *state;
    if (guest_is_packed(guest)) {
        const struct guest_desc endless = {GUEST_DATA, 1, VVS_DESC_F_NEXT, 0};
        for (uint32_t i = 0; i < guest->size; i++)
            guest_raw(guest, &endless, 1);
        guest_breaks(guest, VVS_E_LIST_ENDLESS);
    } else {
        guest_put16(guest, GUEST_DRIVER + 2, (uint16_t)(guest->size + 1));
        guest_breaks(guest, VVS_E_AVAIL_INDEX);
    }
    vvs_queue_reset(&guest->queue);
    assert_status(vvs_queue_broken(&guest->queue), VVS_OK);
    clear_rings(guest);
    guest_simple(guest, 44, false);
    guest_pop(guest, NULL);
}

/* A second table of the same guest memory: the same contents somewhere else on the host. */
static void test_rebind(void **state)
{
    struct guest *guest = *state;
    const uint16_t id = guest_simple(guest, 44, false);
    const struct vvs_token token = guest_pop(guest, NULL);

    struct vvs_region regions[GUEST_REGIONS_MAX];
    memcpy(regions, guest->regions, sizeof(regions));
    for (uint32_t i = 0; i < guest->region_count; i++) {
        uint8_t *moved = malloc((size_t)regions[i].len);
        assert_non_null(moved);
        memcpy(moved, regions[i].host, (size_t)regions[i].len);
        guest->regions[i].host = moved;
    }
    struct vvs_memory memory;
    assert_status(vvs_memory_init(&memory, guest->regions, guest->region_count), VVS_OK);
    assert_status(vvs_queue_rebind(&guest->queue, &memory), VVS_OK);
    for (uint32_t i = 0; i < guest->region_count; i++)
        free(regions[i].host);

    assert_int_equal(vvs_queue_in_flight(&guest->queue), 1);
    guest_publish(guest, &token, 7);
    guest_expect_used(guest, id, 7);
    guest_simple(guest, 44, false);
    guest_pop(guest, NULL);
}

static void test_rebind_fails(void **state)
{
    struct guest *guest = *state;
    struct vvs_region only = guest->regions[0];
    struct vvs_memory memory;
    assert_status(vvs_memory_init(&memory, &only, 1), VVS_OK);
    assert_status(vvs_queue_rebind(&guest->queue, &memory), VVS_E_RING_ADDR);

    struct vvs_region regions[GUEST_REGIONS_MAX];
    memcpy(regions, guest->regions, sizeof(regions));
    for (uint32_t i = 0; i < guest->region_count; i++) {
        if (regions[i].guest_addr == GUEST_DEVICE)
            regions[i].host++;
    }
    assert_status(vvs_memory_init(&memory, regions, guest->region_count), VVS_OK);
    assert_status(vvs_queue_rebind(&guest->queue, &memory), VVS_E_RING_HOST);

    /* The old table still serves. */
    const uint16_t id = guest_simple(guest, 44, false);
    const struct vvs_token token = guest_pop(guest, NULL);
    guest_publish(guest, &token, 0);
    guest_expect_used(guest, id, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_features),
        BOTH_TESTS(test_init_features),
        BOTH_TESTS(test_init_features_passed),
        BOTH_TESTS(test_init_size),
        BOTH_TESTS(test_init_ring_addresses),
        BOTH_TESTS(test_init_host_alignment),
        BOTH_TESTS(test_init_storage),
        BOTH_TESTS(test_init_max_chain),
        BOTH_TESTS(test_init_at_end_of_address_space),
        BOTH_TESTS(test_init_touches_no_guest_memory),
        BOTH_TESTS(test_reset),
        BOTH_TESTS(test_reset_mends_a_broken_queue),
        BOTH_TESTS(test_rebind),
        BOTH_TESTS(test_rebind_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
