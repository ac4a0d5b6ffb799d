/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Order and number of accesses to guest memory, seen by the observer, which here plays the racing
 * guest too. */
#include "guest.h"

#define TABLE (GUEST_DATA + 0x8000)
#define SEEN_MAX 64

static struct {
    struct guest *guest;
    struct vvs_access seen[SEEN_MAX];
    uint32_t count;
    bool logged_early;
    bool scribble;
} watch;

/* The page of a host address, as the dirty log has it now. */
static bool is_dirty(const void *host)
{
    const struct guest *guest = watch.guest;
    for (uint32_t i = 0; i < guest->region_count; i++) {
        const struct vvs_region *region = &guest->regions[i];
        const uintptr_t offset = (uintptr_t)host - (uintptr_t)region->host;
        if (offset < region->len) {
            const uint64_t page = (region->guest_addr + offset) / VVS_LOG_PAGE_BYTES;
            return guest->log[page / 8] >> page % 8 & 1;
        }
    }
    fail_msg("an access outside guest memory");
    return false;
}

static void observe(const struct vvs_access *access)
{
    if (!access->host)
        return;
    assert_true(watch.count < SEEN_MAX);
    watch.seen[watch.count++] = *access;
    if (access->kind == VVS_ACCESS_STORE && watch.guest->log && is_dirty(access->host))
        watch.logged_early = true;
    if (watch.scribble && access->kind == VVS_ACCESS_LOAD)
        memset((void *)(uintptr_t)access->host, 0xff, access->len);
}

static int watch_end(void **state)
{
    guest_observer = NULL;
    return guest_teardown(state);
}

static void watch_begin(struct guest *guest)
{
    memset(&watch, 0, sizeof(watch));
    watch.guest = guest;
    guest_observer = observe;
}

static void seen_is(const enum vvs_item *items, uint32_t count)
{
    assert_int_equal(watch.count, count);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(watch.seen[i].item, items[i]);
    watch.count = 0;
}

static void each_item_loaded_once(void)
{
    for (uint32_t i = 0; i < watch.count; i++) {
        const struct vvs_access *access = &watch.seen[i];
        assert_int_equal(access->kind, VVS_ACCESS_LOAD);
        for (uint32_t j = 0; j < i; j++) {
            const struct vvs_access *other = &watch.seen[j];
            if (access->item != other->item)
                continue;
            if (access->item == VVS_ITEM_HEADER) {
                assert_true(other->index + other->len <= access->index);
            } else {
                assert_true(access->index != other->index);
            }
        }
    }
}

/* Whatever was loaded is gone the moment after: the copies carry the day. */
static void test_fetch_once(void **state)
{
    const struct guest_header header = guest_rw(6);
    const struct vvs_element elements[] = {
        {GUEST_DATA, 20, 0}, {GUEST_NEXT - 10, 24, 0}, {TABLE - 6, 6, 0}};
    uint8_t bytes[VVS_HDR_BYTES];
    for (int indirect = 0; indirect < 2; indirect++) {
        struct guest *guest = guest_replace(state, GUEST_INDIRECT, 8, 0);
        guest_header_bytes(bytes, &header);
        guest_write(guest, elements[0].addr, bytes, 20);
        guest_write(guest, elements[1].addr, bytes + 20, 24);
        if (indirect) {
            guest_indirect(guest, GUEST_NEXT + 0x100, elements, 3);
        } else {
            guest_chain(guest, elements, 3);
        }
        struct vvs_slice slices[8];
        struct vvs_packet packet;
        struct vvs_chain chain;
        watch_begin(guest);
        watch.scribble = true;
        const struct vvs_token token = guest_pop(guest, &chain);
        assert_int_equal(chain.element_count, 3);
        assert_int_equal(chain.readable_len, 50);
        assert_status(vvs_packet_from_tx(&packet, NULL, &chain, slices, 8, 100), VVS_OK);
        each_item_loaded_once();
        assert_memory_equal(vvs_packet_header(&packet), bytes, VVS_HDR_BYTES);
        guest_observer = NULL;
        guest_publish(guest, &token, 0);
    }
}

