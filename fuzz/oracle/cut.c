/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Streams: as a scenario cuts them, and cut anew. */
#include "cut.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define RX_DEFAULT_BYTES 3776u /* as FORMAT.md has it */
#define MAX_SIZE 512u          /* of a queue, if no chain needs more */

static bool is_packed(const struct cut *cut)
{
    return (cut->features & VVS_FEATURE(VVS_F_RING_PACKED)) != 0;
}

static bool add_piece(struct cut *cut, uint32_t len, bool writable, uint32_t bound)
{
    if (cut->piece_count == bound) {
        return false;
    }
    cut->pieces[cut->piece_count++] = (struct cut_piece){len, writable};
    return true;
}

static uint64_t stream_len(const struct cut *cut, const struct cut_chain *chain, bool writable)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < chain->piece_count; i++) {
        const struct cut_piece *piece = &cut->pieces[chain->first_piece + i];
        total += piece->writable == writable ? piece->len : 0;
    }
    return total;
}

/* The bytes of the stream that the device may touch, or the driver when it pours. */
static uint64_t reach_of(const struct cut *cut, const struct cut_chain *chain)
{
    uint64_t total = stream_len(cut, chain, chain->role != VVS_QUEUE_TX);
    uint64_t wanted = VVS_EVENT_BYTES;
    if (chain->role == VVS_QUEUE_TX) {
        struct packet_source packet;
        uint64_t behind = total < VVS_HDR_BYTES ? 0 : total - VVS_HDR_BYTES;
        packet_source_init(&packet, cut->content, &chain->said, true,
                           behind < CUT_MAX_REACH ? (uint32_t)behind : CUT_MAX_REACH);
        uint64_t len = scn_get(&chain->said, SCN_ADD_CHAIN_F_HDR_LEN, packet.payload_len);
        len = len <= cut->max_payload ? len : 0;
        wanted = VVS_HDR_BYTES + (len < packet.payload_len ? packet.payload_len : len);
    } else if (chain->role == VVS_QUEUE_RX) {
        wanted = (uint64_t)VVS_HDR_BYTES + cut->max_payload;
    }
    return total < wanted ? total : wanted;
}

static uint32_t default_len(const struct cut *cut, const struct cut_chain *chain)
{
    struct packet_source packet;
    switch (chain->role) {
    case VVS_QUEUE_RX:
        return RX_DEFAULT_BYTES;
    case VVS_QUEUE_EVENT:
        return VVS_EVENT_BYTES;
    default:
        packet_source_init(&packet, cut->content, &chain->said, true, 0);
        return VVS_HDR_BYTES + packet.payload_len;
    }
}

static bool read_pieces(struct cut *cut, const struct cut_chain *chain,
                        const struct scn_record *step)
{
    bool usual = chain->role != VVS_QUEUE_TX;
    if (step->element_count == 0) {
        return add_piece(cut, default_len(cut, chain), usual, CUT_MAX_SAID);
    }
    for (uint32_t i = 0; i < step->element_count; i++) {
        const struct scn_record *said = &cut->content->elements[step->element_first + i];
        uint64_t copies = scn_get(said, SCN_ELEMENT_F_REPEAT, 1);
        for (uint64_t copy = 0; copy < copies; copy++) {
            if (!add_piece(cut, (uint32_t)scn_get(said, SCN_ELEMENT_F_LEN, VVS_HDR_BYTES),
                           scn_get(said, SCN_ELEMENT_F_WRITABLE, usual) != 0, CUT_MAX_SAID)) {
                return false;
            }
        }
    }
    return true;
}

