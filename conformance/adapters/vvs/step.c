/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The steps. Each chain goes the same way: take, fill, give back; a serve goes it in one step. */
#include <stdio.h>
#include <string.h>

#include "adapter.h"

/* What a step works on. */
struct work {
    struct device *device;
    struct queue *queue;
    const struct vvs_iut_step *step;
    struct vvs_iut_answer *answer;
};

/* The protocol's word for what a call on a queue said. */
static uint32_t word(enum vvs_status status)
{
    if (status == VVS_EMPTY) {
        return VVS_IUT_EMPTY;
    }
    switch (vvs_status_reaction(status)) {
    case VVS_REACT_BROKEN:
        return VVS_IUT_BROKEN;
    case VVS_REACT_CALLER_BUG:
        return VVS_IUT_CALLER;
    default:
        return VVS_IUT_OK;
    }
}

/* The chain's place in the answer: one more, or the last again. */
static struct vvs_iut_chain *next_chain(struct work *work)
{
    struct vvs_iut_answer *answer = work->answer;
    if (answer->chain_count == answer->chain_capacity) {
        return &answer->chains[answer->chain_count - 1];
    }
    return &answer->chains[answer->chain_count++];
}

static void say_refused(struct vvs_iut_chain *chain, const struct held *held)
{
    *chain = (struct vvs_iut_chain){.kind = VVS_IUT_REJECT, .id = held->token.id};
    snprintf(chain->reason, sizeof chain->reason, "%s", vvs_status_name(held->status));
}

static void say_packet(struct vvs_iut_chain *chain, const struct held *held)
{
    *chain = (struct vvs_iut_chain){
        .kind = VVS_IUT_PACKET,
        .id = held->token.id,
        .used_len = held->used_len,
        .capacity = vvs_packet_capacity(&held->packet),
    };
    memcpy(chain->header, vvs_packet_header(&held->packet), VVS_HDR_BYTES);
}

/* Room for payload bytes in the answer; NULL where there is none. */
static uint8_t *keep_payload(struct work *work, struct vvs_iut_chain *chain, uint32_t len)
{
    struct vvs_iut_answer *answer = work->answer;
    chain->payload_len = len;
    if (len <= answer->payload_capacity - answer->payload_used) {
        chain->payload = answer->payload + answer->payload_used;
        answer->payload_used += len;
    }
    return chain->payload;
}

/* An event's 4 bytes lie in the first elements, which the next pop would overwrite. */
static void keep_event_chain(struct held *held, const struct vvs_chain *chain)
{
    uint32_t count =
        chain->element_count < VVS_EVENT_BYTES ? chain->element_count : VVS_EVENT_BYTES;
    held->chain = *chain;
    memcpy(held->elements, chain->elements, count * sizeof *chain->elements);
    held->chain.elements = held->elements;
    held->chain.element_count = count;
}

static void parse(struct work *work, struct held *held, const struct vvs_chain *chain)
{
    uint32_t max_payload = work->device->image->max_payload;
    if (work->queue->role == VVS_QUEUE_EVENT) {
        keep_event_chain(held, chain);
        return;
    }
    held->status =
        work->queue->role == VVS_QUEUE_TX
            ? vvs_packet_from_tx(&held->packet, NULL, chain, held->slices, MAX_SLICES, max_payload)
            : vvs_packet_from_rx(&held->packet, NULL, chain, held->slices, MAX_SLICES, max_payload);
    held->has_packet = held->status == VVS_OK;
}

static void say_taken(struct work *work, const struct held *held)
{
    struct vvs_iut_chain *chain = next_chain(work);
    if (held->status != VVS_OK) {
        say_refused(chain, held);
    } else if (work->queue->role == VVS_QUEUE_EVENT) {
        *chain = (struct vvs_iut_chain){.kind = VVS_IUT_EVENT_SENT, .id = held->token.id};
    } else {
        say_packet(chain, held);
    }
    if (work->queue->role == VVS_QUEUE_TX && held->has_packet) {
        uint32_t len = vvs_packet_len(&held->packet);
        uint8_t *payload = keep_payload(work, chain, len);
        if (payload != NULL && vvs_packet_read(&held->packet, payload, 0, len) != VVS_OK) {
            chain->payload = NULL;
        }
    }
}