static void test_payload_is_not_read(void **state)
{
    struct guest *guest = *state;
    const struct guest_header header = guest_rw(100);
    uint8_t bytes[VVS_HDR_BYTES];
    guest_header_bytes(bytes, &header);
    guest_write(guest, GUEST_DATA, bytes, sizeof(bytes));
    guest_simple(guest, 144, false);
    struct vvs_slice slices[8];
    struct vvs_packet packet;
    struct vvs_chain chain;
    guest_pop(guest, &chain);
    watch_begin(guest);
    assert_status(vvs_packet_from_tx(&packet, NULL, &chain, slices, 8, 100), VVS_OK);
    for (uint32_t i = 0; i < watch.count; i++)
        assert_int_equal(watch.seen[i].item, VVS_ITEM_HEADER);
    watch.count = 0;
    assert_status(vvs_packet_read(&packet, bytes, 10, 20), VVS_OK);
    seen_is((const enum vvs_item[]){VVS_ITEM_PAYLOAD}, 1);
}

static void test_publish_order_split(void **state)
{
    struct guest *guest = *state;
    const enum vvs_item published[] = {VVS_ITEM_USED_ELEM, VVS_ITEM_USED_IDX};
    const enum vvs_item decided[] = {VVS_ITEM_AVAIL_FLAGS};
    struct vvs_token tokens[3];
    for (int i = 0; i < 3; i++) {
        guest_simple(guest, 44, false);
        tokens[i] = guest_pop(guest, NULL);
    }
    watch_begin(guest);
    guest_publish(guest, &tokens[0], 0);
    seen_is(published, 2);
    guest_decides(guest);
    seen_is(decided, 1);
    assert_status(vvs_queue_stage(&guest->queue, &tokens[1], 0), VVS_OK);
    assert_status(vvs_queue_stage(&guest->queue, &tokens[2], 0), VVS_OK);
    for (uint32_t i = 0; i < watch.count; i++)
        assert_int_equal(watch.seen[i].item, VVS_ITEM_USED_ELEM);
    watch.count = 0;
    assert_status(vvs_queue_flush(&guest->queue), VVS_OK);
    seen_is(&published[1], 1);
}

/* Id and length before the flags; in a batch the first descriptor's flags last of all. */
static void test_publish_order_packed(void **state)
{
    struct guest *guest = *state;
    const enum vvs_item published[] = {VVS_ITEM_USED_ELEM, VVS_ITEM_PACKED_FLAGS};
    struct vvs_token tokens[4];
    for (int i = 0; i < 4; i++) {
        guest_simple(guest, 44, false);
        tokens[i] = guest_pop(guest, NULL);
    }
    watch_begin(guest);
    guest_publish(guest, &tokens[0], 0);
    seen_is(published, 2);
    for (int i = 1; i < 4; i++)
        assert_status(vvs_queue_stage(&guest->queue, &tokens[i], 0), VVS_OK);
    assert_status(vvs_queue_flush(&guest->queue), VVS_OK);
    const struct vvs_access *last = &watch.seen[watch.count - 1];
    assert_int_equal(last->item, VVS_ITEM_PACKED_FLAGS);
    assert_int_equal(last->index, 1);
    for (uint32_t i = 0; i < watch.count; i++) {
        if (watch.seen[i].item != VVS_ITEM_PACKED_FLAGS)
            continue;
        bool written = false;
        for (uint32_t j = 0; j < i; j++) {
            written |= watch.seen[j].item == VVS_ITEM_USED_ELEM &&
                       watch.seen[j].index == watch.seen[i].index;
        }
        assert_true(written);
    }
}

static void test_arm_order(void **state)
{
    struct guest *guest = guest_replace(state, GUEST_EVENT_IDX, 8, 0);
    const enum vvs_item split[] = {VVS_ITEM_AVAIL_EVENT, VVS_ITEM_AVAIL_IDX};
    const enum vvs_item packed[] = {VVS_ITEM_DEVICE_EVENT_OFFSET, VVS_ITEM_DEVICE_EVENT_FLAGS,
                                    VVS_ITEM_PACKED_FLAGS};
    watch_begin(guest);
    assert_false(guest_arms(guest));
    if (guest_is_packed(guest)) {
        seen_is(packed, 3);
    } else {
        seen_is(split, 2);
    }
}