static void read_chain(struct cut *cut, const struct scn_record *step)
{
    struct cut_chain *chain = &cut->chains[cut->chain_count];
    *chain = (struct cut_chain){
        .said = *step,
        .role = scn_role_of(cut->content, step),
        .first_piece = cut->piece_count,
    };
    bool whole = read_pieces(cut, chain, step);
    chain->piece_count = cut->piece_count - chain->first_piece;
    chain->reach = reach_of(cut, chain);
    if (!whole || chain->piece_count == 0 || chain->reach > CUT_MAX_REACH) {
        cut->piece_count = chain->first_piece;
        return;
    }
    chain->direct_count = chain->piece_count;
    if (scn_get(step, SCN_ADD_CHAIN_F_INDIRECT, 0) != 0) {
        uint32_t direct = (uint32_t)scn_get(step, SCN_ADD_CHAIN_F_DIRECT_COUNT, 0);
        chain->direct_count = is_packed(cut) ? 0 : direct % chain->piece_count;
    }
    cut->chain_count++;
}

/* Entries of the ring that the chains of a role take: the most of one, or of all together. */
static uint32_t ring_need(const struct cut *cut, uint32_t role)
{
    uint32_t need = 1;
    uint32_t together = 0;
    for (uint32_t i = 0; i < cut->chain_count; i++) {
        const struct cut_chain *chain = &cut->chains[i];
        if (chain->role == role) {
            uint32_t own = chain->direct_count + (chain->direct_count < chain->piece_count);
            together += own;
            need = need < own ? own : need;
        }
    }
    return cut->batched && together > need ? together : need;
}

static uint32_t chain_need(const struct cut *cut, uint32_t role)
{
    uint32_t need = 0;
    for (uint32_t i = 0; i < cut->chain_count; i++) {
        if (cut->chains[i].role == role && need < cut->chains[i].piece_count) {
            need = cut->chains[i].piece_count;
        }
    }
    return need;
}

static void settle_queue(const struct cut *cut, struct cut_queue *queue, uint32_t role)
{
    uint32_t need = ring_need(cut, role);
    queue->size = queue->size < need ? need : queue->size;
    if (is_packed(cut)) {
        queue->start = (uint16_t)(queue->start % queue->size);
    } else {
        while ((queue->size & (queue->size - 1)) != 0) {
            queue->size += queue->size & -queue->size;
        }
    }
    uint32_t bound = queue->max_chain != 0 ? queue->max_chain : queue->size;
    if (bound < chain_need(cut, role)) {
        queue->max_chain = chain_need(cut, role);
    }
}

void cut_settle(struct cut *cut)
{
    for (uint32_t role = 0; role < GUEST_ROLES; role++) {
        settle_queue(cut, &cut->queues[role], role);
    }
}

static void read_queue(struct cut *cut, const struct scn_record *said)
{
    uint32_t size = (uint32_t)scn_get(said, SCN_QUEUE_F_SIZE, 8);
    uint32_t max_chain = (uint32_t)scn_get(said, SCN_QUEUE_F_MAX_CHAIN, 0);
    cut->queues[scn_get(said, SCN_QUEUE_F_ROLE, VVS_QUEUE_TX)] = (struct cut_queue){
        .size = size < MAX_SIZE ? size : MAX_SIZE,
        .max_chain = max_chain < VVS_MAX_CHAIN_REQUEST ? max_chain : VVS_MAX_CHAIN_REQUEST,
        .start = (uint16_t)scn_get(said, SCN_QUEUE_F_AVAIL_INDEX, 0),
        .wrap = (uint8_t)scn_get(said, SCN_QUEUE_F_AVAIL_WRAP, 1),
    };
}

