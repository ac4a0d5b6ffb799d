/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "model_view.h"

#include <string.h>

#define MAX_LOADS 4096u
#define MAX_BYTES (1u << 17)

struct load {
    const uint8_t *host;
    uint32_t len;
    uint32_t index;
    uint32_t at; /* its bytes, in the pool */
    enum vvs_item item;
    bool taken; /* read as this step of the walk: a loop comes to the same place again */
};

static const struct guest *memory;
static bool keeps;
static bool lost;
static struct load loads[MAX_LOADS];
static uint32_t load_count;
static uint8_t pool[MAX_BYTES];
static uint32_t pool_len;

void view_open(const struct guest *guest, bool keep)
{
    memory = guest;
    keeps = keep;
    view_begin();
}

void view_begin(void)
{
    load_count = 0;
    pool_len = 0;
    lost = false;
}

void view_loaded(const struct vvs_access *access)
{
    if (!keeps) {
        return;
    }
    if (load_count == MAX_LOADS || access->len > MAX_BYTES - pool_len) {
        lost = true;
        return;
    }
    loads[load_count++] =
        (struct load){access->host, access->len, access->index, pool_len, access->item, false};
    memcpy(pool + pool_len, access->host, access->len);
    pool_len += access->len;
}

bool view_complete(void)
{
    return !lost;
}

uint8_t *view_find(uint64_t addr, uint32_t len, uint32_t permission, uint32_t *out_len)
{
    for (uint32_t i = 0; i < memory->region_count; i++) {
        const struct guest_region *region = &memory->regions[i];
        uint64_t offset = addr - region->addr;
        if (!(memory->active >> i & 1u) || addr < region->addr || offset >= region->len) {
            continue;
        }
        if ((region->permission & permission) != permission) {
            return NULL;
        }
        uint64_t left = region->len - offset;
        *out_len = left < len ? (uint32_t)left : len;
        return region->host + offset;
    }
    return NULL;
}

static bool is_stream(enum vvs_item item)
{
    return item == VVS_ITEM_HEADER || item == VVS_ITEM_PAYLOAD;
}

/* Whether `load` is of the byte at `host` of that item. */
static bool covers(const struct load *load, enum vvs_item item, uint32_t index, const uint8_t *host)
{
    uintptr_t offset = (uintptr_t)host - (uintptr_t)load->host;
    if (load->item != item || offset >= load->len) {
        return false;
    }
    return is_stream(item) ? load->index + offset == index : load->index == index;
}

/* Number of the first load behind `from` that a byte of this item may come from, or the count. */
static uint32_t next_load(uint32_t from, enum vvs_item item, uint32_t index)
{
    uint32_t at = from;
    while (at < load_count && (loads[at].item != item || loads[at].taken ||
                               (!is_stream(item) && loads[at].index != index))) {
        at++;
    }
    return at;
}

/* The load that gave the byte at `host` first, or NULL; none before number `from` did. */
static struct load *load_of(uint32_t from, enum vvs_item item, uint32_t index, const uint8_t *host)
{
    for (uint32_t i = from; i < load_count; i = next_load(i + 1, item, index)) {
        if (covers(&loads[i], item, index, host)) {
            return &loads[i];
        }
    }
    return NULL;
}

/* A piece as it was loaded. Each descriptor of a walk is an item of its own, wherever it lies. */
static void read_loaded(uint8_t *out_bytes, enum vvs_item item, uint32_t index, const uint8_t *host,
                        uint32_t len)
{
    uint32_t from = next_load(0, item, index);
    struct load *last = NULL;
    if (from == load_count) {
        memcpy(out_bytes, host, len);
        return;
    }
    for (uint32_t i = 0; i < len; i++) {
        struct load *load = load_of(from, item, is_stream(item) ? index + i : index, host + i);
        out_bytes[i] = load ? pool[load->at + (uint32_t)(host + i - load->host)] : host[i];
        last = load ? load : last;
    }
    if (last && (item == VVS_ITEM_DESC || item == VVS_ITEM_TABLE_ENTRY)) {
        last->taken = true;
    }
}

bool view_read(uint8_t *out_bytes, enum vvs_item item, uint32_t index, uint64_t addr, uint32_t len)
{
    for (uint32_t done = 0, piece = 0; done < len; done += piece) {
        /* Behind the last address there is nothing. */
        const uint8_t *host =
            addr + done < addr ? NULL : view_find(addr + done, len - done, 1, &piece);
        if (host == NULL) {
            return false;
        }
        if (!keeps) {
            memcpy(out_bytes + done, host, piece);
            continue;
        }
        read_loaded(out_bytes + done, item, is_stream(item) ? index + done : index, host, piece);
    }
    return true;
}

uint64_t view_number(const uint8_t *bytes, uint32_t len)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < len; i++) {
        value += (uint64_t)bytes[i] << (8 * i);
    }
    return value;
}

uint16_t view_word(enum vvs_item item, uint32_t index, uint64_t addr)
{
    uint8_t bytes[2] = {0, 0};
    (void)view_read(bytes, item, index, addr, 2);
    return (uint16_t)view_number(bytes, 2);
}
