/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A small guest for tests: memory, one virtqueue in it, and the driver's side of either ring
 * format.
 *
 * Every region has host memory of its own, of exactly its length, so that AddressSanitizer
 * catches the first byte too far, also where two regions are adjacent for the guest. Each ring
 * part is a region of its own with no permission but the one it needs. Written from the
 * specification, not from the library: the two meet only in the declarations of lib/include. */
#ifndef VVS_TEST_GUEST_H
#define VVS_TEST_GUEST_H

/* cmocka wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <vvs/vvs.h>

/* Where things lie in each guest. */
#define GUEST_DESC UINT64_C(0x100000)
#define GUEST_DRIVER UINT64_C(0x200000)
#define GUEST_DEVICE UINT64_C(0x300000)
#define GUEST_DATA UINT64_C(0x40000000)
#define GUEST_DATA_BYTES 0x10000u
#define GUEST_NEXT (GUEST_DATA + GUEST_DATA_BYTES) /* adjacent region, elsewhere on the host */
#define GUEST_NEXT_BYTES 0x2000u
#define GUEST_READ_ONLY UINT64_C(0x50000000)
#define GUEST_WRITE_ONLY UINT64_C(0x60000000)
#define GUEST_SMALL_BYTES 0x1000u
#define GUEST_HOLE UINT64_C(0x70000000) /* no memory here */
#define GUEST_REGIONS_MAX 8u

#define GUEST_PACKED VVS_FEATURE(VVS_F_RING_PACKED)
#define GUEST_EVENT_IDX VVS_FEATURE(VVS_F_EVENT_IDX)
#define GUEST_INDIRECT VVS_FEATURE(VVS_F_INDIRECT_DESC)
#define GUEST_IN_ORDER VVS_FEATURE(VVS_F_IN_ORDER)

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

struct guest {
    struct vvs_region regions[GUEST_REGIONS_MAX];
    uint32_t region_count;
    uint8_t *snapshots[GUEST_REGIONS_MAX];
    uint8_t *log;
    size_t log_len;
    struct vvs_memory memory;

    uint64_t features;
    uint32_t size;
    struct vvs_queue_config config;
    struct vvs_queue queue;

    /* The driver's own state. Split: free-running indices; packed: ring slots. */
    uint16_t avail;
    uint16_t used;
    bool avail_wrap;
    bool used_wrap;
    uint16_t next_slot;
    uint16_t next_id;
    uint16_t *span_of; /* by buffer id: descriptors of that chain */
};

/* guest_new makes a guest with a queue that is set up: VERSION_1 is added to `features`. */
struct guest *guest_new(uint64_t features, uint32_t size, uint32_t max_chain);
void guest_free(struct guest *guest);

/* For CMUnitTest: a queue of 8 entries with INDIRECT_DESC in *state. */
int guest_setup_split(void **state);
int guest_setup_packed(void **state);
int guest_teardown(void **state);
/* guest_replace gives the test another queue of the same ring format. */
struct guest *guest_replace(void **state, uint64_t features, uint32_t size, uint32_t max_chain);

#define SPLIT_TEST(test) {#test ".split", test, guest_setup_split, guest_teardown, NULL}
#define PACKED_TEST(test) {#test ".packed", test, guest_setup_packed, guest_teardown, NULL}
#define BOTH_TESTS(test) SPLIT_TEST(test), PACKED_TEST(test)

bool guest_is_packed(const struct guest *guest);
/* Lengths of the driver's and the device's part of the ring. */
uint32_t guest_driver_bytes(const struct guest *guest);
uint32_t guest_device_bytes(const struct guest *guest);
struct vvs_region guest_region(uint64_t addr, uint64_t len, uint32_t permission);
/* guest_extend gives the guest one more region, and its host memory. */
uint8_t *guest_extend(struct guest *guest, uint64_t addr, uint64_t len, uint32_t permission);
#define GUEST_END_BYTES UINT64_C(0x1000)
#define GUEST_END (UINT64_MAX - GUEST_END_BYTES + 1) /* the last page there is */

/* Guest memory. An address without memory fails the test. */
uint8_t *guest_at(const struct guest *guest, uint64_t addr);
void guest_write(const struct guest *guest, uint64_t addr, const void *bytes, size_t len);
void guest_read(const struct guest *guest, uint64_t addr, void *out_bytes, size_t len);
void guest_fill(const struct guest *guest, uint64_t addr, uint8_t byte, size_t len);
void guest_put16(const struct guest *guest, uint64_t addr, uint16_t value);
void guest_put32(const struct guest *guest, uint64_t addr, uint32_t value);
void guest_put64(const struct guest *guest, uint64_t addr, uint64_t value);
uint16_t guest_get16(const struct guest *guest, uint64_t addr);
uint32_t guest_get32(const struct guest *guest, uint64_t addr);

