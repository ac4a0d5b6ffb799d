/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Each access lies exactly where its item is, by the guest's layout in 64-bit arithmetic. */
#include <inttypes.h>

#include "checks.h"
#include "oracle.h"

#define NAME "access"

const char *item_name(enum vvs_item item)
{
    static const char *const names[VVS_ITEM_COUNT] = {"begin_pop",
                                                      "begin_notify",
                                                      "begin_arm",
                                                      "avail_idx",
                                                      "avail_slot",
                                                      "avail_flags",
                                                      "used_event",
                                                      "desc",
                                                      "table_entry",
                                                      "header",
                                                      "packed_flags",
                                                      "event_flags",
                                                      "event_offset",
                                                      "used_elem",
                                                      "used_idx",
                                                      "used_flags",
                                                      "avail_event",
                                                      "device_event_flags",
                                                      "device_event_offset",
                                                      "payload",
                                                      "event"};
    return item < VVS_ITEM_COUNT ? names[item] : "unknown";
}

/* Wherever the bytes of a chain are looked for: one fault, of which one report tells. */
#define MISPLACED "not where the chain has these bytes of its stream"

/* Bytes written that are for reading, or a packet whose chain has any of the wrong kind. */
#define OTHER_DIRECTION "the driver granted bytes for the other direction"

static void wrong(const struct vvs_access *access, const char *what)
{
    oracle_fail(NAME, "%s of %s %u, %u bytes: %s",
                access->kind == VVS_ACCESS_LOAD ? "load" : "store", item_name(access->item),
                access->index, access->len, what);
}

/* Items that are one shared word: one aligned access of 2 bytes. */
#define WORD_ITEMS                                                                                 \
    (1u << VVS_ITEM_AVAIL_IDX | 1u << VVS_ITEM_AVAIL_SLOT | 1u << VVS_ITEM_AVAIL_FLAGS |           \
     1u << VVS_ITEM_USED_EVENT | 1u << VVS_ITEM_PACKED_FLAGS | 1u << VVS_ITEM_EVENT_FLAGS |        \
     1u << VVS_ITEM_EVENT_OFFSET | 1u << VVS_ITEM_USED_IDX | 1u << VVS_ITEM_USED_FLAGS |           \
     1u << VVS_ITEM_AVAIL_EVENT | 1u << VVS_ITEM_DEVICE_EVENT_FLAGS |                              \
     1u << VVS_ITEM_DEVICE_EVENT_OFFSET)

/* What the device may load and what it may store. Flags of a packed descriptor, header and payload
 * go both ways. */
#define LOAD_ITEMS                                                                                 \
    (1u << VVS_ITEM_AVAIL_IDX | 1u << VVS_ITEM_AVAIL_SLOT | 1u << VVS_ITEM_AVAIL_FLAGS |           \
     1u << VVS_ITEM_USED_EVENT | 1u << VVS_ITEM_DESC | 1u << VVS_ITEM_TABLE_ENTRY |                \
     1u << VVS_ITEM_HEADER | 1u << VVS_ITEM_PACKED_FLAGS | 1u << VVS_ITEM_EVENT_FLAGS |            \
     1u << VVS_ITEM_EVENT_OFFSET | 1u << VVS_ITEM_PAYLOAD)
#define STORE_ITEMS                                                                                \
    (1u << VVS_ITEM_USED_ELEM | 1u << VVS_ITEM_USED_IDX | 1u << VVS_ITEM_USED_FLAGS |              \
     1u << VVS_ITEM_AVAIL_EVENT | 1u << VVS_ITEM_DEVICE_EVENT_FLAGS |                              \
     1u << VVS_ITEM_DEVICE_EVENT_OFFSET | 1u << VVS_ITEM_PACKED_FLAGS | 1u << VVS_ITEM_HEADER |    \
     1u << VVS_ITEM_PAYLOAD | 1u << VVS_ITEM_EVENT)

#define SPLIT_ITEMS                                                                                \
    (1u << VVS_ITEM_AVAIL_IDX | 1u << VVS_ITEM_AVAIL_SLOT | 1u << VVS_ITEM_AVAIL_FLAGS |           \
     1u << VVS_ITEM_USED_EVENT | 1u << VVS_ITEM_USED_IDX | 1u << VVS_ITEM_USED_FLAGS |             \
     1u << VVS_ITEM_AVAIL_EVENT)
