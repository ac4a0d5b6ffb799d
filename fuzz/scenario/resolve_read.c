/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Which memory the answer to a step shows: what the device may write, and what it may not. */
#include "resolve_read.h"

#include <vvs/spec.h>

#include "json_build.h"

#define MAX_STEP_BYTES (UINT64_C(1) << 20)
#define MAX_ELEMENT_BYTES (UINT64_C(1) << 17) /* more than a header and the usual payload limit */
#define MAX_STEP_ENTRIES 4096

struct reads {
    cJSON *list;
    uint64_t left;
    uint32_t entries;
};

static void add(struct reads *reads, const char *what, uint32_t role, uint64_t addr, uint64_t len)
{
    if (len == 0 || len > reads->left || reads->entries == MAX_STEP_ENTRIES) {
        return;
    }
    cJSON *entry = json_made(cJSON_CreateObject());
    reads->left -= len;
    reads->entries++;
    json_add(entry, "addr", json_hex_number(addr));
    json_add(entry, "len", cJSON_CreateNumber((double)len));
    json_add(entry, "what", cJSON_CreateString(what));
    json_add(entry, "queue", cJSON_CreateString(scn_value_name(SCN_ROLE, role)));
    json_append(reads->list, entry);
}

static void add_rings(struct reads *reads, const struct guest_queue *queue, bool device_writes)
{
    const char *desc = queue->packed ? "used" : "desc";
    if (queue->packed == device_writes) {
        add(reads, desc, queue->role, queue->desc, queue->desc_len);
    }
    if (device_writes) {
        add(reads, queue->packed ? "event" : "used", queue->role, queue->device, queue->device_len);
    } else {
        add(reads, "driver", queue->role, queue->driver, queue->driver_len);
    }
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

static void add_chain(struct reads *reads, const struct resolve *resolve,
                      const struct driver_chain *chain)
{
    const struct guest *guest = &resolve->guest;
    uint32_t entries = 0;
    for (uint32_t i = 0; i < chain->element_count; i++) {
        const struct driver_element *element = &resolve->driver.elements[chain->first_element + i];
        bool writable = (element->flags & VVS_DESC_F_WRITE) != 0;
        uint64_t len = element->len < MAX_ELEMENT_BYTES ? element->len : MAX_ELEMENT_BYTES;
        entries += element->place == DRIVER_TABLE;
        if (element->place != DRIVER_REFERRER) {
            add(reads, writable ? "writable" : "readable", chain->role, element->addr,
                mapped(guest, element->addr, len));
        }
    }
    add(reads, "table", chain->role, chain->table_addr,
        mapped(guest, chain->table_addr, UINT64_C(16) * entries));
}

cJSON *resolve_reads(const struct resolve *resolve)
{
    const struct guest *guest = &resolve->guest;
    struct reads reads = {json_made(cJSON_CreateArray()), MAX_STEP_BYTES, 0};
    for (uint32_t pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < guest->queue_count; i++) {
            add_rings(&reads, &guest->queues[guest->queue_order[i]], pass == 0);
        }
    }
    for (uint32_t i = resolve->driver.chain_count; i > 0; i--) {
        add_chain(&reads, resolve, &resolve->driver.chains[i - 1]);
    }
    return reads.list;
}
