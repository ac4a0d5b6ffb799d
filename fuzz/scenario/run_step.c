/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The device steps of a scenario, on a queue that is set up. */
#include <string.h>

#include "run_outputs.h"
#include "run_private.h"

/* What a device step works on. */
struct device {
    struct run *run;
    struct run_queue *queue;
    const struct scn_record *step;
    struct run_answer *answer;
    uint32_t role;
};

static void decide(struct device *device)
{
    struct run_answer *answer = device->answer;
    enum vvs_status status = vvs_queue_needs_notify(&device->queue->queue, &answer->notify);
    answer->decided = status == VVS_OK;
    if (answer->status == VVS_OK) {
        answer->status = status;
    }
}

uint32_t run_pop_cost(const struct run *run, uint32_t role)
{
    const struct guest_queue *queue = &run->guest.queues[role];
    return 1 + queue->size + (queue->max_chain != 0 ? queue->max_chain : queue->size);
}

static uint32_t pop_cost(const struct device *device)
{
    return run_pop_cost(device->run, device->role);
}

static enum vvs_verdict serve_packet(void *context, struct vvs_packet *packet)
{
    struct device *device = context;
    struct run_chain *chain = device->role == VVS_QUEUE_TX ? run_received(device->run, packet)
                                                           : run_fill(device->run, packet);
    return chain->status == VVS_OK ? VVS_VERDICT_PUBLISH : VVS_VERDICT_REFUSE;
}

static enum vvs_verdict serve_event(void *context, uint32_t *out_id)
{
    struct device *device = context;
    *out_id = run_sent_event(device->run)->event;
    return VVS_VERDICT_PUBLISH;
}

static void serve_refused(void *context, enum vvs_status status, const struct vvs_packet *packet)
{
    const struct device *device = context;
    run_add_reject(device->run, device->role, status, packet);
}

/* serve does not tell its handler which chain it has: the used entries do, one a chain in order. */
static void serve_identify(struct device *device)
{
    struct run *run = device->run;
    const struct run_answer *answer = device->answer;
    uint32_t count = run->chain_count - answer->first_chain;
    for (uint32_t i = 0; i < count && count == answer->used_count; i++) {
        struct run_chain *chain = &run->chains[answer->first_chain + i];
        chain->id = (uint16_t)run->used[answer->first_used + i].id;
        chain->used_len = run->used[answer->first_used + i].len;
        chain->has_id = true;
    }
}

static void serve(struct device *device)
{
    struct run *run = device->run;
    struct run_answer *answer = device->answer;
    struct vvs_queue *queue = &device->queue->queue;
    struct vvs_served served;
    const struct vvs_server server = {
        .slices = run->serve_slices,
        .slice_count = RUN_SLICES,
        .max_payload_len = run->guest.max_payload,
        .packet = serve_packet,
        .event = serve_event,
        .refused = serve_refused,
        .context = device,
    };
    uint32_t max = (uint32_t)scn_get(device->step, SCN_SERVE_F_MAX, 1);
    uint32_t room = run->loads_left / pop_cost(device);
    max = max < room ? max : room;
    switch (device->role) {
    case VVS_QUEUE_RX:
        answer->status = vvs_serve_rx(queue, &served, &server, max);
        break;
    case VVS_QUEUE_TX:
        answer->status = vvs_serve_tx(queue, &served, &server, max);
        break;
    default:
        answer->status = vvs_serve_event(queue, &served, &server, max);
        break;
    }
    if (answer->status != VVS_OK && run->chain_count > answer->first_chain &&
        run->chain_count == run->chain_total) {
        struct run_chain *chain = &run->chains[run->chain_count - 1];
        chain->kind = RUN_REJECT;
        chain->status = answer->status;
        chain->has_header = false;
    }
    uint32_t popped = served.published_count < max ? served.published_count + 1 : max;
    run->loads_left -= popped * pop_cost(device);
    answer->none = max == 0 && room == 0;
    answer->status = answer->status != VVS_OK ? answer->status : served.stopped;
    answer->decided = true;
    answer->notify = served.notify;
    answer->published_count = served.published_count;
    answer->refused_count = served.refused_count;
}

static struct run_popped *popped_at(struct run_queue *queue, uint32_t which)
{
    return &queue->popped[queue->popped_order[which]];
}

