/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Guest memory and the driver, against bytes worked out by hand from the layouts as specified. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "build.h"
#include "driver.h"

#define BASE UINT64_C(0x100000)
#define PACKED VVS_FEATURE(VVS_F_RING_PACKED)
#define INDIRECT VVS_FEATURE(VVS_F_INDIRECT_DESC)

static struct guest guest;
static struct driver driver;
static struct scn_scenario scenario;
static enum vvs_status table_status;

static int set_up(void **state)
{
    (void)state;
    return guest_init(&guest) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    guest_fini(&guest);
    return 0;
}

static int set_up_test(void **state)
{
    (void)state;
    scn_init(&scenario);
    return 0;
}

static void materialise(void)
{
    assert_true(guest_materialise(&guest, &table_status, &scenario));
    driver_start(&driver, &guest, &scenario);
}

/* Materialises and makes the driver take every step of the scenario. */
static void drive(void)
{
    materialise();
    for (uint32_t i = 0; i < scenario.step_count; i++) {
        const struct scn_record *step = &scenario.steps[i];
        switch (step->tag) {
        case SCN_TAG_ADD_CHAIN:
            driver_add_chain(&driver, i);
            break;
        case SCN_TAG_SET_WORD:
            driver_set_word(&driver, step);
            break;
        case SCN_TAG_RESTART:
            driver_restart(&driver, step);
            break;
        default:
            guest_write_record(&guest, &scenario, step);
            break;
        }
    }
}

static void assert_bytes(uint64_t addr, const char *expected, size_t len)
{
    uint8_t found[256] = {0};
    assert_true(len <= sizeof found);
    assert_int_equal(guest_read(&guest, found, addr, len), len);
    assert_memory_equal(found, expected, len);
}

#define assert_guest(addr, literal) assert_bytes(addr, literal, sizeof(literal) - 1)

static void assert_word(uint64_t addr, uint16_t expected)
{
    assert_int_equal(guest_get16(&guest, addr), expected);
}

static void test_defaults(void **state)
{
    (void)state;
    materialise();
    const struct guest_queue *queue = &guest.queues[VVS_QUEUE_TX];
    assert_int_equal(table_status, VVS_OK);
    assert_int_equal(guest.region_count, 1);
    assert_int_equal(guest.active, 1);
    assert_int_equal(guest.regions[0].addr, BASE);
    assert_int_equal(guest.regions[0].len, 0x400000);
    assert_int_equal(guest.regions[0].frontend_addr, UINT64_C(0x7f0000100000));
    assert_int_equal(guest.regions[0].permission, 3);
    assert_true(queue->present);
    assert_false(queue->packed);
    assert_int_equal(queue->size, 8);
    assert_int_equal(queue->desc, 0x100000);
    assert_int_equal(queue->driver, 0x100080);    /* 16 * 8 */
    assert_int_equal(queue->device, 0x1000a0);    /* 6 + 2 * 8 = 22, aligned 16 */
    assert_int_equal(guest.data_start, 0x100100); /* 6 + 8 * 8 = 70, aligned 64 */
    assert_int_equal(guest.data_len, 0x400000 - 0x100);
    assert_int_equal(guest.max_payload, 65536);
}

static void test_layout_of_queues(void **state)
{
    (void)state;
    build_features(&scenario, PACKED);
    build_queue(&scenario, VVS_QUEUE_RX, 5);
    scn_set(build_queue(&scenario, VVS_QUEUE_EVENT, 2), SCN_QUEUE_F_DRIVER, 0x3000);
    materialise();
    assert_int_equal(guest.queue_count, 2);
    assert_int_equal(guest.queue_order[0], VVS_QUEUE_RX);
    assert_false(guest.queues[VVS_QUEUE_TX].present);
    assert_int_equal(guest.queues[VVS_QUEUE_RX].desc, 0x100000);
    assert_int_equal(guest.queues[VVS_QUEUE_RX].driver, 0x100050);
    assert_int_equal(guest.queues[VVS_QUEUE_RX].device, 0x100060);
    assert_int_equal(guest.queues[VVS_QUEUE_EVENT].desc, 0x100070);
    assert_int_equal(guest.queues[VVS_QUEUE_EVENT].driver, 0x3000);
    assert_int_equal(guest.queues[VVS_QUEUE_EVENT].device, 0x100090);
    assert_int_equal(guest.queues[VVS_QUEUE_EVENT].avail_wrap, 1);
    assert_int_equal(guest.data_start, 0x1000c0);
}

