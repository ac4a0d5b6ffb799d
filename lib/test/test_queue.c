/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What both ring formats promise alike: pop, tokens, undo, batches, order. */
#include "guest.h"

static void test_empty(void **state)
{
    struct guest *guest = *state;
    struct vvs_token token;
    struct vvs_chain chain;
    fill_pattern(&token);
    fill_pattern(&chain);
    guest_snapshot(guest);
    for (int i = 0; i < 3; i++)
        assert_status(vvs_queue_pop(&guest->queue, &token, &chain), VVS_EMPTY);
    assert_untouched(&token);
    assert_untouched(&chain);
    guest_expect_unchanged(guest);
    assert_int_equal(vvs_queue_in_flight(&guest->queue), 0);
}

static void test_pop_and_publish(void **state)
{
    struct guest *guest = *state;
    const struct vvs_element elements[] = {{0x1122334455667788, 100, 0}, {GUEST_HOLE, 7, 1}};
    const uint16_t id = guest_chain(guest, elements, 2);
    guest_snapshot(guest);
    struct vvs_chain chain;
    const struct vvs_token token = guest_pop(guest, &chain);
    guest_expect_unchanged(guest);

    assert_int_equal(token.id, id);
    assert_int_equal(token.span, guest_is_packed(guest) ? 2 : 1);
    assert_int_equal(token.position, 0);
    assert_ptr_equal(chain.queue, &guest->queue);
    assert_int_equal(chain.element_count, 2);
    assert_true(chain.elements[0].addr == elements[0].addr);
    assert_int_equal(chain.elements[0].len, 100);
    assert_int_equal(chain.elements[0].writable, 0);
    assert_true(chain.elements[1].addr == elements[1].addr);
    assert_int_equal(chain.elements[1].writable != 0, 1);
    assert_int_equal(vvs_queue_in_flight(&guest->queue), 1);

    guest_expect_none_used(guest);
    guest_publish(guest, &token, 0x01020304);
    guest_expect_used(guest, id, 0x01020304);
    guest_expect_none_used(guest);
    assert_int_equal(vvs_queue_in_flight(&guest->queue), 0);
}

/* Three turns of the ring, one chain at a time, then the whole ring at once, out of order. */
static void test_turns(void **state)
{
    struct guest *guest = *state;
    for (uint32_t i = 0; i < 3 * guest->size + 3; i++) {
        const uint16_t id = guest_simple(guest, 44 + i, false);
        struct vvs_chain chain;
        const struct vvs_token token = guest_pop(guest, &chain);
        assert_int_equal(chain.readable_len, 44 + i);
        guest_publish(guest, &token, 0);
        guest_expect_used(guest, id, 0);
    }
    struct vvs_token tokens[8] = {0};
    assert_int_equal(guest->size, COUNT_OF(tokens));
    for (uint32_t i = 0; i < guest->size; i++)
        guest_simple(guest, 44, false);
    for (uint32_t i = 0; i < guest->size; i++)
        tokens[i] = guest_pop(guest, NULL);
    struct vvs_chain chain;
    struct vvs_token none;
    assert_status(vvs_queue_pop(&guest->queue, &none, &chain), VVS_EMPTY);
    for (uint32_t i = 0; i < guest->size; i++) {
        const struct vvs_token *token = &tokens[i * 5 % guest->size];
        assert_int_equal(vvs_queue_in_flight(&guest->queue), guest->size - i);
        guest_publish(guest, token, i);
        guest_expect_used(guest, token->id, i);
    }
}

static void token_is_foreign(struct guest *guest, const struct vvs_token *token)
{
    const uint32_t in_flight = vvs_queue_in_flight(&guest->queue);
    guest_snapshot(guest);
    assert_status(vvs_queue_publish(&guest->queue, token, 1), VVS_E_TOKEN);
    assert_status(vvs_queue_stage(&guest->queue, token, 1), VVS_E_TOKEN);
    assert_status(vvs_queue_undo(&guest->queue, token), VVS_E_TOKEN);
    guest_expect_unchanged(guest);
    assert_int_equal(vvs_queue_in_flight(&guest->queue), in_flight);
}

