/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "stray.h"

#include <string.h>

#include "known.h"

#define MAX_TABLE_ENTRIES 65536u

/* Whether the device may write there at all. */
static bool is_writable(const struct guest *guest, uint64_t addr)
{
    for (uint32_t i = 0; i < guest->active_count; i++) {
        const struct guest_region *region = &guest->regions[guest->search_order[i]];
        if (addr - region->addr < region->len) {
            return (region->permission & VVS_PERM_WRITE) != 0;
        }
    }
    return false;
}

static void grant(struct stray *stray, uint64_t addr, uint64_t len)
{
    if (stray->granted_count == STRAY_MAX_GRANTED) {
        stray->blind = true;
    } else if (len != 0) {
        stray->granted[stray->granted_count++] = (struct stray_range){addr, len};
    }
}

static void keep(struct stray *stray, uint64_t addr, uint64_t len)
{
    uint64_t room = STRAY_MAX_BYTES - stray->bytes_used;
    if (stray->kept_count == STRAY_MAX_RANGES || len > room) {
        return;
    }
    len = guest_read(&stray->run->guest, stray->bytes + stray->bytes_used, addr, len);
    stray->kept[stray->kept_count++] = (struct stray_range){addr, len};
    stray->bytes_used += (uint32_t)len;
}

static void visit(void *context, enum known_what what, uint32_t role, uint64_t addr, uint64_t len)
{
    struct stray *stray = context;
    (void)role;
    if (!known_is_devices(what)) {
        keep(stray, addr, len);
        return;
    }
    grant(stray, addr, len);
    keep(stray, addr - STRAY_GUARD_BYTES, STRAY_GUARD_BYTES);
    keep(stray, addr + len, STRAY_GUARD_BYTES);
    if (!is_writable(&stray->run->guest, addr)) {
        keep(stray, addr, len);
    }
}

struct descriptor {
    uint64_t addr;
    uint32_t len;
    uint32_t flags;
};

static struct descriptor read_descriptor(const struct guest *guest, uint64_t addr, bool packed)
{
    uint8_t raw[VVS_DESC_BYTES] = {0};
    struct descriptor descriptor = {0, 0, 0};
    guest_read(guest, raw, addr, sizeof raw);
    for (uint32_t i = 0; i < 8; i++) {
        descriptor.addr |= (uint64_t)raw[i] << 8 * i;
    }
    for (uint32_t i = 0; i < 4; i++) {
        descriptor.len |= (uint32_t)raw[8 + i] << 8 * i;
    }
    descriptor.flags = packed ? raw[14] : raw[12]; /* all that count are in the lower byte */
    return descriptor;
}

/* Grants what the descriptors in memory name, whoever wrote them. */
static void grant_described(struct stray *stray, uint64_t addr, uint64_t count, bool packed,
                            bool ring)
{
    const struct guest *guest = &stray->run->guest;
    for (uint64_t i = 0; i < count && !stray->blind; i++) {
        struct descriptor said = read_descriptor(guest, addr + VVS_DESC_BYTES * i, packed);
        if (ring && (said.flags & VVS_DESC_F_INDIRECT) != 0) {
            uint32_t entries = said.len / VVS_DESC_BYTES;
            grant_described(stray, said.addr,
                            entries < MAX_TABLE_ENTRIES ? entries : MAX_TABLE_ENTRIES, packed,
                            false);
        } else if ((said.flags & VVS_DESC_F_WRITE) != 0) {
            grant(stray, said.addr, said.len);
        }
    }
}

static void before_step(void *context, struct run *run, uint32_t step)
{
    struct stray *stray = context;
    (void)step;
    stray->run = run;
    stray->kept_count = stray->granted_count = stray->bytes_used = 0;
    stray->blind = run->scenario->race_count != 0;
    known_each(&run->guest, &run->driver, visit, stray);
    for (uint32_t i = 0; i < run->guest.queue_count; i++) {
        const struct guest_queue *queue = &run->guest.queues[run->guest.queue_order[i]];
        grant_described(stray, queue->desc, queue->size, queue->packed, true);
    }
}

static bool is_granted(const struct stray *stray, uint64_t addr)
{
    bool granted = false;
    for (uint32_t i = 0; i < stray->granted_count && !granted; i++) {
        granted = addr - stray->granted[i].addr < stray->granted[i].len;
    }
    return granted && is_writable(&stray->run->guest, addr);
}

/* The first byte of a range that changed and was not to. */
static bool changed(const struct stray *stray, uint64_t *out_addr, const struct stray_range *range,
                    const uint8_t *before)
{
    for (uint64_t done = 0, room = 0; done < range->len; done += room) {
        const uint8_t *now = guest_at(&stray->run->guest, &room, range->addr + done);
        room = now == NULL ? range->len - done : room;
        room = room < range->len - done ? room : range->len - done;
        if (now == NULL || memcmp(now, before + done, (size_t)room) == 0) {
            continue;
        }
        for (uint64_t i = 0; i < room; i++) {
            *out_addr = range->addr + done + i;
            if (now[i] != before[done + i] && !is_granted(stray, *out_addr)) {
                return true;
            }
        }
    }
    return false;
}

/* The device alone acts in these. */
static bool is_devices(const struct run *run, uint32_t step)
{
    uint8_t tag = run->scenario->steps[step].tag;
    return tag >= SCN_TAG_SERVE && tag != SCN_TAG_SEND && tag != SCN_TAG_SEND_EVENT;
}

static void after_step(void *context, struct run *run, uint32_t step,
                       const struct run_answer *answer)
{
    const struct stray *stray = context;
    const uint8_t *before = stray->bytes;
    (void)answer;
    if (!is_devices(run, step) || stray->blind) {
        return;
    }
    struct run_answer *own = &run->answers[run->answer_count - 1];
    for (uint32_t i = 0; i < stray->kept_count && !own->strayed; i++) {
        own->strayed = changed(stray, &own->stray_addr, &stray->kept[i], before);
        before += stray->kept[i].len;
    }
}

void stray_init(struct stray *out_stray)
{
    out_stray->hooks = (struct run_hooks){
        .context = out_stray,
        .before_step = before_step,
        .after_step = after_step,
    };
}
