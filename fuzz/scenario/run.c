/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "run.h"

#include <string.h>

#include "run_outputs.h"
#include "run_private.h"

struct run *run_current;
uint32_t run_races_left;

bool run_init(struct run *run)
{
    for (uint32_t role = 0; role < GUEST_ROLES; role++) {
        for (uint32_t i = 0; i < RUN_MAX_POPPED; i++) {
            run->queues[role].popped_order[i] = (uint8_t)i;
        }
    }
    return guest_init(&run->guest);
}

void run_fini(struct run *run)
{
    guest_fini(&run->guest);
}

/* Puts a queue where guest_queue says: as new, or at a position. */
static enum vvs_status start_queue(struct run_queue *queue, const struct guest_queue *place)
{
    const struct vvs_queue_state state = {
        .avail_index = place->avail_index,
        .used_index = place->used_index,
        .avail_wrap = place->avail_wrap,
        .used_wrap = place->used_wrap,
    };
    vvs_queue_reset(&queue->queue);
    queue->popped_count = 0;
    queue->has_returned = false;
    return place->positioned ? vvs_queue_set_state(&queue->queue, &state) : VVS_OK;
}

/* Storage that a queue has not written yet looks different in each of the two runs that an oracle
 * compares, and never as a run before left it: an answer that reads it shows. */
#define FRESH_ENTRIES 64u

static void spoil_storage(struct run *run, struct run_queue *queue)
{
    const int pattern = run->hooks != NULL ? 0x5a : 0xa5;
    memset(queue->elements, pattern, FRESH_ENTRIES * sizeof queue->elements[0]);
    memset(queue->slots, pattern, FRESH_ENTRIES * sizeof queue->slots[0]);
    memset(run->serve_slices, pattern, FRESH_ENTRIES * sizeof run->serve_slices[0]);
}

static enum vvs_status set_up(struct run *run, struct run_queue *queue,
                              const struct guest_queue *place)
{
    struct output output;
    const struct vvs_queue_config config = {
        .features = place->features,
        .desc_addr = place->desc,
        .driver_addr = place->driver,
        .device_addr = place->device,
        .size = place->size,
        .max_chain = place->max_chain,
        .slots = queue->slots,
        .slot_count = RUN_QUEUE_MAX,
        .elements = queue->elements,
        .element_count = RUN_QUEUE_MAX,
    };
    spoil_storage(run, queue);
    output_keep(&output, &queue->queue, sizeof queue->queue);
    enum vvs_status status = vvs_queue_init(&queue->queue, guest_memory(&run->guest), &config);
    output_check(run, &output, "vvs_queue_init", status != VVS_OK);
    if (status == VVS_OK) {
        status = start_queue(queue, place);
    }
    return status == VVS_OK ? vvs_queue_get_state(&queue->queue, &queue->saved) : status;
}

static void set_up_all(void *context, struct run *run, enum vvs_status table)
{
    (void)context;
    for (uint32_t i = 0; i < run->guest.queue_count; i++) {
        uint32_t role = run->guest.queue_order[i];
        struct run_queue *queue = &run->queues[role];
        queue->setup = table != VVS_OK ? table : set_up(run, queue, &run->guest.queues[role]);
    }
}

static enum vvs_status restart(void *context, struct run *run, uint32_t role)
{
    (void)context;
    return start_queue(&run->queues[role], &run->guest.queues[role]);
}

static bool start(struct run *run)
{
    const struct scn_scenario *scenario = run->scenario;
    enum vvs_status status;
    run->answer_count = 0;
    run->chain_count = run->chain_total = 0;
    run->used_count = 0;
    run->read_left = RUN_MAX_READ;
    run->loads_left = RUN_MAX_LOADS;
    run->send_count = run->send_next = 0;
    run->event_count = run->event_next = 0;
    run->payload_used = 0;
    run->spoiled = NULL;
    run->unmappable = !guest_materialise(&run->guest, &status, scenario);
    if (run->unmappable) {
        return false;
    }
    for (uint32_t i = 0; i < scenario->race_count; i++) {
        run->races[i] = (struct run_race){&scenario->races[i], 0};
    }
    run_races_left = scenario->race_count;
    driver_start(&run->driver, &run->guest, scenario);
    run->device->set_up(run->device->context, run, status);
    return true;
}

