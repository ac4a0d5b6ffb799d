/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The model, the dirty log and serving beside the library itself, whose answers are falsified
 * before these oracles see them. */
#include "play.h"

#include <stdio.h>

#include "checks.h"
#include "observer.h"
#include "oracle.h"
#include "run_outputs.h"

static void (*falsify)(struct run *run, struct run_answer *answer); /* at the end of `at_step` */
static void (*falsify_start)(struct run *run);
static void (*falsify_packet)(struct run *run);
static void (*falsify_popped)(struct run *run, uint32_t role, const struct vvs_token *token,
                              enum vvs_status status, const struct vvs_chain *chain);
static uint32_t at_step;
static uint32_t most; /* of a serve, as the oracles are told; 0: the truth */
static bool probes;

static uint32_t findings;
static char report[512];

static void keep_report(const char *name, const char *text)
{
    if (findings++ == 0) {
        (void)snprintf(report, sizeof report, "%s: %s", name, text);
    }
}

static void on_start(void *context, struct run *r)
{
    if (falsify_start) {
        falsify_start(r);
    }
    oracle_hooks.start(context, r);
}

static void on_before_step(void *context, struct run *r, uint32_t number)
{
    struct scn_record truth = scenario.steps[number];
    if (most != 0 && truth.tag == SCN_TAG_SERVE) {
        scn_set(&scenario.steps[number], SCN_SERVE_F_MAX, most);
    }
    oracle_hooks.before_step(context, r, number);
    scenario.steps[number] = truth;
}

static void on_after_step(void *context, struct run *r, uint32_t number,
                          const struct run_answer *answer)
{
    if (falsify && number == at_step) {
        falsify(r, &r->answers[r->answer_count - 1]);
    }
    oracle_hooks.after_step(context, r, number, answer);
    if (probes && number + 1 == scenario.step_count && !serving_probes(number)) {
        serving_extend(r, &scenario);
    }
}

static void on_packet(void *context, struct run *r, uint32_t role, const struct vvs_packet *packet)
{
    if (falsify_packet) {
        falsify_packet(r);
    }
    oracle_hooks.packet(context, r, role, packet);
}

static void on_popped(void *context, struct run *r, uint32_t role, const struct vvs_token *token,
                      enum vvs_status status, const struct vvs_chain *chain)
{
    if (falsify_popped) {
        falsify_popped(r, role, token, status, chain);
    } else {
        oracle_hooks.popped(context, r, role, token, status, chain);
    }
}

static int begin(void **state)
{
    set_up_test(state);
    falsify = NULL;
    falsify_start = NULL;
    falsify_packet = NULL;
    falsify_popped = NULL;
    most = 0;
    at_step = 0;
    probes = false;
    return 0;
}

static void watch(void)
{
    const struct run_hooks hooks = {
        .start = on_start,
        .before_step = on_before_step,
        .after_step = on_after_step,
        .popped = on_popped,
        .packet = on_packet,
        .returned = oracle_hooks.returned,
    };
    findings = 0;
    report[0] = '\0';
    oracle_catch = keep_report;
    observer = (struct observer){.checks = true, .costly = true};
    run_scenario(&run, &scenario, &hooks);
    observer = (struct observer){.checks = false, .costly = false};
}

static void expect_clean(void)
{
    watch();
    if (findings != 0) {
        fail_msg("%s", report);
    }
}

static void expect(const char *part)
{
    watch();
    if (findings == 0 || !strstr(report, part)) {
        fail_msg("\"%s\" does not say \"%s\"", report, part);
    }
}

/* Two tx chains, one served, one popped: the answers of steps 2 and 3. */
static void two_chains(void)
{
    build_chain(&scenario, TX);
    struct scn_record *second = build_chain(&scenario, TX);
    scn_set(second, SCN_ADD_CHAIN_F_PAYLOAD_LEN, 100);
    serve(TX, 1);
    device(SCN_TAG_POP, TX);
    at_step = 3;
}

static struct run_chain *first_chain(struct run *r, const struct run_answer *answer)
{
    return &r->chains[answer->first_chain];
}

static void test_truth(void **state)
{
    (void)state;
    two_chains();
    device(SCN_TAG_PUBLISH, TX);
    device(SCN_TAG_ARM, TX);
    expect_clean();
}

static void refuse(struct run *r, struct run_answer *answer)
{
    first_chain(r, answer)->kind = RUN_REJECT;
}

static void test_refused(void **state)
{
    (void)state;
    two_chains();
    falsify = refuse;
    expect("model: chain 1 is refused");
}

static void accept(struct run *r, struct run_answer *answer)
{
    first_chain(r, answer)->kind = RUN_PACKET;
}

static void test_accepted(void **state)
{
    (void)state;
    build_chain(&scenario, TX);
    build_element(&scenario, 43);
    serve(TX, 1);
    at_step = 1;
    falsify = accept;
    expect("model: chain 0 is accepted");
}

static void other_op(struct run *r, struct run_answer *answer)
{
    first_chain(r, answer)->header[30] ^= 1;
}

