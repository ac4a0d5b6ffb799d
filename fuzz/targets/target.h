/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What each target provides. */
#ifndef VVS_FUZZ_TARGET_H
#define VVS_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

#include "restrict.h"

/* The engine's entry point: runs one input, returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* A target of scenarios: which of them it looks at. */
extern const struct rule target_rule;

#endif
