/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Indirect tables, of both ring formats. */
#include "vvs/chain.h"

#include "access.h"
#include "ring.h"

/* An indirect table. It may cross regions: `start` is what the first one has of it. */
struct vvs_table {
    struct vvs_queue *queue;
    struct vvs_piece start;
    uint64_t addr;
    uint32_t entry_count;
};

static enum vvs_status vvs_table_open(struct vvs_table *out_table, struct vvs_queue *queue,
                                      const struct vvs_desc *referrer)
{
    if (!queue->indirect) {
        return VVS_E_INDIRECT_FEATURE;
    }
    if (referrer->len == 0 || referrer->len % VVS_DESC_BYTES != 0) {
        return VVS_E_TABLE_LEN;
    }
    out_table->queue = queue;
    out_table->addr = referrer->addr;
    out_table->entry_count = referrer->len / VVS_DESC_BYTES;
    if (!vvs_piece_find(queue->memory, &out_table->start, &queue->region_hints[0], referrer->addr,
                        referrer->len, VVS_PERM_READ)) {
        return VVS_E_TABLE_ADDR;
    }
    if (out_table->start.len == referrer->len) {
        return VVS_OK;
    }
    enum vvs_status status = vvs_memory_check_hinted(queue->memory, &queue->region_hints[0],
                                                     referrer->addr, referrer->len, VVS_PERM_READ);
    return status == VVS_OK ? VVS_OK : VVS_E_TABLE_ADDR;
}

/* One entry that may lie over a region border. The table was found to be in memory as a whole. */
static void vvs_table_gather(const struct vvs_table *table, uint8_t *out_raw, uint32_t index)
{
    struct vvs_queue *queue = table->queue;
    uint64_t addr = table->addr + (uint64_t)index * VVS_DESC_BYTES;
    struct vvs_piece piece;
    for (uint32_t done = 0; done < VVS_DESC_BYTES; done += (uint32_t)piece.len) {
        if (!vvs_piece_find(queue->memory, &piece, &queue->region_hints[0], addr + done,
                            VVS_DESC_BYTES - done, VVS_PERM_READ)) {
            __builtin_trap();
        }
        vvs_copy_in(queue, VVS_ITEM_TABLE_ENTRY, index, out_raw + done, piece.host,
                    (size_t)piece.len);
    }
}

static inline void vvs_table_load(const struct vvs_table *table, struct vvs_desc *out_desc,
                                  uint32_t index)
{
    uint8_t raw[VVS_DESC_BYTES];
    size_t offset = (size_t)index * VVS_DESC_BYTES;
    if (offset + VVS_DESC_BYTES <= table->start.len) {
        vvs_copy_in(table->queue, VVS_ITEM_TABLE_ENTRY, index, raw, table->start.host + offset,
                    sizeof raw);
    } else {
        vvs_table_gather(table, raw, index);
    }
    vvs_desc_decode(out_desc, raw, table->queue->packed);
}

/* Packed tables are read in order, and only WRITE means anything in them
 * (Packed Virtqueues, Indirect Flag: Scatter-Gather Support). */
static enum vvs_status vvs_packed_table_add(struct vvs_walk *walk, const struct vvs_table *table)
{
    for (uint32_t i = 0; i < table->entry_count; i++) {
        struct vvs_desc desc;
        if (walk->count == table->queue->max_chain) {
            return VVS_E_CHAIN_LIMIT;
        }
        vvs_table_load(table, &desc, i);
        enum vvs_status status = vvs_walk_add(walk, &desc);
        if (status != VVS_OK) {
            return status;
        }
    }
    return VVS_OK;
}

/* Split tables are walked by `next`, from entry 0 (Split Virtqueues, Indirect Descriptors). */
static enum vvs_status vvs_split_table_add(struct vvs_walk *walk, const struct vvs_table *table)
{
    uint32_t index = 0;
    for (uint32_t walked = 0; walked < table->entry_count; walked++) {
        struct vvs_desc desc;
        if (walk->count == table->queue->max_chain) {
            return VVS_E_CHAIN_LIMIT;
        }
        vvs_table_load(table, &desc, index);
        if ((desc.flags & VVS_DESC_F_INDIRECT) != 0) {
            return VVS_E_INDIRECT_NESTED;
        }
        enum vvs_status status = vvs_walk_add(walk, &desc);
        if (status != VVS_OK) {
            return status;
        }
        if ((desc.flags & VVS_DESC_F_NEXT) == 0) {
            return VVS_OK;
        }
        index = desc.next_or_id;
        if (index >= table->entry_count) {
            return VVS_E_NEXT;
        }
    }
    return VVS_E_LOOP;
}

enum vvs_status vvs_walk_add_table(struct vvs_walk *walk, struct vvs_queue *queue,
                                   const struct vvs_desc *referrer)
{
    struct vvs_table table;
    enum vvs_status status = vvs_table_open(&table, queue, referrer);
    if (status != VVS_OK) {
        return status;
    }
    return queue->packed ? vvs_packed_table_add(walk, &table) : vvs_split_table_add(walk, &table);
}
