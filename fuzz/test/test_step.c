/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Each device step, by the answers and the guest memory it must leave. */
#include "play.h"

static void test_serve_tx(void **state)
{
    (void)state;
    for (uint32_t packed = 0; packed < 2; packed++) {
        scn_init(&scenario);
        build_features(&scenario, INDIRECT | (packed ? PACKED : 0));
        build_queue(&scenario, TX, 64);
        build_bytes(&scenario, build_chain(&scenario, TX), SCN_ADD_CHAIN_F_PAYLOAD, "hello", 5);
        struct scn_record *chain = build_chain(&scenario, TX);
        scn_set(chain, SCN_ADD_CHAIN_F_INDIRECT, 1);
        scn_set(chain, SCN_ADD_CHAIN_F_SRC_CID, UINT64_C(0x123456789abcdef0));
        scn_set(build_element(&scenario, 1), SCN_ELEMENT_F_REPEAT, 46);
        serve(TX, 1);
        serve(TX, 9);
        play();
        const struct run_answer *first = answer(0, 2, VVS_OK, 1, 1);
        const struct run_chain *found = chain_of(first, 0);
        assert_payload(found, "hello", 5);
        assert_true(found->has_id);
        assert_int_equal(found->id, 0);
        assert_int_equal(found->capacity, 5);
        assert_used(first, 0, 0, 0);
        assert_true(first->decided);
        assert_true(first->notify);
        const struct run_answer *second = answer(1, 3, VVS_EMPTY, 1, 1);
        found = chain_of(second, 0);
        assert_payload(found, "\0\x83", 2);
        assert_memory_equal(found->header, "\xf0\xde\xbc\x9a\x78\x56\x34\x12", 8);
        assert_used(second, 0, 1, 0);
    }
}

static void test_serve_refuses(void **state)
{
    (void)state;
    scenario.image.tag = SCN_TAG_IMAGE;
    scn_set(&scenario.image, SCN_IMAGE_F_MAX_PAYLOAD, 10);
    build_chain(&scenario, TX);
    build_element(&scenario, 43);
    scn_set(build_chain(&scenario, TX), SCN_ADD_CHAIN_F_PAYLOAD_LEN, 11);
    scn_set(build_chain(&scenario, TX), SCN_ADD_CHAIN_F_PAYLOAD_LEN, 10);
    serve(TX, 8);
    play();
    const struct run_answer *found = answer(0, 3, VVS_EMPTY, 3, 3);
    assert_int_equal(chain_of(found, 0)->kind, RUN_REJECT);
    assert_int_equal(chain_of(found, 0)->status, VVS_E_HEADER_SHORT);
    assert_false(chain_of(found, 0)->has_header);
    assert_int_equal(chain_of(found, 1)->status, VVS_E_PAYLOAD_LIMIT);
    assert_true(chain_of(found, 1)->has_header);
    assert_int_equal(chain_of(found, 1)->header[24], 11);
    assert_int_equal(chain_of(found, 2)->kind, RUN_PACKET);
}

static void test_serve_rx(void **state)
{
    (void)state;
    for (uint32_t packed = 0; packed < 2; packed++) {
        scn_init(&scenario);
        build_features(&scenario, packed ? PACKED : 0);
        build_queue(&scenario, RX, 8);
        build_chain(&scenario, RX);
        scn_set(build_element(&scenario, 20), SCN_ELEMENT_F_ADDR, 0x200000);
        scn_set(build_element(&scenario, 30), SCN_ELEMENT_F_ADDR, 0x300000);
        build_chain(&scenario, RX);
        struct scn_record *send = build(&scenario, SCN_TAG_SEND);
        build_bytes(&scenario, send, SCN_SEND_F_PAYLOAD, "abcd", 4);
        scn_set(send, SCN_SEND_F_FWD_CNT, 0x01020304);
        serve(RX, 2);
        play();
        const struct run_answer *found = answer(0, 3, VVS_OK, 2, 2);
        assert_payload(chain_of(found, 0), "abcd", 4);
        assert_int_equal(chain_of(found, 0)->capacity, 6);
        assert_int_equal(chain_of(found, 0)->used_len, 48);
        assert_used(found, 0, 0, 48);
        assert_int_equal(chain_of(found, 1)->payload_len, 64);
        assert_int_equal(chain_of(found, 1)->used_len, 108);
        uint8_t bytes[30];
        assert_int_equal(guest_read(&run.guest, bytes, 0x200000, 20), 20);
        assert_memory_equal(bytes, "\2\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0\xd2\4\0\0", 20);
        assert_int_equal(guest_read(&run.guest, bytes, 0x300000, 30), 30);
        assert_memory_equal(bytes,
                            "\0\4\0\0\4\0\0\0\1\0\5\0\0\0\0\0\0\0\1\0\4\3\2\1"
                            "abcd\0\0",
                            30);
    }
}

