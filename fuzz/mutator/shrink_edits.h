/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The edits that shrinking tries, private to it. */
#ifndef VVS_FUZZ_SHRINK_EDITS_H
#define VVS_FUZZ_SHRINK_EDITS_H

#include "scenario.h"

enum edit { EDIT_END, EDIT_NONE, EDIT_DONE };

/* A pass makes edit number `number` of its kind, all of which are numbered from 0 without
 * regard to what they can do here.
 *
 * Returns  EDIT_DONE  `scenario` is changed
 *          EDIT_NONE  this one would change nothing
 *          EDIT_END   there is no such edit, nor one of a higher number */
typedef enum edit shrink_pass(struct scn_scenario *scenario, uint32_t number);

/* What takes most away comes first. Ends with NULL. */
extern shrink_pass *const shrink_passes[];

#endif
