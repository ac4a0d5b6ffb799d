/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "deviations.h"

#include <stddef.h>

#include <vvs/spec.h>

#include "oracle.h"

/* What makes a chain none that a driver may offer. */
#define DRIVER_FAULTS                                                                              \
    (SHAPE_NEXT | SHAPE_LONG | SHAPE_LOST | SHAPE_TABLE | SHAPE_NESTED | SHAPE_TABLE_NEXT |        \
     SHAPE_TABLE_UNASKED | SHAPE_BYTES | SHAPE_ORDER | SHAPE_OUTSIDE | SHAPE_DENIED)

struct rule_of_difference {
    const char *entry; /* the requirement that the peer's list names; NULL: left open by the text */
    const char *what;
    bool (*explains)(const struct difference *found);
};

static bool is_rx(const struct difference *found)
{
    return found->queue->role == VVS_QUEUE_RX;
}

static bool has(const struct difference *found, uint32_t bits)
{
    return found->shape != NULL && (found->shape->bits & bits) != 0;
}

static uint32_t count(const struct difference *found)
{
    return found->shape != NULL ? found->shape->count : 0;
}

static uint32_t len(const struct difference *found, uint32_t number)
{
    return count(found) > number ? found->shape->first[number].len : 0;
}

static bool refused_by_peer(const struct difference *found)
{
    return found->kind == DIFFERENCE_VERDICT && found->we_took;
}

static bool refused_by_us(const struct difference *found)
{
    return found->kind == DIFFERENCE_VERDICT && found->they_took;
}

