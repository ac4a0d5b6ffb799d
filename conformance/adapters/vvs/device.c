/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Set-up: memory tables and queues. */
#include <stdlib.h>

#include "adapter.h"

/* Makes the table that is not in use, of these regions. */
static enum vvs_status make_table(struct device *device, const struct vvs_iut_region *regions,
                                  uint32_t count)
{
    uint32_t other = 1 - device->table;
    free(device->regions[other]);
    device->regions[other] = calloc(count + 1u, sizeof **device->regions);
    if (device->regions[other] == NULL) {
        return VVS_E_STORAGE;
    }
    for (uint32_t i = 0; i < count; i++) {
        device->regions[other][i] = (struct vvs_region){
            .guest_addr = regions[i].addr,
            .len = regions[i].len,
            .host = regions[i].host,
            .permission = regions[i].permission,
        };
    }
    return vvs_memory_init(&device->tables[other], device->regions[other], count);
}

static enum vvs_status bind_all(struct device *device, uint32_t table)
{
    for (uint32_t role = 0; role < VVS_IUT_ROLES; role++) {
        struct queue *queue = &device->queues[role];
        if (queue->up) {
            enum vvs_status status = vvs_queue_rebind(&queue->queue, &device->tables[table]);
            if (status != VVS_OK) {
                return status;
            }
        }
    }
    return VVS_OK;
}

enum vvs_status device_set_memory(struct device *device, const struct vvs_iut_region *regions,
                                  uint32_t count)
{
    uint32_t other = 1 - device->table;
    enum vvs_status status = make_table(device, regions, count);
    if (status != VVS_OK) {
        return status;
    }
    status = bind_all(device, other);
    if (status != VVS_OK) {
        (void)bind_all(device, device->table);
        return status;
    }
    device->table = other;
    return VVS_OK;
}

enum vvs_status queue_start(struct queue *queue, const struct vvs_iut_position *position)
{
    const struct vvs_queue_state state = {
        .avail_index = position->avail_index,
        .used_index = position->used_index,
        .avail_wrap = position->avail_wrap,
        .used_wrap = position->used_wrap,
    };
    vvs_queue_reset(&queue->queue);
    queue->held_count = 0;
    queue->has_last = false;
    return position->given != 0 ? vvs_queue_set_state(&queue->queue, &state) : VVS_OK;
}

static bool find_storage(struct queue *queue, uint32_t slot_count, uint32_t element_count)
{
    queue->slots = calloc(slot_count + 1u, sizeof *queue->slots);
    queue->elements = calloc(element_count + 1u, sizeof *queue->elements);
    bool found = queue->slots != NULL && queue->elements != NULL;
    for (uint32_t i = 0; i <= MAX_HELD; i++) {
        queue->held[i] = calloc(1, sizeof **queue->held);
        found = found && queue->held[i] != NULL;
    }
    return found;
}

static enum vvs_status set_up(struct device *device, const struct vvs_iut_queue *place)
{
    struct queue *queue = &device->queues[place->role];
    uint32_t element_count = place->max_chain != 0 ? place->max_chain : place->size;
    if (!find_storage(queue, place->size, element_count)) {
        return VVS_E_STORAGE;
    }
    const struct vvs_queue_config config = {
        .features = device->image->features,
        .desc_addr = place->desc,
        .driver_addr = place->driver,
        .device_addr = place->device,
        .size = place->size,
        .max_chain = place->max_chain,
        .slots = queue->slots,
        .slot_count = place->size,
        .elements = queue->elements,
        .element_count = element_count,
    };
    queue->role = place->role;
    queue->in_order = (device->image->features & VVS_FEATURE(VVS_F_IN_ORDER)) != 0;
    enum vvs_status status = vvs_queue_init(&queue->queue, &device->tables[device->table], &config);
    if (status == VVS_OK) {
        status = queue_start(queue, &place->start);
    }
    return status == VVS_OK ? vvs_queue_get_state(&queue->queue, &queue->saved) : status;
}

struct device *device_new(const struct vvs_iut_image *image, uint32_t out_setup[VVS_IUT_ROLES])
{
    struct device *device = calloc(1, sizeof *device);
    if (device == NULL) {
        return NULL;
    }
    device->image = image;
    enum vvs_status table = make_table(device, image->regions, image->region_count);
    device->table = 1 - device->table;
    for (uint32_t i = 0; i < image->queue_count; i++) {
        const struct vvs_iut_queue *place = &image->queues[i];
        bool up = table == VVS_OK && set_up(device, place) == VVS_OK;
        device->queues[place->role].up = up;
        out_setup[place->role] = up ? VVS_IUT_OK : VVS_IUT_REFUSED;
    }
    return device;
}

void device_free(struct device *device)
{
    for (uint32_t role = 0; role < VVS_IUT_ROLES; role++) {
        struct queue *queue = &device->queues[role];
        free(queue->slots);
        free(queue->elements);
        for (uint32_t i = 0; i <= MAX_HELD; i++) {
            free(queue->held[i]);
        }
    }
    free(device->regions[0]);
    free(device->regions[1]);
    free(device);
}
