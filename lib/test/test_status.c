/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "guest.h"

#define ROW(status, fault, reaction) {status, #status, VVS_FAULT_##fault, VVS_REACT_##reaction}

static const struct {
    enum vvs_status status;
    const char *name;
    enum vvs_fault fault;
    enum vvs_reaction reaction;
} rows[] = {
    ROW(VVS_OK, NONE, OK),
    ROW(VVS_EMPTY, NONE, OK),
    ROW(VVS_E_NEXT, DRIVER, RETURN),
    ROW(VVS_E_LOOP, DRIVER, RETURN),
    ROW(VVS_E_ORDER, DRIVER, RETURN),
    ROW(VVS_E_CHAIN_BYTES, DRIVER, RETURN),
    ROW(VVS_E_INDIRECT_FEATURE, DRIVER, RETURN),
    ROW(VVS_E_INDIRECT_NEXT, DRIVER, RETURN),
    ROW(VVS_E_INDIRECT_NESTED, DRIVER, RETURN),
    ROW(VVS_E_INDIRECT_MIXED, DRIVER, RETURN),
    ROW(VVS_E_TABLE_LEN, DRIVER, RETURN),
    ROW(VVS_E_TABLE_ADDR, DRIVER, RETURN),
    ROW(VVS_E_ADDR, DRIVER, RETURN),
    ROW(VVS_E_DIRECTION, DRIVER, RETURN),
    ROW(VVS_E_HEADER_SHORT, DRIVER, RETURN),
    ROW(VVS_E_PAYLOAD_SHORT, DRIVER, RETURN),
    ROW(VVS_E_BUFFER_SHORT, DRIVER, RETURN),
    ROW(VVS_E_AVAIL_INDEX, DRIVER, BROKEN),
    ROW(VVS_E_HEAD, DRIVER, BROKEN),
    ROW(VVS_E_LIST_UNAVAILABLE, DRIVER, BROKEN),
    ROW(VVS_E_LIST_ENDLESS, DRIVER, BROKEN),
    ROW(VVS_E_OUTSTANDING, DRIVER, BROKEN),
    ROW(VVS_E_QUEUE_SIZE, DRIVER, BROKEN),
    ROW(VVS_E_RING_ALIGN, DRIVER, BROKEN),
    ROW(VVS_E_RING_ADDR, DRIVER, BROKEN),
    ROW(VVS_E_FEATURE, UNSUPPORTED, BROKEN),
    ROW(VVS_E_VERSION_1, UNSUPPORTED, BROKEN),
    ROW(VVS_E_ARGUMENT, CALLER, CALLER_BUG),
    ROW(VVS_E_REGION_EMPTY, CALLER, CALLER_BUG),
    ROW(VVS_E_REGION_WRAP, CALLER, CALLER_BUG),
    ROW(VVS_E_REGION_OVERLAP, CALLER, CALLER_BUG),
    ROW(VVS_E_TOKEN, CALLER, CALLER_BUG),
    ROW(VVS_E_IN_ORDER, CALLER, CALLER_BUG),
    ROW(VVS_E_UNDO_ORDER, CALLER, CALLER_BUG),
    ROW(VVS_E_STATE, CALLER, CALLER_BUG),
    ROW(VVS_E_STAGED, CALLER, CALLER_BUG),
    ROW(VVS_E_READ_ONLY, CALLER, CALLER_BUG),
    ROW(VVS_E_CAPACITY, CALLER, CALLER_BUG),
    ROW(VVS_E_UNWRITTEN, CALLER, CALLER_BUG),
    ROW(VVS_E_DONE, CALLER, CALLER_BUG),
    ROW(VVS_E_CHAIN_LIMIT, LIMIT, RETURN),
    ROW(VVS_E_PAYLOAD_LIMIT, LIMIT, RETURN),
    ROW(VVS_E_SLICES, LIMIT, RETURN),
    ROW(VVS_E_STORAGE, LIMIT, CALLER_BUG),
    ROW(VVS_E_RING_HOST, LIMIT, CALLER_BUG),
    ROW(VVS_E_LOG_SIZE, LIMIT, CALLER_BUG),
    ROW(VVS_E_REGION_COUNT, LIMIT, CALLER_BUG),
    ROW(VVS_E_TRANSLATION_MISS, NONE, RETRY),
};

static void test_each_status(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_string_equal(vvs_status_name(rows[i].status), rows[i].name);
        assert_int_equal(vvs_status_fault(rows[i].status), rows[i].fault);
        assert_int_equal(vvs_status_reaction(rows[i].status), rows[i].reaction);
    }
}

static bool is_status(int value)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if ((int)rows[i].status == value)
            return true;
    }
    return false;
}

static void test_unknown_values(void **state)
{
    (void)state;
    for (int value = 0; value < 600; value++) {
        if (is_status(value))
            continue;
        const enum vvs_status unknown = (enum vvs_status)value;
        assert_string_equal(vvs_status_name(unknown), "VVS_UNKNOWN");
        assert_int_equal(vvs_status_fault(unknown), VVS_FAULT_CALLER);
        assert_int_equal(vvs_status_reaction(unknown), VVS_REACT_CALLER_BUG);
    }
}

/* Values are stable: some from each group, as they were first published. */
static void test_values(void **state)
{
    (void)state;
    assert_int_equal(VVS_EMPTY, 1);
    assert_int_equal(VVS_E_BUFFER_SHORT, 114);
    assert_int_equal(VVS_E_OUTSTANDING, 154);
    assert_int_equal(VVS_E_RING_ADDR, 172);
    assert_int_equal(VVS_E_VERSION_1, 201);
    assert_int_equal(VVS_E_DONE, 312);
    assert_int_equal(VVS_E_REGION_COUNT, 406);
    assert_int_equal(VVS_E_TRANSLATION_MISS, 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_status),
        cmocka_unit_test(test_unknown_values),
        cmocka_unit_test(test_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