static void test_token_once(void **state)
{
    struct guest *guest = *state;
    guest_simple(guest, 44, false);
    guest_simple(guest, 44, false);
    const struct vvs_token first = guest_pop(guest, NULL);
    const struct vvs_token second = guest_pop(guest, NULL);
    guest_publish(guest, &second, 0);
    token_is_foreign(guest, &second);
    assert_status(vvs_queue_stage(&guest->queue, &first, 0), VVS_OK);
    token_is_foreign(guest, &first);
    assert_status(vvs_queue_flush(&guest->queue), VVS_OK);
    token_is_foreign(guest, &first);
}

static void test_token_undone(void **state)
{
    struct guest *guest = *state;
    guest_simple(guest, 44, false);
    const struct vvs_token token = guest_pop(guest, NULL);
    assert_status(vvs_queue_undo(&guest->queue, &token), VVS_OK);
    token_is_foreign(guest, &token);
}

/* A token of an earlier turn, whose storage is in use again. */
static void test_token_stale(void **state)
{
    struct guest *guest = *state;
    guest_simple(guest, 44, false);
    const struct vvs_token stale = guest_pop(guest, NULL);
    guest_publish(guest, &stale, 0);
    for (uint32_t i = 0; i < guest->size; i++) {
        guest_simple(guest, 44, false);
        guest_pop(guest, NULL);
    }
    token_is_foreign(guest, &stale);
}

/* Tokens live in the caller's memory and in-flight logs: no value of a field may lead astray. */
static void test_token_forged(void **state)
{
    struct guest *guest = *state;
    guest_simple(guest, 44, false);
    const struct vvs_token good = guest_pop(guest, NULL);
    struct vvs_token bad = good;
    for (uint32_t bit = 0; bit < 32; bit++) {
        bad.sequence = good.sequence ^ (UINT32_C(1) << bit);
        token_is_foreign(guest, &bad);
    }
    bad = good;
    for (unsigned value = 0; value < 65536; value++) {
        bad.slot = (uint16_t)value;
        if (bad.slot != good.slot)
            assert_status(vvs_queue_publish(&guest->queue, &bad, 1), VVS_E_TOKEN);
    }
    bad = good;
    bad.id = (uint16_t)(good.id + 1u);
    token_is_foreign(guest, &bad);
    bad = good;
    bad.span = (uint16_t)(good.span + 1u);
    token_is_foreign(guest, &bad);
    memset(&bad, 0xff, sizeof(bad));
    token_is_foreign(guest, &bad);

    struct guest *other = guest_new(guest->features, guest->size, 0);
    token_is_foreign(other, &good);
    guest_free(other);
    const struct vvs_token copy = good;
    guest_publish(guest, &copy, 0);
}

static void test_undo(void **state)
{
    struct guest *guest = *state;
    struct vvs_token tokens[3];
    uint16_t ids[3];
    for (int i = 0; i < 3; i++) {
        const struct vvs_element elements[] = {{GUEST_DATA, 44u + (unsigned)i, 0},
                                               {GUEST_DATA, 1, 1}};
        ids[i] = guest_chain(guest, elements, 2);
    }
    for (int i = 0; i < 3; i++)
        tokens[i] = guest_pop(guest, NULL);
    guest_snapshot(guest);
    assert_status(vvs_queue_undo(&guest->queue, &tokens[0]), VVS_E_UNDO_ORDER);
    assert_status(vvs_queue_undo(&guest->queue, &tokens[1]), VVS_E_UNDO_ORDER);
    for (int i = 2; i >= 0; i--)
        assert_status(vvs_queue_undo(&guest->queue, &tokens[i]), VVS_OK);
    assert_int_equal(vvs_queue_in_flight(&guest->queue), 0);
    guest_expect_unchanged(guest);

    for (int i = 0; i < 3; i++) {
        struct vvs_chain chain;
        const struct vvs_token again = guest_pop(guest, &chain);
        assert_int_equal(again.id, ids[i]);
        assert_int_equal(chain.readable_len, 44 + i);
        guest_publish(guest, &again, 0);
        guest_expect_used(guest, ids[i], 0);
    }
}

