/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The driver's side of the two ring formats, and the device calls of which a test expects
 * success. */
#include "guest.h"

#define AVAIL_BIT (1u << 7)
#define USED_BIT (1u << 15)

static uint64_t slot_addr(uint32_t slot)
{
    return GUEST_DESC + 16u * slot;
}

/* The flags by which the driver makes a descriptor available: AVAIL its wrap counter, USED the
 * inverse. */
static uint16_t available(uint16_t flags, bool wrap)
{
    return (uint16_t)(flags | (wrap ? AVAIL_BIT : USED_BIT));
}

void guest_put_desc(const struct guest *guest, uint64_t addr, const struct guest_desc *desc)
{
    const bool packed = guest_is_packed(guest);
    guest_put64(guest, addr, desc->addr);
    guest_put32(guest, addr + 8, desc->len);
    guest_put16(guest, addr + (packed ? 14 : 12), desc->flags);
    guest_put16(guest, addr + (packed ? 12 : 14), desc->next);
}

void guest_offer(struct guest *guest, uint16_t head)
{
    guest_put16(guest, GUEST_DRIVER + 4 + 2 * (guest->avail % guest->size), head);
    guest_put16(guest, GUEST_DRIVER + 2, ++guest->avail);
}

static uint16_t raw_split(struct guest *guest, const struct guest_desc *descs, uint16_t count)
{
    const uint16_t head = guest->next_slot;
    for (uint16_t i = 0; i < count; i++) {
        guest_put_desc(guest, slot_addr(guest->next_slot), &descs[i]);
        guest->next_slot = (uint16_t)((guest->next_slot + 1u) % guest->size);
    }
    guest_offer(guest, head);
    return head;
}

static uint16_t raw_packed(struct guest *guest, const struct guest_desc *descs, uint16_t count)
{
    const uint16_t head = guest->avail;
    uint16_t head_flags = 0;
    for (uint16_t i = 0; i < count; i++) {
        struct guest_desc desc = descs[i];
        desc.flags = available(desc.flags, guest->avail_wrap);
        if (i == 0) {
            head_flags = desc.flags;
            desc.flags = guest_get16(guest, slot_addr(head) + 14);
        }
        guest_put_desc(guest, slot_addr(guest->avail), &desc);
        if (++guest->avail == guest->size) {
            guest->avail = 0;
            guest->avail_wrap = !guest->avail_wrap;
        }
    }
    guest_put16(guest, slot_addr(head) + 14, head_flags);
    guest->span_of[descs[count - 1].next] = count;
    return descs[count - 1].next;
}

uint16_t guest_raw(struct guest *guest, const struct guest_desc *descs, uint16_t count)
{
    return guest_is_packed(guest) ? raw_packed(guest, descs, count)
                                  : raw_split(guest, descs, count);
}

uint16_t guest_chain(struct guest *guest, const struct vvs_element *elements, uint16_t count)
{
    struct guest_desc descs[64];
    assert_true(count > 0 && count <= COUNT_OF(descs));
    const uint16_t id = guest->next_id++;
    for (uint16_t i = 0; i < count; i++) {
        const uint16_t next = (uint16_t)((guest->next_slot + i + 1u) % guest->size);
        descs[i] = (struct guest_desc){elements[i].addr, elements[i].len, 0, next};
        if (guest_is_packed(guest))
            descs[i].next = id;
        if (i + 1 < count)
            descs[i].flags |= VVS_DESC_F_NEXT;
        if (elements[i].writable)
            descs[i].flags |= VVS_DESC_F_WRITE;
    }
    return guest_raw(guest, descs, count);
}

void guest_table(const struct guest *guest, uint64_t table, const struct vvs_element *elements,
                 uint16_t count)
{
    for (uint16_t i = 0; i < count; i++) {
        struct guest_desc entry = {elements[i].addr, elements[i].len, 0, 0};
        if (elements[i].writable)
            entry.flags |= VVS_DESC_F_WRITE;
        if (!guest_is_packed(guest) && i + 1 < count) {
            entry.flags |= VVS_DESC_F_NEXT;
            entry.next = (uint16_t)(i + 1);
        }
        guest_put_desc(guest, table + 16u * i, &entry);
    }
}

