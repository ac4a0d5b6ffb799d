/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The guest memory that both threads share, as the driver writes and reads it. */
#ifndef VVS_THREADS_MEMORY_H
#define VVS_THREADS_MEMORY_H

#include <stdint.h>

#include <vvs/memory.h>

#include "plan.h"

/* Where things lie, as offsets. A buffer and a table for each chain that can be out, by its id. */
#define MEMORY_BUFFER_BYTES 320u
#define MEMORY_TABLE_BYTES (16u * PLAN_ELEMENTS_MAX)
enum memory_place {
    MEMORY_DESC = 0,
    MEMORY_DRIVER = 1024,
    MEMORY_DEVICE = 1280,
    MEMORY_TABLES = 2048,
    MEMORY_BUFFERS = MEMORY_TABLES + MEMORY_TABLE_BYTES * PLAN_SIZE_MAX,
    MEMORY_END = MEMORY_BUFFERS + MEMORY_BUFFER_BYTES * PLAN_SIZE_MAX
};

/* The guest address of an offset. */
#define MEMORY_ADDR(offset) (UINT64_C(0x100000) + (offset))

/* memory_start clears the rings. */
void memory_start(void);

/* memory_table describes guest memory to the device: two regions, whose border lies in the first
 * buffer. */
void memory_table(struct vvs_region out_regions[2]);

/* memory_put and its kin are plain accesses: they are ordered by those to words. */
void memory_put(uint32_t offset, const uint8_t *bytes, uint32_t len);
void memory_get(uint8_t *out_bytes, uint32_t offset, uint32_t len);
void memory_fill(uint32_t offset, uint8_t value, uint32_t len);

/* Words that the device reads or writes meanwhile: a load acquires, a store releases. */
uint16_t memory_load(uint32_t offset);
void memory_store(uint32_t offset, uint16_t value);

/* The driver's stores before, its loads behind. */
void memory_fence(void);

/* Little-endian numbers in private bytes. */
void memory_le(uint8_t *out_bytes, uint64_t value, uint32_t len);
uint32_t memory_from_le(const uint8_t *bytes, uint32_t len);

#endif
