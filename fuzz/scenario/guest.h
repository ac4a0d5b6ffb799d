/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Guest memory on the host: regions as a scenario says them, ring parts laid out, contents.
 *
 * One arena is reserved once and never committed as a whole. Every region has its own place in it,
 * so regions that are adjacent or overlap for the guest are apart on the host. What is written is
 * noted, by whoever writes it, and only that is zeroed for the next scenario. */
#ifndef SCN_GUEST_H
#define SCN_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vvs/memory.h>

#include "scenario.h"

#define GUEST_ROLES 3u       /* enum vvs_queue_index */
#define GUEST_GAP_BYTES 128u /* poisoned, on both sides of each region; the arena's ends too */
#define GUEST_MAX_TOUCHED 2048u
#define GUEST_FIRST_ADDR UINT64_C(0x100000)

struct guest_region {
    uint64_t addr;
    uint64_t len;
    uint64_t frontend_addr;
    uint32_t permission; /* VVS_PERM_*: what the device may do; the driver may do all */
    uint8_t *host;
};

/* A queue with every default resolved. */
struct guest_queue {
    uint64_t features;
    uint64_t desc;
    uint64_t driver;
    uint64_t device;
    uint64_t desc_len;
    uint64_t driver_len;
    uint64_t device_len;
    uint32_t size; /* as said: may be one that set-up refuses */
    uint32_t max_chain;
    uint16_t avail_index;
    uint16_t used_index;
    uint8_t avail_wrap; /* packed; 0 on a split queue */
    uint8_t used_wrap;
    uint8_t role;
    bool packed;
    bool present;
    bool positioned; /* the scenario says where it starts: vvs_queue_set_state */
};

struct guest_touched {
    uint8_t *start;
    uint8_t *end;
};

struct guest {
    uint8_t *arena;
    size_t arena_len;
    size_t arena_used; /* by the regions of this scenario and their gaps */
    struct guest_region regions[SCN_MAX_REGIONS];
    uint8_t search_order[SCN_MAX_REGIONS]; /* active regions first */
    uint32_t region_count;
    uint32_t active; /* bit n: region n is in the device's table */
    uint32_t active_count;
    uint64_t features;
    uint32_t max_payload;
    struct guest_queue queues[GUEST_ROLES]; /* by role */
    uint8_t queue_order[GUEST_ROLES];       /* roles in the order said */
    uint32_t queue_count;
    uint64_t data_start; /* the allocator's area, in the first region */
    uint64_t data_len;
    uint64_t data_used;
    struct vvs_region table_regions[2][SCN_MAX_REGIONS];
    struct vvs_memory tables[2];
    uint32_t table; /* the one in use */
    struct guest_touched touched[GUEST_MAX_TOUCHED];
    uint32_t touched_count;
    bool touched_lost; /* the list was too short: all of the arena in use is dropped */
    void (*wrote)(void *context, const uint8_t *host,
                  size_t len); /* a tool's, or NULL: each touch */
    void *wrote_context;
};

/* guest_init reserves the arena: 64 GiB, on a 32-bit host 512 MiB, or the largest half of it that
 * the host grants.
 *
 * Returns  false when there is none to be had. */
bool guest_init(struct guest *out_guest);

/* guest_fini gives the arena back. */
void guest_fini(struct guest *guest);

/* guest_materialise zeroes what the previous scenario touched, places the regions, lays the queues
 * out and writes what guest memory holds before the first step.
 *
 * Returns  false when the regions do not fit into the arena: the scenario is unmappable on this
 *          host.
 * Out      *out_status, when true is returned: what vvs_memory_init said about the table. */
bool guest_materialise(struct guest *guest, enum vvs_status *out_status,
                       const struct scn_scenario *scenario);

/* guest_clear zeroes what was touched since the last call. */
void guest_clear(struct guest *guest);

/* guest_activate builds the device's other table from the regions of `active`. The old table stays
 * as it is, so queues can be bound back.
 *
 * Returns  VVS_OK, or what vvs_memory_init refused: the guest stays as it is then. */
enum vvs_status guest_activate(struct guest *guest, uint32_t active);

/* guest_deactivate takes the last guest_activate back; `active` are the regions of before. */
void guest_deactivate(struct guest *guest, uint32_t active);

/* guest_memory gives the device's table. */
static inline const struct vvs_memory *guest_memory(const struct guest *guest)
{
    return &guest->tables[guest->table];
}

/* guest_gaps_intact says whether the bytes between regions are as guest_materialise left them: what
 * writes without a sanitizer past a region's end is noticed here. */
bool guest_gaps_intact(const struct guest *guest);

/* guest_touch notes a write of `len` bytes at `host`, made or about to be made. A pointer outside
 * the arena is no guest memory and is ignored. */
void guest_touch(struct guest *guest, const void *host, size_t len);

/* guest_find_host finds the region whose host memory holds `host`.
 *
 * Returns  its number, and the guest address in *out_addr; or -1. */
int guest_find_host(const struct guest *guest, uint64_t *out_addr, const void *host);

/* guest_at finds guest memory: the first active region that holds `addr`, else the first region
 * that does.
 *
 * Returns  the host pointer, and how many bytes follow in that region in *out_len; or NULL. */
uint8_t *guest_at(const struct guest *guest, uint64_t *out_len, uint64_t addr);

/* guest_write, guest_fill and guest_read go up to the first byte that is in no region, across
 * adjacent regions.
 *
 * Returns  bytes written or read. */
uint64_t guest_write(struct guest *guest, uint64_t addr, const uint8_t *bytes, uint64_t len);
uint64_t guest_fill(struct guest *guest, uint64_t addr, uint64_t len, uint8_t value);
uint64_t guest_read(const struct guest *guest, uint8_t *out_bytes, uint64_t addr, uint64_t len);

/* guest_write_record writes what a span or a `write` step says. */
void guest_write_record(struct guest *guest, const struct scn_scenario *scenario,
                        const struct scn_record *record);

/* guest_put16 writes a little-endian word; guest_get16 reads one, 0 where nothing is mapped. */
void guest_put16(struct guest *guest, uint64_t addr, uint16_t value);
uint16_t guest_get16(const struct guest *guest, uint64_t addr);

/* guest_start_queue sets where a queue starts, from four fields of `record` (avail_index,
 * used_index, avail_wrap, used_wrap; the first is number `first_field`), and writes a split
 * ring's indices, or the flags of a packed ring's earlier laps. */
void guest_start_queue(struct guest *guest, struct guest_queue *queue,
                       const struct scn_record *record, uint32_t first_field);

/* guest_alloc gives out data memory: aligned 16, rising, starting over when the area is used up. */
uint64_t guest_alloc(struct guest *guest, uint64_t len);

#endif
