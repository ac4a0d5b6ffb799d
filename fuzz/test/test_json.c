/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json.h"
#include "random_input.h"

#include "vvs/observe.h"

#define RANDOM_INPUTS 3000u

static struct scn_scenario scenario;
static struct scn_scenario again;
static char error[SCN_JSON_ERROR_BYTES];

static bool parse(const char *text)
{
    return scn_json_parse(&scenario, error, text, strlen(text));
}

/* Prints `scenario` as scn_json_print does. */
static char *printed(size_t *out_len)
{
    char *text = NULL;
    FILE *stream = tmpfile();
    cJSON *json = scn_json_write(&scenario);

    assert_non_null(stream);
    scn_json_print(stream, json);
    cJSON_Delete(json);
    *out_len = (size_t)ftell(stream);
    text = malloc(*out_len + 1);
    assert_non_null(text);
    rewind(stream);
    assert_int_equal(fread(text, 1, *out_len, stream), *out_len);
    text[*out_len] = '\0';
    fclose(stream);
    return text;
}

static void round_trips(void **state)
{
    static uint8_t bytes[SCN_MAX_ENCODED];
    static uint8_t bytes_again[SCN_MAX_ENCODED];
    uint64_t seed = 42;

    (void)state;
    for (uint32_t i = 0; i < RANDOM_INPUTS; i++) {
        size_t len;
        size_t text_len;
        char *text;
        scn_decode(&scenario, bytes, random_input(&seed, bytes, 400));
        len = scn_encode(bytes, sizeof bytes, &scenario);
        text = printed(&text_len);
        if (!scn_json_parse(&again, error, text, text_len)) {
            fail_msg("%s in %s", error, text);
        }
        free(text);
        assert_int_equal(scn_encode(bytes_again, sizeof bytes_again, &again), len);
        assert_memory_equal(bytes_again, bytes, len);
    }
}

static const char whole[] =
    "{\n"
    "  \"version\": 1,\n"
    "  \"image\": {\"features\": [\"STREAM\", \"bit-3\", \"VERSION_1\", \"bit-63\"], \"active\": "
    "3},\n"
    "  \"regions\": [\n"
    "    {\"addr\": \"0xfedcba9876543210\", \"len\": \"0x0\"}\n"
    "  ],\n"
    "  \"queues\": [\n"
    "    {\"role\": \"rx\", \"size\": 65536},\n"
    "    {}\n"
    "  ],\n"
    "  \"spans\": [\n"
    "    {\"bytes\": \"\"}\n"
    "  ],\n"
    "  \"races\": [\n"
    "    {\"item\": \"table_entry\", \"index\": 4294967295, \"bytes\": \"00ff\"}\n"
    "  ],\n"
    "  \"steps\": [\n"
    "    {\"add_chain\": {\"src_cid\": \"0x3\", \"queue\": \"tx\", \"elements\": [{}, {\"len\": "
    "44}]}},\n"
    "    {\"set_word\": {\"word\": \"next_avail\"}},\n"
    "    {\"serve\": {}}\n"
    "  ]\n"
    "}\n";

static void prints_and_reads_as_documented(void **state)
{
    size_t len;
    char *text;

    (void)state;
    if (!parse(whole)) {
        fail_msg("%s", error);
    }
    assert_int_equal(scenario.image.value[SCN_IMAGE_F_FEATURES], 0x8000000100000009);
    assert_int_equal(scenario.regions[0].value[SCN_REGION_F_ADDR], 0xfedcba9876543210);
    assert_true(scn_has(&scenario.spans[0], SCN_SPAN_F_BYTES));
    assert_int_equal(scenario.steps[0].element_count, 2);
    text = printed(&len);
    assert_string_equal(text, whole);
    free(text);
}

static void an_empty_scenario_is_short(void **state)
{
    size_t len;
    char *text;

    (void)state;
    assert_true(parse("{\"version\": 1, \"image\": {}, \"regions\": [], \"steps\": []}"));
    text = printed(&len);
    assert_string_equal(text, "{\n  \"version\": 1\n}\n");
    free(text);
    assert_true(parse(" {} "));
}

static void names_are_those_of_the_library(void **state)
{
    (void)state;
    assert_string_equal(scn_value_name(SCN_ITEM, VVS_ITEM_AVAIL_IDX), "avail_idx");
    assert_string_equal(scn_value_name(SCN_ITEM, VVS_ITEM_EVENT), "event");
    for (uint32_t i = 0; i < 64; i++) {
        for (enum scn_type type = SCN_FEATURES; type <= SCN_ITEM; type++) {
            const char *name = scn_value_name(type, i);
            for (uint32_t k = 0; name != NULL && k < i; k++) {
                const char *other = scn_value_name(type, k);
                assert_true(other == NULL || strcmp(name, other) != 0);
            }
        }
    }
    assert_null(scn_value_name(SCN_ROLE, 3));
    assert_null(scn_value_name(SCN_WORD, 6));
    assert_null(scn_value_name(SCN_ITEM, VVS_ITEM_COUNT));
    assert_null(scn_value_name(SCN_FEATURES, 64));
    assert_null(scn_value_name(SCN_U8, 0));
}

