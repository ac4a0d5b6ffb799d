/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Guest memory that a driver has given a meaning: ring parts, and what its chains so far hold. */
#ifndef SCN_KNOWN_H
#define SCN_KNOWN_H

#include "driver.h"

enum known_what {
    KNOWN_USED,   /* split: used ring; packed: descriptor ring, where used elements come */
    KNOWN_EVENT,  /* packed: device event suppression */
    KNOWN_DESC,   /* split: descriptor table */
    KNOWN_DRIVER, /* available ring, or driver event suppression */
    KNOWN_TABLE,
    KNOWN_READABLE,
    KNOWN_WRITABLE
};

/* known_is_devices says whether a device may write there. */
bool known_is_devices(enum known_what what);

/* known_each calls `visit` for each piece: what devices write of all rings, the rest of all rings,
 * then chains, the newest first, as far as mapped. */
void known_each(const struct guest *guest, const struct driver *driver,
                void (*visit)(void *context, enum known_what what, uint32_t role, uint64_t addr,
                              uint64_t len),
                void *context);

#endif