static void test_field(void **state)
{
    (void)state;
    two_chains();
    falsify = other_op;
    expect("model: the header of chain 1");
}

static void other_payload(struct run *r, struct run_answer *answer)
{
    first_chain(r, answer)->payload_hash ^= 1;
}

static void test_payload(void **state)
{
    (void)state;
    two_chains();
    falsify = other_payload;
    expect("model: the payload of chain 1, 100 bytes");
}

static void more_capacity(struct run *r, struct run_answer *answer)
{
    first_chain(r, answer)->capacity++;
}

static void test_capacity(void **state)
{
    (void)state;
    two_chains();
    falsify = more_capacity;
    expect("model: chain 1 has 101 payload bytes, expected 100");
}

static void other_id(struct run *r, struct run_answer *answer)
{
    first_chain(r, answer)->id = 7;
}

static void test_id(void **state)
{
    (void)state;
    two_chains();
    falsify = other_id;
    expect("model: a chain has id 7, expected 1");
}

static void empty(struct run *r, struct run_answer *answer)
{
    (void)r;
    answer->status = VVS_EMPTY;
}

static void test_empty(void **state)
{
    (void)state;
    two_chains();
    falsify = empty;
    expect("model: the step gives VVS_EMPTY, expected VVS_OK");
}

static void turn_notify(struct run *r, struct run_answer *answer)
{
    (void)r;
    answer->notify = !answer->notify;
}

static void test_notify(void **state)
{
    (void)state;
    two_chains();
    at_step = 2;
    falsify = turn_notify;
    expect("model: the driver is not notified");
}

static void turn_more(struct run *r, struct run_answer *answer)
{
    (void)r;
    answer->more = !answer->more;
}

static void test_more(void **state)
{
    (void)state;
    build_chain(&scenario, TX);
    device(SCN_TAG_ARM, TX);
    at_step = 1;
    falsify = turn_more;
    expect("model: arming says nothing more");
}

static void test_serve_stops(void **state)
{
    (void)state;
    two_chains();
    most = 2;
    expect("model: serve stops behind 1 chains of 2");
}

static uint8_t *guest_byte(struct run *r, uint64_t addr)
{
    uint64_t len;
    return guest_at(&r->guest, &len, addr);
}

static void other_used_len(struct run *r, struct run_answer *answer)
{
    (void)answer;
    *guest_byte(r, r->guest.queues[TX].device + 8) = 44;
}

static void test_used_element(void **state)
{
    (void)state;
    two_chains();
    at_step = 2;
    falsify = other_used_len;
    expect("model: length of a used element");
}

static void other_packed_flags(struct run *r, struct run_answer *answer)
{
    (void)answer;
    *guest_byte(r, r->guest.queues[TX].desc + 14) ^= 0x80;
}

static void test_used_descriptor(void **state)
{
    (void)state;
    build_features(&scenario, PACKED);
    two_chains();
    at_step = 2;
    falsify = other_packed_flags;
    expect("model: flags of a used descriptor");
}

static void other_avail_event(struct run *r, struct run_answer *answer)
{
    (void)answer;
    *guest_byte(r, r->guest.queues[TX].device + 4 + 8 * 8) = 9;
}

static void test_avail_event(void **state)
{
    (void)state;
    build_features(&scenario, VVS_FEATURE(VVS_F_EVENT_IDX));
    device(SCN_TAG_ARM, TX);
    falsify = other_avail_event;
    expect("model: avail_event");
}

static void spoil_payload(struct run *r)
{
    *guest_byte(r, r->guest.data_start + VVS_HDR_BYTES + 1) ^= 0xff;
}

static void test_content(void **state)
{
    (void)state;
    build_queue(&scenario, RX, 8);
    build_chain(&scenario, RX);
    serve(RX, 1);
    expect_clean();
    falsify_packet = spoil_payload;
    expect("model: byte 45 of the packet");
}

static void step_on(struct run *r, struct run_answer *answer)
{
    (void)answer;
    r->queues[TX].queue.avail_index++;
}

static void test_place(void **state)
{
    (void)state;
    two_chains();
    falsify = step_on;
    expect("model: the queue stands at 3/0, 1/0, expected 2/0, 1/0");
}

static void not_set_up(struct run *r)
{
    r->queues[TX].setup = VVS_E_QUEUE_SIZE;
}

static void set_up_anyway(struct run *r)
{
    r->queues[TX].setup = VVS_OK;
}

static void test_set_up(void **state)
{
    (void)state;
    build_queue(&scenario, TX, 8);
    falsify_start = not_set_up;
    expect("model: set-up of queue 1 gives VVS_E_QUEUE_SIZE, though it can run");
    scn_set(&scenario.queues[0], SCN_QUEUE_F_SIZE, 7);
    falsify_start = set_up_anyway;
    watch();
    assert_non_null(strstr(report, "though its size is none")); /* the access oracle comes first */
}

static void no_table(struct run *r, struct run_answer *answer)
{
    (void)r;
    answer->status = VVS_E_REGION_OVERLAP;
}

static void test_table(void **state)
{
    (void)state;
    build(&scenario, SCN_TAG_SET_MEMORY);
    expect_clean();
    falsify = no_table;
    expect("model: a new memory table gives VVS_E_REGION_OVERLAP, though it can be");
}

