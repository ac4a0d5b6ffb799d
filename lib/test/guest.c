/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "guest.h"

#include <stdlib.h>

#ifdef VVS_OBSERVE
void (*guest_observer)(const struct vvs_access *access);

void vvs_observe_before(const struct vvs_access *access)
{
    (void)access;
}

void vvs_observe_after(const struct vvs_access *access)
{
    if (guest_observer)
        guest_observer(access);
}
#endif

void guest_expect_pattern(const void *object, size_t len)
{
    for (size_t i = 0; i < len; i++)
        assert_int_equal(((const uint8_t *)object)[i], 0xa5);
}

static void *allocate(size_t len)
{
    void *block = calloc(1, len);
    assert_non_null(block);
    return block;
}

struct vvs_region guest_region(uint64_t addr, uint64_t len, uint32_t permission)
{
    return (struct vvs_region){addr, len, allocate((size_t)len), 0, permission};
}

static void add_region(struct guest *guest, uint64_t addr, uint64_t len, uint32_t permission)
{
    assert_true(guest->region_count < GUEST_REGIONS_MAX);
    guest->regions[guest->region_count++] = guest_region(addr, len, permission);
}

uint8_t *guest_extend(struct guest *guest, uint64_t addr, uint64_t len, uint32_t permission)
{
    add_region(guest, addr, len, permission);
    uint8_t *host = guest->regions[guest->region_count - 1].host;
    assert_status(vvs_memory_init(&guest->memory, guest->regions, guest->region_count), VVS_OK);
    assert_status(vvs_queue_rebind(&guest->queue, &guest->memory), VVS_OK);
    return host;
}

/* On a split ring the event word behind the ring exists with EVENT_IDX only. */
static uint32_t event_bytes(const struct guest *guest)
{
    return guest->features & GUEST_EVENT_IDX ? 2 : 0;
}

uint32_t guest_driver_bytes(const struct guest *guest)
{
    return guest_is_packed(guest) ? 4 : 4 + 2 * guest->size + event_bytes(guest);
}

uint32_t guest_device_bytes(const struct guest *guest)
{
    return guest_is_packed(guest) ? 4 : 4 + 8 * guest->size + event_bytes(guest);
}

static void add_memory(struct guest *guest)
{
    const uint32_t both = VVS_PERM_READ | VVS_PERM_WRITE;
    const bool packed = guest_is_packed(guest);
    add_region(guest, GUEST_DESC, VVS_DESC_BYTES * guest->size, packed ? both : VVS_PERM_READ);
    add_region(guest, GUEST_DRIVER, guest_driver_bytes(guest), VVS_PERM_READ);
    add_region(guest, GUEST_DEVICE, guest_device_bytes(guest), VVS_PERM_WRITE);
    add_region(guest, GUEST_NEXT, GUEST_NEXT_BYTES, both);
    add_region(guest, GUEST_DATA, GUEST_DATA_BYTES, both);
    add_region(guest, GUEST_READ_ONLY, GUEST_SMALL_BYTES, VVS_PERM_READ);
    add_region(guest, GUEST_WRITE_ONLY, GUEST_SMALL_BYTES, VVS_PERM_WRITE);
    assert_status(vvs_memory_init(&guest->memory, guest->regions, guest->region_count), VVS_OK);
}

struct guest *guest_new(uint64_t features, uint32_t size, uint32_t max_chain)
{
    struct guest *guest = allocate(sizeof(*guest));
    guest->features = features | VVS_FEATURE(VVS_F_VERSION_1);
    guest->size = size;
    guest->avail_wrap = guest->used_wrap = true;
    guest->span_of = allocate(65536 * sizeof(*guest->span_of));
    add_memory(guest);

    const uint32_t element_count = max_chain ? max_chain : size;
    guest->config = (struct vvs_queue_config){
        .features = guest->features,
        .desc_addr = GUEST_DESC,
        .driver_addr = GUEST_DRIVER,
        .device_addr = GUEST_DEVICE,
        .size = size,
        .max_chain = max_chain,
        .slots = malloc(size * sizeof(struct vvs_slot)),
        .slot_count = size,
        .elements = malloc(element_count * sizeof(struct vvs_element)),
        .element_count = element_count,
    };
    assert_non_null(guest->config.slots);
    assert_non_null(guest->config.elements);
    assert_status(vvs_queue_init(&guest->queue, &guest->memory, &guest->config), VVS_OK);
    return guest;
}

void guest_free(struct guest *guest)
{
    for (uint32_t i = 0; i < guest->region_count; i++) {
        free(guest->regions[i].host);
        free(guest->snapshots[i]);
    }
    free(guest->log);
    free(guest->config.slots);
    free(guest->config.elements);
    free(guest->span_of);
    free(guest);
}

int guest_setup_split(void **state)
{
    *state = guest_new(GUEST_INDIRECT, 8, 0);
    return 0;
}

int guest_setup_packed(void **state)
{
    *state = guest_new(GUEST_PACKED | GUEST_INDIRECT, 8, 0);
    return 0;
}

int guest_teardown(void **state)
{
    guest_free(*state);
    return 0;
}

struct guest *guest_replace(void **state, uint64_t features, uint32_t size, uint32_t max_chain)
{
    const uint64_t format = ((struct guest *)*state)->features & GUEST_PACKED;
    guest_free(*state);
    *state = guest_new(features | format, size, max_chain);
    return *state;
}

