/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Why two implementations may differ: a rule for each deviation of conformance/deviations that shows
 * in what is compared, and for what the specification leaves open. */
#ifndef DIFFERENTIAL_DEVIATIONS_H
#define DIFFERENTIAL_DEVIATIONS_H

#include "compare.h"

/* deviations_judge reports `found` as a finding unless a rule explains it. */
void deviations_judge(const struct difference *found);

#endif
