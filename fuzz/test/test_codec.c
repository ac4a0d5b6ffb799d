/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "random_input.h"
#include "scenario.h"

#include "vvs/spec.h"

#define RANDOM_INPUTS 200000u

static struct scn_scenario decoded;
static struct scn_scenario again;
static uint8_t encoding[SCN_MAX_ENCODED];
static uint8_t encoding_again[SCN_MAX_ENCODED];

static void assert_same_records(const struct scn_record *a, uint32_t a_count,
                                const struct scn_record *b, uint32_t b_count)
{
    assert_int_equal(a_count, b_count);
    for (uint32_t i = 0; i < a_count; i++) {
        const struct scn_record_type *type = scn_type_of(a[i].tag);
        assert_int_equal(a[i].tag, b[i].tag);
        assert_int_equal(a[i].present, b[i].present);
        for (uint32_t k = 0; k < type->field_count; k++) {
            if (!scn_has(&a[i], k)) {
                continue;
            }
            if (type->fields[k].type != SCN_BYTES) {
                assert_int_equal(a[i].value[k], b[i].value[k]);
                assert_true(a[i].value[k] <= type->fields[k].maximum);
                continue;
            }
            assert_int_equal(a[i].bytes_len, b[i].bytes_len);
            assert_true(a[i].bytes_len <= type->fields[k].maximum);
            assert_memory_equal(decoded.blob + a[i].bytes_at, again.blob + b[i].bytes_at,
                                a[i].bytes_len);
        }
        assert_same_records(decoded.elements + a[i].element_first, a[i].element_count,
                            again.elements + b[i].element_first, b[i].element_count);
    }
}

/* `decoded` encodes to bytes that decode to itself and encode to themselves. */
static size_t assert_canonical(void)
{
    size_t len = scn_encode(encoding, sizeof encoding, &decoded);

    assert_int_not_equal(len, 0);
    scn_decode(&again, encoding, len);
    assert_same_records(&decoded.image, 1, &again.image, 1);
    assert_same_records(decoded.regions, decoded.region_count, again.regions, again.region_count);
    assert_same_records(decoded.queues, decoded.queue_count, again.queues, again.queue_count);
    assert_same_records(decoded.spans, decoded.span_count, again.spans, again.span_count);
    assert_same_records(decoded.races, decoded.race_count, again.races, again.race_count);
    assert_same_records(decoded.steps, decoded.step_count, again.steps, again.step_count);
    assert_int_equal(scn_encode(encoding_again, sizeof encoding_again, &again), len);
    assert_memory_equal(encoding_again, encoding, len);
    return len;
}

static size_t from_hex(uint8_t *out_bytes, const char *hex)
{
    size_t len = 0;

    for (; *hex != '\0'; hex++) {
        if (*hex != ' ') {
            unsigned byte;
            assert_int_equal(sscanf(hex++, "%2x", &byte), 1);
            out_bytes[len++] = (uint8_t)byte;
        }
    }
    return len;
}

/* Decodes version 1 and these records. */
static void decode_hex(const char *hex)
{
    uint8_t bytes[4096] = {SCN_VERSION};

    assert_true(strlen(hex) / 2 < sizeof bytes);
    scn_decode(&decoded, bytes, 1 + from_hex(bytes + 1, hex));
}

static void assert_encodes(const char *hex)
{
    uint8_t expected[4096] = {SCN_VERSION};
    size_t len = 1 + from_hex(expected + 1, hex);

    assert_int_equal(assert_canonical(), len);
    assert_memory_equal(encoding, expected, len);
}

#define HEADER_NAMES                                                                               \
    "src_cid dst_cid src_port dst_port hdr_len type op flags buf_alloc fwd_cnt payload "           \
    "payload_len "                                                                                 \
    "payload_fill"
#define HEADER_HEX                                                                                 \
    "1011121314151617 2021222324252627 30313233 40414243 50515253 6061 7071 80818283 90919293"     \
    " a0a1a2a3 0300b0b1b2 c0c10000 d0"

