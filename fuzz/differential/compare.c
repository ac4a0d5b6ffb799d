/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "compare.h"

#include <string.h>

#include <vvs/spec.h>

#include "deviations.h"
#include "oracle.h"
#include "stats.h"

#define MAX_DIGESTED 8192u

/* Statuses of both sides, as far as both have them. */
enum outcome { WENT_WELL, FOUND_NOTHING, BROKE, CALLER_ERRED, CRASHED };

/* Two answers to one step. */
struct pair {
    const struct peer *peer;
    const struct view *view;
    const struct side *ours;
    const struct side *theirs;
    const struct run_answer *our_answer;
    const struct run_answer *their_answer;
    uint16_t unsignalled[GUEST_ROLES]; /* entries shown since the last decision */
    bool moved[GUEST_ROLES];  /* used entries count from elsewhere, until the next decision */
    bool broken[GUEST_ROLES]; /* on both sides, in an earlier step */
    uint32_t compared;
};

void view_start(struct view *view)
{
    view->shape_count = 0;
    view->end = UINT32_MAX;
}

static void end_at(struct view *view, uint32_t number)
{
    view->end = view->end < number ? view->end : number;
}

static uint64_t digest_of(const struct guest *guest, uint64_t addr, uint64_t len)
{
    static uint8_t bytes[MAX_DIGESTED];
    len = guest_read(guest, bytes, addr, len < sizeof bytes ? len : sizeof bytes);
    return run_fold_bytes(RUN_FOLD_START, bytes, (size_t)len);
}

static uint64_t digest_of_used_rings(const struct guest *guest)
{
    uint64_t digest = RUN_FOLD_START;
    for (uint32_t i = 0; i < guest->queue_count; i++) {
        const struct guest_queue *queue = &guest->queues[guest->queue_order[i]];
        digest = run_fold(digest, digest_of(guest, queue->device, queue->device_len));
    }
    return digest;
}

static void look_at(struct view *view, const struct run *run, uint32_t number, uint32_t role,
                    uint16_t head)
{
    if (view->shape_count == VIEW_MAX_SHAPES) {
        end_at(view, number);
        return;
    }
    uint32_t at = view->shape_count++;
    shape_read(&view->shapes[at], &run->guest, &run->guest.queues[role], head);
    view->step_of[at] = (uint8_t)number;
    view->role_of[at] = (uint8_t)role;
}

static bool rings_lie_on_used_ring(const struct guest *guest, const struct guest_queue *queue)
{
    return shape_on_used_ring(guest, queue->driver, queue->driver_len, NULL) ||
           shape_on_used_ring(guest, queue->device, queue->device_len, queue);
}

/* Looks at the chains that the step may take. */
void view_before_step(struct view *view, const struct run *run, uint32_t number)
{
    const struct scn_record *step = &run->scenario->steps[number];
    uint32_t role = scn_role_of(run->scenario, step);
    const struct guest_queue *queue = &run->guest.queues[role];
    uint32_t most = step->tag == SCN_TAG_SERVE ? (uint32_t)scn_get(step, SCN_SERVE_F_MAX, 1)
                                               : step->tag == SCN_TAG_POP;
    view->used_rings = step->tag < SCN_TAG_SET_MEMORY ? digest_of_used_rings(&run->guest) : 0;
    if (most == 0 || !queue->present || run->queues[role].setup != VVS_OK) {
        return;
    }
    if (rings_lie_on_used_ring(&run->guest, queue)) {
        end_at(view, number);
        return;
    }
    uint16_t next = run->queues[role].queue.avail_index;
    uint32_t there =
        (uint16_t)(guest_get16(&run->guest, queue->driver + VVS_AVAIL_IDX_OFFSET) - next);
    most = there < most ? there : most;
    for (uint32_t i = 0; i < most && there <= queue->size; i++) {
        uint64_t slot = (uint16_t)(next + i) % queue->size;
        uint64_t at = queue->driver + VVS_AVAIL_RING_OFFSET + 2 * slot;
        look_at(view, run, number, role, guest_get16(&run->guest, at));
    }
}

void view_after_step(struct view *view, const struct run *run, uint32_t number)
{
    const struct scn_record *step = &run->scenario->steps[number];
    const struct guest_queue *queue = &run->guest.queues[scn_role_of(run->scenario, step)];
    if (step->tag < SCN_TAG_SET_MEMORY && digest_of_used_rings(&run->guest) != view->used_rings) {
        end_at(view, number); /* a driver's step */
    }
    if (queue->present) {
        uint64_t event = queue->driver + VVS_AVAIL_RING_OFFSET + 2 * (uint64_t)queue->size;
        view->avail_flags[number] = guest_get16(&run->guest, queue->driver);
        view->used_event[number] = guest_get16(&run->guest, event);
        view->used_idx[number] = guest_get16(&run->guest, queue->device + VVS_USED_IDX_OFFSET);
    }
    for (uint32_t i = view->shape_count; i != 0 && view->step_of[i - 1] == number; i--) {
        const struct shape *before = &view->shapes[i - 1];
        struct shape now;
        shape_read(&now, &run->guest, &run->guest.queues[view->role_of[i - 1]], before->head);
        if (now.digest != before->digest || (before->bits & SHAPE_ALIASED) != 0) {
            end_at(view, number);
        }
    }
}

