/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What is around the steps of a run: set-up, memory tables, races, hooks, bounds. */
#include "play.h"

static void test_nothing(void **state)
{
    (void)state;
    play();
    assert_false(run.unmappable);
    assert_int_equal(run.answer_count, 0);
    assert_int_equal(run.queues[TX].setup, VVS_OK);
}

static void test_broken_queue(void **state)
{
    (void)state;
    struct scn_record *word = build(&scenario, SCN_TAG_SET_WORD);
    scn_set(word, SCN_SET_WORD_F_VALUE, 9);
    serve(TX, 4);
    device(SCN_TAG_POP, TX);
    play();
    answer(0, 1, VVS_E_AVAIL_INDEX, 0, 0);
    answer(1, 2, VVS_E_AVAIL_INDEX, 0, 0);
}

static void test_set_up_failures(void **state)
{
    (void)state;
    build_queue(&scenario, RX, 7);
    build_queue(&scenario, TX, 8);
    scn_set(build_queue(&scenario, EVENT, 8), SCN_QUEUE_F_AVAIL_INDEX, 9);
    build_chain(&scenario, RX);
    serve(RX, 1);
    serve(EVENT, 1);
    play();
    assert_int_equal(run.queues[RX].setup, VVS_E_QUEUE_SIZE);
    assert_int_equal(run.queues[TX].setup, VVS_OK);
    assert_int_equal(run.queues[EVENT].setup, VVS_E_STATE);
    answer(0, 1, VVS_E_QUEUE_SIZE, 0, 0);
    answer(1, 2, VVS_E_STATE, 0, 0);
    scn_init(&scenario);
    build_region(&scenario, 0x1000, 0);
    serve(TX, 1);
    serve(RX, 1);
    play();
    answer(0, 0, VVS_E_REGION_EMPTY, 0, 0);
    assert_true(run.answers[1].none);
    scn_init(&scenario);
    build_region(&scenario, 0x1000, UINT64_MAX - 0x1000);
    serve(TX, 1);
    play();
    assert_true(run.unmappable);
}

static void test_set_memory(void **state)
{
    (void)state;
    build_region(&scenario, 0x100000, 0x1000);
    build_region(&scenario, 0x200000, 0x1000);
    build_region(&scenario, 0x200000, 0x1000);
    scenario.image.tag = SCN_TAG_IMAGE;
    scn_set(&scenario.image, SCN_IMAGE_F_ACTIVE, 0x1);
    build_queue(&scenario, RX, 8);
    scn_set(build_chain(&scenario, RX), SCN_ADD_CHAIN_F_COUNT, 4);
    struct scn_record *element = build_element(&scenario, 100);
    scn_set(element, SCN_ELEMENT_F_ADDR, 0x200f80);
    serve(RX, 1);
    static const uint8_t actives[] = {0x3, 0x4, 0x7, 0x5};
    for (uint32_t i = 0; i < sizeof actives; i++) {
        if (i == 3) {
            device(SCN_TAG_POP, RX);
        }
        scn_set(build(&scenario, SCN_TAG_SET_MEMORY), SCN_SET_MEMORY_F_ACTIVE, actives[i]);
    }
    publish(RX, SCN_PUBLISH_F_ROLE);
    serve(RX, 1);
    play();
    assert_int_equal(chain_of(answer(0, 1, VVS_OK, 1, 1), 0)->status, VVS_E_ADDR);
    assert_false(answer(1, 2, VVS_OK, 0, 0)->has_role);
    answer(2, 3, VVS_E_RING_ADDR, 0, 0);
    answer(3, 4, VVS_E_REGION_OVERLAP, 0, 0);
    assert_int_equal(chain_of(answer(4, 5, VVS_OK, 1, 0), 0)->capacity, 56);
    answer(5, 6, VVS_OK, 0, 0);
    assert_used(answer(6, 7, VVS_OK, 0, 1), 0, 1, 0); /* popped under the old table */
    assert_used(answer(7, 8, VVS_OK, 1, 1), 0, 2, 100);
    assert_int_equal(run.guest.regions[1].host[0xf80], 0);
    assert_int_equal(run.guest.regions[2].host[0xf80], 2);
}

static void test_set_memory_that_fails_changes_nothing(void **state)
{
    (void)state;
    build_region(&scenario, 0x100000, 0x1000);
    build_region(&scenario, 0x200000, 0x1000);
    build_queue(&scenario, RX, 8);
    scn_set(build(&scenario, SCN_TAG_SET_MEMORY), SCN_SET_MEMORY_F_ACTIVE, 0x2);
    play();
    answer(0, 0, VVS_E_RING_ADDR, 0, 0);
    assert_int_equal(run.guest.active, 0x3);
    assert_ptr_equal(run.queues[RX].queue.memory, guest_memory(&run.guest));
    assert_int_equal(guest_memory(&run.guest)->region_count, 2);
}

