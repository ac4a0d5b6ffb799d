/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Operations on the elements of one chain. */
#include "ops.h"

#include <string.h>

#define MAX_PIECES 12u

struct scn_record *chain_pick(struct mutation *mutation)
{
    struct scn_scenario *scenario = mutation->scenario;
    uint32_t count = 0;
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        count += scenario->steps[i].tag == SCN_TAG_ADD_CHAIN;
    }
    uint32_t wanted = rng_below(&mutation->rng, count);
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        if (scenario->steps[i].tag == SCN_TAG_ADD_CHAIN && wanted-- == 0) {
            return &scenario->steps[i];
        }
    }
    return NULL;
}

static struct scn_record *element_init(struct scn_record *element, uint64_t len)
{
    element->tag = SCN_TAG_ELEMENT;
    element->present = 0;
    element->bytes_len = 0;
    scn_set(element, SCN_ELEMENT_F_LEN, len);
    return element;
}

static uint64_t default_len(const struct scn_scenario *scenario, const struct scn_record *chain)
{
    switch (scn_role_of(scenario, chain)) {
    case VVS_QUEUE_TX:
        return VVS_HDR_BYTES + scn_get(chain, SCN_ADD_CHAIN_F_PAYLOAD_LEN, 64);
    case VVS_QUEUE_RX:
        return 3776;
    default:
        return VVS_EVENT_BYTES;
    }
}

struct scn_record *chain_open(struct mutation *mutation, struct scn_record *chain, uint32_t spare)
{
    struct scn_scenario *scenario = mutation->scenario;
    uint32_t count = chain->element_count;
    bool last = chain->element_first + count == scenario->element_count && count != 0;
    uint32_t needed = (last ? 0 : count ? count : 1) + spare;
    if (needed > SCN_MAX_ELEMENTS - scenario->element_count) {
        return NULL;
    }
    if (!last) {
        struct scn_record *fresh = &scenario->elements[scenario->element_count];
        memcpy(fresh, &scenario->elements[chain->element_first], count * sizeof *fresh);
        if (count == 0) {
            element_init(fresh, default_len(scenario, chain));
            count = 1;
        }
        chain->element_first = scenario->element_count;
        chain->element_count = count;
        scenario->element_count += count;
    }
    return &scenario->elements[chain->element_first];
}

/* The caller has put `change` more (or fewer) elements behind the opened ones. */
static void chain_resize(struct mutation *mutation, struct scn_record *chain, int change)
{
    chain->element_count = (uint32_t)((int)chain->element_count + change);
    mutation->scenario->element_count = chain->element_first + chain->element_count;
}

static uint64_t len_of(const struct scn_record *element)
{
    return scn_get(element, SCN_ELEMENT_F_LEN, VVS_HDR_BYTES);
}

static uint64_t chain_len(const struct scn_scenario *scenario, const struct scn_record *chain)
{
    uint64_t total = chain->element_count ? 0 : default_len(scenario, chain);
    for (uint32_t i = 0; i < chain->element_count; i++) {
        total += len_of(&scenario->elements[chain->element_first + i]);
    }
    return total;
}

static void sort(uint64_t *values, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        for (uint32_t j = i; j > 0 && values[j - 1] > values[j]; j--) {
            uint64_t swap = values[j];
            values[j] = values[j - 1];
            values[j - 1] = swap;
        }
    }
}

