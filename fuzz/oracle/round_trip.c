/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "round_trip.h"

#include <inttypes.h>
#include <string.h>

#include "header_model.h"
#include "oracle.h"
#include "stats.h"

#define NAME "round-trip"
#define RETURN_BYTES (SCN_MAX_BLOB / CUT_MAX_CHAINS) /* of payload, for a packet to go back */
#define MOST_SLACK 20u
#define FIELD_LEN 4u

_Static_assert((int)SCN_SEND_F_FWD_CNT + 1 == (int)HEADER_FIELDS,
               "the header's fields are numbered as on the wire");

static struct scn_scenario said_scenario;
static struct scn_scenario laid_scenario;
static struct scn_scenario back_content;
static struct cut said_cut;
static struct cut there_cut;
static struct cut sent_cut;
static struct cut back_cut;
static struct cut_outcomes there;
static struct cut_outcomes back;

static void differs(const struct cut *cut, uint32_t number, const char *what)
{
    char text[256];
    oracle_fail(NAME, "chain %u: %s\n  cut %s", number, what,
                cut_describe(text, sizeof text, cut, number));
}

static uint32_t header_len(const uint8_t *header)
{
    struct header_model model;
    memcpy(model.bytes, header, VVS_HDR_BYTES);
    return (uint32_t)header_model_get(&model, FIELD_LEN);
}

static const char *wrong_event(const struct cut_outcome *outcome)
{
    const uint8_t *bytes = outcome->bytes;
    if (outcome->used_len != VVS_EVENT_BYTES || outcome->byte_count < VVS_EVENT_BYTES) {
        return "an event without its 4 bytes";
    }
    uint32_t id =
        bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
    return id != outcome->event ? "another event than was sent" : NULL;
}

static const char *wrong_packet(const struct cut_outcome *outcome, bool sent)
{
    uint32_t end = VVS_HDR_BYTES + outcome->payload_len;
    if (outcome->byte_count < end || memcmp(outcome->header, outcome->bytes, VVS_HDR_BYTES) != 0) {
        return "the header is not what guest memory holds";
    }
    if (outcome->payload_hash !=
        run_fold_bytes(RUN_FOLD_START, outcome->bytes + VVS_HDR_BYTES, outcome->payload_len)) {
        return "the payload is not what guest memory holds";
    }
    for (uint32_t i = end; i < outcome->byte_count; i++) {
        if (outcome->bytes[i] != 0) {
            return "bytes behind the payload were written";
        }
    }
    uint32_t len = header_len(outcome->header);
    if (outcome->used_len != (sent ? VVS_HDR_BYTES + len : 0)) {
        return "the used length is not that of the packet";
    }
    return !sent && len != outcome->payload_len ? "the payload has another length than the header"
                                                : NULL;
}

void round_trip_check_stream(const struct cut *cut, const struct cut_outcomes *outcomes)
{
    for (uint32_t i = 0; i < cut->chain_count; i++) {
        const struct cut_outcome *outcome = &outcomes->of[i];
        const char *what = outcome->kind == RUN_EVENT ? wrong_event(outcome)
                           : outcome->kind == RUN_PACKET
                               ? wrong_packet(outcome, cut->chains[i].role != VVS_QUEUE_TX)
                               : NULL;
        if (outcome->answers != 1 || outcome->returns != 1) {
            what = "not answered and returned once";
        }
        if (what != NULL) {
            differs(cut, i, what);
        }
    }
}

/* Whether a packet goes back: it was accepted, and a scenario can say its bytes. */
static bool goes_back(const struct cut_outcome *outcome)
{
    return outcome->kind == RUN_PACKET && outcome->byte_count >= VVS_HDR_BYTES &&
           header_len(outcome->bytes) <= RETURN_BYTES &&
           header_len(outcome->bytes) <= outcome->byte_count - VVS_HDR_BYTES;
}

void round_trip_check_return(const struct cut *cut, const struct cut_outcomes *there_,
                             const struct cut_outcomes *back_)
{
    uint32_t number = 0;
    for (uint32_t i = 0; i < cut->chain_count; i++) {
        const struct cut_outcome *before = &there_->of[i];
        if (!goes_back(before)) {
            continue;
        }
        const struct cut_outcome *after = &back_->of[number++];
        uint32_t len = VVS_HDR_BYTES + header_len(before->bytes);
        if (after->kind != RUN_PACKET) {
            differs(cut, i, "accepted, and refused when it went back");
        } else if (memcmp(after->header, before->bytes, VVS_HDR_BYTES) != 0) {
            differs(cut, i, "came back with another header");
        } else if (after->byte_count < len || memcmp(after->bytes, before->bytes, len) != 0) {
            differs(cut, i, "came back with another payload");
        }
    }
}