#define PACKED_ITEMS                                                                               \
    (1u << VVS_ITEM_PACKED_FLAGS | 1u << VVS_ITEM_EVENT_FLAGS | 1u << VVS_ITEM_EVENT_OFFSET |      \
     1u << VVS_ITEM_DEVICE_EVENT_FLAGS | 1u << VVS_ITEM_DEVICE_EVENT_OFFSET)

/* Where ring item `index` begins, and how many bytes it has. */
static const uint8_t *ring_place(const struct shadow_queue *q, const struct vvs_access *access,
                                 uint64_t *out_len)
{
    uint64_t index = access->index;
    uint64_t size = q->size;
    *out_len = 2;
    switch (access->item) {
    case VVS_ITEM_AVAIL_IDX:
        return q->driver + VVS_AVAIL_IDX_OFFSET;
    case VVS_ITEM_AVAIL_SLOT:
        return index < size ? q->driver + VVS_AVAIL_RING_OFFSET + VVS_AVAIL_SLOT_BYTES * index
                            : NULL;
    case VVS_ITEM_AVAIL_FLAGS:
    case VVS_ITEM_EVENT_OFFSET:
        return q->driver;
    case VVS_ITEM_USED_EVENT:
        return q->driver + VVS_AVAIL_RING_OFFSET + VVS_AVAIL_SLOT_BYTES * size;
    case VVS_ITEM_EVENT_FLAGS:
        return q->driver + VVS_PACKED_EVENT_FLAGS_OFFSET;
    case VVS_ITEM_DESC:
        *out_len = q->packed ? 14 : 16;
        return index < size ? q->desc + VVS_DESC_BYTES * index : NULL;
    case VVS_ITEM_PACKED_FLAGS:
        return index < size ? q->desc + VVS_DESC_BYTES * index + 14 : NULL;
    case VVS_ITEM_USED_ELEM:
        if (index >= size) {
            return NULL;
        }
        *out_len = q->packed ? 6 : 8;
        return q->packed ? q->desc + VVS_DESC_BYTES * index + 8
                         : q->device + VVS_USED_RING_OFFSET + VVS_USED_ELEM_BYTES * index;
    case VVS_ITEM_USED_IDX:
        return q->device + VVS_USED_IDX_OFFSET;
    case VVS_ITEM_AVAIL_EVENT:
        return q->device + VVS_USED_RING_OFFSET + VVS_USED_ELEM_BYTES * size;
    case VVS_ITEM_DEVICE_EVENT_FLAGS:
        return q->device + VVS_PACKED_EVENT_FLAGS_OFFSET;
    case VVS_ITEM_USED_FLAGS:
    case VVS_ITEM_DEVICE_EVENT_OFFSET:
        return q->device;
    default:
        return NULL;
    }
}

static void check_ring(const struct shadow_queue *q, const struct vvs_access *access)
{
    uint64_t len;
    const uint8_t *place = ring_place(q, access, &len);
    if (!place) {
        wrong(access, "no such entry in the ring");
    } else if ((const uint8_t *)access->host != place || access->len != len) {
        oracle_fail(NAME, "%s %u: %u bytes %td behind the place of its %" PRIu64 " bytes",
                    item_name(access->item), access->index, access->len,
                    (const uint8_t *)access->host - place, len);
    } else if (vvs_queue_broken(q->queue) != VVS_OK) {
        wrong(access, "the queue is broken and must not be touched");
    }
}

static void check_entry(const struct shadow_queue *q, const struct vvs_access *access)
{
    uint64_t len;
    if (access->index >= q->table_count) {
        wrong(access, "no such entry in the table that was granted");
        return;
    }
    uint64_t offset = VVS_DESC_BYTES * (uint64_t)access->index + q->table_done;
    const uint8_t *place =
        shadow_translate(q->queue->memory, &len, q->table_addr + offset, VVS_PERM_READ);
    if ((const uint8_t *)access->host != place || access->len > len ||
        access->len > VVS_DESC_BYTES - q->table_done) {
        wrong(access, "not where that entry of the granted table lies");
    }
}