static void test_rx_packet_that_can_not_be_committed(void **state)
{
    (void)state;
    build_queue(&scenario, RX, 8);
    build_chain(&scenario, RX);
    build_element(&scenario, 54);
    scn_set(build_chain(&scenario, RX), SCN_ADD_CHAIN_F_COUNT, 2);
    struct scn_record *send = build(&scenario, SCN_TAG_SEND);
    scn_set(send, SCN_SEND_F_PAYLOAD_LEN, 11);
    send = build(&scenario, SCN_TAG_SEND);
    scn_set(send, SCN_SEND_F_PAYLOAD_LEN, 11);
    scn_set(send, SCN_SEND_F_WRITTEN, 10);
    serve(RX, 5);
    device(SCN_TAG_POP, RX);
    publish(RX, SCN_PUBLISH_F_ROLE);
    play();
    const struct run_answer *found = answer(0, 4, VVS_E_CAPACITY, 1, 1);
    assert_int_equal(chain_of(found, 0)->kind, RUN_REJECT);
    assert_int_equal(chain_of(found, 0)->status, VVS_E_CAPACITY);
    assert_used(found, 0, 0, 0);
    found = answer(2, 6, VVS_E_UNWRITTEN, 1, 1);
    assert_int_equal(chain_of(found, 0)->status, VVS_E_UNWRITTEN);
    assert_used(found, 0, 1, 0);
}

static void test_written_is_cut_to_the_capacity(void **state)
{
    (void)state;
    build_queue(&scenario, RX, 8);
    build_chain(&scenario, RX);
    build_element(&scenario, 47);
    struct scn_record *send = build(&scenario, SCN_TAG_SEND);
    build_bytes(&scenario, send, SCN_SEND_F_PAYLOAD, "ab", 2);
    scn_set(send, SCN_SEND_F_PAYLOAD_FILL, '!');
    scn_set(send, SCN_SEND_F_WRITTEN, 1000);
    serve(RX, 1);
    play();
    const struct run_answer *found = answer(0, 2, VVS_OK, 1, 1);
    assert_int_equal(chain_of(found, 0)->payload_len, 3);
    assert_memory_equal(payloads + chain_of(found, 0)->payload_at, "ab!", 3);
    assert_used(found, 0, 0, 46);
}

