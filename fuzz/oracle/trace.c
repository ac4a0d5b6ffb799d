/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "trace.h"

#include <string.h>

#include "oracle.h"

#define NAME "trace"

static struct vvs_access announced;

void trace_announce(const struct vvs_access *access)
{
    announced = *access;
}

void trace_done(void)
{
    announced.len = 0;
}

static bool in_guest(const void *host)
{
    const struct guest *guest = run_current ? &run_current->guest : NULL;
    return guest && (uintptr_t)host - (uintptr_t)guest->arena < guest->arena_used;
}

void trace_check(const void *host, size_t len, enum vvs_access_kind kind)
{
    if (len == 0 || !in_guest(host)) {
        return;
    }
    uintptr_t offset = (uintptr_t)host - (uintptr_t)announced.host;
    if (kind == announced.kind && offset < announced.len && len <= announced.len - offset) {
        return;
    }
    uint64_t addr = 0;
    int region = guest_find_host(&run_current->guest, &addr, host);
    oracle_fail(NAME, "%s of %zu bytes at 0x%llx (region %d) past the observer",
                kind == VVS_ACCESS_LOAD ? "load" : "store", len, (unsigned long long)addr, region);
}

/* The compiler calls these for the library's own loads and stores... */
#define TRACED(name, len, kind)                                                                    \
    void name(void *host);                                                                         \
    void name(void *host)                                                                          \
    {                                                                                              \
        trace_check(host, (len), kind);                                                            \
    }

TRACED(__sanitizer_cov_load1, 1, VVS_ACCESS_LOAD)
TRACED(__sanitizer_cov_load2, 2, VVS_ACCESS_LOAD)
TRACED(__sanitizer_cov_load4, 4, VVS_ACCESS_LOAD)
TRACED(__sanitizer_cov_load8, 8, VVS_ACCESS_LOAD)
TRACED(__sanitizer_cov_load16, 16, VVS_ACCESS_LOAD)
TRACED(__sanitizer_cov_store1, 1, VVS_ACCESS_STORE)
TRACED(__sanitizer_cov_store2, 2, VVS_ACCESS_STORE)
TRACED(__sanitizer_cov_store4, 4, VVS_ACCESS_STORE)
TRACED(__sanitizer_cov_store8, 8, VVS_ACCESS_STORE)
TRACED(__sanitizer_cov_store16, 16, VVS_ACCESS_STORE)

/* ... and the library is compiled with these names for what it calls memcpy, memmove and memset. */
void *trace_memcpy(void *to, const void *from, size_t len);
void *trace_memcpy(void *to, const void *from, size_t len)
{
    trace_check(from, len, VVS_ACCESS_LOAD);
    trace_check(to, len, VVS_ACCESS_STORE);
    return memcpy(to, from, len);
}

void *trace_memmove(void *to, const void *from, size_t len);
void *trace_memmove(void *to, const void *from, size_t len)
{
    trace_check(from, len, VVS_ACCESS_LOAD);
    trace_check(to, len, VVS_ACCESS_STORE);
    return memmove(to, from, len);
}

void *trace_memset(void *to, int value, size_t len);
void *trace_memset(void *to, int value, size_t len)
{
    trace_check(to, len, VVS_ACCESS_STORE);
    return memset(to, value, len);
}
