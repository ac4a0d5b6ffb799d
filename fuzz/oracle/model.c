/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The model beside the library: what it expects of each step, and where the two differ. */
#include "model.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model_view.h"
#include "oracle.h"
#include "restrict.h"
#include "used_len.h"

struct model model;

enum end { END_OK, END_EMPTY, END_FAILED };

/* What the step under way must answer. */
static struct {
    const struct scn_record *step;
    struct model_queue *q; /* NULL: none that is up */
    bool none;             /* nothing to act on, or the run's own bounds are used up */
    bool lost;             /* beyond the model's bounds: it can't go on with this queue */
    bool pop_pending;
    bool filled;
    bool was_popped; /* pop step: `popped` is what pop said */
    enum vvs_status popped;
    bool decides;
    uint32_t most_pops;
    uint32_t pops;
    uint32_t published; /* by serve */
    enum end end;
    bool last; /* serve: no further pop may follow */
    uint32_t chain_count;
    struct model_chain chains[RUN_MAX_CHAINS];
    uint32_t races_left;
} now;

void model_fail(const char *format, ...)
{
    char report[256];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(report, sizeof report, format, arguments);
    va_end(arguments);
    oracle_fail("model", "%s", report);
}

/* Which of the regions that there are `record` wants in the device's table. */
static uint32_t active_of(const struct run *run, const struct scn_record *record, uint32_t field)
{
    return (uint32_t)scn_get(record, field, 0xff) & ((1u << run->guest.region_count) - 1);
}

void model_start(struct run *run)
{
    model.run = run;
    model.buffer_count = 0;
    model.read_left = RUN_MAX_READ;
    model.sends_used = 0;
    model.events_used = 0;
    now.q = NULL;
    view_open(&run->guest, run->scenario->race_count != 0);
    uint32_t active = active_of(run, &run->scenario->image, SCN_IMAGE_F_ACTIVE);
    bool table = model_table_possible(&run->guest, active);
    for (uint32_t role = 0; role < MODEL_ROLES; role++) {
        struct model_queue *q = &model.queues[role];
        const struct guest_queue *place = &run->guest.queues[role];
        q->place = place;
        q->up = place->present && table && model_queue_possible(&run->guest, active, place);
        q->indirect = (place->features >> 28 & 1) != 0;
        q->event_idx = (place->features >> 29 & 1) != 0;
        q->in_order = (place->features >> 35 & 1) != 0;
        q->max_chain = place->max_chain != 0 ? place->max_chain : place->size;
        q->up = q->up && model_start_at_place(q);
        if (place->present && q->up != (run->queues[role].setup == VVS_OK)) {
            model_fail("set-up of queue %u gives %s, though it %s", role,
                       vvs_status_name(run->queues[role].setup), q->up ? "can run" : "can't run");
            q->up = false;
        }
    }
}

/* The next event goes into a buffer that can take one; otherwise it waits. */
static bool fill_event(struct model_chain *chain)
{
    const struct run *run = model.run;
    chain->filled = true;
    if (!model_event_fits(chain)) {
        return false;
    }
    chain->event = model.events_used < run->event_count ? run->events[model.events_used++] : 0;
    chain->used_len = 4;
    return true;
}

/* The device writes to what it was granted; ring words that lie there are anybody's. */
static void forget_granted(const struct model_chain *chain)
{
    for (uint32_t i = 0; i < chain->buffer_count; i++) {
        model_ring_forget(chain->buffers[i].addr, chain->buffers[i].len);
    }
}

/* What serve does with the chain that it has just taken. */
static void serve_chain(struct model_queue *q, struct model_chain *chain)
{
    uint32_t role = q->place->role;
    if (chain->verdict == MODEL_ACCEPTED && role == MODEL_RX) {
        model_fill(chain);
        if (chain->used_len == 0) {
            now.end = END_FAILED; /* the caller sends what does not fit */
            now.last = true;
        }
    } else if (chain->verdict == MODEL_ACCEPTED && role == MODEL_EVENT && !fill_event(chain)) {
        chain->verdict = MODEL_REFUSED;
    }
    if (chain->verdict == MODEL_ACCEPTED && role != MODEL_TX) {
        forget_granted(chain);
    }
    q->popped_count--;
    model_stage(q, chain, chain->used_len);
    model_flush(q);
    now.published++;
}

static bool nothing_popped(void)
{
    return model.queues[0].popped_count + model.queues[1].popped_count +
               model.queues[2].popped_count ==
           0;
}