/* The shape of a chain as it was when it was taken, in step `number` or before. */
static const struct shape *shape_of(const struct view *view, uint32_t number, uint32_t role,
                                    uint32_t head)
{
    for (uint32_t i = view->shape_count; i != 0; i--) {
        if (view->step_of[i - 1] <= number && view->role_of[i - 1] == role &&
            view->shapes[i - 1].head == head) {
            return &view->shapes[i - 1];
        }
    }
    return NULL;
}

static uint64_t digest_of_buffers(const struct guest *guest, const struct shape *shape)
{
    uint64_t digest = RUN_FOLD_START;
    for (uint32_t i = 0; i < shape->count && i < SHAPE_KEPT; i++) {
        const struct shape_element *element = &shape->first[i];
        digest = run_fold(digest, digest_of(guest, element->addr, element->len));
    }
    return digest;
}

void side_after_step(struct side *side, const struct view *view, uint32_t number,
                     const struct run_answer *answer)
{
    for (uint32_t i = 0; answer != NULL && i < answer->chain_count; i++) {
        uint32_t at = answer->first_chain + i;
        const struct run_chain *chain = &side->run.chains[at];
        const struct shape *shape =
            chain->role == VVS_QUEUE_RX ? shape_of(view, number, chain->role, chain->id) : NULL;
        side->written[at] = shape != NULL ? digest_of_buffers(&side->run.guest, shape) : 0;
    }
}

static enum outcome our_outcome(enum vvs_status status)
{
    if (status == VVS_EMPTY) {
        return FOUND_NOTHING;
    }
    switch (vvs_status_reaction(status)) {
    case VVS_REACT_BROKEN:
        return BROKE;
    case VVS_REACT_CALLER_BUG:
        return CALLER_ERRED;
    default:
        return WENT_WELL;
    }
}

static enum outcome their_outcome(uint32_t status)
{
    switch (status) {
    case VVS_IUT_EMPTY:
        return FOUND_NOTHING;
    case VVS_IUT_BROKEN:
        return BROKE;
    case VVS_IUT_CALLER:
        return CALLER_ERRED;
    case VVS_IUT_CRASHED:
        return CRASHED;
    default:
        return WENT_WELL;
    }
}

/* Whether the driver asked for a signal about what it can see since the last decision. */
static bool signal_due(const struct pair *pair)
{
    uint32_t number = pair->our_answer->step;
    uint32_t role = pair->our_answer->role;
    uint16_t fresh = pair->unsignalled[role];
    uint64_t features = pair->ours->run.guest.features;
    if ((features >> VVS_F_EVENT_IDX & 1u) == 0) {
        return fresh != 0 && (pair->view->avail_flags[number] & VVS_AVAIL_F_NO_INTERRUPT) == 0;
    }
    uint16_t old = (uint16_t)(pair->view->used_idx[number] - fresh);
    return (uint16_t)(pair->view->used_event[number] - old) < fresh;
}

/* A head that is none among those that the step may take, for what has no chain to show. */
static const struct shape *bad_head(const struct view *view, uint32_t number)
{
    for (uint32_t i = 0; i < view->shape_count; i++) {
        if (view->step_of[i] == number && (view->shapes[i].bits & SHAPE_HEAD) != 0) {
            return &view->shapes[i];
        }
    }
    return NULL;
}

/* The two answers about one chain. */
struct chains {
    const struct run_chain *ours;
    const struct run_chain *theirs;
    bool we_took;
    bool they_took;
};

/* Reports what nothing explains; true when there is nothing more to be compared behind it. */
static bool differ(const struct pair *pair, enum difference_kind kind, const struct chains *chains)
{
    uint32_t number = pair->our_answer->step;
    uint32_t role = pair->our_answer->role;
    const struct difference found = {
        .kind = kind,
        .step = number,
        .peer = pair->peer,
        .queue = &pair->ours->run.guest.queues[role],
        .max_payload = pair->ours->run.guest.max_payload,
        .signal_due = signal_due(pair),
        .our_answer = pair->our_answer,
        .their_answer = pair->their_answer,
        .ours = chains != NULL ? chains->ours : NULL,
        .we_took = chains != NULL && chains->we_took,
        .they_took = chains != NULL && chains->they_took,
        .shape = chains != NULL ? shape_of(pair->view, number, role, chains->theirs->id)
                                : bad_head(pair->view, number),
    };
    deviations_judge(&found);
    /* Whatever becomes of a tx packet, its chain comes back alike; one signal more does no harm. */
    return kind != DIFFERENCE_NOTIFY && (chains == NULL || role != VVS_QUEUE_TX);
}

