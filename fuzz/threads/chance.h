/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a thread leaves to chance. Each has its own, so that what it does follows from the input. */
#ifndef VVS_THREADS_CHANCE_H
#define VVS_THREADS_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

struct chance {
    uint32_t state; /* not 0 */
    uint32_t pauses;
};

/* chance_mix makes 32 bits of two numbers in which each bit hangs on all of theirs. */
uint32_t chance_mix(uint32_t a, uint32_t b);

/* chance_start begins a sequence; `pauses` are the odds, of 64, that chance_pause pauses. */
void chance_start(struct chance *chance, uint32_t seed, uint32_t pauses);

/* chance_below draws a number below `bound`, which is not 0. */
uint32_t chance_below(struct chance *chance, uint32_t bound);

/* chance_of says yes `odds` times of 16. */
bool chance_of(struct chance *chance, uint32_t odds);

/* chance_pause lets the other thread come first, for a moment or a turn of the scheduler; without
 * pauses it costs nothing that would hide how the machine itself reorders. */
void chance_pause(struct chance *chance);

/* chance_yield gives the other thread a turn, where both share a core. */
void chance_yield(void);

#endif
