/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "known.h"

#include <vvs/spec.h>

struct known {
    const struct guest *guest;
    void (*visit)(void *context, enum known_what what, uint32_t role, uint64_t addr, uint64_t len);
    void *context;
};

bool known_is_devices(enum known_what what)
{
    return what == KNOWN_USED || what == KNOWN_EVENT || what == KNOWN_WRITABLE;
}

/* How many bytes from `addr` on are mapped. */
static uint64_t mapped(const struct guest *guest, uint64_t addr, uint64_t len)
{
    uint64_t done = 0;
    for (uint64_t room; done < len && guest_at(guest, &room, addr + done) != NULL; done += room) {
        room = room < len - done ? room : len - done;
    }
    return done;
}

static void ring(const struct known *known, const struct guest_queue *queue, bool devices)
{
    if (devices && queue->packed) {
        known->visit(known->context, KNOWN_USED, queue->role, queue->desc, queue->desc_len);
        known->visit(known->context, KNOWN_EVENT, queue->role, queue->device, queue->device_len);
    } else if (devices) {
        known->visit(known->context, KNOWN_USED, queue->role, queue->device, queue->device_len);
    } else if (queue->packed) {
        known->visit(known->context, KNOWN_DRIVER, queue->role, queue->driver, queue->driver_len);
    } else {
        known->visit(known->context, KNOWN_DESC, queue->role, queue->desc, queue->desc_len);
        known->visit(known->context, KNOWN_DRIVER, queue->role, queue->driver, queue->driver_len);
    }
}

static void chain(const struct known *known, const struct driver *driver,
                  const struct driver_chain *chain)
{
    uint32_t entries = 0;
    for (uint32_t i = 0; i < chain->element_count; i++) {
        const struct driver_element *element = &driver->elements[chain->first_element + i];
        bool writable = (element->flags & VVS_DESC_F_WRITE) != 0;
        entries += element->place == DRIVER_TABLE;
        if (element->place != DRIVER_REFERRER) {
            known->visit(known->context, writable ? KNOWN_WRITABLE : KNOWN_READABLE, chain->role,
                         element->addr, mapped(known->guest, element->addr, element->len));
        }
    }
    known->visit(known->context, KNOWN_TABLE, chain->role, chain->table_addr,
                 mapped(known->guest, chain->table_addr, UINT64_C(16) * entries));
}

void known_each(const struct guest *guest, const struct driver *driver,
                void (*visit)(void *context, enum known_what what, uint32_t role, uint64_t addr,
                              uint64_t len),
                void *context)
{
    const struct known known = {guest, visit, context};
    for (uint32_t pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < guest->queue_count; i++) {
            ring(&known, &guest->queues[guest->queue_order[i]], pass == 0);
        }
    }
    for (uint32_t i = driver->chain_count; i > 0; i--) {
        chain(&known, driver, &driver->chains[i - 1]);
    }
}