uint16_t guest_indirect(struct guest *guest, uint64_t table, const struct vvs_element *elements,
                        uint16_t count)
{
    guest_table(guest, table, elements, count);
    const struct guest_desc refer = {table, 16u * count, VVS_DESC_F_INDIRECT, guest->next_id++};
    return guest_raw(guest, &refer, 1);
}

uint16_t guest_simple(struct guest *guest, uint32_t len, bool writable)
{
    const struct vvs_element element = {GUEST_DATA, len, writable};
    return guest_chain(guest, &element, 1);
}

static bool used_split(struct guest *guest, uint16_t *out_id, uint32_t *out_len)
{
    if (guest_get16(guest, GUEST_DEVICE + 2) == guest->used)
        return false;
    const uint64_t entry = GUEST_DEVICE + 4 + 8 * (guest->used++ % guest->size);
    const uint32_t id = guest_get32(guest, entry);
    assert_true(id < guest->size);
    *out_id = (uint16_t)id;
    *out_len = guest_get32(guest, entry + 4);
    return true;
}

static bool used_packed(struct guest *guest, uint16_t *out_id, uint32_t *out_len)
{
    const uint64_t desc = slot_addr(guest->used);
    const uint16_t flags = guest_get16(guest, desc + 14);
    const bool avail_bit = (flags & AVAIL_BIT) != 0;
    const bool used_bit = (flags & USED_BIT) != 0;
    if (avail_bit != used_bit || used_bit != guest->used_wrap)
        return false;
    *out_id = guest_get16(guest, desc + 12);
    *out_len = guest_get32(guest, desc + 8);
    assert_true(guest->span_of[*out_id] > 0);
    guest->used = (uint16_t)(guest->used + guest->span_of[*out_id]);
    if (guest->used >= guest->size) {
        guest->used = (uint16_t)(guest->used - guest->size);
        guest->used_wrap = !guest->used_wrap;
    }
    return true;
}

bool guest_used(struct guest *guest, uint16_t *out_id, uint32_t *out_len)
{
    return guest_is_packed(guest) ? used_packed(guest, out_id, out_len)
                                  : used_split(guest, out_id, out_len);
}

void guest_expect_used(struct guest *guest, uint16_t id, uint32_t len)
{
    uint16_t found_id = 0;
    uint32_t found_len = 0;
    assert_true(guest_used(guest, &found_id, &found_len));
    assert_int_equal(found_id, id);
    assert_int_equal(found_len, len);
}

void guest_expect_none_used(struct guest *guest)
{
    uint16_t id;
    uint32_t len;
    assert_false(guest_used(guest, &id, &len));
}

/* Was `event` among the `added` positions before `now`? All modulo `modulus`. */
static bool crossed(uint32_t event, uint32_t now, uint32_t added, uint32_t modulus)
{
    return (now + 2 * modulus - 1 - event) % modulus < added;
}

/* Two turns of a packed ring, counted through: those with the wrap counter 1 first. */
static uint32_t packed_position(uint32_t slot, bool wrap, uint32_t size)
{
    return slot + (wrap ? 0 : size);
}

bool guest_kicks(const struct guest *guest, uint32_t added)
{
    const bool event_idx = (guest->features & GUEST_EVENT_IDX) != 0;
    if (!guest_is_packed(guest)) {
        if (!event_idx)
            return (guest_get16(guest, GUEST_DEVICE) & VVS_USED_F_NO_NOTIFY) == 0;
        const uint16_t event = guest_get16(guest, GUEST_DEVICE + 4 + 8 * guest->size);
        return crossed(event, guest->avail, added, 65536);
    }
    const uint16_t word = guest_get16(guest, GUEST_DEVICE);
    const uint16_t flags = guest_get16(guest, GUEST_DEVICE + 2);
    if (flags != VVS_PACKED_EVENT_DESC || !event_idx) {
        assert_true(flags == VVS_PACKED_EVENT_ENABLE || flags == VVS_PACKED_EVENT_DISABLE);
        return flags == VVS_PACKED_EVENT_ENABLE;
    }
    assert_true((word & 0x7fff) < guest->size);
    return crossed(packed_position(word & 0x7fff, word >> 15, guest->size),
                   packed_position(guest->avail, guest->avail_wrap, guest->size), added,
                   2 * guest->size);
}

