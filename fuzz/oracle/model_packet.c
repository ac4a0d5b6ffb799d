/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* From a chain to a packet, and what a device writes into one: Socket Device, Device Operation. */
#include <inttypes.h>
#include <string.h>

#include "model.h"
#include "model_view.h"
#include "packet_source.h"

#define CHUNK_BYTES 4096u /* in such pieces the run reads a payload */
#define UNSAID_BYTES 64u  /* the most that the default rx packet carries */
#define MOST_PAYLOAD (UINT32_MAX - MODEL_HEADER_BYTES) /* a used length has 32 bits */

/* Calls `visit` for each piece of host memory of the chain's bytes `from` to `to`, in order.
 *
 * Returns  how many pieces; -1 when a byte is not in memory of `permission`, or `visit` says so. */
typedef bool visitor(uint64_t at, uint64_t addr, const uint8_t *host, uint32_t len, void *context);

static int64_t pieces(const struct model_chain *chain, uint64_t from, uint64_t to,
                      uint32_t permission, visitor *visit, void *context)
{
    int64_t count = 0;
    uint64_t start = 0;
    for (uint32_t i = 0; i < chain->buffer_count && start < to; i++) {
        const struct model_buffer *buffer = &chain->buffers[i];
        uint64_t end = start + buffer->len;
        uint64_t at = from > start ? from : start;
        uint32_t piece;
        for (; at < end && at < to; at += piece) {
            uint64_t addr = buffer->addr + (at - start);
            uint64_t left = (end < to ? end : to) - at;
            const uint8_t *host = addr < buffer->addr
                                      ? NULL /* behind the last address there is */
                                      : view_find(addr, (uint32_t)left, permission, &piece);
            if (host == NULL || (visit != NULL && !visit(at, addr, host, piece, context))) {
                return -1;
            }
            count++;
        }
        start = end;
    }
    return count;
}

/* Whether header and payload are in memory, in no more pieces than the run has slices. */
static bool in_reach(const struct model_chain *chain, uint32_t permission)
{
    uint64_t end = (uint64_t)MODEL_HEADER_BYTES + chain->capacity;
    int64_t header = pieces(chain, 0, MODEL_HEADER_BYTES, permission, NULL, NULL);
    int64_t payload = pieces(chain, MODEL_HEADER_BYTES, end, permission, NULL, NULL);
    return header >= 0 && payload >= 0 && header + payload <= RUN_SLICES;
}

static bool read_header(uint64_t at, uint64_t addr, const uint8_t *host, uint32_t len,
                        void *context)
{
    uint8_t *header = context;
    (void)host;
    return view_read(header + at, VVS_ITEM_HEADER, (uint32_t)at, addr, len);
}

struct hashing {
    uint8_t chunk[CHUNK_BYTES];
    uint64_t from;
};

static bool read_payload(uint64_t at, uint64_t addr, const uint8_t *host, uint32_t len,
                         void *context)
{
    struct hashing *hashing = context;
    (void)host;
    return view_read(hashing->chunk + (at - hashing->from), VVS_ITEM_PAYLOAD,
                     (uint32_t)(at - MODEL_HEADER_BYTES), addr, len);
}

static void hash_payload(struct model_chain *chain)
{
    static struct hashing hashing;
    uint32_t len = chain->capacity < RUN_MAX_PAYLOAD ? chain->capacity : RUN_MAX_PAYLOAD;
    chain->hashed = len < model.read_left ? len : model.read_left;
    model.read_left -= chain->hashed;
    chain->hash = RUN_FOLD_START;
    for (uint32_t done = 0; done < chain->hashed;) {
        uint32_t piece = chain->hashed - done < CHUNK_BYTES ? chain->hashed - done : CHUNK_BYTES;
        hashing.from = (uint64_t)MODEL_HEADER_BYTES + done;
        (void)pieces(chain, hashing.from, hashing.from + piece, 1, read_payload, &hashing);
        chain->hash = run_fold_bytes(chain->hash, hashing.chunk, piece);
        done += piece;
    }
}

/* Device reads: the header says how long the payload is, the rest of the chain is slack. */
static void parse_tx(struct model_chain *chain)
{
    uint64_t total = chain->len[0];
    chain->verdict = MODEL_REFUSED;
    if (chain->count[1] != 0 || total < MODEL_HEADER_BYTES ||
        pieces(chain, 0, MODEL_HEADER_BYTES, 1, read_header, chain->header) < 0) {
        return;
    }
    uint32_t len = (uint32_t)view_number(chain->header + 24, 4);
    chain->has_header = true;
    chain->capacity = len;
    if (len > total - MODEL_HEADER_BYTES) {
        return;
    }
    chain->over_limit = len > model.run->guest.max_payload;
    if (chain->over_limit || !in_reach(chain, 1)) {
        return;
    }
    chain->verdict = MODEL_ACCEPTED;
    hash_payload(chain);
}

