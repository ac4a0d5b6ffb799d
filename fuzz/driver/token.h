/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What makes two reports of oracles one finding, as scripts/vvs_tools/tokens.py has it. */
#ifndef DRIVER_TOKEN_H
#define DRIVER_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#define TOKEN_BYTES 512u
#define TOKEN_STATUS "status" /* stands for the oracle's name then */

/* token_detail writes what matters of `text`, what an oracle said: the last word of an error status
 * in its first line; else what that says behind a colon, before which stands of what; else all of
 * it; with each number as #.
 *
 * Returns  whether it is a status, which is one finding whatever oracle saw it. */
bool token_detail(char *out_detail, size_t capacity, const char *text);

#endif