static bool is_up(const struct run *run, uint32_t role)
{
    return run->guest.queues[role].present && run->queues[role].setup == VVS_OK;
}

/* Binds all queues to the guest's table; false at the first that can't be. */
static enum vvs_status bind_all(struct run *run)
{
    for (uint32_t role = 0; role < GUEST_ROLES; role++) {
        if (is_up(run, role)) {
            struct output output;
            struct vvs_queue *queue = &run->queues[role].queue;
            output_keep(&output, queue, sizeof *queue);
            enum vvs_status status = vvs_queue_rebind(queue, guest_memory(&run->guest));
            output_check(run, &output, "vvs_queue_rebind", status != VVS_OK);
            if (status != VVS_OK) {
                return status;
            }
        }
    }
    return VVS_OK;
}

/* Gives all queues another table, or none of them. */
static enum vvs_status set_memory(void *context, struct run *run, uint32_t active)
{
    (void)context;
    uint32_t old_active = run->guest.active;
    enum vvs_status status = guest_activate(&run->guest, active);
    if (status != VVS_OK) {
        return status;
    }
    status = bind_all(run);
    if (status != VVS_OK) {
        guest_deactivate(&run->guest, old_active);
        (void)bind_all(run); /* the table they came from holds every ring still */
        return status;
    }
    for (uint32_t role = 0; role < GUEST_ROLES; role++) {
        struct run_queue *queue = &run->queues[role];
        for (uint32_t i = 0; is_up(run, role) && i < queue->popped_count; i++) {
            queue->popped[queue->popped_order[i]].stale = true;
        }
    }
    return VVS_OK;
}

/* Begins the answer of the current step. */
static struct run_answer *begin_answer(struct run *run)
{
    struct run_answer *answer = &run->answers[run->answer_count++];
    *answer = (struct run_answer){
        .step = run->current_step,
        .first_chain = run->chain_count,
        .first_used = run->used_count,
    };
    return answer;
}

/* Begins the answer of a step on one queue. `out_ready` says whether the step can be executed. */
static struct run_answer *begin_queue_answer(struct run *run, const struct scn_record *step,
                                             bool *out_ready)
{
    struct run_answer *answer = begin_answer(run);
    answer->role = (uint8_t)scn_role_of(run->scenario, step);
    answer->has_role = true;
    answer->none = !run->guest.queues[answer->role].present;
    answer->status = answer->none ? VVS_OK : run->queues[answer->role].setup;
    *out_ready = is_up(run, answer->role);
    return answer;
}

/* Executes the current step.
 * Returns its answer, or NULL for a step that has none. */
static const struct run_answer *execute(struct run *run, const struct scn_record *step)
{
    const struct run_device *device = run->device;
    struct run_answer *answer = NULL;
    bool ready = false;
    switch (step->tag) {
    case SCN_TAG_ADD_CHAIN:
        driver_add_chain(&run->driver, run->current_step);
        break;
    case SCN_TAG_SET_WORD:
        driver_set_word(&run->driver, step);
        break;
    case SCN_TAG_WRITE:
        guest_write_record(&run->guest, run->scenario, step);
        break;
    case SCN_TAG_SEND:
        run->sends[run->send_count++] = step;
        break;
    case SCN_TAG_SEND_EVENT:
        run->events[run->event_count++] = (uint32_t)scn_get(step, SCN_SEND_EVENT_F_EVENT, 0);
        break;
    case SCN_TAG_SET_MEMORY:
        answer = begin_answer(run);
        answer->status = device->set_memory(
            device->context, run, (uint32_t)scn_get(step, SCN_SET_MEMORY_F_ACTIVE, UINT8_MAX));
        break;
    case SCN_TAG_RESTART:
        driver_restart(&run->driver, step);
        answer = begin_queue_answer(run, step, &ready);
        if (ready) {
            answer->status = device->restart(device->context, run, answer->role);
        }
        break;
    default:
        answer = begin_queue_answer(run, step, &ready);
        if (ready) {
            device->step(device->context, run, answer, step);
        }
        break;
    }
    return answer;
}

