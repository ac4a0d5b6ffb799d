/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Runs that go on behind a report: past findings that are known, so that a campaign comes to those
 * that are not; or to the end of an input, so that one replay tells all that oracles see of it. */
#ifndef DRIVER_KNOWN_H
#define DRIVER_KNOWN_H

#include <stddef.h>
#include <stdint.h>

/* known_run runs one input. Where VVS_KNOWN names a file, each line of it the token of an oracle's
 * report (token.h), a report with one of these ends the input and not the process. The file is read
 * again before a report counts as new. Sanitizers' reports end the process in any case.
 *
 * Returns  0, or -1 where the input was ended: it is nothing to go on from. */
int known_run(const uint8_t *bytes, size_t len);

/* known_say_all has further runs print each report and go on behind it.
 *
 * Returns  how many there were since. */
void known_say_all(void);
uint32_t known_said(void);

#endif
