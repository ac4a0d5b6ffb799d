/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Little-endian fields in private copies. Never on guest memory: a byte-wise access may tear. */
#ifndef VVS_SRC_LE_H
#define VVS_SRC_LE_H

#include <stdint.h>

static inline uint16_t vvs_le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t vvs_le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t vvs_le64(const uint8_t *p)
{
    return (uint64_t)vvs_le32(p) | (uint64_t)vvs_le32(p + 4) << 32;
}

static inline void vvs_put_le16(uint8_t *p, uint16_t value)
{
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
}

static inline void vvs_put_le32(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
    p[2] = (uint8_t)(value >> 16);
    p[3] = (uint8_t)(value >> 24);
}

static inline void vvs_put_le64(uint8_t *p, uint64_t value)
{
    vvs_put_le32(p, (uint32_t)value);
    vvs_put_le32(p + 4, (uint32_t)(value >> 32));
}

#endif
