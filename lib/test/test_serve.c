/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The loops: bounded, each chain returned, refused ones with length 0, a stop undone. */
#include "guest.h"

#define SLICES 8
#define MAX_PAYLOAD 1000u

/* A handler that follows a script, and what it saw. */
struct script {
    enum vvs_verdict verdicts[8];
    uint32_t payload_len; /* rx: what it fills */
    uint32_t header_len;  /* rx: what it says */
    uint32_t called;
    uint32_t lens[8];
    uint32_t refused_count;
    enum vvs_status refused[8];
    bool refused_with_header[8];
    struct guest *adds; /* adds another chain whenever it is called, or resets the queue */
};

static enum vvs_verdict receive(void *context, struct vvs_packet *packet)
{
    struct script *script = context;
    assert_true(script->called < COUNT_OF(script->lens));
    script->lens[script->called] = vvs_packet_len(packet);
    if (script->adds)
        guest_simple(script->adds, 44, false);
    return script->verdicts[script->called++];
}

static enum vvs_verdict fill(void *context, struct vvs_packet *packet)
{
    struct script *script = context;
    const uint8_t bytes[256] = {1, 2, 3};
    assert_true(script->called < COUNT_OF(script->lens));
    assert_true(vvs_packet_is_empty(packet));
    script->lens[script->called] = vvs_packet_capacity(packet);
    assert_status(vvs_packet_write(packet, 0, bytes, script->payload_len), VVS_OK);
    vvs_packet_set_len(packet, script->header_len);
    return script->verdicts[script->called++];
}

static enum vvs_verdict give_event(void *context, uint32_t *out_id)
{
    struct script *script = context;
    *out_id = 0x01020304;
    return script->verdicts[script->called++];
}

static void note_refused(void *context, enum vvs_status status, const struct vvs_packet *packet)
{
    struct script *script = context;
    assert_true(script->refused_count < COUNT_OF(script->refused));
    script->refused_with_header[script->refused_count] = packet != NULL;
    if (packet)
        assert_int_equal(vvs_packet_len(packet), MAX_PAYLOAD + 1);
    script->refused[script->refused_count++] = status;
}

static struct vvs_slice slices[SLICES];

static struct vvs_server server_of(struct script *script,
                                   enum vvs_verdict (*packet)(void *, struct vvs_packet *))
{
    return (struct vvs_server){.slices = slices,
                               .slice_count = SLICES,
                               .max_payload_len = MAX_PAYLOAD,
                               .packet = packet,
                               .event = give_event,
                               .refused = note_refused,
                               .context = script};
}

static void served_is(const struct vvs_served *served, uint32_t published, uint32_t refused,
                      bool notify, enum vvs_status stopped)
{
    assert_int_equal(served->published_count, published);
    assert_int_equal(served->refused_count, refused);
    assert_int_equal(served->notify, notify);
    assert_status(served->stopped, stopped);
}

/* Each packet has a place of its own; payload follows the header. */
static uint16_t send_packet(struct guest *guest, uint32_t number, uint32_t len)
{
    const struct guest_header header = guest_rw(len);
    const struct vvs_element element = {GUEST_DATA + 0x1000 * number, 44 + len, 0};
    uint8_t bytes[VVS_HDR_BYTES];
    guest_header_bytes(bytes, &header);
    guest_write(guest, element.addr, bytes, sizeof(bytes));
    return guest_chain(guest, &element, 1);
}

static void test_tx(void **state)
{
    struct guest *guest = *state;
    struct script script = {0};
    const struct vvs_server server = server_of(&script, receive);
    struct vvs_served served;
    fill_pattern(&served);
    assert_status(vvs_serve_tx(&guest->queue, &served, &server, 8), VVS_OK);
    served_is(&served, 0, 0, false, VVS_EMPTY);

    const uint16_t first = send_packet(guest, 0, 10);
    const uint16_t second = send_packet(guest, 1, 0);
    fill_pattern(&served);
    assert_status(vvs_serve_tx(&guest->queue, &served, &server, 8), VVS_OK);
    served_is(&served, 2, 0, true, VVS_EMPTY);
    assert_int_equal(script.called, 2);
    assert_int_equal(script.lens[0], 10);
    assert_int_equal(script.lens[1], 0);
    guest_expect_used(guest, first, 0);
    guest_expect_used(guest, second, 0);
    guest_expect_none_used(guest);
    assert_int_equal(vvs_queue_in_flight(&guest->queue), 0);
}

