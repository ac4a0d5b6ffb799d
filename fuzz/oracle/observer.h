/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#ifndef VVS_FUZZ_OBSERVER_H
#define VVS_FUZZ_OBSERVER_H

#include <stdbool.h>

/* What of the oracles watches now. */
struct observer {
    bool checks;         /* those of single accesses */
    bool costly;         /* and those that cost time */
    void (*pause)(void); /* where nothing is checked: what a target does at each access, or NULL */
};

extern struct observer observer;

#endif
