/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Answers as JSON, for tools: what FORMAT.md calls the answer of a scenario. */
#ifndef SCN_ANSWER_H
#define SCN_ANSWER_H

#include "run.h"

/* answer_to_json prints the answers of a run as one line of JSON. Payload is printed where the run
 * had a payload_store.
 *
 * Returns  a string to be given to free(), or NULL without memory. */
char *answer_to_json(const struct run *run);

#endif
