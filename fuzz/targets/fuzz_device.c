/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a device has besides its rings: memory tables, checks and translation of addresses, the
 * log's length, configuration space, CIDs, features, what a status means.
 *
 * Target: vvs_memory_init, _check, _from_frontend, _set_log, vvs_config_read, vvs_cid_valid,
 *         vvs_features_check, vvs_status_reaction, _fault, _name
 * Input:  a byte: regions (modulo 9); 6 bytes each: address in pages (2), length in pages (2),
 *         frontend address in pages (1), and bits 0-1 permission, 2 an address near 2^64, 3 a
 *         length one byte shorter, 4 behind the region before, 5 an odd permission; then
 *         operations of 7 bytes: number modulo 8, region modulo their count, an offset from its
 *         start or (bit 7 of the region) from its end (2, signed), a value (3). What is missing is
 *         zero.
 * Oracle: sanitizers, device-model */
#include <string.h>

#include "device_model.h"
#include "oracle.h"
#include "stats.h"
#include "target.h"

#define NAME "device-model"
#define REGION_BYTES 6u
#define OP_BYTES 7u
#define PAGE 4096u

struct state {
    struct device_model model;
    struct vvs_region regions[DEVICE_MODEL_REGIONS];
    struct vvs_memory memory;
};

/* Host memory that is never touched: the table alone is under test. */
static uint8_t host[1];

static uint32_t number(const uint8_t *bytes, uint32_t len)
{
    uint32_t value = 0;
    while (len-- > 0) {
        value = value << 8 | bytes[len];
    }
    return value;
}

static void add_region(struct device_model *model, const uint8_t *raw)
{
    struct vvs_region *region = &model->regions[model->region_count];
    uint8_t bits = raw[5];
    region->guest_addr = (uint64_t)number(raw, 2) * PAGE;
    region->len = (uint64_t)number(raw + 2, 2) * PAGE;
    region->frontend_addr = UINT64_C(0x7f0000000000) + (uint64_t)raw[4] * PAGE;
    region->permission = bits & 3u;
    region->host = host;
    if (bits & 4) {
        region->guest_addr = 0 - (uint64_t)number(raw, 2) * PAGE;
    }
    if ((bits & 8) && region->len != 0) {
        region->len--;
    }
    if ((bits & 16) && model->region_count != 0) {
        region->guest_addr = region[-1].guest_addr + region[-1].len;
    }
    if (bits & 32) {
        region->permission |= 4;
    }
    model->region_count++;
}

static void expect(const char *what, uint64_t got, uint64_t expected, uint64_t of)
{
    if (got != expected) {
        oracle_fail(NAME, "%s of 0x%llx gives 0x%llx, expected 0x%llx", what,
                    (unsigned long long)of, (unsigned long long)got, (unsigned long long)expected);
    }
}

/* A refusal that is wrong is told by its status. */
static void check_range(const struct state *s, uint64_t addr, uint64_t len, uint32_t permission)
{
    enum vvs_status status = vvs_memory_check(&s->memory, addr, len, permission);
    bool there = device_model_check_range(&s->model, addr, len, permission);
    if ((status == VVS_OK) != there) {
        oracle_fail(NAME, "a check of %llu bytes at 0x%llx gives %s, and they are %s",
                    (unsigned long long)len, (unsigned long long)addr, vvs_status_name(status),
                    there ? "there" : "not");
    }
}

static void check_config(uint64_t cid, uint32_t offset, uint32_t len)
{
    uint8_t bytes[16];
    bool inside = offset <= 8 && len <= 8 - offset;
    memset(bytes, 0xa5, sizeof bytes);
    expect("config read", vvs_config_read(bytes, cid, offset, len) == VVS_OK, inside, offset);
    for (uint32_t i = 0; i < sizeof bytes; i++) {
        uint8_t expected = inside && i < len ? device_model_config(cid, offset + i) : 0xa5;
        expect("config byte", bytes[i], expected, offset + i);
    }
}

