/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "run_iut.h"

#include <stdlib.h>
#include <string.h>

#include "run_private.h"

_Static_assert((int)VVS_IUT_OK == (int)VVS_OK && (int)VVS_IUT_EMPTY == (int)VVS_EMPTY,
               "what is no fault has the same number");

#define POSITION_FIELDS 0xfu /* all of a position's, as `given` */

static const char *status_name(enum vvs_status status)
{
    return iut_status_name((uint32_t)status);
}

/* The regions of a set, as the device has them. */
static uint32_t copy_regions(struct vvs_iut_region *out_regions, const struct guest *guest,
                             uint64_t active)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < guest->region_count; i++) {
        const struct guest_region *region = &guest->regions[i];
        if ((active >> i & 1u) != 0) {
            out_regions[count++] = (struct vvs_iut_region){
                .addr = region->addr,
                .len = region->len,
                .host = region->host,
                .permission = region->permission,
            };
        }
    }
    return count;
}

static struct vvs_iut_position position_of(const struct guest_queue *queue)
{
    return (struct vvs_iut_position){
        .avail_index = queue->avail_index,
        .used_index = queue->used_index,
        .avail_wrap = queue->avail_wrap,
        .used_wrap = queue->used_wrap,
        .given = queue->positioned ? POSITION_FIELDS : 0,
    };
}

/* The implementation loaded an item: here the racing guest has its turn. */
static void loaded(void *context, uint32_t item, uint32_t index, const void *host, uint32_t len)
{
    const struct vvs_access access = {
        .queue = context,
        .host = host,
        .len = len,
        .index = index,
        .item = (enum vvs_item)item,
        .kind = VVS_ACCESS_LOAD,
    };
    run_race_loaded(&access);
}

static void fill_image(struct run_iut *iut, const struct run *run)
{
    const struct guest *guest = &run->guest;
    uint64_t active = scn_get(&run->scenario->image, SCN_IMAGE_F_ACTIVE, UINT8_MAX);
    for (uint32_t i = 0; i < guest->queue_count; i++) {
        const struct guest_queue *queue = &guest->queues[guest->queue_order[i]];
        iut->queues[i] = (struct vvs_iut_queue){
            .desc = queue->desc,
            .driver = queue->driver,
            .device = queue->device,
            .role = queue->role,
            .size = queue->size,
            .max_chain = queue->max_chain,
            .start = position_of(queue),
        };
    }
    iut->image = (struct vvs_iut_image){
        .features = guest->features,
        .regions = iut->regions[0],
        .queues = iut->queues,
        .region_count = copy_regions(iut->regions[0], guest, active),
        .queue_count = guest->queue_count,
        .max_payload = guest->max_payload,
        .loaded = loaded,
    };
}

static void set_up(void *context, struct run *run, enum vvs_status table)
{
    struct run_iut *iut = context;
    uint32_t setup[VVS_IUT_ROLES] = {0};
    (void)table; /* whether the regions will do is the implementation's own to say */
    fill_image(iut, run);
    iut->made = iut->iut->open(&iut->image, setup);
    iut->unsupported = iut->made == NULL;
    for (uint32_t i = 0; i < run->guest.queue_count; i++) {
        uint32_t role = run->guest.queue_order[i];
        run->queues[role].setup =
            (enum vvs_status)(iut->unsupported ? (uint32_t)VVS_IUT_UNSUPPORTED : setup[role]);
    }
}

static struct vvs_iut_answer ask(struct run_iut *iut, struct run *run,
                                 const struct vvs_iut_step *step)
{
    struct vvs_iut_answer answer = {
        .status = VVS_IUT_CRASHED,
        .chain_capacity = RUN_MAX_CHAINS,
        .chains = iut->chains,
        .payload = run->payload_store + run->payload_used,
        .payload_capacity = run->payload_capacity - run->payload_used,
    };
    if (!iut->crashed && !iut->unsupported) {
        answer.status = VVS_IUT_OK;
        iut->iut->step(iut->made, step, &answer);
        iut->crashed = answer.status == VVS_IUT_CRASHED;
    }
    return answer;
}

