/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The driver's side of one virtqueue, in either format, written from the specification alone.
 *
 * Positions are free-running counts: of entries (split) or of ring slots (packed). */
#ifndef VVS_THREADS_RING_H
#define VVS_THREADS_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "plan.h"

/* What an rx buffer holds before the device writes. */
#define RING_UNTOUCHED 0xee

/* A chain that is out, by its id: the head (split) or the buffer id (packed). */
struct ring_chain {
    bool out;
    uint32_t number;
    uint32_t span; /* positions it takes */
    uint32_t desc_count;
    uint16_t descs[PLAN_ELEMENTS_MAX]; /* split: its descriptors, the head first */
};

struct ring {
    const struct plan *plan;
    struct ring_chain chains[PLAN_SIZE_MAX];
    uint16_t free[PLAN_SIZE_MAX]; /* split: descriptors; packed: ids */
    uint32_t free_count;
    uint32_t avail;       /* behind the last chain made available */
    uint32_t shown;       /* so far the device can see */
    uint32_t asked;       /* so far it was decided whether to kick */
    uint32_t used;        /* so far used entries were taken */
    uint16_t shown_flags; /* packed: of the first chain that is not shown yet */
};

void ring_start(struct ring *ring, const struct plan *plan);

/* ring_has_room says whether `chain` can be added. */
bool ring_has_room(const struct ring *ring, const struct plan_chain *chain);

/* ring_add writes chain `number`, with its packet on tx; the device sees it with the next
 * ring_show. */
void ring_add(struct ring *ring, const struct plan_chain *chain, uint32_t number);
void ring_show(struct ring *ring);

/* ring_asks_kick says whether the device wants a kick for what was shown since the last call. */
bool ring_asks_kick(struct ring *ring);

/* ring_arm asks for a call when the used entry `distance` positions behind the next is there;
 * ring_disarm asks for none, where the format has a way to. */
void ring_arm(const struct ring *ring, uint32_t distance);
void ring_disarm(const struct ring *ring);

/* ring_visible counts the positions whose used entries are there and not taken. */
uint32_t ring_visible(const struct ring *ring);

/* ring_take takes the next used entry, which is there. The chain is not out any more.
 *
 * Returns  its id; the length it has in `out_len`. */
uint32_t ring_take(struct ring *ring, uint32_t *out_len);

/* Where the chain with `id` has its bytes, and what the formats share. */
uint32_t ring_buffer(uint32_t id);
uint32_t ring_table(uint32_t id);
void ring_put_desc(uint32_t offset, uint64_t addr, uint32_t len, uint16_t third, uint16_t fourth);
struct ring_chain *ring_chain_of(struct ring *ring, uint32_t id);

/* ring_split.c */
void split_add(struct ring *ring, const struct plan_chain *chain, uint32_t number);
void split_show(struct ring *ring);
bool split_asks_kick(struct ring *ring);
void split_arm(const struct ring *ring, uint32_t distance);
void split_disarm(const struct ring *ring);
uint32_t split_visible(const struct ring *ring);
uint32_t split_take(struct ring *ring, uint32_t *out_len);

/* ring_packed.c */
void packed_add(struct ring *ring, const struct plan_chain *chain, uint32_t number);
void packed_show(struct ring *ring);
bool packed_asks_kick(struct ring *ring);
void packed_arm(const struct ring *ring, uint32_t distance);
void packed_disarm(const struct ring *ring);
uint32_t packed_visible(const struct ring *ring);
uint32_t packed_take(struct ring *ring, uint32_t *out_len);

#endif