/* Picks where to cut `total` bytes into a framing; returns the number of cuts, ascending. */
static uint32_t cuts_pick(struct rng *rng, uint64_t *out_cuts, uint64_t total)
{
    uint32_t in_header = 0;
    uint32_t behind = 0;
    bool at_border = false;
    switch (rng_below(rng, 6)) {
    case 0:
        break;
    case 1:
        at_border = true;
        break;
    case 2:
        in_header = 1;
        break;
    case 3:
        in_header = 1 + rng_below(rng, 3);
        at_border = true;
        break;
    case 4:
        at_border = true;
        behind = 1 + rng_below(rng, 4);
        break;
    default:
        in_header = rng_below(rng, 6);
        behind = rng_below(rng, 6);
        break;
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < in_header; i++) {
        out_cuts[count++] = 1 + rng_below(rng, VVS_HDR_BYTES - 1);
    }
    if (at_border && total > VVS_HDR_BYTES) {
        out_cuts[count++] = VVS_HDR_BYTES;
    }
    for (uint32_t i = 0; i < behind && total > VVS_HDR_BYTES + 1; i++) {
        out_cuts[count++] = VVS_HDR_BYTES + rng_below(rng, (uint32_t)(total - VVS_HDR_BYTES));
    }
    sort(out_cuts, count);
    return count;
}

bool chain_frame(struct mutation *mutation, struct scn_record *chain)
{
    struct rng *rng = &mutation->rng;
    uint64_t total = chain_len(mutation->scenario, chain);
    if (scn_role_of(mutation->scenario, chain) == VVS_QUEUE_EVENT) {
        total = rng_chance(rng, 80) ? VVS_EVENT_BYTES + rng_below(rng, 60) : rng_below(rng, 8);
    } else if (total < VVS_HDR_BYTES || total > 65536) {
        total = VVS_HDR_BYTES + rng_below(rng, rng_chance(rng, 80) ? 128 : 4096);
    }
    uint64_t cuts[MAX_PIECES];
    uint32_t cut_count = cuts_pick(rng, cuts, total);
    struct scn_record *elements = chain_open(mutation, chain, MAX_PIECES);
    if (!elements) {
        return false;
    }
    uint64_t at = 0;
    uint32_t count = 0;
    for (uint32_t i = 0; i <= cut_count; i++) {
        uint64_t end = i < cut_count && cuts[i] < total ? cuts[i] : total;
        if (end > at || (end == at && rng_chance(rng, 10))) {
            element_init(&elements[count++], end - at);
        }
        at = end;
    }
    chain_resize(mutation, chain, (int)count - (int)chain->element_count);
    return true;
}

bool op_reframe(struct mutation *mutation)
{
    struct scn_record *chain = chain_pick(mutation);
    return chain && chain_frame(mutation, chain);
}

/* A chain opened for one operation, and one element of it. */
struct opened {
    struct scn_record *chain;
    struct scn_record *elements;
    uint32_t at;
};

static bool open_any(struct mutation *mutation, struct opened *out_opened, uint32_t spare)
{
    out_opened->chain = chain_pick(mutation);
    if (!out_opened->chain) {
        return false;
    }
    out_opened->elements = chain_open(mutation, out_opened->chain, spare);
    if (!out_opened->elements) {
        return false;
    }
    out_opened->at = rng_below(&mutation->rng, out_opened->chain->element_count);
    return out_opened->chain->element_count != 0;
}

/* Opens a gap of one element behind `at`, filled with a copy of it. */
static struct scn_record *gap(struct mutation *mutation, struct opened *opened)
{
    struct scn_record *element = &opened->elements[opened->at];
    uint32_t behind = opened->chain->element_count - opened->at;
    memmove(element + 1, element, behind * sizeof *element);
    chain_resize(mutation, opened->chain, 1);
    return element + 1;
}

bool op_split(struct mutation *mutation)
{
    struct opened opened;
    if (!open_any(mutation, &opened, 1)) {
        return false;
    }
    struct scn_record *first = &opened.elements[opened.at];
    uint64_t len = len_of(first);
    if (len < 2) {
        return false;
    }
    uint64_t cut = 1 + rng_below(&mutation->rng, (uint32_t)(len - 1));
    struct scn_record *second = gap(mutation, &opened);
    scn_set(first, SCN_ELEMENT_F_LEN, cut);
    scn_set(second, SCN_ELEMENT_F_LEN, len - cut);
    if (scn_has(first, SCN_ELEMENT_F_ADDR)) {
        scn_set(second, SCN_ELEMENT_F_ADDR, first->value[SCN_ELEMENT_F_ADDR] + cut);
    }
    return true;
}

