/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Scenarios as requests to an adapter (conformance/adapters/PROTOCOL.md): every default resolved,
 * what the driver does worked out as writes. No device takes part. For tools only. */
#ifndef SCN_RESOLVE_H
#define SCN_RESOLVE_H

#include <cjson/cJSON.h>

#include "driver.h"
#include "writes.h"

/* Large: make it static. */
struct resolve {
    const struct scn_scenario *scenario;
    struct guest guest;
    struct driver driver;
    struct writes writes;
    const struct scn_record *sends[SCN_MAX_STEPS]; /* said, and not yet given to a step */
    uint32_t send_count;
    uint32_t events[SCN_MAX_STEPS];
    uint32_t event_count;
};

/* resolve_init prepares `resolve` once.
 *
 * Returns  false when the host grants no memory for a guest. */
bool resolve_init(struct resolve *resolve);

void resolve_fini(struct resolve *resolve);

/* resolve_scenario makes the line for one scenario: {"run": ..., "needs": [...]}, where `needs` are
 * PROTOCOL.md's words for what it takes. What can't be a request is {"unsupported": "...", ...}:
 * races, with `needs` and "races": true; memory that this host can't map, with "unmappable": true;
 * regions that share addresses and take turns. Every step has "step", its number, and every entry
 * of `read` says what lies there, in "what":
 *
 * used    split: used ring; packed: descriptor ring, where the device writes its used elements
 * event   packed: device event suppression
 * driver  available ring, or driver event suppression
 * desc    split: descriptor table
 * table, readable, writable   indirect tables and elements of the chains so far, as far as mapped
 *
 * Those of all queues come first, with the queue's role in "queue"; a step reads 1 MiB at most.
 *
 * Returns  an object, to be freed by cJSON_Delete. */
cJSON *resolve_scenario(struct resolve *resolve, const struct scn_scenario *scenario);

#endif
