/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What of all scenarios a target looks at: its queue roles, its ring format, races. */
#ifndef VVS_FUZZ_RESTRICT_H
#define VVS_FUZZ_RESTRICT_H

#include "scenario.h"

enum rule_format { RULE_ANY_FORMAT, RULE_SPLIT, RULE_PACKED };

struct rule {
    uint32_t roles; /* bit n: role n (enum vvs_queue_index) */
    enum rule_format format;
    bool races; /* the mutator puts at least one in each; rule_apply adds none */
};

/* Every role and both formats. */
extern const struct rule rule_any;

/* rule_apply moves `scenario` into what `rule` allows: queues of other roles go, steps on other
 * roles move to one that is allowed, the feature bit of the ring format is set or cleared.
 * Idempotent. */
void rule_apply(const struct rule *rule, struct scn_scenario *scenario);

/* rule_decode decodes `bytes` and moves them into what `rule` allows. An engine mutates what it has
 * just run, so what was decoded last is kept and not decoded again.
 *
 * Returns  a scenario that the next call replaces. Who changes it calls rule_changed. */
struct scn_scenario *rule_decode(const struct rule *rule, const uint8_t *bytes, size_t len);

/* rule_changed says that the last scenario of rule_decode is no longer that of its bytes. */
void rule_changed(void);

/* rule_role_field gives the number of the field that says the role in a record of `tag`.
 *
 * Returns  -1 when it has none. */
int rule_role_field(uint8_t tag);

#endif