static uint32_t header_len(const struct difference *found)
{
    const uint8_t *at = found->ours->header + offsetof(struct vvs_hdr_wire, len);
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static bool header_in_pieces(const struct difference *found)
{
    return refused_by_peer(found) && count(found) != 0 && len(found, 0) < VVS_HDR_BYTES;
}

/* It is then looked for in the second element, and not found there, or found to be other bytes. */
static bool payload_beside_header(const struct difference *found)
{
    return !is_rx(found) && (found->kind == DIFFERENCE_PAYLOAD || refused_by_peer(found)) &&
           count(found) > 1 && len(found, 0) > VVS_HDR_BYTES;
}

static bool payload_in_pieces(const struct difference *found)
{
    return !is_rx(found) && refused_by_peer(found) && count(found) > 1 &&
           len(found, 1) < header_len(found);
}

/* Anything may be different about a buffer that is seen as another one. */
static bool about_rx_buffer(const struct difference *found)
{
    return is_rx(found) && found->ours != NULL && found->kind != DIFFERENCE_CHAINS;
}

static bool buffer_in_pieces(const struct difference *found)
{
    return about_rx_buffer(found) && !refused_by_us(found) &&
           (count(found) > 2 || (count(found) == 2 && len(found, 0) != VVS_HDR_BYTES));
}

static bool buffer_of_a_header(const struct difference *found)
{
    return is_rx(found) && refused_by_peer(found) && count(found) == 1 &&
           len(found, 0) == VVS_HDR_BYTES;
}

static bool buffer_over_maximum(const struct difference *found)
{
    uint64_t first = VVS_HDR_BYTES + (uint64_t)found->max_payload;
    return about_rx_buffer(found) &&
           (count(found) == 1 ? len(found, 0) > first : len(found, 1) > found->max_payload);
}

static bool over_a_border(const struct difference *found)
{
    return refused_by_peer(found) && has(found, SHAPE_CROSSING);
}

static bool exactly_2_to_32(const struct difference *found)
{
    return refused_by_peer(found) && has(found, SHAPE_BYTES);
}

static bool no_bytes(const struct difference *found)
{
    return is_rx(found) && refused_by_peer(found) && has(found, SHAPE_ZERO);
}

static bool ring_at_0(const struct difference *found)
{
    return found->ours == NULL && found->queue->driver == 0 &&
           (uint32_t)found->their_answer->status == VVS_IUT_BROKEN;
}

static bool flag_not_read(const struct difference *found)
{
    bool event_idx = (found->queue->features >> VVS_F_EVENT_IDX & 1u) != 0;
    return found->kind == DIFFERENCE_NOTIFY && found->their_answer->notify && !event_idx &&
           !found->signal_due;
}

/* Behind a start at a position the library does not know what was signalled before. */
static bool signal_not_due(const struct difference *found)
{
    return found->kind == DIFFERENCE_NOTIFY && found->our_answer->notify && !found->signal_due;
}

static bool large_table(const struct difference *found)
{
    return refused_by_peer(found) && has(found, SHAPE_LARGE_TABLE);
}

static bool fault_not_seen(const struct difference *found)
{
    return refused_by_us(found) && has(found, DRIVER_FAULTS);
}

/* The crates count what is available, and not what is still out. */
static bool outstanding(const struct difference *found)
{
    return found->ours == NULL && found->our_answer->status == VVS_E_OUTSTANDING;
}

static bool head_seen_late(const struct difference *found)
{
    return has(found, SHAPE_HEAD);
}

static const struct rule_of_difference rules[] = {
    {"SPLIT-FRM-002", "a header over several elements is refused", header_in_pieces},
    {"SPLIT-FRM-003", "payload in the header's element is skipped", payload_beside_header},
    {"SPLIT-FRM-004", "a payload over several elements is refused", payload_in_pieces},
    {"SPLIT-FRM-005", "rx payload begins in the second element, and ends there", buffer_in_pieces},
    {"VSOCK-RXTX-009", "an rx buffer of 44 bytes is refused", buffer_of_a_header},
    {"VSOCK-LEN-002", "the most payload is a bound of the second element alone",
     buffer_over_maximum},
    {"SPLIT-DESC-012", "an element over a region border is refused", over_a_border},
    {NULL, "2^32 bytes are refused", exactly_2_to_32},
    {"SPLIT-DESC-013", "an element without bytes must be mapped all the same", no_bytes},
    {"SPLIT-AVAIL-001", "an available ring at address 0 is none", ring_at_0},
    {"SPLIT-USUP-002", "the flag that asks for no signal is not read", flag_not_read},
    {NULL, "a signal too many", signal_not_due},
    {NULL, "a table of more entries than 16 bits count", large_table},
    {NULL, "a driver's fault behind what is looked at", fault_not_seen},
    {NULL, "more chains out than the queue has", outstanding},
    {NULL, "a head that is none is noticed when it is returned", head_seen_late},
};

static const char *const kinds[] = {
    [DIFFERENCE_STATUS] = "another status",
    [DIFFERENCE_CHAINS] = "other chains",
    [DIFFERENCE_VERDICT] = "accepted by one, refused by the other",
    [DIFFERENCE_HEADER] = "another header",
    [DIFFERENCE_CAPACITY] = "another capacity",
    [DIFFERENCE_PAYLOAD] = "another payload",
    [DIFFERENCE_USED] = "other used entries",
    [DIFFERENCE_BYTES] = "other bytes in the buffer",
    [DIFFERENCE_NOTIFY] = "another decision on notification",
    [DIFFERENCE_MORE] = "another answer to arm",
};

void deviations_judge(const struct difference *found)
{
    char text[256] = "no chain";
    for (uint32_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (rules[i].explains(found)) {
            return;
        }
    }
    if (found->shape != NULL) {
        (void)shape_describe(found->shape, text, sizeof text);
    }
    oracle_fail("differential", "step %u, vvs and %s (%s): %s\n  vvs says %s, %s says %s\n  %s",
                found->step, found->peer->iut.iut->name, found->peer->file, kinds[found->kind],
                vvs_status_name(found->our_answer->status), found->peer->file,
                iut_status_name((uint32_t)found->their_answer->status), text);
}
