/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The loops a monitor runs when a queue was kicked, bounded and with every chain returned.
 *
 * Each: pop; parse; a refused chain is published with length 0; tx is published with 0; rx and
 * events are filled, committed and published; last, the notification decision. */
#ifndef VVS_SERVE_H
#define VVS_SERVE_H

#include <stdbool.h>
#include <stdint.h>

#include "packet.h"
#include "queue.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a handler wants done with the chain it was given. */
enum vvs_verdict {
    VVS_VERDICT_PUBLISH, /* tx: consumed; rx and event: filled, commit it */
    VVS_VERDICT_REFUSE,  /* publish with length 0 and go on */
    VVS_VERDICT_STOP     /* undo the pop and end: nothing to send, or no room for what came */
};

/* What a serve call works with. */
struct vvs_server {
    /* The caller's array, for one packet at a time: max_chain + 1 entries are enough, and one more
     * for each region border that a chain crosses. With fewer a chain that needs more is refused,
     * for VVS_E_SLICES. */
    struct vvs_slice *slices;
    uint32_t slice_count;
    uint32_t max_payload_len;
    /* tx: `packet` was received; rx: `packet` is empty, fill it (vvs_packet_write, setters). */
    enum vvs_verdict (*packet)(void *context, struct vvs_packet *packet);
    /* event: give the id to send. */
    enum vvs_verdict (*event)(void *context, uint32_t *out_id);
    /* A chain was refused for `status` and goes back with length 0. `packet` has the header when
     * status is VVS_E_PAYLOAD_LIMIT, else it is NULL. The callback may be NULL. */
    void (*refused)(void *context, enum vvs_status status, const struct vvs_packet *packet);
    void *context;
};

/* What a serve call did. */
struct vvs_served {
    uint32_t published_count; /* chains returned, refused ones included */
    uint32_t refused_count;   /* of them, refused */
    bool notify; /* the driver must be notified; unasked when the queue broke after a publish */
    enum vvs_status stopped; /* VVS_OK: budget used up or handler stopped; VVS_EMPTY: nothing is
                                 available; otherwise the status that broke the queue */
};

/* vvs_serve_tx receives at most `max_chains` packets.
 *
 * Returns  VVS_OK
 *          VVS_E_ARGUMENT  no handler
 *          VVS_E_IN_ORDER  IN_ORDER was negotiated and the caller still holds a popped chain, which
 *                          has to go back first; nothing was popped
 *          a status whose reaction is VVS_REACT_CALLER_BUG, from publishing
 * Out      `out_served` always.
 * Limits   at most `max_chains` pops, whatever the driver adds meanwhile.
 * Spec     Socket Device, Receive and Transmit; Virtqueue Flow Control. */
VVS_MUST_USE enum vvs_status vvs_serve_tx(struct vvs_queue *queue, struct vvs_served *out_served,
                                          const struct vvs_server *server, uint32_t max_chains);

/* vvs_serve_rx sends at most `max_chains` packets, each into one buffer of the driver's.
 * A handler that fills a packet wrongly (VVS_E_CAPACITY, VVS_E_UNWRITTEN on commit) has its chain
 * published with length 0, and the call ends with that status.
 *
 * Returns, Out, Limits, Spec  as vvs_serve_tx */
VVS_MUST_USE enum vvs_status vvs_serve_rx(struct vvs_queue *queue, struct vvs_served *out_served,
                                          const struct vvs_server *server, uint32_t max_chains);

/* vvs_serve_event sends at most `max_chains` events.
 *
 * Returns, Out, Limits  as vvs_serve_tx
 * Spec     Socket Device, Device Events. */
VVS_MUST_USE enum vvs_status vvs_serve_event(struct vvs_queue *queue, struct vvs_served *out_served,
                                             const struct vvs_server *server, uint32_t max_chains);

#ifdef __cplusplus
}
#endif

#endif