/* The packet in `bytes` as a record says it. */
static struct scn_record say(struct scn_scenario *content, uint8_t tag, const uint8_t *bytes)
{
    struct scn_record record = {.tag = tag};
    struct header_model model;
    memcpy(model.bytes, bytes, VVS_HDR_BYTES);
    for (uint32_t field = 0; field < HEADER_FIELDS; field++) {
        scn_set(&record, field, header_model_get(&model, field));
    }
    uint32_t len = header_len(bytes);
    scn_set(&record, SCN_SEND_F_PAYLOAD, 0);
    (void)scn_add_bytes(content, &record, bytes + VVS_HDR_BYTES, len);
    scn_set(&record, SCN_SEND_F_PAYLOAD_LEN, len);
    return record;
}

/* Makes sent_cut of what came there: tx is sent on through rx, rx offered on tx. */
static void turn_round(const struct cut *cut, struct rng *rng)
{
    scn_init(&back_content);
    scn_set(&back_content.image, SCN_IMAGE_F_FEATURES, cut->features);
    scn_set(&back_content.image, SCN_IMAGE_F_MAX_PAYLOAD, cut->max_payload);
    cut_read(&sent_cut, &back_content);
    for (uint32_t i = 0; i < cut->chain_count; i++) {
        const struct cut_outcome *outcome = &there.of[i];
        if (!goes_back(outcome)) {
            continue;
        }
        uint32_t len = VVS_HDR_BYTES + header_len(outcome->bytes) + rng_below(rng, MOST_SLACK);
        if (cut->chains[i].role == VVS_QUEUE_TX) {
            const struct scn_record nothing_said = {.tag = SCN_TAG_ADD_CHAIN};
            back_content.steps[back_content.step_count++] =
                say(&back_content, SCN_TAG_SEND, outcome->bytes);
            cut_add(&sent_cut, &nothing_said, VVS_QUEUE_RX, len);
        } else {
            const struct scn_record said = say(&back_content, SCN_TAG_ADD_CHAIN, outcome->bytes);
            cut_add(&sent_cut, &said, VVS_QUEUE_TX, len);
        }
    }
}

static void on_packet(void *context, struct run *run, uint32_t role,
                      const struct vvs_packet *packet)
{
    oracle_hooks.packet(NULL, run, role, packet);
    round_trip_check_packet(packet, context);
}

static const struct run *play(struct cut_outcomes *out_outcomes, const struct cut *cut,
                              struct rng *rng, bool costly)
{
    struct run_hooks hooks = oracle_hooks;
    hooks.context = rng;
    hooks.packet = on_packet;
    cut_lay(&laid_scenario, cut, rng);
    const struct run *run = oracle_play(&laid_scenario, &hooks, costly);
    cut_collect(out_outcomes, run, cut);
    round_trip_check_stream(cut, out_outcomes);
    return run;
}

static bool trip(struct rng *rng, bool costly)
{
    cut_anew(&there_cut, &said_cut, rng);
    const struct run *run = play(&there, &there_cut, rng, costly);
    for (uint32_t role = 0; role < GUEST_ROLES; role++) {
        round_trip_check_queue(&run->queues[role].queue, (uint32_t)rng_next(rng));
    }
    round_trip_check_memory(guest_memory(&run->guest), rng_next(rng));
    turn_round(&there_cut, rng);
    if (sent_cut.chain_count == 0) {
        return false;
    }
    cut_anew(&back_cut, &sent_cut, rng);
    (void)play(&back, &back_cut, rng, costly);
    round_trip_check_return(&there_cut, &there, &back);
    stats_compared();
    return true;
}

bool round_trip_run(const uint8_t *bytes, size_t len, const struct rule *rule)
{
    uint64_t fold = run_fold_bytes(RUN_FOLD_START, bytes, len);
    struct rng rng = {fold};
    oracle_start();
    stats_begin();
    scn_decode(&said_scenario, bytes, len);
    rule_apply(rule, &said_scenario);
    cut_read(&said_cut, &said_scenario);
    bool compared = said_cut.chain_count != 0 && trip(&rng, fold % oracle_costly_one_in == 0);
    stats_end();
    return compared;
}
