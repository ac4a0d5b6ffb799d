/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#define _DEFAULT_SOURCE /* mmap's MAP_ANONYMOUS and MAP_NORESERVE, madvise */
#include "guest.h"

#include <string.h>
#include <sys/mman.h>

#include <vvs/spec.h>

#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#define GUEST_MSAN 1
#endif
#if __has_feature(address_sanitizer) && !defined(GUEST_ASAN)
#define GUEST_ASAN 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define GUEST_ASAN 1
#endif

#ifdef GUEST_ASAN
#include <sanitizer/asan_interface.h>
#endif
#ifdef GUEST_MSAN
#include <sanitizer/msan_interface.h>
#endif

/* Above this, dropping the pages is cheaper than zeroing them. */
#define KEEP_BYTES (UINT64_C(1) << 20)
/* Ranges this close are noted as one: less than the gap, so never over a region's border. */
#define MERGE_BYTES 64u
#define MERGE_LOOK_BACK 4u
#define ARENA_MIN_BYTES ((size_t)1 << 24)

bool guest_init(struct guest *out_guest)
{
    memset(out_guest, 0, sizeof *out_guest);
    size_t len = sizeof(size_t) == 8 ? (size_t)(UINT64_C(64) << 30) : (size_t)512 << 20;
    for (; len >= ARENA_MIN_BYTES; len /= 2) {
        void *arena = mmap(NULL, len, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (arena != MAP_FAILED) {
            out_guest->arena = arena;
            out_guest->arena_len = len;
            return true;
        }
    }
    return false;
}

void guest_fini(struct guest *guest)
{
    if (guest->arena != NULL) {
        munmap(guest->arena, guest->arena_len);
    }
    memset(guest, 0, sizeof *guest);
}

void guest_touch(struct guest *guest, const void *host, size_t len)
{
    size_t at = (uintptr_t)host - (uintptr_t)guest->arena;
    if (at >= guest->arena_len || len == 0) {
        return;
    }
    uint8_t *start = guest->arena + at;
    uint8_t *end = start + len;
    uint32_t count = guest->touched_count;
    if (guest->wrote != NULL) {
        guest->wrote(guest->wrote_context, start, len);
    }
    for (uint32_t i = count; i > 0 && i + MERGE_LOOK_BACK > count; i--) {
        struct guest_touched *range = &guest->touched[i - 1];
        if (start <= range->end + MERGE_BYTES && range->start <= end + MERGE_BYTES) {
            range->start = start < range->start ? start : range->start;
            range->end = end > range->end ? end : range->end;
            return;
        }
    }
    if (count == GUEST_MAX_TOUCHED) {
        guest->touched_lost = true;
        return;
    }
    guest->touched[count] = (struct guest_touched){start, end};
    guest->touched_count = count + 1;
}

/* What the library stored may be uninitialised for MemorySanitizer; zeroed memory is not. */
static void initialise(const void *start, size_t len)
{
#ifdef GUEST_MSAN
    __msan_unpoison(start, len);
#else
    (void)start;
    (void)len;
#endif
}

void guest_clear(struct guest *guest)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < guest->touched_count; i++) {
        total += (uint64_t)(guest->touched[i].end - guest->touched[i].start);
    }
    if (guest->touched_lost || total > KEEP_BYTES) {
        madvise(guest->arena, guest->arena_used, MADV_DONTNEED);
        initialise(guest->arena, guest->arena_used);
    } else {
        for (uint32_t i = 0; i < guest->touched_count; i++) {
            const struct guest_touched *range = &guest->touched[i];
            memset(range->start, 0, (size_t)(range->end - range->start));
        }
    }
    guest->touched_count = 0;
    guest->touched_lost = false;
}

/* The macros of ASan's header do nothing where this file itself is not instrumented. */
static void poison_bytes(const uint8_t *start, size_t len, bool poison)
{
#ifdef GUEST_ASAN
    (poison ? __asan_poison_memory_region : __asan_unpoison_memory_region)(start, len);
#else
    (void)start;
    (void)len;
    (void)poison;
#endif
}

