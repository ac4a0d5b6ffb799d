/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "device_model.h"

/* The last address of a region; regions of a table are not empty. */
static uint64_t last_of(const struct vvs_region *region)
{
    return region->guest_addr + (region->len - 1);
}

bool device_model_table(const struct device_model *model)
{
    for (uint32_t i = 0; i < model->region_count; i++) {
        const struct vvs_region *a = &model->regions[i];
        if (a->len == 0 || last_of(a) < a->guest_addr || a->permission > 3) {
            return false;
        }
        for (uint32_t j = 0; j < i; j++) {
            const struct vvs_region *b = &model->regions[j];
            if (a->guest_addr <= last_of(b) && b->guest_addr <= last_of(a)) {
                return false;
            }
        }
    }
    return model->region_count != 0;
}

/* The region of `addr`, or NULL. */
static const struct vvs_region *region_at(const struct device_model *model, uint64_t addr)
{
    for (uint32_t i = 0; i < model->region_count; i++) {
        const struct vvs_region *region = &model->regions[i];
        if (addr >= region->guest_addr && addr <= last_of(region)) {
            return region;
        }
    }
    return NULL;
}

bool device_model_check_range(const struct device_model *model, uint64_t addr, uint64_t len,
                              uint32_t permission)
{
    if (len == 0) {
        return true;
    }
    uint64_t last = addr + (len - 1);
    if (last < addr) {
        return false;
    }
    for (;;) {
        const struct vvs_region *region = region_at(model, addr);
        if (!region || (region->permission & permission) != permission) {
            return false;
        }
        if (last_of(region) >= last) {
            return true;
        }
        addr = last_of(region) + 1;
    }
}

bool device_model_frontend(const struct device_model *model, uint64_t *out_addr, uint64_t addr)
{
    /* Frontend ranges may overlap: the one that is first in guest memory counts. */
    const struct vvs_region *first = NULL;
    for (uint32_t i = 0; i < model->region_count; i++) {
        const struct vvs_region *region = &model->regions[i];
        bool holds = addr >= region->frontend_addr && addr - region->frontend_addr < region->len;
        if (holds && (!first || region->guest_addr < first->guest_addr)) {
            first = region;
        }
    }
    if (first) {
        *out_addr = first->guest_addr + (addr - first->frontend_addr);
    }
    return first != NULL;
}

uint64_t device_model_log_bytes(const struct device_model *model)
{
    uint64_t last = 0;
    for (uint32_t i = 0; i < model->region_count; i++) {
        last = last_of(&model->regions[i]) > last ? last_of(&model->regions[i]) : last;
    }
    return last / 4096 / 8 + 1;
}

uint8_t device_model_config(uint64_t guest_cid, uint32_t at)
{
    return (uint8_t)(guest_cid >> (8 * at));
}

bool device_model_features(uint64_t features)
{
    static const uint8_t known[] = {0, 1, 2, 28, 29, 32, 33, 34, 35, 40};
    uint64_t allowed = 0;
    for (uint32_t i = 0; i < sizeof known; i++) {
        allowed |= UINT64_C(1) << known[i];
    }
    return (features | allowed) == allowed && (features >> 32 & 1) == 1;
}

/* The numbers that are statuses, by group (status.h). */
static const struct {
    uint16_t first;
    uint16_t last;
    enum vvs_reaction reaction;
    enum vvs_fault fault;
} groups[] = {
    {0, 1, VVS_REACT_OK, VVS_FAULT_NONE},
    {100, 114, VVS_REACT_RETURN, VVS_FAULT_DRIVER},
    {150, 154, VVS_REACT_BROKEN, VVS_FAULT_DRIVER},
    {170, 172, VVS_REACT_BROKEN, VVS_FAULT_DRIVER},
    {200, 201, VVS_REACT_BROKEN, VVS_FAULT_UNSUPPORTED},
    {300, 312, VVS_REACT_CALLER_BUG, VVS_FAULT_CALLER},
    {400, 402, VVS_REACT_RETURN, VVS_FAULT_LIMIT},
    {403, 406, VVS_REACT_CALLER_BUG, VVS_FAULT_LIMIT},
    {500, 500, VVS_REACT_RETRY, VVS_FAULT_NONE},
};

bool device_model_is_status(uint32_t number)
{
    for (uint32_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        if (number >= groups[i].first && number <= groups[i].last) {
            return true;
        }
    }
    return false;
}

enum vvs_reaction device_model_reaction(uint32_t status)
{
    for (uint32_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        if (status >= groups[i].first && status <= groups[i].last) {
            return groups[i].reaction;
        }
    }
    return VVS_REACT_CALLER_BUG;
}

enum vvs_fault device_model_fault(uint32_t status)
{
    for (uint32_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        if (status >= groups[i].first && status <= groups[i].last) {
            return groups[i].fault;
        }
    }
    return VVS_FAULT_CALLER;
}
