/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The library's observer: each access goes to the oracles, to the notes of what to clear, and to
 * the racing guest. */
#include "observer.h"

#include "checks.h"
#include "model.h"
#include "oracle.h"
#include "trace.h"

struct observer observer;

/* Of the access that was announced and is not over yet. */
static struct shadow_queue *announced;

static void mark(struct shadow_queue *q, const struct vvs_access *access)
{
    if (q) {
        work_count(q, access);
        shadow_mark(q, access);
    }
}

void vvs_observe_before(const struct vvs_access *access)
{
    trace_announce(access);
    if (access->kind == VVS_ACCESS_FENCE) {
        order_fenced();
        return;
    }
    if (observer.checks) {
        struct shadow_queue *q = shadow_of(access);
        announced = q;
        if (observer.costly && access->kind != VVS_ACCESS_LOAD) {
            model_before(q ? q->role : MODEL_ROLES, access);
        }
        if (access->kind == VVS_ACCESS_MARK) {
            order_check(q, access);
            mark(q, access);
            return;
        }
        access_check(q, access);
        fetch_check(q, access);
        order_check(q, access);
        work_count(q, access);
        stale_before(access);
        if (observer.costly && access->kind == VVS_ACCESS_STORE) {
            dirty_before(&run_current->guest, access);
        }
    } else if (observer.pause) {
        observer.pause();
    }
    run_note_store(access);
}

static void stored(struct shadow_queue *q, const struct vvs_access *access)
{
    stale_after(access);
    used_len_stored(access);
    if (q) {
        used_stored(q, access);
    }
    if (observer.costly) {
        silent_stored(access->host, access->len);
        dirty_stored(&run_current->guest, access);
    }
}

static void race(const struct vvs_access *access)
{
    if (!observer.costly || run_races_left == 0 || access->kind != VVS_ACCESS_LOAD ||
        !run_race_due(access)) {
        run_race_loaded(access);
        return;
    }
    silent_end();
    run_race_loaded(access);
    silent_begin(&run_current->guest);
}

void vvs_observe_after(const struct vvs_access *access)
{
    if (observer.checks) {
        struct shadow_queue *q = announced;
        if (observer.costly && access->kind == VVS_ACCESS_LOAD) {
            model_loaded(access);
        }
        if (access->kind == VVS_ACCESS_STORE) {
            stored(q, access);
        } else if (access->item == VVS_ITEM_HEADER && shadow.handling) {
            shadow.handling->header_loaded += access->len;
        } else if (q) {
            shadow_loaded(q, access);
        }
    }
    trace_done();
    race(access);
}