/* The chain behind it went back already: popping this one again would pop that one again. */
static void test_undo_behind_published(void **state)
{
    struct guest *guest = *state;
    guest_simple(guest, 44, false);
    guest_simple(guest, 44, false);
    const struct vvs_token first = guest_pop(guest, NULL);
    const struct vvs_token second = guest_pop(guest, NULL);
    guest_publish(guest, &second, 0);
    assert_status(vvs_queue_undo(&guest->queue, &first), VVS_E_UNDO_ORDER);
    guest_publish(guest, &first, 0);
    guest_expect_used(guest, second.id, 0);
    guest_expect_used(guest, first.id, 0);
}

/* An older chain went back meanwhile: that hinders nothing. */
static void test_undo_after_publish(void **state)
{
    struct guest *guest = *state;
    guest_simple(guest, 44, false);
    const uint16_t id = guest_simple(guest, 45, false);
    const struct vvs_token first = guest_pop(guest, NULL);
    const struct vvs_token second = guest_pop(guest, NULL);
    guest_publish(guest, &first, 0);
    assert_status(vvs_queue_undo(&guest->queue, &second), VVS_OK);
    struct vvs_chain chain;
    const struct vvs_token again = guest_pop(guest, &chain);
    assert_int_equal(again.id, id);
    assert_int_equal(chain.readable_len, 45);
}

/* Undo across the end of the ring, list by list. */
static void test_undo_across_the_end(void **state)
{
    struct guest *guest = guest_replace(state, 0, 4, 0);
    const struct vvs_element elements[] = {
        {GUEST_DATA, 44, 0}, {GUEST_DATA, 1, 0}, {GUEST_DATA, 2, 0}};
    for (int i = 0; i < 20; i++) {
        const uint16_t id = guest_chain(guest, elements, 3);
        struct vvs_token token = guest_pop(guest, NULL);
        assert_status(vvs_queue_undo(&guest->queue, &token), VVS_OK);
        token = guest_pop(guest, NULL);
        assert_int_equal(token.id, id);
        guest_publish(guest, &token, 0);
        guest_expect_used(guest, id, 0);
    }
}

static void test_undo_of_refused(void **state)
{
    struct guest *guest = *state;
    const struct vvs_element elements[] = {{GUEST_DATA, 44, 1}, {GUEST_DATA, 44, 0}};
    guest_chain(guest, elements, 2);
    struct vvs_chain chain;
    struct vvs_token token;
    assert_status(vvs_queue_pop(&guest->queue, &token, &chain), VVS_E_ORDER);
    assert_status(vvs_queue_undo(&guest->queue, &token), VVS_OK);
    guest_refused(guest, VVS_E_ORDER);
}

static void test_batch(void **state)
{
    struct guest *guest = *state;
    const struct vvs_element elements[] = {{GUEST_DATA, 44, 1}, {GUEST_DATA, 1, 1}};
    for (int turn = 0; turn < 5; turn++) {
        struct vvs_token tokens[3];
        for (int i = 0; i < 3; i++)
            guest_chain(guest, elements, (uint16_t)(i % 2 + 1));
        for (int i = 0; i < 3; i++)
            tokens[i] = guest_pop(guest, NULL);
        for (uint32_t i = 0; i < 3; i++) {
            assert_status(vvs_queue_stage(&guest->queue, &tokens[2 - i], 10 + i), VVS_OK);
            guest_expect_none_used(guest);
        }
        assert_int_equal(vvs_queue_in_flight(&guest->queue), 0);
        assert_status(vvs_queue_flush(&guest->queue), VVS_OK);
        for (uint32_t i = 0; i < 3; i++)
            guest_expect_used(guest, tokens[2 - i].id, 10 + i);
        guest_expect_none_used(guest);
        assert_status(vvs_queue_flush(&guest->queue), VVS_OK);
        guest_expect_none_used(guest);
    }
}

static void test_publish_flushes(void **state)
{
    struct guest *guest = *state;
    guest_simple(guest, 44, true);
    guest_simple(guest, 44, true);
    const struct vvs_token first = guest_pop(guest, NULL);
    const struct vvs_token second = guest_pop(guest, NULL);
    assert_status(vvs_queue_stage(&guest->queue, &first, 1), VVS_OK);
    guest_expect_none_used(guest);
    guest_publish(guest, &second, 2);
    guest_expect_used(guest, first.id, 1);
    guest_expect_used(guest, second.id, 2);
}

static void test_flush_of_nothing(void **state)
{
    struct guest *guest = *state;
    guest_snapshot(guest);
    assert_status(vvs_queue_flush(&guest->queue), VVS_OK);
    guest_expect_unchanged(guest);
}

