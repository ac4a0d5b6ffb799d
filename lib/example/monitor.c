/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A socket device in full: set-up, kicks, back pressure, stop and restart.
 *
 * It has no sockets behind it, so each packet is answered with RST; a real one would hand the
 * payload slices to writev here, and fill rx packets by readv. */
#include "monitor.h"

#include <string.h>

static enum vvs_status start_queue(struct monitor_queue *own, const struct vvs_memory *memory,
                                   uint64_t features, const struct monitor_vring *vring)
{
    const struct vvs_queue_config config = {
        .features = features & ~VVS_FEATURES_VHOST, /* SET_FEATURES has vhost's own bits too */
        .desc_addr = vring->desc_addr,
        .driver_addr = vring->driver_addr,
        .device_addr = vring->device_addr,
        .size = vring->size,
        .slots = own->slots,
        .slot_count = MONITOR_QUEUE_SIZE,
        .elements = own->elements,
        .element_count = MONITOR_QUEUE_SIZE,
    };
    struct vvs_queue_state state;
    enum vvs_status status = vvs_queue_init(&own->queue, memory, &config);
    if (status == VVS_OK)
        status = vvs_queue_base_to_state(&own->queue, &state, vring->base);
    if (status == VVS_OK)
        status = vvs_queue_set_state(&own->queue, &state);
    return status;
}

enum vvs_status monitor_start(struct monitor *monitor, struct vvs_region *regions,
                              uint32_t region_count, uint64_t features,
                              const struct monitor_vring *rx, const struct monitor_vring *tx)
{
    enum vvs_status status = vvs_memory_init(&monitor->memory, regions, region_count);
    if (status == VVS_OK)
        status = start_queue(&monitor->rx, &monitor->memory, features, rx);
    if (status == VVS_OK)
        status = start_queue(&monitor->tx, &monitor->memory, features, tx);
    return status;
}

/* The driver sent `packet`. Without room for the answer it stays in the queue: the driver, which
 * sees no buffer come back, has to offer rx buffers first. */
static enum vvs_verdict receive(void *context, struct vvs_packet *packet)
{
    struct monitor *monitor = context;
    struct vvs_slice slices[2];
    struct vvs_packet reply;
    uint32_t len;

    if (vvs_packet_op(packet) == VVS_OP_RST)
        return VVS_VERDICT_PUBLISH;
    if (monitor->reply_count == MONITOR_REPLIES)
        return VVS_VERDICT_STOP;
    uint8_t *header = monitor->replies[monitor->reply_count];
    if (vvs_packet_from_buffers(&reply, slices, 2, header, VVS_HDR_BYTES, NULL, 0, true) != VVS_OK)
        return VVS_VERDICT_REFUSE;
    vvs_packet_set_reply(&reply, packet, VVS_OP_RST);
    if (vvs_packet_commit(&reply, &len) != VVS_OK)
        return VVS_VERDICT_REFUSE;
    monitor->reply_count++;
    return VVS_VERDICT_PUBLISH;
}

/* The driver offers a buffer: `packet` is empty. */
static enum vvs_verdict fill(void *context, struct vvs_packet *packet)
{
    struct monitor *monitor = context;
    if (monitor->reply_count == 0)
        return VVS_VERDICT_STOP;
    if (vvs_packet_set_header(packet, monitor->replies[0], VVS_HDR_BYTES) != VVS_OK)
        return VVS_VERDICT_REFUSE;
    monitor->reply_count--;
    memmove(monitor->replies[0], monitor->replies[1],
            monitor->reply_count * sizeof(monitor->replies[0]));
    return VVS_VERDICT_PUBLISH;
}

/* After a turn: interrupt the driver if it wants that, and sleep only once it knows to kick.
 * Returns whether there is more to do. */
static bool finish(struct monitor *monitor, struct vvs_queue *queue, enum vvs_queue_index index,
                   const struct vvs_served *served)
{
    bool more = false;
    if (served->notify)
        monitor->interrupt(monitor->context, index);
    if (served->stopped == VVS_OK)
        return served->published_count == MONITOR_BUDGET;
    /* Empty, or broken: then no kick is awaited, and the transport shows DEVICE_NEEDS_RESET. */
    return vvs_queue_arm(queue, &more) == VVS_OK && more;
}

bool monitor_kick(struct monitor *monitor)
{
    struct vvs_server server = {
        .slices = monitor->slices,
        .slice_count = MONITOR_SLICES,
        .max_payload_len = 65536,
        .context = monitor,
    };
    struct vvs_served served;
    bool more = false;

    server.packet = receive;
    if (vvs_serve_tx(&monitor->tx.queue, &served, &server, MONITOR_BUDGET) == VVS_OK)
        more |= finish(monitor, &monitor->tx.queue, VVS_QUEUE_TX, &served);
    const bool tx_waits = monitor->reply_count == MONITOR_REPLIES;
    server.packet = fill;
    if (vvs_serve_rx(&monitor->rx.queue, &served, &server, MONITOR_BUDGET) == VVS_OK)
        more |= finish(monitor, &monitor->rx.queue, VVS_QUEUE_RX, &served);
    return more || (tx_waits && monitor->reply_count < MONITOR_REPLIES);
}

enum vvs_status monitor_stop(struct monitor *monitor, uint32_t *out_rx_base, uint32_t *out_tx_base)
{
    struct vvs_queue_state rx;
    struct vvs_queue_state tx;
    enum vvs_status status = vvs_queue_get_state(&monitor->rx.queue, &rx);
    if (status == VVS_OK)
        status = vvs_queue_get_state(&monitor->tx.queue, &tx);
    if (status != VVS_OK)
        return status;
    *out_rx_base = vvs_queue_state_to_base(&monitor->rx.queue, &rx);
    *out_tx_base = vvs_queue_state_to_base(&monitor->tx.queue, &tx);
    return VVS_OK;
}
