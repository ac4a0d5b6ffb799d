/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The ceiling that speed is measured against: the engine, and a target that does nothing.
 *
 * Target: none
 * Input:  any bytes
 * Oracle: none */
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    (void)bytes;
    (void)len;
    return 0;
}
