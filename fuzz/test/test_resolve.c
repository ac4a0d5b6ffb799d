/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A scenario's request: played byte by byte it gives the memory that the driver makes, and its
 * steps say what the scenario's do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "build.h"
#include "random_input.h"
#include "resolve.h"

#define SCENARIOS 500u
#define PAGE_BYTES 4096u
#define MAX_PAGES 64u

#define RX VVS_QUEUE_RX
#define TX VVS_QUEUE_TX
#define EVENT VVS_QUEUE_EVENT
#define PACKED VVS_FEATURE(VVS_F_RING_PACKED)

static struct resolve resolve;
static struct guest guest;
static struct driver driver;
static struct scn_scenario scenario;

/* Memory as an adapter has it: bytes by address, zero until written. */
static struct page {
    uint64_t number;
    uint8_t bytes[PAGE_BYTES];
} pages[MAX_PAGES];
static uint32_t page_count;

static uint8_t *byte_at(uint64_t addr, bool make)
{
    static uint8_t zero;
    static uint32_t last;
    uint64_t number = addr / PAGE_BYTES;
    uint32_t i = last < page_count && pages[last].number == number ? last : 0;
    while (i < page_count && pages[i].number != number) {
        i++;
    }
    if (i == page_count && !make) {
        zero = 0;
        return &zero;
    }
    if (i == page_count) {
        assert_true(page_count < MAX_PAGES);
        memset(&pages[page_count], 0, sizeof pages[0]);
        pages[page_count++].number = number;
    }
    last = i;
    return &pages[i].bytes[addr % PAGE_BYTES];
}

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static uint64_t number(const cJSON *object, const char *name)
{
    const cJSON *value = member(object, name);
    assert_non_null(value);
    return cJSON_IsString(value) ? strtoull(value->valuestring, NULL, 16)
                                 : (uint64_t)value->valuedouble;
}

static uint8_t digits_of(const char *text)
{
    const char pair[3] = {text[0], text[1], '\0'};
    return (uint8_t)strtoul(pair, NULL, 16);
}

static uint64_t len_of(const cJSON *entry)
{
    const cJSON *bytes = member(entry, "bytes");
    return bytes != NULL ? strlen(bytes->valuestring) / 2 : number(entry, "len");
}

static uint8_t said_byte(const cJSON *entry, uint64_t i)
{
    const cJSON *bytes = member(entry, "bytes");
    return bytes != NULL ? digits_of(bytes->valuestring + 2 * i) : (uint8_t)number(entry, "fill");
}

static void play_writes(const cJSON *step)
{
    const cJSON *entry;
    cJSON_ArrayForEach(entry, member(step, "write"))
    {
        uint64_t len = len_of(entry);
        for (uint64_t i = 0; i < len; i++) {
            *byte_at(number(entry, "addr") + i, true) = said_byte(entry, i);
        }
    }
}

/* The driver's memory has what was played, and nothing else. */
static void compare(const cJSON *step)
{
    const cJSON *entry;
    for (uint32_t i = 0; i < guest.touched_count; i++) {
        const struct guest_touched *range = &guest.touched[i];
        uint64_t addr;
        assert_true(guest_find_host(&guest, &addr, range->start) >= 0);
        for (const uint8_t *host = range->start; host < range->end; host++, addr++) {
            if (*byte_at(addr, false) != *host) {
                fail_msg("at %#llx the request has %u, the driver %u", (unsigned long long)addr,
                         *byte_at(addr, false), *host);
            }
        }
    }
    cJSON_ArrayForEach(entry, member(step, "write"))
    {
        uint64_t addr = number(entry, "addr");
        for (uint64_t i = 0, len = len_of(entry); i < len; i++) {
            uint8_t byte = 0;
            if (guest_read(&guest, &byte, addr + i, 1) != 1 || *byte_at(addr + i, false) != byte) {
                fail_msg("the request writes to %#llx", (unsigned long long)(addr + i));
            }
        }
    }
}

static void drive(uint32_t step)
{
    const struct scn_record *record = &scenario.steps[step];
    switch (record->tag) {
    case SCN_TAG_ADD_CHAIN:
        driver_add_chain(&driver, step);
        break;
    case SCN_TAG_SET_WORD:
        driver_set_word(&driver, record);
        break;
    case SCN_TAG_WRITE:
        guest_write_record(&guest, &scenario, record);
        break;
    case SCN_TAG_RESTART:
        driver_restart(&driver, record);
        break;
    default:
        break;
    }
}