/* `len` of the header grows once it was loaded. */
static void raced_header(void)
{
    struct scn_record *race = build(&scenario, SCN_TAG_RACE);
    scn_set(race, SCN_RACE_F_ITEM, VVS_ITEM_HEADER);
    scn_set(race, SCN_RACE_F_INDEX, 24);
    build_bytes(&scenario, race, SCN_RACE_F_BYTES, "\x10", 1);
    struct scn_record *chain = build_chain(&scenario, TX);
    scn_set(chain, SCN_ADD_CHAIN_F_PAYLOAD_LEN, 8);
    serve(TX, 1);
    at_step = 1;
}

static void loaded_late(struct run *r, struct run_answer *answer)
{
    first_chain(r, answer)->header[24] = 0x10;
}

static void test_race(void **state)
{
    (void)state;
    raced_header();
    expect_clean();
    falsify = loaded_late;
    expect("model: the header of chain 0");
}

static void unmark(struct run *r, struct run_answer *answer)
{
    (void)answer;
    const struct vvs_memory *memory = r->queues[TX].queue.memory;
    memory->log[r->guest.queues[TX].device / VVS_LOG_PAGE_BYTES / 8] = 0;
}

static void test_dirty(void **state)
{
    (void)state;
    two_chains();
    at_step = 2;
    falsify = unmark;
    expect("dirty-log: page 0x100 was written and is not marked");
}

static void test_serving(void **state)
{
    (void)state;
    two_chains();
    probes = true;
    expect_clean();
    assert_int_equal(scenario.step_count, 4 + 3);
}

/* The probe's own answer, as a queue would give it that has lost its place. */
static void test_serving_no_more(void **state)
{
    (void)state;
    two_chains();
    probes = true;
    expect_clean();
    struct run_answer lost = run.answers[run.answer_count - 1];
    serving_check(&run, lost.step, &lost);
    assert_int_equal(findings, 0);
    lost.status = VVS_EMPTY;
    lost.chain_count = 0;
    serving_check(&run, lost.step, &lost);
    assert_string_equal(report, "serving: a good chain of queue 1 behind all that gives VVS_EMPTY "
                                "and 0 answers");
}

/* What the pop said is not what lies there: one descriptor was changed behind it. */
static void change_descriptor(struct run *r, uint32_t role, const struct vvs_token *token,
                              enum vvs_status status, const struct vvs_chain *chain)
{
    *guest_byte(r, r->guest.queues[role].desc + 16u * token->id + 8) ^= 1;
    oracle_hooks.popped(NULL, r, role, token, status, chain);
}

static void test_other_walk(void **state)
{
    (void)state;
    two_chains();
    falsify_popped = change_descriptor;
    expect("same-walk: the chain of head 1");
}

static void spoil(struct run *r, struct run_answer *answer)
{
    (void)answer;
    struct output output;
    const uint8_t before = 1;
    uint8_t object = before;
    output_keep(&output, &object, sizeof object);
    object = 2;
    output_check(r, &output, "a call", false);
    assert_null(r->spoiled);
    output_check(r, &output, "a call", true);
}

static void test_outputs(void **state)
{
    (void)state;
    two_chains();
    falsify = spoil;
    expect("outputs: a call was refused");
}

/* The queue of the run before is live when a set-up of no size is refused. */
static void test_refused_set_up_leaves_a_queue(void **state)
{
    (void)state;
    two_chains();
    expect_clean();
    begin(state);
    build_queue(&scenario, TX, 7);
    two_chains();
    expect_clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_truth, begin),
        cmocka_unit_test_setup(test_refused, begin),
        cmocka_unit_test_setup(test_accepted, begin),
        cmocka_unit_test_setup(test_field, begin),
        cmocka_unit_test_setup(test_payload, begin),
        cmocka_unit_test_setup(test_capacity, begin),
        cmocka_unit_test_setup(test_id, begin),
        cmocka_unit_test_setup(test_empty, begin),
        cmocka_unit_test_setup(test_notify, begin),
        cmocka_unit_test_setup(test_more, begin),
        cmocka_unit_test_setup(test_serve_stops, begin),
        cmocka_unit_test_setup(test_used_element, begin),
        cmocka_unit_test_setup(test_used_descriptor, begin),
        cmocka_unit_test_setup(test_avail_event, begin),
        cmocka_unit_test_setup(test_content, begin),
        cmocka_unit_test_setup(test_place, begin),
        cmocka_unit_test_setup(test_set_up, begin),
        cmocka_unit_test_setup(test_table, begin),
        cmocka_unit_test_setup(test_race, begin),
        cmocka_unit_test_setup(test_dirty, begin),
        cmocka_unit_test_setup(test_serving, begin),
        cmocka_unit_test_setup(test_serving_no_more, begin),
        cmocka_unit_test_setup(test_other_walk, begin),
        cmocka_unit_test_setup(test_outputs, begin),
        cmocka_unit_test_setup(test_refused_set_up_leaves_a_queue, begin),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
