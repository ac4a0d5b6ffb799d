/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "situations.h"

#include <vvs/spec.h>

#include "ops.h"

static const struct scn_record *queue_of(const struct scn_scenario *s, uint32_t role)
{
    for (uint32_t i = 0; i < s->queue_count; i++) {
        if (scn_get(&s->queues[i], SCN_QUEUE_F_ROLE, VVS_QUEUE_TX) == role) {
            return &s->queues[i];
        }
    }
    return NULL;
}

static uint64_t start_of(const struct scn_scenario *s, uint32_t role)
{
    const struct scn_record *queue = queue_of(s, role);
    return queue ? scn_get(queue, SCN_QUEUE_F_AVAIL_INDEX, 0) : 0;
}

static uint64_t size_of(const struct scn_scenario *s, uint32_t role)
{
    const struct scn_record *queue = queue_of(s, role);
    return queue ? scn_get(queue, SCN_QUEUE_F_SIZE, 8) : 8;
}

static bool has_feature(const struct scn_scenario *s, uint32_t bit)
{
    return (features_of(s) & VVS_FEATURE(bit)) != 0;
}

static uint64_t len_of(const struct scn_record *element)
{
    return scn_get(element, SCN_ELEMENT_F_LEN, VVS_HDR_BYTES);
}

static uint64_t sum_of(const struct scn_scenario *s, const struct scn_record *chain)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < chain->element_count; i++) {
        const struct scn_record *element = &s->elements[chain->element_first + i];
        sum += len_of(element) * scn_get(element, SCN_ELEMENT_F_REPEAT, 1);
    }
    return sum;
}

/* Whether a step of `tag` on `role` comes at `from` or later; where, in `*out_at`. */
static bool find(const struct scn_scenario *s, uint32_t from, uint8_t tag, uint32_t role,
                 uint32_t *out_at)
{
    for (uint32_t i = from; i < s->step_count; i++) {
        bool about = rule_role_field(tag) < 0 || scn_role_of(s, &s->steps[i]) == role;
        if (s->steps[i].tag == tag && about) {
            *out_at = i;
            return true;
        }
    }
    return false;
}

#define ANY_CHAIN(name, condition)                                                                 \
    static bool name(const struct scn_scenario *s)                                                 \
    {                                                                                              \
        for (uint32_t i = 0; i < s->step_count; i++) {                                             \
            const struct scn_record *c = &s->steps[i];                                             \
            uint32_t role = scn_role_of(s, c);                                                     \
            (void)role;                                                                            \
            if (c->tag == SCN_TAG_ADD_CHAIN && (condition)) {                                      \
                return true;                                                                       \
            }                                                                                      \
        }                                                                                          \
        return false;                                                                              \
    }

#define ANY_ELEMENT(name, condition)                                                               \
    static bool name(const struct scn_scenario *s)                                                 \
    {                                                                                              \
        for (uint32_t i = 0; i < s->element_count; i++) {                                          \
            const struct scn_record *e = &s->elements[i];                                          \
            uint64_t addr = scn_get(e, SCN_ELEMENT_F_ADDR, 0);                                     \
            uint64_t len = len_of(e);                                                              \
            (void)len;                                                                             \
            if (scn_has(e, SCN_ELEMENT_F_ADDR) && (condition)) {                                   \
                return true;                                                                       \
            }                                                                                      \
        }                                                                                          \
        return false;                                                                              \
    }

/* Whether a region ends at `addr`; another one begins there, when `adjacent`. */
static bool ends_at(const struct scn_scenario *s, uint64_t addr, bool adjacent)
{
    bool end = false;
    bool begin = false;
    for (uint32_t i = 0; i < (s->region_count ? s->region_count : 1); i++) {
        uint64_t start;
        uint64_t len;
        region_extent(s, i, &start, &len);
        end = end || start + len == addr;
        begin = begin || start == addr;
    }
    return end && begin == adjacent;
}

/* Whether `len` bytes from `addr` on lie over the end of a region. */
static bool crosses(const struct scn_scenario *s, uint64_t addr, uint64_t len, bool adjacent)
{
    for (uint32_t i = 0; i < (s->region_count ? s->region_count : 1); i++) {
        uint64_t start;
        uint64_t extent;
        region_extent(s, i, &start, &extent);
        uint64_t end = start + extent;
        if (addr < end && addr >= start && len > end - addr && ends_at(s, end, adjacent)) {
            return true;
        }
    }
    return false;
}