/* Calls ASan for each gap: before the first region, between two, behind the last. */
static void poison_gaps(const struct guest *guest, bool poison)
{
    uint8_t *gap = guest->arena;
    for (uint32_t i = 0; i <= guest->region_count; i++) {
        bool last = i == guest->region_count;
        uint8_t *end = last ? guest->arena + guest->arena_used : guest->regions[i].host;
        poison_bytes(gap, (size_t)(end - gap), poison);
        gap = last ? end : end + guest->regions[i].len;
    }
}

/* Poisoned bytes are read on purpose. */
__attribute__((no_sanitize("address"))) static bool is_zero(const uint8_t *start,
                                                            const uint8_t *end)
{
    while (start < end && *start == 0) {
        start++;
    }
    return start == end;
}

bool guest_gaps_intact(const struct guest *guest)
{
    const uint8_t *gap = guest->arena;
    bool intact = true;
    for (uint32_t i = 0; i < guest->region_count; i++) {
        intact = intact && is_zero(gap, guest->regions[i].host);
        gap = guest->regions[i].host + guest->regions[i].len;
    }
    return intact && is_zero(gap, guest->arena + guest->arena_used);
}

/* Gives each region its place, congruent to its guest address modulo 16 as a real mapping would
 * be. */
static bool place_regions(struct guest *guest, struct guest_region *regions, uint32_t count)
{
    uint64_t used = GUEST_GAP_BYTES;
    bool same = count == guest->region_count;
    for (uint32_t i = 0; i < count; i++) {
        used = ((used + 15) & ~UINT64_C(15)) + (regions[i].addr & 15);
        if (used + GUEST_GAP_BYTES > guest->arena_len ||
            regions[i].len > guest->arena_len - used - GUEST_GAP_BYTES) {
            return false;
        }
        regions[i].host = guest->arena + used;
        used += regions[i].len + GUEST_GAP_BYTES;
        same = same && regions[i].host == guest->regions[i].host &&
               regions[i].len == guest->regions[i].len;
    }
    if (!same && guest->arena_used != 0) {
        poison_gaps(guest, false);
    }
    for (uint32_t i = 0; i < count; i++) {
        guest->regions[i] = regions[i];
    }
    guest->region_count = count;
    guest->arena_used = (size_t)used;
    if (!same) {
        poison_gaps(guest, true);
    }
    return true;
}

static bool read_regions(struct guest *guest, const struct scn_scenario *scenario)
{
    struct guest_region regions[SCN_MAX_REGIONS];
    uint32_t count = scenario->region_count;
    uint64_t next = GUEST_FIRST_ADDR;
    for (uint32_t i = 0; i < count; i++) {
        const struct scn_record *record = &scenario->regions[i];
        uint64_t addr = scn_get(record, SCN_REGION_F_ADDR, next);
        uint64_t len = scn_get(record, SCN_REGION_F_LEN, 0x10000);
        regions[i] = (struct guest_region){
            .addr = addr,
            .len = len,
            .frontend_addr =
                scn_get(record, SCN_REGION_F_FRONTEND_ADDR, addr + UINT64_C(0x7f0000000000)),
            .permission =
                (uint32_t)scn_get(record, SCN_REGION_F_PERMISSION, VVS_PERM_READ | VVS_PERM_WRITE),
        };
        next = addr + len;
    }
    if (count == 0) {
        regions[0] = (struct guest_region){
            .addr = GUEST_FIRST_ADDR,
            .len = 0x400000,
            .frontend_addr = GUEST_FIRST_ADDR + UINT64_C(0x7f0000000000),
            .permission = VVS_PERM_READ | VVS_PERM_WRITE,
        };
        count = 1;
    }
    return place_regions(guest, regions, count);
}

static void order_search(struct guest *guest)
{
    uint32_t place = 0;
    for (uint32_t pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < guest->region_count; i++) {
            if ((guest->active >> i & 1u) != pass) {
                guest->search_order[place++] = (uint8_t)i;
            }
        }
        if (pass == 0) {
            guest->active_count = place;
        }
    }
}

