/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The notifications between the two threads, and their sleep.
 *
 * A kick wakes the device, a call the driver. Nothing here orders memory: what one thread sees of
 * the other's writes it owes to the ring alone, or ThreadSanitizer would take a bell for order. */
#ifndef VVS_THREADS_BELL_H
#define VVS_THREADS_BELL_H

#include <stdbool.h>
#include <stdint.h>

enum bell_side { BELL_DRIVER, BELL_DEVICE };

struct bell {
    uint32_t word;
};

/* bell_start forgets every notification; both sides are awake. */
void bell_start(struct bell *bell);

/* bell_wake notifies `side`, now or when it next goes to sleep. */
void bell_wake(struct bell *bell, enum bell_side side);

/* bell_sleep waits until `side` is notified.
 *
 * Returns  false when that can't happen: the other side sleeps or has left, and no notification is
 *          under way. Whoever went last learns of it. */
bool bell_sleep(struct bell *bell, enum bell_side side);

/* bell_leave says that `side` will notify no more.
 *
 * Returns  false when the other side sleeps and no notification is under way to it. */
bool bell_leave(struct bell *bell, enum bell_side side);

/* bell_wait keeps `side` waiting while `*word` is `value`, and acquires what came before it
 * changed. bell_change releases. They park the threads between two inputs. */
void bell_wait(enum bell_side side, const uint32_t *word, uint32_t value);
void bell_change(uint32_t *word, uint32_t value);

#endif
