/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Configuration space, CID rules, events. */
#include "guest.h"

static void test_config_read(void **state)
{
    (void)state;
    const uint64_t cid = 0x8877665544332211;
    const uint8_t config[8] = {0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88};
    for (uint32_t offset = 0; offset <= 9; offset++) {
        for (uint32_t len = 0; len <= 9; len++) {
            uint8_t bytes[9];
            fill_pattern(&bytes);
            const bool inside = offset + len <= 8;
            assert_status(vvs_config_read(bytes, cid, offset, len),
                          inside ? VVS_OK : VVS_E_ARGUMENT);
            if (inside)
                assert_memory_equal(bytes, config + offset, len);
            guest_expect_pattern(bytes + (inside ? len : 0), sizeof(bytes) - (inside ? len : 0));
        }
    }
    uint8_t bytes[8];
    fill_pattern(&bytes);
    assert_status(vvs_config_read(bytes, cid, UINT32_MAX, 1), VVS_E_ARGUMENT);
    assert_status(vvs_config_read(bytes, cid, UINT32_MAX, 2), VVS_E_ARGUMENT);
    assert_status(vvs_config_read(bytes, cid, 1, UINT32_MAX), VVS_E_ARGUMENT);
    assert_untouched(&bytes);
}

static void test_cid_valid(void **state)
{
    (void)state;
    const uint64_t bad[] = {0,         1, 2, 0xffffffff, UINT64_C(1) << 32, (UINT64_C(1) << 32) + 3,
                            UINT64_MAX};
    const uint64_t good[] = {3, 4, 0x7fffffff, 0x80000000, 0xfffffffe};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(vvs_cid_valid(bad[i]));
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_true(vvs_cid_valid(good[i]));
}

static void event_is(struct guest *guest, const struct vvs_element *elements, uint16_t count,
                     enum vvs_status expected)
{
    struct vvs_chain chain;
    uint32_t used_len;
    guest_chain(guest, elements, count);
    const struct vvs_token token = guest_pop(guest, &chain);
    fill_pattern(&used_len);
    guest_snapshot(guest);
    assert_status(vvs_event_commit(&used_len, &chain, 0x44332211), expected);
    if (expected == VVS_OK) {
        assert_int_equal(used_len, 4);
    } else {
        assert_untouched(&used_len);
        guest_expect_unchanged(guest);
    }
    guest_publish(guest, &token, 0);
    guest_expect_used(guest, token.id, 0);
}

static void test_event(void **state)
{
    struct guest *guest = *state;
    const uint8_t expected[] = {0x5a, 0x11, 0x22, 0x33, 0x44, 0x5a};
    for (uint32_t len = 4; len < 10; len++) {
        const struct vvs_element whole = {GUEST_DATA + 1, len, 1};
        guest_fill(guest, GUEST_DATA, 0x5a, 16);
        event_is(guest, &whole, 1, VVS_OK);
        assert_memory_equal(guest_at(guest, GUEST_DATA), expected, sizeof(expected));
    }
}

static void test_event_in_pieces(void **state)
{
    struct guest *guest = *state;
    const uint8_t expected[] = {0x11, 0x22, 0x33, 0x44, 0x5a};
    uint8_t found[5];
    const struct vvs_element bytes[] = {{GUEST_DATA + 7, 1, 1},
                                        {GUEST_HOLE, 0, 1},
                                        {GUEST_DATA + 5, 1, 1},
                                        {GUEST_DATA + 3, 1, 1},
                                        {GUEST_DATA + 1, 2, 1}};
    guest_fill(guest, GUEST_DATA, 0x5a, 16);
    event_is(guest, bytes, 5, VVS_OK);
    for (uint32_t i = 0; i < 3; i++)
        found[i] = *guest_at(guest, GUEST_DATA + 7 - 2 * i);
    guest_read(guest, GUEST_DATA + 1, found + 3, 2);
    assert_memory_equal(found, expected, 5);
    for (uint64_t before = 1; before < 4; before++) {
        const struct vvs_element border = {GUEST_NEXT - before, 5, 1};
        guest_fill(guest, GUEST_NEXT - 4, 0x5a, 9);
        event_is(guest, &border, 1, VVS_OK);
        guest_read(guest, GUEST_NEXT - before, found, 5);
        assert_memory_equal(found, expected, 5);
    }
}

static void test_event_in_write_only(void **state)
{
    struct guest *guest = *state;
    const struct vvs_element element = {GUEST_WRITE_ONLY, 4, 1};
    event_is(guest, &element, 1, VVS_OK);
    assert_int_equal(*guest_at(guest, GUEST_WRITE_ONLY + 3), 0x44);
}