static void test_regions(void **state)
{
    (void)state;
    build_region(&scenario, 0x10004, 0x1ffc);
    build(&scenario, SCN_TAG_REGION); /* directly behind: 0x12000, 0x10000 bytes */
    build_region(&scenario, UINT64_MAX - 0xff, 0x100);
    struct scn_record *span = build(&scenario, SCN_TAG_SPAN);
    scn_set(span, SCN_SPAN_F_ADDR, 0x11ffe);
    build_bytes(&scenario, span, SCN_SPAN_F_BYTES, "abcd", 4);
    span = build(&scenario, SCN_TAG_SPAN);
    scn_set(span, SCN_SPAN_F_ADDR, UINT64_MAX - 1);
    scn_set(span, SCN_SPAN_F_LEN, 100);
    scn_set(span, SCN_SPAN_F_FILL, 0x77);
    materialise();
    assert_int_equal(guest.regions[1].addr, 0x12000);
    assert_int_equal(guest.regions[1].len, 0x10000);
    for (uint32_t i = 0; i < 3; i++) {
        const struct guest_region *region = &guest.regions[i];
        assert_int_equal((uintptr_t)region->host & 15, region->addr & 15);
        const uint8_t *before =
            i == 0 ? guest.arena : guest.regions[i - 1].host + guest.regions[i - 1].len;
        assert_true(region->host - before >= 64);
    }
    assert_memory_equal(guest.regions[0].host + 0x1ffa, "ab", 2);
    assert_memory_equal(guest.regions[1].host, "cd", 2);
    assert_guest(0x11ffd, "\0abcd");
    assert_memory_equal(guest.regions[2].host + 0xfd, "\0\x77\x77", 3);
    uint64_t addr = 0;
    assert_int_equal(guest_find_host(&guest, &addr, guest.regions[1].host + 5), 1);
    assert_int_equal(addr, 0x12005);
    assert_int_equal(guest_find_host(&guest, &addr, guest.regions[1].host - 1), -1);
    assert_int_equal(guest_find_host(&guest, &addr, &addr), -1);
}

static void test_overlap_looks_in_active_first(void **state)
{
    (void)state;
    build_region(&scenario, BASE, 0x10000);
    build_region(&scenario, 0x200000, 0x1000);
    build_region(&scenario, 0x200000, 0x1000);
    scenario.image.tag = SCN_TAG_IMAGE;
    scn_set(&scenario.image, SCN_IMAGE_F_ACTIVE, 0x5);
    materialise();
    assert_int_equal(table_status, VVS_OK);
    guest_put16(&guest, 0x200010, 0x1234);
    assert_int_equal(guest.regions[2].host[0x10], 0x34);
    assert_int_equal(guest.regions[1].host[0x10], 0);
    assert_int_equal(guest_activate(&guest, 0x3), VVS_OK);
    assert_word(0x200010, 0);
    assert_int_equal(guest_activate(&guest, 0x7), VVS_E_REGION_OVERLAP);
    assert_int_equal(guest.active, 0x3);
    guest_deactivate(&guest, 0x5);
    assert_word(0x200010, 0x1234);
}

static void test_unmappable(void **state)
{
    (void)state;
    build_region(&scenario, 0, UINT64_MAX);
    assert_false(guest_materialise(&guest, &table_status, &scenario));
    scn_init(&scenario);
    build_region(&scenario, BASE, 0x10000);
    build_region(&scenario, 0x1000000, guest.arena_len - 0x10000);
    assert_false(guest_materialise(&guest, &table_status, &scenario));
    scn_init(&scenario);
    build_region(&scenario, BASE, 0);
    materialise();
    assert_int_equal(table_status, VVS_E_REGION_EMPTY);
}

static void assert_all_zero(void)
{
    for (uint32_t i = 0; i < guest.region_count; i++) {
        for (uint64_t k = 0; k < guest.regions[i].len; k++) {
            assert_int_equal(guest.regions[i].host[k], 0);
        }
    }
}

