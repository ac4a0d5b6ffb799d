/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* For tests of the runner: a run, the scenario it plays, and what its answers must be. */
#ifndef TEST_PLAY_H
#define TEST_PLAY_H

/* cmocka wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "build.h"
#include "run.h"

#define RX VVS_QUEUE_RX
#define TX VVS_QUEUE_TX
#define EVENT VVS_QUEUE_EVENT
#define PACKED VVS_FEATURE(VVS_F_RING_PACKED)
#define INDIRECT VVS_FEATURE(VVS_F_INDIRECT_DESC)
#define IN_ORDER VVS_FEATURE(VVS_F_IN_ORDER)

static struct run run;
static struct scn_scenario scenario;
static uint8_t payloads[1u << 16];

static inline int set_up(void **state)
{
    (void)state;
    run.payload_store = payloads;
    run.payload_capacity = sizeof payloads;
    return run_init(&run) ? 0 : -1;
}

static inline int tear_down(void **state)
{
    (void)state;
    run_fini(&run);
    return 0;
}

static inline int set_up_test(void **state)
{
    (void)state;
    scn_init(&scenario);
    return 0;
}

/* Runs the scenario twice: the answers must be the same, and nothing may be left of the first. */
static inline void play(void)
{
    run_scenario(&run, &scenario, NULL);
    uint64_t digest = run_digest(&run);
    run_scenario(&run, &scenario, NULL);
    assert_int_equal(run_digest(&run), digest);
}

static inline struct scn_record *device(uint8_t tag, uint32_t role)
{
    static const struct {
        uint8_t tag;
        uint32_t field;
    } fields[] = {
        {SCN_TAG_SERVE, SCN_SERVE_F_ROLE},     {SCN_TAG_POP, SCN_POP_F_ROLE},
        {SCN_TAG_PUBLISH, SCN_PUBLISH_F_ROLE}, {SCN_TAG_FLUSH, SCN_FLUSH_F_ROLE},
        {SCN_TAG_UNDO, SCN_UNDO_F_ROLE},       {SCN_TAG_ARM, SCN_ARM_F_ROLE},
        {SCN_TAG_DISARM, SCN_DISARM_F_ROLE},   {SCN_TAG_ABORT, SCN_ABORT_F_ROLE},
        {SCN_TAG_SAVE, SCN_SAVE_F_ROLE},       {SCN_TAG_RESTORE, SCN_RESTORE_F_ROLE},
        {SCN_TAG_NOTIFY, SCN_NOTIFY_F_ROLE},   {SCN_TAG_RESTART, SCN_RESTART_F_ROLE},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (fields[i].tag == tag) {
            return build_step(&scenario, tag, fields[i].field, role);
        }
    }
    fail_msg("tag %d is no step of a queue", tag);
    return NULL;
}

static inline struct scn_record *serve(uint32_t role, uint32_t max)
{
    struct scn_record *step = device(SCN_TAG_SERVE, role);
    scn_set(step, SCN_SERVE_F_MAX, max);
    return step;
}

static inline struct scn_record *publish(uint32_t role, uint32_t field)
{
    struct scn_record *step = device(SCN_TAG_PUBLISH, role);
    if (field != SCN_PUBLISH_F_ROLE) {
        scn_set(step, field, 1);
    }
    return step;
}

/* The answer number `number`, which must be of step `step` and have this status and these many
 * chains. */
static inline const struct run_answer *
answer(uint32_t number, uint32_t step, enum vvs_status status, uint32_t chains, uint32_t used)
{
    assert_true(number < run.answer_count);
    const struct run_answer *found = &run.answers[number];
    assert_int_equal(found->step, step);
    assert_string_equal(vvs_status_name(found->status), vvs_status_name(status));
    assert_false(found->none);
    assert_int_equal(found->chain_count, chains);
    assert_int_equal(found->used_count, used);
    return found;
}

static inline const struct run_chain *chain_of(const struct run_answer *found, uint32_t number)
{
    return &run.chains[found->first_chain + number];
}

static inline void assert_used(const struct run_answer *found, uint32_t number, uint32_t id,
                               uint32_t len)
{
    assert_int_equal(run.used[found->first_used + number].id, id);
    assert_int_equal(run.used[found->first_used + number].len, len);
}

static inline void assert_payload(const struct run_chain *chain, const char *expected, uint32_t len)
{
    assert_int_equal(chain->kind, RUN_PACKET);
    assert_int_equal(chain->payload_len, len);
    assert_memory_equal(payloads + chain->payload_at, expected, len);
    assert_int_equal(chain->header[24] | chain->header[25] << 8, len);
}

#endif