/* As much of a payload as both have read. */
static bool same_payload(const struct run_chain *ours, const struct run_chain *theirs)
{
    bool known = theirs->payload_at != RUN_NOT_STORED && ours->payload_len < RUN_MAX_PAYLOAD;
    return !known ||
           (ours->payload_len == theirs->payload_len && ours->payload_hash == theirs->payload_hash);
}

/* A packet that was sent wrongly ends a step, and its chain comes back empty. */
static bool sent_wrongly(const struct run_answer *answer, enum outcome outcome, uint32_t number)
{
    return outcome == CALLER_ERRED && number + 1 == answer->chain_count;
}

static struct chains chains_at(const struct pair *pair, uint32_t number)
{
    const struct run_answer *ours = pair->our_answer;
    const struct run_answer *theirs = pair->their_answer;
    struct chains chains = {
        .ours = &pair->ours->run.chains[ours->first_chain + number],
        .theirs = &pair->theirs->run.chains[theirs->first_chain + number],
    };
    chains.we_took =
        chains.ours->kind == RUN_PACKET || sent_wrongly(ours, our_outcome(ours->status), number);
    chains.they_took = chains.theirs->kind == RUN_PACKET ||
                       sent_wrongly(theirs, their_outcome((uint32_t)theirs->status), number);
    return chains;
}

/* true when the rest can't be compared. */
static bool compare_chain(struct pair *pair, uint32_t number)
{
    const struct chains chains = chains_at(pair, number);
    const struct run_chain *ours = chains.ours;
    const struct run_chain *theirs = chains.theirs;
    bool rx = ours->role == VVS_QUEUE_RX;
    pair->compared++;
    if (ours->has_id && ours->id != theirs->id) {
        return differ(pair, DIFFERENCE_CHAINS, &chains);
    }
    if (chains.we_took != chains.they_took) {
        return differ(pair, DIFFERENCE_VERDICT, &chains);
    }
    if (ours->kind != theirs->kind) {
        return differ(pair, DIFFERENCE_STATUS, &chains);
    }
    if (ours->kind != RUN_PACKET) {
        return false;
    }
    stats_packet(rx, false, 0);
    if (ours->has_header && memcmp(ours->header, theirs->header, sizeof ours->header) != 0) {
        return differ(pair, DIFFERENCE_HEADER, &chains);
    }
    if (rx && ours->capacity != theirs->capacity) {
        return differ(pair, DIFFERENCE_CAPACITY, &chains);
    }
    if (ours->has_header && !same_payload(ours, theirs)) {
        return differ(pair, DIFFERENCE_PAYLOAD, &chains);
    }
    return ours->has_id && ours->used_len != theirs->used_len &&
           differ(pair, DIFFERENCE_USED, &chains);
}

/* Of a step whose chains are all alike: buffers may lie on each other. */
static bool compare_buffers(const struct pair *pair)
{
    for (uint32_t i = 0; i < pair->our_answer->chain_count; i++) {
        const struct chains chains = chains_at(pair, i);
        uint64_t ours = pair->ours->written[pair->our_answer->first_chain + i];
        uint64_t theirs = pair->theirs->written[pair->their_answer->first_chain + i];
        if (chains.ours->role == VVS_QUEUE_RX && chains.ours->kind == RUN_PACKET &&
            chains.ours->has_id && ours != theirs && differ(pair, DIFFERENCE_BYTES, &chains)) {
            return true;
        }
    }
    return false;
}

/* Entries that a restore skips may be none: only one side has written what it staged. */
static bool same_used(const struct pair *pair)
{
    const struct run_answer *ours = pair->our_answer;
    const struct run_answer *theirs = pair->their_answer;
    bool same = ours->used_count == theirs->used_count && ours->used_lost == theirs->used_lost;
    uint32_t known = pair->moved[ours->role] ? 0 : ours->used_count;
    for (uint32_t i = 0; same && i < known; i++) {
        const struct driver_used *one = &pair->ours->run.used[ours->first_used + i];
        const struct driver_used *other = &pair->theirs->run.used[theirs->first_used + i];
        same = one->id == other->id && one->len == other->len;
    }
    return same;
}