static void test_clear(void **state)
{
    (void)state;
    build_region(&scenario, BASE, 0x200000);
    build_region(&scenario, 0x800000, 0x1001);
    for (uint32_t stride = 1; stride < 4000; stride = stride * 3 + 1) {
        materialise();
        for (uint64_t at = 0; at < 0x20000; at += stride) {
            guest_fill(&guest, BASE + at * 7 % 0x200000, 1, 0xaa);
        }
        guest_fill(&guest, 0x801000, 50, 0xbb);
        guest_clear(&guest);
        assert_all_zero();
    }
    materialise();
    guest_fill(&guest, BASE, 0x200000, 0xcc); /* too much to zero: pages are dropped */
    guest_clear(&guest);
    assert_all_zero();
    guest_touch(&guest, &scenario, sizeof scenario); /* no guest memory */
    assert_int_equal(guest.touched_count, 0);
}

static void test_alloc(void **state)
{
    (void)state;
    build_region(&scenario, BASE, 0x200); /* rings take 0x100 of it */
    materialise();
    assert_int_equal(guest_alloc(&guest, 44), 0x100100);
    assert_int_equal(guest_alloc(&guest, 1), 0x100130);
    assert_int_equal(guest_alloc(&guest, 0xc0), 0x100140);
    assert_int_equal(guest_alloc(&guest, 1), 0x100100);
    assert_int_equal(guest_alloc(&guest, 0x1000), 0x100100);
}

/* src_cid 3, dst_cid 2, ports 1024 and 1234, len, type 1, op 5, flags, buf_alloc 65536, fwd_cnt */
#define TX_HEADER(len)                                                                             \
    "\3\0\0\0\0\0\0\0"                                                                             \
    "\2\0\0\0\0\0\0\0"                                                                             \
    "\0\4\0\0"                                                                                     \
    "\xd2\4\0\0" len "\0\0\0"                                                                      \
    "\1\0\5\0"                                                                                     \
    "\0\0\0\0"                                                                                     \
    "\0\0\1\0"                                                                                     \
    "\0\0\0\0"

static void test_split_chain(void **state)
{
    (void)state;
    build_chain(&scenario, VVS_QUEUE_TX);
    build_element(&scenario, 40);
    build_element(&scenario, 7);
    drive();
    assert_guest(0x100000, "\0\1\x10\0\0\0\0\0"
                           "\x28\0\0\0"
                           "\1\0\1\0"
                           "\x30\1\x10\0\0\0\0\0"
                           "\7\0\0\0"
                           "\0\0\0\0");
    assert_guest(0x100080, "\0\0\1\0\0\0");
    assert_bytes(0x100100, TX_HEADER("\3"), 40);
    assert_guest(0x100130, "\0\0\0\0\0\x83\6\0"); /* fwd_cnt, then i * 131 + (i >> 8) */
    assert_int_equal(driver.chain_count, 1);
    assert_int_equal(driver.chains[0].element_count, 2);
    assert_int_equal(driver.chains[0].readable_len, 47);
    assert_true(driver.chains[0].poured);
}

static void test_split_defaults_of_roles(void **state)
{
    (void)state;
    build_queue(&scenario, VVS_QUEUE_RX, 4);
    build_queue(&scenario, VVS_QUEUE_TX, 4);
    build_queue(&scenario, VVS_QUEUE_EVENT, 4);
    build_chain(&scenario, VVS_QUEUE_RX);
    build_bytes(&scenario, build_chain(&scenario, VVS_QUEUE_TX), SCN_ADD_CHAIN_F_PAYLOAD, "xyz", 3);
    build_chain(&scenario, VVS_QUEUE_EVENT);
    drive();
    /* Each queue: 64, 14 and 38 bytes at 0x00, 0x40, 0x50; the next at 0x80; data at 0x180. */
    assert_guest(0x100000, "\x80\1\x10\0\0\0\0\0\xc0\x0e\0\0\2\0\0\0");
    assert_guest(0x100080, "\x40\x10\x10\0\0\0\0\0\x2f\0\0\0\0\0\0\0");
    assert_guest(0x100100, "\x70\x10\x10\0\0\0\0\0\4\0\0\0\2\0\0\0");
    assert_guest(0x101040, TX_HEADER("\3") "xyz");
}

