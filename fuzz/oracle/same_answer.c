/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The same scenario gives the same answers: nothing of the run before, of uninitialised memory or
 * of host addresses may show in them. */
#include <inttypes.h>

#include "checks.h"
#include "oracle.h"

void same_answer_check(struct run *run, const struct scn_scenario *scenario)
{
    uint64_t first = run_digest(run);
    run_scenario(run, scenario, NULL);
    uint64_t second = run_digest(run);
    if (first != second) {
        oracle_fail("same-answer", "digest 0x%016" PRIx64 ", and 0x%016" PRIx64 " the second time",
                    first, second);
    }
}
