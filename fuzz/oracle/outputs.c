/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Outputs are written on success alone: a refused set-up, say, leaves a live queue alone. */
#include "checks.h"
#include "oracle.h"

#define NAME "outputs"

void outputs_check(const struct run *run)
{
    if (run->spoiled) {
        oracle_fail(NAME, "%s was refused, and changed what it would have written", run->spoiled);
    }
}
