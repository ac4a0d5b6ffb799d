/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What goes back to the driver, and who has to wake whom: the used ring; Used Buffer Notification
 * Suppression; Driver and Device Event Suppression. */
#include "model.h"
#include "model_view.h"

enum { WRITE = 2, AVAIL = 0x80, USED = 0x8000 };

/* A used entry or event word that guest memory must hold at the end of the step. */
struct written {
    uint64_t addr;
    uint64_t value;
    uint32_t len;
    const char *what;
};
#define MAX_WRITTEN 256u
static struct written written[MAX_WRITTEN];
static uint32_t written_count;
static bool overflow; /* of a step that writes more nothing is looked at here */

void model_ring_begin(void)
{
    written_count = 0;
    overflow = false;
}

static void expect(uint64_t addr, uint64_t value, uint32_t len, const char *what)
{
    if (written_count < MAX_WRITTEN) {
        written[written_count++] = (struct written){addr, value, len, what};
    } else {
        overflow = true;
    }
}

/* The slot that is `span` slots behind the next used one. */
static uint32_t slot_behind(const struct model_queue *q, uint32_t span, bool *out_wrap)
{
    uint32_t at = q->used + span;
    *out_wrap = at >= q->place->size ? !q->used_wrap : q->used_wrap;
    return at >= q->place->size ? at - q->place->size : at;
}

static void expect_flags(const struct model_queue *q, uint32_t slot, bool wrap, uint32_t len)
{
    expect(q->place->desc + UINT64_C(16) * slot + 14,
           (wrap ? AVAIL | USED : 0u) | (len != 0 ? WRITE : 0u), 2, "flags of a used descriptor");
}

static uint32_t first_staged_len[MODEL_ROLES];

void model_stage(struct model_queue *q, const struct model_chain *chain, uint32_t len)
{
    if (q->place->packed) {
        bool wrap;
        uint32_t slot = slot_behind(q, q->staged_slots, &wrap);
        expect(q->place->desc + UINT64_C(16) * slot + 8, len, 4, "length of a used descriptor");
        expect(q->place->desc + UINT64_C(16) * slot + 12, chain->id, 2,
               "buffer id of a used descriptor");
        if (q->staged == 0) {
            first_staged_len[q->place->role] = len; /* the flags that show them all come last */
        } else {
            expect_flags(q, slot, wrap, len);
        }
    } else {
        uint64_t slot = (q->used + q->staged) % 65536 % q->place->size;
        expect(q->place->device + 4 + 8 * slot, chain->id, 4, "id of a used element");
        expect(q->place->device + 4 + 8 * slot + 4, len, 4, "length of a used element");
    }
    q->staged++;
    q->staged_slots += chain->span;
}

void model_flush(struct model_queue *q)
{
    if (q->staged == 0) {
        return;
    }
    if (q->place->packed) {
        bool wrap;
        expect_flags(q, q->used, q->used_wrap, first_staged_len[q->place->role]);
        q->used = slot_behind(q, q->staged_slots, &wrap);
        q->used_wrap = wrap;
    } else {
        q->used = (q->used + q->staged) % 65536;
        expect(q->place->device + 2, q->used, 2, "used idx");
    }
    q->unsignalled += q->staged_slots;
    q->staged = 0;
    q->staged_slots = 0;
}

/* What was written last holds, so an entry that was written over since is passed by. */
static bool written_over(uint32_t number)
{
    const struct written *old = &written[number];
    for (uint32_t i = number + 1; i < written_count; i++) {
        const struct written *each = &written[i];
        if (old->addr < each->addr ? each->addr - old->addr < old->len
                                   : old->addr - each->addr < each->len) {
            return true;
        }
    }
    return false;
}

void model_ring_forget(uint64_t addr, uint64_t len)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < written_count; i++) {
        const struct written *each = &written[i];
        bool over = addr < each->addr ? each->addr - addr < len : addr - each->addr < each->len;
        if (!over) {
            written[kept++] = *each;
        }
    }
    written_count = kept;
}

