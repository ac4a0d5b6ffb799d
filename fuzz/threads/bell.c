/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#define _GNU_SOURCE /* syscall, sched_getcpu */
#include "bell.h"

#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Looks at a word before the kernel is asked to wait, while the other thread has a core of its own:
 * to wake a core that idles takes longer than most answers. */
#define SPINS 100000u

static int cores[2]; /* where each side last began to wait */

/* One word, so that each change of it is a picture of both sides. */
#define NOTIFIED(side) (1u << (side))
#define ASLEEP(side) (4u << (side))
#define LEFT(side) (16u << (side))

static enum bell_side other_of(enum bell_side side)
{
    return side == BELL_DRIVER ? BELL_DEVICE : BELL_DRIVER;
}

static void futex(const uint32_t *word, int operation, uint32_t value)
{
    (void)syscall(SYS_futex, word, operation, value, NULL, NULL, 0);
}

/* `side` waits while `*word` is `value`, or shorter. */
static void wait_a_while(enum bell_side side, const uint32_t *word, uint32_t value)
{
    const int core = sched_getcpu();
    __atomic_store_n(&cores[side], core, __ATOMIC_RELAXED);
    const bool shared = __atomic_load_n(&cores[other_of(side)], __ATOMIC_RELAXED) == core;
    for (uint32_t left = shared ? 0 : SPINS; left != 0; left--) {
        if (__atomic_load_n(word, __ATOMIC_RELAXED) != value) {
            return;
        }
    }
    futex(word, FUTEX_WAIT_PRIVATE, value);
}

void bell_start(struct bell *bell)
{
    __atomic_store_n(&bell->word, 0, __ATOMIC_RELAXED);
}

void bell_wake(struct bell *bell, enum bell_side side)
{
    uint32_t before = __atomic_fetch_or(&bell->word, NOTIFIED(side), __ATOMIC_RELAXED);
    if (before & ASLEEP(side)) {
        futex(&bell->word, FUTEX_WAKE_PRIVATE, 1);
    }
}

/* Whether `side` sleeps with nobody left to wake it. */
static bool is_lost(uint32_t word, enum bell_side side)
{
    enum bell_side other = other_of(side);
    bool asleep = (word & ASLEEP(side)) && !(word & NOTIFIED(side));
    bool alone = (word & LEFT(other)) || ((word & ASLEEP(other)) && !(word & NOTIFIED(other)));
    return asleep && alone;
}

bool bell_sleep(struct bell *bell, enum bell_side side)
{
    uint32_t word = __atomic_or_fetch(&bell->word, ASLEEP(side), __ATOMIC_RELAXED);
    if (is_lost(word, side)) {
        return false;
    }
    while (!(word & NOTIFIED(side))) {
        wait_a_while(side, &bell->word, word);
        word = __atomic_load_n(&bell->word, __ATOMIC_RELAXED);
    }
    __atomic_fetch_and(&bell->word, ~(NOTIFIED(side) | ASLEEP(side)), __ATOMIC_RELAXED);
    return true;
}

bool bell_leave(struct bell *bell, enum bell_side side)
{
    uint32_t word = __atomic_or_fetch(&bell->word, LEFT(side), __ATOMIC_RELAXED);
    return !is_lost(word, other_of(side));
}

void bell_wait(enum bell_side side, const uint32_t *word, uint32_t value)
{
    while (__atomic_load_n(word, __ATOMIC_ACQUIRE) == value) {
        wait_a_while(side, word, value);
    }
}

void bell_change(uint32_t *word, uint32_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
    futex(word, FUTEX_WAKE_PRIVATE, INT_MAX);
}
