/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* ASan's own oracle for pointers into a frame that returned. Every call then takes its frame from
 * the heap, which costs a campaign a twelfth of its executions: so it counts among the costly. */
#include "checks.h"

/* What instrumented functions read as they are entered, set by ASAN_OPTIONS; there under ASan
 * alone. A frame goes back to where it was taken from, whatever this says by then. */
extern int __asan_option_detect_stack_use_after_return __attribute__((weak));

void frames_watch(bool watched)
{
    static int asked_for = -1;
    if (!&__asan_option_detect_stack_use_after_return) {
        return;
    }
    if (asked_for < 0) {
        asked_for = __asan_option_detect_stack_use_after_return;
    }
    __asan_option_detect_stack_use_after_return = watched ? asked_for : 0;
}
