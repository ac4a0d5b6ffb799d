/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "pair.h"

#include <pthread.h>
#include <stdlib.h>

#include "memory.h"

static struct pair pair;
static uint32_t begun; /* inputs; each side writes one of the two */
static uint32_t ended;

static void *device_thread(void *unused)
{
    for (uint32_t number = 0;; number++) {
        bell_wait(BELL_DEVICE, &begun, number);
        device_run(&pair);
        bell_change(&ended, number + 1);
    }
    return unused;
}

static void start_once(void)
{
    static bool started;
    pthread_t thread;
    if (started) {
        return;
    }
    started = true;
    if (pthread_create(&thread, NULL, device_thread, NULL) != 0 || pthread_detach(thread) != 0) {
        abort(); /* no thread: the machine's fault, no finding to go on from */
    }
}

void pair_begin(void)
{
    bell_change(&begun, begun + 1);
}

const struct pair *pair_run(const uint8_t *bytes, size_t len)
{
    start_once();
    plan_decode(&pair.plan, bytes, len);
    bell_start(&pair.bell);
    pair.tags = 0;
    memory_start();
    driver_run(&pair);
    bell_wait(BELL_DRIVER, &ended, begun - 1);
    return &pair;
}