bool op_merge(struct mutation *mutation)
{
    struct opened opened;
    if (!open_any(mutation, &opened, 0) || opened.at + 1 >= opened.chain->element_count) {
        return false;
    }
    struct scn_record *first = &opened.elements[opened.at];
    uint64_t len = len_of(first) + len_of(first + 1);
    if (len > UINT32_MAX) {
        return false;
    }
    scn_set(first, SCN_ELEMENT_F_LEN, len);
    memmove(first + 1, first + 2, (opened.chain->element_count - opened.at - 2) * sizeof *first);
    chain_resize(mutation, opened.chain, -1);
    return true;
}

bool op_swap_elements(struct mutation *mutation)
{
    struct opened opened;
    if (!open_any(mutation, &opened, 0)) {
        return false;
    }
    uint32_t other = rng_below(&mutation->rng, opened.chain->element_count);
    struct scn_record swap = opened.elements[other];
    opened.elements[other] = opened.elements[opened.at];
    opened.elements[opened.at] = swap;
    return other != opened.at;
}

bool op_duplicate(struct mutation *mutation)
{
    struct opened opened;
    return open_any(mutation, &opened, 1) && gap(mutation, &opened) != NULL;
}

bool op_remove(struct mutation *mutation)
{
    struct opened opened;
    if (!open_any(mutation, &opened, 0) || opened.chain->element_count < 2) {
        return false;
    }
    struct scn_record *element = &opened.elements[opened.at];
    memmove(element, element + 1, (opened.chain->element_count - opened.at - 1) * sizeof *element);
    chain_resize(mutation, opened.chain, -1);
    return true;
}

bool op_empty_element(struct mutation *mutation)
{
    struct opened opened;
    if (!open_any(mutation, &opened, 1)) {
        return false;
    }
    struct scn_record *element = &opened.elements[opened.at];
    gap(mutation, &opened);
    scn_set(element + rng_below(&mutation->rng, 2), SCN_ELEMENT_F_LEN, 0);
    return true;
}

bool op_resize(struct mutation *mutation)
{
    struct opened opened;
    if (!open_any(mutation, &opened, 0)) {
        return false;
    }
    struct scn_record *element = &opened.elements[opened.at];
    struct rng *rng = &mutation->rng;
    uint64_t len = len_of(element);
    uint64_t fresh = value_of(rng, scn_type_of(SCN_TAG_ELEMENT), SCN_ELEMENT_F_LEN);
    if (rng_chance(rng, 50)) {
        fresh = len + rng_below(rng, 5) - 2;
    } else if (opened.chain->element_count > 1 && rng_chance(rng, 20)) {
        /* All of them together come to as much as a chain may describe, or just beyond. */
        uint64_t others = chain_len(mutation->scenario, opened.chain) - len;
        fresh = VVS_CHAIN_BYTES_MAX - others + rng_below(rng, 3) * (uint64_t)rng_below(rng, 64);
    }
    scn_set(element, SCN_ELEMENT_F_LEN, fresh & UINT32_MAX);
    return fresh != len;
}

bool op_flip_direction(struct mutation *mutation)
{
    struct opened opened;
    if (!open_any(mutation, &opened, 0)) {
        return false;
    }
    bool device_reads = scn_role_of(mutation->scenario, opened.chain) == VVS_QUEUE_TX;
    scn_set(&opened.elements[opened.at], SCN_ELEMENT_F_WRITABLE, device_reads);
    return true;
}

/* An address where `len` bytes touch or pass an end of some region. */
static uint64_t border_addr(struct mutation *mutation, uint64_t len)
{
    uint64_t addr;
    uint64_t extent;
    struct rng *rng = &mutation->rng;
    uint32_t count = mutation->scenario->region_count;
    region_extent(mutation->scenario, rng_below(rng, count), &addr, &extent);
    switch (rng_below(rng, 6)) {
    case 0:
        return addr;
    case 1:
        return addr - 1;
    case 2:
        return addr + extent - len + 1;
    case 3:
        return addr + extent;
    case 4:
        return 0 - len;
    default:
        return addr + extent - len;
    }
}

