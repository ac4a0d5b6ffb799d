/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Two threads, driver and device, over one queue with EVENT_IDX. Each sleeps until it is
 * notified, so one lost notification stops both. VVS_LONG in the environment asks for a million
 * rounds. */
#define _POSIX_C_SOURCE 200809L
#include "guest.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#define SIZE 8u
#define TIMEOUT_S 20

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LE16(value) __builtin_bswap16(value)
#else
#define LE16(value) (value)
#endif

struct shared {
    struct guest *guest;
    uint32_t rounds;
    atomic_uint kick;
    atomic_uint call;
    atomic_bool lost;
    uint8_t *desc;
    uint8_t *driver;
    uint8_t *device;
};

/* The driver's side: as free-running 32-bit counts; slot and wrap follow from them. */
struct driver {
    struct shared *shared;
    uint32_t avail;
    uint32_t used;
    uint32_t random;
};

static uint16_t load_word(const uint8_t *host)
{
    return LE16(__atomic_load_n((const uint16_t *)(const void *)host, __ATOMIC_ACQUIRE));
}

static void store_word(void *host, uint16_t value)
{
    __atomic_store_n((uint16_t *)host, LE16(value), __ATOMIC_RELEASE);
}

/* A full fence as ThreadSanitizer sees it too. */
static void fence(void)
{
    static atomic_uint word;
    atomic_fetch_add(&word, 1);
}

static void notify(atomic_uint *flag)
{
    atomic_store_explicit(flag, 1, memory_order_release);
}

/* Returns false when the other side has been silent for too long: somebody's notification was
 * lost. */
static bool wait_for(struct shared *shared, atomic_uint *flag)
{
    time_t deadline = 0;
    for (uint32_t i = 0; !atomic_exchange_explicit(flag, 0, memory_order_acquire); i++) {
        if (shared->lost)
            return false;
        sched_yield();
        if (i % 1024 == 1023) {
            struct timespec now;
            clock_gettime(CLOCK_MONOTONIC, &now);
            if (deadline == 0)
                deadline = now.tv_sec + TIMEOUT_S;
            if (now.tv_sec > deadline)
                shared->lost = true;
        }
    }
    return true;
}

/* A place in a packed ring by its count: slot in the low bits, wrap counter in bit 15. */
static uint16_t packed_place(uint32_t count)
{
    return (uint16_t)(count % SIZE | (count / SIZE % 2 == 0 ? 0x8000 : 0));
}

static uint8_t *packed_flags(const struct shared *shared, uint32_t count)
{
    return shared->desc + VVS_DESC_BYTES * (count % SIZE) + 14;
}

static void add(struct driver *driver, uint32_t count)
{
    const struct shared *shared = driver->shared;
    const bool packed = guest_is_packed(shared->guest);
    const uint32_t before = driver->avail;
    for (; driver->avail != before + count; driver->avail++) {
        const struct guest_desc desc = {GUEST_DATA, 44, 0, (uint16_t)(driver->avail % SIZE)};
        uint8_t *host = shared->desc + VVS_DESC_BYTES * desc.next;
        if (packed) {
            /* The device wrote id and length over ours; the flags are a shared word. */
            memset(host + 8, 0, 6);
            host[8] = 44;
            host[12] = (uint8_t)desc.next;
            store_word(packed_flags(shared, driver->avail),
                       packed_place(driver->avail) & 0x8000 ? 1u << 7 : 1u << 15);
        } else {
            store_word(shared->driver + 4 + 2 * (driver->avail % SIZE), desc.next);
        }
    }
    if (!packed)
        store_word(shared->driver + 2, (uint16_t)driver->avail);
    fence();
    bool kick;
    if (packed) {
        const uint16_t flags = load_word(shared->device + 2);
        const uint16_t event = load_word(shared->device);
        kick = flags == VVS_PACKED_EVENT_ENABLE;
        for (uint32_t i = before; i != driver->avail; i++)
            kick |= flags == VVS_PACKED_EVENT_DESC && event == packed_place(i);
    } else {
        const uint16_t event = load_word(shared->device + 4 + 8 * SIZE);
        kick = (uint16_t)(driver->avail - event - 1) < (uint16_t)count;
    }
    if (kick)
        notify(&driver->shared->kick);
}

