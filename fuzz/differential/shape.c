/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "shape.h"

#include <stdio.h>
#include <string.h>

#include <vvs/spec.h>

#include "run.h"

#define DESC_BYTES 16u
#define MAX_WALK 4096u /* more than either side takes of one chain by far */

struct desc {
    uint64_t addr;
    uint32_t len;
    uint16_t flags;
    uint16_t next;
};

/* Where the walk is. */
struct walk {
    struct shape *shape;
    const struct guest *guest;
    const struct guest_queue *queue;
    uint64_t table;
    uint32_t size;
    bool inside; /* an indirect table */
    bool saw_writable;
    uint64_t total;
};

static uint64_t number(const uint8_t *bytes, uint32_t len)
{
    uint64_t value = 0;
    while (len-- != 0) {
        value = value << 8 | bytes[len];
    }
    return value;
}

/* The active region that holds `addr`, or NULL. */
static const struct guest_region *region_of(const struct guest *guest, uint64_t addr)
{
    for (uint32_t i = 0; i < guest->region_count; i++) {
        const struct guest_region *region = &guest->regions[i];
        if ((guest->active >> i & 1u) != 0 && addr - region->addr < region->len) {
            return region;
        }
    }
    return NULL;
}

/* What is to be said about where `len` bytes at `addr` are. */
static uint32_t place_bits(const struct guest *guest, uint64_t addr, uint32_t len, uint32_t access)
{
    uint32_t bits = 0;
    while (len != 0) {
        const struct guest_region *region = region_of(guest, addr);
        if (region == NULL) {
            return bits | SHAPE_OUTSIDE;
        }
        uint64_t room = region->len - (addr - region->addr);
        bits |= (region->permission & access) == 0 ? SHAPE_DENIED : 0;
        if (room >= len) {
            return bits;
        }
        bits |= SHAPE_CROSSING;
        addr += room;
        len -= (uint32_t)room;
        if (addr == 0) {
            return bits | SHAPE_OUTSIDE; /* behind the last address is none, whatever is at 0 */
        }
    }
    return bits;
}

static bool overlap(uint64_t a, uint64_t a_len, uint64_t b, uint64_t b_len)
{
    return a_len != 0 && b_len != 0 && (a - b < b_len || b - a < a_len);
}

bool shape_on_used_ring(const struct guest *guest, uint64_t addr, uint64_t len,
                        const struct guest_queue *except)
{
    bool found = false;
    for (uint32_t i = 0; i < guest->queue_count; i++) {
        const struct guest_queue *queue = &guest->queues[guest->queue_order[i]];
        found = found || (queue != except && overlap(addr, len, queue->device, queue->device_len));
    }
    return found;
}

/* Of the driver's: a descriptor table or an available ring. */
static bool on_driver_ring(const struct guest *guest, uint64_t addr, uint64_t len)
{
    bool found = false;
    for (uint32_t i = 0; i < guest->queue_count; i++) {
        const struct guest_queue *queue = &guest->queues[guest->queue_order[i]];
        found = found || overlap(addr, len, queue->driver, queue->driver_len) ||
                overlap(addr, len, queue->desc, queue->desc_len);
    }
    return found;
}

/* Elements that are not kept may lie on others as well: nobody looks, so nobody may judge. */
static bool aliased(const struct walk *walk, const struct shape_element *element)
{
    const struct shape *shape = walk->shape;
    bool found = shape_on_used_ring(walk->guest, element->addr, element->len, NULL) ||
                 (element->writable && on_driver_ring(walk->guest, element->addr, element->len));
    for (uint32_t i = 0; i < shape->count && i < SHAPE_KEPT; i++) {
        found = found || (element->writable && overlap(element->addr, element->len,
                                                       shape->first[i].addr, shape->first[i].len));
    }
    return found || (element->writable && shape->count >= SHAPE_KEPT);
}

static void add_element(struct walk *walk, const struct desc *desc)
{
    struct shape *shape = walk->shape;
    bool writable = (desc->flags & VVS_DESC_F_WRITE) != 0;
    const struct shape_element element = {desc->addr, desc->len, writable};
    bool wrong = writable == (walk->queue->role == VVS_QUEUE_TX);
    shape->bits |= wrong || (walk->saw_writable && !writable) ? SHAPE_ORDER : 0;
    shape->bits |= desc->len == 0 ? SHAPE_ZERO : 0;
    shape->bits |=
        place_bits(walk->guest, desc->addr, desc->len, writable ? VVS_PERM_WRITE : VVS_PERM_READ);
    shape->bits |= aliased(walk, &element) ? SHAPE_ALIASED : 0;
    walk->saw_writable |= writable;
    walk->total += desc->len;
    shape->bits |= walk->total > UINT32_MAX ? SHAPE_BYTES : 0;
    if (shape->count < SHAPE_KEPT) {
        shape->first[shape->count] = element;
    }
    shape->count++;
}