/* Pops and parses the next chain. Returns why there is none. */
static enum vvs_status take(struct work *work)
{
    struct queue *queue = work->queue;
    struct held *held = queue->held[queue->held_count];
    struct vvs_chain chain;
    held->status = vvs_queue_pop(&queue->queue, &held->token, &chain);
    if (held->status != VVS_OK && vvs_status_reaction(held->status) != VVS_REACT_RETURN) {
        return held->status;
    }
    held->has_packet = held->filled = false;
    held->used_len = 0;
    if (held->status == VVS_OK) {
        parse(work, held, &chain);
    }
    queue->held_count++;
    say_taken(work, held);
    return VVS_OK;
}

static enum vvs_status fill_packet(struct work *work, struct held *held,
                                   struct vvs_iut_chain *chain)
{
    const struct vvs_iut_send *send = &work->step->sends[work->answer->sends_taken++];
    struct vvs_packet *packet = &held->packet;
    uint32_t room = vvs_packet_capacity(packet);
    uint32_t len = send->written < room ? send->written : room;
    enum vvs_status status = vvs_packet_set_header(packet, send->header, VVS_HDR_BYTES);
    if (send->fit != 0 && vvs_packet_len(packet) > room) {
        vvs_packet_set_len(packet, room);
    }
    if (status == VVS_OK) {
        status = vvs_packet_write(packet, 0, send->payload, len);
    }
    if (status == VVS_OK) {
        status = vvs_packet_commit(packet, &held->used_len);
    }
    if (status != VVS_OK) {
        vvs_packet_abort(packet);
        return status;
    }
    say_packet(chain, held);
    uint8_t *payload = keep_payload(work, chain, len);
    if (payload != NULL) {
        memcpy(payload, send->payload, len);
    }
    return VVS_OK;
}

/* A buffer that takes no event costs none. */
static enum vvs_status fill_event(struct work *work, struct held *held, struct vvs_iut_chain *chain)
{
    uint32_t event = work->step->events[work->answer->events_taken];
    enum vvs_status status = vvs_event_commit(&held->used_len, &held->chain, event);
    if (status == VVS_OK) {
        work->answer->events_taken++;
        *chain = (struct vvs_iut_chain){
            .kind = VVS_IUT_EVENT_SENT,
            .id = held->token.id,
            .used_len = held->used_len,
            .event = event,
        };
    }
    return status;
}

/* rx and event: writes what is sent into the chain, once; what is refused goes back with 0. */
static enum vvs_status fill(struct work *work, struct held *held)
{
    if (work->queue->role == VVS_QUEUE_TX || held->filled || held->status != VVS_OK) {
        return VVS_OK;
    }
    /* A serve has spoken of this chain already. */
    struct vvs_iut_chain *chain = work->step->kind == VVS_IUT_DO_SERVE
                                      ? &work->answer->chains[work->answer->chain_count - 1]
                                      : next_chain(work);
    held->filled = true;
    held->status = work->queue->role == VVS_QUEUE_RX ? fill_packet(work, held, chain)
                                                     : fill_event(work, held, chain);
    if (held->status != VVS_OK) {
        held->used_len = 0;
        say_refused(chain, held);
    }
    return held->status;
}

/* Takes a chain out of the list; its place goes behind the others. */
static void forget(struct queue *queue, uint32_t which)
{
    struct held *held = queue->held[which];
    queue->held_count--;
    for (uint32_t i = which; i < queue->held_count; i++) {
        queue->held[i] = queue->held[i + 1];
    }
    queue->held[queue->held_count] = held;
}

