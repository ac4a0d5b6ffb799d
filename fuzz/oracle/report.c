/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle.h"
#include "stats.h"

void (*oracle_catch)(const char *name, const char *report);

void oracle_say(const char *name, const char *report)
{
    fprintf(stderr, "\noracle %s: %s\n", name, report);
    if (run_current) {
        fprintf(stderr, "oracle %s: in step %u\n", name, run_current->current_step);
    }
}

void oracle_end(const char *name, const char *report)
{
    oracle_say(name, report);
    stats_write();
    abort();
}

void oracle_fail(const char *name, const char *format, ...)
{
    char report[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(report, sizeof report, format, arguments);
    va_end(arguments);
    if (oracle_catch) {
        oracle_catch(name, report);
        return;
    }
    oracle_end(name, report);
}
