/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a device has besides its rings, by plain arithmetic on a list of regions, to compare the
 * library's with. Shares nothing with lib/ but its declarations. */
#ifndef VVS_FUZZ_DEVICE_MODEL_H
#define VVS_FUZZ_DEVICE_MODEL_H

#include <vvs/vvs.h>

#define DEVICE_MODEL_REGIONS 8u

struct device_model {
    struct vvs_region regions[DEVICE_MODEL_REGIONS]; /* in the order said */
    uint32_t region_count;
};

/* device_model_table says whether the regions make a table. */
bool device_model_table(const struct device_model *model);

/* device_model_check_range says whether `len` bytes at `addr` are in memory of `permission`. */
bool device_model_check_range(const struct device_model *model, uint64_t addr, uint64_t len,
                              uint32_t permission);

/* device_model_frontend translates a frontend's address.
 *
 * Returns  false when no region has it. */
bool device_model_frontend(const struct device_model *model, uint64_t *out_addr, uint64_t addr);

/* device_model_log_bytes gives the least length of a dirty log. */
uint64_t device_model_log_bytes(const struct device_model *model);

/* device_model_config gives byte `at` of the configuration space. */
uint8_t device_model_config(uint64_t guest_cid, uint32_t at);

/* device_model_features says whether a queue can run under `features`. */
bool device_model_features(uint64_t features);

/* device_model_is_status says whether a number is a status. */
bool device_model_is_status(uint32_t number);

/* device_model_reaction and _fault say what a status means, by its number alone. */
enum vvs_reaction device_model_reaction(uint32_t status);
enum vvs_fault device_model_fault(uint32_t status);

#endif