static void test_event_at_address_zero(void **state)
{
    struct guest *guest = *state;
    const struct vvs_element element = {0, 4, 1};
    guest_extend(guest, 0, GUEST_SMALL_BYTES, VVS_PERM_READ | VVS_PERM_WRITE);
    event_is(guest, &element, 1, VVS_OK);
    assert_int_equal(*guest_at(guest, 3), 0x44);
}

static void test_event_refused(void **state)
{
    struct guest *guest = *state;
    struct vvs_element two[] = {{GUEST_DATA, 1, 0}, {GUEST_DATA, 8, 1}};
    event_is(guest, two, 2, VVS_E_DIRECTION);
    two[0].len = 0;
    event_is(guest, two, 2, VVS_E_DIRECTION);
    for (uint32_t len = 0; len < 4; len++) {
        const struct vvs_element small = {GUEST_DATA, len, 1};
        event_is(guest, &small, 1, VVS_E_BUFFER_SHORT);
    }
    const struct vvs_element small[] = {{GUEST_DATA, 3, 1}, {GUEST_DATA, 0, 1}};
    event_is(guest, small, 2, VVS_E_BUFFER_SHORT);
    const struct vvs_element bad[] = {{GUEST_HOLE, 4, 1},
                                      {GUEST_READ_ONLY, 4, 1},
                                      {GUEST_NEXT + GUEST_NEXT_BYTES - 3, 4, 1},
                                      {UINT64_MAX - 2, 4, 1}};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        event_is(guest, &bad[i], 1, VVS_E_ADDR);
    const struct vvs_element half[] = {{GUEST_DATA, 2, 1}, {GUEST_HOLE, 2, 1}};
    event_is(guest, half, 2, VVS_E_ADDR);
    const struct vvs_element enough[] = {{GUEST_DATA, 4, 1}, {GUEST_HOLE, 2, 1}};
    event_is(guest, enough, 2, VVS_OK);
}

static void test_event_at_end_of_address_space(void **state)
{
    struct guest *guest = *state;
    guest_extend(guest, GUEST_END, GUEST_END_BYTES, VVS_PERM_READ | VVS_PERM_WRITE);
    for (uint32_t tail = 1; tail <= 4; tail++) {
        const struct vvs_element elements[] = {{GUEST_DATA, 4 - tail, 1},
                                               {UINT64_MAX - tail + 1, tail, 1}};
        guest_fill(guest, UINT64_MAX - 4, 0x5a, 5);
        event_is(guest, elements, 2, VVS_OK);
        assert_int_equal(*guest_at(guest, UINT64_MAX), 0x44);
        assert_int_equal(*guest_at(guest, UINT64_MAX - tail), 0x5a);
    }
    const struct vvs_element wraps = {UINT64_MAX - 2, 4, 1};
    event_is(guest, &wraps, 1, VVS_E_ADDR);
}

static void test_event_dirty(void **state)
{
    struct guest *guest = *state;
    struct vvs_chain chain;
    uint32_t used_len;
    const struct vvs_element element = {GUEST_DATA + 0x1ffe, 0x3000, 1};
    guest_chain(guest, &element, 1);
    guest_pop(guest, &chain);
    guest_log(guest);
    assert_status(vvs_event_commit(&used_len, &chain, VVS_EVENT_TRANSPORT_RESET), VVS_OK);
    const struct guest_span span = {GUEST_DATA + 0x1ffe, 4};
    guest_expect_dirty(guest, &span, 1);

    /* The last bytes of a page leave the next page alone. */
    const struct vvs_element end = {GUEST_DATA + 0x3ffc, 4, 1};
    guest_chain(guest, &end, 1);
    guest_pop(guest, &chain);
    assert_status(vvs_event_commit(&used_len, &chain, VVS_EVENT_TRANSPORT_RESET), VVS_OK);
    const struct guest_span page = {GUEST_DATA + 0x3ffc, 4};
    guest_expect_dirty(guest, &page, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_read),
        cmocka_unit_test(test_cid_valid),
        BOTH_TESTS(test_event),
        BOTH_TESTS(test_event_in_pieces),
        BOTH_TESTS(test_event_in_write_only),
        BOTH_TESTS(test_event_at_address_zero),
        BOTH_TESTS(test_event_refused),
        BOTH_TESTS(test_event_at_end_of_address_space),
        BOTH_TESTS(test_event_dirty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