/* Event chains: 4 bytes lie in the first 4 elements, which the next pop would overwrite. */
static void keep_event_chain(struct run_popped *popped, const struct vvs_chain *chain)
{
    uint32_t count = chain->element_count < 4 ? chain->element_count : 4;
    popped->chain = *chain;
    memcpy(popped->elements, chain->elements, count * sizeof *chain->elements);
    popped->chain.elements = popped->elements;
    popped->chain.element_count = count;
}

static struct run_chain *parse(struct device *device, struct run_popped *popped,
                               const struct vvs_chain *chain)
{
    struct run *run = device->run;
    uint32_t max_payload = run->guest.max_payload;
    struct vvs_packet *packet = &popped->packet;
    if (device->role == VVS_QUEUE_EVENT) {
        keep_event_chain(popped, chain);
        return run_add_chain(run, device->role, RUN_EVENT);
    }
    struct output output;
    output_keep(&output, packet, sizeof *packet);
    popped->status =
        device->role == VVS_QUEUE_TX
            ? vvs_packet_from_tx(packet, NULL, chain, popped->slices, RUN_SLICES, max_payload)
            : vvs_packet_from_rx(packet, NULL, chain, popped->slices, RUN_SLICES, max_payload);
    output_check(run, &output, "vvs_packet_from_tx or _rx",
                 popped->status != VVS_OK && popped->status != VVS_E_PAYLOAD_LIMIT);
    if (popped->status != VVS_OK) {
        return run_add_reject(run, device->role, popped->status,
                              popped->status == VVS_E_PAYLOAD_LIMIT ? packet : NULL);
    }
    popped->has_packet = true;
    if (device->role == VVS_QUEUE_TX) {
        return run_received(run, packet);
    }
    struct run_chain *answer = run_add_chain(run, device->role, RUN_PACKET);
    answer->capacity = vvs_packet_capacity(packet);
    return answer;
}

static void pop(struct device *device)
{
    struct run *run = device->run;
    struct run_queue *queue = device->queue;
    struct run_answer *answer = device->answer;
    struct vvs_chain chain;
    if (queue->popped_count == RUN_MAX_POPPED || run->loads_left < pop_cost(device)) {
        answer->none = true;
        return;
    }
    run->loads_left -= pop_cost(device);
    struct run_popped *popped = popped_at(queue, queue->popped_count);
    struct output told;
    struct output token;
    memset(&chain, 0, sizeof chain);
    output_keep(&told, &chain, sizeof chain);
    output_keep(&token, &popped->token, sizeof popped->token);
    popped->status = vvs_queue_pop(&queue->queue, &popped->token, &chain);
    bool refused = vvs_status_reaction(popped->status) == VVS_REACT_RETURN;
    output_check(run, &told, "vvs_queue_pop", popped->status != VVS_OK);
    output_check(run, &token, "vvs_queue_pop", popped->status != VVS_OK && !refused);
    if (popped->status != VVS_OK && !refused) {
        answer->status = popped->status;
        return;
    }
    queue->popped_count++;
    popped->has_packet = popped->filled = popped->stale = false;
    popped->used_len = 0;
    if (run->hooks != NULL && run->hooks->popped != NULL) {
        run->hooks->popped(run->hooks->context, run, device->role, &popped->token, popped->status,
                           refused ? NULL : &chain);
    }
    struct run_chain *kept = refused ? run_add_reject(run, device->role, popped->status, NULL)
                                     : parse(device, popped, &chain);
    kept->id = popped->token.id;
    kept->has_id = true;
}

/* The popped chain that a step names; NULL and answer `none` when nothing is popped. */
static struct run_popped *chosen(struct device *device, uint32_t *out_which, uint32_t field,
                                 uint32_t absent)
{
    uint32_t count = device->queue->popped_count;
    if (count == 0) {
        device->answer->none = true;
        return NULL;
    }
    *out_which = (uint32_t)scn_get(device->step, field, absent) % count;
    return popped_at(device->queue, *out_which);
}

static void forget_popped(struct run_queue *queue, uint32_t which)
{
    uint8_t number = queue->popped_order[which];
    queue->popped_count--;
    memmove(&queue->popped_order[which], &queue->popped_order[which + 1],
            queue->popped_count - which);
    queue->popped_order[queue->popped_count] = number;
}

