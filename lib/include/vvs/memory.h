/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Guest memory: a table of regions, and the log of what the device wrote.
 *
 * Argument order, here and in every header: the object, then outputs (`out_*`), then inputs; a
 * length follows what it measures. Outputs are written only with VVS_OK unless a declaration says
 * otherwise.
 *
 * A table is immutable once a queue uses it and may be read by several threads. To change guest
 * memory build a second table and rebind each queue (vvs_queue_rebind); using a slice of the old
 * table after that is the caller's bug. */
#ifndef VVS_MEMORY_H
#define VVS_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* KVM takes 32764 memory slots, vhost-user 509: the bound is for the time a table takes to sort. */
#define VVS_MAX_REGIONS 1024u

/* The page of the dirty log, as vhost has it. */
#define VVS_LOG_PAGE_BYTES 4096u

/* What the device may do with a region. */
#define VVS_PERM_READ 1u
#define VVS_PERM_WRITE 2u

/* One piece of guest memory that is contiguous on the host.
 * A region may end at the last byte of the address space (guest_addr + len == 2^64). */
struct vvs_region {
    uint64_t guest_addr;    /* first guest-physical address */
    uint64_t len;           /* bytes, at least 1 */
    uint8_t *host;          /* where guest_addr is mapped */
    uint64_t frontend_addr; /* vhost-user: the frontend's virtual address of guest_addr; else 0 */
    uint32_t permission;    /* VVS_PERM_* */
};

/* A piece of live guest memory. Its layout is that of POSIX `struct iovec`, so an array of slices
 * can go to readv and writev. The guest can change the bytes at any time. */
struct vvs_slice {
    void *data;
    size_t len;
};

/* A memory table. The fields are private. */
struct vvs_memory {
    const struct vvs_region *regions;
    uint32_t region_count;
    uint8_t *log;
};

/* vvs_memory_init makes a table of the caller's `regions`, which it sorts by guest address in place
 * and which must outlive the table.
 *
 * Returns  VVS_OK
 *          VVS_E_ARGUMENT        no region, a NULL host pointer, an unknown permission bit
 *          VVS_E_REGION_COUNT    more than VVS_MAX_REGIONS
 *          VVS_E_REGION_EMPTY    a length of 0
 *          VVS_E_REGION_WRAP     an end beyond 2^64, or a host range that wraps
 *          VVS_E_REGION_OVERLAP  two regions share a guest address
 * Out      `out_memory` only with VVS_OK; the order of `regions` may change in any case.
 * Limits   time grows with the square of `region_count` when the regions come unsorted. */
VVS_MUST_USE enum vvs_status vvs_memory_init(struct vvs_memory *out_memory,
                                             struct vvs_region *regions, uint32_t region_count);

/* vvs_memory_set_log attaches a dirty log: bit n % 8 of byte n / 8 stands for the guest page n of
 * 4096 bytes. From then on each write of the device sets its bits, after the write, with an atomic
 * OR. `log` NULL detaches. To be called before queues share the table, or while they are stopped.
 *
 * Returns  VVS_OK
 *          VVS_E_LOG_SIZE  `log_len` does not reach the page of the last guest address
 * Limits   a log for a region that ends at 2^64 takes 2^49 bytes: such a table can't be logged.
 *          Where regions share host memory, packets are logged at each of its guest addresses,
 *          ring words and used entries at the one that the driver gave the ring part. */
VVS_MUST_USE enum vvs_status vvs_memory_set_log(struct vvs_memory *memory, uint8_t *log,
                                                uint64_t log_len);

/* vvs_memory_from_frontend translates an address in the frontend's address space, as vhost-user
 * sends ring addresses, into a guest address.
 *
 * Returns  VVS_OK
 *          VVS_E_ADDR  no region holds that frontend address
 * Out      `out_guest_addr` only with VVS_OK. */
VVS_MUST_USE enum vvs_status vvs_memory_from_frontend(const struct vvs_memory *memory,
                                                      uint64_t *out_guest_addr,
                                                      uint64_t frontend_addr);

/* vvs_memory_check says whether the `len` bytes at `guest_addr` are wholly in memory of
 * `permission`, crossing adjacent regions as needed. A length of 0 is in memory anywhere.
 *
 * Returns  VVS_OK, or VVS_E_ADDR
 * Limits   at most one step a region. */
VVS_MUST_USE enum vvs_status vvs_memory_check(const struct vvs_memory *memory, uint64_t guest_addr,
                                              uint64_t len, uint32_t permission);

#ifdef __cplusplus
}
#endif

#endif