void model_ring_check(void)
{
    for (uint32_t i = 0; i < written_count && !overflow; i++) {
        uint8_t bytes[4] = {0};
        uint32_t room;
        const uint8_t *host = view_find(written[i].addr, written[i].len, 0, &room);
        if (host == NULL || room < written[i].len || written_over(i)) {
            continue;
        }
        for (uint32_t j = 0; j < written[i].len; j++) {
            bytes[j] = host[j];
        }
        uint64_t value = view_number(bytes, written[i].len);
        if (value != written[i].value) {
            model_fail("%s at 0x%llx is 0x%llx, expected 0x%llx", written[i].what,
                       (unsigned long long)written[i].addr, (unsigned long long)value,
                       (unsigned long long)written[i].value);
            return;
        }
    }
}

static bool decide_split(const struct model_queue *q)
{
    uint64_t driver = q->place->driver;
    if (!q->event_idx) {
        return (view_word(VVS_ITEM_AVAIL_FLAGS, 0, driver) & 1) == 0;
    }
    uint32_t event = view_word(VVS_ITEM_USED_EVENT, 0, driver + 4 + UINT64_C(2) * q->place->size);
    if (q->unsignalled > 65535 || !q->signalled_known) {
        return true;
    }
    for (uint32_t i = 1; i <= q->unsignalled; i++) {
        if ((q->used + 65536 - i) % 65536 == event) {
            return true;
        }
    }
    return false;
}

static bool decide_packed(const struct model_queue *q)
{
    uint32_t flags = view_word(VVS_ITEM_EVENT_FLAGS, 0, q->place->driver + 2) & 3;
    if (flags == 1) {
        return false;
    }
    if (flags != 2 || !q->event_idx || !q->signalled_known) {
        return true;
    }
    uint32_t event = view_word(VVS_ITEM_EVENT_OFFSET, 0, q->place->driver);
    uint32_t size = q->place->size;
    if ((event & 0x7fff) >= size || q->unsignalled >= UINT64_C(2) * size) {
        return true;
    }
    uint32_t at = q->used;
    bool wrap = q->used_wrap;
    for (uint64_t i = 0; i < q->unsignalled; i++) {
        if (at == 0) {
            at = size;
            wrap = !wrap;
        }
        at--;
        if ((event & 0x7fff) == at && (event >> 15 != 0) == wrap) {
            return true;
        }
    }
    return false;
}

bool model_decide(struct model_queue *q)
{
    if (q->unsignalled == 0) {
        return false;
    }
    bool notify = q->place->packed ? decide_packed(q) : decide_split(q);
    q->unsignalled = 0;
    q->signalled_known = true;
    return notify;
}

bool model_more(const struct model_queue *q)
{
    if (!q->place->packed) {
        return view_word(VVS_ITEM_AVAIL_IDX, 0, q->place->driver + 2) != q->avail;
    }
    uint32_t flags =
        view_word(VVS_ITEM_PACKED_FLAGS, q->avail, q->place->desc + UINT64_C(16) * q->avail + 14);
    return ((flags & AVAIL) != 0) == q->avail_wrap && ((flags & USED) != 0) != q->avail_wrap;
}

void model_arm(const struct model_queue *q)
{
    uint64_t device = q->place->device;
    if (!q->place->packed && q->event_idx) {
        expect(device + 4 + UINT64_C(8) * q->place->size, q->avail, 2, "avail_event");
    } else if (!q->place->packed) {
        expect(device, 0, 2, "used flags");
    } else {
        if (q->event_idx) {
            expect(device, q->avail | (q->avail_wrap ? 0x8000u : 0u), 2, "device event offset");
        }
        expect(device + 2, q->event_idx ? 2 : 0, 2, "device event flags");
    }
}

void model_disarm(const struct model_queue *q)
{
    if (q->place->packed) {
        expect(q->place->device + 2, 1, 2, "device event flags");
    } else if (!q->event_idx) {
        expect(q->place->device, 1, 2, "used flags");
    }
}