static enum vvs_status set_memory(void *context, struct run *run, uint32_t active)
{
    struct run_iut *iut = context;
    struct vvs_iut_region *regions = iut->regions[1 + run->current_step];
    const struct vvs_iut_step step = {
        .kind = VVS_IUT_DO_MEMORY,
        .regions = regions,
        .region_count = copy_regions(regions, &run->guest, active),
    };
    enum vvs_status status = (enum vvs_status)ask(iut, run, &step).status;
    if (status == VVS_OK) {
        (void)guest_activate(&run->guest, active); /* for the driver: which regions it writes to */
    }
    return status;
}

static enum vvs_status restart(void *context, struct run *run, uint32_t role)
{
    const struct vvs_iut_step step = {
        .kind = VVS_IUT_DO_RESTART,
        .role = role,
        .position = position_of(&run->guest.queues[role]),
    };
    return (enum vvs_status)ask(context, run, &step).status;
}

/* Packet number `number` of those that wait, its payload with it. */
static const struct vvs_iut_send *waiting(struct run_iut *iut, const struct run *run,
                                          uint32_t number)
{
    struct vvs_iut_send *send = &iut->said[number];
    if (iut->payloads[number] == NULL) {
        const struct scn_record *record = run->sends[number];
        iut_send_init(send, run->scenario, record);
        iut->payloads[number] = malloc(send->payload_len + 1u);
        if (iut->payloads[number] == NULL) {
            abort();
        }
        iut_send_payload(send, iut->payloads[number], run->scenario, record);
        send->payload = iut->payloads[number];
    }
    return send;
}

/* What `count` chains can take: what waits, then the default. */
static void offer(struct run_iut *iut, const struct run *run, struct vvs_iut_step *step,
                  uint32_t count)
{
    if (step->role == VVS_QUEUE_RX) {
        for (uint32_t i = 0; i < count; i++) {
            uint32_t number = run->send_next + i;
            iut->sends[i] = number < run->send_count ? *waiting(iut, run, number) : iut->unsaid;
        }
        step->sends = iut->sends;
        step->send_count = count;
    } else if (step->role == VVS_QUEUE_EVENT) {
        for (uint32_t i = 0; i < count; i++) {
            uint32_t number = run->event_next + i;
            iut->events[i] =
                number < run->event_count ? run->events[number] : VVS_EVENT_TRANSPORT_RESET;
        }
        step->events = iut->events;
        step->event_count = count;
    }
}

static struct vvs_iut_position restore_position(const struct scn_record *step)
{
    return (struct vvs_iut_position){
        .avail_index = (uint16_t)scn_get(step, SCN_RESTORE_F_AVAIL_INDEX, 0),
        .used_index = (uint16_t)scn_get(step, SCN_RESTORE_F_USED_INDEX, 0),
        .avail_wrap = (uint8_t)scn_get(step, SCN_RESTORE_F_AVAIL_WRAP, 0),
        .used_wrap = (uint8_t)scn_get(step, SCN_RESTORE_F_USED_WRAP, 0),
        .given = (uint8_t)(step->present >> SCN_RESTORE_F_AVAIL_INDEX & POSITION_FIELDS),
    };
}

static uint32_t kind_of(uint8_t tag)
{
    switch (tag) {
    case SCN_TAG_SERVE:
        return VVS_IUT_DO_SERVE;
    case SCN_TAG_POP:
        return VVS_IUT_DO_POP;
    case SCN_TAG_PUBLISH:
        return VVS_IUT_DO_PUBLISH;
    case SCN_TAG_FLUSH:
        return VVS_IUT_DO_FLUSH;
    case SCN_TAG_UNDO:
        return VVS_IUT_DO_UNDO;
    case SCN_TAG_ABORT:
        return VVS_IUT_DO_ABORT;
    case SCN_TAG_ARM:
        return VVS_IUT_DO_ARM;
    case SCN_TAG_DISARM:
        return VVS_IUT_DO_DISARM;
    case SCN_TAG_SAVE:
        return VVS_IUT_DO_SAVE;
    case SCN_TAG_RESTORE:
        return VVS_IUT_DO_RESTORE;
    default:
        return VVS_IUT_DO_NOTIFY;
    }
}