void cut_read(struct cut *out_cut, const struct scn_scenario *scenario)
{
    uint64_t acted =
        VVS_FEATURE(VVS_F_RING_PACKED) | VVS_FEATURE(VVS_F_EVENT_IDX) | VVS_FEATURE(VVS_F_IN_ORDER);
    uint64_t max_payload = scn_get(&scenario->image, SCN_IMAGE_F_MAX_PAYLOAD, CUT_MAX_PAYLOAD);
    out_cut->content = scenario;
    out_cut->chain_count = 0;
    out_cut->piece_count = 0;
    out_cut->features = (scn_get(&scenario->image, SCN_IMAGE_F_FEATURES, 0) & acted) |
                        VVS_FEATURE(VVS_F_VERSION_1) | VVS_FEATURE(VVS_F_INDIRECT_DESC);
    out_cut->max_payload = max_payload < CUT_MAX_PAYLOAD ? (uint32_t)max_payload : CUT_MAX_PAYLOAD;
    out_cut->scattered = out_cut->batched = out_cut->stepwise = out_cut->staged = false;
    for (uint32_t role = 0; role < GUEST_ROLES; role++) {
        out_cut->queues[role] = (struct cut_queue){.size = 8, .wrap = 1};
    }
    for (uint32_t i = 0; i < scenario->queue_count; i++) {
        read_queue(out_cut, &scenario->queues[i]);
    }
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        if (scenario->steps[i].tag == SCN_TAG_ADD_CHAIN && out_cut->chain_count < CUT_MAX_CHAINS) {
            read_chain(out_cut, &scenario->steps[i]);
        }
    }
    cut_settle(out_cut);
}

void cut_add(struct cut *cut, const struct scn_record *said, uint32_t role, uint32_t len)
{
    struct cut_chain *chain = &cut->chains[cut->chain_count++];
    *chain = (struct cut_chain){.said = *said,
                                .role = role,
                                .first_piece = cut->piece_count,
                                .piece_count = 1,
                                .direct_count = 1};
    (void)add_piece(cut, len, role != VVS_QUEUE_TX, CUT_MAX_PIECES);
    chain->reach = reach_of(cut, chain);
}

/* How one stretch of a stream is cut. */
enum style {
    STYLE_WHOLE,
    STYLE_HEADER, /* header and payload */
    STYLE_SMALL,
    STYLE_BYTES,
    STYLE_EVEN,
    STYLE_WIDE,
    STYLE_COUNT
};

struct knife {
    struct cut *cut;
    struct rng *rng;
    enum style style;
    uint32_t step;
    uint32_t spare; /* pieces that may still be cut beyond those there must be */
    uint64_t reach;
};

static uint64_t next_len(const struct knife *knife, uint64_t at, uint64_t left)
{
    uint64_t touched = at < knife->reach ? knife->reach - at : left;
    switch (knife->style) {
    case STYLE_HEADER:
        return at < VVS_HDR_BYTES ? VVS_HDR_BYTES - at : left;
    case STYLE_SMALL:
        return 1 + rng_below(knife->rng, 20);
    case STYLE_BYTES:
        return 1;
    case STYLE_EVEN:
        return knife->step;
    case STYLE_WIDE:
        return 1 + rng_below(knife->rng, touched < UINT32_MAX ? (uint32_t)touched : UINT32_MAX);
    default:
        return left;
    }
}

/* Cuts `len` bytes of one direction: at least one piece, be it an empty one. */
static void cut_stretch(struct knife *knife, uint64_t len, bool writable)
{
    struct cut *cut = knife->cut;
    uint32_t most = knife->style == STYLE_BYTES ? VVS_HDR_BYTES + 8 : 8;
    uint32_t cuts = rng_below(knife->rng, most + 1);
    uint64_t at = 0;
    do {
        bool free = cuts != 0 && knife->spare != 0;
        uint64_t piece = free ? next_len(knife, at, len - at) : len - at;
        if (free && rng_chance(knife->rng, 8)) {
            piece = 0;
        }
        piece = piece < len - at ? piece : len - at;
        piece = piece < UINT32_MAX ? piece : UINT32_MAX;
        (void)add_piece(cut, (uint32_t)piece, writable, CUT_MAX_PIECES);
        cuts -= free;
        knife->spare -= free;
        at += piece;
    } while (at < len);
    if (knife->spare != 0 && rng_chance(knife->rng, 5)) {
        knife->spare--;
        (void)add_piece(cut, 0, writable, CUT_MAX_PIECES);
    }
}