static bool in_permission(const struct scn_scenario *s, uint64_t addr, uint64_t permission)
{
    for (uint32_t i = 0; i < s->region_count; i++) {
        uint64_t start;
        uint64_t extent;
        region_extent(s, i, &start, &extent);
        if (scn_get(&s->regions[i], SCN_REGION_F_PERMISSION, 3) == permission &&
            addr - start < extent) {
            return true;
        }
    }
    return false;
}

static bool indirect(const struct scn_record *chain)
{
    return scn_get(chain, SCN_ADD_CHAIN_F_INDIRECT, 0) != 0;
}

static uint64_t readable(const struct scn_record *chain, uint64_t sum)
{
    uint64_t payload = sum - VVS_HDR_BYTES;
    return scn_has(chain, SCN_ADD_CHAIN_F_HDR_LEN) ? chain->value[SCN_ADD_CHAIN_F_HDR_LEN] - payload
                                                   : 0;
}

ANY_CHAIN(big_ring_late, size_of(s, role) == 32768 && start_of(s, role) >= 32764 &&
                             (start_of(s, role) <= 32767 || start_of(s, role) >= 65532))
ANY_CHAIN(index_wraps, start_of(s, role) >= 65532)
ANY_CHAIN(index_low_byte, (start_of(s, role) & 0xff) == 0xff)
ANY_CHAIN(packed_list_at_end, has_feature(s, VVS_F_RING_PACKED) && !indirect(c) &&
                                  c->element_count > 1 && start_of(s, role) < size_of(s, role) &&
                                  start_of(s, role) + c->element_count > size_of(s, role))
ANY_CHAIN(split_list_at_end, !has_feature(s, VVS_F_RING_PACKED) && !indirect(c) &&
                                 c->element_count > 1 &&
                                 start_of(s, role) % 8 + 1 >= size_of(s, role))
ANY_CHAIN(mixed_table, indirect(c) && scn_get(c, SCN_ADD_CHAIN_F_DIRECT_COUNT, 0) != 0 &&
                           scn_get(c, SCN_ADD_CHAIN_F_DIRECT_COUNT, 0) < c->element_count)
ANY_CHAIN(odd_table, indirect(c) && scn_get(c, SCN_ADD_CHAIN_F_TABLE_LEN, 0) % 16 != 0)
ANY_CHAIN(long_table,
          indirect(c) && scn_get(c, SCN_ADD_CHAIN_F_TABLE_LEN, 0) > 16 * c->element_count)
ANY_CHAIN(many_in_table, indirect(c) && c->element_count > size_of(s, role))
ANY_CHAIN(table_over_border,
          indirect(c) && scn_has(c, SCN_ADD_CHAIN_F_TABLE_ADDR) &&
              crosses(s, c->value[SCN_ADD_CHAIN_F_TABLE_ADDR], 16 * c->element_count, true))
ANY_CHAIN(table_over_end,
          indirect(c) && scn_has(c, SCN_ADD_CHAIN_F_TABLE_ADDR) &&
              crosses(s, c->value[SCN_ADD_CHAIN_F_TABLE_ADDR], 16 * c->element_count, false))
ANY_CHAIN(table_not_readable, indirect(c) && scn_has(c, SCN_ADD_CHAIN_F_TABLE_ADDR) &&
                                  in_permission(s, c->value[SCN_ADD_CHAIN_F_TABLE_ADDR], 2))