static bool has_used(const struct driver *driver)
{
    const struct shared *shared = driver->shared;
    if (!guest_is_packed(shared->guest))
        return load_word(shared->device + 2) != (uint16_t)driver->used;
    const uint16_t wanted = packed_place(driver->used) & 0x8000 ? 1u << 7 | 1u << 15 : 0;
    return (load_word(packed_flags(shared, driver->used)) & 0x8080) == wanted;
}

static void ask_for_next(const struct driver *driver)
{
    const struct shared *shared = driver->shared;
    if (guest_is_packed(shared->guest)) {
        store_word(shared->driver, packed_place(driver->used));
        store_word(shared->driver + 2, VVS_PACKED_EVENT_DESC);
    } else {
        store_word(shared->driver + 4 + 2 * SIZE, (uint16_t)driver->used);
    }
    fence();
}

static void *drive(void *argument)
{
    struct driver driver = {argument, 0, 0, 1};
    struct shared *shared = argument;
    while (driver.used < shared->rounds) {
        const uint32_t room = driver.used + SIZE - driver.avail;
        const uint32_t left = shared->rounds - driver.avail;
        const uint32_t most = room < left ? room : left;
        driver.random = driver.random * 1103515245 + 12345;
        const uint32_t count = most ? (driver.random >> 16) % most + 1 : 0;
        if (count)
            add(&driver, count);
        if (driver.random >> 30 == 0 && driver.avail - driver.used < SIZE)
            continue;
        while (!has_used(&driver)) {
            ask_for_next(&driver);
            if (!has_used(&driver) && !wait_for(shared, &shared->call))
                return NULL;
        }
        while (driver.used != driver.avail && has_used(&driver))
            driver.used++;
    }
    return NULL;
}

static void publish_all(struct vvs_queue *queue, uint32_t *done)
{
    struct vvs_token token;
    struct vvs_chain chain;
    enum vvs_status status;
    while ((status = vvs_queue_pop(queue, &token, &chain)) == VVS_OK) {
        const bool staged = (*done)++ % 3 == 0;
        assert_status(staged ? vvs_queue_stage(queue, &token, 0)
                             : vvs_queue_publish(queue, &token, 0),
                      VVS_OK);
    }
    assert_status(status, VVS_EMPTY);
    assert_status(vvs_queue_flush(queue), VVS_OK);
}

static void test_no_wakeup_is_lost(void **state)
{
    struct guest *guest = guest_replace(state, GUEST_EVENT_IDX, SIZE, 0);
    struct shared shared = {.guest = guest, .rounds = getenv("VVS_LONG") ? 1000000 : 20000};
    shared.desc = guest_at(guest, GUEST_DESC);
    shared.driver = guest_at(guest, GUEST_DRIVER);
    shared.device = guest_at(guest, GUEST_DEVICE);
    for (uint32_t i = 0; i < SIZE; i++)
        guest_put_desc(guest, GUEST_DESC + 16 * i, &(struct guest_desc){GUEST_DATA, 44, 0, 0});

    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, drive, &shared), 0);
    uint32_t done = 0;
    while (done < shared.rounds) {
        publish_all(&guest->queue, &done);
        if (guest_decides(guest))
            notify(&shared.call);
        if (!guest_arms(guest) && done < shared.rounds && !wait_for(&shared, &shared.kick))
            break;
    }
    pthread_join(thread, NULL);
    assert_false(shared.lost);
    assert_int_equal(done, shared.rounds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {BOTH_TESTS(test_no_wakeup_is_lost)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