static const struct run_device library = {
    .status_name = vvs_status_name,
    .set_up = set_up_all,
    .set_memory = set_memory,
    .restart = restart,
    .step = run_device_step,
};

void run_scenario(struct run *run, const struct scn_scenario *scenario,
                  const struct run_hooks *hooks)
{
    run_scenario_on(run, scenario, hooks, &library);
}

void run_scenario_on(struct run *run, const struct scn_scenario *scenario,
                     const struct run_hooks *hooks, const struct run_device *device)
{
    run->scenario = scenario;
    run->hooks = hooks;
    run->device = device;
    if (!start(run)) {
        return;
    }
    run_current = run;
    if (hooks != NULL && hooks->start != NULL) {
        hooks->start(hooks->context, run);
    }
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        run->current_step = i;
        if (hooks != NULL && hooks->before_step != NULL) {
            hooks->before_step(hooks->context, run, i);
        }
        const struct run_answer *answer = execute(run, &scenario->steps[i]);
        if (hooks != NULL && hooks->after_step != NULL) {
            hooks->after_step(hooks->context, run, i, answer);
        }
    }
    if (device->end != NULL) {
        device->end(device->context, run);
    }
    run_current = NULL;
    run_races_left = 0;
}

/* Items that there is one of in a queue: a race's index means nothing. */
static bool is_single(enum vvs_item item)
{
    return item == VVS_ITEM_AVAIL_IDX || item == VVS_ITEM_AVAIL_FLAGS ||
           item == VVS_ITEM_USED_EVENT || item == VVS_ITEM_EVENT_FLAGS ||
           item == VVS_ITEM_EVENT_OFFSET;
}

/* Where in the access the race's item lies, or a negative number. */
static int64_t race_at(const struct vvs_access *access, uint32_t index)
{
    if (is_single(access->item)) {
        return 0;
    }
    if (access->item == VVS_ITEM_HEADER || access->item == VVS_ITEM_PAYLOAD) {
        int64_t at = (int64_t)index - access->index;
        return at < access->len ? at : -1;
    }
    return access->index == index ? 0 : -1;
}

static void race_write(struct run *run, const struct scn_record *record, const uint8_t *host)
{
    uint64_t addr;
    int region = guest_find_host(&run->guest, &addr, host);
    if (region < 0) {
        return;
    }
    const struct guest_region *place = &run->guest.regions[region];
    uint64_t at = addr - place->addr + scn_get(record, SCN_RACE_F_OFFSET, 0);
    if (at >= place->len) {
        return;
    }
    uint64_t room = place->len - at;
    size_t len = record->bytes_len < room ? record->bytes_len : (size_t)room;
    memcpy(place->host + at, run->scenario->blob + record->bytes_at, len);
    guest_touch(&run->guest, place->host + at, len);
}

/* Where in the access the race's item lies, or a negative number where it is about another one. */
static int64_t race_meets(const struct run_race *race, const struct vvs_access *access)
{
    const struct scn_record *record = race->record;
    return scn_get(record, SCN_RACE_F_ITEM, VVS_ITEM_DESC) == access->item
               ? race_at(access, (uint32_t)scn_get(record, SCN_RACE_F_INDEX, 0))
               : -1;
}

static bool is_its_turn(const struct run_race *race)
{
    return race->seen == scn_get(race->record, SCN_RACE_F_AFTER, 0);
}

bool run_race_due(const struct vvs_access *access)
{
    const struct run *run = run_current;
    bool due = false;
    for (uint32_t i = 0; run != NULL && i < run->scenario->race_count; i++) {
        const struct run_race *race = &run->races[i];
        due = due || (is_its_turn(race) && race_meets(race, access) >= 0);
    }
    return due;
}

void run_race_apply(const struct vvs_access *access)
{
    struct run *run = run_current;
    if (run == NULL) {
        return;
    }
    for (uint32_t i = 0; i < run->scenario->race_count; i++) {
        struct run_race *race = &run->races[i];
        int64_t at = race_meets(race, access);
        if (at < 0) {
            continue;
        }
        bool now = is_its_turn(race);
        race->seen++;
        if (now) {
            run_races_left--;
            if (scn_has(race->record, SCN_RACE_F_BYTES)) {
                race_write(run, race->record, (const uint8_t *)access->host + at);
            }
        }
    }
}