ANY_ELEMENT(over_border, crosses(s, addr, len, true))
ANY_ELEMENT(over_end, crosses(s, addr, len, false))
ANY_ELEMENT(to_the_end, len != 0 && ends_at(s, addr + len, false))
ANY_ELEMENT(to_the_border, len != 0 && ends_at(s, addr + len, true))
ANY_ELEMENT(one_past, len != 0 && ends_at(s, addr + len - 1, false))
ANY_ELEMENT(at_top, len != 0 && addr + len == 0)
ANY_ELEMENT(over_top, len != 0 && addr > UINT64_MAX - 65536 && addr + len > 0 && addr + len < addr)
ANY_ELEMENT(not_writable, in_permission(s, addr, 1))
ANY_ELEMENT(not_readable, in_permission(s, addr, 2))
ANY_CHAIN(sum_below, sum_of(s, c) > UINT32_MAX - 64ull && sum_of(s, c) <= UINT32_MAX)
ANY_CHAIN(sum_above, sum_of(s, c) > UINT32_MAX && sum_of(s, c) < UINT32_MAX + 4096ull)
ANY_CHAIN(len_one_more, sum_of(s, c) >= 44 && readable(c, sum_of(s, c)) == 1)
ANY_CHAIN(len_one_less, sum_of(s, c) >= 44 && readable(c, sum_of(s, c)) == UINT64_MAX)
ANY_CHAIN(len_64k_more, sum_of(s, c) >= 44 && readable(c, sum_of(s, c)) == 65536)
ANY_CHAIN(len_half, scn_get(c, SCN_ADD_CHAIN_F_HDR_LEN, 0) >> 1 == 0x40000000)
ANY_CHAIN(len_wraps, scn_get(c, SCN_ADD_CHAIN_F_HDR_LEN, 0) >= 0xffffffd0)
ANY_CHAIN(short_event, role == VVS_QUEUE_EVENT && c->element_count != 0 && sum_of(s, c) < 4)
ANY_CHAIN(cut_event, role == VVS_QUEUE_EVENT && c->element_count > 1 && sum_of(s, c) >= 4 &&
                         len_of(&s->elements[c->element_first]) < 4)
ANY_CHAIN(header_in_bytes,
          c->element_count >= 3 && sum_of(s, c) >= 44 &&
              len_of(&s->elements[c->element_first]) + len_of(&s->elements[c->element_first + 1]) <
                  44)
ANY_CHAIN(wrong_way_behind,
          c->element_count > 1 && sum_of(s, c) >= 44 &&
              scn_get(&s->elements[c->element_first + c->element_count - 1], SCN_ELEMENT_F_WRITABLE,
                      role != VVS_QUEUE_TX) != (role != VVS_QUEUE_TX))

/* rx capacity 0, 1 or 8, and a packet that has more. */
static bool small_buffer(const struct scn_scenario *s)
{
    uint32_t send = 0;
    uint32_t chain = 0;
    for (uint32_t from = 0; find(s, from, SCN_TAG_ADD_CHAIN, VVS_QUEUE_RX, &chain);
         from = chain + 1) {
        uint64_t capacity = sum_of(s, &s->steps[chain]) - VVS_HDR_BYTES;
        if ((capacity == 0 || capacity == 1 || capacity == 8) &&
            find(s, 0, SCN_TAG_SEND, 0, &send) &&
            scn_get(&s->steps[send], SCN_SEND_F_PAYLOAD_LEN, 0) > capacity) {
            return true;
        }
    }
    return false;
}

/* A packet that claims more than is written of it. */
static bool short_write(const struct scn_scenario *s)
{
    uint32_t at = 0;
    return queue_of(s, VVS_QUEUE_RX) && find(s, 0, SCN_TAG_SEND, 0, &at) &&
           scn_get(&s->steps[at], SCN_SEND_F_WRITTEN, 64) <
               scn_get(&s->steps[at], SCN_SEND_F_PAYLOAD_LEN, 64);
}

/* The event word of the driver, within one of where the used index starts. */
static bool notify_edge(const struct scn_scenario *s)
{
    for (uint32_t i = 0; has_feature(s, VVS_F_EVENT_IDX) && i < s->step_count; i++) {
        const struct scn_record *step = &s->steps[i];
        uint32_t role = scn_role_of(s, step);
        uint64_t word = step->tag == SCN_TAG_SET_WORD ? scn_get(step, SCN_SET_WORD_F_WORD, 0) : 0;
        if (word != SCN_WORD_USED_EVENT && word != SCN_WORD_EVENT_OFFSET) {
            continue;
        }
        const struct scn_record *queue = queue_of(s, role);
        uint64_t start = queue ? scn_get(queue, SCN_QUEUE_F_USED_INDEX, 0) : 0;
        uint64_t value = scn_get(step, SCN_SET_WORD_F_VALUE, 0);
        if (start != 0 && ((value - start + 1) & 0x7fff) <= 4) {
            return true;
        }
    }
    return false;
}