static void cut_chain(struct knife *knife, const struct cut *old, const struct cut_chain *from,
                      struct cut_chain *chain)
{
    knife->reach = from->reach;
    chain->first_piece = knife->cut->piece_count;
    for (uint32_t i = 0; i < from->piece_count;) {
        const struct cut_piece *pieces = &old->pieces[from->first_piece];
        bool writable = pieces[i].writable;
        uint64_t len = 0;
        for (; i < from->piece_count && pieces[i].writable == writable; i++) {
            len += pieces[i].len;
        }
        knife->style = (enum style)rng_below(knife->rng, STYLE_COUNT);
        knife->step = 1 + rng_below(knife->rng, 64);
        cut_stretch(knife, len, writable);
    }
    chain->piece_count = chain->direct_count = knife->cut->piece_count - chain->first_piece;
    if (rng_chance(knife->rng, 50)) {
        bool mixed = !is_packed(knife->cut) && rng_chance(knife->rng, 30);
        chain->direct_count = mixed ? rng_below(knife->rng, chain->piece_count) : 0;
    }
}

static void new_queue(struct cut *cut, uint32_t role, struct rng *rng)
{
    struct cut_queue *queue = &cut->queues[role];
    bool packed = is_packed(cut);
    uint32_t need = ring_need(cut, role);
    queue->size = packed ? need + rng_below(rng, 9) : need << rng_below(rng, 3);
    queue->max_chain = rng_chance(rng, 50) ? 0 : chain_need(cut, role) + rng_below(rng, 4);
    queue->start = (uint16_t)rng_next(rng);
    if (!packed && rng_chance(rng, 50)) {
        queue->start = (uint16_t)-rng_below(rng, 9); /* the index wraps in the run */
    }
    queue->wrap = (uint8_t)rng_below(rng, 2);
    settle_queue(cut, queue, role);
}

void cut_anew(struct cut *out_cut, const struct cut *old, struct rng *rng)
{
    struct knife knife = {.cut = out_cut, .rng = rng, .spare = CUT_MAX_PIECES - 2 * CUT_MAX_SAID};
    const int turned[] = {VVS_F_RING_PACKED, VVS_F_EVENT_IDX, VVS_F_IN_ORDER};
    out_cut->content = old->content;
    out_cut->chain_count = old->chain_count;
    out_cut->piece_count = 0;
    out_cut->features = old->features;
    out_cut->max_payload = old->max_payload;
    for (uint32_t i = 0; i < sizeof turned / sizeof turned[0]; i++) {
        out_cut->features ^= rng_chance(rng, 50) ? VVS_FEATURE(turned[i]) : 0;
    }
    out_cut->scattered = true;
    out_cut->batched = rng_chance(rng, 50);
    out_cut->stepwise = rng_chance(rng, 50);
    out_cut->staged = rng_chance(rng, 30);
    for (uint32_t i = 0; i < old->chain_count; i++) {
        out_cut->chains[i] = old->chains[i];
        cut_chain(&knife, old, &old->chains[i], &out_cut->chains[i]);
    }
    for (uint32_t role = 0; role < GUEST_ROLES; role++) {
        new_queue(out_cut, role, rng);
    }
}

const char *cut_describe(char *text, size_t capacity, const struct cut *cut, uint32_t number)
{
    const struct cut_chain *chain = &cut->chains[number];
    const struct cut_queue *queue = &cut->queues[chain->role];
    int at = snprintf(text, capacity,
                      "%s of %" PRIu32 " from %u%s%s:", is_packed(cut) ? "packed" : "split",
                      queue->size, queue->start, cut->batched ? ", batched" : "",
                      !cut->stepwise ? ", serve"
                      : cut->staged  ? ", staged"
                                     : ", pop");
    for (uint32_t i = 0; i < chain->piece_count && at >= 0 && (size_t)at + 24 < capacity; i++) {
        const struct cut_piece *piece = &cut->pieces[chain->first_piece + i];
        at += snprintf(text + at, capacity - (size_t)at, "%s %" PRIu32 "%s",
                       i == chain->direct_count ? " table" : "", piece->len,
                       piece->writable ? "W" : "R");
    }
    return text;
}
