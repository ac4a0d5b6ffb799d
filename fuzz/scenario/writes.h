/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Which bytes of guest memory were written, exactly: for tools. */
#ifndef SCN_WRITES_H
#define SCN_WRITES_H

#include <cjson/cJSON.h>

#include "guest.h"

/* By guest address; `last` is of the range. */
struct writes_range {
    uint64_t first;
    uint64_t last;
};

struct writes {
    struct guest *guest;
    struct writes_range *ranges;
    size_t count;
    size_t capacity;
};

/* writes_start notes each write to `guest` from now on. A tool that is out of memory aborts. */
void writes_start(struct writes *out_writes, struct guest *guest);

void writes_stop(struct writes *writes);

/* writes_take forgets what was noted, and makes the list of WRITE (PROTOCOL.md) that gives other
 * memory the same bytes: in the order of addresses, none written twice.
 *
 * Returns  a list, to be freed by cJSON_Delete; NULL when nothing was written. */
cJSON *writes_take(struct writes *writes);

#endif
