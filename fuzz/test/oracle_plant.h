/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* For tests of oracles that need whole runs: inputs of one chain a queue, which differ in a number,
 * and a fault in a call of the library, which the linker's --wrap puts there. */
#ifndef TEST_ORACLE_PLANT_H
#define TEST_ORACLE_PLANT_H

#include "build.h"
#include "oracle_stage.h"

#define PLANT_INPUTS 200u
#define PLANT_PAYLOAD 300u

static uint32_t planted;         /* the fault; 0: none */
static const char *plant_oracle; /* whose findings count; NULL: all */

/* The oracles of single runs see some of the faults too, and first. */
static inline void plant_catch(const char *name, const char *report)
{
    if (!plant_oracle || strcmp(name, plant_oracle) == 0) {
        stage_catch(name, report);
    }
}

/* plant_input writes the bytes of input `number`: a packet on tx in three pieces, one on rx, an
 * event. */
static inline size_t plant_input(uint8_t *out_bytes, size_t capacity, uint32_t number)
{
    static struct scn_scenario scenario;
    scn_init(&scenario);
    build_queue(&scenario, VVS_QUEUE_TX, 8);
    build_queue(&scenario, VVS_QUEUE_RX, 8);
    build_queue(&scenario, VVS_QUEUE_EVENT, 8);
    struct scn_record *chain = build_chain(&scenario, VVS_QUEUE_TX);
    scn_set(chain, SCN_ADD_CHAIN_F_SRC_PORT, number);
    build_element(&scenario, 40);
    build_element(&scenario, 104);
    build_element(&scenario, PLANT_PAYLOAD - 100);
    struct scn_record *sent = build(&scenario, SCN_TAG_SEND);
    scn_set(sent, SCN_SEND_F_PAYLOAD_LEN, PLANT_PAYLOAD);
    scn_set(sent, SCN_SEND_F_FWD_CNT, 0x01020304);
    scn_set(build(&scenario, SCN_TAG_SEND_EVENT), SCN_SEND_EVENT_F_EVENT, 0x01020304);
    build_chain(&scenario, VVS_QUEUE_RX);
    build_chain(&scenario, VVS_QUEUE_EVENT);
    return scn_encode(out_bytes, capacity, &scenario);
}

/* plant_run plants `fault` and runs inputs up to the first finding of `oracle`. Without a fault
 * each of them must reach a comparison. */
static inline void plant_run(bool (*run)(const uint8_t *, size_t, const struct rule *),
                             uint32_t fault, const char *oracle)
{
    uint8_t bytes[512];
    memset(&stage, 0, sizeof stage);
    oracle_catch = plant_catch;
    plant_oracle = oracle;
    planted = fault;
    for (uint32_t i = 0; i < PLANT_INPUTS && stage.findings == 0; i++) {
        size_t len = plant_input(bytes, sizeof bytes, i);
        assert_int_not_equal(len, 0);
        assert_true(run(bytes, len, &rule_any) || fault != 0);
    }
    planted = 0;
}

#endif