static void test_budget(void **state)
{
    struct guest *guest = *state;
    struct script script = {.adds = guest};
    const struct vvs_server server = server_of(&script, receive);
    struct vvs_served served;
    for (uint32_t i = 1; i <= 3; i++)
        send_packet(guest, i, 1);
    assert_status(vvs_serve_tx(&guest->queue, &served, &server, 0), VVS_OK);
    served_is(&served, 0, 0, false, VVS_OK);
    assert_int_equal(script.called, 0);
    /* The driver adds one for each that is served: the call ends all the same. */
    assert_status(vvs_serve_tx(&guest->queue, &served, &server, 5), VVS_OK);
    served_is(&served, 5, 0, true, VVS_OK);
    assert_int_equal(script.called, 5);
}

static void test_tx_refused(void **state)
{
    struct guest *guest = *state;
    struct script script = {0};
    const struct vvs_server server = server_of(&script, receive);
    struct vvs_served served;
    uint16_t ids[6];
    const struct vvs_element order[] = {{GUEST_DATA, 44, 1}, {GUEST_DATA, 44, 0}};
    const struct vvs_element hole = {GUEST_HOLE, 44, 0};
    ids[0] = guest_chain(guest, order, 2);
    ids[1] = guest_simple(guest, 43, false);
    ids[2] = guest_chain(guest, &hole, 1);
    ids[3] = send_packet(guest, 3, MAX_PAYLOAD + 1);
    ids[4] = guest_simple(guest, 44, true);
    ids[5] = send_packet(guest, 4, 7);
    assert_status(vvs_serve_tx(&guest->queue, &served, &server, 8), VVS_OK);
    served_is(&served, 6, 5, true, VVS_EMPTY);
    assert_int_equal(script.called, 1);
    assert_int_equal(script.lens[0], 7);
    const enum vvs_status expected[] = {VVS_E_ORDER, VVS_E_HEADER_SHORT, VVS_E_ADDR,
                                        VVS_E_PAYLOAD_LIMIT, VVS_E_DIRECTION};
    assert_int_equal(script.refused_count, COUNT_OF(expected));
    for (uint32_t i = 0; i < COUNT_OF(expected); i++) {
        assert_status(script.refused[i], expected[i]);
        assert_int_equal(script.refused_with_header[i], expected[i] == VVS_E_PAYLOAD_LIMIT);
    }
    for (uint32_t i = 0; i < COUNT_OF(ids); i++)
        guest_expect_used(guest, ids[i], 0);
}

static void test_refused_without_callback(void **state)
{
    struct guest *guest = *state;
    struct script script = {0};
    struct vvs_server server = server_of(&script, receive);
    struct vvs_served served;
    server.refused = NULL;
    server.slice_count = 1;
    const uint16_t bad = guest_simple(guest, 43, false);
    const uint16_t split = send_packet(guest, 1, 7);
    assert_status(vvs_serve_tx(&guest->queue, &served, &server, 8), VVS_OK);
    served_is(&served, 2, 2, true, VVS_EMPTY);
    guest_expect_used(guest, bad, 0);
    guest_expect_used(guest, split, 0);
}

static void test_tx_verdicts(void **state)
{
    struct guest *guest = *state;
    struct script script = {
        .verdicts = {VVS_VERDICT_REFUSE, VVS_VERDICT_PUBLISH, VVS_VERDICT_STOP}};
    const struct vvs_server server = server_of(&script, receive);
    struct vvs_served served;
    uint16_t ids[4];
    for (uint32_t i = 0; i < 4; i++)
        ids[i] = send_packet(guest, i, i);
    assert_status(vvs_serve_tx(&guest->queue, &served, &server, 8), VVS_OK);
    served_is(&served, 2, 1, true, VVS_OK);
    guest_expect_used(guest, ids[0], 0);
    guest_expect_used(guest, ids[1], 0);
    guest_expect_none_used(guest);
    assert_int_equal(vvs_queue_in_flight(&guest->queue), 0);
    /* The chain that it stopped at comes again. */
    assert_status(vvs_serve_tx(&guest->queue, &served, &server, 8), VVS_OK);
    served_is(&served, 2, 0, true, VVS_EMPTY);
    assert_int_equal(script.lens[2], 2);
    assert_int_equal(script.lens[3], 2);
    assert_int_equal(script.lens[4], 3);
    guest_expect_used(guest, ids[2], 0);
    guest_expect_used(guest, ids[3], 0);
}

