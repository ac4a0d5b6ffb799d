/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The library in a monitor: a socket device that answers every packet with RST. See monitor.c. */
#ifndef VVS_EXAMPLE_MONITOR_H
#define VVS_EXAMPLE_MONITOR_H

#include <vvs/vvs.h>

#define MONITOR_QUEUE_SIZE 256u
#define MONITOR_SLICES 64u
#define MONITOR_REPLIES 16u
#define MONITOR_BUDGET 32u

/* Where the driver put a virtqueue, as guest-physical addresses (vhost-user's are translated by
 * vvs_memory_from_frontend), and where to start: vhost's vring base, 0 for a fresh split
 * queue. */
struct monitor_vring {
    uint64_t desc_addr;
    uint64_t driver_addr;
    uint64_t device_addr;
    uint32_t size;
    uint32_t base;
};

/* One virtqueue with the storage the library works in. */
struct monitor_queue {
    struct vvs_queue queue;
    struct vvs_slot slots[MONITOR_QUEUE_SIZE];
    struct vvs_element elements[MONITOR_QUEUE_SIZE];
};

struct monitor {
    struct vvs_memory memory;
    struct monitor_queue rx;
    struct monitor_queue tx;
    struct vvs_slice slices[MONITOR_SLICES];
    uint8_t replies[MONITOR_REPLIES][VVS_HDR_BYTES]; /* waiting for rx buffers */
    uint32_t reply_count;
    void (*interrupt)(void *context, enum vvs_queue_index index);
    void *context;
};

/* monitor_start sets both queues up from what the driver negotiated. A status is the driver's or
 * the caller's fault, as vvs_status_fault says; then the device must not start. */
enum vvs_status monitor_start(struct monitor *monitor, struct vvs_region *regions,
                              uint32_t region_count, uint64_t features,
                              const struct monitor_vring *rx, const struct monitor_vring *tx);

/* monitor_kick serves both queues, after the driver kicked either.
 *
 * Returns  whether there is more to do: then call again, when others had their turn. */
bool monitor_kick(struct monitor *monitor);

/* monitor_stop gives the bases to start again from. All that was popped has been published. */
enum vvs_status monitor_stop(struct monitor *monitor, uint32_t *out_rx_base, uint32_t *out_tx_base);

#endif
