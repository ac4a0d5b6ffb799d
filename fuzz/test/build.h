/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Scenarios written in C, for tests: one call a record, one a field. */
#ifndef TEST_BUILD_H
#define TEST_BUILD_H

#include <string.h>

#include <vvs/spec.h>

#include "scenario.h"

/* build adds a record and returns it, without any field. */
static inline struct scn_record *build(struct scn_scenario *scenario, uint8_t tag)
{
    struct scn_list list = scn_list_of(scenario, tag);
    struct scn_record *record = &list.records[(*list.count)++];
    memset(record, 0, sizeof *record);
    record->tag = tag;
    return record;
}

/* build_step adds a step about the queue of `role`; every step but write, set_memory, send and
 * send_event has a field for it, whose number is `field`. */
static inline struct scn_record *build_step(struct scn_scenario *scenario, uint8_t tag,
                                            uint32_t field, uint32_t role)
{
    struct scn_record *record = build(scenario, tag);
    scn_set(record, field, role);
    return record;
}

/* build_chain adds an add_chain step for a queue. */
static inline struct scn_record *build_chain(struct scn_scenario *scenario, uint32_t role)
{
    return build_step(scenario, SCN_TAG_ADD_CHAIN, SCN_ADD_CHAIN_F_ROLE, role);
}

/* build_element adds an element of `len` bytes to the newest chain. */
static inline struct scn_record *build_element(struct scn_scenario *scenario, uint32_t len)
{
    struct scn_record *chain = &scenario->steps[scenario->step_count - 1];
    struct scn_record *record = &scenario->elements[scenario->element_count];
    if (chain->element_count == 0) {
        chain->element_first = scenario->element_count;
    }
    chain->element_count++;
    scenario->element_count++;
    memset(record, 0, sizeof *record);
    record->tag = SCN_TAG_ELEMENT;
    scn_set(record, SCN_ELEMENT_F_LEN, len);
    return record;
}

/* build_bytes gives a record its BYTES field, number `field`. */
static inline void build_bytes(struct scn_scenario *scenario, struct scn_record *record,
                               uint32_t field, const char *bytes, uint32_t len)
{
    scn_set(record, field, 0);
    scn_add_bytes(scenario, record, (const uint8_t *)bytes, len);
}

/* build_queue adds a queue. */
static inline struct scn_record *build_queue(struct scn_scenario *scenario, uint32_t role,
                                             uint32_t size)
{
    struct scn_record *record = build(scenario, SCN_TAG_QUEUE);
    scn_set(record, SCN_QUEUE_F_ROLE, role);
    scn_set(record, SCN_QUEUE_F_SIZE, size);
    return record;
}

/* build_region adds a region. */
static inline struct scn_record *build_region(struct scn_scenario *scenario, uint64_t addr,
                                              uint64_t len)
{
    struct scn_record *record = build(scenario, SCN_TAG_REGION);
    scn_set(record, SCN_REGION_F_ADDR, addr);
    scn_set(record, SCN_REGION_F_LEN, len);
    return record;
}

/* build_features sets the features to VERSION_1 and the bits given. */
static inline void build_features(struct scn_scenario *scenario, uint64_t features)
{
    scenario->image.tag = SCN_TAG_IMAGE;
    scn_set(&scenario->image, SCN_IMAGE_F_FEATURES, features | VVS_FEATURE(VVS_F_VERSION_1));
}

#endif