/* Plays a request beside the driver itself. Returns how many steps wrote. */
static uint32_t play(const cJSON *run)
{
    enum vvs_status table;
    uint32_t wrote = 0;
    const cJSON *step;
    page_count = 0;
    assert_true(guest_materialise(&guest, &table, &scenario));
    driver_start(&driver, &guest, &scenario);
    play_writes(member(run, "image"));
    compare(member(run, "image"));
    cJSON_ArrayForEach(step, member(run, "steps"))
    {
        drive((uint32_t)number(step, "step"));
        play_writes(step);
        compare(step);
        wrote += member(step, "write") != NULL;
    }
    return wrote;
}

static bool one_in(uint64_t *seed, uint32_t n)
{
    return random_below(seed, n) == 0;
}

/* A chain of any shape, sometimes where others lie or nothing does. */
static void add_random_chain(uint64_t *seed, uint32_t role)
{
    struct scn_record *chain = build_chain(&scenario, role);
    scn_set(chain, SCN_ADD_CHAIN_F_COUNT, 1 + random_below(seed, 3));
    scn_set(chain, SCN_ADD_CHAIN_F_INDIRECT, random_below(seed, 2));
    scn_set(chain, SCN_ADD_CHAIN_F_DIRECT_COUNT, random_below(seed, 3));
    scn_set(chain, SCN_ADD_CHAIN_F_HOLD, one_in(seed, 4));
    for (uint32_t i = random_below(seed, 4); i > 0; i--) {
        struct scn_record *element = build_element(&scenario, random_below(seed, 300));
        scn_set(element, SCN_ELEMENT_F_REPEAT, 1 + random_below(seed, 3));
        scn_set(element, SCN_ELEMENT_F_WRITABLE, random_below(seed, 2));
        if (one_in(seed, 3)) {
            scn_set(element, SCN_ELEMENT_F_ADDR, 0xffff00 + random_below(seed, 0x10200));
        }
    }
}

static void add_random_step(uint64_t *seed, uint32_t role)
{
    struct scn_record *step;
    switch (random_below(seed, 6)) {
    case 0:
        step = build_step(&scenario, SCN_TAG_SET_WORD, SCN_SET_WORD_F_ROLE, role);
        scn_set(step, SCN_SET_WORD_F_WORD, random_below(seed, 6));
        scn_set(step, SCN_SET_WORD_F_VALUE, random_below(seed, 0x10000));
        break;
    case 1:
        step = build(&scenario, SCN_TAG_WRITE);
        scn_set(step, SCN_WRITE_F_ADDR, 0xffff80 + random_below(seed, 0x10100));
        scn_set(step, SCN_WRITE_F_LEN, random_below(seed, 500));
        scn_set(step, SCN_WRITE_F_FILL, random_below(seed, 3));
        break;
    case 2:
        step = build_step(&scenario, SCN_TAG_RESTART, SCN_RESTART_F_ROLE, role);
        scn_set(step, SCN_RESTART_F_AVAIL_INDEX, random_below(seed, 8));
        scn_set(step, SCN_RESTART_F_USED_INDEX, random_below(seed, 8));
        scn_set(step, SCN_RESTART_F_USED_WRAP, random_below(seed, 2));
        break;
    case 3:
        build_step(&scenario, SCN_TAG_SERVE, SCN_SERVE_F_ROLE, role);
        break;
    default:
        add_random_chain(seed, role);
        break;
    }
}

/* Two regions that touch, rings, spans, and what a driver does. */
static void random_scenario(uint64_t *seed)
{
    scn_init(&scenario);
    build_features(&scenario, random_below(seed, 2) * PACKED);
    build_region(&scenario, 0x1000000, 0x8000);
    build_region(&scenario, 0x1008000, 0x8000);
    for (uint32_t role = 0; role < GUEST_ROLES; role++) {
        struct scn_record *queue = build_queue(&scenario, role, 1u << random_below(seed, 6));
        if (one_in(seed, 2)) {
            scn_set(queue, SCN_QUEUE_F_USED_INDEX, random_below(seed, 8));
        }
    }
    struct scn_record *span = build(&scenario, SCN_TAG_SPAN);
    scn_set(span, SCN_SPAN_F_ADDR, 0x1000000 + random_below(seed, 0x10000));
    scn_set(span, SCN_SPAN_F_LEN, random_below(seed, 100));
    scn_set(span, SCN_SPAN_F_FILL, random_below(seed, 256));
    for (uint32_t i = random_below(seed, 12); i > 0; i--) {
        add_random_step(seed, random_below(seed, GUEST_ROLES));
    }
}