/* Whoever migrates takes a page away when its bit is set: set before the write, the write is
 * lost. */
static void test_log_after_the_write(void **state)
{
    struct guest *guest = guest_replace(state, 0, 2048, 0);
    const uint16_t slot = 1023; /* the last one of a page on a packed ring */
    guest_start(guest, slot);
    const unsigned wrap = guest_is_packed(guest);
    const struct vvs_queue_state at = {slot, slot, (uint8_t)wrap, (uint8_t)wrap};
    assert_status(vvs_queue_set_state(&guest->queue, &at), VVS_OK);
    guest_simple(guest, 144, true);
    struct vvs_slice slices[4];
    struct vvs_packet packet;
    struct vvs_chain chain;
    uint32_t used_len;
    const struct vvs_token token = guest_pop(guest, &chain);
    guest_log(guest);
    watch_begin(guest);
    assert_status(vvs_packet_from_rx(&packet, NULL, &chain, slices, 4, 0), VVS_OK);
    assert_status(vvs_packet_commit(&packet, &used_len), VVS_OK);
    assert_false(watch.logged_early);
    assert_int_equal(watch.count, 1);
    const struct guest_span header = {GUEST_DATA, 44};
    guest_expect_dirty(guest, &header, 1);

    assert_status(vvs_queue_stage(&guest->queue, &token, used_len), VVS_OK);
    assert_status(vvs_queue_flush(&guest->queue), VVS_OK);
    const struct guest_span split[] = {{GUEST_DEVICE, 4}, {GUEST_DEVICE + 4 + 8 * slot, 8}};
    const struct guest_span packed = {GUEST_DESC + 16 * slot, 16};
    if (guest_is_packed(guest)) {
        guest_expect_dirty(guest, &packed, 1);
    } else {
        assert_false(watch.logged_early);
        guest_expect_dirty(guest, split, 2);
    }
    watch.logged_early = false;
    guest_arms(guest);
    assert_status(vvs_queue_disarm(&guest->queue), VVS_OK);
    const struct guest_span device = {GUEST_DEVICE, 4};
    guest_expect_dirty(guest, &device, 1);
}

/* A word or an element that ends a page leaves the next one clean. */
static void test_log_at_the_end_of_a_page(void **state)
{
    const uint64_t page = GUEST_DATA + 0x1000;
    const uint32_t heads[] = {4, 12}; /* split: idx ends the page, or the first element does */
    for (size_t i = 0; i < COUNT_OF(heads); i++) {
        struct guest *guest = guest_replace(state, 0, 8, 0);
        guest->config.device_addr = page - heads[i];
        assert_status(vvs_queue_init(&guest->queue, &guest->memory, &guest->config), VVS_OK);
        guest_simple(guest, 44, true);
        const struct vvs_token token = guest_pop(guest, NULL);
        guest_log(guest);
        const struct guest_span armed = {page - heads[i], 4};
        guest_arms(guest);
        guest_expect_dirty(guest, &armed, 1);
        if (guest_is_packed(guest))
            continue;
        assert_status(vvs_queue_stage(&guest->queue, &token, 0), VVS_OK);
        const struct guest_span element = {page - heads[i] + 4, 8};
        guest_expect_dirty(guest, &element, 1);
        assert_status(vvs_queue_flush(&guest->queue), VVS_OK);
        const struct guest_span index = {page - heads[i] + 2, 2};
        guest_expect_dirty(guest, &index, 1);
    }
}

int main(void)
{
    struct CMUnitTest tests[] = {
        BOTH_TESTS(test_fetch_once),
        BOTH_TESTS(test_payload_is_not_read),
        SPLIT_TEST(test_publish_order_split),
        PACKED_TEST(test_publish_order_packed),
        BOTH_TESTS(test_arm_order),
        BOTH_TESTS(test_log_after_the_write),
        BOTH_TESTS(test_log_at_the_end_of_a_page),
    };
    for (size_t i = 0; i < COUNT_OF(tests); i++)
        tests[i].teardown_func = watch_end;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
