/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What one packet costs. Run it twice under callgrind with different counts: the difference divided
 * by the difference of the counts is the cost of one, free of set-up. See scripts/bench.
 *
 *     bench_parse CASE parse|full COUNT      CASE: tx2 tx1 rx2 rx1 ctl, -64 appended for 64
 *                                            regions, tx2-apart for header and payload in
 *                                            different regions */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vvs/vvs.h"

enum { QUEUE_SIZE = 256, REGION_BYTES = 1 << 20, MAX_REGIONS = 64, PAYLOAD_BYTES = 4096 };

struct bench_case {
    const char *name;
    uint32_t regions;
    uint32_t lens[2]; /* of the elements; 0: no second one */
    uint32_t payload_len;
    bool rx;
    bool apart; /* header in the first region, payload in the last */
};

static const struct bench_case cases[] = {
    {"tx2", 1, {44, 4096}, 4096, false, false},
    {"tx1", 1, {4140, 0}, 4096, false, false},
    {"rx2", 1, {44, 4096}, 0, true, false},
    {"rx1", 1, {4140, 0}, 0, true, false},
    {"ctl", 1, {44, 0}, 0, false, false},
    {"tx2-64", 64, {44, 4096}, 4096, false, false},
    {"tx2-apart", 64, {44, 4096}, 4096, false, true},
};

static struct vvs_region regions[MAX_REGIONS];
static struct vvs_memory memory;
static struct vvs_queue queue;
static struct vvs_slot slots[QUEUE_SIZE];
static struct vvs_element elements[QUEUE_SIZE];
static struct vvs_slice slices[QUEUE_SIZE];

static void put16(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *p, uint32_t value)
{
    put16(p, value);
    put16(p + 2, value >> 16);
}

static void put_desc(uint8_t *desc, uint64_t addr, uint32_t len, uint32_t flags, uint32_t next)
{
    put32(desc, (uint32_t)addr);
    put32(desc + 4, (uint32_t)(addr >> 32));
    put32(desc + 8, len);
    put16(desc + 12, flags);
    put16(desc + 14, next);
}

static uint64_t region_addr(uint32_t index)
{
    return (uint64_t)index * 2 * REGION_BYTES;
}

/* The rings lie at the start of the last region, buffers behind; every head is a multiple of 2. */
static void prepare(const struct bench_case *bench)
{
    uint32_t last = bench->regions - 1;
    for (uint32_t i = 0; i < bench->regions; i++) {
        uint8_t *host = aligned_alloc(4096, REGION_BYTES);
        if (!host) {
            exit(3);
        }
        memset(host, 0, REGION_BYTES);
        struct vvs_region region = {region_addr(i), REGION_BYTES, host, 0, 3};
        regions[i] = region;
    }
    uint64_t base = region_addr(last);
    uint8_t *ring = regions[last].host;
    uint64_t buffer = base + 0x10000;
    uint64_t first = bench->apart ? region_addr(0) : buffer;
    for (uint32_t i = 0; i < QUEUE_SIZE; i += 2) {
        uint32_t write = bench->rx ? VVS_DESC_F_WRITE : 0;
        uint32_t chained = bench->lens[1] != 0 ? VVS_DESC_F_NEXT : 0;
        put_desc(ring + 16 * i, first, bench->lens[0], write | chained, i + 1);
        put_desc(ring + 16 * (i + 1), buffer + 0x1000, bench->lens[1], write, 0);
    }
    for (uint32_t i = 0; i < QUEUE_SIZE; i++) {
        put16(ring + 0x4000 + 4 + 2 * i, i & ~1u);
    }
    uint8_t *header = bench->apart ? regions[0].host : ring + 0x10000;
    put32(header + 24, bench->payload_len);
    struct vvs_queue_config config = {VVS_FEATURE(VVS_F_VERSION_1),
                                      base,
                                      base + 0x4000,
                                      base + 0x8000,
                                      QUEUE_SIZE,
                                      0,
                                      slots,
                                      QUEUE_SIZE,
                                      elements,
                                      QUEUE_SIZE};
    if (vvs_memory_init(&memory, regions, bench->regions) != VVS_OK ||
        vvs_queue_init(&queue, &memory, &config) != VVS_OK) {
        exit(3);
    }
}

/* Each of the four loops is compiled for its case, so that the harness adds next to nothing. */
static inline __attribute__((always_inline)) enum vvs_status parse(const struct vvs_chain *chain,
                                                                   bool rx)
{
    struct vvs_packet packet;
    return rx ? vvs_packet_from_rx(&packet, NULL, chain, slices, QUEUE_SIZE, 65536)
              : vvs_packet_from_tx(&packet, NULL, chain, slices, QUEUE_SIZE, 65536);
}

static inline __attribute__((always_inline)) enum vvs_status repeat_parse(bool rx,
                                                                          unsigned long count)
{
    for (; count != 0; count--) {
        struct vvs_chain chain;
        enum vvs_status status = vvs_chain_walk(&queue, &chain, 0);
        if (status != VVS_OK) {
            return status;
        }
        status = parse(&chain, rx);
        if (status != VVS_OK) {
            return status;
        }
    }
    return VVS_OK;
}

/* The driver makes a whole lap available at once, so that its own work does not count. */
static void make_available(uint32_t done)
{
    uint8_t *idx = regions[memory.region_count - 1].host + 0x4000 + 2;
    put16(idx, done + QUEUE_SIZE);
}

static inline __attribute__((always_inline)) enum vvs_status repeat_full(bool rx,
                                                                         unsigned long count)
{
    for (unsigned long done = 0; done < count; done++) {
        struct vvs_chain chain;
        struct vvs_token token;
        if (done % QUEUE_SIZE == 0) {
            make_available((uint32_t)done);
        }
        enum vvs_status status = vvs_queue_pop(&queue, &token, &chain);
        if (status != VVS_OK) {
            return status;
        }
        status = parse(&chain, rx);
        if (status != VVS_OK) {
            return status;
        }
        status = vvs_queue_publish(&queue, &token, 0);
        if (status != VVS_OK) {
            return status;
        }
    }
    return VVS_OK;
}

static enum vvs_status repeat(const struct bench_case *bench, bool full, unsigned long count)
{
    if (bench->rx) {
        return full ? repeat_full(true, count) : repeat_parse(true, count);
    }
    return full ? repeat_full(false, count) : repeat_parse(false, count);
}

int main(int argc, char **argv)
{
    const struct bench_case *bench = NULL;
    for (size_t i = 0; argc == 4 && i < sizeof cases / sizeof cases[0]; i++) {
        if (strcmp(cases[i].name, argv[1]) == 0) {
            bench = &cases[i];
        }
    }
    if (!bench || (strcmp(argv[2], "parse") != 0 && strcmp(argv[2], "full") != 0)) {
        fprintf(stderr,
                "usage: bench_parse tx2|tx1|rx2|rx1|ctl|tx2-64|tx2-apart parse|full COUNT\n");
        return 2;
    }
    prepare(bench);
    enum vvs_status status =
        repeat(bench, strcmp(argv[2], "full") == 0, strtoul(argv[3], NULL, 10));
    if (status != VVS_OK) {
        fprintf(stderr, "bench_parse: %s\n", vvs_status_name(status));
        return 1;
    }
    return 0;
}
