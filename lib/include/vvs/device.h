/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a socket device has besides packets: configuration space, CID rules, events. */
#ifndef VVS_DEVICE_H
#define VVS_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "chain.h"
#include "spec.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* vvs_config_read reads `len` bytes at `offset` of the device's configuration space: guest_cid, 8
 * bytes, little-endian.
 *
 * Returns  VVS_OK
 *          VVS_E_ARGUMENT  the range does not lie in the 8 bytes
 * Out      `out_bytes` only with VVS_OK.
 * Spec     Socket Device, Device configuration layout. */
VVS_MUST_USE enum vvs_status vvs_config_read(uint8_t *out_bytes, uint64_t guest_cid,
                                             uint32_t offset, uint32_t len);

/* vvs_cid_valid says whether `cid` may be a guest's: not 0, 1, 2 or 0xffffffff, upper half 0.
 *
 * Spec     Socket Device, Device configuration layout (reserved CIDs). */
bool vvs_cid_valid(uint64_t cid);

/* vvs_event_commit writes the event `id` into `chain`, a buffer of the event queue, in whatever
 * pieces it comes.
 *
 * Returns  VVS_OK
 *          VVS_E_DIRECTION     the chain has a device-readable element
 *          VVS_E_BUFFER_SHORT  fewer than 4 bytes
 *          VVS_E_ADDR          the first 4 bytes are not in writable guest memory
 * Out      `out_used_len` only with VVS_OK: 4. Nothing is written on failure.
 * Spec     Socket Device, Device Events. */
VVS_MUST_USE enum vvs_status vvs_event_commit(uint32_t *out_used_len, const struct vvs_chain *chain,
                                              uint32_t id);

#ifdef __cplusplus
}
#endif

#endif