enum vvs_status guest_activate(struct guest *guest, uint32_t active)
{
    uint32_t other = 1 - guest->table;
    struct vvs_region *regions = guest->table_regions[other];
    uint32_t count = 0;
    active &= (1u << guest->region_count) - 1;
    for (uint32_t i = 0; i < guest->region_count; i++) {
        const struct guest_region *region = &guest->regions[i];
        if ((active >> i & 1u) != 0) {
            regions[count++] = (struct vvs_region){
                .guest_addr = region->addr,
                .len = region->len,
                .host = region->host,
                .frontend_addr = region->frontend_addr,
                .permission = region->permission,
            };
        }
    }
    enum vvs_status status = vvs_memory_init(&guest->tables[other], regions, count);
    if (status == VVS_OK) {
        guest->table = other;
        guest->active = active;
        order_search(guest);
    }
    return status;
}

void guest_deactivate(struct guest *guest, uint32_t active)
{
    guest->table = 1 - guest->table;
    guest->active = active;
    order_search(guest);
}

/* The next ring part that is not said: behind the last one, aligned 16. */
static uint64_t part(uint64_t *next, uint64_t len, const struct scn_record *record, uint32_t field)
{
    if (scn_has(record, field)) {
        return record->value[field];
    }
    uint64_t addr = (*next + 15) & ~UINT64_C(15);
    *next = addr + len;
    return addr;
}

_Static_assert(SCN_QUEUE_F_USED_WRAP - SCN_QUEUE_F_AVAIL_INDEX == 3 &&
                   SCN_RESTART_F_USED_WRAP - SCN_RESTART_F_AVAIL_INDEX == 3,
               "the four fields of a position stand together");

/* The flags that earlier laps left in a packed ring: each descriptor was used in the last lap that
 * came by. Without them the zeros of a new ring would look used to a driver in a lap of wrap 0. */
static void write_past_laps(struct guest *guest, const struct guest_queue *queue)
{
    bool behind = queue->used_wrap != 0; /* this lap has passed the slots below used_index */
    uint32_t from = behind ? 0 : queue->used_index;
    uint32_t end = behind && queue->used_index < queue->size ? queue->used_index : queue->size;
    while (from < end) {
        uint64_t room = 0;
        uint64_t addr = queue->desc + UINT64_C(16) * from + 14;
        uint8_t *flags = guest_at(guest, &room, addr);
        uint64_t count = room / 16 < end - from ? room / 16 : end - from;
        if (flags == NULL || count == 0) { /* not mapped, or the last of its region */
            guest_put16(guest, addr, VVS_PACKED_DESC_F_AVAIL | VVS_PACKED_DESC_F_USED);
            from++;
            continue;
        }
        guest_touch(guest, flags, 16 * (size_t)(count - 1) + 2);
        for (uint64_t i = 0; i < count; i++) {
            flags[16 * i] = (uint8_t)(VVS_PACKED_DESC_F_AVAIL | VVS_PACKED_DESC_F_USED);
            flags[16 * i + 1] = (VVS_PACKED_DESC_F_AVAIL | VVS_PACKED_DESC_F_USED) >> 8;
        }
        from += (uint32_t)count;
    }
}

void guest_start_queue(struct guest *guest, struct guest_queue *queue,
                       const struct scn_record *record, uint32_t first_field)
{
    uint8_t avail_wrap = (uint8_t)scn_get(record, first_field + 2, 1);
    uint8_t used_wrap = (uint8_t)scn_get(record, first_field + 3, 1);
    queue->avail_index = (uint16_t)scn_get(record, first_field, 0);
    queue->used_index = (uint16_t)scn_get(record, first_field + 1, 0);
    queue->avail_wrap = queue->packed ? avail_wrap : 0;
    queue->used_wrap = queue->packed ? used_wrap : 0;
    queue->positioned = (record->present >> first_field & 0xfu) != 0;
    if (!queue->positioned) {
        return;
    }
    if (queue->packed) {
        write_past_laps(guest, queue);
        return;
    }
    guest_put16(guest, queue->driver + VVS_AVAIL_IDX_OFFSET, queue->avail_index);
    guest_put16(guest, queue->device + VVS_USED_IDX_OFFSET, queue->used_index);
}