static enum vvs_status fill_packet(struct device *device, struct run_popped *popped,
                                   struct run_chain **out_chain)
{
    struct run_chain *chain = run_fill(device->run, &popped->packet);
    struct output output;
    output_keep(&output, &popped->used_len, sizeof popped->used_len);
    enum vvs_status status = vvs_packet_commit(&popped->packet, &popped->used_len);
    output_check(device->run, &output, "vvs_packet_commit", status != VVS_OK);
    if (status != VVS_OK) {
        chain->kind = RUN_REJECT;
        chain->status = status;
        chain->has_header = false;
        (void)vvs_packet_abort(&popped->packet);
    }
    *out_chain = chain;
    return status;
}

/* A buffer that takes no event costs none: it stays pending. */
static enum vvs_status fill_event(struct device *device, struct run_popped *popped,
                                  struct run_chain **out_chain)
{
    uint32_t event = run_pending_event(device->run);
    struct output output;
    output_keep(&output, &popped->used_len, sizeof popped->used_len);
    enum vvs_status status = vvs_event_commit(&popped->used_len, &popped->chain, event);
    output_check(device->run, &output, "vvs_event_commit", status != VVS_OK);
    *out_chain = status == VVS_OK ? run_sent_event(device->run)
                                  : run_add_reject(device->run, device->role, status, NULL);
    return status;
}

/* rx and event: writes what is sent into the chain, once; what is refused is published with 0. */
static enum vvs_status fill(struct device *device, struct run_popped *popped)
{
    struct run_chain *chain;
    enum vvs_status status;
    if (popped->filled || popped->status != VVS_OK || popped->stale ||
        device->role == VVS_QUEUE_TX) {
        return VVS_OK;
    }
    popped->filled = true;
    status = device->role == VVS_QUEUE_RX ? fill_packet(device, popped, &chain)
                                          : fill_event(device, popped, &chain);
    chain->id = popped->token.id;
    chain->has_id = true;
    chain->used_len = popped->used_len;
    return vvs_status_reaction(status) == VVS_REACT_CALLER_BUG ? status : VVS_OK;
}

/* Returns chain number `which` to the driver. */
static void give_back(struct device *device, struct run_popped *popped, uint32_t which,
                      uint32_t used_len, bool stage)
{
    struct run *run = device->run;
    struct run_queue *queue = device->queue;
    enum vvs_status status = stage ? vvs_queue_stage(&queue->queue, &popped->token, used_len)
                                   : vvs_queue_publish(&queue->queue, &popped->token, used_len);
    if (status != VVS_OK) {
        device->answer->status = status;
        return;
    }
    queue->last_returned = popped->token;
    queue->has_returned = true;
    forget_popped(queue, which);
    if (run->hooks != NULL && run->hooks->returned != NULL) {
        run->hooks->returned(run->hooks->context, run, device->role, &queue->last_returned,
                             used_len, stage);
    }
}

static void publish(struct device *device)
{
    struct run_queue *queue = device->queue;
    struct run_answer *answer = device->answer;
    uint32_t which = 0;
    bool stage = scn_get(device->step, SCN_PUBLISH_F_STAGE, 0) != 0;
    if (scn_get(device->step, SCN_PUBLISH_F_AGAIN, 0) != 0) {
        answer->none = !queue->has_returned;
        if (queue->has_returned) {
            answer->status = stage ? vvs_queue_stage(&queue->queue, &queue->last_returned, 0)
                                   : vvs_queue_publish(&queue->queue, &queue->last_returned, 0);
        }
        return;
    }
    struct run_popped *popped = chosen(device, &which, SCN_PUBLISH_F_WHICH, 0);
    if (popped == NULL) {
        return;
    }
    enum vvs_status filled = fill(device, popped);
    give_back(device, popped, which, popped->used_len, stage);
    if (answer->status == VVS_OK) {
        answer->status = filled;
    }
    if (!stage && scn_get(device->step, SCN_PUBLISH_F_QUIET, 0) == 0) {
        decide(device);
    }
}

static void abort_chain(struct device *device)
{
    uint32_t which = 0;
    struct run_popped *popped = chosen(device, &which, SCN_ABORT_F_WHICH, 0);
    if (popped == NULL) {
        return;
    }
    if (popped->has_packet) {
        (void)vvs_packet_abort(&popped->packet); /* VVS_E_DONE when a publish failed before */
    }
    give_back(device, popped, which, 0, false);
    decide(device);
}

