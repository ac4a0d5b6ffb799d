/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#ifndef SCN_SCN_RESOLVE_H
#define SCN_SCN_RESOLVE_H

#include <stdbool.h>
#include <stdio.h>

#include "scenario.h"

/* scn_resolve_start prepares what the two below need.
 *
 * Returns  false when the host grants no memory for a guest. */
bool scn_resolve_start(void);

/* scn_resolve prints one scenario as a request to an adapter (resolve.h), a line. */
void scn_resolve(FILE *out, const struct scn_scenario *scenario);

/* scn_resolve_lines reads scenarios as JSON, one a line, and prints a line for each at once:
 * {"error": "..."} for one that is no scenario.
 *
 * Returns  false when `in` can't be read. */
bool scn_resolve_lines(FILE *out, FILE *in);

#endif