bool op_border(struct mutation *mutation)
{
    struct opened opened;
    if (!open_any(mutation, &opened, 0)) {
        return false;
    }
    struct scn_record *element = &opened.elements[opened.at];
    scn_set(element, SCN_ELEMENT_F_ADDR, border_addr(mutation, len_of(element)));
    return true;
}

bool op_cross(struct mutation *mutation)
{
    struct opened opened;
    if (!open_any(mutation, &opened, 0)) {
        return false;
    }
    struct scn_record *element = &opened.elements[opened.at];
    uint64_t len = len_of(element);
    if (len < 2) {
        return false;
    }
    struct rng *rng = &mutation->rng;
    regions_spell(mutation->scenario, 2 + rng_below(rng, 2));
    uint64_t addr;
    uint64_t extent;
    region_extent(mutation->scenario, rng_below(rng, mutation->scenario->region_count - 1), &addr,
                  &extent);
    uint32_t before = 1 + rng_below(rng, len < 128 ? (uint32_t)len - 1 : 127);
    scn_set(element, SCN_ELEMENT_F_ADDR, addr + extent - before);
    return true;
}

/* Memory that the device may only read, only write, or not touch, under a buffer or a table. */
bool op_grant(struct mutation *mutation)
{
    struct scn_scenario *scenario = mutation->scenario;
    struct rng *rng = &mutation->rng;
    struct opened opened;
    if (!open_any(mutation, &opened, 0)) {
        return false;
    }
    regions_spell(scenario, 2);
    uint32_t number = 1 + rng_below(rng, scenario->region_count - 1);
    uint64_t addr;
    uint64_t extent;
    region_extent(scenario, number, &addr, &extent);
    scn_set(&scenario->regions[number], SCN_REGION_F_PERMISSION, rng_below(rng, 3));
    addr += rng_chance(rng, 50) ? rng_below(rng, 256) : (uint64_t)0 - rng_below(rng, 32);
    if (rng_chance(rng, 40)) {
        scn_set(opened.chain, SCN_ADD_CHAIN_F_INDIRECT, 1);
        scn_set(opened.chain, SCN_ADD_CHAIN_F_TABLE_ADDR, addr);
        feature_add(scenario, VVS_F_INDIRECT_DESC);
    } else {
        scn_set(&opened.elements[opened.at], SCN_ELEMENT_F_ADDR, addr);
    }
    return true;
}

bool op_indirect(struct mutation *mutation)
{
    struct scn_record *chain = chain_pick(mutation);
    if (!chain) {
        return false;
    }
    struct scn_scenario *scenario = mutation->scenario;
    if (scn_get(chain, SCN_ADD_CHAIN_F_INDIRECT, 0) && rng_chance(&mutation->rng, 50)) {
        chain->present &= ~(1u << SCN_ADD_CHAIN_F_INDIRECT);
        return true;
    }
    scn_set(chain, SCN_ADD_CHAIN_F_INDIRECT, 1);
    if (rng_chance(&mutation->rng, 95)) {
        feature_add(scenario, VVS_F_INDIRECT_DESC);
    }
    if (rng_chance(&mutation->rng, 20)) {
        scn_set(chain, SCN_ADD_CHAIN_F_DIRECT_COUNT, rng_below(&mutation->rng, 3));
    } else {
        chain->present &= ~(1u << SCN_ADD_CHAIN_F_DIRECT_COUNT);
    }
    return true;
}