/* The step as the implementation gets it; false when the bounds of a run forbid it. */
static bool make_step(struct run_iut *iut, struct run *run, struct vvs_iut_step *out_step,
                      const struct scn_record *step, uint32_t role)
{
    uint32_t room = run->loads_left / run_pop_cost(run, role);
    *out_step = (struct vvs_iut_step){.kind = kind_of(step->tag), .role = role};
    switch (step->tag) {
    case SCN_TAG_SERVE:
        out_step->max = (uint32_t)scn_get(step, SCN_SERVE_F_MAX, 1);
        if (out_step->max > room) {
            out_step->max = room;
        }
        offer(iut, run, out_step, out_step->max);
        return room != 0;
    case SCN_TAG_POP:
        return room != 0;
    case SCN_TAG_PUBLISH:
        out_step->which = (uint32_t)scn_get(step, SCN_PUBLISH_F_WHICH, 0);
        out_step->stage = (uint8_t)scn_get(step, SCN_PUBLISH_F_STAGE, 0);
        out_step->quiet = (uint8_t)scn_get(step, SCN_PUBLISH_F_QUIET, 0);
        out_step->again = (uint8_t)scn_get(step, SCN_PUBLISH_F_AGAIN, 0);
        offer(iut, run, out_step, 1);
        return true;
    case SCN_TAG_FLUSH:
        out_step->quiet = (uint8_t)scn_get(step, SCN_FLUSH_F_QUIET, 0);
        return true;
    case SCN_TAG_UNDO:
        out_step->which = (uint32_t)scn_get(step, SCN_UNDO_F_WHICH, VVS_IUT_NEWEST);
        return true;
    case SCN_TAG_ABORT:
        out_step->which = (uint32_t)scn_get(step, SCN_ABORT_F_WHICH, 0);
        return true;
    case SCN_TAG_RESTORE:
        out_step->position = restore_position(step);
        return true;
    default:
        return true;
    }
}

/* Takes a chain over into the answers. What is outside the store was never there. */
static void keep_chain(struct run_iut *iut, struct run *run, const struct vvs_iut_chain *said,
                       uint32_t role, bool popped)
{
    static const enum run_kind kinds[] = {
        [VVS_IUT_PACKET] = RUN_PACKET,
        [VVS_IUT_REJECT] = RUN_REJECT,
        [VVS_IUT_EVENT_SENT] = RUN_EVENT,
    };
    enum run_kind kind = said->kind <= VVS_IUT_EVENT_SENT ? kinds[said->kind] : RUN_REJECT;
    uint32_t number = run->chain_count;
    struct run_chain *chain = run_add_chain(run, role, kind);
    bool filled = !(popped && role != VVS_QUEUE_TX);
    chain->id = (uint16_t)said->id;
    chain->has_id = true;
    chain->used_len = said->used_len;
    if (kind == RUN_REJECT && number < RUN_MAX_CHAINS) {
        memcpy(iut->reasons[number], said->reason, sizeof said->reason);
        iut->reasons[number][sizeof said->reason - 1] = '\0';
        chain->reason = iut->reasons[number];
    }
    if (kind == RUN_PACKET) {
        chain->has_header = filled;
        chain->capacity = role == VVS_QUEUE_TX ? said->payload_len : said->capacity;
        memcpy(chain->header, said->header, sizeof chain->header);
    }
    if (kind == RUN_EVENT) {
        chain->has_event = filled;
        chain->event = said->event;
    }
    size_t at = (uintptr_t)said->payload - (uintptr_t)run->payload_store;
    if (said->payload != NULL && at <= run->payload_capacity &&
        said->payload_len <= run->payload_capacity - at) {
        chain->payload_len = said->payload_len;
        chain->payload_at = (uint32_t)at;
        chain->payload_hash = run_fold_bytes(RUN_FOLD_START, said->payload, said->payload_len);
    }
}

