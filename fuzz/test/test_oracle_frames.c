/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "oracle_stage.h"

/* There under ASan alone. */
int __asan_address_is_poisoned(const volatile void *address) __attribute__((weak));
extern int __asan_option_detect_stack_use_after_return __attribute__((weak));

static volatile uintptr_t kept;

/* The fault: the address of what ends with this call; as a number, or compilers see it too. */
static __attribute__((noinline)) void keep_local(void)
{
    uint8_t local[64] = {0};
    kept = (uintptr_t)local;
}

static bool is_told(bool watched)
{
    frames_watch(watched);
    keep_local();
    return __asan_address_is_poisoned((const volatile void *)kept) != 0;
}

static void test_frame(void **state)
{
    (void)state;
    if (!&__asan_option_detect_stack_use_after_return ||
        !__asan_option_detect_stack_use_after_return) {
        skip();
    }
    assert_true(is_told(true));
    assert_false(is_told(false));
    assert_true(is_told(true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