static struct scn_record *race(enum vvs_item item, uint32_t index, uint32_t after, uint32_t offset,
                               const char *bytes, uint32_t len)
{
    struct scn_record *record = build(&scenario, SCN_TAG_RACE);
    scn_set(record, SCN_RACE_F_ITEM, item);
    scn_set(record, SCN_RACE_F_INDEX, index);
    scn_set(record, SCN_RACE_F_AFTER, after);
    scn_set(record, SCN_RACE_F_OFFSET, offset);
    build_bytes(&scenario, record, SCN_RACE_F_BYTES, bytes, len);
    return record;
}

static void test_races(void **state)
{
    (void)state;
    build_queue(&scenario, TX, 8);
    race(VVS_ITEM_HEADER, 24, 0, 0, "\1\2\3\4", 4); /* len, in both chains */
    race(VVS_ITEM_AVAIL_IDX, 77, 1, 0, "\3", 1);    /* after the second load one more is there */
    race(VVS_ITEM_DESC, 1, 0, 8, "\1\0\0\0", 4);    /* len of descriptor 1, for its next use */
    struct scn_record *chain = build_chain(&scenario, TX);
    scn_set(chain, SCN_ADD_CHAIN_F_COUNT, 2);
    scn_set(build_element(&scenario, 48), SCN_ELEMENT_F_ADDR, 0x200000);
    serve(TX, 1);
    struct scn_record *write = build(&scenario, SCN_TAG_WRITE);
    scn_set(write, SCN_WRITE_F_ADDR, 0x200018);
    build_bytes(&scenario, write, SCN_WRITE_F_BYTES, "\2\0\0\0", 4);
    serve(TX, 1);
    write = build(&scenario, SCN_TAG_WRITE); /* available slot 2: descriptor 1 again */
    scn_set(write, SCN_WRITE_F_ADDR, 0x100088);
    build_bytes(&scenario, write, SCN_WRITE_F_BYTES, "\1\0", 2);
    serve(TX, 1);
    play();
    const struct run_answer *found = answer(0, 1, VVS_OK, 1, 1);
    assert_payload(chain_of(found, 0), "\0\x83\6\x89", 4); /* len was loaded before the race */
    found = answer(1, 3, VVS_OK, 1, 1);
    assert_payload(chain_of(found, 0), "\0\x83", 2);
    found = answer(2, 5, VVS_OK, 1, 1);
    assert_int_equal(chain_of(found, 0)->status, VVS_E_HEADER_SHORT);
}

/* A race on a header byte waits for the load that covers it, and knows where it is. */
static void test_race_in_a_header_of_pieces(void **state)
{
    (void)state;
    race(VVS_ITEM_HEADER, 24, 0, 0, "race", 4);
    build_chain(&scenario, TX);
    scn_set(build_element(&scenario, 20), SCN_ELEMENT_F_ADDR, 0x200000);
    scn_set(build_element(&scenario, 24), SCN_ELEMENT_F_ADDR, 0x300000);
    serve(TX, 1);
    play();
    assert_payload(chain_of(answer(0, 1, VVS_OK, 1, 1), 0), "", 0);
    uint8_t bytes[8];
    assert_int_equal(guest_read(&run.guest, bytes, 0x300004, 8), 8);
    assert_memory_equal(bytes, "race\1\0\5\0", 8);
    assert_int_equal(guest_read(&run.guest, bytes, 0x200018, 8), 8);
    assert_memory_equal(bytes, "\0\0\0\0\0\0\0\0", 8);
}

/* What the library and races wrote is cleared as well as what the driver wrote. */
static void test_nothing_is_left(void **state)
{
    (void)state;
    build_features(&scenario, VVS_FEATURE(VVS_F_EVENT_IDX));
    build_region(&scenario, 0x100000, 0x10000);
    build_queue(&scenario, RX, 8);
    build_queue(&scenario, EVENT, 8);
    race(VVS_ITEM_AVAIL_SLOT, 0, 0, 0x4000, "race", 4);
    build_chain(&scenario, RX);
    build_chain(&scenario, EVENT);
    build(&scenario, SCN_TAG_SEND);
    serve(RX, 1);
    serve(EVENT, 1);
    device(SCN_TAG_ARM, RX);
    play();
    assert_used(answer(0, 3, VVS_OK, 1, 1), 0, 0, 108);
    assert_used(answer(1, 4, VVS_OK, 1, 1), 0, 0, 4);
    const struct guest_region *region = &run.guest.regions[0];
    assert_memory_equal(region->host + 0x4000 + 0x84, "race", 4);
    guest_clear(&run.guest);
    for (uint64_t i = 0; i < region->len; i++) {
        assert_int_equal(region->host[i], 0);
    }
}

