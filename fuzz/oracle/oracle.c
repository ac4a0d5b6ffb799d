/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A run under all oracles: the hooks that keep the shadow in step with the run. */
#include "oracle.h"

#include <stdlib.h>

#include "checks.h"
#include "model.h"
#include "observer.h"
#include "stats.h"

uint32_t oracle_costly_one_in = 8;
bool oracle_appends = true;

static struct run run;
static struct scn_scenario *scenario; /* what oracle_run plays */
static bool driver_sees; /* what the driver reads of the used ring is what the device put there */
static uint32_t chains_before; /* in flight, before the step */

/* Whether nobody but the device writes to the used ring: no buffer, word, race, or descriptor
 * behind its table, that may lie on it. */
static bool used_ring_is_quiet(const struct scn_scenario *s)
{
    const uint32_t placed =
        1u << SCN_QUEUE_F_DESC | 1u << SCN_QUEUE_F_DRIVER | 1u << SCN_QUEUE_F_DEVICE;
    if (s->span_count != 0 || s->race_count != 0 || s->region_count != 0) {
        return false;
    }
    for (uint32_t i = 0; i < s->queue_count; i++) {
        if (s->queues[i].present & placed) {
            return false;
        }
    }
    for (uint32_t i = 0; i < s->element_count; i++) {
        const uint32_t elsewhere =
            1u << SCN_ELEMENT_F_ADDR | 1u << SCN_ELEMENT_F_STRIDE | 1u << SCN_ELEMENT_F_SLOT;
        if (s->elements[i].present & elsewhere) {
            return false;
        }
    }
    for (uint32_t i = 0; i < s->step_count; i++) {
        const struct scn_record *step = &s->steps[i];
        if (step->tag == SCN_TAG_WRITE || step->tag == SCN_TAG_RESTORE ||
            step->tag == SCN_TAG_RESTART ||
            (step->tag == SCN_TAG_ADD_CHAIN && scn_has(step, SCN_ADD_CHAIN_F_TABLE_ADDR))) {
            return false;
        }
    }
    return true;
}

static struct vvs_queue_config config_of(const struct guest_queue *place)
{
    return (struct vvs_queue_config){.features = place->features,
                                     .desc_addr = place->desc,
                                     .driver_addr = place->driver,
                                     .device_addr = place->device,
                                     .size = place->size,
                                     .max_chain = place->max_chain};
}

static void resume(struct shadow_queue *q)
{
    struct vvs_queue_state state;
    if (vvs_queue_get_state(q->queue, &state) == VVS_OK) {
        shadow_resume(q, &state);
    }
}

static void on_start(void *context, struct run *r)
{
    (void)context;
    shadow_clear();
    for (uint32_t role = 0; role < GUEST_ROLES; role++) {
        const struct guest_queue *place = &r->guest.queues[role];
        if (place->present && r->queues[role].setup == VVS_OK) {
            struct vvs_queue_config config = config_of(place);
            struct shadow_queue *q = shadow_bind(role, &r->queues[role].queue, &config);
            access_check_setup(q, &config);
            resume(q);
        }
    }
    outputs_check(r);
    serving_begin();
    if (observer.costly) {
        model_start(r);
        dirty_attach(&r->guest);
    }
    driver_sees = r->guest.features != 0 && !(r->guest.features & VVS_FEATURE(VVS_F_RING_PACKED)) &&
                  used_ring_is_quiet(r->scenario);
}

/* The queue of a step that is set up, else NULL. */
static struct shadow_queue *queue_of(const struct run *r, const struct scn_record *step)
{
    if (step->tag < SCN_TAG_RESTART || rule_role_field(step->tag) < 0) {
        return NULL;
    }
    struct shadow_queue *q = &shadow.queues[scn_role_of(r->scenario, step)];
    return q->queue ? q : NULL;
}

