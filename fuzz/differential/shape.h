/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a split ring's chain looks like in guest memory, well formed or not: why two implementations
 * may come to different answers about it. */
#ifndef DIFFERENTIAL_SHAPE_H
#define DIFFERENTIAL_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "guest.h"

#define SHAPE_KEPT 8u /* elements that are kept; of all others only what the bits say */

/* What is wrong, or special, with a chain as a whole. */
enum shape_bit {
    SHAPE_HEAD = 1u << 0,       /* the head is no descriptor of the table */
    SHAPE_NEXT = 1u << 1,       /* `next` leads out of the table */
    SHAPE_LONG = 1u << 2,       /* more descriptors than there are, or than the queue takes */
    SHAPE_LOST = 1u << 3,       /* a descriptor, or some of a table, lies in no readable memory */
    SHAPE_TABLE = 1u << 4,      /* an indirect table of an odd length, or none */
    SHAPE_NESTED = 1u << 5,     /* a table in a table */
    SHAPE_TABLE_NEXT = 1u << 6, /* INDIRECT and NEXT in one descriptor */
    SHAPE_TABLE_UNASKED = 1u << 7, /* INDIRECT was not negotiated */
    SHAPE_BYTES = 1u << 8,         /* 2^32 bytes or more */
    SHAPE_ORDER = 1u << 9,     /* readable behind writable, or the wrong direction for the queue */
    SHAPE_CROSSING = 1u << 10, /* an element over a region border */
    SHAPE_OUTSIDE = 1u << 11,  /* an element in no memory, or not all of it */
    SHAPE_DENIED = 1u << 12,   /* an element whose region the device may not access so */
    SHAPE_ZERO = 1u << 13,     /* an element without bytes */
    SHAPE_LARGE_TABLE = 1u << 14, /* a table of 2^16 entries or more */
    SHAPE_ALIASED = 1u << 15      /* buffers lie on rings or on each other: order of access shows */
};

struct shape_element {
    uint64_t addr;
    uint32_t len;
    bool writable;
};

struct shape {
    uint32_t bits;
    uint16_t head;
    uint32_t count; /* elements, as far as the walk came */
    struct shape_element first[SHAPE_KEPT];
    uint64_t digest; /* of every descriptor that was read */
};

/* shape_read walks the chain that begins at `head` on queue `queue` of `guest`. */
void shape_read(struct shape *out_shape, const struct guest *guest, const struct guest_queue *queue,
                uint16_t head);

/* shape_on_used_ring tells whether some of `len` bytes at `addr` lie on a used ring, but for that
 * of `except` (or NULL). What lies there differs: when a staged entry is written is each side's
 * own. */
bool shape_on_used_ring(const struct guest *guest, uint64_t addr, uint64_t len,
                        const struct guest_queue *except);

/* shape_describe writes a line about it; returns `text`. */
const char *shape_describe(const struct shape *shape, char *text, uint32_t capacity);

#endif