static void test_stop_at_once(void **state)
{
    struct guest *guest = *state;
    struct script script = {.verdicts = {VVS_VERDICT_STOP}};
    const struct vvs_server server = server_of(&script, fill);
    struct vvs_served served;
    guest_simple(guest, 144, true);
    guest_snapshot(guest);
    assert_status(vvs_serve_rx(&guest->queue, &served, &server, 8), VVS_OK);
    served_is(&served, 0, 0, false, VVS_OK);
    guest_expect_unchanged(guest);
    assert_int_equal(vvs_queue_in_flight(&guest->queue), 0);
}

static void test_rx(void **state)
{
    struct guest *guest = *state;
    struct script script = {.payload_len = 3, .header_len = 3};
    const struct vvs_server server = server_of(&script, fill);
    struct vvs_served served;
    const uint16_t first = guest_simple(guest, 144, true);
    const uint16_t second = guest_simple(guest, 2000, true);
    const uint16_t small = guest_simple(guest, 43, true);
    const uint16_t readable = guest_simple(guest, 144, false);
    assert_status(vvs_serve_rx(&guest->queue, &served, &server, 8), VVS_OK);
    served_is(&served, 4, 2, true, VVS_EMPTY);
    assert_int_equal(script.lens[0], 100);
    assert_int_equal(script.lens[1], MAX_PAYLOAD);
    assert_status(script.refused[0], VVS_E_BUFFER_SHORT);
    assert_status(script.refused[1], VVS_E_DIRECTION);
    guest_expect_used(guest, first, 47);
    guest_expect_used(guest, second, 47);
    guest_expect_used(guest, small, 0);
    guest_expect_used(guest, readable, 0);
    assert_int_equal(*guest_at(guest, GUEST_DATA + 24), 3);
    assert_int_equal(*guest_at(guest, GUEST_DATA + 45), 2);
}

/* What a handler wrote before it gave up may have reached the guest's memory: the log says so. */
static void test_rx_given_up_is_dirty(void **state)
{
    const enum vvs_verdict verdicts[] = {VVS_VERDICT_STOP, VVS_VERDICT_REFUSE, VVS_VERDICT_PUBLISH};
    const uint32_t lens[] = {3, 3, 4}; /* only the last could not be committed */
    for (size_t i = 0; i < COUNT_OF(verdicts); i++) {
        struct guest *guest = guest_replace(state, 0, 8, 0);
        struct script script = {.verdicts = {verdicts[i]}, .payload_len = 3, .header_len = lens[i]};
        const struct vvs_server server = server_of(&script, fill);
        const struct vvs_element element = {GUEST_DATA + 0x1000 - 44, 144, 1};
        struct vvs_served served;
        guest_chain(guest, &element, 1);
        guest_fill(guest, element.addr, 0xa5, VVS_HDR_BYTES);
        guest_log(guest);
        const enum vvs_status expected =
            verdicts[i] == VVS_VERDICT_PUBLISH ? VVS_E_UNWRITTEN : VVS_OK;
        assert_status(vvs_serve_rx(&guest->queue, &served, &server, 1), expected);
        guest_expect_pattern(guest_at(guest, element.addr), VVS_HDR_BYTES);
        const uint64_t page = (GUEST_DATA + 0x1000) / VVS_LOG_PAGE_BYTES;
        assert_true(guest->log[page / 8] >> page % 8 & 1);
    }
}

/* A handler's mistake costs its chain, and no later one. */
static void test_rx_filled_wrongly(void **state)
{
    const struct {
        uint32_t header_len;
        enum vvs_status status;
    } rows[] = {{101, VVS_E_CAPACITY}, {4, VVS_E_UNWRITTEN}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct guest *guest = guest_replace(state, 0, 8, 0);
        struct script script = {.payload_len = 3, .header_len = rows[i].header_len};
        const struct vvs_server server = server_of(&script, fill);
        struct vvs_served served;
        const uint16_t first = guest_simple(guest, 144, true);
        const uint16_t second = guest_simple(guest, 144, true);
        assert_status(vvs_serve_rx(&guest->queue, &served, &server, 8), rows[i].status);
        assert_int_equal(served.published_count, 1);
        assert_true(served.notify);
        guest_expect_used(guest, first, 0);
        guest_expect_none_used(guest);
        assert_int_equal(vvs_queue_in_flight(&guest->queue), 0);
        script.header_len = 3;
        assert_status(vvs_serve_rx(&guest->queue, &served, &server, 8), VVS_OK);
        guest_expect_used(guest, second, 47);
    }
}