static enum vvs_status give_back(struct queue *queue, uint32_t which, uint32_t used_len, bool stage)
{
    const struct vvs_token *token = &queue->held[which]->token;
    enum vvs_status status = stage ? vvs_queue_stage(&queue->queue, token, used_len)
                                   : vvs_queue_publish(&queue->queue, token, used_len);
    if (status == VVS_OK) {
        forget(queue, which);
    }
    return status;
}

/* The same for a publish or an abort, which can be asked for again. */
static enum vvs_status give_back_chosen(struct queue *queue, uint32_t which, uint32_t used_len,
                                        bool stage)
{
    const struct vvs_token token = queue->held[which]->token;
    enum vvs_status status = give_back(queue, which, used_len, stage);
    if (status == VVS_OK) {
        queue->last = token;
        queue->has_last = true;
    }
    return status;
}

static void decide(struct work *work)
{
    bool notify = false;
    enum vvs_status status = vvs_queue_needs_notify(&work->queue->queue, &notify);
    work->answer->decided = status == VVS_OK;
    work->answer->notify = notify;
    if (work->answer->status == VVS_IUT_OK) {
        work->answer->status = word(status);
    }
}

static void serve(struct work *work)
{
    struct queue *queue = work->queue;
    enum vvs_status status = VVS_OK;
    uint32_t count = 0;
    if (queue->in_order && queue->held_count != 0) {
        status = VVS_E_IN_ORDER; /* what is held has to go back first */
    }
    while (status == VVS_OK && count < work->step->max && (status = take(work)) == VVS_OK) {
        uint32_t newest = queue->held_count - 1;
        enum vvs_status filled = fill(work, queue->held[newest]);
        status = give_back(queue, newest, queue->held[newest]->used_len, false);
        count += status == VVS_OK;
        if (status == VVS_OK && vvs_status_reaction(filled) == VVS_REACT_CALLER_BUG) {
            status = filled;
        }
    }
    work->answer->status = word(status);
    /* A broken ring is not looked at again: what was returned before is signalled unasked. */
    bool notify = count != 0;
    (void)!vvs_queue_needs_notify(&queue->queue, &notify);
    work->answer->decided = 1;
    work->answer->notify = notify;
}

/* Which held chain the step means; false, and answer `none`, when nothing is held. */
static bool choose(struct work *work, uint32_t *out_which)
{
    uint32_t count = work->queue->held_count;
    if (count == 0) {
        work->answer->status = VVS_IUT_NONE;
        return false;
    }
    bool newest = work->step->which == VVS_IUT_NEWEST;
    *out_which = newest ? count - 1 : work->step->which % count;
    return true;
}

static void pop(struct work *work)
{
    if (work->queue->held_count == MAX_HELD) {
        work->answer->status = VVS_IUT_NONE;
    } else {
        work->answer->status = word(take(work));
    }
}

static void publish_again(struct work *work)
{
    struct queue *queue = work->queue;
    if (!queue->has_last) {
        work->answer->status = VVS_IUT_NONE;
    } else if (work->step->stage != 0) {
        work->answer->status = word(vvs_queue_stage(&queue->queue, &queue->last, 0));
    } else {
        work->answer->status = word(vvs_queue_publish(&queue->queue, &queue->last, 0));
    }
}

static void publish(struct work *work)
{
    uint32_t which;
    if (!choose(work, &which)) {
        return;
    }
    enum vvs_status filled = fill(work, work->queue->held[which]);
    uint32_t used_len = work->queue->held[which]->used_len;
    enum vvs_status status = give_back_chosen(work->queue, which, used_len, work->step->stage != 0);
    work->answer->status = word(status != VVS_OK ? status : filled);
    if (work->step->stage == 0 && work->step->quiet == 0) {
        decide(work);
    }
}

