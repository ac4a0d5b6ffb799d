/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#define _POSIX_C_SOURCE 200809L /* sched_yield */
#include "chance.h"

#include <sched.h>

#define SPINS_MAX 512u

uint32_t chance_mix(uint32_t a, uint32_t b)
{
    uint32_t mixed = a ^ (b + 1) * UINT32_C(0x9e3779b9);
    mixed = (mixed ^ mixed >> 16) * UINT32_C(0x85ebca6b);
    mixed = (mixed ^ mixed >> 13) * UINT32_C(0xc2b2ae35);
    return mixed ^ mixed >> 16;
}

void chance_start(struct chance *chance, uint32_t seed, uint32_t pauses)
{
    chance->state = seed != 0 ? seed : 1;
    chance->pauses = pauses;
}

uint32_t chance_below(struct chance *chance, uint32_t bound)
{
    uint32_t state = chance->state;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    chance->state = state;
    return (uint32_t)((uint64_t)state * bound >> 32);
}

bool chance_of(struct chance *chance, uint32_t odds)
{
    return odds != 0 && chance_below(chance, 16) < odds;
}

void chance_pause(struct chance *chance)
{
    if (chance->pauses == 0 || chance_below(chance, 64) >= chance->pauses) {
        return;
    }
    if (chance_below(chance, 4) == 0) {
        chance_yield();
        return;
    }
    for (uint32_t left = chance_below(chance, SPINS_MAX); left != 0; left--) {
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
    }
}

void chance_yield(void)
{
    (void)sched_yield();
}