static void test_event(void **state)
{
    struct guest *guest = *state;
    struct script script = {
        .verdicts = {VVS_VERDICT_PUBLISH, VVS_VERDICT_REFUSE, VVS_VERDICT_STOP}};
    const struct vvs_server server = server_of(&script, NULL);
    struct vvs_served served;
    const uint16_t short_id = guest_simple(guest, 3, true);
    const uint16_t good = guest_simple(guest, 8, true);
    const uint16_t refused = guest_simple(guest, 8, true);
    const uint16_t last = guest_simple(guest, 8, true);
    assert_status(vvs_serve_event(&guest->queue, &served, &server, 8), VVS_OK);
    served_is(&served, 3, 2, true, VVS_OK);
    assert_status(script.refused[0], VVS_E_BUFFER_SHORT);
    guest_expect_used(guest, short_id, 0);
    guest_expect_used(guest, good, 4);
    guest_expect_used(guest, refused, 0);
    guest_expect_none_used(guest);
    assert_int_equal(guest_get32(guest, GUEST_DATA), 0x01020304);
    script.called = 0;
    assert_status(vvs_serve_event(&guest->queue, &served, &server, 1), VVS_OK);
    served_is(&served, 1, 0, true, VVS_OK);
    guest_expect_used(guest, last, 4);
}

/* Nothing was given away, so nothing is in the buffer. */
static void test_event_given_up(void **state)
{
    const enum vvs_verdict verdicts[] = {VVS_VERDICT_STOP, VVS_VERDICT_REFUSE};
    for (size_t i = 0; i < COUNT_OF(verdicts); i++) {
        struct guest *guest = guest_replace(state, 0, 8, 0);
        struct script script = {.verdicts = {verdicts[i]}};
        const struct vvs_server server = server_of(&script, NULL);
        struct vvs_served served;
        guest_simple(guest, 8, true);
        assert_status(vvs_serve_event(&guest->queue, &served, &server, 1), VVS_OK);
        assert_int_equal(guest_get32(guest, GUEST_DATA), 0);
    }
}

static enum vvs_verdict reset_queue(void *context, struct vvs_packet *packet)
{
    struct script *script = context;
    (void)packet;
    vvs_queue_reset(&script->adds->queue);
    return script->verdicts[script->called++];
}

/* A handler that takes the queue away: its chain can't go back, and no other is begun. */
static void test_handler_resets(void **state)
{
    struct guest *guest = *state;
    struct script script = {.adds = guest};
    const struct vvs_server server = server_of(&script, reset_queue);
    struct vvs_served served;
    send_packet(guest, 0, 10);
    send_packet(guest, 1, 10);
    assert_status(vvs_serve_tx(&guest->queue, &served, &server, 4), VVS_E_TOKEN);
    served_is(&served, 0, 0, false, VVS_E_TOKEN);
    assert_int_equal(script.called, 1);
}

static void test_no_handler(void **state)
{
    struct guest *guest = *state;
    struct script script = {0};
    struct vvs_server server = server_of(&script, NULL);
    struct vvs_served served;
    guest_simple(guest, 144, false);
    guest_snapshot(guest);
    fill_pattern(&served);
    assert_status(vvs_serve_tx(&guest->queue, &served, &server, 8), VVS_E_ARGUMENT);
    served_is(&served, 0, 0, false, VVS_E_ARGUMENT);
    fill_pattern(&served);
    assert_status(vvs_serve_rx(&guest->queue, &served, &server, 8), VVS_E_ARGUMENT);
    served_is(&served, 0, 0, false, VVS_E_ARGUMENT);
    server.event = NULL;
    fill_pattern(&served);
    assert_status(vvs_serve_event(&guest->queue, &served, &server, 8), VVS_E_ARGUMENT);
    served_is(&served, 0, 0, false, VVS_E_ARGUMENT);
    assert_false(served.notify);
    guest_expect_unchanged(guest);
}

static void test_broken(void **state)
{
    struct guest *guest = *state;
    struct script script = {0};
    const struct vvs_server server = server_of(&script, receive);
    struct vvs_served served;
    const uint16_t good = send_packet(guest, 0, 5);
    enum vvs_status expected = VVS_E_HEAD;
    if (guest_is_packed(guest)) {
        const struct guest_desc link = {GUEST_DATA, 1, VVS_DESC_F_NEXT, 0};
        guest_raw(guest, &link, 1);
        expected = VVS_E_LIST_UNAVAILABLE;
    } else {
        guest_offer(guest, 8);
    }
    assert_status(vvs_serve_tx(&guest->queue, &served, &server, 8), VVS_OK);
    assert_int_equal(served.published_count, 1);
    assert_status(served.stopped, expected);
    /* The ring is not looked at again, yet the driver waits for what came back before. */
    assert_true(served.notify);
    guest_expect_used(guest, good, 0);
    guest_snapshot(guest);
    assert_status(vvs_serve_tx(&guest->queue, &served, &server, 8), VVS_OK);
    served_is(&served, 0, 0, false, expected);
    guest_expect_unchanged(guest);
}

