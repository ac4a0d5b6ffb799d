/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The driver: makes chains available, and looks at what comes back. */
#include <string.h>

#include "chance.h"
#include "memory.h"
#include "pair.h"
#include "ring.h"
#include "stats.h"
#include "used_len.h"

struct driver {
    struct pair *pair;
    const struct plan *plan;
    struct ring ring;
    struct chance chance;
    uint32_t added;
    uint32_t returned;
    uint32_t batches; /* since it was last decided whether to kick */
};

static bool can_add(const struct driver *driver, struct plan_chain *out_chain)
{
    if (driver->added == driver->plan->chains) {
        return false;
    }
    plan_chain(driver->plan, out_chain, driver->added);
    return ring_has_room(&driver->ring, out_chain);
}

static void kick(struct driver *driver)
{
    driver->batches = 0;
    if (ring_asks_kick(&driver->ring)) {
        bell_wake(&driver->pair->bell, BELL_DEVICE);
    }
}

static uint32_t tags_of(const struct plan_chain *chain)
{
    uint32_t tags = chain->indirect ? 1u << STATS_INDIRECT : 0;
    tags |= chain->count == 1   ? 1u << STATS_ONE
            : chain->count == 2 ? 1u << STATS_TWO
                                : 1u << STATS_MANY;
    return tags | (chain->lens[0] < VVS_HDR_BYTES ? 1u << STATS_CUT : 0);
}

static void add_batch(struct driver *driver)
{
    struct plan_chain chain;
    uint32_t left = 1 + chance_below(&driver->chance, driver->plan->batch);
    if (!can_add(driver, &chain)) {
        return;
    }
    for (; left != 0 && can_add(driver, &chain); left--) {
        ring_add(&driver->ring, &chain, driver->added++);
        driver->pair->tags |= tags_of(&chain);
        chance_pause(&driver->chance);
    }
    ring_show(&driver->ring);
    chance_pause(&driver->chance);
    if (++driver->batches == driver->plan->batches) {
        kick(driver);
    }
}

static void check_received(const struct driver *driver, const struct plan_chain *chain, uint32_t id,
                           uint32_t number)
{
    uint8_t expected[VVS_HDR_BYTES + PLAN_PAYLOAD_MAX];
    uint8_t got[MEMORY_BUFFER_BYTES];
    uint32_t len = plan_packet(driver->plan, expected, number);
    memory_get(got, ring_buffer(id), chain->total);
    if (memcmp(got, expected, len) != 0) {
        plan_fail(driver->plan, "pair", "chain %u came back with another packet, of port %u",
                  number, memory_from_le(got + 16, 4));
    }
    for (uint32_t i = len; i < chain->total; i++) {
        if (got[i] != RING_UNTOUCHED) {
            plan_fail(driver->plan, "pair", "chain %u: byte %u behind its packet was written",
                      number, i - len);
        }
    }
}

/* What the next used entry says is what it must say. */
static void take_one(struct driver *driver)
{
    const struct plan *plan = driver->plan;
    struct plan_chain chain;
    uint32_t len;
    uint32_t id = ring_take(&driver->ring, &len);
    uint32_t number = driver->ring.chains[id].number;
    plan_chain(plan, &chain, number);
    uint32_t expected = plan->rx ? VVS_HDR_BYTES + chain.payload_len : 0;
    if (len != expected) {
        plan_fail(plan, USED_LEN, USED_LEN_IS, len, id, expected, USED_LEN_WHY(expected));
    }
    if ((!plan->by_hand || plan->in_order) && number != driver->returned) {
        plan_fail(plan, "pair", "chain %u came back, in order it is %u", number, driver->returned);
    }
    if (plan->rx) {
        check_received(driver, &chain, id, number);
    }
    driver->returned++;
}

static void take_all(struct driver *driver)
{
    while (ring_visible(&driver->ring) != 0) {
        take_one(driver);
        chance_pause(&driver->chance);
    }
}

/* Sleeps until the device calls. What was put off is decided before: it may sleep too. */
static void wait_for_call(struct driver *driver)
{
    const struct plan *plan = driver->plan;
    kick(driver);
    if (chance_of(&driver->chance, plan->driver_polls)) {
        chance_yield();
        return;
    }
    uint32_t most = driver->ring.shown - driver->ring.used;
    most = plan->event_idx && plan->late < most ? plan->late + 1 : most;
    uint32_t distance = plan->event_idx ? chance_below(&driver->chance, most) : 0;
    ring_arm(&driver->ring, distance);
    if (ring_visible(&driver->ring) > distance || bell_sleep(&driver->pair->bell, BELL_DRIVER)) {
        return;
    }
    uint32_t visible = ring_visible(&driver->ring);
    plan_fail(plan, "lost-wakeup", "both threads sleep: %s; %u of %u positions came back",
              visible > distance ? "the driver was not called" : "the device was not kicked",
              visible, driver->ring.shown - driver->ring.used);
}

void driver_run(struct pair *pair)
{
    const struct plan *plan = &pair->plan;
    struct driver driver = {.pair = pair, .plan = plan};
    chance_start(&driver.chance, chance_mix(plan->seed, 1), plan->driver_pauses);
    ring_start(&driver.ring, plan);
    pair_begin();
    while (driver.returned != plan->chains) {
        struct plan_chain next;
        add_batch(&driver);
        if (chance_of(&driver.chance, plan->suppress_odds)) {
            ring_disarm(&driver.ring);
        }
        take_all(&driver);
        bool idle = !can_add(&driver, &next) || chance_of(&driver.chance, plan->wait_odds);
        if (idle && driver.added != driver.returned) {
            wait_for_call(&driver);
        }
    }
}