/* Every record with every field, as it has to be for ever. */
static const struct golden {
    const char *name;
    const char *fields;
    const char *hex;
} golden[] = {
    {"image", "features max_payload active", "01 07 1011121314151617 20212223 30"},
    {"region", "addr len permission frontend_addr",
     "02 0f 1011121314151617 2021222324252627 03 4041424344454647"},
    {"queue", "role size desc driver device max_chain avail_index used_index avail_wrap used_wrap",
     "03 ff07 02 20210000 3031323334353637 4041424344454647 5051525354555657 60610000 7071 8081 01 "
     "00"},
    {"span", "addr bytes len fill", "04 0f 1011121314151617 0300202122 30310000 40"},
    {"race", "item index after offset bytes", "05 1f 14 20212223 3031 4041 0300505152"},
    {"add_chain",
     HEADER_NAMES
     " queue indirect direct_count table_addr table_len table_flags_xor head id hold count",
     "10 ffffff03 " HEADER_HEX " 02 01 1011 2021222324252627 30313233 4041 5051 6061 01 0004"
     " 02 ff03 10111213 2021222324252627 01 40410000 50515253 6061 7071 8081 9091 00"},
    {"set_word", "queue word value", "11 07 01 05 1011"},
    {"write", "addr bytes len fill", "12 0f 1011121314151617 0300202122 30310000 40"},
    {"set_memory", "active", "13 01 10"},
    {"restart", "queue avail_index used_index avail_wrap used_wrap", "14 1f 00 1011 2021 01 00"},
    {"serve", "queue max", "20 03 01 0004"},
    {"pop", "queue", "21 01 02"},
    {"publish", "queue which stage quiet again", "22 1f 01 1011 01 00 01"},
    {"flush", "queue quiet", "23 03 01 01"},
    {"undo", "queue which", "24 03 02 1011"},
    {"arm", "queue", "25 01 01"},
    {"disarm", "queue", "26 01 01"},
    {"send", HEADER_NAMES " written in_place", "27 ffff01 " HEADER_HEX " e0e10000 02"},
    {"send_event", "event", "28 01 10111213"},
    {"abort", "queue which", "29 03 01 1011"},
    {"save", "queue", "2a 01 01"},
    {"restore", "queue avail_index used_index avail_wrap used_wrap", "2b 1f 01 1011 2021 ff fe"},
    {"notify", "queue", "2c 01 02"},
};
#define GOLDEN_COUNT (sizeof golden / sizeof golden[0])

static void assert_field_names(const struct scn_record_type *type, const char *expected)
{
    char names[512] = "";

    for (uint32_t i = 0; i < type->field_count; i++) {
        (void)snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s",
                       i > 0 ? " " : "", type->fields[i].name);
    }
    assert_string_equal(names, expected);
}

static void tags_and_fields_stay(void **state)
{
    uint8_t bytes[256];

    (void)state;
    for (size_t i = 0; i < GOLDEN_COUNT; i++) {
        from_hex(bytes, golden[i].hex);
        assert_non_null(scn_type_of(bytes[0]));
        assert_string_equal(scn_type_of(bytes[0])->name, golden[i].name);
        assert_field_names(scn_type_of(bytes[0]), golden[i].fields);
        decode_hex(golden[i].hex);
        assert_encodes(golden[i].hex);
    }
    assert_field_names(scn_type_of(SCN_TAG_ELEMENT),
                       "len addr writable repeat stride slot next flags_xor id");
    assert_int_equal(SCN_TAG_ELEMENT, 6);
    assert_null(scn_type_at(GOLDEN_COUNT + 1));
}

static void numbers_are_little_endian(void **state)
{
    (void)state;
    decode_hex(golden[1].hex);
    assert_int_equal(decoded.regions[0].value[SCN_REGION_F_ADDR], 0x1716151413121110);
    decode_hex(golden[5].hex);
    assert_int_equal(decoded.steps[0].value[SCN_ADD_CHAIN_F_SRC_PORT], 0x33323130);
    assert_int_equal(decoded.steps[0].value[SCN_ADD_CHAIN_F_OP], 0x7170);
    assert_int_equal(decoded.steps[0].bytes_len, 3);
    assert_memory_equal(decoded.blob + decoded.steps[0].bytes_at, "\xb0\xb1\xb2", 3);
    assert_int_equal(decoded.steps[0].element_count, 2);
    assert_int_equal(decoded.elements[0].value[SCN_ELEMENT_F_ID], 0x9190);
    assert_int_equal(decoded.elements[1].present, 0);
}