#define CHAIN(text) "{\"steps\":[{\"add_chain\":{" text "}}]}"
#define IMAGE(text) "{\"image\":{" text "}}"

static const struct {
    const char *text;
    const char *error;
} refused[] = {
    {"", "line 1, column 1: this is not JSON"},
    {"{\n  \"version\": x}", "line 2, column 14: this is not JSON"},
    {"{} {}", "line 1, column 4: this is not JSON"},
    {"{\"steps\": [", "line 1, column 11: this is not JSON"},
    {"{\"version\":\v1}", "line 1, column 12: this is not JSON"},
    {"{\"ver\\u0000sion\":1}", "line 1, column 6: this is not JSON"},
    {"[]", "a scenario is an object"},
    {"7", "a scenario is an object"},
    {"{\"version\": 2}", "version: 2 is not version 1"},
    {"{\"version\": \"1\"}", "version: a number is wanted"},
    {"{\"Version\": 1}", "unknown key \"Version\""},
    {"{\"a\\nb\": 1}", "unknown key \"a?b\""},
    {"{\"0123456789012345678901234567890123456789x\": 1}",
     "unknown key \"0123456789012345678901234567890123456789...\""},
    {"{\"steps\": [], \"steps\": []}", "steps: said twice"},
    {"{\"regions\": {}}", "regions: a list is wanted"},
    {"{\"regions\": [1]}", "regions[0]: an object is wanted"},
    {"{\"regions\": [{},{},{},{},{},{},{},{},{}]}", "regions: more than 8 entries"},
    {"{\"queues\": [{}, {\"role\": \"rx\"}, {\"role\": \"tx\"}]}",
     "queues[2]: queue tx is said twice"},
    {"{\"queues\": [{\"role\": \"TX\"}]}", "queues[0].role: unknown name \"TX\""},
    {"{\"queues\": [{\"role\": 1}]}", "queues[0].role: a name is wanted"},
    {"{\"queues\": [{\"size\": 65537}]}", "queues[0].size: 65537 is above 65536"},
    {"{\"races\": [{\"item\": \"VVS_ITEM_DESC\"}]}",
     "races[0].item: unknown name \"VVS_ITEM_DESC\""},
    {IMAGE("\"active\":256"), "image.active: 256 is above 255"},
    {IMAGE("\"active\":-1"), "image.active: -1 is below 0"},
    {IMAGE("\"active\":1.5"), "image.active: 1.5 is no whole number"},
    {IMAGE("\"active\":1e999"), "image.active: inf is above 255"},
    {IMAGE("\"active\":\"1\""), "image.active: a number is wanted"},
    {IMAGE("\"active\":true"), "image.active: a number is wanted"},
    {IMAGE("\"active\":1,\"active\":1"), "image.active: said twice"},
    {IMAGE("\"max_payload\":4294967296"), "image.max_payload: 4294967296 is above 4294967295"},
    {IMAGE("\"steps\":[]"), "image: unknown key \"steps\""},
    {IMAGE("\"features\":\"STREAM\""), "image.features: a list of feature names is wanted"},
    {IMAGE("\"features\":[1]"), "image.features: a list of feature names is wanted"},
    {IMAGE("\"features\":[\"stream\"]"), "image.features: unknown feature \"stream\""},
    {IMAGE("\"features\":[\"bit-64\"]"), "image.features: unknown feature \"bit-64\""},
    {IMAGE("\"features\":[\"bit-32\"]"), "image.features: unknown feature \"bit-32\""},
    {IMAGE("\"features\":[\"bit-3\",\"bit-3\"]"), "image.features: \"bit-3\" is said twice"},
    {CHAIN("\"src_cid\":3"), "steps[0].add_chain.src_cid: a string \"0x...\" is wanted"},
    {CHAIN("\"src_cid\":\"3\""),
     "steps[0].add_chain.src_cid: \"3\" is not 0x and 1 to 16 digits of 0-9a-f"},
    {CHAIN("\"src_cid\":\"0x\""),
     "steps[0].add_chain.src_cid: \"0x\" is not 0x and 1 to 16 digits of 0-9a-f"},
    {CHAIN("\"src_cid\":\"0x1F\""),
     "steps[0].add_chain.src_cid: \"0x1F\" is not 0x and 1 to 16 digits of 0-9a-f"},
    {CHAIN("\"src_cid\":\"0x10000000000000000\""),
     "steps[0].add_chain.src_cid: \"0x10000000000000000\" is not 0x and 1 to 16 digits of 0-9a-f"},
    {CHAIN("\"payload\":[]"), "steps[0].add_chain.payload: a string of hex digits is wanted"},
    {CHAIN("\"payload\":\"0\""),
     "steps[0].add_chain.payload: \"0\" is not digits of 0-9a-f in pairs"},
    {CHAIN("\"payload\":\"0g\""),
     "steps[0].add_chain.payload: \"0g\" is not digits of 0-9a-f in pairs"},
    {CHAIN("\"elements\":{}"), "steps[0].add_chain.elements: a list is wanted"},
    {CHAIN("\"elements\":[],\"elements\":[]"), "steps[0].add_chain: elements is said twice"},
    {CHAIN("\"elements\":[{},{\"len\":4294967296}]"),
     "steps[0].add_chain.elements[1].len: 4294967296 is above 4294967295"},
    {"{\"steps\":[{}]}", "steps[0]: an object of one key, the step's name, is wanted"},
    {"{\"steps\":[{\"pop\":{},\"arm\":{}}]}",
     "steps[0]: an object of one key, the step's name, is wanted"},
    {"{\"steps\":[\"pop\"]}", "steps[0]: an object of one key, the step's name, is wanted"},
    {"{\"steps\":[{\"region\":{}}]}", "steps[0]: unknown step \"region\""},
    {"{\"steps\":[{\"pop\":[]}]}", "steps[0].pop: an object is wanted"},
    {"{\"steps\":[{\"pop\":{}},{\"serve\":{\"max\":1025}}]}",
     "steps[1].serve.max: 1025 is above 1024"},
    {"{\"steps\":[{\"serve\":{\"elements\":[]}}]}", "steps[0].serve: unknown key \"elements\""},
};

