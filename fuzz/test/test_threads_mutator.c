/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The mutator of the target `threads`, called as libFuzzer calls it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define CAPACITY 16u
#define ROUNDS 1000u
#define WAYS 64u /* six bits */

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t len, size_t capacity);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t len, size_t capacity, unsigned int seed);

/* The engine's own mutation: the last byte is another. */
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t len, size_t capacity)
{
    assert_int_equal(capacity, CAPACITY);
    if (len != 0) {
        bytes[len - 1]++;
    }
    return len;
}

static void test_every_way_turns_up(void **state)
{
    (void)state;
    uint32_t kept = 0;
    bool seen[WAYS] = {false};
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint8_t bytes[CAPACITY] = {0, 7, 7};
        assert_int_equal(LLVMFuzzerCustomMutator(bytes, 3, CAPACITY, round * 2654435761u), 3);
        assert_int_equal(bytes[1], 7);
        assert_int_equal(bytes[2], 8);
        seen[bytes[0] % WAYS] = true;
        kept += bytes[0] == 0;
    }
    for (uint32_t i = 0; i < WAYS; i++) {
        assert_true(seen[i]);
    }
    assert_in_range(kept, ROUNDS / 3, ROUNDS * 2 / 3);
}

static void test_nothing_stays_nothing(void **state)
{
    (void)state;
    uint8_t bytes[CAPACITY] = {0};
    assert_int_equal(LLVMFuzzerCustomMutator(bytes, 0, CAPACITY, 0), 0);
    assert_int_equal(bytes[0], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_way_turns_up),
        cmocka_unit_test(test_nothing_stays_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
