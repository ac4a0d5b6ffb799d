/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* In a build where the compiler reports each load and store of the library (preset `trace`): one
 * that goes to guest memory and that no observer call announced is a finding. */
#ifndef VVS_FUZZ_TRACE_H
#define VVS_FUZZ_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include <vvs/observe.h>

#if defined(VVS_TRACE)
/* trace_announce: accesses inside `access` are expected until trace_done. */
void trace_announce(const struct vvs_access *access);
void trace_done(void);
#else
static inline void trace_announce(const struct vvs_access *access)
{
    (void)access;
}
static inline void trace_done(void)
{
}
#endif

/* trace_check is what the compiler's calls come to. */
void trace_check(const void *host, size_t len, enum vvs_access_kind kind);

#endif
