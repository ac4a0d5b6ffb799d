/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* One scenario on the library and on other implementations, in one process: what they must agree on
 * is compared step by step. */
#ifndef DIFFERENTIAL_H
#define DIFFERENTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "restrict.h"

/* differential_run runs the scenario in `bytes`, as far as `rule` and the peers allow. A difference
 * that no rule of deviations.c explains is a finding of the oracle "differential".
 *
 * Returns  whether there was a chain to compare. */
bool differential_run(const uint8_t *bytes, size_t len, const struct rule *rule);

#endif
