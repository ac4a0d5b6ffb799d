/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "guest.h"

#include <stdlib.h>
#include <sys/uio.h>

#define BOTH (VVS_PERM_READ | VVS_PERM_WRITE)

static uint8_t host[0x10000];

static struct vvs_region region(uint64_t addr, uint64_t len, uint32_t permission)
{
    return (struct vvs_region){addr, len, host, 0, permission};
}

static void expect_init(struct vvs_region *regions, uint32_t count, enum vvs_status expected)
{
    struct vvs_memory memory;
    fill_pattern(&memory);
    assert_status(vvs_memory_init(&memory, regions, count), expected);
    if (expected != VVS_OK)
        assert_untouched(&memory);
}

static void expect_one(struct vvs_region one, enum vvs_status expected)
{
    expect_init(&one, 1, expected);
}

static void expect_two(struct vvs_region first, struct vvs_region second, enum vvs_status expected)
{
    struct vvs_region forward[] = {first, second};
    struct vvs_region backward[] = {second, first};
    expect_init(forward, 2, expected);
    expect_init(backward, 2, expected);
}

static void test_init_arguments(void **state)
{
    (void)state;
    struct vvs_region good = region(0x1000, 0x1000, BOTH);
    expect_one(good, VVS_OK);
    expect_init(&good, 0, VVS_E_ARGUMENT);
    struct vvs_memory memory;
    assert_int_equal(vvs_memory_init(&memory, NULL, 1), VVS_E_ARGUMENT);

    struct vvs_region bad = good;
    bad.host = NULL;
    expect_one(bad, VVS_E_ARGUMENT);
    expect_one(region(0x1000, 0x1000, 4), VVS_E_ARGUMENT);
    expect_one(region(0x1000, 0x1000, 0x80000000 | BOTH), VVS_E_ARGUMENT);
    expect_one(region(0x1000, 0, BOTH), VVS_E_REGION_EMPTY);
    expect_one(region(0x1000, 1, BOTH), VVS_OK);
}

static void test_init_wrap(void **state)
{
    (void)state;
    expect_one(region(UINT64_MAX, 1, BOTH), VVS_OK);
    expect_one(region(UINT64_MAX - 0xfff, 0x1000, BOTH), VVS_OK);
    expect_one(region(UINT64_MAX - 0xfff, 0x1001, BOTH), VVS_E_REGION_WRAP);
    expect_one(region(UINT64_MAX, 2, BOTH), VVS_E_REGION_WRAP);
    expect_one(region(0x1000, UINT64_MAX, BOTH), VVS_E_REGION_WRAP);

    struct vvs_region wraps_on_host = region(0x1000, 0x1000, BOTH);
    wraps_on_host.host = (uint8_t *)(UINTPTR_MAX - 0xffe);
    expect_one(wraps_on_host, VVS_E_REGION_WRAP);
    wraps_on_host.host = (uint8_t *)(UINTPTR_MAX - 0xfff);
    expect_one(wraps_on_host, VVS_OK);
}

/* Each region is looked at, whatever its place. */
static void test_init_later_region(void **state)
{
    (void)state;
    const struct vvs_region good = region(0x8000, 0x1000, BOTH);
    struct vvs_region bad = region(0x1000, 0x1000, 8);
    expect_two(good, bad, VVS_E_ARGUMENT);
    bad = region(0x1000, 0, BOTH);
    expect_two(good, bad, VVS_E_REGION_EMPTY);
    bad = region(UINT64_MAX, 2, BOTH);
    expect_two(good, bad, VVS_E_REGION_WRAP);
}

static void test_init_overlap(void **state)
{
    (void)state;
    const struct vvs_region middle = region(0x2000, 0x1000, BOTH);
    expect_two(middle, region(0x1000, 0x1000, BOTH), VVS_OK);
    expect_two(middle, region(0x1000, 0x1001, BOTH), VVS_E_REGION_OVERLAP);
    expect_two(middle, region(0x2fff, 0x1000, BOTH), VVS_E_REGION_OVERLAP);
    expect_two(middle, region(0x3000, 0x1000, BOTH), VVS_OK);
    expect_two(middle, middle, VVS_E_REGION_OVERLAP);
    expect_two(middle, region(0x2800, 1, BOTH), VVS_E_REGION_OVERLAP);
    expect_two(middle, region(0x1000, 0x8000, BOTH), VVS_E_REGION_OVERLAP);
    expect_two(region(UINT64_MAX - 0xfff, 0x1000, BOTH), region(0, 0x1000, BOTH), VVS_OK);
    expect_two(region(UINT64_MAX - 0xfff, 0x1000, BOTH), region(UINT64_MAX, 1, BOTH),
               VVS_E_REGION_OVERLAP);
}

