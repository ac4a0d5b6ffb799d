/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "differential.h"

#include <stdlib.h>

#include <vvs/spec.h>

#include "compare.h"
#include "oracle.h"
#include "stats.h"

#define PAYLOAD_BYTES (8u << 20) /* more than a run reads, and what rx chains are sent too */

static struct scn_scenario scenario;
static struct view view;
static struct side ours;
static struct side theirs;
static struct peer *peers;
static uint32_t peer_count;
static uint8_t payload[PAYLOAD_BYTES];

static void before_step(void *context, struct run *run, uint32_t number)
{
    (void)context;
    view_before_step(&view, run, number);
}

static void after_step(void *context, struct run *run, uint32_t number,
                       const struct run_answer *answer)
{
    struct side *side = context;
    if (side == &ours) {
        view_after_step(&view, run, number);
    }
    side_after_step(side, &view, number, answer);
}

static const struct run_hooks our_hooks = {
    .context = &ours, .before_step = before_step, .after_step = after_step};
static const struct run_hooks their_hooks = {.context = &theirs, .after_step = after_step};

static void start(void)
{
    if (peer_count != 0) {
        return;
    }
    peer_count = peers_load(&peers);
    stats_start();
    if (!run_init(&ours.run) || !run_init(&theirs.run)) {
        abort(); /* no address space: the machine's fault, no finding to go on from */
    }
    theirs.run.payload_store = payload;
    theirs.run.payload_capacity = sizeof payload;
}

/* Leaves what every peer has: no races, no order of use, no slices of a buffer that are written
 * through behind its back. */
static void narrow(void)
{
    uint64_t features =
        scn_get(&scenario.image, SCN_IMAGE_F_FEATURES, VVS_FEATURE(VVS_F_VERSION_1));
    scenario.race_count = 0;
    for (uint32_t i = 0; i < scenario.step_count; i++) {
        if (scenario.steps[i].tag == SCN_TAG_SEND) {
            scn_set(&scenario.steps[i], SCN_SEND_F_IN_PLACE, 0);
        }
    }
    if ((features >> VVS_F_IN_ORDER & 1u) != 0) {
        scn_set(&scenario.image, SCN_IMAGE_F_FEATURES, features & ~VVS_FEATURE(VVS_F_IN_ORDER));
    }
}

bool differential_run(const uint8_t *bytes, size_t len, const struct rule *rule)
{
    uint32_t compared = 0;
    start();
    stats_begin();
    scn_decode(&scenario, bytes, len);
    rule_apply(rule, &scenario);
    narrow();
    view_start(&view);
    run_scenario(&ours.run, &scenario, &our_hooks);
    for (uint32_t i = 0; i < peer_count; i++) {
        struct peer *peer = &peers[i];
        if (run_iut_scenario(&peer->iut, &theirs.run, &scenario, &their_hooks) == 0 &&
            !peer->iut.unsupported && !ours.run.unmappable) {
            compared += compare_runs(peer, &view, &ours, &theirs);
        }
    }
    if (compared != 0) {
        stats_compared();
    }
    stats_end();
    return compared != 0;
}