static void check_stream(const struct vvs_access *access)
{
    struct shadow_chain *chain = shadow.handling;
    bool writable = access->kind == VVS_ACCESS_STORE;
    if (!chain) {
        wrong(access, "no chain is being handled");
        return;
    }
    if (!chain->known) {
        return;
    }
    if (access->item == VVS_ITEM_PAYLOAD) {
        /* The payload of an rx chain that is read back lies in its writable part. */
        writable = chain->len[0] == 0;
    }
    uint64_t at =
        access->item == VVS_ITEM_PAYLOAD ? (uint64_t)VVS_HDR_BYTES + access->index : access->index;
    uint64_t bound = access->item == VVS_ITEM_HEADER  ? VVS_HDR_BYTES
                     : access->item == VVS_ITEM_EVENT ? VVS_EVENT_BYTES
                                                      : UINT64_MAX;
    if (access->kind == VVS_ACCESS_STORE && !writable) {
        wrong(access, OTHER_DIRECTION);
        return;
    }
    uint64_t len;
    const uint8_t *place =
        shadow_stream(shadow.handling_queue->queue->memory, chain, &len, writable, at);
    if ((const uint8_t *)access->host != place || access->len > len || at + access->len > bound) {
        wrong(access, chain->count[!writable] != 0 ? OTHER_DIRECTION : MISPLACED);
    }
}

void access_check(const struct shadow_queue *q, const struct vvs_access *access)
{
    uint32_t bit = 1u << access->item;
    if (!(bit & (access->kind == VVS_ACCESS_LOAD ? LOAD_ITEMS : STORE_ITEMS))) {
        wrong(access, "no item that may be accessed so");
        return;
    }
    if ((bit & WORD_ITEMS) && (access->len != 2 || (uintptr_t)access->host % 2 != 0)) {
        wrong(access, "a shared word, which takes one aligned access of 2 bytes");
        return;
    }
    switch (access->item) {
    case VVS_ITEM_HEADER:
    case VVS_ITEM_PAYLOAD:
    case VVS_ITEM_EVENT:
        check_stream(access);
        break;
    case VVS_ITEM_TABLE_ENTRY:
        if (q) {
            check_entry(q, access);
            break;
        } /* fall through */
    default:
        if (!q || (bit & (q->packed ? SPLIT_ITEMS : PACKED_ITEMS))) {
            wrong(access, "an item that this queue does not have");
        } else {
            check_ring(q, access);
        }
        break;
    }
}

/* Whether `len` bytes at `addr`, aligned to `alignment`, are one piece of memory that starts at
 * `host`. */
static bool part_fits(const struct shadow_queue *q, const uint8_t *host, uint64_t addr,
                      uint64_t len, uint32_t alignment, uint32_t permission)
{
    uint64_t there;
    return host && addr % alignment == 0 && (uintptr_t)host % alignment == 0 &&
           shadow_translate(q->queue->memory, &there, addr, permission) == host && there >= len;
}

void access_check_setup(const struct shadow_queue *q, const struct vvs_queue_config *config)
{
    uint64_t size = q->size;
    /* used_event and avail_event are there with EVENT_IDX only. */
    uint64_t event = (config->features & VVS_FEATURE(VVS_F_EVENT_IDX)) != 0 ? 2 : 0;
    uint32_t both = VVS_PERM_READ | VVS_PERM_WRITE;
    bool power = (size & (size - 1)) == 0;
    bool size_ok = size != 0 && size <= VVS_QUEUE_SIZE_MAX && (q->packed || power);
    bool parts_ok = q->packed
                        ? part_fits(q, q->desc, config->desc_addr, 16 * size, 16, both) &&
                              part_fits(q, q->driver, config->driver_addr, 4, 4, VVS_PERM_READ) &&
                              part_fits(q, q->device, config->device_addr, 4, 4, VVS_PERM_WRITE)
                        : part_fits(q, q->desc, config->desc_addr, 16 * size, 16, VVS_PERM_READ) &&
                              part_fits(q, q->driver, config->driver_addr, 4 + 2 * size + event, 2,
                                        VVS_PERM_READ) &&
                              part_fits(q, q->device, config->device_addr, 4 + 8 * size + event, 4,
                                        VVS_PERM_WRITE);
    if (!size_ok || !parts_ok) {
        oracle_fail(NAME, "a queue of size %" PRIu64 " was set up, though its %s", size,
                    size_ok ? "rings are not where rings may be" : "size is none");
    }
}