static void test_init_count(void **state)
{
    (void)state;
    struct vvs_region *regions = calloc(VVS_MAX_REGIONS + 1, sizeof(*regions));
    assert_non_null(regions);
    for (uint32_t i = 0; i <= VVS_MAX_REGIONS; i++)
        regions[i] = region((VVS_MAX_REGIONS - i) * UINT64_C(0x1000), 0x1000, BOTH);
    expect_init(regions, VVS_MAX_REGIONS + 1, VVS_E_REGION_COUNT);
    expect_init(regions, UINT32_MAX, VVS_E_REGION_COUNT);
    expect_init(regions, VVS_MAX_REGIONS, VVS_OK);
    for (uint32_t i = 1; i < VVS_MAX_REGIONS; i++)
        assert_true(regions[i - 1].guest_addr < regions[i].guest_addr);

    struct vvs_memory memory;
    assert_status(vvs_memory_init(&memory, regions, VVS_MAX_REGIONS), VVS_OK);
    assert_status(vvs_memory_check(&memory, 0x1000, VVS_MAX_REGIONS * UINT64_C(0x1000), BOTH),
                  VVS_OK);
    assert_status(vvs_memory_check(&memory, 0x1000, VVS_MAX_REGIONS * UINT64_C(0x1000) + 1, BOTH),
                  VVS_E_ADDR);
    free(regions);
}

static void range_is(const struct vvs_memory *memory, uint64_t addr, uint64_t len,
                     uint32_t permission, enum vvs_status expected)
{
    assert_status(vvs_memory_check(memory, addr, len, permission), expected);
}

static void test_check_borders(void **state)
{
    (void)state;
    struct vvs_region regions[] = {
        region(0x5000, 0x1000, BOTH),
        region(0x1000, 0x1000, BOTH),
        region(0x2000, 0x1000, VVS_PERM_READ),
        region(0x3000, 0x800, VVS_PERM_WRITE),
        region(0x3800, 0x800, 0),
    };
    struct vvs_memory memory;
    assert_status(vvs_memory_init(&memory, regions, COUNT_OF(regions)), VVS_OK);
    const uint32_t read = VVS_PERM_READ;
    const uint32_t write = VVS_PERM_WRITE;

    range_is(&memory, 0x1000, 0x1000, BOTH, VVS_OK);
    range_is(&memory, 0xfff, 1, read, VVS_E_ADDR);
    range_is(&memory, 0xfff, 2, read, VVS_E_ADDR);
    range_is(&memory, 0x1000, 0x2000, read, VVS_OK);
    range_is(&memory, 0x1fff, 2, read, VVS_OK);
    range_is(&memory, 0x1fff, 1, write, VVS_OK);
    range_is(&memory, 0x1fff, 2, write, VVS_E_ADDR);
    range_is(&memory, 0x1fff, 2, BOTH, VVS_E_ADDR);
    range_is(&memory, 0x2000, 1, write, VVS_E_ADDR);
    range_is(&memory, 0x2fff, 2, read, VVS_E_ADDR);
    range_is(&memory, 0x3000, 0x800, write, VVS_OK);
    range_is(&memory, 0x3000, 1, read, VVS_E_ADDR);
    range_is(&memory, 0x3800, 1, read, VVS_E_ADDR);
    range_is(&memory, 0x3800, 1, write, VVS_E_ADDR);
    range_is(&memory, 0x4000, 1, read, VVS_E_ADDR);
    range_is(&memory, 0x5fff, 1, BOTH, VVS_OK);
    range_is(&memory, 0x5fff, 2, BOTH, VVS_E_ADDR);
    range_is(&memory, 0x6000, 1, BOTH, VVS_E_ADDR);
    range_is(&memory, 0x1000, UINT64_MAX, read, VVS_E_ADDR);
}

/* Just below a region that begins at a low address. */
static void test_check_below(void **state)
{
    (void)state;
    struct vvs_region one = region(0x10, 0x8000, BOTH);
    struct vvs_memory memory;
    assert_status(vvs_memory_init(&memory, &one, 1), VVS_OK);
    range_is(&memory, 0x10, 1, BOTH, VVS_OK);
    for (uint64_t addr = 0; addr < 0x10; addr++)
        range_is(&memory, addr, 1, VVS_PERM_READ, VVS_E_ADDR);
}

static void test_check_length_zero(void **state)
{
    (void)state;
    struct vvs_region one = region(0x1000, 0x1000, VVS_PERM_READ);
    struct vvs_memory memory;
    assert_status(vvs_memory_init(&memory, &one, 1), VVS_OK);
    range_is(&memory, 0, 0, VVS_PERM_READ, VVS_OK);
    range_is(&memory, 0x1000, 0, VVS_PERM_WRITE, VVS_OK);
    range_is(&memory, 0x2000, 0, BOTH, VVS_OK);
    range_is(&memory, UINT64_MAX, 0, BOTH, VVS_OK);
}