static uint32_t taken(uint32_t count, uint32_t next, uint32_t end)
{
    return next + (count < end - next ? count : end - next);
}

static void keep_answer(struct run_iut *iut, struct run *run, struct run_answer *answer,
                        const struct vvs_iut_answer *said, const struct vvs_iut_step *step)
{
    uint32_t count = said->chain_count < RUN_MAX_CHAINS ? said->chain_count : RUN_MAX_CHAINS;
    answer->first_chain = run->chain_count;
    for (uint32_t i = 0; i < count; i++) {
        keep_chain(iut, run, &iut->chains[i], answer->role, step->kind == VVS_IUT_DO_POP);
    }
    run->chain_total += said->chain_count - count;
    answer->chain_count = run->chain_count - answer->first_chain;
    answer->published_count = step->kind == VVS_IUT_DO_SERVE ? count : 0;
    answer->none = said->status == VVS_IUT_NONE;
    answer->status = (enum vvs_status)said->status;
    answer->decided = said->decided != 0;
    answer->notify = said->notify != 0;
    answer->armed = step->kind == VVS_IUT_DO_ARM && said->status == VVS_IUT_OK;
    answer->more = said->more != 0;
    run->send_next = taken(said->sends_taken, run->send_next, run->send_count);
    run->event_next = taken(said->events_taken, run->event_next, run->event_count);
    if (said->payload_used <= said->payload_capacity) {
        run->payload_used += (uint32_t)said->payload_used;
    }
}

/* As many as there may have been: one of a serve may have found nothing. */
static uint32_t pops_of(const struct vvs_iut_step *step, const struct vvs_iut_answer *said)
{
    if (step->kind == VVS_IUT_DO_SERVE) {
        return said->chain_count < step->max ? said->chain_count + 1 : step->max;
    }
    return step->kind == VVS_IUT_DO_POP ? 1 : 0;
}

static void device_step(void *context, struct run *run, struct run_answer *answer,
                        const struct scn_record *record)
{
    struct run_iut *iut = context;
    struct vvs_iut_step step;
    if (!make_step(iut, run, &step, record, answer->role)) {
        answer->none = true;
        return;
    }
    uint16_t used_before = run_used_before(run, answer->role);
    const struct vvs_iut_answer said = ask(iut, run, &step);
    keep_answer(iut, run, answer, &said, &step);
    run_collect(run, answer, used_before);
    run->loads_left -= pops_of(&step, &said) * run_pop_cost(run, answer->role);
}

static void end(void *context, struct run *run)
{
    struct run_iut *iut = context;
    if (iut->made != NULL && !iut->crashed) {
        iut->iut->close(iut->made);
    }
    iut->made = NULL;
    for (uint32_t i = 0; i < SCN_MAX_STEPS; i++) {
        free(iut->payloads[i]);
        iut->payloads[i] = NULL;
    }
    run->guest.touched_lost = true; /* what the implementation wrote, nobody noted */
}

void run_iut_init(struct run_iut *out_iut, const struct vvs_iut *iut)
{
    memset(out_iut, 0, sizeof *out_iut);
    out_iut->iut = iut;
    out_iut->device = (struct run_device){
        .context = out_iut,
        .status_name = status_name,
        .set_up = set_up,
        .set_memory = set_memory,
        .restart = restart,
        .step = device_step,
        .end = end,
    };
}

uint32_t run_iut_scenario(struct run_iut *iut, struct run *run, const struct scn_scenario *scenario,
                          const struct run_hooks *hooks)
{
    uint32_t missing = iut_needs(scenario) & ~iut->iut->supports;
    iut->unsupported = iut->crashed = false;
    if (missing != 0) {
        return missing;
    }
    iut_send_init(&iut->unsaid, scenario, NULL);
    iut_send_payload(&iut->unsaid, iut->unsaid_payload, scenario, NULL);
    iut->unsaid.payload = iut->unsaid_payload;
    run_scenario_on(run, scenario, hooks, &iut->device);
    return 0;
}