static void what_is_wrong_is_refused_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (parse(refused[i].text)) {
            fail_msg("taken: %s", refused[i].text);
        }
        assert_string_equal(error, refused[i].error);
        assert_int_equal(scenario.region_count + scenario.step_count + scenario.element_count, 0);
    }
}

/* "{"steps": [" and `times` times `entry`, which ends in a comma. */
static char *repeated(const char *begin, const char *entry, uint32_t times, const char *end)
{
    size_t len = strlen(begin) + strlen(entry) * times + strlen(end);
    char *text = malloc(len + 1);
    char *at = text;

    assert_non_null(text);
    at += sprintf(at, "%s", begin);
    for (uint32_t i = 0; i < times; i++) {
        at += sprintf(at, "%s", entry);
    }
    at[-1] = at[-1] == ',' ? ' ' : at[-1];
    (void)sprintf(at, "%s", end);
    return text;
}

static void assert_refused(char *text, const char *expected)
{
    assert_false(parse(text));
    assert_string_equal(error, expected);
    free(text);
}

static void sizes_are_bounded(void **state)
{
    char *text;

    (void)state;
    assert_refused(repeated("{\"steps\":[", "{\"pop\":{}},", SCN_MAX_STEPS + 1, "]}"),
                   "steps: more than 64 entries");
    assert_refused(repeated("{\"steps\":[{\"add_chain\":{\"elements\":[", "{},",
                            SCN_MAX_ELEMENTS + 1, "]}}]}"),
                   "steps[0].add_chain.elements[512]: more than 512 elements in all");
    assert_refused(repeated("{\"races\":[{\"bytes\":\"", "00", 65, "\"}]}"),
                   "races[0].bytes: 65 bytes are above 64");
    text = repeated("{\"write\":{\"bytes\":\"", "00", 4096, "\"}},");
    assert_refused(repeated("{\"steps\":[", text, 5, "]}"),
                   "steps[4].write.bytes: more than 16384 literal bytes in all");
    free(text);
    assert_refused(repeated("", "[", 1u << 20, ""), "line 1, column 1001: this is not JSON");
    assert_refused(repeated("{}", " ", SCN_JSON_MAX_BYTES - 1, ""),
                   "16777217 bytes are above 16777216");
    text = repeated("{}", " ", SCN_JSON_MAX_BYTES - 2, "");
    assert_true(parse(text));
    free(text);
}

static void a_nul_byte_is_refused(void **state)
{
    static const char text[] = "{\"version\":\0 1}";

    (void)state;
    assert_false(scn_json_parse(&scenario, error, text, sizeof text - 1));
    assert_string_equal(error, "line 1, column 12: this is not JSON");
}

/* Text without a terminator, cut and garbled anywhere: AddressSanitizer watches. */
static void any_text_is_answered(void **state)
{
    uint64_t seed = 7;

    (void)state;
    for (uint32_t i = 0; i < RANDOM_INPUTS; i++) {
        size_t len = random_below(&seed, sizeof whole);
        char *text = malloc(len + 1);
        assert_non_null(text);
        memcpy(text + 1, whole, len);
        for (uint32_t k = random_below(&seed, 4); k > 0 && len > 0; k--) {
            text[1 + random_below(&seed, (uint32_t)len)] = (char)(random_next(&seed) >> 40);
        }
        if (!scn_json_parse(&scenario, error, text + 1, len)) {
            assert_true(strlen(error) > 0 && strchr(error, '\n') == NULL);
        }
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trips),
        cmocka_unit_test(prints_and_reads_as_documented),
        cmocka_unit_test(an_empty_scenario_is_short),
        cmocka_unit_test(names_are_those_of_the_library),
        cmocka_unit_test(what_is_wrong_is_refused_by_name),
        cmocka_unit_test(sizes_are_bounded),
        cmocka_unit_test(a_nul_byte_is_refused),
        cmocka_unit_test(any_text_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