/* The pop that is under way has loaded all that it will: works out what it must come to. */
static void settle_pop(void)
{
    struct model_queue *q = now.q;
    if (!now.pop_pending) {
        return;
    }
    now.pop_pending = false;
    if (nothing_popped()) {
        model.buffer_count = 0;
    }
    struct model_chain *chain = &q->popped[q->popped_count];
    model_pop(q, chain);
    now.lost = now.lost || !view_complete() || model.buffer_count == MODEL_MAX_BUFFERS ||
               now.chain_count == RUN_MAX_CHAINS;
    if (now.lost) {
        return;
    }
    if (chain->verdict == MODEL_EMPTY || chain->verdict == MODEL_BROKEN) {
        now.end = chain->verdict == MODEL_EMPTY ? END_EMPTY : END_FAILED;
        now.last = true;
        return;
    }
    q->pops++;
    q->popped_count++;
    bool walks = chain->verdict == MODEL_ACCEPTED;
    if (now.was_popped && walks != (now.popped == VVS_OK)) {
        model_fail("pop gives %s for chain %u, whose structure is %s", vvs_status_name(now.popped),
                   chain->id, walks ? "one" : "none");
    }
    if (walks) {
        model_parse(chain, q->place->role);
    }
    if (now.step->tag == SCN_TAG_SERVE) {
        serve_chain(q, chain);
    }
    now.chains[now.chain_count++] = *chain;
}

static void mark(uint32_t role, const struct vvs_access *access)
{
    view_begin();
    if (now.q == NULL || now.lost || role != now.q->place->role ||
        access->item != VVS_ITEM_BEGIN_POP) {
        return;
    }
    now.pop_pending = true;
    if (now.last || ++now.pops > now.most_pops) {
        model_fail("a pop too many, behind %u of at most %u", now.pops, now.most_pops);
    }
}

void model_popped(enum vvs_status status)
{
    now.was_popped = true;
    now.popped = status;
}

void model_loaded(const struct vvs_access *access)
{
    view_loaded(access);
}

static void before_store(const struct vvs_access *access)
{
    bool fresh = now.filled || (now.step->tag == SCN_TAG_SERVE && now.chain_count != 0);
    if (access->item == VVS_ITEM_USED_ELEM && now.q != NULL && !now.lost && fresh &&
        now.races_left == run_races_left) {
        /* The buffer holds what was sent, and nothing was written behind it yet. */
        model_content_check(&now.chains[now.chain_count - 1], now.q->place->role);
    }
}

void model_before(uint32_t role, const struct vvs_access *access)
{
    settle_pop();
    if (access->kind == VVS_ACCESS_MARK) {
        mark(role, access);
    } else {
        before_store(access);
    }
}

/* Gives popped chain number `which` back, staged or shown.
 *
 * Returns  whether it may go. */
static bool give_back(struct model_queue *q, uint32_t which, uint32_t len, bool stage)
{
    if (q->broken || (q->in_order && which != 0)) {
        return false;
    }
    model_stage(q, &q->popped[which], len);
    if (!stage) {
        model_flush(q);
    }
    q->popped_count--;
    memmove(&q->popped[which], &q->popped[which + 1],
            (q->popped_count - which) * sizeof q->popped[0]);
    return true;
}

/* Writes what is sent into a popped chain, where that is yet to be done.
 *
 * Returns  false when it does not fit through the caller's own fault. */
static bool fill(struct model_chain *chain, uint32_t role)
{
    if (chain->filled || chain->verdict != MODEL_ACCEPTED || chain->stale || role == MODEL_TX) {
        return true;
    }
    bool fits = true;
    if (role == MODEL_RX) {
        model_fill(chain);
        fits = chain->used_len != 0;
    }
    now.chains[0] = *chain;
    if (role == MODEL_EVENT) {
        bool taken = fill_event(chain);
        now.chains[0] = *chain;
        now.chains[0].verdict = taken ? MODEL_ACCEPTED : MODEL_REFUSED;
    }
    now.chain_count = 1;
    now.filled = true;
    forget_granted(chain);
    return fits;
}

static void publish(struct run *run, struct model_queue *q, const struct scn_record *step)
{
    bool stage = scn_get(step, SCN_PUBLISH_F_STAGE, 0) != 0;
    if (scn_get(step, SCN_PUBLISH_F_AGAIN, 0) != 0) {
        now.end = END_FAILED; /* nobody can give a chain back twice */
        now.none = !run->queues[q->place->role].has_returned;
        return;
    }
    now.decides = !stage && scn_get(step, SCN_PUBLISH_F_QUIET, 0) == 0;
    if (q->popped_count == 0) {
        now.none = true;
        return;
    }
    uint32_t which = (uint32_t)scn_get(step, SCN_PUBLISH_F_WHICH, 0) % q->popped_count;
    bool fits = fill(&q->popped[which], q->place->role);
    bool gone = give_back(q, which, q->popped[which].used_len, stage);
    now.end = fits && gone ? END_OK : END_FAILED;
}

