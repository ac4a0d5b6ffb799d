/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The packets of a scenario: what the guest offers, and what it is sent. */
#ifndef DRIVER_PACKETS_H
#define DRIVER_PACKETS_H

#include <stdbool.h>
#include <stdio.h>

#include "scenario.h"

#define PACKETS_MAX_PAYLOAD (1u << 16) /* bytes of a payload that are printed */

/* packets_print writes a line of JSON for each packet, in the order of the steps: the number of the
 * step, tx or rx, the bytes.
 *
 * Returns  false when there is no memory for the guest. */
bool packets_print(FILE *out, const struct scn_scenario *scenario);

#endif
