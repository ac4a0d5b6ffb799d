/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A bug that is known: who does not find it within seconds would not find the unknown ones. The
 * library is the one that all targets have; the linker lets the calls below come between its
 * files (--wrap). After two rare packets the device claims to have written to a buffer that it
 * read.
 *
 * Target: vvs_serve_tx, vvs_queue_publish
 * Input:  a scenario (FORMAT.md), version 1, moved to the tx queue
 * Oracle: all of fuzz/oracle, of which used-len sees the bug */
#include "target.h"

#include <stdio.h>
#include <vvs/packet.h>
#include <vvs/spec.h>

#include "oracle.h"

#define LIE_BYTES 1u
#define RARE_PIECES 4u /* of a header */
#define RARE_COUNT 2u  /* of such packets in one run */

enum vvs_status __real_vvs_packet_from_tx(struct vvs_packet *out_packet, uint32_t *out_needed,
                                          const struct vvs_chain *chain, struct vvs_slice *slices,
                                          uint32_t slice_count, uint32_t max_payload_len);
enum vvs_status __wrap_vvs_packet_from_tx(struct vvs_packet *out_packet, uint32_t *out_needed,
                                          const struct vvs_chain *chain, struct vvs_slice *slices,
                                          uint32_t slice_count, uint32_t max_payload_len);
enum vvs_status __real_vvs_queue_publish(struct vvs_queue *queue, const struct vvs_token *token,
                                         uint32_t used_len);
enum vvs_status __wrap_vvs_queue_publish(struct vvs_queue *queue, const struct vvs_token *token,
                                         uint32_t used_len);

enum vvs_status __real_vvs_queue_init(struct vvs_queue *queue, const struct vvs_memory *memory,
                                      const struct vvs_queue_config *config);
enum vvs_status __wrap_vvs_queue_init(struct vvs_queue *queue, const struct vvs_memory *memory,
                                      const struct vvs_queue_config *config);

const struct rule target_rule = {
    .roles = 1u << VVS_QUEUE_TX,
    .format = RULE_ANY_FORMAT,
};

static uint32_t rare_count; /* since the queue was set up */
static bool lie;

static bool header_in_pieces(const struct vvs_chain *chain)
{
    uint64_t len = 0;
    for (uint32_t i = 0; i < RARE_PIECES - 1 && i < chain->element_count; i++) {
        len += chain->elements[i].len;
    }
    return len < VVS_HDR_BYTES;
}

enum vvs_status __wrap_vvs_packet_from_tx(struct vvs_packet *out_packet, uint32_t *out_needed,
                                          const struct vvs_chain *chain, struct vvs_slice *slices,
                                          uint32_t slice_count, uint32_t max_payload_len)
{
    enum vvs_status status = __real_vvs_packet_from_tx(out_packet, out_needed, chain, slices,
                                                       slice_count, max_payload_len);
    if (status == VVS_OK && chain->queue->packed && header_in_pieces(chain)) {
        rare_count++;
        lie = rare_count == RARE_COUNT;
    }
    return status;
}

enum vvs_status __wrap_vvs_queue_publish(struct vvs_queue *queue, const struct vvs_token *token,
                                         uint32_t used_len)
{
    static bool told;
    if (lie && !told) {
        told = true;
        fprintf(stderr, "canary: a wrong used length\n");
    }
    used_len += lie ? LIE_BYTES : 0;
    lie = false;
    return __real_vvs_queue_publish(queue, token, used_len);
}

/* Each run begins so: the same input gives the same answers. */
enum vvs_status __wrap_vvs_queue_init(struct vvs_queue *queue, const struct vvs_memory *memory,
                                      const struct vvs_queue_config *config)
{
    rare_count = 0;
    lie = false;
    return __real_vvs_queue_init(queue, memory, config);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    oracle_run(bytes, len, &target_rule);
    return 0;
}