static void test_playing_the_writes_gives_the_drivers_memory(void **state)
{
    uint64_t seed = 1;
    uint32_t wrote = 0;
    (void)state;
    for (uint32_t i = 0; i < SCENARIOS; i++) {
        random_scenario(&seed);
        cJSON *line = resolve_scenario(&resolve, &scenario);
        const cJSON *run = member(line, "run");
        assert_non_null(run);
        assert_int_equal(cJSON_GetArraySize(member(run, "steps")), scenario.step_count);
        wrote += play(run);
        cJSON_Delete(line);
    }
    assert_true(wrote > 2 * SCENARIOS);
}

static int set_up(void **state)
{
    (void)state;
    return resolve_init(&resolve) && guest_init(&guest) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    resolve_fini(&resolve);
    guest_fini(&guest);
    return 0;
}

static int set_up_test(void **state)
{
    (void)state;
    scn_init(&scenario);
    return 0;
}

static cJSON *resolved(void)
{
    cJSON *line = resolve_scenario(&resolve, &scenario);
    assert_non_null(member(line, "run"));
    return line;
}

static const cJSON *step_of(const cJSON *line, int step)
{
    return cJSON_GetArrayItem(member(member(line, "run"), "steps"), step);
}

static void assert_text(const cJSON *object, const char *name, const char *text)
{
    assert_string_equal(cJSON_GetStringValue(member(object, name)), text);
}

static void assert_json(const cJSON *object, const char *name, const char *text)
{
    char *said = cJSON_PrintUnformatted(member(object, name));
    assert_string_equal(said, text);
    free(said);
}

static void serve(uint32_t role)
{
    build_step(&scenario, SCN_TAG_SERVE, SCN_SERVE_F_ROLE, role);
}

static void test_writes_are_exact_between_what_a_device_writes(void **state)
{
    (void)state;
    build_queue(&scenario, TX, 1);
    build_chain(&scenario, TX);
    serve(TX);
    build_chain(&scenario, TX);
    cJSON *line = resolved();
    /* The used ring lies 8 bytes behind the available ring: never written. */
    assert_json(step_of(line, 2), "write",
                "[{\"addr\":\"0x100000\",\"bytes\":\"70001000000000002c00000000000000\"},"
                "{\"addr\":\"0x100012\",\"bytes\":\"02000000\"},"
                "{\"addr\":\"0x100070\",\"bytes\":\"03000000000000000200000000000000"
                "00040000d2040000000000000100050000000000000001000000"
                "0000\"}]");
    cJSON_Delete(line);
}

static void test_equal_bytes_are_said_once(void **state)
{
    (void)state;
    struct scn_record *step = build(&scenario, SCN_TAG_WRITE);
    scn_set(step, SCN_WRITE_F_ADDR, 0x200000);
    scn_set(step, SCN_WRITE_F_LEN, 1u << 20);
    scn_set(step, SCN_WRITE_F_FILL, 7);
    cJSON *line = resolved();
    assert_json(step_of(line, 0), "write", "[{\"addr\":\"0x200000\",\"len\":1048576,\"fill\":7}]");
    cJSON_Delete(line);
}

static void send_bytes(const char *payload, uint32_t len)
{
    build_bytes(&scenario, build(&scenario, SCN_TAG_SEND), SCN_SEND_F_PAYLOAD, payload, len);
}

