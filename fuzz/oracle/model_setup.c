/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What memory tables and queues there can be, and where a queue starts. */
#include "model.h"

/* Feature bits: Reserved Feature Bits; Socket Device, Feature bits. */
static const uint8_t known_features[] = {0, 1, 2, 28, 29, 32, 33, 34, 35, 40};
#define VERSION_1 32u

static bool features_possible(uint64_t features)
{
    uint64_t rest = features;
    for (uint32_t i = 0; i < sizeof known_features; i++) {
        rest &= ~(UINT64_C(1) << known_features[i]);
    }
    return rest == 0 && (features >> VERSION_1 & 1) != 0;
}

/* Two ranges of guest addresses, either of which may end at 2^64. */
static bool share(uint64_t a, uint64_t a_len, uint64_t b, uint64_t b_len)
{
    return a <= b ? b - a < a_len : a - b < b_len;
}

bool model_table_possible(const struct guest *guest, uint32_t active)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < guest->region_count; i++) {
        const struct guest_region *region = &guest->regions[i];
        if (!(active >> i & 1u)) {
            continue;
        }
        count++;
        if (region->len == 0 || region->addr + (region->len - 1) < region->addr) {
            return false;
        }
        for (uint32_t j = 0; j < i; j++) {
            if ((active >> j & 1u) &&
                share(region->addr, region->len, guest->regions[j].addr, guest->regions[j].len)) {
                return false;
            }
        }
    }
    return count != 0;
}

/* A ring part lies aligned in one region, which the device may use as it has to. */
static bool part_possible(const struct guest *guest, uint32_t active, uint64_t addr, uint64_t len,
                          uint64_t alignment, uint32_t permission)
{
    for (uint32_t i = 0; i < guest->region_count; i++) {
        const struct guest_region *region = &guest->regions[i];
        if ((active >> i & 1u) && addr >= region->addr && addr - region->addr < region->len) {
            return addr % alignment == 0 && len <= region->len - (addr - region->addr) &&
                   (region->permission & permission) == permission;
        }
    }
    return false;
}

bool model_queue_possible(const struct guest *guest, uint32_t active,
                          const struct guest_queue *place)
{
    uint64_t size = place->size;
    uint64_t event = (place->features >> 29 & 1) != 0 ? 2 : 0;
    bool size_possible = size >= 1 && size <= 32768;
    if (!place->packed) {
        bool power = false;
        for (uint64_t i = 1; i <= 32768; i *= 2) {
            power = power || size == i;
        }
        size_possible = power;
    }
    if (!features_possible(place->features) || !size_possible ||
        (place->max_chain > size && place->max_chain > 1024)) {
        return false;
    }
    if (place->packed) {
        return part_possible(guest, active, place->desc, 16 * size, 16, 3) &&
               part_possible(guest, active, place->driver, 4, 4, 1) &&
               part_possible(guest, active, place->device, 4, 4, 2);
    }
    return part_possible(guest, active, place->desc, 16 * size, 16, 1) &&
           part_possible(guest, active, place->driver, 4 + 2 * size + event, 2, 1) &&
           part_possible(guest, active, place->device, 4 + 8 * size + event, 4, 2);
}

bool model_state_possible(const struct guest_queue *place, uint32_t avail, uint32_t used,
                          uint32_t avail_wrap, uint32_t used_wrap)
{
    uint32_t size = place->size;
    if (!place->packed) {
        uint32_t ahead = (avail + 65536 - used) % 65536;
        return ahead <= size && avail_wrap == 0 && used_wrap == 0;
    }
    if (avail >= size || used >= size || avail_wrap > 1 || used_wrap > 1) {
        return false;
    }
    /* On a line of two laps. */
    uint32_t ahead = (avail + (avail_wrap != used_wrap ? size : 0)) - used;
    return avail + (avail_wrap != used_wrap ? size : 0) >= used && ahead <= size;
}

void model_place_at(struct model_queue *q, uint32_t avail, uint32_t used, bool avail_wrap,
                    bool used_wrap)
{
    q->avail = avail;
    q->used = used;
    q->avail_wrap = avail_wrap;
    q->used_wrap = used_wrap;
    q->broken = false;
    q->pops = 0;
    q->popped_count = 0;
    q->staged = 0;
    q->staged_slots = 0;
    q->unsignalled = 0;
}

bool model_start_at_place(struct model_queue *q)
{
    const struct guest_queue *place = q->place;
    model_place_at(q, 0, 0, place->packed, place->packed);
    q->signalled_known = true;
    if (!place->positioned) {
        return true;
    }
    if (!model_state_possible(place, place->avail_index, place->used_index, place->avail_wrap,
                              place->used_wrap)) {
        return false;
    }
    model_place_at(q, place->avail_index, place->used_index, place->avail_wrap, place->used_wrap);
    q->signalled_known = false;
    return true;
}
