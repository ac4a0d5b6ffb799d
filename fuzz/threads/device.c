/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The device: a monitor's turns on the library, by vvs_serve_* or chain by chain. */
#include <string.h>

#include <vvs/packet.h>
#include <vvs/serve.h>

#include "chance.h"
#include "memory.h"
#include "observer.h"
#include "pair.h"

#define SLICES (2 * PLAN_ELEMENTS_MAX + 2)

struct device {
    struct pair *pair;
    const struct plan *plan;
    struct chance chance;
    struct vvs_region regions[2];
    struct vvs_memory memory;
    struct vvs_queue queue;
    struct vvs_slot slots[PLAN_SIZE_MAX];
    struct vvs_element elements[PLAN_SIZE_MAX];
    struct vvs_slice slices[SLICES];
    uint32_t handled; /* packets */
    bool gave_back;   /* a handler stopped the turn */
};

/* The observer's pauses are this thread's. */
static struct device device;

static void pause_device(void)
{
    chance_pause(&device.chance);
}

static void expect(const char *what, enum vvs_status got, enum vvs_status expected)
{
    if (got != expected) {
        plan_fail(device.plan, "pair", "%s gives %s behind %u packets, expected %s", what,
                  vvs_status_name(got), device.handled, vvs_status_name(expected));
    }
}

static void receive(struct vvs_packet *packet)
{
    uint8_t expected[VVS_HDR_BYTES + PLAN_PAYLOAD_MAX];
    uint8_t payload[PLAN_PAYLOAD_MAX];
    uint32_t len = plan_packet(device.plan, expected, device.handled) - VVS_HDR_BYTES;
    bool same = memcmp(vvs_packet_header(packet), expected, VVS_HDR_BYTES) == 0;
    if (same) {
        expect("read", vvs_packet_read(packet, payload, 0, len), VVS_OK);
        same = len == 0 || memcmp(payload, expected + VVS_HDR_BYTES, len) == 0;
    }
    if (!same) {
        plan_fail(device.plan, "pair", "packet %u is another one, of port %u", device.handled,
                  vvs_packet_src_port(packet));
    }
}

static void fill(struct vvs_packet *packet)
{
    uint8_t bytes[VVS_HDR_BYTES + PLAN_PAYLOAD_MAX];
    uint32_t len = plan_packet(device.plan, bytes, device.handled) - VVS_HDR_BYTES;
    uint32_t first = len / 3;
    expect("set_header", vvs_packet_set_header(packet, bytes, VVS_HDR_BYTES), VVS_OK);
    expect("write", vvs_packet_write(packet, 0, bytes + VVS_HDR_BYTES, first), VVS_OK);
    expect("write", vvs_packet_write(packet, first, bytes + VVS_HDR_BYTES + first, len - first),
           VVS_OK);
}

static enum vvs_verdict handle(void *unused, struct vvs_packet *packet)
{
    (void)unused;
    if (chance_of(&device.chance, device.plan->stop_odds)) {
        device.gave_back = true;
        return VVS_VERDICT_STOP;
    }
    if (device.plan->rx) {
        fill(packet);
    } else {
        receive(packet);
    }
    device.handled++;
    return VVS_VERDICT_PUBLISH;
}

static void refused(void *unused, enum vvs_status status, const struct vvs_packet *packet)
{
    (void)unused;
    (void)packet;
    expect("a chain", status, VVS_OK);
}

static void call(bool notify)
{
    if (notify) {
        bell_wake(&device.pair->bell, BELL_DRIVER);
    }
}

/* Returns whether the queue was found empty. */
static bool serve(void)
{
    const struct vvs_server server = {
        .slices = device.slices,
        .slice_count = SLICES,
        .max_payload_len = UINT16_MAX,
        .packet = handle,
        .refused = refused,
    };
    struct vvs_served served;
    uint32_t before = device.handled;
    uint32_t budget = device.plan->budget;
    device.gave_back = false;
    expect("serve",
           device.plan->rx ? vvs_serve_rx(&device.queue, &served, &server, budget)
                           : vvs_serve_tx(&device.queue, &served, &server, budget),
           VVS_OK);
    if (served.published_count != device.handled - before || served.refused_count != 0) {
        plan_fail(device.plan, "pair", "serve published %u chains and refused %u, of %u handled",
                  served.published_count, served.refused_count, device.handled - before);
    }
    bool full = device.gave_back || served.published_count == budget;
    expect("serve stops, which", served.stopped, full ? VVS_OK : VVS_EMPTY);
    call(served.notify);
    return !full;
}

/* One chain from pop to its packet. Returns whether it is to be published. */
static bool pop_one(struct vvs_token *out_token, uint32_t *out_len, bool *out_empty)
{
    const struct plan *plan = device.plan;
    struct vvs_chain chain;
    struct vvs_packet packet;
    enum vvs_status status = vvs_queue_pop(&device.queue, out_token, &chain);
    *out_empty = status == VVS_EMPTY;
    if (*out_empty) {
        return false;
    }
    expect("pop", status, VVS_OK);
    expect("a packet",
           plan->rx ? vvs_packet_from_rx(&packet, NULL, &chain, device.slices, SLICES, UINT16_MAX)
                    : vvs_packet_from_tx(&packet, NULL, &chain, device.slices, SLICES, UINT16_MAX),
           VVS_OK);
    if (handle(NULL, &packet) == VVS_VERDICT_STOP) {
        vvs_packet_abort(&packet);
        expect("undo", vvs_queue_undo(&device.queue, out_token), VVS_OK);
        return false;
    }
    *out_len = 0;
    if (plan->rx) {
        expect("commit", vvs_packet_commit(&packet, out_len), VVS_OK);
    }
    return true;
}