/* Whether slices are bytes `at` to `at + len` of the stream, in order. */
static void check_slices(const struct vvs_slice *slices, uint32_t count, bool writable, uint64_t at,
                         uint64_t len, const char *what)
{
    uint64_t end = at + len;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t left;
        const uint8_t *place = shadow_stream(shadow.handling_queue->queue->memory, shadow.handling,
                                             &left, writable, at);
        if (slices[i].data != place || slices[i].len > left || slices[i].len == 0) {
            oracle_fail(NAME, "%s slice %u, %zu bytes for byte %" PRIu64 ": " MISPLACED, what, i,
                        slices[i].len, at);
            return;
        }
        at += slices[i].len;
    }
    if (at != end) {
        oracle_fail(NAME, "%s slices end at stream byte %" PRIu64 ", not %" PRIu64, what, at, end);
    }
}

/* Whether `chain` may hold a packet at all: one direction, room for the header and `len` bytes. */
static void check_acceptable(const struct shadow_chain *chain, bool writable, uint64_t len)
{
    uint64_t total = chain->len[0] + chain->len[1];
    if (chain->count[!writable] != 0) {
        oracle_fail(NAME, "a packet was parsed, %u elements: " OTHER_DIRECTION,
                    chain->count[!writable]);
    } else if (total > VVS_CHAIN_BYTES_MAX || total < VVS_HDR_BYTES + len) {
        oracle_fail(NAME, "a packet of %" PRIu64 " bytes was parsed from a chain of %" PRIu64, len,
                    total);
    } else if (chain->count[writable] > shadow.handling_queue->max_chain) {
        oracle_fail(NAME, "a packet was parsed from %u elements, the limit is %u",
                    chain->count[writable], shadow.handling_queue->max_chain);
    }
}

void access_check_packet(const struct vvs_packet *packet)
{
    struct shadow_chain *chain = shadow.handling;
    bool writable = packet->writable != 0;
    if (!chain) {
        oracle_fail(NAME, "a packet was parsed that no popped chain holds");
        return;
    }
    check_acceptable(chain, writable, vvs_packet_capacity(packet));
    if (!chain->known) {
        return;
    }
    uint32_t count;
    const struct vvs_slice *header = vvs_packet_header_slices(packet, &count);
    check_slices(header, count, writable, 0, VVS_HDR_BYTES, "header");
    const struct vvs_slice *payload = vvs_packet_payload_slices(packet, &count);
    uint64_t len = writable ? vvs_packet_capacity(packet) : vvs_packet_len(packet);
    check_slices(payload, count, writable, VVS_HDR_BYTES, len, "payload");
}

void access_check_chain(const struct shadow_queue *q, const struct vvs_token *token,
                        const struct vvs_chain *chain)
{
    const struct shadow_chain *seen = q->building;
    if (!seen) {
        oracle_fail(NAME, "a chain was popped that no available entry names");
        return;
    }
    if (token->id != seen->id || token->span != seen->span) {
        oracle_fail(NAME, "the token has id %u and span %u, the ring %u and %u", token->id,
                    token->span, seen->id, seen->span);
    }
    if (!chain) {
        return;
    }
    if (chain->readable_len != seen->len[0] || chain->writable_len != seen->len[1]) {
        oracle_fail(NAME,
                    "a chain of %" PRIu64 " readable and %" PRIu64
                    " writable bytes, expected %" PRIu64 " and %" PRIu64,
                    chain->readable_len, chain->writable_len, seen->len[0], seen->len[1]);
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < seen->grant_count && seen->known; i++) {
        const struct shadow_grant *each = &seen->grants[i];
        const struct vvs_element *element = &chain->elements[count];
        if (each->len == 0) {
            continue;
        }
        if (count++ == chain->element_count || element->addr != each->addr ||
            element->len != each->len || (element->writable != 0) != each->writable) {
            oracle_fail(NAME, "element %u is not what its descriptor said", count - 1);
            return;
        }
    }
    if (seen->known && count != chain->element_count) {
        oracle_fail(NAME, "%u elements, but %u descriptors with bytes", chain->element_count,
                    count);
    }
}
