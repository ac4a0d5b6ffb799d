/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Another implementation as the device of a run: what conformance/adapters/vvs_iut.h describes. The
 * harness keeps guest memory, plays the driver and reads the used ring; the implementation answers
 * the device steps. Statuses in the answers are enum vvs_iut_status then. */
#ifndef SCN_RUN_IUT_H
#define SCN_RUN_IUT_H

#include "iut.h"
#include "run.h"

#define RUN_IUT_MAX_SERVE 1024u /* what a serve step may ask for */

/* Large: make it static. */
struct run_iut {
    const struct vvs_iut *iut;
    struct run_device device; /* for run_scenario_on */
    void *made;               /* what `open` returned */
    bool unsupported;         /* it returned nothing: no step ran, which is no verdict */
    bool crashed;             /* it said so: answers of later steps are worth nothing */
    struct vvs_iut_image image;
    struct vvs_iut_queue queues[GUEST_ROLES];
    struct vvs_iut_region regions[1 + SCN_MAX_STEPS][SCN_MAX_REGIONS]; /* image, memory steps */
    struct vvs_iut_send sends[RUN_IUT_MAX_SERVE];
    uint32_t events[RUN_IUT_MAX_SERVE];
    struct vvs_iut_send said[SCN_MAX_STEPS]; /* the packets of send steps, payload once wanted */
    struct vvs_iut_send unsaid;              /* what is sent when none waits */
    uint8_t *payloads[SCN_MAX_STEPS];
    uint8_t unsaid_payload[IUT_UNSAID_PAYLOAD_BYTES];
    struct vvs_iut_chain chains[RUN_MAX_CHAINS];
    char reasons[RUN_MAX_CHAINS][sizeof((struct vvs_iut_chain *)0)->reason];
};

/* run_iut_init prepares runs on `iut`. */
void run_iut_init(struct run_iut *out_iut, const struct vvs_iut *iut);

/* run_iut_scenario runs a scenario on it, as run_scenario does on the library. The run needs a
 * payload_store. Look at `unsupported` and `crashed` then.
 *
 * Returns  the VVS_IUT_* bits that the scenario needs and the implementation lacks: nothing ran
 *          unless that is 0. */
uint32_t run_iut_scenario(struct run_iut *iut, struct run *run, const struct scn_scenario *scenario,
                          const struct run_hooks *hooks);

#endif