/* guest_snapshot remembers all guest memory; guest_expect_unchanged fails the test when a byte
 * differs. */
void guest_snapshot(struct guest *guest);
void guest_expect_unchanged(const struct guest *guest);

/* The dirty log. guest_expect_dirty compares it with the pages of `spans`, then clears it. */
struct guest_span {
    uint64_t addr;
    uint64_t len;
};
void guest_log(struct guest *guest);
void guest_expect_dirty(struct guest *guest, const struct guest_span *spans, size_t count);

/* A raw descriptor: `next` is the buffer id on a packed ring. */
struct guest_desc {
    uint64_t addr;
    uint32_t len;
    uint16_t flags;
    uint16_t next;
};
void guest_put_desc(const struct guest *guest, uint64_t addr, const struct guest_desc *desc);
/* guest_raw writes descriptors to the next ring slots as they are (packed: made available by the
 * driver's wrap counter, the head last) and makes the first available.
 *
 * Returns  head or buffer id. */
uint16_t guest_raw(struct guest *guest, const struct guest_desc *descs, uint16_t count);
/* guest_offer makes descriptor `head` available on a split ring. */
void guest_offer(struct guest *guest, uint16_t head);
/* guest_chain adds a direct chain, guest_table only writes an indirect table, guest_indirect does
 * both. */
uint16_t guest_chain(struct guest *guest, const struct vvs_element *elements, uint16_t count);
void guest_table(const struct guest *guest, uint64_t table, const struct vvs_element *elements,
                 uint16_t count);
uint16_t guest_indirect(struct guest *guest, uint64_t table, const struct vvs_element *elements,
                        uint16_t count);
/* guest_simple adds one element in GUEST_DATA. */
uint16_t guest_simple(struct guest *guest, uint32_t len, bool writable);

/* guest_used takes the next used entry that the driver can see. */
bool guest_used(struct guest *guest, uint16_t *out_id, uint32_t *out_len);
/* guest_expect_used fails the test unless exactly this entry comes next. */
void guest_expect_used(struct guest *guest, uint16_t id, uint32_t len);
void guest_expect_none_used(struct guest *guest);

/* guest_kicks says whether the driver notifies after its last `added` ring entries. */
bool guest_kicks(const struct guest *guest, uint32_t added);
/* guest_ask writes the driver's event word: used_event, or packed offset and wrap with DESC. */
void guest_ask(const struct guest *guest, uint16_t word);
/* guest_ask_flags writes the available ring's flags, or the packed event suppression flags. */
void guest_ask_flags(const struct guest *guest, uint16_t flags);
/* guest_start moves the driver to an index (packed: a slot with the wrap counters 1). */
void guest_start(struct guest *guest, uint16_t index);

/* Calls that have to succeed. */
struct vvs_token guest_pop(struct guest *guest, struct vvs_chain *out_chain);
void guest_publish(struct guest *guest, const struct vvs_token *token, uint32_t len);
bool guest_decides(struct guest *guest);
bool guest_arms(struct guest *guest);
/* guest_refused pops a chain that is refused with `expected` and returns it with length 0. */
void guest_refused(struct guest *guest, enum vvs_status expected);
/* guest_breaks pops and finds the queue broken: sticky, and nothing is touched any more. */
void guest_breaks(struct guest *guest, enum vvs_status expected);

/* A packet header, in host order. */
struct guest_header {
    uint64_t src_cid;
    uint64_t dst_cid;
    uint32_t src_port;
    uint32_t dst_port;
    uint32_t len;
    uint16_t type;
    uint16_t op;
    uint32_t flags;
    uint32_t buf_alloc;
    uint32_t fwd_cnt;
};
/* guest_header_bytes lays it out as on the wire. */
void guest_header_bytes(uint8_t *out_bytes, const struct guest_header *header);
/* guest_rw is a header of a stream RW packet with `len` payload bytes, no two bytes of a field
 * alike. */
struct guest_header guest_rw(uint32_t len);

/* What a failing call must leave alone: filled with a pattern before, looked at afterwards. */
#define fill_pattern(object) memset(object, 0xa5, sizeof(*(object)))
#define assert_untouched(object) guest_expect_pattern(object, sizeof(*(object)))
void guest_expect_pattern(const void *object, size_t len);

/* assert_status compares by name, so that a failure reads. */
#define assert_status(actual, expected)                                                            \
    assert_string_equal(vvs_status_name(actual), vvs_status_name(expected))

#ifdef VVS_OBSERVE
#include <vvs/observe.h>
/* Called after each access of the library, when not NULL. */
extern void (*guest_observer)(const struct vvs_access *access);
#endif

#endif