static void test_events(void **state)
{
    (void)state;
    build_queue(&scenario, EVENT, 16);
    build_chain(&scenario, EVENT);
    build_element(&scenario, 3);
    scn_set(build_chain(&scenario, EVENT), SCN_ADD_CHAIN_F_COUNT, 3);
    struct scn_record *element = build_element(&scenario, 3);
    scn_set(element, SCN_ELEMENT_F_REPEAT, 3);
    scn_set(build(&scenario, SCN_TAG_SEND_EVENT), SCN_SEND_EVENT_F_EVENT, 0x04030201);
    scn_set(build(&scenario, SCN_TAG_SEND_EVENT), SCN_SEND_EVENT_F_EVENT, 0x0a0b0c0d);
    serve(EVENT, 2);
    device(SCN_TAG_POP, EVENT);
    device(SCN_TAG_POP, EVENT);
    publish(EVENT, SCN_PUBLISH_F_ROLE);
    play();
    const struct run_answer *found = answer(0, 4, VVS_OK, 2, 2);
    assert_int_equal(chain_of(found, 0)->status, VVS_E_BUFFER_SHORT);
    assert_int_equal(chain_of(found, 1)->kind, RUN_EVENT);
    assert_int_equal(chain_of(found, 1)->event, 0x04030201);
    assert_used(found, 0, 0, 0);
    assert_used(found, 1, 1, 4);
    found = answer(1, 5, VVS_OK, 1, 0);
    assert_false(chain_of(found, 0)->has_event);
    found = answer(3, 7, VVS_OK, 1, 1);
    assert_true(chain_of(found, 0)->has_event);
    assert_int_equal(chain_of(found, 0)->event, 0x0a0b0c0d);
    assert_used(found, 0, 4, 4);
    /* Rings 0x100, 38, 134 bytes; data at 0x1001c0, 16 a chain. The last was popped since. */
    uint8_t bytes[20];
    assert_int_equal(guest_read(&run.guest, bytes, 0x1001e0, 20), 20);
    assert_memory_equal(bytes, "\x0d\x0c\x0b\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
}

static void test_pop_publish_out_of_order(void **state)
{
    (void)state;
    build_queue(&scenario, TX, 8);
    scn_set(build_chain(&scenario, TX), SCN_ADD_CHAIN_F_COUNT, 3);
    for (uint32_t i = 0; i < 4; i++) {
        device(SCN_TAG_POP, TX);
    }
    scn_set(device(SCN_TAG_PUBLISH, TX), SCN_PUBLISH_F_WHICH, 4); /* modulo 3: the second */
    publish(TX, SCN_PUBLISH_F_AGAIN);
    publish(TX, SCN_PUBLISH_F_STAGE);
    publish(TX, SCN_PUBLISH_F_STAGE);
    publish(TX, SCN_PUBLISH_F_ROLE);
    device(SCN_TAG_FLUSH, TX);
    play();
    assert_int_equal(chain_of(answer(2, 3, VVS_OK, 1, 0), 0)->id, 2);
    answer(3, 4, VVS_EMPTY, 0, 0);
    assert_used(answer(4, 5, VVS_OK, 0, 1), 0, 1, 0);
    answer(5, 6, VVS_E_TOKEN, 0, 0);
    answer(6, 7, VVS_OK, 0, 0);
    assert_false(answer(7, 8, VVS_OK, 0, 0)->decided);
    assert_true(run.answers[8].none);
    const struct run_answer *found = answer(9, 10, VVS_OK, 0, 2);
    assert_used(found, 0, 0, 0);
    assert_used(found, 1, 2, 0);
    assert_true(found->decided);
}

static void test_quiet_and_notify(void **state)
{
    (void)state;
    build_queue(&scenario, TX, 8);
    build_chain(&scenario, TX);
    device(SCN_TAG_POP, TX);
    device(SCN_TAG_NOTIFY, TX);
    publish(TX, SCN_PUBLISH_F_QUIET);
    device(SCN_TAG_NOTIFY, TX);
    device(SCN_TAG_NOTIFY, TX);
    play();
    assert_false(answer(1, 2, VVS_OK, 0, 0)->notify);
    assert_false(answer(2, 3, VVS_OK, 0, 1)->decided);
    assert_true(answer(3, 4, VVS_OK, 0, 0)->notify);
    const struct run_answer *found = answer(4, 5, VVS_OK, 0, 0);
    assert_true(found->decided);
    assert_false(found->notify);
}

static void test_avail_flags_suppress(void **state)
{
    (void)state;
    struct scn_record *word = build(&scenario, SCN_TAG_SET_WORD);
    scn_set(word, SCN_SET_WORD_F_WORD, SCN_WORD_AVAIL_FLAGS);
    scn_set(word, SCN_SET_WORD_F_VALUE, VVS_AVAIL_F_NO_INTERRUPT);
    build_chain(&scenario, TX);
    serve(TX, 1);
    play();
    const struct run_answer *found = answer(0, 2, VVS_OK, 1, 1);
    assert_true(found->decided);
    assert_false(found->notify);
}

static void test_arm_and_disarm(void **state)
{
    (void)state;
    device(SCN_TAG_DISARM, TX);
    device(SCN_TAG_ARM, TX);
    build_chain(&scenario, TX);
    device(SCN_TAG_ARM, TX);
    device(SCN_TAG_DISARM, TX);
    play();
    assert_false(answer(0, 0, VVS_OK, 0, 0)->armed);
    assert_true(answer(1, 1, VVS_OK, 0, 0)->armed);
    assert_false(run.answers[1].more);
    assert_true(answer(2, 3, VVS_OK, 0, 0)->more);
    assert_int_equal(guest_get16(&run.guest, 0x1000a0), VVS_USED_F_NO_NOTIFY);
}

static void test_undo(void **state)
{
    (void)state;
    build_queue(&scenario, TX, 8);
    scn_set(build_chain(&scenario, TX), SCN_ADD_CHAIN_F_COUNT, 2);
    device(SCN_TAG_POP, TX);
    device(SCN_TAG_POP, TX);
    scn_set(device(SCN_TAG_UNDO, TX), SCN_UNDO_F_WHICH, 0);
    device(SCN_TAG_UNDO, TX);
    device(SCN_TAG_UNDO, TX);
    device(SCN_TAG_UNDO, TX);
    device(SCN_TAG_POP, TX);
    play();
    answer(2, 3, VVS_E_UNDO_ORDER, 0, 0);
    answer(3, 4, VVS_OK, 0, 0);
    answer(4, 5, VVS_OK, 0, 0);
    assert_true(run.answers[5].none);
    assert_int_equal(chain_of(answer(6, 7, VVS_OK, 1, 0), 0)->id, 0);
}

static void test_in_order(void **state)
{
    (void)state;
    build_features(&scenario, IN_ORDER);
    build_queue(&scenario, RX, 8);
    scn_set(build_chain(&scenario, RX), SCN_ADD_CHAIN_F_COUNT, 2);
    build_bytes(&scenario, build(&scenario, SCN_TAG_SEND), SCN_SEND_F_PAYLOAD, "x", 1);
    device(SCN_TAG_POP, RX);
    device(SCN_TAG_POP, RX);
    scn_set(device(SCN_TAG_PUBLISH, RX), SCN_PUBLISH_F_WHICH, 1);
    publish(RX, SCN_PUBLISH_F_ROLE);
    publish(RX, SCN_PUBLISH_F_ROLE);
    play();
    answer(2, 4, VVS_E_IN_ORDER, 1, 0);
    assert_used(answer(3, 5, VVS_OK, 1, 1), 0, 0, 108);
    assert_int_equal(chain_of(&run.answers[3], 0)->used_len, 108);
    assert_used(answer(4, 6, VVS_OK, 0, 1), 0, 1, 45); /* filled before, published now */
}

static void test_abort(void **state)
{
    (void)state;
    build_queue(&scenario, RX, 8);
    build_chain(&scenario, RX);
    device(SCN_TAG_POP, RX);
    device(SCN_TAG_ABORT, RX);
    device(SCN_TAG_ABORT, RX);
    play();
    const struct run_answer *found = answer(1, 2, VVS_OK, 0, 1);
    assert_used(found, 0, 0, 0);
    assert_true(found->notify);
    assert_true(run.answers[2].none);
}

static void test_refused_after_filled(void **state)
{
    (void)state;
    build_queue(&scenario, RX, 8);
    build_chain(&scenario, RX);
    build_chain(&scenario, RX);
    build_element(&scenario, 43);
    for (uint32_t i = 0; i < 2; i++) {
        device(SCN_TAG_POP, RX);
        publish(RX, SCN_PUBLISH_F_ROLE);
    }
    play();
    assert_used(answer(1, 3, VVS_OK, 1, 1), 0, 0, 108);
    assert_used(answer(3, 5, VVS_OK, 0, 1), 0, 1, 0);
}

static void test_save_and_restore(void **state)
{
    (void)state;
    for (uint32_t packed = 0; packed < 2; packed++) {
        scn_init(&scenario);
        build_features(&scenario, packed ? PACKED : 0);
        build_queue(&scenario, TX, 4);
        scn_set(build_chain(&scenario, TX), SCN_ADD_CHAIN_F_COUNT, 3);
        serve(TX, 1);
        device(SCN_TAG_SAVE, TX);
        device(SCN_TAG_POP, TX);
        device(SCN_TAG_RESTORE, TX);
        publish(TX, SCN_PUBLISH_F_ROLE);
        serve(TX, 4);
        scn_set(device(SCN_TAG_RESTORE, TX), SCN_RESTORE_F_AVAIL_WRAP, 2);
        play();
        assert_int_equal(chain_of(answer(2, 3, VVS_OK, 1, 0), 0)->id, 1);
        answer(3, 4, VVS_OK, 0, 0);
        assert_true(run.answers[4].none);
        const struct run_answer *found = answer(5, 6, VVS_EMPTY, 2, 2);
        assert_used(found, 0, 1, 0);
        assert_used(found, 1, 2, 0);
        answer(6, 7, VVS_E_STATE, 0, 0);
    }
}

static void test_restart(void **state)
{
    (void)state;
    for (uint32_t packed = 0; packed < 2; packed++) {
        scn_init(&scenario);
        build_features(&scenario, packed ? PACKED : 0);
        build_queue(&scenario, TX, 4);
        scn_set(build_chain(&scenario, TX), SCN_ADD_CHAIN_F_COUNT, 3);
        serve(TX, 2);
        struct scn_record *step = device(SCN_TAG_RESTART, TX);
        scn_set(step, SCN_RESTART_F_AVAIL_INDEX, 2);
        scn_set(step, SCN_RESTART_F_USED_INDEX, 2);
        scn_set(step, SCN_RESTART_F_AVAIL_WRAP, 0);
        scn_set(step, SCN_RESTART_F_USED_WRAP, 0);
        serve(TX, 1);
        scn_set(build_chain(&scenario, TX), SCN_ADD_CHAIN_F_COUNT, 3);
        serve(TX, 4);
        play();
        answer(1, 2, VVS_OK, 0, 0);
        answer(2, 3, VVS_EMPTY, 0, 0);
        assert_used(answer(3, 5, VVS_EMPTY, 3, 3), 0, 0, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_serve_tx, set_up_test),
        cmocka_unit_test_setup(test_serve_refuses, set_up_test),
        cmocka_unit_test_setup(test_serve_rx, set_up_test),
        cmocka_unit_test_setup(test_rx_packet_that_can_not_be_committed, set_up_test),
        cmocka_unit_test_setup(test_written_is_cut_to_the_capacity, set_up_test),
        cmocka_unit_test_setup(test_events, set_up_test),
        cmocka_unit_test_setup(test_pop_publish_out_of_order, set_up_test),
        cmocka_unit_test_setup(test_quiet_and_notify, set_up_test),
        cmocka_unit_test_setup(test_avail_flags_suppress, set_up_test),
        cmocka_unit_test_setup(test_arm_and_disarm, set_up_test),
        cmocka_unit_test_setup(test_undo, set_up_test),
        cmocka_unit_test_setup(test_in_order, set_up_test),
        cmocka_unit_test_setup(test_abort, set_up_test),
        cmocka_unit_test_setup(test_refused_after_filled, set_up_test),
        cmocka_unit_test_setup(test_save_and_restore, set_up_test),
        cmocka_unit_test_setup(test_restart, set_up_test),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