static void test_in_order(void **state)
{
    struct guest *guest = guest_replace(state, GUEST_IN_ORDER, 8, 0);
    for (int turn = 0; turn < 4; turn++) {
        struct vvs_token tokens[3];
        for (int i = 0; i < 3; i++)
            guest_simple(guest, 44, true);
        for (int i = 0; i < 3; i++)
            tokens[i] = guest_pop(guest, NULL);
        guest_snapshot(guest);
        assert_status(vvs_queue_publish(&guest->queue, &tokens[1], 1), VVS_E_IN_ORDER);
        assert_status(vvs_queue_stage(&guest->queue, &tokens[2], 1), VVS_E_IN_ORDER);
        guest_expect_unchanged(guest);
        assert_int_equal(vvs_queue_in_flight(&guest->queue), 3);
        for (int i = 0; i < 3; i++)
            assert_status(vvs_queue_stage(&guest->queue, &tokens[i], 1), VVS_OK);
        assert_status(vvs_queue_flush(&guest->queue), VVS_OK);
        for (int i = 0; i < 3; i++)
            guest_expect_used(guest, tokens[i].id, 1);
    }
}

static void test_in_order_with_undo(void **state)
{
    struct guest *guest = guest_replace(state, GUEST_IN_ORDER, 8, 0);
    guest_simple(guest, 44, true);
    guest_simple(guest, 44, true);
    const struct vvs_token first = guest_pop(guest, NULL);
    struct vvs_token second = guest_pop(guest, NULL);
    assert_status(vvs_queue_undo(&guest->queue, &second), VVS_OK);
    second = guest_pop(guest, NULL);
    assert_status(vvs_queue_publish(&guest->queue, &second, 0), VVS_E_IN_ORDER);
    guest_publish(guest, &first, 0);
    guest_publish(guest, &second, 0);
    guest_simple(guest, 44, true);
    const struct vvs_token third = guest_pop(guest, NULL);
    guest_publish(guest, &third, 0);
}

/* A queue that broke keeps what is in flight, and gives nothing back: staged chains neither. */
static void test_broken_with_chains_in_flight(void **state)
{
    struct guest *guest = *state;
    guest_simple(guest, 44, true);
    guest_simple(guest, 44, true);
    const struct vvs_token staged = guest_pop(guest, NULL);
    const struct vvs_token token = guest_pop(guest, NULL);
    assert_status(vvs_queue_stage(&guest->queue, &staged, 0), VVS_OK);
    enum vvs_status expected = VVS_E_AVAIL_INDEX;
    if (guest_is_packed(guest)) {
        const struct guest_desc endless = {GUEST_DATA, 1, VVS_DESC_F_NEXT, 0};
        for (uint32_t i = 2; i < guest->size; i++)
            guest_raw(guest, &endless, 1);
        expected = VVS_E_LIST_ENDLESS;
    } else {
        guest_put16(guest, GUEST_DRIVER + 2, (uint16_t)(guest->avail + guest->size + 1));
    }
    guest_breaks(guest, expected);
    assert_status(vvs_queue_publish(&guest->queue, &token, 0), expected);
    assert_status(vvs_queue_stage(&guest->queue, &token, 0), expected);
    assert_status(vvs_queue_undo(&guest->queue, &token), expected);
    guest_expect_unchanged(guest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH_TESTS(test_empty),
        BOTH_TESTS(test_pop_and_publish),
        BOTH_TESTS(test_turns),
        BOTH_TESTS(test_token_once),
        BOTH_TESTS(test_token_undone),
        BOTH_TESTS(test_token_stale),
        BOTH_TESTS(test_token_forged),
        BOTH_TESTS(test_undo),
        BOTH_TESTS(test_undo_behind_published),
        BOTH_TESTS(test_undo_after_publish),
        BOTH_TESTS(test_undo_across_the_end),
        BOTH_TESTS(test_undo_of_refused),
        BOTH_TESTS(test_batch),
        BOTH_TESTS(test_publish_flushes),
        BOTH_TESTS(test_flush_of_nothing),
        BOTH_TESTS(test_in_order),
        BOTH_TESTS(test_in_order_with_undo),
        BOTH_TESTS(test_broken_with_chains_in_flight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
