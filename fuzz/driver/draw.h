/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A scenario as a text drawing: guest memory, rings, and the chains as the driver lays them out. */
#ifndef DRIVER_DRAW_H
#define DRIVER_DRAW_H

#include <stdio.h>

#include "scenario.h"

/* draw_scenario draws what the guest holds and what each step says. Nothing of the library runs
 * but its memory table, so chains stand as the driver offers them, whatever a device would do to
 * the rings.
 *
 * Returns  false when this host grants no memory for the guest. */
bool draw_scenario(FILE *out, const struct scn_scenario *scenario);

#endif