static void abort_chain(struct model_queue *q, const struct scn_record *step)
{
    now.decides = true;
    if (q->popped_count == 0) {
        now.none = true;
        return;
    }
    uint32_t which = (uint32_t)scn_get(step, SCN_ABORT_F_WHICH, 0) % q->popped_count;
    q->popped[which].done = true;
    now.end = give_back(q, which, 0, false) ? END_OK : END_FAILED;
}

static void undo(struct model_queue *q, const struct scn_record *step)
{
    uint32_t count = q->popped_count;
    if (count == 0) {
        now.none = true;
        return;
    }
    uint32_t which = (uint32_t)scn_get(step, SCN_UNDO_F_WHICH, count - 1) % count;
    const struct model_chain *chain = &q->popped[which];
    if (q->broken || chain->pop != q->pops - 1) {
        now.end = END_FAILED;
        return;
    }
    if (!q->place->packed) {
        q->avail = (q->avail + 65535) % 65536;
    } else {
        q->avail_wrap = q->avail >= chain->span ? q->avail_wrap : !q->avail_wrap;
        q->avail = (q->avail + q->place->size - chain->span) % q->place->size;
    }
    q->pops--;
    q->popped_count--;
}

static void restore(const struct run *run, struct model_queue *q, const struct scn_record *step)
{
    const struct vvs_queue_state *saved = &run->queues[q->place->role].saved;
    uint32_t avail = (uint32_t)scn_get(step, SCN_RESTORE_F_AVAIL_INDEX, saved->avail_index);
    uint32_t used = (uint32_t)scn_get(step, SCN_RESTORE_F_USED_INDEX, saved->used_index);
    uint32_t avail_wrap = (uint32_t)scn_get(step, SCN_RESTORE_F_AVAIL_WRAP, saved->avail_wrap);
    uint32_t used_wrap = (uint32_t)scn_get(step, SCN_RESTORE_F_USED_WRAP, saved->used_wrap);
    bool possible = model_state_possible(q->place, avail, used, avail_wrap, used_wrap);
    model_place_at(q, 0, 0, q->place->packed, q->place->packed);
    q->signalled_known = true;
    if (possible) {
        model_place_at(q, avail, used, avail_wrap != 0, used_wrap != 0);
        q->signalled_known = false;
    }
    now.end = possible ? END_OK : END_FAILED;
}

/* How many pops the run allows: its own bound on work. */
static uint32_t pops_allowed(const struct run *run, const struct model_queue *q,
                             const struct scn_record *step)
{
    uint32_t cost = 1 + q->place->size + q->max_chain;
    uint32_t room = run->loads_left / cost;
    if (step->tag == SCN_TAG_POP) {
        return room != 0 && q->popped_count < RUN_MAX_POPPED;
    }
    uint32_t most = (uint32_t)scn_get(step, SCN_SERVE_F_MAX, 1);
    return most < room ? most : room;
}

static void expect_step(struct run *run, struct model_queue *q, const struct scn_record *step)
{
    now.end = q->broken ? END_FAILED : END_OK;
    switch (step->tag) {
    case SCN_TAG_SERVE:
        now.decides = true;
        now.most_pops = pops_allowed(run, q, step);
        if (q->in_order && q->popped_count != 0) {
            now.end = END_FAILED; /* none of its own could go back before those */
            now.most_pops = 0;
        } else if (now.most_pops == 0) {
            now.end = END_OK;
        }
        break;
    case SCN_TAG_POP:
        now.most_pops = pops_allowed(run, q, step);
        now.none = now.most_pops == 0;
        break;
    case SCN_TAG_PUBLISH:
        publish(run, q, step);
        break;
    case SCN_TAG_ABORT:
        abort_chain(q, step);
        break;
    case SCN_TAG_FLUSH:
        now.decides = scn_get(step, SCN_FLUSH_F_QUIET, 0) == 0;
        if (!q->broken) {
            model_flush(q);
        }
        break;
    case SCN_TAG_UNDO:
        undo(q, step);
        break;
    case SCN_TAG_ARM:
    case SCN_TAG_DISARM:
        if (!q->broken) {
            (step->tag == SCN_TAG_ARM ? model_arm : model_disarm)(q);
        }
        break;
    case SCN_TAG_SAVE:
        now.end = q->staged != 0 ? END_FAILED : END_OK;
        break;
    case SCN_TAG_RESTORE:
        restore(run, q, step);
        break;
    case SCN_TAG_NOTIFY:
        now.decides = true;
        break;
    default:
        break;
    }
}

