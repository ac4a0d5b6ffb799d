/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The driver of a scenario: it lays chains out in guest memory, as a guest would, and looks at
 * what the device returned. It never waits for free slots and can be told to break every rule. */
#ifndef SCN_DRIVER_H
#define SCN_DRIVER_H

#include "guest.h"
#include "packet_source.h"

#define DRIVER_MAX_ELEMENTS (1u << 17) /* laid out in one run; further ones are dropped */
#define DRIVER_MAX_CHAINS 2048u        /* added in one run; further ones are dropped */
#define DRIVER_MAX_POURED (1u << 22)   /* bytes of packets written in one run */

enum driver_place { DRIVER_DIRECT, DRIVER_REFERRER, DRIVER_TABLE };

/* One descriptor as it was written. */
struct driver_element {
    uint64_t addr;
    uint32_t len;
    uint16_t flags;
    uint16_t next;  /* split */
    uint16_t id;    /* packed */
    uint16_t slot;  /* in the ring; in a table, the entry */
    uint8_t place;  /* enum driver_place */
    bool writable;  /* as said, whatever `flags` became */
    bool next_said; /* `next` is the scenario's own */
};

/* One chain as it was offered. Its elements: direct ones, then the referrer, then the table's. */
struct driver_chain {
    uint32_t first_element; /* in driver.elements */
    uint32_t element_count;
    uint32_t step;
    uint64_t table_addr;
    uint16_t head; /* split: value put into the available ring; packed: ring slot of the head */
    uint16_t id;   /* what the used entry must name: split `head`, packed the last one's id */
    uint8_t role;
    bool held;
    bool poured; /* `packet` was written into the readable elements */
    struct packet_source packet;
    uint64_t readable_len;
    uint64_t writable_len;
};

/* A used entry as the driver reads it. */
struct driver_used {
    uint32_t id;
    uint32_t len;
};

struct driver_queue {
    uint16_t avail_index; /* split: free running; packed: slot */
    uint16_t used_index;  /* packed: next slot to look at */
    uint16_t next_slot;   /* split: next free descriptor */
    uint16_t next_id;     /* packed */
    uint8_t avail_wrap;
    uint8_t used_wrap;
};

/* How many ring entries the chain of an id took, for finding the next used one (packed). */
struct driver_span {
    uint32_t run;
    uint32_t count;
};

struct driver {
    struct guest *guest;
    const struct scn_scenario *scenario;
    uint32_t run; /* counts runs: stale spans have another number */
    struct driver_queue queues[GUEST_ROLES];
    struct driver_chain chains[DRIVER_MAX_CHAINS];
    uint32_t chain_count;
    struct driver_element elements[DRIVER_MAX_ELEMENTS];
    uint32_t element_count;
    uint32_t poured_len;
    struct driver_span spans[GUEST_ROLES][65536];
};

/* driver_start sets the driver up for a materialised scenario. */
void driver_start(struct driver *driver, struct guest *guest, const struct scn_scenario *scenario);

/* driver_add_chain makes the chains of an add_chain step available. */
void driver_add_chain(struct driver *driver, uint32_t step);

/* driver_set_word writes one of the driver's words. */
void driver_set_word(struct driver *driver, const struct scn_record *step);

/* driver_restart clears the ring memory of a queue and starts it over at the positions said, which
 * it leaves in the guest_queue for the device. */
void driver_restart(struct driver *driver, const struct scn_record *step);

/* driver_used_index reads where the device's used entries end (split), to compare before and
 * after. */
uint16_t driver_used_index(const struct driver *driver, uint32_t role);

/* driver_collect reads the used entries that are new: split, from `from` on to the used idx;
 * packed, from where the last call ended.
 *
 * Returns  their number, of which at most `capacity` are in `out_used`; more than the queue size
 *          means that the used idx is none a device writes, and nothing was read. */
uint32_t driver_collect(struct driver *driver, struct driver_used *out_used, uint32_t capacity,
                        uint32_t role, uint16_t from);

#endif