static void test_packets_wait_for_the_first_step_that_can_take_one(void **state)
{
    (void)state;
    build_queue(&scenario, TX, 8);
    build_queue(&scenario, RX, 8);
    send_bytes("hi", 2);
    serve(TX);
    send_bytes("you", 3);
    serve(RX);
    serve(RX);
    cJSON *line = resolved();
    assert_null(member(step_of(line, 0), "do"));
    assert_null(member(step_of(line, 1), "send"));
    const cJSON *sends = member(step_of(line, 3), "send");
    assert_int_equal(cJSON_GetArraySize(sends), 2);
    assert_text(cJSON_GetArrayItem(sends, 0), "payload", "6869");
    assert_text(cJSON_GetArrayItem(sends, 1), "payload", "796f75");
    assert_null(member(cJSON_GetArrayItem(sends, 1), "fit"));
    assert_null(member(step_of(line, 4), "send"));
    const cJSON *unsaid = member(member(member(line, "run"), "image"), "send");
    assert_int_equal(number(unsaid, "written"), 64);
    assert_true(cJSON_IsTrue(member(unsaid, "fit")));
    cJSON_Delete(line);
}

static void test_a_packet_that_says_its_length_is_not_fitted(void **state)
{
    (void)state;
    build_queue(&scenario, RX, 8);
    scn_set(build(&scenario, SCN_TAG_SEND), SCN_SEND_F_HDR_LEN, 1000);
    struct scn_record *more = build(&scenario, SCN_TAG_SEND);
    scn_set(more, SCN_SEND_F_PAYLOAD_LEN, 2);
    scn_set(more, SCN_SEND_F_WRITTEN, 3);
    struct scn_record *given_up = build(&scenario, SCN_TAG_SEND);
    scn_set(given_up, SCN_SEND_F_IN_PLACE, 2);
    serve(RX);
    cJSON *line = resolved();
    const cJSON *sends = member(step_of(line, 3), "send");
    const cJSON *first = cJSON_GetArrayItem(sends, 0);
    assert_null(member(first, "fit"));
    assert_int_equal(number(first, "written"), 64);
    assert_memory_equal(member(first, "header")->valuestring + 48, "e8030000", 8);
    assert_text(cJSON_GetArrayItem(sends, 1), "payload", "008306");
    assert_int_equal(number(cJSON_GetArrayItem(sends, 1), "written"), 3);
    assert_int_equal(number(cJSON_GetArrayItem(sends, 2), "written"), 0);
    cJSON_Delete(line);
}

static void test_events_wait_likewise(void **state)
{
    (void)state;
    build_queue(&scenario, EVENT, 8);
    scn_set(build(&scenario, SCN_TAG_SEND_EVENT), SCN_SEND_EVENT_F_EVENT, 5);
    build_step(&scenario, SCN_TAG_POP, SCN_POP_F_ROLE, EVENT);
    build_step(&scenario, SCN_TAG_PUBLISH, SCN_PUBLISH_F_ROLE, EVENT);
    cJSON *line = resolved();
    assert_null(member(step_of(line, 1), "events"));
    assert_json(step_of(line, 2), "events", "[5]");
    cJSON_Delete(line);
}

static void test_a_restart_clears_and_says_where(void **state)
{
    (void)state;
    build_features(&scenario, PACKED);
    build_queue(&scenario, TX, 8);
    struct scn_record *step = build_step(&scenario, SCN_TAG_RESTART, SCN_RESTART_F_ROLE, TX);
    scn_set(step, SCN_RESTART_F_AVAIL_INDEX, 3);
    scn_set(step, SCN_RESTART_F_USED_INDEX, 3);
    build_step(&scenario, SCN_TAG_RESTART, SCN_RESTART_F_ROLE, TX);
    cJSON *line = resolved();
    assert_text(step_of(line, 0), "do", "restart");
    assert_int_equal(number(step_of(line, 0), "avail_index"), 3);
    assert_int_equal(number(step_of(line, 0), "avail_wrap"), 1);
    assert_json(step_of(line, 1), "write",
                "[{\"addr\":\"0x100000\",\"len\":132,\"fill\":0},"
                "{\"addr\":\"0x100090\",\"bytes\":\"00000000\"}]");
    assert_null(member(step_of(line, 1), "avail_index"));
    cJSON_Delete(line);
}