/* A chain that is refused, then a good one, in one serve. */
static bool refused_then_good(const struct scn_scenario *s)
{
    for (uint32_t i = 0; i + 2 < s->step_count; i++) {
        const struct scn_record *bad = &s->steps[i];
        const struct scn_record *good = &s->steps[i + 1];
        const struct scn_record *serve = &s->steps[i + 2];
        if (bad->tag == SCN_TAG_ADD_CHAIN && good->tag == SCN_TAG_ADD_CHAIN &&
            serve->tag == SCN_TAG_SERVE && scn_get(serve, SCN_SERVE_F_MAX, 1) > 1 &&
            scn_role_of(s, bad) == scn_role_of(s, good) &&
            scn_role_of(s, bad) == scn_role_of(s, serve) && bad->element_count != 0 &&
            (sum_of(s, bad) < VVS_HDR_BYTES || indirect(bad)) &&
            (good->element_count == 0 || sum_of(s, good) >= VVS_HDR_BYTES) &&
            scn_get(bad, SCN_ADD_CHAIN_F_COUNT, 1) < scn_get(serve, SCN_SERVE_F_MAX, 1)) {
            return true;
        }
    }
    return false;
}

static uint32_t count_of(const struct scn_scenario *s, uint8_t tag)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->step_count; i++) {
        count += s->steps[i].tag == tag;
    }
    return count;
}

/* Two pops and a publication of the younger first. */
static bool out_of_order_by(const struct scn_scenario *s, uint64_t staged)
{
    uint32_t popped = 0;
    for (uint32_t i = 0; i < s->step_count; i++) {
        const struct scn_record *step = &s->steps[i];
        popped += step->tag == SCN_TAG_POP;
        popped = step->tag == SCN_TAG_RESTART || step->tag == SCN_TAG_RESTORE ? 0 : popped;
        if (step->tag == SCN_TAG_PUBLISH && popped >= 2 &&
            scn_get(step, SCN_PUBLISH_F_WHICH, 0) % popped != 0 &&
            scn_get(step, SCN_PUBLISH_F_STAGE, 0) == staged) {
            return true;
        }
    }
    return false;
}

static bool out_of_order(const struct scn_scenario *s)
{
    return out_of_order_by(s, 0);
}

static bool staged_out_of_order(const struct scn_scenario *s)
{
    return out_of_order_by(s, 1) && count_of(s, SCN_TAG_FLUSH) != 0;
}

static bool in_order_broken(const struct scn_scenario *s)
{
    return has_feature(s, VVS_F_IN_ORDER) && out_of_order_by(s, 0);
}

/* One step of each of `tags` in that order, on tx or rx. */
static bool in_sequence(const struct scn_scenario *s, const uint8_t *tags, uint32_t count)
{
    for (uint32_t role = 0; role < 2; role++) {
        uint32_t at = 0;
        uint32_t seen = 0;
        for (uint32_t from = 0; seen < count && find(s, from, tags[seen], role, &at); seen++) {
            from = at + 1;
        }
        if (seen == count) {
            return true;
        }
    }
    return false;
}

#define SEQUENCE(name, ...)                                                                        \
    static bool name(const struct scn_scenario *s)                                                 \
    {                                                                                              \
        static const uint8_t tags[] = {__VA_ARGS__};                                               \
        return in_sequence(s, tags, sizeof tags);                                                  \
    }

SEQUENCE(undo_twice, SCN_TAG_ADD_CHAIN, SCN_TAG_POP, SCN_TAG_POP, SCN_TAG_UNDO, SCN_TAG_UNDO)
SEQUENCE(undo_and_pop, SCN_TAG_ADD_CHAIN, SCN_TAG_POP, SCN_TAG_UNDO, SCN_TAG_POP)
SEQUENCE(memory_under_chain, SCN_TAG_ADD_CHAIN, SCN_TAG_POP, SCN_TAG_SET_MEMORY, SCN_TAG_PUBLISH)
SEQUENCE(saved_and_restored, SCN_TAG_ADD_CHAIN, SCN_TAG_SERVE, SCN_TAG_SAVE, SCN_TAG_RESTORE,
         SCN_TAG_ADD_CHAIN, SCN_TAG_SERVE)
