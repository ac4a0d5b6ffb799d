/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Each chain goes back once, in the order it was returned, and is visible no sooner than asked
 * for. */
#include "checks.h"
#include "oracle.h"

#define NAME "used-ring"

static struct used_step now;

void used_step_begin(struct used_step step)
{
    now = step;
    for (uint32_t i = 0; i < SHADOW_ROLES; i++) {
        shadow.queues[i].popped = 0;
        shadow.queues[i].published = 0;
    }
}

static uint32_t word(const uint8_t *bytes, uint32_t len)
{
    uint32_t value = 0;
    while (len-- > 0) {
        value = value << 8 | bytes[len];
    }
    return value;
}

/* The packed slot `span` entries behind the next used one, and the wrap counter there. */
static uint32_t place_after(const struct shadow_queue *q, uint32_t span, bool *out_wrap)
{
    uint32_t at = q->used_index + span;
    *out_wrap = (q->used_wrap != 0) != (at >= q->size);
    return at >= q->size ? at - q->size : at;
}

static void check_elem(struct shadow_queue *q, const struct vvs_access *access)
{
    const uint8_t *raw = access->host;
    uint32_t id = q->packed ? word(raw + 4, 2) : word(raw, 4);
    uint32_t len = q->packed ? word(raw, 4) : word(raw + 4, 4);
    bool wrap;
    uint32_t place = q->packed ? place_after(q, q->staged_span, &wrap)
                               : (q->used_index + q->staged_count) % q->size;
    struct shadow_chain *chain = shadow.handling_queue == q ? shadow.handling : NULL;
    if (!chain) {
        oracle_fail(NAME, "used entry for id %u, but no chain in flight is being returned", id);
        return;
    }
    if (access->index != place) {
        oracle_fail(NAME, "used entry in slot %u, next is %u", access->index, place);
    }
    if (id != chain->id) {
        oracle_fail(NAME, "used entry names id %u, the chain's is %u", id, chain->id);
    }
    used_len_check(q, chain, len, now.aborts);
    q->last_place = place;
    q->last_len = len;
    if (q->staged_count++ == 0) {
        q->staged_len = len;
    }
    q->staged_span += chain->span;
    shadow_drop(q, chain);
}

/* What is staged becomes visible. */
static void show(struct shadow_queue *q)
{
    if (!now.may_show) {
        oracle_fail(NAME, "%u staged entries become visible before a flush", q->staged_count);
    }
    if (q->staged_count == 0) {
        oracle_fail(NAME, "the used ring moves on by nothing");
    }
    q->published += q->staged_count;
    q->span_count -= q->staged_span;
    q->staged_count = 0;
    q->staged_span = 0;
}

static void check_index(struct shadow_queue *q, const struct vvs_access *access)
{
    uint16_t index = (uint16_t)word(access->host, 2);
    uint16_t expected = (uint16_t)(q->used_index + q->staged_count);
    if (index != expected) {
        oracle_fail(NAME, "used idx becomes %u, but %u entries behind %u make %u", index,
                    q->staged_count, q->used_index, expected);
    }
    show(q);
    q->used_index = expected;
}

static void check_flags(struct shadow_queue *q, const struct vvs_access *access)
{
    bool wrap = q->used_wrap != 0;
    bool first = access->index == q->used_index;
    if (q->staged_count == 0 || (!first && access->index != q->last_place)) {
        oracle_fail(NAME, "flags of slot %u are written, which no used entry is in", access->index);
        return;
    }
    if (!first && access->index < q->used_index) {
        wrap = !wrap;
    }
    uint32_t len = first ? q->staged_len : q->last_len;
    uint32_t expected = (wrap ? VVS_PACKED_DESC_F_AVAIL | VVS_PACKED_DESC_F_USED : 0) |
                        (len != 0 ? VVS_DESC_F_WRITE : 0);
    uint32_t flags = word(access->host, 2);
    if (flags != expected) {
        oracle_fail(NAME, "flags 0x%x in slot %u, expected 0x%x", flags, access->index, expected);
    }
    if (first) {
        bool next_wrap;
        uint16_t next = (uint16_t)place_after(q, q->staged_span, &next_wrap);
        show(q);
        q->used_index = next;
        q->used_wrap = next_wrap;
    }
}

void used_stored(struct shadow_queue *q, const struct vvs_access *access)
{
    switch (access->item) {
    case VVS_ITEM_USED_ELEM:
        check_elem(q, access);
        break;
    case VVS_ITEM_USED_IDX:
        check_index(q, access);
        break;
    case VVS_ITEM_PACKED_FLAGS:
        check_flags(q, access);
        break;
    default:
        break;
    }
}

static bool shows_all(const struct run_answer *answer, uint8_t tag)
{
    bool flushes = tag == SCN_TAG_SERVE || tag == SCN_TAG_PUBLISH || tag == SCN_TAG_FLUSH ||
                   tag == SCN_TAG_ABORT;
    return flushes && now.may_show && answer->status == VVS_OK && !answer->none;
}

void used_step_end(struct shadow_queue *q, const struct run_answer *answer, uint8_t tag,
                   uint32_t chains_before, bool driver_sees)
{
    uint32_t in_flight = vvs_queue_in_flight(q->queue);
    if (in_flight != q->chain_count) {
        oracle_fail(NAME,
                    "the library counts %u chains in flight, but %u were popped and not returned",
                    in_flight, q->chain_count);
    }
    /* With IN_ORDER a serve can't return what it popped while an older chain is out. */
    if (tag == SCN_TAG_SERVE && q->chain_count > chains_before &&
        answer->status != VVS_E_IN_ORDER) {
        oracle_fail(NAME, "serve popped %u chains and kept %u", q->popped,
                    q->chain_count - chains_before);
    }
    bool nothing_new = tag == SCN_TAG_SERVE && q->popped == 0;
    if (shows_all(answer, tag) && !nothing_new && q->staged_count != 0) {
        oracle_fail(NAME, "%u entries were written and never shown", q->staged_count);
    }
    if (driver_sees && answer->used_count != q->published) {
        oracle_fail(NAME, "the driver sees %u new used entries, %u were published",
                    answer->used_count, q->published);
    }
}