static void test_split_fields(void **state)
{
    (void)state;
    struct scn_record *chain = build_chain(&scenario, VVS_QUEUE_TX);
    scn_set(chain, SCN_ADD_CHAIN_F_HEAD, 6);
    scn_set(chain, SCN_ADD_CHAIN_F_HOLD, 1);
    struct scn_record *element = build_element(&scenario, 16);
    scn_set(element, SCN_ELEMENT_F_REPEAT, 2);
    scn_set(element, SCN_ELEMENT_F_STRIDE, 0x20);
    scn_set(element, SCN_ELEMENT_F_ADDR, 0x100200);
    scn_set(element, SCN_ELEMENT_F_SLOT, 6);
    scn_set(element, SCN_ELEMENT_F_NEXT, 0x102);
    element = build_element(&scenario, 8);
    scn_set(element, SCN_ELEMENT_F_WRITABLE, 1);
    scn_set(element, SCN_ELEMENT_F_FLAGS_XOR, 0x8001);
    build_chain(&scenario, VVS_QUEUE_TX);
    drive();
    assert_guest(0x100060, "\0\2\x10\0\0\0\0\0\x10\0\0\0\1\0\7\0"
                           "\x20\2\x10\0\0\0\0\0\x10\0\0\0\1\0\2\1");
    assert_guest(0x100000, "\0\1\x10\0\0\0\0\0\x08\0\0\0\3\x80\0\0"
                           "\x10\1\x10\0\0\0\0\0\x2c\0\0\0\0\0\0\0");
    /* The second chain shows both. */
    assert_guest(0x100080, "\0\0\2\0\6\0\1\0\0\0");
    assert_true(driver.chains[0].held);
    assert_guest(0x100200, "\3\0\0\0\0\0\0\0");
    assert_guest(0x100220, "\0\4\0\0\xd2\4\0\0");
    assert_guest(0x100100, "\0\0\0\0\0\0\0\0"); /* writable: no byte 38, which is 1 */
}

static void test_split_hold_alone(void **state)
{
    (void)state;
    scn_set(build_chain(&scenario, VVS_QUEUE_TX), SCN_ADD_CHAIN_F_HOLD, 1);
    drive();
    assert_guest(0x100080, "\0\0\0\0\0\0");
}

static void test_split_indirect(void **state)
{
    (void)state;
    build_features(&scenario, INDIRECT);
    struct scn_record *chain = build_chain(&scenario, VVS_QUEUE_TX);
    scn_set(chain, SCN_ADD_CHAIN_F_INDIRECT, 1);
    scn_set(chain, SCN_ADD_CHAIN_F_DIRECT_COUNT, 1);
    build_element(&scenario, 44);
    build_element(&scenario, 1);
    build_element(&scenario, 2);
    chain = build_chain(&scenario, VVS_QUEUE_TX);
    scn_set(chain, SCN_ADD_CHAIN_F_INDIRECT, 1);
    scn_set(chain, SCN_ADD_CHAIN_F_TABLE_ADDR, 0x100400);
    scn_set(chain, SCN_ADD_CHAIN_F_TABLE_LEN, 0x15);
    scn_set(chain, SCN_ADD_CHAIN_F_TABLE_FLAGS_XOR, 1);
    build_element(&scenario, 0);
    drive();
    assert_guest(0x100000, "\0\1\x10\0\0\0\0\0\x2c\0\0\0\1\0\1\0"
                           "\x50\1\x10\0\0\0\0\0\x20\0\0\0\4\0\0\0"
                           "\0\4\x10\0\0\0\0\0\x15\0\0\0\5\0\0\0");
    assert_guest(0x100150, "\x30\1\x10\0\0\0\0\0\1\0\0\0\1\0\1\0"
                           "\x40\1\x10\0\0\0\0\0\2\0\0\0\0\0\0\0");
    assert_guest(0x100400, "\x70\1\x10\0\0\0\0\0\0\0\0\0\0\0\0\0");
    assert_guest(0x100080, "\0\0\2\0\0\0\2\0");
    assert_int_equal(driver.elements[1].place, DRIVER_REFERRER);
    assert_int_equal(driver.elements[3].place, DRIVER_TABLE);
    assert_int_equal(driver.elements[3].slot, 1);
}

static void test_packed_chains(void **state)
{
    (void)state;
    build_features(&scenario, PACKED);
    build_queue(&scenario, VVS_QUEUE_RX, 3);
    scn_set(build_chain(&scenario, VVS_QUEUE_RX), SCN_ADD_CHAIN_F_COUNT, 2);
    struct scn_record *element = build_element(&scenario, 0x50);
    scn_set(element, SCN_ELEMENT_F_REPEAT, 2);
    drive();
    /* Rings 0x30, 4, 4; data at 0x80. AVAIL is bit 7, USED bit 15; lap 2 starts in the middle. */
    assert_guest(0x100010, "\xd0\0\x10\0\0\0\0\0\x50\0\0\0\0\0\x82\0"
                           "\x20\1\x10\0\0\0\0\0\x50\0\0\0\1\0\x83\0");
    assert_guest(0x100000, "\x70\1\x10\0\0\0\0\0\x50\0\0\0\1\0\2\x80");
    assert_int_equal(driver.queues[VVS_QUEUE_RX].avail_index, 1);
    assert_int_equal(driver.queues[VVS_QUEUE_RX].avail_wrap, 0);
    assert_int_equal(driver.chains[1].head, 2);
    assert_int_equal(driver.chains[1].id, 1);
}

