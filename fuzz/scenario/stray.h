/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Looks whether a device step changed memory that the driver had granted nobody: what known.h
 * names, by content, before and after. For tools: any implementation can be looked at so, whether
 * or not it announces its accesses. */
#ifndef SCN_STRAY_H
#define SCN_STRAY_H

#include "run.h"

#define STRAY_MAX_BYTES (1u << 20) /* of memory that is compared, a step */
#define STRAY_MAX_RANGES 4096u
#define STRAY_MAX_GRANTED (1u << 17)
#define STRAY_GUARD_BYTES 64u /* on both sides of what is granted */

struct stray_range {
    uint64_t addr;
    uint64_t len;
};

/* Large: make it static. */
struct stray {
    struct run_hooks hooks; /* for the run */
    struct run *run;
    struct stray_range kept[STRAY_MAX_RANGES]; /* what may not change; its bytes, one behind the */
    uint32_t kept_count;                       /* other, are in `bytes` */
    struct stray_range granted[STRAY_MAX_GRANTED];
    uint32_t granted_count;
    bool blind; /* more was granted than the list holds */
    uint32_t bytes_used;
    uint8_t bytes[STRAY_MAX_BYTES];
};

/* stray_init makes the hooks. A run with them has in each answer whether the step wrote where
 * nothing was granted (run_answer.strayed); a run with races is not looked at. */
void stray_init(struct stray *out_stray);

#endif
