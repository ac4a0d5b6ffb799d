/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A driver thread against a device thread over one queue: order of memory, and no wake-up lost.
 *
 * Target: vvs_serve_tx, vvs_serve_rx, vvs_queue_* as a monitor calls them, notification both ways
 * Input:  12 bytes, what is missing is 0. Odds are of 16; 7/0 is the lower half of byte 7, 7/4 the
 *         upper. What is drawn, cuts and lengths of chains too, follows from all bytes.
 *         0    packed, rx, EVENT_IDX, INDIRECT_DESC, IN_ORDER, popped and published by hand: a bit
 *              each, from the lowest
 *         1    queue size: packed 1 + n mod 64, split 2 to the n mod 7
 *         2    start: split so many before index 65536, packed slot (and wrap) n mod 2 sizes
 *         3    chains: 1 + n mod 200
 *         4    payload: n at most
 *         5/0  elements: 1 + n mod 4 at most; 5/4 how late the driver wants its calls (EVENT_IDX)
 *         6/0  chains made available at once: 1 + n at most; 6/4 batches before a kick: 1 + n mod 4
 *         7/0  odds that the driver asks for no calls; 7/4 that it sleeps though it could go on
 *         8/0  the device's budget: 1 + n; 8/4 odds that it asks for no kicks
 *         9/0  odds, by two, that a handler stops; 9/4 by four, that the queue is restarted
 *         10/0 odds that the driver looks again instead of sleeping; 10/4 the same of the device
 *         11/0 odds of 64 of a pause at each access of the driver's; 11/4 of the device's
 * Oracle: ThreadSanitizer, or the build's; pair (each packet once, in order, whole; used ids and
 *         lengths), lost-wakeup. A finding may take several runs of its input. */
#include "oracle.h"
#include "pair.h"
#include "stats.h"
#include "target.h"

/* Runs of an input where speed is no matter: how the threads meet is not in its bytes. */
#define TRIES 64u

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    stats_input();
    for (uint32_t left = oracle_costly_one_in == 1 ? TRIES : 1; left != 0; left--) {
        const struct pair *pair = pair_run(bytes, len);
        stats_packet(pair->plan.rx, pair->plan.packed, pair->tags);
    }
    stats_end();
    return 0;
}