static void other_versions_are_empty(void **state)
{
    static const uint8_t other[] = {2, SCN_TAG_SERVE, 0};

    (void)state;
    decode_hex("20 00");
    assert_int_equal(decoded.step_count, 1);
    scn_decode(&decoded, other, sizeof other);
    assert_encodes("");
    scn_decode(&decoded, NULL, 0);
    assert_encodes("");
}

static void odd_bytes_become_canonical(void **state)
{
    static const struct {
        const char *bytes;
        const char *canonical;
    } cases[] = {
        {"20 00 01 04 30 02 00", "01 04 30 02 00 20 00"}, /* order */
        {"01 00", ""},                                    /* an image that says nothing */
        {"01 04 30 01 02 01000000", "01 02 01000000"},    /* the second image replaces */
        {"03 01 00 03 02 08000000 03 03 00 09000000", "03 03 00 09000000 03 02 08000000"},
        {"03 00 03 01 01", "03 01 01"},       /* a queue is tx unless it says */
        {"ff 00 07 20 00 99", "20 00"},       /* what is no tag is skipped */
        {"06 01 01000000 20 00", "20 00"},    /* an element alone is dropped */
        {"20 01 05", "20 01 02"},             /* 5 modulo 3 */
        {"03 02 00000100", "03 02 00000100"}, /* 65536 modulo 65537 */
        {"03 02 01000100", "03 02 00000000"},
        {"20 fe01 e903", "20 02 e903"},                 /* bits of no field */
        {"20 80 80 80 80 80 20 00", "20 00 20 00"},     /* five bytes of ULEB, no more */
        {"20 81 00 01", "20 01 01"},                    /* a long ULEB */
        {"20 ff ff ff ff ff 01 0100", "20 03 01 0100"}, /* bits past 32 are dropped */
        {"20", "20 00"},                                /* ends before the mask */
        {"20 03 01 04", "20 01 01"},                    /* ends inside max */
        {"04 0f 1011121314151617 0300 2021", "04 01 1011121314151617"},
        {"10 00", "10 00 00"},          /* ends before the elements */
        {"10 00 05 00", "10 00 01 00"}, /* ends before four of them */
        {"10 00 82 00 00 01 01", "10 00 02 00 00"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        decode_hex(cases[i].bytes);
        assert_encodes(cases[i].canonical);
    }
}

/* Bytes of a test's own making, behind the version. */
static uint8_t input[1u << 20];
static size_t input_len;

static void say(const char *hex)
{
    input_len += from_hex(input + input_len, hex);
}

static void say_times(uint32_t times, const char *hex)
{
    for (uint32_t i = 0; i < times; i++) {
        say(hex);
    }
}

static void say_bytes(uint16_t len)
{
    input[input_len++] = (uint8_t)len;
    input[input_len++] = (uint8_t)(len >> 8);
    memset(input + input_len, SCN_TAG_NOTIFY, len); /* what is cut must not be read as records */
    input_len += len;
}

static void start_input(void)
{
    input[0] = SCN_VERSION;
    input_len = 1;
}

static void decode_input(void)
{
    scn_decode(&decoded, input, input_len);
    assert_canonical();
}

static void lists_are_bounded(void **state)
{
    (void)state;
    start_input();
    say_times(SCN_MAX_REGIONS + 1, "02 00");
    say_times(SCN_MAX_SPANS + 1, "04 00");
    say_times(SCN_MAX_RACES + 1, "05 00");
    say_times(SCN_MAX_STEPS, "20 00");
    say("10 00 01 00"); /* one step too many, with its element */
    decode_input();
    assert_int_equal(decoded.region_count, SCN_MAX_REGIONS);
    assert_int_equal(decoded.span_count, SCN_MAX_SPANS);
    assert_int_equal(decoded.race_count, SCN_MAX_RACES);
    assert_int_equal(decoded.step_count, SCN_MAX_STEPS);
    assert_int_equal(decoded.element_count, 0);
}

static void elements_are_bounded_over_all_chains(void **state)
{
    (void)state;
    start_input();
    say("10 00 ac02"); /* 300 */
    say_times(300, "00");
    say("10 00 ac02");
    say_times(300, "03 01000000 1011121314151617");
    say("20 00");
    decode_input();
    assert_int_equal(decoded.element_count, SCN_MAX_ELEMENTS);
    assert_int_equal(decoded.steps[0].element_count, 300);
    assert_int_equal(decoded.steps[1].element_count, SCN_MAX_ELEMENTS - 300);
    assert_int_equal(decoded.steps[2].tag, SCN_TAG_SERVE); /* surplus elements were consumed */
}

static void bytes_are_bounded(void **state)
{
    (void)state;
    start_input();
    say("05 10");
    say_bytes(80); /* a race takes 64 */
    say("20 00");
    for (uint32_t i = 0; i < 4; i++) {
        say("12 02");
        say_bytes(4096);
    }
    say("12 02");
    say_bytes(10);
    decode_input();
    assert_int_equal(decoded.races[0].bytes_len, 64);
    assert_int_equal(decoded.step_count, 6);
    assert_int_equal(decoded.steps[3].bytes_len, 4096);
    assert_int_equal(decoded.steps[4].bytes_len, 4096 - 64);
    assert_true(scn_has(&decoded.steps[5], SCN_WRITE_F_BYTES));
    assert_int_equal(decoded.steps[5].bytes_len, 0);
    assert_int_equal(decoded.blob_len, SCN_MAX_BLOB);
}

static void dropped_records_take_no_room(void **state)
{
    (void)state;
    start_input();
    say_times(SCN_MAX_SPANS, "04 00");
    say("04 02");
    say_bytes(100);
    decode_input();
    assert_int_equal(decoded.blob_len, 0);
}

static void fill_records(struct scn_record *records, uint32_t count, uint8_t tag)
{
    const struct scn_record_type *type = scn_type_of(tag);

    for (uint32_t i = 0; i < count; i++) {
        records[i] = (struct scn_record){.tag = tag};
        for (uint32_t k = 0; k < type->field_count; k++) {
            scn_set(&records[i], k, type->fields[k].maximum);
        }
    }
}

static void largest_scenario_fits(void **state)
{
    size_t len;

    (void)state;
    scn_init(&decoded);
    fill_records(&decoded.image, 1, SCN_TAG_IMAGE);
    fill_records(decoded.regions, decoded.region_count = SCN_MAX_REGIONS, SCN_TAG_REGION);
    fill_records(decoded.queues, decoded.queue_count = SCN_MAX_QUEUES, SCN_TAG_QUEUE);
    for (uint32_t i = 0; i < SCN_MAX_QUEUES; i++) {
        decoded.queues[i].value[SCN_QUEUE_F_ROLE] = i;
    }
    fill_records(decoded.spans, decoded.span_count = SCN_MAX_SPANS, SCN_TAG_SPAN);
    fill_records(decoded.races, decoded.race_count = SCN_MAX_RACES, SCN_TAG_RACE);
    fill_records(decoded.steps, decoded.step_count = SCN_MAX_STEPS, SCN_TAG_ADD_CHAIN);
    fill_records(decoded.elements, decoded.element_count = SCN_MAX_ELEMENTS, SCN_TAG_ELEMENT);
    for (uint32_t i = 0; i < SCN_MAX_STEPS; i++) {
        decoded.steps[i].element_first = i * (SCN_MAX_ELEMENTS / SCN_MAX_STEPS);
        decoded.steps[i].element_count = SCN_MAX_ELEMENTS / SCN_MAX_STEPS;
    }
    memset(decoded.blob, 0x5a, sizeof decoded.blob);
    for (uint32_t i = 0; i < SCN_MAX_BLOB / 4096; i++) {
        decoded.steps[i].bytes_len = 4096;
        decoded.steps[i].bytes_at = 4096 * i;
    }
    decoded.blob_len = SCN_MAX_BLOB;
    len = assert_canonical();
    assert_in_range(len, SCN_MAX_BLOB, SCN_MAX_ENCODED);
}

static void encoder_stays_in_its_capacity(void **state)
{
    size_t len;

    (void)state;
    decode_hex("02 0f 1011121314151617 2021222324252627 03 4041424344454647 12 02 0500 0102030405");
    len = assert_canonical();
    for (size_t capacity = 0; capacity <= len; capacity++) {
        uint8_t *exact = malloc(capacity + 1); /* AddressSanitizer sees what lies behind */
        assert_non_null(exact);
        exact[capacity] = 0xee;
        assert_int_equal(scn_encode(exact, capacity, &decoded), capacity < len ? 0 : len);
        assert_int_equal(exact[capacity], 0xee);
        free(exact);
    }
}

/* A mutator may leave such values behind. */
static void encoder_brings_values_into_range(void **state)
{
    (void)state;
    scn_init(&decoded);
    decoded.steps[0] = (struct scn_record){.tag = SCN_TAG_SERVE};
    scn_set(&decoded.steps[0], SCN_SERVE_F_ROLE, 4);
    scn_set(&decoded.steps[0], SCN_SERVE_F_MAX, 1030);
    decoded.steps[0].present |= 1u << SCN_SERVE_FIELD_COUNT;
    decoded.step_count = 1;
    assert_int_equal(scn_encode(encoding, sizeof encoding, &decoded), 6);
    assert_memory_equal(encoding, "\x01\x20\x03\x01\x05\x00", 6);
}

static void every_prefix_decodes(void **state)
{
    static uint8_t whole[4096];
    size_t len = 1;

    (void)state;
    whole[0] = SCN_VERSION;
    for (size_t i = 0; i < GOLDEN_COUNT; i++) {
        len += from_hex(whole + len, golden[i].hex);
    }
    for (size_t cut = 0; cut <= len; cut++) {
        uint8_t *exact = malloc(cut + 1);
        size_t kept;
        assert_non_null(exact);
        memcpy(exact + 1, whole, cut);
        scn_decode(&decoded, exact + 1, cut);
        kept = assert_canonical();
        assert_memory_equal(encoding, whole, kept < 2 ? kept : 2);
        if (cut == len) {
            assert_int_equal(kept, len);
            assert_memory_equal(encoding, whole, len);
        }
        free(exact);
    }
}

static void every_input_is_a_scenario(void **state)
{
    uint64_t seed = 20240607;
    uint32_t steps = 0;

    (void)state;
    for (uint32_t i = 0; i < RANDOM_INPUTS; i++) {
        size_t len = random_input(&seed, input, 400);
        scn_decode(&decoded, input, len);
        assert_canonical();
        steps += decoded.step_count;
    }
    assert_true(steps > RANDOM_INPUTS); /* these inputs do reach something */
}

static void pure_noise_is_a_scenario(void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (uint32_t i = 0; i < RANDOM_INPUTS; i++) {
        size_t len = random_below(&seed, 300);
        for (size_t k = 0; k < len; k++) {
            input[k] = (uint8_t)(random_next(&seed) >> 40);
        }
        input[0] = SCN_VERSION;
        scn_decode(&decoded, input, len);
        assert_canonical();
    }
}

static void a_step_finds_its_queue(void **state)
{
    (void)state;
    decode_hex("20 01 02  20 00");
    assert_int_equal(scn_role_of(&decoded, &decoded.steps[0]), VVS_QUEUE_EVENT);
    assert_int_equal(scn_role_of(&decoded, &decoded.steps[1]), VVS_QUEUE_TX);
    decode_hex("03 01 00  03 01 02  20 00  10 802000 01 00  28 00");
    assert_int_equal(scn_role_of(&decoded, &decoded.steps[0]), VVS_QUEUE_RX);
    assert_int_equal(scn_role_of(&decoded, &decoded.steps[1]), VVS_QUEUE_RX);
    assert_int_equal(scn_role_of(&decoded, &decoded.steps[2]), VVS_QUEUE_RX);
    decode_hex("03 00  20 00");
    assert_int_equal(scn_role_of(&decoded, &decoded.steps[0]), VVS_QUEUE_TX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags_and_fields_stay),
        cmocka_unit_test(numbers_are_little_endian),
        cmocka_unit_test(other_versions_are_empty),
        cmocka_unit_test(odd_bytes_become_canonical),
        cmocka_unit_test(lists_are_bounded),
        cmocka_unit_test(elements_are_bounded_over_all_chains),
        cmocka_unit_test(bytes_are_bounded),
        cmocka_unit_test(dropped_records_take_no_room),
        cmocka_unit_test(largest_scenario_fits),
        cmocka_unit_test(encoder_stays_in_its_capacity),
        cmocka_unit_test(encoder_brings_values_into_range),
        cmocka_unit_test(every_prefix_decodes),
        cmocka_unit_test(every_input_is_a_scenario),
        cmocka_unit_test(pure_noise_is_a_scenario),
        cmocka_unit_test(a_step_finds_its_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