/* The chain that a publish, abort or undo step is about. */
static struct shadow_chain *chain_of(const struct run *r, struct shadow_queue *q,
                                     const struct scn_record *step)
{
    const struct run_queue *queue = &r->queues[q->role];
    uint32_t count = queue->popped_count;
    if (count == 0 ||
        (step->tag == SCN_TAG_PUBLISH && scn_get(step, SCN_PUBLISH_F_AGAIN, 0) != 0)) {
        return NULL;
    }
    _Static_assert((int)SCN_PUBLISH_F_WHICH == (int)SCN_UNDO_F_WHICH &&
                       (int)SCN_PUBLISH_F_WHICH == (int)SCN_ABORT_F_WHICH,
                   "one field number for all three");
    uint32_t absent = step->tag == SCN_TAG_UNDO ? count - 1 : 0;
    uint32_t which = (uint32_t)scn_get(step, SCN_PUBLISH_F_WHICH, absent) % count;
    return shadow_find(q, queue->popped[queue->popped_order[which]].token.sequence);
}

static void on_before_step(void *context, struct run *r, uint32_t number)
{
    (void)context;
    const struct scn_record *step = &r->scenario->steps[number];
    struct shadow_queue *q = queue_of(r, step);
    if (observer.costly) {
        model_before_step(r, step);
    }
    bool staged = step->tag == SCN_TAG_PUBLISH && scn_get(step, SCN_PUBLISH_F_STAGE, 0) != 0;
    bool shows = step->tag == SCN_TAG_SERVE || step->tag == SCN_TAG_FLUSH ||
                 step->tag == SCN_TAG_ABORT || step->tag == SCN_TAG_PUBLISH;
    used_step_begin((struct used_step){shows && !staged, step->tag == SCN_TAG_ABORT});
    work_step(step->tag == SCN_TAG_SERVE ? (uint32_t)scn_get(step, SCN_SERVE_F_MAX, 1)
                                         : step->tag == SCN_TAG_POP);
    shadow.handling = NULL;
    order_begin();
    if (!q) {
        return;
    }
    chains_before = q->chain_count;
    if (step->tag == SCN_TAG_PUBLISH || step->tag == SCN_TAG_ABORT || step->tag == SCN_TAG_UNDO) {
        shadow.handling = chain_of(r, q, step);
        shadow.handling_queue = q;
    }
    if (observer.costly) {
        silent_begin(&r->guest);
    }
}

/* The costly oracles at the end of a step that has an answer. */
static void end_costly(struct run *r, const struct scn_record *step, uint32_t number,
                       const struct shadow_queue *q, const struct run_answer *answer)
{
    model_after_step(r, step, answer);
    dirty_step_end();
    if (step->tag == SCN_TAG_SET_MEMORY && answer->status == VVS_OK) {
        dirty_attach(&r->guest);
    }
    if (q && step->tag != SCN_TAG_RESTART) {
        silent_end();
    }
    serving_check(r, number, answer);
}

static void relocate(const struct run *r)
{
    for (uint32_t role = 0; role < SHADOW_ROLES; role++) {
        if (shadow.queues[role].queue) {
            struct vvs_queue_config config = config_of(&r->guest.queues[role]);
            shadow_locate(&shadow.queues[role], &config);
            access_check_setup(&shadow.queues[role], &config);
        }
    }
}

static void on_after_step(void *context, struct run *r, uint32_t number,
                          const struct run_answer *answer)
{
    (void)context;
    const struct scn_record *step = &r->scenario->steps[number];
    struct shadow_queue *q = queue_of(r, step);
    outputs_check(r);
    if (observer.costly && answer) {
        end_costly(r, step, number, q, answer);
    }
    if (step->tag == SCN_TAG_SET_MEMORY) {
        relocate(r);
    }
    if (q && answer) {
        if (step->tag == SCN_TAG_RESTART || step->tag == SCN_TAG_RESTORE) {
            resume(q);
        } else if (step->tag == SCN_TAG_UNDO && answer->status == VVS_OK && shadow.handling) {
            shadow_undone(q, shadow.handling);
        }
        used_step_end(q, answer, step->tag, chains_before, driver_sees && !answer->used_lost);
    }
    if (observer.costly && number + 1 == r->scenario->step_count && !serving_probes(number) &&
        r->scenario == scenario && oracle_appends) {
        rule_changed();
        serving_extend(r, scenario);
    }
}