bool guest_is_packed(const struct guest *guest)
{
    return (guest->features & GUEST_PACKED) != 0;
}

uint8_t *guest_at(const struct guest *guest, uint64_t addr)
{
    for (uint32_t i = 0; i < guest->region_count; i++) {
        const struct vvs_region *region = &guest->regions[i];
        if (addr >= region->guest_addr && addr - region->guest_addr < region->len)
            return region->host + (size_t)(addr - region->guest_addr);
    }
    fail_msg("no memory at 0x%llx", (unsigned long long)addr);
    return NULL;
}

void guest_write(const struct guest *guest, uint64_t addr, const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        *guest_at(guest, addr + i) = ((const uint8_t *)bytes)[i];
}

void guest_read(const struct guest *guest, uint64_t addr, void *out_bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        ((uint8_t *)out_bytes)[i] = *guest_at(guest, addr + i);
}

void guest_fill(const struct guest *guest, uint64_t addr, uint8_t byte, size_t len)
{
    for (size_t i = 0; i < len; i++)
        *guest_at(guest, addr + i) = byte;
}

static void to_le(uint8_t *out_bytes, uint64_t value, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out_bytes[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t from_le(const struct guest *guest, uint64_t addr, size_t len)
{
    uint64_t value = 0;
    for (size_t i = len; i-- > 0;)
        value = value << 8 | *guest_at(guest, addr + i);
    return value;
}

static void put(const struct guest *guest, uint64_t addr, uint64_t value, size_t len)
{
    uint8_t bytes[8];
    to_le(bytes, value, len);
    guest_write(guest, addr, bytes, len);
}

void guest_put16(const struct guest *guest, uint64_t addr, uint16_t value)
{
    put(guest, addr, value, 2);
}

void guest_put32(const struct guest *guest, uint64_t addr, uint32_t value)
{
    put(guest, addr, value, 4);
}

void guest_put64(const struct guest *guest, uint64_t addr, uint64_t value)
{
    put(guest, addr, value, 8);
}

uint16_t guest_get16(const struct guest *guest, uint64_t addr)
{
    return (uint16_t)from_le(guest, addr, 2);
}

uint32_t guest_get32(const struct guest *guest, uint64_t addr)
{
    return (uint32_t)from_le(guest, addr, 4);
}

void guest_snapshot(struct guest *guest)
{
    for (uint32_t i = 0; i < guest->region_count; i++) {
        const size_t len = (size_t)guest->regions[i].len;
        free(guest->snapshots[i]);
        guest->snapshots[i] = allocate(len);
        memcpy(guest->snapshots[i], guest->regions[i].host, len);
    }
}

void guest_expect_unchanged(const struct guest *guest)
{
    for (uint32_t i = 0; i < guest->region_count; i++) {
        assert_memory_equal(guest->regions[i].host, guest->snapshots[i],
                            (size_t)guest->regions[i].len);
    }
}

void guest_log(struct guest *guest)
{
    const uint64_t last = GUEST_WRITE_ONLY + GUEST_SMALL_BYTES - 1;
    guest->log_len = (size_t)(last / VVS_LOG_PAGE_BYTES / 8 + 1);
    guest->log = allocate(guest->log_len);
    assert_status(vvs_memory_set_log(&guest->memory, guest->log, guest->log_len), VVS_OK);
}

void guest_expect_dirty(struct guest *guest, const struct guest_span *spans, size_t count)
{
    uint8_t *expected = allocate(guest->log_len);
    for (size_t i = 0; i < count; i++) {
        const uint64_t last = (spans[i].addr + spans[i].len - 1) / VVS_LOG_PAGE_BYTES;
        for (uint64_t page = spans[i].addr / VVS_LOG_PAGE_BYTES; page <= last; page++)
            expected[page / 8] = (uint8_t)(expected[page / 8] | 1u << page % 8);
    }
    assert_memory_equal(guest->log, expected, guest->log_len);
    memset(guest->log, 0, guest->log_len);
    free(expected);
}

void guest_header_bytes(uint8_t *out_bytes, const struct guest_header *header)
{
    to_le(out_bytes, header->src_cid, 8);
    to_le(out_bytes + 8, header->dst_cid, 8);
    to_le(out_bytes + 16, header->src_port, 4);
    to_le(out_bytes + 20, header->dst_port, 4);
    to_le(out_bytes + 24, header->len, 4);
    to_le(out_bytes + 28, header->type, 2);
    to_le(out_bytes + 30, header->op, 2);
    to_le(out_bytes + 32, header->flags, 4);
    to_le(out_bytes + 36, header->buf_alloc, 4);
    to_le(out_bytes + 40, header->fwd_cnt, 4);
}

struct guest_header guest_rw(uint32_t len)
{
    return (struct guest_header){
        .src_cid = 0x1817161514131211,
        .dst_cid = 0x2827262524232221,
        .src_port = 0x34333231,
        .dst_port = 0x44434241,
        .len = len,
        .type = VVS_TYPE_STREAM,
        .op = VVS_OP_RW,
        .flags = 0x54535251,
        .buf_alloc = 0x64636261,
        .fwd_cnt = 0x74737271,
    };
}