static void check_status(uint32_t value)
{
    enum vvs_status status = (enum vvs_status)value;
    expect("reaction", vvs_status_reaction(status), device_model_reaction(value), value);
    expect("fault", vvs_status_fault(status), device_model_fault(value), value);
    bool named = strcmp(vvs_status_name(status), "VVS_UNKNOWN") != 0;
    expect("name", named, device_model_is_status(value), value);
}

static void check_log(struct state *s, uint32_t off)
{
    static uint8_t log[1];
    uint64_t least = device_model_log_bytes(&s->model);
    uint64_t len = least + off % 5 - 2;
    bool fits = len >= least; /* two below none is nearly 2^64 */
    expect("log length", vvs_memory_set_log(&s->memory, log, len) == VVS_OK, fits, len);
    expect("no log", vvs_memory_set_log(&s->memory, NULL, 0), VVS_OK, 0);
}

static void operate(struct state *s, const uint8_t *raw)
{
    const struct vvs_region *region = &s->model.regions[(raw[1] & 0x7f) % s->model.region_count];
    uint64_t offset = (uint64_t)(int64_t)(int16_t)number(raw + 2, 2);
    uint32_t value = number(raw + 4, 3);
    uint64_t from_end = raw[1] & 0x80 ? region->len : 0;
    uint64_t addr = region->guest_addr + from_end + offset;
    uint64_t found = 0;
    uint64_t expected = 0;
    switch (raw[0] % 8) {
    case 0:
        check_range(s, addr, value >> 2, value & 3);
        break;
    case 1: /* as long as the region, give or take */
        check_range(s, addr, region->len + value, 0);
        break;
    case 2:
        addr = region->frontend_addr + from_end + offset;
        expect("frontend address", vvs_memory_from_frontend(&s->memory, &found, addr) == VVS_OK,
               device_model_frontend(&s->model, &expected, addr), addr);
        expect("translation", found, expected, addr);
        break;
    case 3:
        check_config(UINT64_C(0x0807060504030201) * (raw[1] | 1u), raw[2] % 12, raw[3] % 12);
        break;
    case 4: {
        static const uint64_t bases[] = {0, UINT32_MAX, UINT64_C(1) << 32, UINT64_MAX};
        uint64_t cid = bases[raw[1] % 4] + offset % 8;
        bool valid = cid >= 3 && cid < UINT32_MAX;
        expect("cid", vvs_cid_valid(cid), valid, cid);
        break;
    }
    case 5: {
        uint64_t features =
            (UINT64_C(1) << (raw[1] % 64)) ^ (UINT64_C(1) << (raw[2] % 64)) ^ (UINT64_C(1) << 32);
        expect("features", vvs_features_check(features) == VVS_OK, device_model_features(features),
               features);
        break;
    }
    case 6:
        check_status(value % 600);
        break;
    default:
        check_log(s, value);
        break;
    }
}

static void play(const uint8_t *bytes, size_t len)
{
    static struct state s;
    uint8_t raw[OP_BYTES];
    memset(&s, 0, sizeof s);
    size_t at = len != 0;
    uint32_t wanted = len != 0 ? bytes[0] % (DEVICE_MODEL_REGIONS + 1) : 0;
    while (s.model.region_count < wanted) {
        size_t taken = len - at < REGION_BYTES ? len - at : REGION_BYTES;
        memset(raw, 0, sizeof raw);
        memcpy(raw, bytes + at, taken);
        add_region(&s.model, raw);
        at += taken;
    }
    memcpy(s.regions, s.model.regions, sizeof s.regions);
    bool table = device_model_table(&s.model);
    expect("table", vvs_memory_init(&s.memory, s.regions, wanted) == VVS_OK, table, wanted);
    if (!table) {
        bool touched = s.memory.regions || s.memory.region_count != 0 || s.memory.log;
        expect("refused table", touched, false, wanted);
    }
    if (table) {
        stats_packet(false, false, 0); /* no packet here: what is wanted is a table */
    }
    for (; table && at < len; at += OP_BYTES) {
        size_t taken = len - at < OP_BYTES ? len - at : OP_BYTES;
        memset(raw, 0, sizeof raw);
        memcpy(raw, bytes + at, taken);
        operate(&s, raw);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    stats_input();
    play(bytes, len);
    stats_end();
    return 0;
}
