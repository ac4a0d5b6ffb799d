/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* One loop for the three queues; they differ in what happens to a popped chain. */
#include "vvs/serve.h"

#include "event.h"
#include "vvs/device.h"

/* What came of one chain. */
struct vvs_outcome {
    enum vvs_verdict verdict;
    enum vvs_status status; /* why it is refused */
    uint32_t used_len;
};

typedef struct vvs_outcome vvs_handle(const struct vvs_server *server,
                                      const struct vvs_chain *chain);

static struct vvs_outcome vvs_refused(const struct vvs_server *server, enum vvs_status status,
                                      const struct vvs_packet *packet)
{
    struct vvs_outcome outcome = {VVS_VERDICT_REFUSE, status, 0};
    if (server->refused) {
        server->refused(server->context, status, packet);
    }
    return outcome;
}

static struct vvs_outcome vvs_handle_tx(const struct vvs_server *server,
                                        const struct vvs_chain *chain)
{
    struct vvs_packet packet;
    enum vvs_status status = vvs_packet_from_tx(&packet, 0, chain, server->slices,
                                                server->slice_count, server->max_payload_len);
    if (status != VVS_OK) {
        return vvs_refused(server, status, status == VVS_E_PAYLOAD_LIMIT ? &packet : 0);
    }
    struct vvs_outcome outcome = {server->packet(server->context, &packet), VVS_OK, 0};
    return outcome;
}

static struct vvs_outcome vvs_handle_rx(const struct vvs_server *server,
                                        const struct vvs_chain *chain)
{
    struct vvs_packet packet;
    enum vvs_status status = vvs_packet_from_rx(&packet, 0, chain, server->slices,
                                                server->slice_count, server->max_payload_len);
    if (status != VVS_OK) {
        return vvs_refused(server, status, 0);
    }
    struct vvs_outcome outcome = {server->packet(server->context, &packet), VVS_OK, 0};
    if (outcome.verdict == VVS_VERDICT_PUBLISH) {
        outcome.status = vvs_packet_commit(&packet, &outcome.used_len);
    }
    if (outcome.verdict != VVS_VERDICT_PUBLISH || outcome.status != VVS_OK) {
        vvs_packet_abort(&packet);
    }
    return outcome;
}

static struct vvs_outcome vvs_handle_event(const struct vvs_server *server,
                                           const struct vvs_chain *chain)
{
    /* Before the handler gives an event away that this buffer can't take. */
    uint8_t *hosts[VVS_EVENT_BYTES];
    enum vvs_status status = vvs_event_resolve(chain, hosts);
    if (status != VVS_OK) {
        return vvs_refused(server, status, 0);
    }
    uint32_t id = 0;
    struct vvs_outcome outcome = {server->event(server->context, &id), VVS_OK, 0};
    if (outcome.verdict == VVS_VERDICT_PUBLISH) {
        outcome.status = vvs_event_commit(&outcome.used_len, chain, id);
    }
    return outcome;
}

/* One chain from pop to publish. Returns whether to go on; `stopped` says why not. */
static bool vvs_serve_one(struct vvs_queue *queue, struct vvs_served *served, vvs_handle *handle,
                          const struct vvs_server *server)
{
    struct vvs_token token;
    struct vvs_chain chain;
    struct vvs_outcome outcome;
    enum vvs_status status = vvs_queue_pop(queue, &token, &chain);
    if (status == VVS_OK) {
        outcome = handle(server, &chain);
    } else if (vvs_status_reaction(status) == VVS_REACT_RETURN) {
        outcome = vvs_refused(server, status, 0);
    } else {
        served->stopped = status;
        return false;
    }
    if (outcome.verdict == VVS_VERDICT_STOP) {
        served->stopped = vvs_queue_undo(queue, &token);
        return false;
    }
    bool refused = outcome.verdict == VVS_VERDICT_REFUSE;
    served->stopped = vvs_queue_publish(queue, &token, refused ? 0 : outcome.used_len);
    if (served->stopped != VVS_OK) {
        return false;
    }
    served->published_count++;
    served->refused_count += refused;
    served->stopped = refused ? VVS_OK : outcome.status;
    return served->stopped == VVS_OK;
}

/* A broken ring is not looked at again, so what was published before is signalled unasked. */
static bool vvs_serve_notify(struct vvs_queue *queue, const struct vvs_served *served)
{
    bool notify = served->published_count != 0;
    enum vvs_status status = vvs_queue_needs_notify(queue, &notify);
    (void)status;
    return notify;
}

static enum vvs_status vvs_serve(struct vvs_queue *queue, struct vvs_served *out_served,
                                 vvs_handle *handle, const struct vvs_server *server,
                                 uint32_t max_chains)
{
    struct vvs_served served = {0, 0, false, VVS_OK};
    if (queue->in_order && vvs_queue_in_flight(queue) != 0) {
        served.stopped = VVS_E_IN_ORDER;
        max_chains = 0;
    }
    for (uint32_t i = 0; i < max_chains; i++) {
        if (!vvs_serve_one(queue, &served, handle, server)) {
            break;
        }
    }
    served.notify = vvs_serve_notify(queue, &served);
    *out_served = served;
    bool callers = vvs_status_reaction(served.stopped) == VVS_REACT_CALLER_BUG;
    return callers ? served.stopped : VVS_OK;
}

static enum vvs_status vvs_no_handler(struct vvs_served *out_served)
{
    struct vvs_served none = {0, 0, false, VVS_E_ARGUMENT};
    *out_served = none;
    return VVS_E_ARGUMENT;
}

enum vvs_status vvs_serve_tx(struct vvs_queue *queue, struct vvs_served *out_served,
                             const struct vvs_server *server, uint32_t max_chains)
{
    return server->packet ? vvs_serve(queue, out_served, vvs_handle_tx, server, max_chains)
                          : vvs_no_handler(out_served);
}

enum vvs_status vvs_serve_rx(struct vvs_queue *queue, struct vvs_served *out_served,
                             const struct vvs_server *server, uint32_t max_chains)
{
    return server->packet ? vvs_serve(queue, out_served, vvs_handle_rx, server, max_chains)
                          : vvs_no_handler(out_served);
}

enum vvs_status vvs_serve_event(struct vvs_queue *queue, struct vvs_served *out_served,
                                const struct vvs_server *server, uint32_t max_chains)
{
    return server->event ? vvs_serve(queue, out_served, vvs_handle_event, server, max_chains)
                         : vvs_no_handler(out_served);
}