/* Device writes: whatever room there is behind the header. */
static void parse_rx(struct model_chain *chain)
{
    uint64_t total = chain->len[1];
    uint64_t most = model.run->guest.max_payload;
    most = most < MOST_PAYLOAD ? most : MOST_PAYLOAD;
    chain->verdict = MODEL_REFUSED;
    if (chain->count[0] != 0 || total < MODEL_HEADER_BYTES) {
        return;
    }
    total -= MODEL_HEADER_BYTES;
    chain->capacity = (uint32_t)(total < most ? total : most);
    if (in_reach(chain, 2)) {
        chain->verdict = MODEL_ACCEPTED;
    }
}

void model_parse(struct model_chain *chain, uint32_t role)
{
    if (role == MODEL_TX) {
        parse_tx(chain);
    } else if (role == MODEL_RX) {
        parse_rx(chain);
    }
}

bool model_event_fits(const struct model_chain *chain)
{
    return chain->count[0] == 0 && chain->len[1] >= 4 && pieces(chain, 0, 4, 2, NULL, NULL) > 0;
}

/* The packet that goes into `chain`. */
static struct packet_source source_of(const struct model_chain *chain)
{
    struct packet_source source;
    packet_source_init(&source, model.run->scenario, chain->sent, false,
                       chain->capacity < UNSAID_BYTES ? chain->capacity : UNSAID_BYTES);
    return source;
}

void model_fill(struct model_chain *chain)
{
    const struct run *run = model.run;
    chain->filled = true;
    chain->sent = model.sends_used < run->send_count ? run->sends[model.sends_used++] : NULL;
    struct packet_source source = source_of(chain);
    uint32_t written = source.payload_len;
    if (chain->sent != NULL) {
        written = (uint32_t)scn_get(chain->sent, SCN_SEND_F_WRITTEN, written);
    }
    written = written < chain->capacity ? written : chain->capacity;
    uint32_t len = (uint32_t)view_number(source.header + 24, 4);
    /* What went through the slices and was not said is nothing that commit may count on. */
    bool told = chain->sent == NULL || scn_get(chain->sent, SCN_SEND_F_IN_PLACE, 0) != 2;
    bool fits = !chain->done && len <= chain->capacity && len <= (told ? written : 0);
    chain->written = written;
    chain->used_len = fits ? MODEL_HEADER_BYTES + len : 0;
}

struct expected {
    struct packet_source source;
    uint8_t bytes[CHUNK_BYTES];
    uint64_t from; /* stream position of `bytes` */
};

static bool compare(uint64_t at, uint64_t addr, const uint8_t *host, uint32_t len, void *context)
{
    const struct expected *expected = context;
    const uint8_t *bytes = expected->bytes + (at - expected->from);
    for (uint32_t i = 0; i < len; i++) {
        if (host[i] != bytes[i]) {
            model_fail("byte %" PRIu64 " of the packet, at 0x%" PRIx64
                       ", is %02x in guest memory, not %02x",
                       at + i, addr + i, host[i], bytes[i]);
            return false;
        }
    }
    return true;
}

/* Buffers that overlap each other hold what was written last. */
static bool overlaps_itself(const struct model_chain *chain)
{
    if (chain->buffer_count > 64) {
        return true; /* not looked for */
    }
    for (uint32_t i = 0; i < chain->buffer_count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            uint64_t a = chain->buffers[i].addr;
            uint64_t b = chain->buffers[j].addr;
            if (a < b ? b - a < chain->buffers[i].len : a - b < chain->buffers[j].len) {
                return true;
            }
        }
    }
    return false;
}

void model_content_check(const struct model_chain *chain, uint32_t role)
{
    static struct expected expected;
    if (chain->used_len == 0 || overlaps_itself(chain)) {
        return;
    }
    if (role == MODEL_EVENT) {
        for (uint32_t i = 0; i < 4; i++) {
            expected.bytes[i] = (uint8_t)(chain->event >> (8 * i));
        }
        expected.from = 0;
        (void)pieces(chain, 0, 4, 2, compare, &expected);
        return;
    }
    expected.source = source_of(chain);
    memcpy(expected.bytes, expected.source.header, MODEL_HEADER_BYTES);
    expected.from = 0;
    (void)pieces(chain, 0, MODEL_HEADER_BYTES, 2, compare, &expected);
    for (uint32_t done = 0; done < chain->used_len - MODEL_HEADER_BYTES;) {
        uint32_t left = chain->used_len - MODEL_HEADER_BYTES - done;
        uint32_t piece = left < CHUNK_BYTES ? left : CHUNK_BYTES;
        expected.from = (uint64_t)MODEL_HEADER_BYTES + done;
        packet_source_bytes(&expected.source, expected.bytes, done, piece);
        if (pieces(chain, expected.from, expected.from + piece, 2, compare, &expected) < 0) {
            return;
        }
        done += piece;
    }
}
