/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#define _POSIX_C_SOURCE 200809L /* pause */
#include "plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "chance.h"
#include "memory.h"
#include "oracle.h"

#define PLAN_BYTES 12u

/* What chance_mix is asked for, for each chain. */
enum drawn { DRAWN_PAYLOAD, DRAWN_SPARE, DRAWN_COUNT, DRAWN_INDIRECT, DRAWN_BYTES, DRAWN_CUT };

static uint32_t drawn(const struct plan *plan, uint32_t number, uint32_t what)
{
    return chance_mix(plan->seed, number * 16 + what);
}

void plan_decode(struct plan *out_plan, const uint8_t *bytes, size_t len)
{
    uint8_t b[PLAN_BYTES] = {0};
    if (len != 0) {
        memcpy(b, bytes, len < sizeof b ? len : sizeof b);
    }
    struct plan plan = {
        .packed = b[0] & 1,
        .rx = b[0] >> 1 & 1,
        .event_idx = b[0] >> 2 & 1,
        .indirect = b[0] >> 3 & 1,
        .in_order = b[0] >> 4 & 1,
        .by_hand = b[0] >> 5 & 1,
        .size = b[0] & 1 ? 1u + b[1] % PLAN_SIZE_MAX : 1u << b[1] % 7,
        .chains = 1u + b[3] % PLAN_CHAINS_MAX,
        .payload_max = b[4],
        .elements_max = 1u + b[5] % PLAN_ELEMENTS_MAX,
        .late = b[5] >> 4,
        .batch = 1u + b[6] % 16,
        .batches = 1u + (b[6] >> 4) % 4,
        .suppress_odds = b[7] % 16,
        .wait_odds = b[7] >> 4,
        .budget = 1u + b[8] % 16,
        .disarm_odds = b[8] >> 4,
        .stop_odds = b[9] % 16 / 2,
        .restart_odds = (b[9] >> 4) / 4,
        .driver_polls = b[10] % 16,
        .device_polls = b[10] >> 4,
        .driver_pauses = b[11] % 16,
        .device_pauses = b[11] >> 4,
    };
    plan.start = plan.packed ? b[2] % (2 * plan.size) : (uint16_t)-b[2];
    for (size_t i = 0; i < len; i++) {
        plan.seed = chance_mix(plan.seed, bytes[i]);
    }
    *out_plan = plan;
}

uint64_t plan_features(const struct plan *plan)
{
    uint64_t features = VVS_FEATURE(VVS_F_VERSION_1) | VVS_FEATURE(VVS_F_STREAM);
    features |= plan->packed ? VVS_FEATURE(VVS_F_RING_PACKED) : 0;
    features |= plan->event_idx ? VVS_FEATURE(VVS_F_EVENT_IDX) : 0;
    features |= plan->indirect ? VVS_FEATURE(VVS_F_INDIRECT_DESC) : 0;
    features |= plan->in_order ? VVS_FEATURE(VVS_F_IN_ORDER) : 0;
    return features;
}

void plan_chain(const struct plan *plan, struct plan_chain *out_chain, uint32_t number)
{
    struct plan_chain chain = {.indirect =
                                   plan->indirect && drawn(plan, number, DRAWN_INDIRECT) % 2};
    uint32_t most = plan->elements_max;
    if (!chain.indirect && most > plan->size) {
        most = plan->size;
    }
    chain.count = 1 + drawn(plan, number, DRAWN_COUNT) % most;
    chain.payload_len = drawn(plan, number, DRAWN_PAYLOAD) % (plan->payload_max + 1);
    chain.total = VVS_HDR_BYTES + chain.payload_len;
    chain.total += drawn(plan, number, DRAWN_SPARE) % (PLAN_SPARE_MAX + 1);
    uint32_t left = chain.total;
    for (uint32_t i = 0; i < chain.count; i++) {
        uint32_t behind = chain.count - i - 1; /* at least a byte for each element behind */
        chain.lens[i] =
            behind != 0 ? 1 + drawn(plan, number, DRAWN_CUT + i) % (left - behind) : left;
        left -= chain.lens[i];
    }
    *out_chain = chain;
}

uint32_t plan_packet(const struct plan *plan, uint8_t out_bytes[VVS_HDR_BYTES + PLAN_PAYLOAD_MAX],
                     uint32_t number)
{
    uint32_t some = drawn(plan, number, DRAWN_BYTES);
    uint32_t len = drawn(plan, number, DRAWN_PAYLOAD) % (plan->payload_max + 1);
    memory_le(out_bytes, plan->rx ? VVS_CID_HOST : 3, 8);
    memory_le(out_bytes + 8, plan->rx ? 3 : VVS_CID_HOST, 8);
    memory_le(out_bytes + 16, number, 4); /* source port */
    memory_le(out_bytes + 20, some, 4);
    memory_le(out_bytes + 24, len, 4);
    memory_le(out_bytes + 28, VVS_TYPE_STREAM, 2);
    memory_le(out_bytes + 30, VVS_OP_RW, 2);
    memory_le(out_bytes + 32, some >> 3, 4);
    memory_le(out_bytes + 36, some >> 5, 4);
    memory_le(out_bytes + 40, some >> 7, 4);
    for (uint32_t i = 0; i < len; i++) {
        out_bytes[VVS_HDR_BYTES + i] = (uint8_t)(some + 7 * i);
    }
    return VVS_HDR_BYTES + len;
}

void plan_fail(const struct plan *plan, const char *name, const char *format, ...)
{
    static uint32_t failed;
    char report[256];
    va_list arguments;
    /* The other thread's finding must not end the process while this one's is written. */
    while (__atomic_exchange_n(&failed, 1, __ATOMIC_RELAXED) != 0) {
        (void)pause();
    }
    va_start(arguments, format);
    vsnprintf(report, sizeof report, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\nthreads: %s, %s ring of %u from %u,%s%s%s %u chains, %s\n",
            plan->rx ? "rx" : "tx", plan->packed ? "packed" : "split", plan->size, plan->start,
            plan->event_idx ? " EVENT_IDX," : "", plan->indirect ? " INDIRECT_DESC," : "",
            plan->in_order ? " IN_ORDER," : "", plan->chains,
            plan->by_hand ? "popped and published one by one" : "served");
    oracle_fail(name, "%s", report);
}
