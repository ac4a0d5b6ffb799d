/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A driver thread and a device thread over one queue.
 *
 * Everything is checked by the side that learns of it: the device looks at tx packets, the driver
 * at used entries and rx packets, and whoever falls asleep last at lost wake-ups. */
#ifndef VVS_THREADS_PAIR_H
#define VVS_THREADS_PAIR_H

#include "bell.h"
#include "plan.h"

struct pair {
    struct plan plan;
    struct bell bell;
    uint32_t tags; /* how chains lay, as fuzz/driver/stats.h has it */
};

/* pair_run lets both threads do what the input asks. The caller is the driver; the device's thread
 * is started by the first call, and parked when this returns.
 *
 * Returns  what was done, until the next call. */
const struct pair *pair_run(const uint8_t *bytes, size_t len);

/* pair_begin lets the device's thread go; what the driver wrote before is there. */
void pair_begin(void);

/* The two sides, each until all chains of the plan are through. */
void driver_run(struct pair *pair);
void device_run(struct pair *pair);

#endif
