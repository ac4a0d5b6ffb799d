/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Situations in which implementations went wrong, as predicates of a scenario. */
#ifndef TEST_SITUATIONS_H
#define TEST_SITUATIONS_H

#include "scenario.h"

struct situation {
    const char *name;
    bool (*holds)(const struct scn_scenario *scenario);
};

extern const struct situation situations[];
extern const uint32_t situation_count;

#endif