void guest_ask(const struct guest *guest, uint16_t word)
{
    if (!guest_is_packed(guest)) {
        guest_put16(guest, GUEST_DRIVER + 4 + 2 * guest->size, word);
        return;
    }
    guest_put16(guest, GUEST_DRIVER, word);
    guest_put16(guest, GUEST_DRIVER + 2, VVS_PACKED_EVENT_DESC);
}

void guest_ask_flags(const struct guest *guest, uint16_t flags)
{
    guest_put16(guest, GUEST_DRIVER + (guest_is_packed(guest) ? 2 : 0), flags);
}

void guest_start(struct guest *guest, uint16_t index)
{
    guest->avail = guest->used = index;
    if (guest_is_packed(guest))
        return;
    guest_put16(guest, GUEST_DRIVER + 2, index);
    guest_put16(guest, GUEST_DEVICE + 2, index);
}

struct vvs_token guest_pop(struct guest *guest, struct vvs_chain *out_chain)
{
    struct vvs_chain unused;
    struct vvs_token token;
    assert_status(vvs_queue_pop(&guest->queue, &token, out_chain ? out_chain : &unused), VVS_OK);
    return token;
}

void guest_publish(struct guest *guest, const struct vvs_token *token, uint32_t len)
{
    assert_status(vvs_queue_publish(&guest->queue, token, len), VVS_OK);
}

bool guest_decides(struct guest *guest)
{
    bool notify;
    assert_status(vvs_queue_needs_notify(&guest->queue, &notify), VVS_OK);
    return notify;
}

bool guest_arms(struct guest *guest)
{
    bool more;
    assert_status(vvs_queue_arm(&guest->queue, &more), VVS_OK);
    return more;
}

void guest_refused(struct guest *guest, enum vvs_status expected)
{
    struct vvs_token token;
    struct vvs_chain chain;
    fill_pattern(&chain);
    const uint32_t in_flight = vvs_queue_in_flight(&guest->queue);
    assert_status(vvs_queue_pop(&guest->queue, &token, &chain), expected);
    assert_int_equal(vvs_status_reaction(expected), VVS_REACT_RETURN);
    assert_untouched(&chain);
    assert_int_equal(vvs_queue_in_flight(&guest->queue), in_flight + 1);
    guest_publish(guest, &token, 0);
    guest_expect_used(guest, token.id, 0);
    assert_status(vvs_queue_broken(&guest->queue), VVS_OK);
}

void guest_breaks(struct guest *guest, enum vvs_status expected)
{
    struct vvs_token token;
    struct vvs_chain chain;
    fill_pattern(&token);
    fill_pattern(&chain);
    bool answer = true;
    guest_snapshot(guest);
    assert_int_equal(vvs_status_reaction(expected), VVS_REACT_BROKEN);
    for (int i = 0; i < 2; i++)
        assert_status(vvs_queue_pop(&guest->queue, &token, &chain), expected);
    assert_untouched(&token);
    assert_untouched(&chain);
    assert_status(vvs_queue_broken(&guest->queue), expected);
    assert_status(vvs_queue_flush(&guest->queue), expected);
    assert_status(vvs_queue_arm(&guest->queue, &answer), expected);
    assert_status(vvs_queue_disarm(&guest->queue), expected);
    assert_status(vvs_queue_needs_notify(&guest->queue, &answer), expected);
    assert_true(answer);
    guest_expect_unchanged(guest);
}