static void test_a_restore_says_what_the_scenario_says(void **state)
{
    (void)state;
    build_queue(&scenario, TX, 8);
    struct scn_record *step = build_step(&scenario, SCN_TAG_RESTORE, SCN_RESTORE_F_ROLE, TX);
    scn_set(step, SCN_RESTORE_F_USED_INDEX, 2);
    build_step(&scenario, SCN_TAG_UNDO, SCN_UNDO_F_ROLE, TX);
    cJSON *line = resolved();
    assert_null(member(step_of(line, 0), "avail_index"));
    assert_int_equal(number(step_of(line, 0), "used_index"), 2);
    assert_null(member(step_of(line, 1), "which"));
    cJSON_Delete(line);
}

static void test_a_step_reads_rings_first_and_not_too_much(void **state)
{
    (void)state;
    build_region(&scenario, 0x100000, 0x1000000);
    build_queue(&scenario, TX, 8);
    build_queue(&scenario, RX, 32768);
    scn_set(build_chain(&scenario, RX), SCN_ADD_CHAIN_F_COUNT, 1024);
    build_element(&scenario, 1u << 20);
    build_chain(&scenario, TX);
    serve(TX);
    cJSON *line = resolved();
    const cJSON *reads = member(step_of(line, 2), "read");
    const cJSON *entry;
    uint64_t total = 0;
    cJSON_ArrayForEach(entry, reads)
    {
        total += number(entry, "len");
    }
    assert_text(cJSON_GetArrayItem(reads, 0), "what", "used");
    assert_text(cJSON_GetArrayItem(reads, 0), "queue", "tx");
    assert_text(cJSON_GetArrayItem(reads, 1), "what", "used");
    assert_int_equal(number(cJSON_GetArrayItem(reads, 1), "len"), 6 + 8 * 32768);
    assert_in_range(total, 6 + 8 * 32768, 1u << 20);
    cJSON_Delete(line);
}

static void test_what_is_needed_is_named(void **state)
{
    (void)state;
    build_features(&scenario, PACKED | VVS_FEATURE(VVS_F_IN_ORDER));
    scn_set(build_queue(&scenario, RX, 8), SCN_QUEUE_F_USED_INDEX, 0);
    serve(RX);
    build_step(&scenario, SCN_TAG_ARM, SCN_ARM_F_ROLE, RX);
    cJSON *line = resolved();
    assert_json(line, "needs", "[\"packed\",\"rx\",\"in_order\",\"serve\",\"notify\",\"state\"]");
    cJSON_Delete(line);
}

static void test_what_no_request_can_say_is_unsupported(void **state)
{
    (void)state;
    build(&scenario, SCN_TAG_RACE);
    cJSON *line = resolve_scenario(&resolve, &scenario);
    assert_text(line, "unsupported", "races");
    assert_true(cJSON_IsTrue(member(line, "races")));
    cJSON_Delete(line);

    scn_init(&scenario);
    build_region(&scenario, 0x100000, 0x2000);
    build_region(&scenario, 0x101000, 0x2000);
    cJSON_Delete(resolved());
    build(&scenario, SCN_TAG_SET_MEMORY);
    line = resolve_scenario(&resolve, &scenario);
    assert_non_null(member(line, "unsupported"));
    cJSON_Delete(line);

    scn_init(&scenario);
    build_region(&scenario, 0, UINT64_MAX);
    line = resolve_scenario(&resolve, &scenario);
    assert_true(cJSON_IsTrue(member(line, "unmappable")));
    cJSON_Delete(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_playing_the_writes_gives_the_drivers_memory),
        cmocka_unit_test_setup(test_writes_are_exact_between_what_a_device_writes, set_up_test),
        cmocka_unit_test_setup(test_equal_bytes_are_said_once, set_up_test),
        cmocka_unit_test_setup(test_packets_wait_for_the_first_step_that_can_take_one, set_up_test),
        cmocka_unit_test_setup(test_a_packet_that_says_its_length_is_not_fitted, set_up_test),
        cmocka_unit_test_setup(test_events_wait_likewise, set_up_test),
        cmocka_unit_test_setup(test_a_restart_clears_and_says_where, set_up_test),
        cmocka_unit_test_setup(test_a_restore_says_what_the_scenario_says, set_up_test),
        cmocka_unit_test_setup(test_a_step_reads_rings_first_and_not_too_much, set_up_test),
        cmocka_unit_test_setup(test_what_is_needed_is_named, set_up_test),
        cmocka_unit_test_setup(test_what_no_request_can_say_is_unsupported, set_up_test),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