static void lay_queue_out(struct guest *guest, uint64_t *next, const struct scn_record *record,
                          uint32_t role)
{
    struct guest_queue *queue = &guest->queues[role];
    bool packed = (guest->features & VVS_FEATURE(VVS_F_RING_PACKED)) != 0;
    uint32_t size = (uint32_t)scn_get(record, SCN_QUEUE_F_SIZE, 8);
    *queue = (struct guest_queue){
        .features = guest->features,
        .desc_len = UINT64_C(16) * size,
        .driver_len = packed ? 4 : 6 + UINT64_C(2) * size,
        .device_len = packed ? 4 : 6 + UINT64_C(8) * size,
        .size = size,
        .max_chain = (uint32_t)scn_get(record, SCN_QUEUE_F_MAX_CHAIN, 0),
        .role = (uint8_t)role,
        .packed = packed,
        .present = true,
    };
    queue->desc = part(next, queue->desc_len, record, SCN_QUEUE_F_DESC);
    queue->driver = part(next, queue->driver_len, record, SCN_QUEUE_F_DRIVER);
    queue->device = part(next, queue->device_len, record, SCN_QUEUE_F_DEVICE);
    guest->queue_order[guest->queue_count++] = (uint8_t)role;
    guest_start_queue(guest, queue, record, SCN_QUEUE_F_AVAIL_INDEX);
}

static void lay_out(struct guest *guest, const struct scn_scenario *scenario)
{
    static const struct scn_record nothing_said;
    const struct guest_region *first = &guest->regions[0];
    uint64_t next = first->addr;
    for (uint32_t i = 0; i < GUEST_ROLES; i++) {
        guest->queues[i].present = false;
    }
    guest->queue_count = 0;
    for (uint32_t i = 0; i < scenario->queue_count; i++) {
        const struct scn_record *record = &scenario->queues[i];
        uint32_t role = (uint32_t)scn_get(record, SCN_QUEUE_F_ROLE, VVS_QUEUE_TX);
        if (!guest->queues[role].present) {
            lay_queue_out(guest, &next, record, role);
        }
    }
    if (scenario->queue_count == 0) {
        lay_queue_out(guest, &next, &nothing_said, VVS_QUEUE_TX);
    }
    guest->data_start = (next + 63) & ~UINT64_C(63);
    uint64_t before = guest->data_start - first->addr;
    guest->data_len = before < first->len ? first->len - before : 0;
    guest->data_used = 0;
}

bool guest_materialise(struct guest *guest, enum vvs_status *out_status,
                       const struct scn_scenario *scenario)
{
    guest_clear(guest);
    if (!read_regions(guest, scenario)) {
        return false;
    }
    guest->features = scn_get(&scenario->image, SCN_IMAGE_F_FEATURES, VVS_FEATURE(VVS_F_VERSION_1));
    guest->max_payload = (uint32_t)scn_get(&scenario->image, SCN_IMAGE_F_MAX_PAYLOAD, 65536);
    guest->active = 0;
    order_search(guest);
    *out_status =
        guest_activate(guest, (uint32_t)scn_get(&scenario->image, SCN_IMAGE_F_ACTIVE, UINT8_MAX));
    lay_out(guest, scenario);
    for (uint32_t i = 0; i < scenario->span_count; i++) {
        guest_write_record(guest, scenario, &scenario->spans[i]);
    }
    return true;
}

