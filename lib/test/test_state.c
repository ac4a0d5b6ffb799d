/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Stop and restart: state get and set, vhost's vring base. Saved state is untrusted input. */
#include "guest.h"

static void test_get(void **state)
{
    struct guest *guest = *state;
    const bool packed = guest_is_packed(guest);
    const struct vvs_element elements[] = {{GUEST_DATA, 44, 0}, {GUEST_DATA, 1, 0}};
    for (int i = 0; i < 3; i++)
        guest_chain(guest, elements, 2);
    const struct vvs_token first = guest_pop(guest, NULL);
    const struct vvs_token second = guest_pop(guest, NULL);
    guest_publish(guest, &first, 0);

    struct vvs_queue_state at;
    assert_status(vvs_queue_get_state(&guest->queue, &at), VVS_OK);
    assert_int_equal(at.avail_index, packed ? 4 : 2);
    assert_int_equal(at.used_index, packed ? 2 : 1);
    assert_int_equal(at.avail_wrap, packed);
    assert_int_equal(at.used_wrap, packed);

    assert_status(vvs_queue_stage(&guest->queue, &second, 0), VVS_OK);
    fill_pattern(&at);
    assert_status(vvs_queue_get_state(&guest->queue, &at), VVS_E_STAGED);
    assert_untouched(&at);
    assert_status(vvs_queue_flush(&guest->queue), VVS_OK);
    assert_status(vvs_queue_get_state(&guest->queue, &at), VVS_OK);
    assert_int_equal(at.used_index, packed ? 4 : 2);
}

/* Stop after i chains, carry the base over, go on with a queue set up anew. */
static void test_restart(void **state)
{
    struct guest *guest = guest_replace(state, 0, 4, 0);
    const struct vvs_element elements[] = {
        {GUEST_DATA, 44, 0}, {GUEST_DATA, 1, 0}, {GUEST_DATA, 1, 0}};
    for (int i = 0; i < 17; i++) {
        const uint16_t id = guest_chain(guest, elements, 3);
        struct vvs_token token = guest_pop(guest, NULL);
        if (i % 2) {
            assert_status(vvs_queue_undo(&guest->queue, &token), VVS_OK);
        } else {
            guest_publish(guest, &token, 0);
            guest_expect_used(guest, id, 0);
        }
        struct vvs_queue_state at;
        assert_status(vvs_queue_get_state(&guest->queue, &at), VVS_OK);
        const uint32_t base = vvs_queue_state_to_base(&guest->queue, &at);
        assert_status(vvs_queue_init(&guest->queue, &guest->memory, &guest->config), VVS_OK);
        struct vvs_queue_state carried;
        assert_status(vvs_queue_base_to_state(&guest->queue, &carried, base), VVS_OK);
        assert_int_equal(carried.avail_index, at.avail_index);
        assert_int_equal(carried.used_index, at.used_index);
        assert_int_equal(carried.avail_wrap, at.avail_wrap);
        assert_int_equal(carried.used_wrap, at.used_wrap);
        assert_status(vvs_queue_set_state(&guest->queue, &carried), VVS_OK);
        if (i % 2) {
            token = guest_pop(guest, NULL);
            assert_int_equal(token.id, id);
            guest_publish(guest, &token, 0);
            guest_expect_used(guest, id, 0);
        }
    }
}

static void set_is(struct guest *guest, struct vvs_queue_state at, enum vvs_status expected)
{
    struct vvs_queue_state before;
    struct vvs_queue_state after;
    assert_status(vvs_queue_get_state(&guest->queue, &before), VVS_OK);
    assert_status(vvs_queue_set_state(&guest->queue, &at), expected);
    assert_status(vvs_queue_get_state(&guest->queue, &after), VVS_OK);
    const struct vvs_queue_state *want = expected == VVS_OK ? &at : &before;
    assert_int_equal(after.avail_index, want->avail_index);
    assert_int_equal(after.used_index, want->used_index);
    assert_int_equal(after.avail_wrap, want->avail_wrap);
    assert_int_equal(after.used_wrap, want->used_wrap);
}

static struct vvs_queue_state at(unsigned avail, unsigned used, unsigned avail_wrap,
                                 unsigned used_wrap)
{
    return (struct vvs_queue_state){(uint16_t)avail, (uint16_t)used, (uint8_t)avail_wrap,
                                    (uint8_t)used_wrap};
}

static void test_set_split(void **state)
{
    struct guest *guest = *state;
    set_is(guest, at(0, 0, 0, 0), VVS_OK);
    set_is(guest, at(65535, 65535, 0, 0), VVS_OK);
    set_is(guest, at(8, 0, 0, 0), VVS_OK);
    set_is(guest, at(3, 65531, 0, 0), VVS_OK);
    set_is(guest, at(9, 0, 0, 0), VVS_E_STATE);
    set_is(guest, at(3, 65530, 0, 0), VVS_E_STATE);
    set_is(guest, at(0, 1, 0, 0), VVS_E_STATE);
    set_is(guest, at(7, 7, 1, 0), VVS_E_STATE);
    set_is(guest, at(7, 7, 0, 1), VVS_E_STATE);
}