bool op_table(struct mutation *mutation)
{
    struct scn_record *chain = chain_pick(mutation);
    struct rng *rng = &mutation->rng;
    if (!chain) {
        return false;
    }
    if (!scn_get(chain, SCN_ADD_CHAIN_F_INDIRECT, 0)) {
        scn_set(chain, SCN_ADD_CHAIN_F_INDIRECT, 1);
        feature_add(mutation->scenario, VVS_F_INDIRECT_DESC);
    }
    uint64_t bytes = VVS_DESC_BYTES * (chain->element_count ? chain->element_count : 1);
    switch (rng_below(rng, 5)) {
    case 0:
        scn_set(chain, SCN_ADD_CHAIN_F_TABLE_LEN, (bytes + rng_below(rng, 3) - 1) & UINT32_MAX);
        break;
    case 1:
        scn_set(chain, SCN_ADD_CHAIN_F_TABLE_LEN,
                (bytes + 16 * (uint64_t)rng_below(rng, 3) - 16) & UINT32_MAX);
        break;
    case 2:
        scn_set(chain, SCN_ADD_CHAIN_F_TABLE_ADDR, border_addr(mutation, bytes));
        if (rng_chance(rng, 50)) { /* cut off where memory ends */
            uint64_t addr;
            uint64_t extent;
            region_extent(mutation->scenario, SCN_MAX_REGIONS, &addr, &extent);
            scn_set(chain, SCN_ADD_CHAIN_F_TABLE_ADDR,
                    addr + extent - 1 - rng_below(rng, (uint32_t)bytes));
        }
        break;
    case 3: {
        uint64_t addr;
        uint64_t extent;
        regions_spell(mutation->scenario, 2);
        region_extent(mutation->scenario, 0, &addr, &extent);
        scn_set(chain, SCN_ADD_CHAIN_F_TABLE_ADDR,
                addr + extent - 1 - rng_below(rng, (uint32_t)bytes));
        break;
    }
    default:
        scn_set(chain, SCN_ADD_CHAIN_F_TABLE_FLAGS_XOR, 1u << rng_below(rng, 3));
        break;
    }
    return true;
}

bool op_links(struct mutation *mutation)
{
    struct opened opened;
    if (!open_any(mutation, &opened, 0)) {
        return false;
    }
    struct rng *rng = &mutation->rng;
    static const uint8_t fields[] = {SCN_ELEMENT_F_NEXT, SCN_ELEMENT_F_NEXT,
                                     SCN_ELEMENT_F_FLAGS_XOR, SCN_ELEMENT_F_SLOT, SCN_ELEMENT_F_ID};
    uint32_t field = fields[rng_below(rng, sizeof fields)];
    struct scn_record *element = &opened.elements[opened.at];
    scn_set(element, field, value_of(rng, scn_type_of(SCN_TAG_ELEMENT), field));
    if (field == SCN_ELEMENT_F_NEXT && rng_chance(rng, 50)) { /* a way on from the last: a loop */
        struct scn_record *end = &opened.elements[opened.chain->element_count - 1];
        scn_set(end, SCN_ELEMENT_F_FLAGS_XOR, VVS_DESC_F_NEXT);
        scn_set(end, SCN_ELEMENT_F_NEXT, rng_below(rng, 4));
    }
    return true;
}

/* What the header says of the payload: as much as there is, one off, or off by what some width
 * drops. */
bool op_fit(struct mutation *mutation)
{
    struct rng *rng = &mutation->rng;
    struct scn_record *chain = chain_pick(mutation);
    if (!chain) {
        return false;
    }
    uint64_t there = chain_len(mutation->scenario, chain) - VVS_HDR_BYTES;
    uint64_t fit = there + rng_below(rng, 3) - 1;
    switch (rng_below(rng, 8)) {
    case 0:
        fit = there + ((uint64_t)rng_below(rng, 3) << 16);
        break;
    case 1:
        fit = (UINT64_C(1) << 31) + rng_below(rng, 3) - 1;
        break;
    case 2:
        fit = UINT32_MAX - rng_below(rng, VVS_HDR_BYTES + 2);
        break;
    default:
        break;
    }
    scn_set(chain, SCN_ADD_CHAIN_F_HDR_LEN, fit & UINT32_MAX);
    return true;
}
