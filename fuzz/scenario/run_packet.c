/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Packets of a run: what was received, what is sent, and how the answer keeps them. */
#include <string.h>

#include "run_private.h"

#define CHUNK_BYTES 4096u
#define UNSAID_PAYLOAD_BYTES 64u

/* No stack: red zones around a local of this size would be made anew for each packet. */
static uint8_t chunk[CHUNK_BYTES];

struct run_chain *run_add_chain(struct run *run, uint32_t role, enum run_kind kind)
{
    struct run_chain *chain = &run->chains[run->chain_count];
    if (run->chain_count < RUN_MAX_CHAINS) {
        run->chain_count++;
    }
    run->chain_total++;
    memset(chain, 0, sizeof *chain);
    chain->kind = (uint8_t)kind;
    chain->role = (uint8_t)role;
    chain->payload_at = RUN_NOT_STORED;
    return chain;
}

static void keep_header(struct run_chain *chain, const struct vvs_packet *packet)
{
    chain->has_header = true;
    memcpy(chain->header, vvs_packet_header(packet), VVS_HDR_BYTES);
}

struct run_chain *run_add_reject(struct run *run, uint32_t role, enum vvs_status status,
                                 const struct vvs_packet *packet)
{
    struct run_chain *chain = run_add_chain(run, role, RUN_REJECT);
    chain->status = status;
    if (packet != NULL) {
        keep_header(chain, packet);
        chain->capacity = vvs_packet_capacity(packet); /* 0: no payload is lent */
    }
    return chain;
}

static void begin_payload(struct run *run, struct run_chain *chain, uint32_t len)
{
    chain->payload_len = len;
    chain->payload_hash = RUN_FOLD_START;
    if (run->payload_store != NULL && len <= run->payload_capacity - run->payload_used) {
        chain->payload_at = run->payload_used;
        run->payload_used += len;
    }
}

static void keep_payload(struct run *run, struct run_chain *chain, uint32_t offset,
                         const uint8_t *bytes, uint32_t len)
{
    chain->payload_hash = run_fold_bytes(chain->payload_hash, bytes, len);
    if (chain->payload_at != RUN_NOT_STORED) {
        memcpy(run->payload_store + chain->payload_at + offset, bytes, len);
    }
}

struct run_chain *run_received(struct run *run, const struct vvs_packet *packet)
{
    struct run_chain *chain = run_add_chain(run, VVS_QUEUE_TX, RUN_PACKET);
    keep_header(chain, packet);
    chain->capacity = vvs_packet_capacity(packet);
    uint32_t len = chain->capacity < RUN_MAX_PAYLOAD ? chain->capacity : RUN_MAX_PAYLOAD;
    len = len < run->read_left ? len : run->read_left;
    run->read_left -= len;
    begin_payload(run, chain, len);
    for (uint32_t done = 0; done < len;) {
        uint32_t piece = len - done < CHUNK_BYTES ? len - done : CHUNK_BYTES;
        enum vvs_status status = vvs_packet_read(packet, chunk, done, piece);
        if (status != VVS_OK) {
            chain->status = status; /* never: the range is inside the capacity */
            break;
        }
        keep_payload(run, chain, done, chunk, piece);
        done += piece;
    }
    if (run->hooks != NULL && run->hooks->packet != NULL) {
        run->hooks->packet(run->hooks->context, run, VVS_QUEUE_TX, packet);
    }
    return chain;
}

/* Writes the payload through the packet's slices, as a monitor does that reads into guest memory:
 * announced, since the library takes no part. */
static void fill_in_place(const struct vvs_packet *packet, uint32_t offset, const uint8_t *bytes,
                          uint32_t len)
{
    uint32_t count;
    const struct vvs_slice *slices = vvs_packet_payload_slices(packet, &count);
    uint64_t start = 0;
    for (uint32_t i = 0; i < count && start < offset + len; start += slices[i++].len) {
        uint64_t from = offset > start ? offset : start;
        uint64_t end = start + slices[i].len;
        end = end < offset + len ? end : offset + len;
        if (from >= end) {
            continue;
        }
        uint8_t *host = (uint8_t *)slices[i].data + (from - start);
        const struct vvs_access access = {
            NULL, host, (uint32_t)(end - from), (uint32_t)from, VVS_ITEM_PAYLOAD, VVS_ACCESS_STORE};
        vvs_observe_before(&access);
        memcpy(host, bytes + (from - offset), access.len);
        vvs_observe_after(&access);
    }
}

static enum vvs_status fill_piece(struct vvs_packet *packet, bool in_place, uint32_t offset,
                                  uint32_t len)
{
    if (!in_place) {
        return vvs_packet_write(packet, offset, chunk, len);
    }
    fill_in_place(packet, offset, chunk, len);
    return VVS_OK;
}

struct run_chain *run_fill(struct run *run, struct vvs_packet *packet)
{
    struct run_chain *chain = run_add_chain(run, VVS_QUEUE_RX, RUN_PACKET);
    const struct scn_record *said =
        run->send_next < run->send_count ? run->sends[run->send_next++] : NULL;
    struct packet_source source;
    uint32_t capacity = vvs_packet_capacity(packet);
    packet_source_init(&source, run->scenario, said, false,
                       capacity < UNSAID_PAYLOAD_BYTES ? capacity : UNSAID_PAYLOAD_BYTES);
    uint32_t len = source.payload_len;
    uint64_t in_place = said != NULL ? scn_get(said, SCN_SEND_F_IN_PLACE, 0) : 0;
    if (said != NULL) {
        len = (uint32_t)scn_get(said, SCN_SEND_F_WRITTEN, len);
    }
    len = len < capacity ? len : capacity;
    begin_payload(run, chain, len);
    enum vvs_status status = vvs_packet_set_header(packet, source.header, VVS_HDR_BYTES);
    /* A packet that was given up has no buffer any more. */
    bool lent = !packet->done;
    for (uint32_t done = 0; done < len && status == VVS_OK && (lent || in_place == 0);) {
        uint32_t piece = len - done < CHUNK_BYTES ? len - done : CHUNK_BYTES;
        packet_source_bytes(&source, chunk, done, piece);
        status = fill_piece(packet, in_place != 0, done, piece);
        keep_payload(run, chain, done, chunk, piece);
        done += piece;
    }
    if (in_place == 1 && status == VVS_OK) {
        status = vvs_packet_set_written(packet, len);
    }
    chain->status = status; /* OK: the packet is writable and the range inside the capacity */
    chain->capacity = capacity;
    keep_header(chain, packet);
    if (run->hooks != NULL && run->hooks->packet != NULL) {
        run->hooks->packet(run->hooks->context, run, VVS_QUEUE_RX, packet);
    }
    return chain;
}

uint32_t run_pending_event(const struct run *run)
{
    return run->event_next < run->event_count ? run->events[run->event_next]
                                              : VVS_EVENT_TRANSPORT_RESET;
}

struct run_chain *run_sent_event(struct run *run)
{
    struct run_chain *chain = run_add_chain(run, VVS_QUEUE_EVENT, RUN_EVENT);
    chain->event = run_pending_event(run);
    chain->has_event = true;
    if (run->event_next < run->event_count) {
        run->event_next++;
    }
    return chain;
}
