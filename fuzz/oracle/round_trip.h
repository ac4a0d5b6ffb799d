/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What was built parses to what it was built from, and what was parsed builds what it was parsed
 * from: parse(build(p)) is p, build(parse(x)) is x. */
#ifndef VVS_FUZZ_ROUND_TRIP_H
#define VVS_FUZZ_ROUND_TRIP_H

#include "cut.h"
#include "restrict.h"

/* round_trip_run plays the chains of the scenario in `bytes`, sends what was received on tx on
 * through rx, and offers what was received on rx on tx.
 *
 * Returns  whether a packet went both ways. */
bool round_trip_run(const uint8_t *bytes, size_t len, const struct rule *rule);

/* round_trip_check_stream reports each packet or event that is not what guest memory holds. */
void round_trip_check_stream(const struct cut *cut, const struct cut_outcomes *outcomes);

/* round_trip_check_return reports each packet of `there` that did not come `back`: what was
 * accepted there stands in the same order in `back`, each in the other queue. */
void round_trip_check_return(const struct cut *cut, const struct cut_outcomes *there,
                             const struct cut_outcomes *back);

/* round_trip_check_packet tries everything that has an inverse on a live packet: each setter
 * and its getter, a reply and its reply, payload by ranges, reading and writing back, and a packet
 * in buffers of one's own. */
void round_trip_check_packet(const struct vvs_packet *packet, struct rng *rng);

/* round_trip_check_queue tries the encodings of where a queue stands, and of a base that follows
 * from `any`. */
void round_trip_check_queue(const struct vvs_queue *queue, uint32_t any);

/* round_trip_check_memory translates the frontend's addresses of byte `offset` (modulo its length)
 * of each region, and of the bytes beside the region. */
void round_trip_check_memory(const struct vvs_memory *memory, uint64_t offset);

#endif
