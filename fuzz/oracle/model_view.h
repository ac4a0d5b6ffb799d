/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Guest memory as the model reads it. What the library loaded since view_begin is read as it was
 * loaded first, item by item; the rest is memory as it is now. Where a guest races that is the one
 * unmoving guest that the library's answer has to fit. */
#ifndef VVS_FUZZ_MODEL_VIEW_H
#define VVS_FUZZ_MODEL_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include <vvs/observe.h>

#include "guest.h"

/* view_open says whose memory it is; `keep` whether loads have to be kept, since guests race. */
void view_open(const struct guest *guest, bool keep);

/* view_begin forgets what was loaded. */
void view_begin(void);

/* view_loaded keeps what a load gave. */
void view_loaded(const struct vvs_access *access);

/* view_complete says whether every load since view_begin was kept: there is a bound. */
bool view_complete(void);

/* view_find translates a guest address in the device's table, for access with `permission` (bit 0
 * read, bit 1 write).
 *
 * Returns  the host address and how many bytes of `len` follow there, at least 1; or NULL. */
uint8_t *view_find(uint64_t addr, uint32_t len, uint32_t permission, uint32_t *out_len);

/* view_read reads `len` bytes of item number `index` at `addr`; for header and payload `index` is
 * the number of the first byte.
 *
 * Returns  false when they are not all in readable memory. */
bool view_read(uint8_t *out_bytes, enum vvs_item item, uint32_t index, uint64_t addr, uint32_t len);

/* view_word reads a 16-bit word of a ring, which set-up found to be in memory. */
uint16_t view_word(enum vvs_item item, uint32_t index, uint64_t addr);

/* view_number reads little-endian bytes. */
uint64_t view_number(const uint8_t *bytes, uint32_t len);

#endif