/* As serve, but chains go back together, and in another order where that is allowed. */
static bool serve_by_hand(void)
{
    struct vvs_token tokens[16];
    uint32_t lens[16];
    uint32_t count = 0;
    bool empty = false;
    bool notify;
    while (count < device.plan->budget && pop_one(&tokens[count], &lens[count], &empty)) {
        count++;
    }
    uint32_t turned = device.plan->in_order || count == 0 ? 0 : chance_below(&device.chance, count);
    bool staged = chance_of(&device.chance, 8);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t which = (i + turned) % count;
        expect("publish",
               staged ? vvs_queue_stage(&device.queue, &tokens[which], lens[which])
                      : vvs_queue_publish(&device.queue, &tokens[which], lens[which]),
               VVS_OK);
    }
    expect("flush", vvs_queue_flush(&device.queue), VVS_OK);
    expect("needs_notify", vvs_queue_needs_notify(&device.queue, &notify), VVS_OK);
    call(notify);
    return empty;
}

static void start_queue(void)
{
    const struct plan *plan = device.plan;
    const struct vvs_queue_config config = {
        .features = plan_features(plan),
        .desc_addr = MEMORY_ADDR(MEMORY_DESC),
        .driver_addr = MEMORY_ADDR(MEMORY_DRIVER),
        .device_addr = MEMORY_ADDR(MEMORY_DEVICE),
        .size = plan->size,
        .max_chain = PLAN_SIZE_MAX,
        .slots = device.slots,
        .slot_count = PLAN_SIZE_MAX,
        .elements = device.elements,
        .element_count = PLAN_SIZE_MAX,
    };
    expect("queue_init", vvs_queue_init(&device.queue, &device.memory, &config), VVS_OK);
}

static void set_base(uint32_t base)
{
    struct vvs_queue_state state;
    expect("base_to_state", vvs_queue_base_to_state(&device.queue, &state, base), VVS_OK);
    expect("set_state", vvs_queue_set_state(&device.queue, &state), VVS_OK);
}

static uint32_t get_base(void)
{
    struct vvs_queue_state state;
    expect("get_state", vvs_queue_get_state(&device.queue, &state), VVS_OK);
    return vvs_queue_state_to_base(&device.queue, &state);
}

static void restart(void)
{
    uint32_t base = get_base();
    start_queue();
    set_base(base);
}

/* A queue at `position` with nothing in flight, as a transport hands it over. */
static uint32_t base_of(const struct plan *plan, uint32_t position)
{
    if (!plan->packed) {
        return (uint16_t)position;
    }
    bool wrap = position / plan->size % 2 == 0;
    uint32_t place = position % plan->size | (wrap ? 1u << 15 : 0);
    return place | place << 16;
}

/* Behind the last chain nothing is there, and the queue stands where it must. */
static void check_end(void)
{
    const struct plan *plan = device.plan;
    uint32_t end = plan->start;
    struct plan_chain chain;
    struct vvs_token token;
    struct vvs_chain none;
    for (uint32_t number = 0; number < plan->chains; number++) {
        plan_chain(plan, &chain, number);
        end += plan->packed && !chain.indirect ? chain.count : 1;
    }
    expect("a pop behind the last", vvs_queue_pop(&device.queue, &token, &none), VVS_EMPTY);
    if (get_base() != base_of(plan, end)) {
        plan_fail(plan, "pair", "the queue ends at base 0x%x, expected 0x%x", get_base(),
                  base_of(plan, end));
    }
}

/* Asks for a kick, and sleeps unless something came meanwhile. */
static void wait_for_kick(void)
{
    bool more;
    if (chance_of(&device.chance, device.plan->device_polls)) {
        chance_yield();
        return;
    }
    expect("arm", vvs_queue_arm(&device.queue, &more), VVS_OK);
    if (more || bell_sleep(&device.pair->bell, BELL_DEVICE)) {
        return;
    }
    struct vvs_token token;
    struct vvs_chain chain;
    bool available = vvs_queue_pop(&device.queue, &token, &chain) != VVS_EMPTY;
    plan_fail(device.plan, "lost-wakeup", "both threads sleep: %s, %u packets came through",
              available ? "the device was not kicked" : "the driver was not called",
              device.handled);
}

static void run_turns(void)
{
    const struct plan *plan = device.plan;
    while (device.handled != plan->chains) {
        if (chance_of(&device.chance, plan->restart_odds)) {
            restart();
        }
        if (chance_of(&device.chance, plan->disarm_odds)) {
            expect("disarm", vvs_queue_disarm(&device.queue), VVS_OK);
        }
        bool empty = plan->by_hand ? serve_by_hand() : serve();
        if (empty && device.handled != plan->chains) {
            wait_for_kick();
        }
    }
}

void device_run(struct pair *pair)
{
    device.pair = pair;
    device.plan = &pair->plan;
    device.handled = 0;
    chance_start(&device.chance, chance_mix(pair->plan.seed, 2), pair->plan.device_pauses);
    observer.pause = pair->plan.device_pauses != 0 ? pause_device : NULL;
    memory_table(device.regions);
    expect("memory_init", vvs_memory_init(&device.memory, device.regions, 2), VVS_OK);
    start_queue();
    set_base(base_of(device.plan, device.plan->start));
    run_turns();
    check_end();
    observer.pause = NULL;
    if (!bell_leave(&pair->bell, BELL_DEVICE)) {
        plan_fail(device.plan, "lost-wakeup", "the driver sleeps, and was not called for the last");
    }
}