static void on_popped(void *context, struct run *r, uint32_t role, const struct vvs_token *token,
                      enum vvs_status status, const struct vvs_chain *chain)
{
    (void)context;
    struct shadow_queue *q = &shadow.queues[role];
    access_check_chain(q, token, chain);
    if (q->building) {
        q->building->sequence = token->sequence;
    }
    if (observer.costly) {
        model_popped(status);
    }
    if (observer.costly && r->scenario->race_count == 0) {
        same_walk_check(q, token->id, status, chain);
    }
}

/* The statistics' tags of the chain whose packet was parsed. */
static uint32_t tags_of(const struct shadow_queue *q, const struct shadow_chain *chain,
                        const struct vvs_packet *packet)
{
    uint32_t count = chain->grant_count;
    uint32_t tags = chain->indirect ? 1u << STATS_INDIRECT : 0;
    tags |= count == 1 ? 1u << STATS_ONE : count == 2 ? 1u << STATS_TWO : 1u << STATS_MANY;
    uint64_t end = VVS_HDR_BYTES + (uint64_t)vvs_packet_capacity(packet);
    uint64_t at = 0;
    for (uint32_t i = 0; i < count && at < end; i++) {
        const struct shadow_grant *each = &chain->grants[i];
        uint64_t len = each->len < end - at ? each->len : end - at;
        uint64_t left = len;
        if (at + len < VVS_HDR_BYTES) {
            tags |= 1u << STATS_CUT;
        }
        shadow_translate(q->queue->memory, &left, each->addr, 0);
        if (len > left) {
            tags |= 1u << STATS_CROSSING;
        }
        at += len;
    }
    return tags;
}

static void on_packet(void *context, struct run *r, uint32_t role, const struct vvs_packet *packet)
{
    (void)context;
    access_check_packet(packet);
    const struct shadow_queue *q = shadow.handling_queue;
    if (shadow.handling && !serving_probes(r->current_step)) {
        stats_packet(role == VVS_QUEUE_RX, q->packed, tags_of(q, shadow.handling, packet));
    }
}

static void on_returned(void *context, struct run *r, uint32_t role, const struct vvs_token *token,
                        uint32_t used_len, bool staged)
{
    (void)context;
    (void)r;
    (void)staged;
    if (shadow_find(&shadow.queues[role], token->sequence)) {
        oracle_fail("used-ring",
                    "chain %u was returned with length %u, but no used entry was written",
                    token->id, used_len);
    }
}

const struct run_hooks oracle_hooks = {
    .start = on_start,
    .before_step = on_before_step,
    .after_step = on_after_step,
    .popped = on_popped,
    .packet = on_packet,
    .returned = on_returned,
};

void oracle_start(void)
{
    static bool started;
    if (started) {
        return;
    }
    started = true;
    stats_start();
    if (!run_init(&run)) {
        abort(); /* no address space: the machine's fault, no finding to go on from */
    }
}

const struct run *oracle_play(const struct scn_scenario *played, const struct run_hooks *hooks,
                              bool costly)
{
    observer = (struct observer){.checks = true, .costly = costly};
    stale_doubts();
    run_scenario(&run, played, hooks);
    if (stale_suspects()) { /* once more; what is costly has been asked */
        observer.costly = false;
        run_scenario(&run, played, hooks);
    }
    observer = (struct observer){.checks = false, .costly = false};
    return &run;
}

size_t oracle_appended(uint8_t *out_bytes, size_t capacity)
{
    return run_current && serving_probes(run_current->current_step)
               ? scn_encode(out_bytes, capacity, run_current->scenario)
               : 0;
}

void oracle_run(const uint8_t *bytes, size_t len, const struct rule *rule)
{
    oracle_start();
    stats_begin();
    scenario = rule_decode(rule, bytes, len);
    bool chosen = run_fold_bytes(RUN_FOLD_START, bytes, len) % oracle_costly_one_in == 0;
    frames_watch(chosen);
    (void)oracle_play(scenario, &oracle_hooks, chosen || rule->races);
    frames_watch(false);
    if (chosen) {
        same_answer_check(&run, scenario);
    }
    stats_end();
}
