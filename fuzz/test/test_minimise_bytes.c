/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "minimise.h"

#define CAPACITY 256u

static uint8_t kept[CAPACITY];
static size_t kept_len;

/* Whether 0xaa stands somewhere before 0xbb. */
static bool has_pair(const uint8_t *bytes, size_t len)
{
    const uint8_t *first = memchr(bytes, 0xaa, len);
    return first && memchr(first, 0xbb, len - (size_t)(first - bytes)) != NULL;
}

/* Whether byte 40 is there, whatever it is. */
static bool is_long(const uint8_t *bytes, size_t len)
{
    (void)bytes;
    return len > 40;
}

static uint32_t minimise_all(bool (*has)(const uint8_t *bytes, size_t len))
{
    uint8_t candidate[CAPACITY];
    uint32_t count = 0;
    size_t len;
    candidates_begin(kept, kept_len);
    while ((len = candidates_next(candidate, sizeof candidate)) != 0) {
        assert_true(len < kept_len || memcmp(candidate, kept, len) != 0);
        bool keep = has(candidate, len);
        if (keep) {
            memcpy(kept, candidate, len);
            kept_len = len;
        }
        candidates_verdict(keep);
        count++;
    }
    return count;
}

static void test_what_matters_stays(void **state)
{
    (void)state;
    static const uint8_t least[] = {0xaa, 0xbb};
    for (uint8_t at = 0; at < 100; at += 7) {
        memset(kept, 0x11, sizeof kept);
        kept[at] = 0xaa;
        kept[2 * at + 3] = 0xbb;
        kept_len = sizeof kept;
        assert_in_range(minimise_all(has_pair), 2, 500);
        assert_int_equal(kept_len, sizeof least);
        assert_memory_equal(kept, least, sizeof least);
    }
}

static void test_what_must_be_there_becomes_zero(void **state)
{
    (void)state;
    static const uint8_t least[41];
    memset(kept, 0x11, sizeof kept);
    kept_len = sizeof kept;
    assert_in_range(minimise_all(is_long), 1, 500);
    assert_int_equal(kept_len, sizeof least);
    assert_memory_equal(kept, least, sizeof least);
}

/* Whether the first byte stands before many, or another before so many. */
static bool leads(const uint8_t *bytes, size_t len)
{
    return bytes[0] == 0x11 ? len > 10 : len == 10 || len == 5;
}

/* When the last thing tried is worth it, what was tried before may be too. */
static void test_all_is_tried_again(void **state)
{
    (void)state;
    memset(kept, 0x22, sizeof kept);
    kept[0] = 0x11;
    kept_len = sizeof kept;
    assert_in_range(minimise_all(leads), 1, 500);
    assert_int_equal(kept_len, 5);
    assert_int_equal(kept[0], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_matters_stays),
        cmocka_unit_test(test_what_must_be_there_becomes_zero),
        cmocka_unit_test(test_all_is_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
