/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A stage for oracles: a guest of one region with a queue in it, and a device played by hand. Each
 * event is what the library would announce; findings are caught, not fatal. */
#ifndef VVS_ORACLE_STAGE_H
#define VVS_ORACLE_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "checks.h"
#include "observer.h"
#include "oracle.h"

#define STAGE_ADDR UINT64_C(0x100000)
#define STAGE_BYTES 0x10000u
#define STAGE_SIZE 8u
#define STAGE_DESC STAGE_ADDR
#define STAGE_DRIVER (STAGE_ADDR + 0x1000)
#define STAGE_DEVICE (STAGE_ADDR + 0x2000)
#define STAGE_DATA (STAGE_ADDR + 0x3000)
#define STAGE_TABLE (STAGE_ADDR + 0x4000)

static struct {
    _Alignas(16) uint8_t host[STAGE_BYTES];
    struct vvs_region region;
    struct vvs_memory memory;
    struct vvs_queue queue;
    struct shadow_queue *q;
    uint32_t findings;
    char name[64];
    char report[512];
} stage;

static inline void stage_catch(const char *name, const char *report)
{
    if (stage.findings++ == 0) {
        (void)snprintf(stage.name, sizeof stage.name, "%s", name);
        (void)snprintf(stage.report, sizeof stage.report, "%s", report);
    }
}

static inline void stage_open(uint32_t role, uint64_t features)
{
    const struct vvs_queue_config config = {.features = features,
                                            .desc_addr = STAGE_DESC,
                                            .driver_addr = STAGE_DRIVER,
                                            .device_addr = STAGE_DEVICE,
                                            .size = STAGE_SIZE};
    memset(&stage, 0, sizeof stage);
    stage.region =
        (struct vvs_region){STAGE_ADDR, STAGE_BYTES, stage.host, 0, VVS_PERM_READ | VVS_PERM_WRITE};
    assert_int_equal(vvs_memory_init(&stage.memory, &stage.region, 1), VVS_OK);
    stage.queue.memory = &stage.memory;
    shadow_clear();
    stage.q = shadow_bind(role, &stage.queue, &config);
    oracle_catch = stage_catch;
    observer = (struct observer){.checks = true, .costly = false};
    used_step_begin((struct used_step){.may_show = true, .aborts = false});
    work_step(1);
}

static inline uint8_t *stage_at(uint64_t addr)
{
    return stage.host + (addr - STAGE_ADDR);
}

static inline void stage_put(uint64_t addr, uint64_t value, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        stage_at(addr)[i] = (uint8_t)(value >> (8 * i));
    }
}

/* Split: descriptor or table entry at `at`. */
static inline void stage_desc(uint64_t at, uint64_t addr, uint32_t len, uint16_t flags,
                              uint16_t next)
{
    stage_put(at, addr, 8);
    stage_put(at + 8, len, 4);
    stage_put(at + 12, flags, 2);
    stage_put(at + 14, next, 2);
}

/* Packed: descriptor in slot `slot` of the ring. */
static inline void stage_packed(uint32_t slot, uint64_t addr, uint32_t len, uint16_t id,
                                uint16_t flags)
{
    uint64_t at = STAGE_DESC + 16 * slot;
    stage_put(at, addr, 8);
    stage_put(at + 8, len, 4);
    stage_put(at + 12, id, 2);
    stage_put(at + 14, flags, 2);
}

static inline struct vvs_access stage_access(enum vvs_access_kind kind, enum vvs_item item,
                                             uint32_t index, uint64_t addr, uint32_t len)
{
    bool own = item == VVS_ITEM_PAYLOAD || (item == VVS_ITEM_HEADER && kind == VVS_ACCESS_STORE);
    return (struct vvs_access){own ? NULL : &stage.queue, stage_at(addr), len, index, item, kind};
}

static inline void stage_mark(enum vvs_item item)
{
    struct vvs_access access = {&stage.queue, NULL, 0, 0, item, VVS_ACCESS_MARK};
    vvs_observe_before(&access);
}

static inline void stage_fence(void)
{
    const struct vvs_access access = {.kind = VVS_ACCESS_FENCE};
    vvs_observe_before(&access);
}

static inline void stage_load(enum vvs_item item, uint32_t index, uint64_t addr, uint32_t len)
{
    struct vvs_access access = stage_access(VVS_ACCESS_LOAD, item, index, addr, len);
    vvs_observe_before(&access);
    vvs_observe_after(&access);
}

/* Stores `value`, or `len` bytes of it when more than 8. */
static inline void stage_store(enum vvs_item item, uint32_t index, uint64_t addr, uint64_t value,
                               uint32_t len)
{
    struct vvs_access access = stage_access(VVS_ACCESS_STORE, item, index, addr, len);
    vvs_observe_before(&access);
    if (len <= 8) {
        stage_put(addr, value, len);
    } else {
        memset(stage_at(addr), (int)value, len);
    }
    vvs_observe_after(&access);
}

/* Split: pops available entry `index`, whose chain is descriptors 0 to `count` - 1 in a row. */
static inline void stage_pop(uint32_t index, uint32_t count)
{
    stage_mark(VVS_ITEM_BEGIN_POP);
    stage_load(VVS_ITEM_AVAIL_IDX, 0, STAGE_DRIVER + 2, 2);
    stage_load(VVS_ITEM_AVAIL_SLOT, index, STAGE_DRIVER + 4 + 2 * index, 2);
    for (uint32_t i = 0; i < count; i++) {
        stage_load(VVS_ITEM_DESC, i, STAGE_DESC + 16 * i, 16);
    }
}

static inline void stage_expect_clean(void)
{
    if (stage.findings != 0) {
        fail_msg("oracle %s: %s", stage.name, stage.report);
    }
}

/* The first finding was of oracle `name` and says `part`; forgets it. */
static inline void stage_expect(const char *name, const char *part)
{
    assert_int_not_equal(stage.findings, 0);
    assert_string_equal(stage.name, name);
    if (!strstr(stage.report, part)) {
        fail_msg("\"%s\" does not say \"%s\"", stage.report, part);
    }
    stage.findings = 0;
}

#endif