static void test_packed_hold_and_table(void **state)
{
    (void)state;
    build_features(&scenario, PACKED | INDIRECT);
    struct scn_record *chain = build_chain(&scenario, VVS_QUEUE_TX);
    scn_set(chain, SCN_ADD_CHAIN_F_INDIRECT, 1);
    scn_set(chain, SCN_ADD_CHAIN_F_HOLD, 1);
    scn_set(chain, SCN_ADD_CHAIN_F_ID, 9);
    build_element(&scenario, 44);
    scn_set(build_element(&scenario, 1), SCN_ELEMENT_F_WRITABLE, 1);
    build_chain(&scenario, VVS_QUEUE_TX);
    scn_set(build_element(&scenario, 3), SCN_ELEMENT_F_ID, 7);
    drive();
    assert_guest(0x100000, "\x00\1\x10\0\0\0\0\0\x20\0\0\0\x09\0\4\0"
                           "\x20\1\x10\0\0\0\0\0\3\0\0\0\7\0\x80\0");
    assert_guest(0x100100, "\xc0\0\x10\0\0\0\0\0\x2c\0\0\0\0\0\0\0"
                           "\xf0\0\x10\0\0\0\0\0\1\0\0\0\0\0\2\0");
}

static void test_words(void **state)
{
    (void)state;
    for (uint32_t word = 0; word <= SCN_WORD_NEXT_AVAIL; word++) {
        struct scn_record *step = build(&scenario, SCN_TAG_SET_WORD);
        scn_set(step, SCN_SET_WORD_F_WORD, word);
        scn_set(step, SCN_SET_WORD_F_VALUE, 0x8100 + word);
    }
    drive();
    assert_guest(0x100080, "\1\x81\0\x81\0\0");
    assert_word(0x100094, 0x8102); /* used_event behind 8 slots */
    assert_int_equal(driver.queues[VVS_QUEUE_TX].avail_index, 0x8105);
    build_features(&scenario, PACKED);
    drive();
    assert_guest(0x100080, "\3\x81\4\x81\0\0");
    assert_int_equal(driver.queues[VVS_QUEUE_TX].avail_index, 0x105 % 8);
    assert_int_equal(driver.queues[VVS_QUEUE_TX].avail_wrap, 1);
}

static void test_positions_and_restart(void **state)
{
    (void)state;
    struct scn_record *queue = build_queue(&scenario, VVS_QUEUE_TX, 4);
    scn_set(queue, SCN_QUEUE_F_AVAIL_INDEX, 0xffff);
    scn_set(queue, SCN_QUEUE_F_USED_INDEX, 0xfffe);
    scn_set(build_chain(&scenario, VVS_QUEUE_TX), SCN_ADD_CHAIN_F_HEAD, 3);
    drive();
    assert_guest(0x100040, "\0\0\0\0\0\0\0\0\0\0\3\0\0\0"); /* slot 3; idx wraps to 0 */
    assert_word(0x100052, 0xfffe);
    struct scn_record *step = build(&scenario, SCN_TAG_RESTART);
    scn_set(step, SCN_RESTART_F_AVAIL_INDEX, 0x102);
    build_chain(&scenario, VVS_QUEUE_TX);
    build_element(&scenario, 0x44);
    build_element(&scenario, 0x45);
    drive();
    assert_guest(0x100000, "\xb0\0\x10\0\0\0\0\0\x44\0\0\0\1\0\1\0");
    assert_guest(0x100040, "\0\0\3\1\0\0\0\0\0\0\0\0\0\0");
    assert_word(0x100052, 0);
    assert_true(guest.queues[VVS_QUEUE_TX].positioned);
}

