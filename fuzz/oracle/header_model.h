/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A packet header by plain writes of bytes, to compare the library's with. */
#ifndef VVS_FUZZ_HEADER_MODEL_H
#define VVS_FUZZ_HEADER_MODEL_H

#include <vvs/packet.h>

#define HEADER_FIELDS 10u

struct header_model {
    uint8_t bytes[VVS_HDR_BYTES];
};

/* header_model_get and header_model_set are about field `field`, in wire order. */
uint64_t header_model_get(const struct header_model *model, uint32_t field);
void header_model_set(struct header_model *model, uint32_t field, uint64_t value);

/* header_model_reply makes `model` an answer to `request`. */
void header_model_reply(struct header_model *model, const struct header_model *request,
                        uint16_t op);

/* header_packet_set calls the library's setter of field `field`. */
void header_packet_set(struct vvs_packet *packet, uint32_t field, uint64_t value);

/* header_model_check compares the packet's bytes, each getter and each check with the model. */
void header_model_check(const struct header_model *model, const struct vvs_packet *packet);

#endif