static void abort_chain(struct work *work)
{
    uint32_t which;
    if (choose(work, &which)) {
        struct held *held = work->queue->held[which];
        if (held->has_packet) {
            vvs_packet_abort(&held->packet);
        }
        work->answer->status = word(give_back_chosen(work->queue, which, 0, false));
        decide(work);
    }
}

static void undo(struct work *work)
{
    uint32_t which;
    if (choose(work, &which)) {
        enum vvs_status status =
            vvs_queue_undo(&work->queue->queue, &work->queue->held[which]->token);
        work->answer->status = word(status);
        if (status == VVS_OK) {
            forget(work->queue, which);
        }
    }
}

static void flush(struct work *work)
{
    work->answer->status = word(vvs_queue_flush(&work->queue->queue));
    if (work->step->quiet == 0) {
        decide(work);
    }
}

static void arm(struct work *work)
{
    bool more = false;
    work->answer->status = word(vvs_queue_arm(&work->queue->queue, &more));
    work->answer->more = more;
}

static void restore(struct work *work)
{
    struct queue *queue = work->queue;
    const struct vvs_iut_position *said = &work->step->position;
    struct vvs_iut_position position = {
        .avail_index = said->given & 1 ? said->avail_index : queue->saved.avail_index,
        .used_index = said->given & 2 ? said->used_index : queue->saved.used_index,
        .avail_wrap = said->given & 4 ? said->avail_wrap : queue->saved.avail_wrap,
        .used_wrap = said->given & 8 ? said->used_wrap : queue->saved.used_wrap,
        .given = 15,
    };
    work->answer->status = word(queue_start(queue, &position));
}

static void set_memory(struct work *work)
{
    struct device *device = work->device;
    const struct vvs_iut_step *step = work->step;
    if (device_set_memory(device, step->regions, step->region_count) != VVS_OK) {
        work->answer->status = VVS_IUT_REFUSED;
        return;
    }
    for (uint32_t role = 0; role < VVS_IUT_ROLES; role++) {
        const struct queue *queue = &device->queues[role];
        for (uint32_t i = 0; i < queue->held_count; i++) {
            queue->held[i]->filled = true; /* slices of the old memory: never to be written */
            queue->held[i]->used_len = 0;
        }
    }
}

void device_step(struct device *device, const struct vvs_iut_step *step,
                 struct vvs_iut_answer *answer)
{
    struct work work = {device, NULL, step, answer};
    if (step->kind == VVS_IUT_DO_MEMORY) {
        set_memory(&work);
        return;
    }
    work.queue = &device->queues[step->role];
    if (!work.queue->up) {
        answer->status = VVS_IUT_NONE;
        return;
    }
    switch (step->kind) {
    case VVS_IUT_DO_SERVE:
        serve(&work);
        break;
    case VVS_IUT_DO_POP:
        pop(&work);
        break;
    case VVS_IUT_DO_PUBLISH:
        (step->again != 0 ? publish_again : publish)(&work);
        break;
    case VVS_IUT_DO_FLUSH:
        flush(&work);
        break;
    case VVS_IUT_DO_UNDO:
        undo(&work);
        break;
    case VVS_IUT_DO_ABORT:
        abort_chain(&work);
        break;
    case VVS_IUT_DO_ARM:
        arm(&work);
        break;
    case VVS_IUT_DO_DISARM:
        answer->status = word(vvs_queue_disarm(&work.queue->queue));
        break;
    case VVS_IUT_DO_NOTIFY:
        decide(&work);
        break;
    case VVS_IUT_DO_SAVE:
        answer->status = word(vvs_queue_get_state(&work.queue->queue, &work.queue->saved));
        break;
    case VVS_IUT_DO_RESTORE:
        restore(&work);
        break;
    case VVS_IUT_DO_RESTART:
        answer->status = word(queue_start(work.queue, &step->position));
        break;
    default:
        answer->status = VVS_IUT_UNSUPPORTED;
        break;
    }
}
