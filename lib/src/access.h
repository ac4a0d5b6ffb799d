/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The only way to guest memory: observed, shared words whole, everything else as a private copy. */
#ifndef VVS_SRC_ACCESS_H
#define VVS_SRC_ACCESS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "vvs/observe.h"

#if defined(VVS_OBSERVE)
static inline struct vvs_access vvs_access_of(const void *queue, enum vvs_access_kind kind,
                                              enum vvs_item item, uint32_t index, const void *host,
                                              uint32_t len)
{
    struct vvs_access access = {queue, host, len, index, item, kind};
    return access;
}
#define VVS_OBSERVED(queue, kind, item, index, host, len, statement)                               \
    do {                                                                                           \
        struct vvs_access vvs_seen = vvs_access_of(queue, kind, item, index, host, len);           \
        vvs_observe_before(&vvs_seen);                                                             \
        statement;                                                                                 \
        vvs_observe_after(&vvs_seen);                                                              \
    } while (0)
#define VVS_SAY(queue, kind, item)                                                                 \
    do {                                                                                           \
        struct vvs_access vvs_seen = vvs_access_of(queue, kind, item, 0, 0, 0);                    \
        vvs_observe_before(&vvs_seen);                                                             \
    } while (0)
#define VVS_MARK(queue, item) VVS_SAY(queue, VVS_ACCESS_MARK, item)
#define VVS_FENCED() VVS_SAY(0, VVS_ACCESS_FENCE, VVS_ITEM_COUNT)
#else
#define VVS_OBSERVED(queue, kind, item, index, host, len, statement)                               \
    do {                                                                                           \
        (void)(queue), (void)(item), (void)(index), (void)(len);                                   \
        statement;                                                                                 \
    } while (0)
#define VVS_MARK(queue, item) ((void)(queue), (void)(item))
#define VVS_FENCED() ((void)0)
#endif

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define VVS_SWAP16(value) __builtin_bswap16(value)
#else
#define VVS_SWAP16(value) (value)
#endif

/* A word that the driver writes while we look: one aligned 16-bit load, acquire. */
static inline uint16_t vvs_load_word(const void *queue, enum vvs_item item, uint32_t index,
                                     const uint8_t *host)
{
    uint16_t raw;
    VVS_OBSERVED(queue, VVS_ACCESS_LOAD, item, index, host, 2u,
                 raw = __atomic_load_n((const uint16_t *)(const void *)host, __ATOMIC_ACQUIRE));
    return VVS_SWAP16(raw);
}

/* A word that the driver reads while we write: one aligned 16-bit store, release. */
static inline void vvs_store_word(const void *queue, enum vvs_item item, uint32_t index,
                                  uint8_t *host, uint16_t value)
{
    uint16_t raw = VVS_SWAP16(value);
    VVS_OBSERVED(queue, VVS_ACCESS_STORE, item, index, host, 2u,
                 __atomic_store_n((uint16_t *)(void *)host, raw, __ATOMIC_RELEASE));
}

/* The compiler may not go back to guest memory for what was copied before this point. */
#define VVS_COPIED() __atomic_signal_fence(__ATOMIC_SEQ_CST)

/* A private copy of guest bytes, each loaded once. */
static inline void vvs_copy_in(const void *queue, enum vvs_item item, uint32_t index,
                               uint8_t *out_bytes, const uint8_t *host, size_t len)
{
    VVS_OBSERVED(queue, VVS_ACCESS_LOAD, item, index, host, (uint32_t)len,
                 memcpy(out_bytes, host, len));
    VVS_COPIED();
}

static inline void vvs_copy_out(const void *queue, enum vvs_item item, uint32_t index,
                                uint8_t *host, const uint8_t *bytes, size_t len)
{
    VVS_OBSERVED(queue, VVS_ACCESS_STORE, item, index, host, (uint32_t)len,
                 memcpy(host, bytes, len));
}

/* Orders our earlier stores before our later loads, against a driver that does the mirror image
 * (notification suppression on both sides). ThreadSanitizer takes no order from a fence; by this
 * name it still issues one, and gcc does not warn of it. */
static inline void vvs_full_fence(void)
{
    __sync_synchronize();
    VVS_FENCED();
}

#endif