/* Payload through the buffer's slices: said, it is sent; not said, commit counts on none. */
static void test_in_place(void **state)
{
    (void)state;
    build_queue(&scenario, RX, 8);
    for (uint32_t mode = 1; mode <= 2; mode++) {
        build_chain(&scenario, RX);
        build_element(&scenario, 50);
        build_element(&scenario, 50);
        struct scn_record *sent = build(&scenario, SCN_TAG_SEND);
        build_bytes(&scenario, sent, SCN_SEND_F_PAYLOAD, "in place", 8);
        scn_set(sent, SCN_SEND_F_IN_PLACE, mode);
    }
    serve(RX, 1);
    serve(RX, 1);
    play();
    assert_used(answer(0, 4, VVS_OK, 1, 1), 0, 0, 52);
    assert_used(answer(1, 5, VVS_E_UNWRITTEN, 1, 1), 0, 2, 0);
    uint64_t room;
    assert_memory_equal(guest_at(&run.guest, &room, run.guest.data_start + 44), "in pla", 6);
    assert_memory_equal(guest_at(&run.guest, &room, run.guest.data_start + 64), "ce", 2);
}

/* Changes a field of the answers: the digest must follow. */
#define assert_digests(field, change)                                                              \
    do {                                                                                           \
        uint64_t before = run_digest(&run);                                                        \
        field ^= (change);                                                                         \
        assert_int_not_equal(run_digest(&run), before);                                            \
        field ^= (change);                                                                         \
    } while (0)

static void test_digest(void **state)
{
    (void)state;
    build_queue(&scenario, RX, 8);
    build_chain(&scenario, RX);
    serve(RX, 1);
    play();
    struct run_answer *found = &run.answers[0];
    struct run_chain *chain = &run.chains[0];
    assert_digests(found->status, 1);
    assert_digests(found->step, 1);
    assert_digests(found->role, 1);
    assert_digests(found->none, 1);
    assert_digests(found->decided, 1);
    assert_digests(found->notify, 1);
    assert_digests(found->armed, 1);
    assert_digests(found->more, 1);
    assert_digests(found->used_lost, 1);
    assert_digests(chain->id, 1);
    assert_digests(chain->kind, 1);
    assert_digests(chain->status, 1);
    assert_digests(chain->used_len, 1);
    assert_digests(chain->capacity, 1);
    assert_digests(chain->event, 1);
    assert_digests(chain->payload_len, 1);
    assert_digests(chain->payload_hash, 1);
    assert_digests(chain->header[43], 1);
    assert_digests(run.used[0].id, 1);
    assert_digests(run.used[0].len, 1);
    assert_digests(run.queues[RX].setup, 1);
    assert_digests(run.unmappable, 1);
    /* The same on every host: worked out by hand (in Python). */
    assert_int_equal(run_fold_bytes(RUN_FOLD_START, (const uint8_t *)"nine bytes", 9),
                     UINT64_C(0xc91616acd4d125ae));
}

struct seen {
    uint32_t starts, befores, afters, answers, pops, packets, returns, staged;
};

static void see_start(void *context, struct run *seen_run)
{
    assert_ptr_equal(seen_run, &run);
    ((struct seen *)context)->starts++;
}

static void see_before(void *context, struct run *seen_run, uint32_t step)
{
    assert_int_equal(seen_run->current_step, step);
    ((struct seen *)context)->befores++;
}

static void see_after(void *context, struct run *seen_run, uint32_t step,
                      const struct run_answer *found)
{
    (void)seen_run;
    ((struct seen *)context)->afters++;
    if (found != NULL) {
        assert_int_equal(found->step, step);
        ((struct seen *)context)->answers++;
    }
}

static void see_popped(void *context, struct run *seen_run, uint32_t role,
                       const struct vvs_token *token, enum vvs_status status,
                       const struct vvs_chain *chain)
{
    (void)seen_run;
    assert_int_equal(role, RX);
    assert_int_equal(token->id, 0);
    assert_int_equal(status, VVS_OK);
    assert_int_equal(chain->writable_len, 3776);
    ((struct seen *)context)->pops++;
}

