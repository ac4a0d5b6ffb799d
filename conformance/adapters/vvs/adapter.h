/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The library behind vvs_iut.h: a device with its queues, and the chains it holds. */
#ifndef ADAPTER_H
#define ADAPTER_H

#include <stdbool.h>

#include <vvs/vvs.h>

#include "vvs_iut.h"

#define MAX_HELD 32u     /* popped and not returned, a queue */
#define MAX_SLICES 2048u /* of one packet */

/* A chain that was popped. */
struct held {
    struct vvs_token token;
    enum vvs_status status; /* VVS_OK, or why it is refused */
    uint32_t used_len;      /* what to return it with */
    bool filled;            /* rx, event: once */
    bool has_packet;
    struct vvs_packet packet; /* rx, tx */
    struct vvs_slice slices[MAX_SLICES];
    struct vvs_chain chain; /* event */
    struct vvs_element elements[VVS_EVENT_BYTES];
};

struct queue {
    struct vvs_queue queue;
    struct vvs_queue_state saved;
    struct vvs_token last; /* the chain returned last */
    uint32_t role;
    bool up;
    bool in_order;
    bool has_last;
    uint32_t held_count;
    struct held *held[MAX_HELD + 1]; /* oldest first; one more, for a serve */
    struct vvs_slot *slots;
    struct vvs_element *elements;
};

struct device {
    const struct vvs_iut_image *image;
    struct queue queues[VVS_IUT_ROLES];
    struct vvs_memory tables[2]; /* queues use one; the other is made by a memory step */
    struct vvs_region *regions[2];
    uint32_t table;
};

/* device_step executes a step and fills `answer`. */
void device_step(struct device *device, const struct vvs_iut_step *step,
                 struct vvs_iut_answer *answer);

/* device_new makes a device, or NULL without memory; queue_start puts a queue at a position;
 * device_set_memory binds all queues to other regions, or none. */
struct device *device_new(const struct vvs_iut_image *image, uint32_t out_setup[VVS_IUT_ROLES]);
void device_free(struct device *device);
enum vvs_status queue_start(struct queue *queue, const struct vvs_iut_position *position);
enum vvs_status device_set_memory(struct device *device, const struct vvs_iut_region *regions,
                                  uint32_t count);

#endif