static void undo(struct device *device)
{
    uint32_t which = 0;
    const struct run_popped *popped =
        chosen(device, &which, SCN_UNDO_F_WHICH, device->queue->popped_count - 1);
    if (popped == NULL) {
        return;
    }
    struct run_queue *queue = device->queue;
    if (queue->has_returned && vvs_queue_undo(&queue->queue, &queue->last_returned) == VVS_OK) {
        device->run->spoiled = "vvs_queue_undo of a chain that was returned";
    }
    device->answer->status = vvs_queue_undo(&queue->queue, &popped->token);
    if (device->answer->status == VVS_OK) {
        forget_popped(queue, which);
    }
}

static void flush(struct device *device)
{
    device->answer->status = vvs_queue_flush(&device->queue->queue);
    if (scn_get(device->step, SCN_FLUSH_F_QUIET, 0) == 0) {
        decide(device);
    }
}

static void restore(struct device *device)
{
    struct run_queue *queue = device->queue;
    const struct scn_record *step = device->step;
    const struct vvs_queue_state *saved = &queue->saved;
    const struct vvs_queue_state state = {
        .avail_index = (uint16_t)scn_get(step, SCN_RESTORE_F_AVAIL_INDEX, saved->avail_index),
        .used_index = (uint16_t)scn_get(step, SCN_RESTORE_F_USED_INDEX, saved->used_index),
        .avail_wrap = (uint8_t)scn_get(step, SCN_RESTORE_F_AVAIL_WRAP, saved->avail_wrap),
        .used_wrap = (uint8_t)scn_get(step, SCN_RESTORE_F_USED_WRAP, saved->used_wrap),
    };
    queue->popped_count = 0;
    queue->has_returned = false;
    struct output output;
    output_keep(&output, &queue->queue, sizeof queue->queue);
    device->answer->status = vvs_queue_set_state(&queue->queue, &state);
    output_check(device->run, &output, "vvs_queue_set_state", device->answer->status != VVS_OK);
    if (device->answer->status != VVS_OK) {
        vvs_queue_reset(&queue->queue); /* what was popped is forgotten all the same */
    }
}

static void execute(struct device *device)
{
    struct run_answer *answer = device->answer;
    struct vvs_queue *queue = &device->queue->queue;
    switch (device->step->tag) {
    case SCN_TAG_SERVE:
        serve(device);
        break;
    case SCN_TAG_POP:
        pop(device);
        break;
    case SCN_TAG_PUBLISH:
        publish(device);
        break;
    case SCN_TAG_FLUSH:
        flush(device);
        break;
    case SCN_TAG_UNDO:
        undo(device);
        break;
    case SCN_TAG_ARM:
        answer->status = vvs_queue_arm(queue, &answer->more);
        answer->armed = answer->status == VVS_OK;
        break;
    case SCN_TAG_DISARM:
        answer->status = vvs_queue_disarm(queue);
        break;
    case SCN_TAG_ABORT:
        abort_chain(device);
        break;
    case SCN_TAG_SAVE:
        answer->status = vvs_queue_get_state(queue, &device->queue->saved);
        break;
    case SCN_TAG_RESTORE:
        restore(device);
        break;
    default:
        decide(device);
        break;
    }
}

uint16_t run_used_before(const struct run *run, uint32_t role)
{
    return run->guest.queues[role].packed ? 0 : driver_used_index(&run->driver, role);
}

void run_collect(struct run *run, struct run_answer *answer, uint16_t used_before)
{
    uint32_t room = RUN_MAX_USED - run->used_count;
    uint32_t count =
        driver_collect(&run->driver, &run->used[run->used_count], room, answer->role, used_before);
    uint32_t size = run->guest.queues[answer->role].size;
    answer->first_used = run->used_count;
    answer->used_lost = count > size || count > room;
    answer->used_count = count > size ? 0 : count < room ? count : room;
    run->used_count += answer->used_count;
}

void run_device_step(void *context, struct run *run, struct run_answer *answer,
                     const struct scn_record *step)
{
    (void)context;
    struct device device = {
        .run = run,
        .queue = &run->queues[answer->role],
        .step = step,
        .answer = answer,
        .role = answer->role,
    };
    uint16_t used_before = run_used_before(run, device.role);
    answer->first_chain = run->chain_count;
    execute(&device);
    run_collect(run, answer, used_before);
    if (step->tag == SCN_TAG_SERVE) {
        serve_identify(&device);
    }
    answer->chain_count = run->chain_count - answer->first_chain;
}