static bool compare_chains(struct pair *pair)
{
    uint32_t ours = pair->our_answer->chain_count;
    uint32_t theirs = pair->their_answer->chain_count;
    for (uint32_t i = 0; i < ours && i < theirs; i++) {
        if (compare_chain(pair, i)) {
            return true;
        }
    }
    if (ours != theirs) {
        return differ(pair, DIFFERENCE_CHAINS, NULL);
    }
    return compare_buffers(pair);
}

static void compare_decisions(struct pair *pair)
{
    const struct run_answer *ours = pair->our_answer;
    const struct run_answer *theirs = pair->their_answer;
    pair->unsignalled[ours->role] += (uint16_t)ours->used_count;
    if (ours->published_count != 0 && ours->published_count != ours->used_count) {
        pair->moved[ours->role] = true; /* the driver wrote the device's index */
    }
    if (!ours->decided || !theirs->decided) {
        return;
    }
    /* What went back before the queue broke is its caller's to ask about. */
    bool broke = pair->broken[ours->role];
    if (ours->notify != theirs->notify && !pair->moved[ours->role] && !broke) {
        (void)differ(pair, DIFFERENCE_NOTIFY, NULL);
    }
    pair->unsignalled[ours->role] = 0;
    pair->moved[ours->role] = false;
}

/* true when the rest can't be compared. */
static bool compare_answers(struct pair *pair)
{
    const struct run_answer *ours = pair->our_answer;
    const struct run_answer *theirs = pair->their_answer;
    enum outcome our = our_outcome(ours->status);
    enum outcome their = their_outcome((uint32_t)theirs->status);
    const struct scn_record *step = &pair->ours->run.scenario->steps[ours->step];
    uint8_t tag = step->tag;
    if (tag == SCN_TAG_SERVE && scn_get(step, SCN_SERVE_F_MAX, 1) == 0) {
        return false; /* nothing is asked */
    }
    if (their != CRASHED && (ours->none || theirs->none)) {
        return ours->none != theirs->none; /* the bounds of a run are each side's own */
    }
    if (our != their && (tag == SCN_TAG_RESTORE || tag == SCN_TAG_RESTART)) {
        return true; /* which states a queue refuses is its own to say */
    }
    bool was_broken = pair->broken[ours->role];
    if (was_broken && tag == SCN_TAG_SAVE) {
        return true; /* where a broken queue stands is its own to say */
    }
    pair->broken[ours->role] = our == BROKE && their == BROKE;
    if (was_broken && pair->broken[ours->role]) {
        return false; /* whatever else is answered then */
    }
    if (compare_chains(pair)) {
        return true;
    }
    if (our != their && tag != SCN_TAG_SAVE && differ(pair, DIFFERENCE_STATUS, NULL)) {
        return true;
    }
    if (our == CALLER_ERRED && ours->role == VVS_QUEUE_RX) {
        return true; /* what is left in the buffer is not for the driver to read */
    }
    if (!same_used(pair) && differ(pair, DIFFERENCE_USED, NULL)) {
        return true;
    }
    compare_decisions(pair);
    if (tag == SCN_TAG_RESTORE || tag == SCN_TAG_RESTART) {
        pair->unsignalled[ours->role] = 0;
        pair->moved[ours->role] = true;
    }
    return ours->armed && theirs->armed && ours->more != theirs->more &&
           differ(pair, DIFFERENCE_MORE, NULL);
}

uint32_t compare_runs(const struct peer *peer, const struct view *view, const struct side *ours,
                      const struct side *theirs)
{
    struct pair pair = {.peer = peer, .view = view, .ours = ours, .theirs = theirs};
    uint32_t count = ours->run.answer_count < theirs->run.answer_count ? ours->run.answer_count
                                                                       : theirs->run.answer_count;
    for (uint32_t i = 0; i < count; i++) {
        pair.our_answer = &ours->run.answers[i];
        pair.their_answer = &theirs->run.answers[i];
        if (pair.our_answer->step >= view->end) {
            break;
        }
        if (!pair.our_answer->has_role) {
            if ((pair.our_answer->status == VVS_OK) != (pair.their_answer->status == VVS_OK)) {
                break; /* which memory a device takes is its own to say */
            }
            continue;
        }
        const struct run_queue *our = &ours->run.queues[pair.our_answer->role];
        const struct run_queue *their = &theirs->run.queues[pair.our_answer->role];
        bool we_serve = our->setup == VVS_OK;
        if (we_serve != (their->setup == (enum vvs_status)VVS_IUT_OK)) {
            break; /* which queue a device takes is its own to say; here on, one has written */
        }
        if (we_serve && compare_answers(&pair)) {
            break;
        }
    }
    return pair.compared;
}
