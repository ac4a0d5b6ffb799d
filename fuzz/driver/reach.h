/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Which places of the library inputs reached: read from the counters that an engine's
 * instrumentation keeps anyway. In a build without them there is no place. */
#ifndef VVS_FUZZ_REACH_H
#define VVS_FUZZ_REACH_H

#include <stdio.h>

/* reach_forks says that forks of this process run the inputs. */
void reach_forks(void);

/* reach_note adds what the input that has just run reached. */
void reach_note(void);

/* reach_write writes all of it, as a JSON list of addresses in the program's file. */
void reach_write(FILE *file);

#endif
