/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A queue that is not broken goes on serving: behind whatever the scenario did, a driver that keeps
 * to the rules offers one more chain, and gets it back. */
#include "checks.h"
#include "oracle.h"

#define NAME "serving"
#define STEPS_A_QUEUE 3u
#define ROOM_BYTES 8192u /* for one default chain of any role */

static uint32_t first_step; /* of those added; SCN_MAX_STEPS while there are none */
static bool ordinary;       /* the guest, when they were added */

void serving_begin(void)
{
    first_step = SCN_MAX_STEPS;
}

bool serving_probes(uint32_t step)
{
    return step >= first_step;
}

/* Whether rings and buffers lie apart, where nobody else writes. */
static bool guest_is_ordinary(const struct run *run)
{
    const struct scn_scenario *s = run->scenario;
    const uint32_t placed =
        1u << SCN_QUEUE_F_DESC | 1u << SCN_QUEUE_F_DRIVER | 1u << SCN_QUEUE_F_DEVICE;
    bool apart = s->region_count == 0 && run_races_left == 0 && run->guest.data_len > ROOM_BYTES;
    for (uint32_t i = 0; i < s->queue_count; i++) {
        apart = apart && (s->queues[i].present & placed) == 0;
    }
    return apart;
}

/* Whether one chain more can be popped, and go back. */
static bool has_room(const struct run *run, uint32_t role)
{
    const struct shadow_queue *q = &shadow.queues[role];
    if (!q->queue || vvs_queue_broken(q->queue) != VVS_OK || run->loads_left < UINT16_MAX * 4u) {
        return false;
    }
    if (run->driver.element_count == DRIVER_MAX_ELEMENTS ||
        run->driver.chain_count == DRIVER_MAX_CHAINS) {
        return false; /* the driver offers no more in this run */
    }
    bool in_order = (run->guest.queues[role].features & VVS_FEATURE(VVS_F_IN_ORDER)) != 0 &&
                    q->chain_count != 0;
    return !in_order && q->chain_count < q->size && q->span_count < q->size;
}

static struct scn_record *add_step(struct scn_scenario *scenario, uint8_t tag, uint32_t role)
{
    struct scn_record *step = &scenario->steps[scenario->step_count++];
    *step = (struct scn_record){.tag = tag};
    scn_set(step, (uint32_t)rule_role_field(tag), role);
    return step;
}

void serving_extend(const struct run *run, struct scn_scenario *scenario)
{
    first_step = scenario->step_count;
    ordinary = guest_is_ordinary(run);
    for (uint32_t role = 0; role < SHADOW_ROLES; role++) {
        const struct shadow_queue *q = &shadow.queues[role];
        if (scenario->step_count + STEPS_A_QUEUE > SCN_MAX_STEPS || !has_room(run, role)) {
            continue;
        }
        /* What was offered and not taken yet is taken back: the driver goes on from where the
         * device is. */
        struct scn_record *place = add_step(scenario, SCN_TAG_SET_WORD, role);
        scn_set(place, SCN_SET_WORD_F_WORD, SCN_WORD_NEXT_AVAIL);
        scn_set(place, SCN_SET_WORD_F_VALUE,
                q->avail_index | (q->packed && q->avail_wrap ? 0x8000u : 0u));
        add_step(scenario, SCN_TAG_ADD_CHAIN, role);
        add_step(scenario, SCN_TAG_SERVE, role);
    }
}

void serving_check(const struct run *run, uint32_t step, const struct run_answer *answer)
{
    if (!serving_probes(step) || run->scenario->steps[step].tag != SCN_TAG_SERVE || !ordinary) {
        return;
    }
    /* A packet that waited to be sent may be one that no commit takes. */
    bool own =
        answer->role == VVS_QUEUE_RX && vvs_status_reaction(answer->status) == VVS_REACT_CALLER_BUG;
    bool accepted = answer->chain_count == 1 && run->chain_total == run->chain_count &&
                    run->chains[answer->first_chain].kind != RUN_REJECT;
    if (answer->chain_count != 1 || (!accepted && !own)) {
        oracle_fail(NAME, "a good chain of queue %u behind all that gives %s and %u answers",
                    answer->role, vvs_status_name(answer->status), answer->chain_count);
    }
}
