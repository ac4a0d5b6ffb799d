/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Notification suppression both ways. The driver's side is computed by guest_kicks, from the
 * specification. */
#include "guest.h"

static void turn(struct guest *guest, uint32_t chains)
{
    struct vvs_token tokens[64];
    assert_true(chains <= COUNT_OF(tokens));
    for (uint32_t i = 0; i < chains; i++)
        guest_simple(guest, 44, true);
    for (uint32_t i = 0; i < chains; i++)
        tokens[i] = guest_pop(guest, NULL);
    for (uint32_t i = 0; i < chains; i++) {
        guest_publish(guest, &tokens[i], 0);
        guest_expect_used(guest, tokens[i].id, 0);
    }
}

static void test_nothing_published(void **state)
{
    struct guest *guest = *state;
    guest_snapshot(guest);
    assert_false(guest_decides(guest));
    guest_simple(guest, 44, true);
    const struct vvs_token token = guest_pop(guest, NULL);
    assert_false(guest_decides(guest));
    assert_status(vvs_queue_stage(&guest->queue, &token, 0), VVS_OK);
    assert_false(guest_decides(guest));
    assert_status(vvs_queue_flush(&guest->queue), VVS_OK);
    assert_true(guest_decides(guest));
    assert_false(guest_decides(guest));
}

static void test_flags(void **state)
{
    struct guest *guest = *state;
    assert_int_equal(VVS_PACKED_EVENT_DISABLE, VVS_AVAIL_F_NO_INTERRUPT);
    for (int i = 0; i < 3; i++) {
        guest_ask_flags(guest, VVS_AVAIL_F_NO_INTERRUPT);
        turn(guest, 3);
        assert_false(guest_decides(guest));
        guest_ask_flags(guest, 0);
        assert_false(guest_decides(guest));
        turn(guest, 3);
        assert_true(guest_decides(guest));
        assert_false(guest_decides(guest));
    }
}

/* The flag means nothing once EVENT_IDX was negotiated. */
static void test_flag_with_event_idx(void **state)
{
    struct guest *guest = guest_replace(state, GUEST_EVENT_IDX, 8, 0);
    guest_ask_flags(guest, VVS_AVAIL_F_NO_INTERRUPT);
    guest_ask(guest, 0);
    turn(guest, 1);
    assert_true(guest_decides(guest));
}

/* Each batch length, each event near it, at each place, the 16-bit wrap included. */
static void test_event_split(void **state)
{
    const uint16_t starts[] = {0, 1, 100, 32767, 65527, 65532, 65535};
    for (size_t s = 0; s < COUNT_OF(starts); s++) {
        for (uint16_t batch = 1; batch <= 8; batch++) {
            for (int event = -10; event <= 10; event++) {
                struct guest *guest = guest_replace(state, GUEST_EVENT_IDX, 8, 0);
                const uint16_t start = starts[s];
                const struct vvs_queue_state at = {(uint16_t)(start - 1u), (uint16_t)(start - 1u),
                                                   0, 0};
                guest_start(guest, (uint16_t)(start - 1u));
                assert_status(vvs_queue_set_state(&guest->queue, &at), VVS_OK);
                turn(guest, 1);
                guest_decides(guest);

                guest_ask(guest, (uint16_t)(start + event));
                turn(guest, batch);
                assert_int_equal(guest_decides(guest), event >= 0 && event < batch);
                assert_false(guest_decides(guest));
            }
        }
    }
}

/* 65536 entries without a decision: the naive comparison sees no difference at all. */
static void test_event_after_a_whole_turn_of_the_index(void **state)
{
    struct guest *guest = guest_replace(state, GUEST_EVENT_IDX, 64, 0);
    guest_ask(guest, 0);
    turn(guest, 1);
    assert_true(guest_decides(guest));
    guest_ask(guest, 30000);
    for (int i = 0; i < 65536 / 64; i++)
        turn(guest, 64);
    assert_true(guest_decides(guest));
    guest_ask(guest, 0x1000);
    turn(guest, 64);
    assert_false(guest_decides(guest));
}

