/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A cut as a scenario: where each piece lies, and the steps of driver and device. */
#include <string.h>

#include "cut.h"

/* Guest memory of each such scenario: rings and tables at the start of the first region; a row of
 * small regions, each border at another distance from a multiple of 16; a region whose addresses
 * differ from the first one's above bit 31 only; and two that end with the address space. */
static const struct {
    uint64_t addr;
    uint64_t len;
    uint64_t frontend_addr;
} regions[] = {
    {UINT64_C(0x100000), 0x400000, UINT64_C(0x7f5500001000)},
    {UINT64_C(0x10000000), 53, UINT64_C(0x7f4400000000)},
    {UINT64_C(0x10000035), 1003, UINT64_C(0x1000)},
    {UINT64_C(0x10000420), 0x1fef, UINT64_C(0x7f4400000035)},
    {UINT64_C(0x1000240f), 0x200000, UINT64_C(0x7f3300000000)},
    {UINT64_C(0x100100000), 0x200000, UINT64_C(0x100000)},
    {UINT64_C(0xffffffffffe00000), 0x1fffe3, UINT64_C(0x7f6600000000)},
    {UINT64_C(0xffffffffffffffe3), 29, UINT64_C(0x7f2200000003)},
};
#define REGION_COUNT (sizeof regions / sizeof regions[0])
#define FIRST_SMALL 1u
#define LAST_SMALL 4u
#define NOWHERE UINT64_C(0x500000000000) /* in no region */

/* A stretch of guest memory in which pieces are placed, one beside the other. */
struct track {
    uint64_t next;
    bool down; /* from the end of the address space; `next` is 2^64 as 0 at first */
};
enum { TRACK_FIRST, TRACK_SMALL, TRACK_HIGH, TRACK_TOP, TRACK_COUNT };

struct layer {
    struct scn_scenario *scenario;
    const struct cut *cut;
    struct rng *rng;
    struct track tracks[TRACK_COUNT];
    uint32_t track;
};

/* Sometimes on the last bytes before the next border. */
static void seek_border(struct layer *layer, struct track *track, uint64_t len)
{
    for (uint32_t i = FIRST_SMALL + 1; i <= LAST_SMALL; i++) {
        uint64_t border = regions[i].addr;
        if (track->next < border) {
            uint64_t most = border - track->next < len ? border - track->next : len;
            track->next = border - rng_below(layer->rng, (uint32_t)most + 1);
            return;
        }
    }
}

/* Finds room for a piece, of which the first `mapped` bytes have to be in memory. */
static uint64_t place(struct layer *layer, uint64_t mapped, uint64_t len)
{
    if (layer->cut->scattered && rng_chance(layer->rng, 50)) {
        layer->track = rng_below(layer->rng, TRACK_COUNT);
    }
    /* What reaches into unmapped memory may not wrap. */
    uint32_t number = layer->track == TRACK_TOP && mapped < len ? TRACK_HIGH : layer->track;
    struct track *track = &layer->tracks[number];
    uint64_t gap =
        layer->cut->scattered && rng_chance(layer->rng, 60) ? rng_below(layer->rng, 40) : 0;
    if (track->down) {
        track->next -= gap + mapped;
        return track->next;
    }
    track->next += gap;
    if (number == TRACK_SMALL && rng_chance(layer->rng, 40)) {
        seek_border(layer, track, mapped);
    }
    uint64_t addr = track->next;
    track->next += mapped;
    return addr;
}

static struct scn_record *add_step(struct scn_scenario *scenario, uint8_t tag, uint32_t role_field,
                                   uint32_t role)
{
    struct scn_record *step = &scenario->steps[scenario->step_count++];
    step->tag = tag;
    step->present = 0;
    step->element_count = 0;
    step->bytes_len = 0;
    scn_set(step, role_field, role);
    return step;
}

static void add_chain(struct layer *layer, const struct cut_chain *chain)
{
    struct scn_scenario *scenario = layer->scenario;
    const uint32_t packet_fields = (1u << (SCN_ADD_CHAIN_F_PAYLOAD_FILL + 1)) - 1;
    bool reached = chain->role != VVS_QUEUE_TX; /* the direction whose bytes are touched */
    uint64_t at = 0;
    struct scn_record *step = &scenario->steps[scenario->step_count++];
    *step = chain->said;
    step->present &= packet_fields;
    scn_set(step, SCN_ADD_CHAIN_F_ROLE, chain->role);
    if (chain->direct_count < chain->piece_count) {
        scn_set(step, SCN_ADD_CHAIN_F_INDIRECT, 1);
        scn_set(step, SCN_ADD_CHAIN_F_DIRECT_COUNT, chain->direct_count);
    }
    step->element_first = scenario->element_count;
    step->element_count = chain->piece_count;
    for (uint32_t i = 0; i < chain->piece_count; i++) {
        const struct cut_piece *piece = &layer->cut->pieces[chain->first_piece + i];
        uint64_t left = piece->writable == reached && at < chain->reach ? chain->reach - at : 0;
        uint64_t mapped = piece->len < left ? piece->len : left;
        struct scn_record *element = &scenario->elements[scenario->element_count++];
        element->tag = SCN_TAG_ELEMENT;
        element->present = 0;
        scn_set(element, SCN_ELEMENT_F_LEN, piece->len);
        scn_set(element, SCN_ELEMENT_F_WRITABLE, piece->writable);
        scn_set(element, SCN_ELEMENT_F_ADDR,
                mapped != 0 ? place(layer, mapped, piece->len) : NOWHERE);
        at += piece->writable == reached ? piece->len : 0;
    }
}