void model_before_step(struct run *run, const struct scn_record *step)
{
    now.step = step;
    now.q = NULL;
    now.none = now.lost = now.pop_pending = now.was_popped = false;
    now.filled = now.decides = now.last = false;
    now.most_pops = now.pops = now.published = now.chain_count = 0;
    now.races_left = run_races_left;
    model_ring_begin();
    view_begin();
    if (step->tag < SCN_TAG_SERVE || rule_role_field(step->tag) < 0) {
        return;
    }
    struct model_queue *q = &model.queues[scn_role_of(run->scenario, step)];
    if (q->up) {
        now.q = q;
        expect_step(run, q, step);
    }
}

static const char *const verdicts[] = {"empty", "broken", "refused", "accepted"};

static void check_packet(const struct model_chain *expected, const struct run_chain *got)
{
    if (expected->over_limit &&
        (got->status != VVS_E_PAYLOAD_LIMIT || !got->has_header || got->capacity != 0)) {
        model_fail("chain %u is over the limit alone, and gives %s with %u payload bytes",
                   expected->id, vvs_status_name(got->status), got->capacity);
    } else if (got->has_header && got->role == MODEL_TX && expected->has_header &&
               memcmp(got->header, expected->header, MODEL_HEADER_BYTES) != 0) {
        model_fail("the header of chain %u is not that of its first 44 bytes", expected->id);
    } else if (got->kind == RUN_PACKET && got->capacity != expected->capacity) {
        model_fail("chain %u has %u payload bytes, expected %u", expected->id, got->capacity,
                   expected->capacity);
    } else if (got->kind == RUN_PACKET && got->role == MODEL_TX &&
               (got->payload_len != expected->hashed || got->payload_hash != expected->hash)) {
        model_fail("the payload of chain %u, %u bytes, is not that of the chain", expected->id,
                   got->payload_len);
    } else if (got->kind == RUN_EVENT && got->has_event && got->event != expected->event) {
        model_fail("event %u, expected %u", got->event, expected->event);
    }
}

static void check_chain(const struct model_chain *expected, const struct run_chain *got)
{
    /* What the caller sends wrongly is refused on its way out. */
    bool misfit = expected->filled && expected->used_len == 0;
    bool accepted = expected->verdict == MODEL_ACCEPTED && !misfit;
    if ((got->kind != RUN_REJECT) != accepted) {
        model_fail("chain %u is %s (%s), expected %s", expected->id,
                   got->kind == RUN_REJECT ? "refused" : "accepted", vvs_status_name(got->status),
                   misfit ? "not to fit" : verdicts[expected->verdict]);
    } else if (now.step->tag != SCN_TAG_SERVE && got->id != expected->id) {
        model_fail("a chain has id %u, expected %u", got->id, expected->id);
    } else if (now.filled && got->used_len != expected->used_len) {
        oracle_fail(USED_LEN, USED_LEN_IS, got->used_len, expected->id, expected->used_len,
                    USED_LEN_WHY(expected->used_len));
    } else {
        check_packet(expected, got);
    }
}

static void check_chains(const struct run *run, const struct run_answer *answer)
{
    if (run->chain_total != run->chain_count) {
        return; /* more than are kept */
    }
    if (answer->chain_count != now.chain_count) {
        model_fail("%u chains were answered, expected %u", answer->chain_count, now.chain_count);
        return;
    }
    for (uint32_t i = 0; i < now.chain_count; i++) {
        check_chain(&now.chains[i], &run->chains[answer->first_chain + i]);
    }
}

/* What serve says that it did. */
static void check_served(const struct run_answer *answer)
{
    uint32_t refused = 0;
    for (uint32_t i = 0; i < now.chain_count; i++) {
        refused += now.chains[i].verdict == MODEL_REFUSED;
    }
    if (answer->published_count != now.published || answer->refused_count != refused) {
        model_fail("serve counts %u chains and %u refused, expected %u and %u",
                   answer->published_count, answer->refused_count, now.published, refused);
    }
}