int guest_find_host(const struct guest *guest, uint64_t *out_addr, const void *host)
{
    for (uint32_t i = 0; i < guest->region_count; i++) {
        uint64_t at = (uint64_t)((uintptr_t)host - (uintptr_t)guest->regions[i].host);
        if (at < guest->regions[i].len) {
            *out_addr = guest->regions[i].addr + at;
            return (int)i;
        }
    }
    return -1;
}

uint8_t *guest_at(const struct guest *guest, uint64_t *out_len, uint64_t addr)
{
    for (uint32_t i = 0; i < guest->region_count; i++) {
        const struct guest_region *region = &guest->regions[guest->search_order[i]];
        uint64_t at = addr - region->addr;
        if (at < region->len) {
            *out_len = region->len - at;
            return region->host + at;
        }
    }
    return NULL;
}

uint64_t guest_write(struct guest *guest, uint64_t addr, const uint8_t *bytes, uint64_t len)
{
    uint64_t done = 0;
    while (done < len) {
        uint64_t room;
        uint8_t *host = guest_at(guest, &room, addr + done);
        if (host == NULL) {
            break;
        }
        size_t piece = (size_t)(room < len - done ? room : len - done);
        memcpy(host, bytes + done, piece);
        guest_touch(guest, host, piece);
        done += piece;
    }
    return done;
}

uint64_t guest_fill(struct guest *guest, uint64_t addr, uint64_t len, uint8_t value)
{
    uint64_t done = 0;
    while (done < len) {
        uint64_t room;
        uint8_t *host = guest_at(guest, &room, addr + done);
        if (host == NULL) {
            break;
        }
        size_t piece = (size_t)(room < len - done ? room : len - done);
        memset(host, value, piece);
        guest_touch(guest, host, piece);
        done += piece;
    }
    return done;
}

uint64_t guest_read(const struct guest *guest, uint8_t *out_bytes, uint64_t addr, uint64_t len)
{
    uint64_t done = 0;
    while (done < len) {
        uint64_t room;
        const uint8_t *host = guest_at(guest, &room, addr + done);
        if (host == NULL) {
            break;
        }
        size_t piece = (size_t)(room < len - done ? room : len - done);
        memcpy(out_bytes + done, host, piece);
        done += piece;
    }
    return done;
}

_Static_assert((int)SCN_SPAN_F_ADDR == (int)SCN_WRITE_F_ADDR &&
                   (int)SCN_SPAN_F_BYTES == (int)SCN_WRITE_F_BYTES &&
                   (int)SCN_SPAN_F_LEN == (int)SCN_WRITE_F_LEN &&
                   (int)SCN_SPAN_F_FILL == (int)SCN_WRITE_F_FILL,
               "a span and a write step say the same");

void guest_write_record(struct guest *guest, const struct scn_scenario *scenario,
                        const struct scn_record *record)
{
    uint64_t addr = scn_get(record, SCN_WRITE_F_ADDR, guest->data_start);
    if (scn_has(record, SCN_WRITE_F_BYTES)) {
        guest_write(guest, addr, scenario->blob + record->bytes_at, record->bytes_len);
    } else {
        guest_fill(guest, addr, scn_get(record, SCN_WRITE_F_LEN, 0),
                   (uint8_t)scn_get(record, SCN_WRITE_F_FILL, 0));
    }
}

void guest_put16(struct guest *guest, uint64_t addr, uint16_t value)
{
    const uint8_t bytes[2] = {(uint8_t)value, (uint8_t)(value >> 8)};
    guest_write(guest, addr, bytes, sizeof bytes);
}

uint16_t guest_get16(const struct guest *guest, uint64_t addr)
{
    uint8_t bytes[2] = {0, 0};
    guest_read(guest, bytes, addr, sizeof bytes);
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

uint64_t guest_alloc(struct guest *guest, uint64_t len)
{
    if (len > guest->data_len - guest->data_used) {
        guest->data_used = 0;
    }
    uint64_t addr = guest->data_start + guest->data_used;
    uint64_t left = guest->data_len - guest->data_used;
    guest->data_used += len < left - (left & 15) ? (len + 15) & ~UINT64_C(15) : left;
    return addr;
}
