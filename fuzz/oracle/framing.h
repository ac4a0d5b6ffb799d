/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The same packets in another cut give the same answers: other elements, in other regions or over
 * their borders, in the ring or in a table, on a ring of the other format, of another size, at
 * another index, returned one by one or in a batch. */
#ifndef VVS_FUZZ_FRAMING_H
#define VVS_FUZZ_FRAMING_H

#include "cut.h"
#include "restrict.h"

/* framing_run runs the chains of the scenario in `bytes` as they are cut there, then anew.
 *
 * Returns  whether there was a chain to compare. */
bool framing_run(const uint8_t *bytes, size_t len, const struct rule *rule);

/* framing_compare reports each chain whose outcome in `after`, cut as `anew`, is another than in
 * `before`, cut as `said`. */
void framing_compare(const struct cut *said, const struct cut_outcomes *before,
                     const struct cut *anew, const struct cut_outcomes *after);

#endif