static void test_set_packed(void **state)
{
    struct guest *guest = guest_replace(state, 0, 100, 0);
    set_is(guest, at(0, 0, 1, 1), VVS_OK);
    set_is(guest, at(0, 0, 0, 0), VVS_OK);
    set_is(guest, at(99, 99, 0, 0), VVS_OK);
    set_is(guest, at(99, 0, 1, 1), VVS_OK);
    set_is(guest, at(5, 5, 0, 1), VVS_OK);
    set_is(guest, at(5, 99, 1, 0), VVS_OK);
    set_is(guest, at(5, 4, 0, 1), VVS_E_STATE);
    set_is(guest, at(4, 5, 1, 1), VVS_E_STATE);
    set_is(guest, at(100, 99, 1, 1), VVS_E_STATE);
    set_is(guest, at(0, 100, 0, 1), VVS_E_STATE);
    set_is(guest, at(65535, 65535, 1, 1), VVS_E_STATE);
    set_is(guest, at(1, 1, 2, 1), VVS_E_STATE);
    set_is(guest, at(1, 1, 1, 2), VVS_E_STATE);
    set_is(guest, at(1, 1, 1, 255), VVS_E_STATE);
}

static void test_set_forgets(void **state)
{
    struct guest *guest = *state;
    guest_simple(guest, 44, false);
    guest_simple(guest, 44, false);
    const struct vvs_token token = guest_pop(guest, NULL);
    guest_pop(guest, NULL);
    const unsigned wrap = guest_is_packed(guest);
    set_is(guest, at(1, 1, wrap, wrap), VVS_OK);
    assert_int_equal(vvs_queue_in_flight(&guest->queue), 0);
    assert_status(vvs_queue_publish(&guest->queue, &token, 0), VVS_E_TOKEN);
    const struct vvs_token again = guest_pop(guest, NULL);
    assert_int_equal(again.position, 1);
}

static void test_set_mends_a_broken_queue(void **state)
{
    struct guest *guest = *state;
    guest_put16(guest, GUEST_DRIVER + 2, 9);
    guest_breaks(guest, VVS_E_AVAIL_INDEX);
    const struct vvs_queue_state state_at = at(9, 9, 0, 0);
    assert_status(vvs_queue_set_state(&guest->queue, &state_at), VVS_OK);
    assert_status(vvs_queue_broken(&guest->queue), VVS_OK);
    struct vvs_token token;
    struct vvs_chain chain;
    assert_status(vvs_queue_pop(&guest->queue, &token, &chain), VVS_EMPTY);
}

/* Free-running indices: the ring goes on across 65535. */
static void test_restart_at_65535(void **state)
{
    struct guest *guest = *state;
    guest_start(guest, 65535);
    set_is(guest, at(65535, 65535, 0, 0), VVS_OK);
    for (unsigned i = 0; i < 20; i++) {
        const uint16_t id = guest_simple(guest, 44, false);
        const struct vvs_token token = guest_pop(guest, NULL);
        assert_int_equal(token.id, id);
        assert_int_equal(token.position, (uint16_t)(65535 + i));
        guest_publish(guest, &token, 0);
        guest_expect_used(guest, id, 0);
    }
}

static void test_base_split(void **state)
{
    struct guest *guest = *state;
    const struct vvs_queue_state saved = at(0xabcd, 0xabcc, 0, 0);
    assert_int_equal(vvs_queue_state_to_base(&guest->queue, &saved), 0xabcd);
    struct vvs_queue_state found;
    assert_status(vvs_queue_base_to_state(&guest->queue, &found, 0xabcd), VVS_OK);
    assert_int_equal(found.avail_index, 0xabcd);
    assert_int_equal(found.used_index, 0xabcd);
    assert_int_equal(found.avail_wrap, 0);
    assert_int_equal(found.used_wrap, 0);

    assert_status(vvs_queue_base_to_state(&guest->queue, &found, 0xffff), VVS_OK);
    assert_int_equal(found.avail_index, 0xffff);
    fill_pattern(&found);
    assert_status(vvs_queue_base_to_state(&guest->queue, &found, 0x10000), VVS_E_STATE);
    assert_untouched(&found);
}

static void test_base_packed(void **state)
{
    struct guest *guest = guest_replace(state, 0, 100, 0);
    const struct {
        uint32_t base;
        struct vvs_queue_state state;
    } good[] = {
        {0x80008000, at(0, 0, 1, 1)}, {0x00000000, at(0, 0, 0, 0)},  {0x80038063, at(99, 3, 1, 1)},
        {0x80070003, at(3, 7, 0, 1)}, {0x00638002, at(2, 99, 1, 0)},
    };
    struct vvs_queue_state found;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        assert_int_equal(vvs_queue_state_to_base(&guest->queue, &good[i].state), good[i].base);
        assert_status(vvs_queue_base_to_state(&guest->queue, &found, good[i].base), VVS_OK);
        assert_memory_equal(&found, &good[i].state, sizeof(found));
    }
    const uint32_t bad[] = {0x80008064, 0x80648000, 0xffffffff, 0x80058004, 0x80040005};
    fill_pattern(&found);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_status(vvs_queue_base_to_state(&guest->queue, &found, bad[i]), VVS_E_STATE);
    assert_untouched(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH_TESTS(test_get),
        BOTH_TESTS(test_restart),
        SPLIT_TEST(test_set_split),
        PACKED_TEST(test_set_packed),
        BOTH_TESTS(test_set_forgets),
        SPLIT_TEST(test_set_mends_a_broken_queue),
        SPLIT_TEST(test_restart_at_65535),
        SPLIT_TEST(test_base_split),
        PACKED_TEST(test_base_packed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