SEQUENCE(restored_in_flight, SCN_TAG_ADD_CHAIN, SCN_TAG_POP, SCN_TAG_SAVE, SCN_TAG_RESTORE,
         SCN_TAG_SERVE)
SEQUENCE(restarted, SCN_TAG_ADD_CHAIN, SCN_TAG_SERVE, SCN_TAG_RESTART, SCN_TAG_ADD_CHAIN,
         SCN_TAG_SERVE)
SEQUENCE(armed, SCN_TAG_ARM, SCN_TAG_ADD_CHAIN, SCN_TAG_SERVE)
SEQUENCE(disarmed, SCN_TAG_DISARM, SCN_TAG_ADD_CHAIN, SCN_TAG_ARM)
SEQUENCE(published_again, SCN_TAG_ADD_CHAIN, SCN_TAG_POP, SCN_TAG_PUBLISH, SCN_TAG_PUBLISH)
SEQUENCE(aborted, SCN_TAG_ADD_CHAIN, SCN_TAG_POP, SCN_TAG_ABORT)

static bool small_max_payload(const struct scn_scenario *s)
{
    return scn_get(&s->image, SCN_IMAGE_F_MAX_PAYLOAD, 65536) <= 64;
}

/* More chains than the ring has slots, in one scenario. */
static bool whole_lap(const struct scn_scenario *s)
{
    uint64_t chains = 0;
    for (uint32_t i = 0; i < s->step_count; i++) {
        chains += s->steps[i].tag == SCN_TAG_ADD_CHAIN
                      ? scn_get(&s->steps[i], SCN_ADD_CHAIN_F_COUNT, 1)
                      : 0;
    }
    return s->queue_count == 1 && chains > scn_get(&s->queues[0], SCN_QUEUE_F_SIZE, 8);
}

static bool jumping_index(const struct scn_scenario *s)
{
    for (uint32_t i = 0; i < s->step_count; i++) {
        if (s->steps[i].tag == SCN_TAG_SET_WORD &&
            scn_get(&s->steps[i], SCN_SET_WORD_F_WORD, 0) == SCN_WORD_AVAIL_IDX) {
            return true;
        }
    }
    return false;
}

#define SITUATION(name) {#name, name}
const struct situation situations[] = {
    SITUATION(big_ring_late),
    SITUATION(index_wraps),
    SITUATION(index_low_byte),
    SITUATION(packed_list_at_end),
    SITUATION(split_list_at_end),
    SITUATION(mixed_table),
    SITUATION(odd_table),
    SITUATION(long_table),
    SITUATION(many_in_table),
    SITUATION(table_over_border),
    SITUATION(table_over_end),
    SITUATION(table_not_readable),
    SITUATION(over_border),
    SITUATION(over_end),
    SITUATION(to_the_end),
    SITUATION(to_the_border),
    SITUATION(one_past),
    SITUATION(at_top),
    SITUATION(over_top),
    SITUATION(not_writable),
    SITUATION(not_readable),
    SITUATION(sum_below),
    SITUATION(sum_above),
    SITUATION(len_one_more),
    SITUATION(len_one_less),
    SITUATION(len_64k_more),
    SITUATION(len_half),
    SITUATION(len_wraps),
    SITUATION(short_event),
    SITUATION(cut_event),
    SITUATION(header_in_bytes),
    SITUATION(wrong_way_behind),
    SITUATION(small_buffer),
    SITUATION(short_write),
    SITUATION(notify_edge),
    SITUATION(refused_then_good),
    SITUATION(out_of_order),
    SITUATION(staged_out_of_order),
    SITUATION(in_order_broken),
    SITUATION(undo_twice),
    SITUATION(undo_and_pop),
    SITUATION(memory_under_chain),
    SITUATION(saved_and_restored),
    SITUATION(restored_in_flight),
    SITUATION(restarted),
    SITUATION(armed),
    SITUATION(disarmed),
    SITUATION(published_again),
    SITUATION(aborted),
    SITUATION(small_max_payload),
    SITUATION(whole_lap),
    SITUATION(jumping_index),
};
const uint32_t situation_count = sizeof situations / sizeof situations[0];