static void serve(struct layer *layer, uint32_t role, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct scn_record *step = add_step(layer->scenario, SCN_TAG_SERVE, SCN_SERVE_F_ROLE, role);
        scn_set(step, SCN_SERVE_F_MAX, 1 + rng_below(layer->rng, count));
    }
}

static void serve_by_steps(struct layer *layer, uint32_t role, uint32_t count)
{
    bool staged = layer->cut->staged;
    for (uint32_t i = 0; i < count; i++) {
        add_step(layer->scenario, SCN_TAG_POP, SCN_POP_F_ROLE, role);
    }
    for (uint32_t i = 0; i < count; i++) {
        struct scn_record *step =
            add_step(layer->scenario, SCN_TAG_PUBLISH, SCN_PUBLISH_F_ROLE, role);
        scn_set(step, SCN_PUBLISH_F_STAGE, staged);
    }
    if (staged && count != 0) {
        add_step(layer->scenario, SCN_TAG_FLUSH, SCN_FLUSH_F_ROLE, role);
    }
}

/* The device's steps for `count` chains of a queue: a wrongly filled one ends a serve, so there are
 * as many of those. */
static void add_device_steps(struct layer *layer, uint32_t role, uint32_t count)
{
    if (layer->cut->stepwise) {
        serve_by_steps(layer, role, count);
    } else {
        serve(layer, role, count);
    }
}

/* As many packets and events as there are chains for them. */
static void add_sends(struct layer *layer)
{
    const struct scn_scenario *content = layer->cut->content;
    uint32_t left[2] = {layer->cut->chain_count, layer->cut->chain_count};
    for (uint32_t i = 0; i < content->step_count; i++) {
        const struct scn_record *step = &content->steps[i];
        bool event = step->tag == SCN_TAG_SEND_EVENT;
        if ((event || step->tag == SCN_TAG_SEND) && left[event] != 0) {
            left[event]--;
            layer->scenario->steps[layer->scenario->step_count++] = *step;
        }
    }
}

static void lay_guest(struct layer *layer)
{
    struct scn_scenario *scenario = layer->scenario;
    const struct cut *cut = layer->cut;
    scn_set(&scenario->image, SCN_IMAGE_F_FEATURES, cut->features);
    scn_set(&scenario->image, SCN_IMAGE_F_MAX_PAYLOAD, cut->max_payload);
    scenario->region_count = REGION_COUNT;
    for (uint32_t i = 0; i < REGION_COUNT; i++) {
        struct scn_record *region = &scenario->regions[i];
        region->tag = SCN_TAG_REGION;
        region->present = 0;
        scn_set(region, SCN_REGION_F_ADDR, regions[i].addr);
        scn_set(region, SCN_REGION_F_LEN, regions[i].len);
        scn_set(region, SCN_REGION_F_FRONTEND_ADDR, regions[i].frontend_addr);
    }
    scenario->queue_count = GUEST_ROLES;
    for (uint32_t role = 0; role < GUEST_ROLES; role++) {
        const struct cut_queue *queue = &cut->queues[role];
        struct scn_record *record = &scenario->queues[role];
        record->tag = SCN_TAG_QUEUE;
        record->present = 0;
        scn_set(record, SCN_QUEUE_F_ROLE, role);
        scn_set(record, SCN_QUEUE_F_SIZE, queue->size);
        scn_set(record, SCN_QUEUE_F_MAX_CHAIN, queue->max_chain);
        scn_set(record, SCN_QUEUE_F_AVAIL_INDEX, queue->start);
        scn_set(record, SCN_QUEUE_F_USED_INDEX, queue->start);
        scn_set(record, SCN_QUEUE_F_AVAIL_WRAP, queue->wrap);
        scn_set(record, SCN_QUEUE_F_USED_WRAP, queue->wrap);
    }
}

void cut_lay(struct scn_scenario *out_scenario, const struct cut *cut, struct rng *rng)
{
    struct layer layer = {
        .scenario = out_scenario,
        .cut = cut,
        .rng = rng,
        .tracks = {[TRACK_FIRST] = {UINT64_C(0x200000), false},
                   [TRACK_SMALL] = {regions[FIRST_SMALL].addr + rng_below(rng, 60), false},
                   [TRACK_HIGH] = {regions[LAST_SMALL + 1].addr, false},
                   [TRACK_TOP] = {0, true}},
    };
    uint32_t counts[GUEST_ROLES] = {0};
    scn_init(out_scenario);
    memcpy(out_scenario->blob, cut->content->blob, cut->content->blob_len);
    out_scenario->blob_len = cut->content->blob_len;
    lay_guest(&layer);
    add_sends(&layer);
    for (uint32_t i = 0; i < cut->chain_count; i++) {
        add_chain(&layer, &cut->chains[i]);
        counts[cut->chains[i].role]++;
        if (!cut->batched) {
            add_device_steps(&layer, cut->chains[i].role, 1);
        }
    }
    for (uint32_t role = 0; role < GUEST_ROLES && cut->batched; role++) {
        add_device_steps(&layer, role, counts[role]);
    }
}