static void check_end(const struct run_answer *answer)
{
    static const char *const ends[] = {"VVS_OK", "VVS_EMPTY", "a failure"};
    enum end end = answer->status == VVS_OK      ? END_OK
                   : answer->status == VVS_EMPTY ? END_EMPTY
                                                 : END_FAILED;
    bool stops =
        now.step->tag == SCN_TAG_SERVE && now.pops < now.most_pops && !now.last && !now.q->broken;
    if (stops) {
        model_fail("serve stops behind %u chains of %u", now.pops, now.most_pops);
    } else if (end != now.end) {
        model_fail("the step gives %s, expected %s", vvs_status_name(answer->status),
                   ends[now.end]);
    }
}

static void check_notify(struct model_queue *q, const struct run_answer *answer)
{
    bool serves = now.step->tag == SCN_TAG_SERVE;
    if (!now.decides || (q->broken && !serves)) {
        if (answer->decided) {
            model_fail("a notification was decided on where none can be");
        }
        return;
    }
    /* A broken ring is looked at no more: what went back is signalled unasked. */
    bool expected = q->broken ? now.published != 0 : model_decide(q);
    if (!answer->decided || answer->notify != expected) {
        model_fail("the driver is %snotified, expected %s", answer->notify ? "" : "not ",
                   expected ? "a notification" : "none");
    }
}

static void check_place(const struct run *run, const struct model_queue *q)
{
    const struct vvs_queue *queue = &run->queues[q->place->role].queue;
    struct vvs_queue_state state;
    if (vvs_queue_in_flight(queue) != q->popped_count) {
        model_fail("%u chains in flight, expected %u", vvs_queue_in_flight(queue), q->popped_count);
    } else if ((vvs_queue_broken(queue) != VVS_OK) != q->broken) {
        model_fail("the queue is %sbroken, expected %s", q->broken ? "not " : "",
                   q->broken ? "it to be" : "it not to be");
    } else if ((vvs_queue_get_state(queue, &state) == VVS_OK) != (q->staged == 0)) {
        model_fail("%u entries are staged, and the queue's state can%s be had", q->staged,
                   q->staged == 0 ? "not" : "");
    } else if (q->staged == 0 && (state.avail_index != q->avail || state.used_index != q->used ||
                                  (state.avail_wrap != 0) != q->avail_wrap ||
                                  (state.used_wrap != 0) != q->used_wrap)) {
        model_fail("the queue stands at %u/%u, %u/%u, expected %u/%u, %u/%u", state.avail_index,
                   state.avail_wrap, state.used_index, state.used_wrap, q->avail, q->avail_wrap,
                   q->used, q->used_wrap);
    }
}

static void check_table(const struct run *run, const struct scn_record *step,
                        const struct run_answer *answer)
{
    uint32_t active = active_of(run, step, SCN_SET_MEMORY_F_ACTIVE);
    bool possible = model_table_possible(&run->guest, active);
    for (uint32_t role = 0; role < MODEL_ROLES; role++) {
        const struct model_queue *q = &model.queues[role];
        possible = possible && (!q->up || model_queue_possible(&run->guest, active, q->place));
    }
    if ((answer->status == VVS_OK) != possible) {
        model_fail("a new memory table gives %s, though it can%s be",
                   vvs_status_name(answer->status), possible ? "" : "not");
    }
    for (uint32_t role = 0; possible && role < MODEL_ROLES; role++) {
        for (uint32_t i = 0; i < model.queues[role].popped_count; i++) {
            model.queues[role].popped[i].stale = true;
        }
    }
}

void model_after_step(struct run *run, const struct scn_record *step,
                      const struct run_answer *answer)
{
    struct model_queue *q = now.q;
    settle_pop();
    if (step->tag == SCN_TAG_SET_MEMORY) {
        check_table(run, step, answer);
    } else if (step->tag == SCN_TAG_RESTART) {
        q = &model.queues[answer->role];
        if (q->up && model_start_at_place(q) != (answer->status == VVS_OK)) {
            model_fail("a restart gives %s", vvs_status_name(answer->status));
        }
    } else if (q != NULL && now.lost) {
        q->up = false;
    } else if (q != NULL && !now.none) {
        check_chains(run, answer);
        check_end(answer);
        if (step->tag == SCN_TAG_SERVE) {
            check_served(answer);
        }
        check_notify(q, answer);
        if (step->tag == SCN_TAG_ARM && !q->broken && answer->more != model_more(q)) {
            model_fail("arming says %s, expected %s", answer->more ? "more" : "nothing more",
                       answer->more ? "nothing more" : "more");
        }
        if (now.races_left == run_races_left) {
            model_ring_check();
        }
        check_place(run, q);
    }
    now.q = NULL;
}