static uint16_t event_word(uint32_t position, uint32_t size)
{
    position = (position + 2 * size) % (2 * size);
    return (uint16_t)(position < size ? position | 0x8000 : position - size);
}

/* Every event position of two turns, for each start and length, with odd ring sizes. */
static void test_event_packed(void **state)
{
    const uint32_t sizes[] = {1, 3, 4, 7};
    for (size_t s = 0; s < COUNT_OF(sizes); s++) {
        const uint32_t size = sizes[s];
        for (uint32_t start = 0; start < 2 * size; start++) {
            for (uint32_t batch = 1; batch <= size; batch++) {
                for (uint32_t event = 0; event < 2 * size; event++) {
                    struct guest *guest = guest_replace(state, GUEST_EVENT_IDX, size, 0);
                    for (uint32_t i = 0; i < start; i++)
                        turn(guest, 1);
                    guest_decides(guest);

                    guest_ask(guest, event_word(start + event, size));
                    turn(guest, batch);
                    assert_int_equal(guest_decides(guest), event < batch);
                    assert_false(guest_decides(guest));
                }
            }
        }
    }
}

/* A list takes several slots at once: the event may name one in its middle. */
static void test_event_packed_inside_a_list(void **state)
{
    const struct vvs_element elements[] = {
        {GUEST_DATA, 44, 0}, {GUEST_DATA, 1, 0}, {GUEST_DATA, 1, 0}};
    for (uint32_t event = 0; event < 10; event++) {
        struct guest *guest = guest_replace(state, GUEST_EVENT_IDX, 5, 0);
        turn(guest, 3);
        guest_decides(guest);
        guest_ask(guest, event_word(3 + event, 5));
        const uint16_t id = guest_chain(guest, elements, 3);
        const struct vvs_token token = guest_pop(guest, NULL);
        guest_publish(guest, &token, 0);
        guest_expect_used(guest, id, 0);
        assert_int_equal(guest_decides(guest), event < 3);
    }
}

/* Two turns of the ring without a decision cross every event there is. */
static void test_event_packed_after_two_turns(void **state)
{
    for (uint32_t event = 0; event < 6; event++) {
        struct guest *guest = guest_replace(state, GUEST_EVENT_IDX, 3, 0);
        turn(guest, 1);
        guest_decides(guest);
        guest_ask(guest, event_word(event, 3));
        turn(guest, 3);
        turn(guest, 3);
        assert_true(guest_decides(guest));
    }
}

static void test_event_names_no_slot(void **state)
{
    const uint16_t words[] = {3, 4, 0x7fff, 0x8003, 0xffff};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        struct guest *guest = guest_replace(state, GUEST_EVENT_IDX, 3, 0);
        turn(guest, 1);
        guest_decides(guest);
        guest_ask(guest, words[i]);
        turn(guest, 1);
        assert_true(guest_decides(guest));
    }
}

/* Reserved, and DESC that was not negotiated: a spurious notification harms nobody. */
static void test_event_flags_reserved(void **state)
{
    struct guest *guest = guest_replace(state, GUEST_EVENT_IDX, 3, 0);
    guest_ask_flags(guest, 3);
    turn(guest, 1);
    assert_true(guest_decides(guest));
    turn(guest, 1);
    assert_true(guest_decides(guest));
    /* What stands above the two bits means nothing. */
    guest_ask_flags(guest, 0xfffc | VVS_PACKED_EVENT_DISABLE);
    turn(guest, 1);
    assert_false(guest_decides(guest));
    guest_ask(guest, event_word(2, 3));
    guest_ask_flags(guest, 0xfffc | VVS_PACKED_EVENT_DESC);
    turn(guest, 1);
    assert_false(guest_decides(guest));

    guest = guest_replace(state, 0, 3, 0);
    turn(guest, 1);
    guest_decides(guest);
    guest_ask(guest, event_word(0, 3));
    turn(guest, 1);
    assert_true(guest_decides(guest));
}

