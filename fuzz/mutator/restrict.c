/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "restrict.h"

#include <string.h>

#include <vvs/spec.h>

/* Longer inputs are few, and are decoded each time. */
#define KEPT_BYTES 1024u

static struct {
    struct scn_scenario scenario;
    const struct rule *rule; /* NULL: nothing is kept */
    uint8_t bytes[KEPT_BYTES];
    size_t len;
} last;

const struct rule rule_any = {.roles = 7, .format = RULE_ANY_FORMAT};

int rule_role_field(uint8_t tag)
{
    switch (tag) {
    case SCN_TAG_QUEUE:
        return SCN_QUEUE_F_ROLE;
    case SCN_TAG_ADD_CHAIN:
        return SCN_ADD_CHAIN_F_ROLE;
    case SCN_TAG_SET_WORD:
    case SCN_TAG_RESTART:
    case SCN_TAG_SERVE:
    case SCN_TAG_POP:
    case SCN_TAG_PUBLISH:
    case SCN_TAG_FLUSH:
    case SCN_TAG_UNDO:
    case SCN_TAG_ARM:
    case SCN_TAG_DISARM:
    case SCN_TAG_ABORT:
    case SCN_TAG_SAVE:
    case SCN_TAG_RESTORE:
    case SCN_TAG_NOTIFY:
        return 0; /* all of them begin with it */
    default:
        return -1;
    }
}

static uint32_t lowest_role(uint32_t roles)
{
    return roles & 1u << VVS_QUEUE_TX ? VVS_QUEUE_TX : roles & 1u ? VVS_QUEUE_RX : VVS_QUEUE_EVENT;
}

/* Drops queues of other roles, and all but the first of a role. */
static void restrict_queues(const struct rule *rule, struct scn_scenario *scenario)
{
    uint32_t kept = 0;
    uint32_t left = rule->roles;
    for (uint32_t i = 0; i < scenario->queue_count; i++) {
        const struct scn_record *queue = &scenario->queues[i];
        uint64_t role = scn_get(queue, SCN_QUEUE_F_ROLE, VVS_QUEUE_TX);
        if (left >> role & 1u) {
            left &= ~(1u << role);
            if (kept != i) {
                scenario->queues[kept] = *queue;
            }
            kept++;
        }
    }
    if (kept == 0 && scenario->queue_count != 0) {
        kept = 1; /* its size and addresses may be of interest to another role */
        scn_set(&scenario->queues[0], SCN_QUEUE_F_ROLE, lowest_role(rule->roles));
    }
    if (kept == 0 && !(rule->roles & 1u << VVS_QUEUE_TX)) {
        struct scn_record *queue = &scenario->queues[kept++];
        queue->tag = SCN_TAG_QUEUE;
        queue->present = 0;
        scn_set(queue, SCN_QUEUE_F_ROLE, lowest_role(rule->roles));
    }
    scenario->queue_count = kept;
}

static void restrict_steps(const struct rule *rule, struct scn_scenario *scenario)
{
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        struct scn_record *step = &scenario->steps[i];
        int field = rule_role_field(step->tag);
        if (field >= 0 && !(rule->roles >> scn_role_of(scenario, step) & 1u)) {
            step->present &= ~(1u << field);
        }
    }
}

void rule_apply(const struct rule *rule, struct scn_scenario *scenario)
{
    restrict_queues(rule, scenario);
    if (rule->roles != rule_any.roles) {
        restrict_steps(rule, scenario);
    }
    const uint64_t packed = VVS_FEATURE(VVS_F_RING_PACKED);
    uint64_t features =
        scn_get(&scenario->image, SCN_IMAGE_F_FEATURES, VVS_FEATURE(VVS_F_VERSION_1));
    uint64_t wanted = rule->format == RULE_PACKED  ? features | packed
                      : rule->format == RULE_SPLIT ? features & ~packed
                                                   : features;
    if (wanted != features) {
        scn_set(&scenario->image, SCN_IMAGE_F_FEATURES, wanted);
    }
}

struct scn_scenario *rule_decode(const struct rule *rule, const uint8_t *bytes, size_t len)
{
    if (last.rule == rule && last.len == len && len != 0 && memcmp(last.bytes, bytes, len) == 0) {
        return &last.scenario;
    }
    scn_decode(&last.scenario, bytes, len);
    rule_apply(rule, &last.scenario);
    last.rule = NULL;
    if (len != 0 && len <= KEPT_BYTES) {
        memcpy(last.bytes, bytes, len);
        last.len = len;
        last.rule = rule;
    }
    return &last.scenario;
}

void rule_changed(void)
{
    last.rule = NULL;
}