static bool read_desc(struct walk *walk, struct desc *out_desc, uint32_t index)
{
    uint8_t bytes[DESC_BYTES];
    uint64_t addr = walk->table + (uint64_t)index * DESC_BYTES;
    uint32_t place = place_bits(walk->guest, addr, DESC_BYTES, VVS_PERM_READ);
    bool aliased =
        (place & SHAPE_CROSSING) != 0 || shape_on_used_ring(walk->guest, addr, DESC_BYTES, NULL);
    walk->shape->bits |= aliased ? SHAPE_ALIASED : 0;
    if ((place & (SHAPE_OUTSIDE | SHAPE_DENIED)) != 0 ||
        guest_read(walk->guest, bytes, addr, DESC_BYTES) != DESC_BYTES) {
        return false;
    }
    walk->shape->digest = run_fold_bytes(walk->shape->digest, bytes, DESC_BYTES);
    *out_desc = (struct desc){number(bytes, 8), (uint32_t)number(bytes + 8, 4),
                              (uint16_t)number(bytes + 12, 2), (uint16_t)number(bytes + 14, 2)};
    return true;
}

static bool enter_table(struct walk *walk, const struct desc *desc)
{
    uint64_t features = walk->queue->features;
    uint32_t *bits = &walk->shape->bits;
    *bits |= (features >> VVS_F_INDIRECT_DESC & 1u) == 0 ? SHAPE_TABLE_UNASKED : 0;
    *bits |= (desc->flags & VVS_DESC_F_NEXT) != 0 ? SHAPE_TABLE_NEXT : 0;
    *bits |= walk->inside ? SHAPE_NESTED : 0;
    *bits |= desc->len / DESC_BYTES > UINT16_MAX ? SHAPE_LARGE_TABLE : 0;
    *bits |= (place_bits(walk->guest, desc->addr, desc->len, VVS_PERM_READ) &
              (SHAPE_OUTSIDE | SHAPE_DENIED)) != 0
                 ? SHAPE_LOST
                 : 0;
    *bits |= desc->len == 0 || desc->len % DESC_BYTES != 0 ? SHAPE_TABLE : 0;
    if (walk->inside || desc->len / DESC_BYTES == 0) {
        return false;
    }
    walk->inside = true;
    walk->table = desc->addr;
    walk->size = desc->len / DESC_BYTES;
    return true;
}

static uint32_t most(const struct guest_queue *queue)
{
    return queue->max_chain != 0 ? queue->max_chain : queue->size;
}

void shape_read(struct shape *out_shape, const struct guest *guest, const struct guest_queue *queue,
                uint16_t head)
{
    struct walk walk = {
        .shape = out_shape,
        .guest = guest,
        .queue = queue,
        .table = queue->desc,
        .size = queue->size,
    };
    uint32_t index = head;
    uint32_t steps = 0;
    memset(out_shape, 0, sizeof *out_shape);
    out_shape->head = head;
    out_shape->digest = RUN_FOLD_START;
    for (;; steps++) {
        struct desc desc;
        if (index >= walk.size) {
            out_shape->bits |= steps == 0 ? SHAPE_HEAD : SHAPE_NEXT;
            return;
        }
        if (steps > MAX_WALK || out_shape->count > most(queue)) {
            out_shape->bits |= SHAPE_LONG;
            return;
        }
        if (!read_desc(&walk, &desc, index)) {
            out_shape->bits |= SHAPE_LOST;
            return;
        }
        if ((desc.flags & VVS_DESC_F_INDIRECT) != 0) {
            if (!enter_table(&walk, &desc)) {
                return;
            }
            index = 0;
            continue;
        }
        add_element(&walk, &desc);
        if ((desc.flags & VVS_DESC_F_NEXT) == 0) {
            out_shape->bits |= out_shape->count > most(queue) ? SHAPE_LONG : 0;
            return;
        }
        index = desc.next;
    }
}

const char *shape_describe(const struct shape *shape, char *text, uint32_t capacity)
{
    static const char *const names[] = {
        "head out of the table",
        "next out of the table",
        "too long",
        "unreadable descriptor",
        "odd table",
        "nested table",
        "table and next",
        "table unasked",
        "2^32 bytes",
        "direction",
        "crossing",
        "outside",
        "denied",
        "zero length",
        "large table",
        "aliased",
    };
    int done = snprintf(text, capacity, "head %u:", shape->head);
    for (uint32_t i = 0; i < shape->count && i < SHAPE_KEPT && (uint32_t)done < capacity; i++) {
        const struct shape_element *element = &shape->first[i];
        done += snprintf(text + done, capacity - (uint32_t)done, " %u%s", element->len,
                         element->writable ? "w" : "");
    }
    if (shape->count > SHAPE_KEPT && (uint32_t)done < capacity) {
        done += snprintf(text + done, capacity - (uint32_t)done, " (%u in all)", shape->count);
    }
    for (uint32_t i = 0; i < sizeof names / sizeof *names && (uint32_t)done < capacity; i++) {
        if ((shape->bits >> i & 1u) != 0) {
            done += snprintf(text + done, capacity - (uint32_t)done, ", %s", names[i]);
        }
    }
    return text;
}