/* After a restart nobody knows what was signalled: the first decision says yes. */
static void test_first_decision_after_restart(void **state)
{
    struct guest *guest = guest_replace(state, GUEST_EVENT_IDX, 8, 0);
    const uint16_t event = guest_is_packed(guest) ? event_word(5, 8) : 30000;
    turn(guest, 2);
    guest_decides(guest);
    struct vvs_queue_state at;
    assert_status(vvs_queue_get_state(&guest->queue, &at), VVS_OK);
    assert_status(vvs_queue_set_state(&guest->queue, &at), VVS_OK);
    guest_ask(guest, event);
    assert_false(guest_decides(guest));
    turn(guest, 1);
    assert_true(guest_decides(guest));
    turn(guest, 1);
    assert_false(guest_decides(guest));
}

/* Arming makes the driver kick for the very next chain, whatever came before, around all wraps. */
static void test_arm(void **state)
{
    const uint64_t features[] = {0, GUEST_EVENT_IDX};
    for (size_t f = 0; f < COUNT_OF(features); f++) {
        struct guest *guest = guest_replace(state, features[f], 4, 0);
        for (uint32_t i = 0; i < 19; i++) {
            assert_false(guest_arms(guest));
            guest_simple(guest, 44, true);
            assert_true(guest_kicks(guest, 1));
            assert_true(guest_arms(guest));
            const struct vvs_token token = guest_pop(guest, NULL);
            assert_false(guest_arms(guest));
            guest_publish(guest, &token, 0);
            guest_expect_used(guest, token.id, 0);
        }
    }
}

static void test_arm_at_65535(void **state)
{
    struct guest *guest = guest_replace(state, GUEST_EVENT_IDX, 4, 0);
    const struct vvs_queue_state at = {65534, 65534, 0, 0};
    guest_start(guest, 65534);
    assert_status(vvs_queue_set_state(&guest->queue, &at), VVS_OK);
    for (int i = 0; i < 4; i++) {
        assert_false(guest_arms(guest));
        guest_simple(guest, 44, true);
        assert_true(guest_kicks(guest, 1));
        guest_pop(guest, NULL);
    }
}

static void test_disarm(void **state)
{
    struct guest *guest = *state;
    for (int i = 0; i < 3; i++) {
        assert_status(vvs_queue_disarm(&guest->queue), VVS_OK);
        guest_simple(guest, 44, true);
        assert_false(guest_kicks(guest, 1));
        guest_pop(guest, NULL);
        assert_false(guest_arms(guest));
        guest_simple(guest, 44, true);
        assert_true(guest_kicks(guest, 1));
        guest_pop(guest, NULL);
    }
}

/* With EVENT_IDX the device stays silent by leaving the event where it is. */
static void test_disarm_with_event_idx(void **state)
{
    struct guest *guest = guest_replace(state, GUEST_EVENT_IDX, 8, 0);
    assert_false(guest_arms(guest));
    guest_simple(guest, 44, true);
    assert_true(guest_kicks(guest, 1));
    guest_pop(guest, NULL);
    /* Armed for one chain, not for each that follows. */
    guest_simple(guest, 44, true);
    assert_false(guest_kicks(guest, 1));
    guest_pop(guest, NULL);
    guest_snapshot(guest);
    assert_status(vvs_queue_disarm(&guest->queue), VVS_OK);
    if (!guest_is_packed(guest))
        guest_expect_unchanged(guest);
    for (int i = 0; i < 4; i++) {
        guest_simple(guest, 44, true);
        assert_false(guest_kicks(guest, 1));
        guest_pop(guest, NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH_TESTS(test_nothing_published),
        BOTH_TESTS(test_flags),
        SPLIT_TEST(test_flag_with_event_idx),
        SPLIT_TEST(test_event_split),
        SPLIT_TEST(test_event_after_a_whole_turn_of_the_index),
        PACKED_TEST(test_event_packed),
        PACKED_TEST(test_event_packed_inside_a_list),
        PACKED_TEST(test_event_packed_after_two_turns),
        PACKED_TEST(test_event_names_no_slot),
        PACKED_TEST(test_event_flags_reserved),
        BOTH_TESTS(test_first_decision_after_restart),
        BOTH_TESTS(test_arm),
        SPLIT_TEST(test_arm_at_65535),
        BOTH_TESTS(test_disarm),
        BOTH_TESTS(test_disarm_with_event_idx),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