static void test_past_laps(void **state)
{
    (void)state;
    build_features(&scenario, PACKED);
    struct scn_record *queue = build_queue(&scenario, VVS_QUEUE_TX, 3);
    scn_set(queue, SCN_QUEUE_F_USED_INDEX, 1);
    scn_set(queue, SCN_QUEUE_F_AVAIL_INDEX, 2);
    materialise();
    assert_word(0x10000e, 0x8080);
    assert_word(0x10001e, 0);
    assert_word(0x10002e, 0);
    scn_set(queue, SCN_QUEUE_F_USED_WRAP, 0);
    materialise();
    assert_word(0x10000e, 0);
    assert_word(0x10001e, 0x8080);
    assert_word(0x10002e, 0x8080);
}

static void test_collect(void **state)
{
    (void)state;
    struct driver_used used[4];
    build_features(&scenario, PACKED);
    build_queue(&scenario, VVS_QUEUE_RX, 4);
    build_chain(&scenario, VVS_QUEUE_RX);
    scn_set(build_element(&scenario, 0x50), SCN_ELEMENT_F_REPEAT, 3);
    drive();
    assert_int_equal(driver_collect(&driver, used, 4, VVS_QUEUE_RX, 0), 0);
    guest_write(&guest, BASE + 8, (const uint8_t *)"\x2c\1\0\0\0\0\x82\x80", 8);
    assert_int_equal(driver_collect(&driver, used, 4, VVS_QUEUE_RX, 0), 1);
    assert_int_equal(used[0].id, 0);
    assert_int_equal(used[0].len, 0x12c);
    assert_int_equal(driver.queues[VVS_QUEUE_RX].used_index, 3);
    guest_write(&guest, BASE + 56, (const uint8_t *)"\x2c\1\0\0\1\0\x80\x80", 8);
    assert_int_equal(driver_collect(&driver, used, 4, VVS_QUEUE_RX, 0), 1);
    assert_int_equal(used[0].id, 1);
    assert_int_equal(used[0].len, 0); /* without WRITE, whatever is there */

    scn_init(&scenario);
    materialise();
    guest_write(&guest, 0x1000a0, (const uint8_t *)"\0\0\1\0\5\0\0\0\7\0\0\0", 12);
    assert_int_equal(driver_collect(&driver, used, 4, VVS_QUEUE_TX, 0), 1);
    assert_int_equal(used[0].id, 5);
    assert_int_equal(used[0].len, 7);
    assert_int_equal(driver_collect(&driver, used, 4, VVS_QUEUE_TX, 1), 0);
    assert_true(driver_collect(&driver, used, 4, VVS_QUEUE_TX, 2) > 8);
}

static void test_bounds(void **state)
{
    (void)state;
    build_queue(&scenario, VVS_QUEUE_RX, 32768);
    scn_set(build_chain(&scenario, VVS_QUEUE_RX), SCN_ADD_CHAIN_F_COUNT, 1024);
    struct scn_record *element = build_element(&scenario, UINT32_MAX);
    scn_set(element, SCN_ELEMENT_F_REPEAT, 65536);
    drive();
    assert_int_equal(driver.element_count, DRIVER_MAX_ELEMENTS);
    assert_int_equal(driver.chain_count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_defaults, set_up_test),
        cmocka_unit_test_setup(test_layout_of_queues, set_up_test),
        cmocka_unit_test_setup(test_regions, set_up_test),
        cmocka_unit_test_setup(test_overlap_looks_in_active_first, set_up_test),
        cmocka_unit_test_setup(test_unmappable, set_up_test),
        cmocka_unit_test_setup(test_clear, set_up_test),
        cmocka_unit_test_setup(test_alloc, set_up_test),
        cmocka_unit_test_setup(test_split_chain, set_up_test),
        cmocka_unit_test_setup(test_split_defaults_of_roles, set_up_test),
        cmocka_unit_test_setup(test_split_fields, set_up_test),
        cmocka_unit_test_setup(test_split_hold_alone, set_up_test),
        cmocka_unit_test_setup(test_split_indirect, set_up_test),
        cmocka_unit_test_setup(test_packed_chains, set_up_test),
        cmocka_unit_test_setup(test_packed_hold_and_table, set_up_test),
        cmocka_unit_test_setup(test_words, set_up_test),
        cmocka_unit_test_setup(test_positions_and_restart, set_up_test),
        cmocka_unit_test_setup(test_past_laps, set_up_test),
        cmocka_unit_test_setup(test_collect, set_up_test),
        cmocka_unit_test_setup(test_bounds, set_up_test),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
