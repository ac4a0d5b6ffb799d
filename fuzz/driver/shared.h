/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Memory that the processes of one campaign have in common, where an engine works in several. */
#ifndef VVS_FUZZ_SHARED_H
#define VVS_FUZZ_SHARED_H

#include <stddef.h>
#include <stdint.h>

/* shared_with_forks gives `len` zero bytes, which forks from here on go on to use.
 *
 * Returns  NULL without memory */
void *shared_with_forks(size_t len);

/* shared_mark gives a byte that all programs with the same VVS_STATS have: a mutator sets it for
 * each mutant, the target clears it.
 *
 * Returns  NULL without VVS_STATS, or where the file for it can't be made */
uint8_t *shared_mark(void);

#endif