static void test_check_end_of_address_space(void **state)
{
    (void)state;
    struct vvs_region regions[] = {
        region(UINT64_MAX - 0xfff, 0x1000, BOTH),
        region(UINT64_MAX - 0x1fff, 0x1000, BOTH),
        region(0, 0x1000, BOTH),
    };
    struct vvs_memory memory;
    assert_status(vvs_memory_init(&memory, regions, COUNT_OF(regions)), VVS_OK);
    range_is(&memory, UINT64_MAX, 1, BOTH, VVS_OK);
    range_is(&memory, UINT64_MAX - 0x1fff, 0x2000, BOTH, VVS_OK);
    range_is(&memory, UINT64_MAX, 2, BOTH, VVS_E_ADDR);
    range_is(&memory, UINT64_MAX - 0x1fff, 0x2001, BOTH, VVS_E_ADDR);
    range_is(&memory, UINT64_MAX - 0xfff, UINT64_MAX, BOTH, VVS_E_ADDR);
    range_is(&memory, 0, 0x1000, BOTH, VVS_OK);
    range_is(&memory, 0, UINT64_MAX, BOTH, VVS_E_ADDR);
}

static void test_log_size(void **state)
{
    (void)state;
    uint8_t log[16] = {0};
    struct vvs_region regions[] = {region(0, 0x1000, BOTH), region(0x8000, 0x1000, BOTH)};
    struct vvs_memory memory;
    assert_status(vvs_memory_init(&memory, regions, 2), VVS_OK);
    /* The last address is in page 8: the first bit of the second byte. */
    assert_status(vvs_memory_set_log(&memory, log, 0), VVS_E_LOG_SIZE);
    assert_status(vvs_memory_set_log(&memory, log, 1), VVS_E_LOG_SIZE);
    assert_status(vvs_memory_set_log(&memory, log, 2), VVS_OK);
    assert_status(vvs_memory_set_log(&memory, NULL, 0), VVS_OK);

    struct vvs_region last_bit = region(0x7fff, 1, BOTH);
    assert_status(vvs_memory_init(&memory, &last_bit, 1), VVS_OK);
    assert_status(vvs_memory_set_log(&memory, log, 1), VVS_OK);

    struct vvs_region end = region(UINT64_MAX, 1, BOTH);
    assert_status(vvs_memory_init(&memory, &end, 1), VVS_OK);
    assert_status(vvs_memory_set_log(&memory, log, sizeof(log)), VVS_E_LOG_SIZE);
    assert_status(vvs_memory_set_log(&memory, log, (UINT64_C(1) << 49) - 1), VVS_E_LOG_SIZE);
}

static void test_from_frontend(void **state)
{
    (void)state;
    struct vvs_region regions[] = {
        {0x1000, 0x1000, host, 0x7f0000000000, BOTH},
        {0x9000, 0x2000, host, 0x1000, VVS_PERM_READ},
        {0x20000, 0x1000, host, UINT64_MAX - 0xfff, BOTH},
        {0x30000, 0x1000, host, UINT64_MAX - 0x7ff, BOTH}, /* no address behind the last one */
    };
    const struct {
        uint64_t frontend;
        enum vvs_status status;
        uint64_t guest;
    } rows[] = {
        {0x7f0000000000, VVS_OK, 0x1000},
        {0x7f0000000fff, VVS_OK, 0x1fff},
        {0x7f0000001000, VVS_E_ADDR, 0},
        {0x7effffffffff, VVS_E_ADDR, 0},
        {0x1000, VVS_OK, 0x9000},
        {0x2fff, VVS_OK, 0xafff},
        {0x3000, VVS_E_ADDR, 0},
        {0xfff, VVS_E_ADDR, 0},
        {UINT64_MAX, VVS_OK, 0x20fff},
        {UINT64_MAX - 0xfff, VVS_OK, 0x20000},
        {UINT64_MAX - 0x1000, VVS_E_ADDR, 0},
        {0, VVS_E_ADDR, 0},
    };
    struct vvs_memory memory;
    assert_status(vvs_memory_init(&memory, regions, COUNT_OF(regions)), VVS_OK);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint64_t found;
        fill_pattern(&found);
        assert_status(vvs_memory_from_frontend(&memory, &found, rows[i].frontend), rows[i].status);
        if (rows[i].status == VVS_OK) {
            assert_true(found == rows[i].guest);
        } else {
            assert_untouched(&found);
        }
    }
}

/* Slices go to readv and writev as they are. */
static void test_slice_layout(void **state)
{
    (void)state;
    assert_int_equal(offsetof(struct vvs_slice, data), offsetof(struct iovec, iov_base));
    assert_int_equal(offsetof(struct vvs_slice, len), offsetof(struct iovec, iov_len));
    assert_int_equal(sizeof(struct vvs_slice), sizeof(struct iovec));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init_arguments),
        cmocka_unit_test(test_init_wrap),
        cmocka_unit_test(test_init_later_region),
        cmocka_unit_test(test_init_overlap),
        cmocka_unit_test(test_init_count),
        cmocka_unit_test(test_check_borders),
        cmocka_unit_test(test_check_below),
        cmocka_unit_test(test_check_length_zero),
        cmocka_unit_test(test_check_end_of_address_space),
        cmocka_unit_test(test_log_size),
        cmocka_unit_test(test_from_frontend),
        cmocka_unit_test(test_slice_layout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