/* A chain that the caller took by hand and an order that forbids to overtake it. */
static void test_in_order_behind_the_callers_own(void **state)
{
    struct guest *guest = guest_replace(state, GUEST_IN_ORDER, 8, 0);
    struct script script = {0};
    const struct vvs_server server = server_of(&script, receive);
    struct vvs_served served;
    send_packet(guest, 0, 1);
    send_packet(guest, 1, 1);
    const struct vvs_token own = guest_pop(guest, NULL);
    assert_status(vvs_serve_tx(&guest->queue, &served, &server, 8), VVS_E_IN_ORDER);
    assert_int_equal(served.published_count, 0);
    guest_publish(guest, &own, 0);
    assert_int_equal(vvs_queue_in_flight(&guest->queue), 0);
}

/* Without that feature the two do not hinder each other; with it, nothing in flight is no
 * hindrance. */
static void test_beside_the_callers_own(void **state)
{
    const uint64_t features[] = {0, GUEST_IN_ORDER};
    for (size_t i = 0; i < COUNT_OF(features); i++) {
        struct guest *guest = guest_replace(state, features[i], 8, 0);
        struct script script = {0};
        const struct vvs_server server = server_of(&script, receive);
        struct vvs_served served;
        send_packet(guest, 0, 1);
        const uint16_t second = send_packet(guest, 1, 1);
        const struct vvs_token own = guest_pop(guest, NULL);
        if (features[i])
            guest_publish(guest, &own, 0);
        assert_status(vvs_serve_tx(&guest->queue, &served, &server, 8), VVS_OK);
        served_is(&served, 1, 0, true, VVS_EMPTY);
        if (features[i])
            guest_expect_used(guest, own.id, 0);
        guest_expect_used(guest, second, 0);
    }
}

/* The monitor's handler resets the device: the chain it was called for is in flight no more. */
static enum vvs_verdict reset_device(void *context, struct vvs_packet *packet)
{
    struct guest *guest = context;
    (void)packet;
    vvs_queue_reset(&guest->queue);
    return VVS_VERDICT_PUBLISH;
}

static void test_reset_by_the_handler(void **state)
{
    struct guest *guest = *state;
    const struct vvs_server server = {.slices = slices,
                                      .slice_count = SLICES,
                                      .max_payload_len = MAX_PAYLOAD,
                                      .packet = reset_device,
                                      .context = guest};
    struct vvs_served served;
    send_packet(guest, 0, 1);
    send_packet(guest, 1, 1);
    guest_snapshot(guest);
    assert_status(vvs_serve_tx(&guest->queue, &served, &server, 8), VVS_E_TOKEN);
    served_is(&served, 0, 0, false, VVS_E_TOKEN);
    guest_expect_unchanged(guest);
}

static void test_suppressed(void **state)
{
    struct guest *guest = *state;
    struct script script = {0};
    const struct vvs_server server = server_of(&script, receive);
    struct vvs_served served;
    guest_ask_flags(guest, 1);
    send_packet(guest, 0, 5);
    assert_status(vvs_serve_tx(&guest->queue, &served, &server, 8), VVS_OK);
    served_is(&served, 1, 0, false, VVS_EMPTY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH_TESTS(test_tx),
        BOTH_TESTS(test_budget),
        BOTH_TESTS(test_tx_refused),
        BOTH_TESTS(test_refused_without_callback),
        BOTH_TESTS(test_tx_verdicts),
        BOTH_TESTS(test_stop_at_once),
        BOTH_TESTS(test_rx),
        BOTH_TESTS(test_rx_given_up_is_dirty),
        BOTH_TESTS(test_rx_filled_wrongly),
        BOTH_TESTS(test_event),
        BOTH_TESTS(test_event_given_up),
        BOTH_TESTS(test_handler_resets),
        BOTH_TESTS(test_no_handler),
        BOTH_TESTS(test_broken),
        BOTH_TESTS(test_in_order_behind_the_callers_own),
        BOTH_TESTS(test_beside_the_callers_own),
        BOTH_TESTS(test_reset_by_the_handler),
        BOTH_TESTS(test_suppressed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
