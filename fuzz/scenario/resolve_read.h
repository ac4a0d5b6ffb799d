/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#ifndef SCN_RESOLVE_READ_H
#define SCN_RESOLVE_READ_H

#include "resolve.h"

/* resolve_reads makes a step's list of `read`, as resolve.h says. */
cJSON *resolve_reads(const struct resolve *resolve);

#endif