static void see_packet(void *context, struct run *seen_run, uint32_t role,
                       const struct vvs_packet *packet)
{
    (void)seen_run;
    assert_int_equal(role, RX);
    assert_int_equal(vvs_packet_len(packet), 64);
    ((struct seen *)context)->packets++;
}

static void see_returned(void *context, struct run *seen_run, uint32_t role,
                         const struct vvs_token *token, uint32_t used_len, bool staged)
{
    (void)seen_run;
    assert_int_equal(role, RX);
    assert_int_equal(token->id, 0);
    assert_int_equal(used_len, 108);
    ((struct seen *)context)->returns++;
    ((struct seen *)context)->staged += staged;
}

static void test_hooks(void **state)
{
    (void)state;
    struct seen seen = {0};
    const struct run_hooks hooks = {
        .context = &seen,
        .start = see_start,
        .before_step = see_before,
        .after_step = see_after,
        .popped = see_popped,
        .packet = see_packet,
        .returned = see_returned,
    };
    build_queue(&scenario, RX, 8);
    scn_set(build_chain(&scenario, RX), SCN_ADD_CHAIN_F_COUNT, 2);
    device(SCN_TAG_POP, RX);
    publish(RX, SCN_PUBLISH_F_STAGE);
    serve(RX, 1);
    run_scenario(&run, &scenario, &hooks);
    const struct seen expected = {1, 4, 4, 3, 1, 2, 1, 1};
    assert_memory_equal(&seen, &expected, sizeof seen);
}

static void test_bounds(void **state)
{
    (void)state;
    build_queue(&scenario, TX, 32768);
    struct scn_record *chain = build_chain(&scenario, TX);
    build_element(&scenario, 44);
    scn_set(chain, SCN_ADD_CHAIN_F_COUNT, 1024);
    chain = build_chain(&scenario, TX);
    build_element(&scenario, 44);
    scn_set(chain, SCN_ADD_CHAIN_F_COUNT, 1024);
    serve(TX, 1024);
    serve(TX, 1);
    device(SCN_TAG_POP, TX);
    play();
    answer(0, 2, VVS_OK, 63, 63); /* 2^22 / (1 + 2 * 32768) */
    assert_true(run.answers[1].none);
    assert_true(run.answers[2].none);
    scn_set(&scenario.queues[0], SCN_QUEUE_F_SIZE, 2048);
    scn_set(&scenario.queues[0], SCN_QUEUE_F_MAX_CHAIN, 1);
    for (uint32_t i = 0; i < 32; i++) {
        device(SCN_TAG_POP, TX);
    }
    play();
    assert_int_equal(run.chain_total, 1024 + 1 + 32);
    assert_int_equal(run.chain_count, RUN_MAX_CHAINS);
    assert_true(run.answers[run.answer_count - 1].none);
    assert_int_equal(run.queues[TX].popped_count, RUN_MAX_POPPED);
}

static void test_slices(void **state)
{
    (void)state;
    build_queue(&scenario, RX, 8192);
    build_chain(&scenario, RX);
    scn_set(build_element(&scenario, 1), SCN_ELEMENT_F_REPEAT, RUN_SLICES + 1);
    build_chain(&scenario, RX);
    scn_set(build_element(&scenario, 1), SCN_ELEMENT_F_REPEAT, RUN_SLICES);
    device(SCN_TAG_POP, RX);
    serve(RX, 1);
    play();
    assert_int_equal(chain_of(answer(0, 2, VVS_OK, 1, 0), 0)->status, VVS_E_SLICES);
    assert_int_equal(chain_of(answer(1, 3, VVS_OK, 1, 1), 0)->capacity, RUN_SLICES - 44);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_in_place, set_up_test),
        cmocka_unit_test_setup(test_nothing, set_up_test),
        cmocka_unit_test_setup(test_broken_queue, set_up_test),
        cmocka_unit_test_setup(test_set_up_failures, set_up_test),
        cmocka_unit_test_setup(test_set_memory, set_up_test),
        cmocka_unit_test_setup(test_set_memory_that_fails_changes_nothing, set_up_test),
        cmocka_unit_test_setup(test_races, set_up_test),
        cmocka_unit_test_setup(test_race_in_a_header_of_pieces, set_up_test),
        cmocka_unit_test_setup(test_nothing_is_left, set_up_test),
        cmocka_unit_test_setup(test_digest, set_up_test),
        cmocka_unit_test_setup(test_hooks, set_up_test),
        cmocka_unit_test_setup(test_bounds, set_up_test),
        cmocka_unit_test_setup(test_slices, set_up_test),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
