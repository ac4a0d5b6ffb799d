/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "iut.h"

#include <string.h>

#include "packet_source.h"

_Static_assert((int)VVS_IUT_QUEUE_RX == (int)VVS_QUEUE_RX &&
                   (int)VVS_IUT_QUEUE_TX == (int)VVS_QUEUE_TX &&
                   (int)VVS_IUT_QUEUE_EVENT == (int)VVS_QUEUE_EVENT,
               "roles are numbered alike");

static uint32_t role_bit(uint64_t role)
{
    return role == VVS_QUEUE_TX ? VVS_IUT_TX : role == VVS_QUEUE_RX ? VVS_IUT_RX : VVS_IUT_EVENT;
}

static uint32_t feature_needs(const struct scn_scenario *scenario)
{
    static const struct {
        uint32_t feature;
        uint32_t need;
    } named[] = {
        {VVS_F_INDIRECT_DESC, VVS_IUT_INDIRECT},
        {VVS_F_EVENT_IDX, VVS_IUT_EVENT_IDX},
        {VVS_F_IN_ORDER, VVS_IUT_IN_ORDER},
    };
    uint64_t features = scn_get(&scenario->image, SCN_IMAGE_F_FEATURES, 0);
    uint32_t needs = (features >> VVS_F_RING_PACKED & 1u) != 0 ? VVS_IUT_PACKED : VVS_IUT_SPLIT;
    for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
        needs |= (features >> named[i].feature & 1u) != 0 ? named[i].need : 0;
    }
    return needs;
}

static uint32_t queue_needs(const struct scn_scenario *scenario)
{
    const uint32_t position = 0xfu << SCN_QUEUE_F_AVAIL_INDEX;
    uint32_t needs = scenario->queue_count == 0 ? VVS_IUT_TX : 0;
    for (uint32_t i = 0; i < scenario->queue_count; i++) {
        const struct scn_record *queue = &scenario->queues[i];
        needs |= role_bit(scn_get(queue, SCN_QUEUE_F_ROLE, VVS_QUEUE_TX));
        needs |= (queue->present & position) != 0 ? VVS_IUT_STATE : 0;
    }
    return needs;
}

static uint32_t step_needs(uint8_t tag)
{
    switch (tag) {
    case SCN_TAG_SERVE:
        return VVS_IUT_SERVE;
    case SCN_TAG_POP:
    case SCN_TAG_PUBLISH:
    case SCN_TAG_FLUSH:
    case SCN_TAG_UNDO:
    case SCN_TAG_ABORT:
        return VVS_IUT_POP;
    case SCN_TAG_ARM:
    case SCN_TAG_DISARM:
    case SCN_TAG_NOTIFY:
        return VVS_IUT_NOTIFY;
    case SCN_TAG_SAVE:
    case SCN_TAG_RESTORE:
    case SCN_TAG_RESTART:
        return VVS_IUT_STATE;
    case SCN_TAG_SET_MEMORY:
        return VVS_IUT_MEMORY;
    default:
        return 0;
    }
}

uint32_t iut_needs(const struct scn_scenario *scenario)
{
    uint32_t needs = feature_needs(scenario) | queue_needs(scenario);
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        needs |= step_needs(scenario->steps[i].tag);
    }
    return needs | (scenario->race_count != 0 ? VVS_IUT_OBSERVE : 0);
}

const char *iut_support_name(uint32_t supports)
{
    static const char *const names[] = {
        "split",    "packed", "tx",  "rx",     "event", "indirect", "event_idx",
        "in_order", "serve",  "pop", "notify", "state", "memory",   "races",
    };
    for (uint32_t i = 0; i < sizeof names / sizeof *names; i++) {
        if ((supports >> i & 1u) != 0) {
            return names[i];
        }
    }
    return NULL;
}

const char *iut_status_name(uint32_t status)
{
    static const char *const names[] = {
        [VVS_IUT_OK] = "VVS_OK",
        [VVS_IUT_EMPTY] = "VVS_EMPTY",
        [VVS_IUT_BROKEN] = "broken",
        [VVS_IUT_CALLER] = "caller",
        [VVS_IUT_NONE] = "none",
        [VVS_IUT_REFUSED] = "refused",
        [VVS_IUT_UNSUPPORTED] = "unsupported",
        [VVS_IUT_CRASHED] = "crashed",
    };
    return status < sizeof names / sizeof *names ? names[status] : "no status";
}

static void source_of(struct packet_source *out_source, const struct scn_scenario *scenario,
                      const struct scn_record *record)
{
    packet_source_init(out_source, scenario, record, false, IUT_UNSAID_PAYLOAD_BYTES);
}

void iut_send_init(struct vvs_iut_send *out_send, const struct scn_scenario *scenario,
                   const struct scn_record *record)
{
    const uint32_t lengths =
        1u << SCN_SEND_F_PAYLOAD | 1u << SCN_SEND_F_PAYLOAD_LEN | 1u << SCN_SEND_F_HDR_LEN;
    struct packet_source source;
    source_of(&source, scenario, record);
    uint32_t written = source.payload_len;
    bool said = false;
    if (record != NULL) {
        written = (uint32_t)scn_get(record, SCN_SEND_F_WRITTEN, written);
        /* Written and not said: what a device then knows to be written is nothing. */
        written = scn_get(record, SCN_SEND_F_IN_PLACE, 0) == 2 ? 0 : written;
        said = (record->present & lengths) != 0;
    }
    *out_send = (struct vvs_iut_send){
        .payload_len = source.payload_len > written ? source.payload_len : written,
        .written = written,
        .fit = !said,
    };
    memcpy(out_send->header, source.header, sizeof source.header);
}

void iut_send_payload(const struct vvs_iut_send *send, uint8_t *out_bytes,
                      const struct scn_scenario *scenario, const struct scn_record *record)
{
    struct packet_source source;
    source_of(&source, scenario, record);
    packet_source_bytes(&source, out_bytes, 0, send->payload_len);
}
