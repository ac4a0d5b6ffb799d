/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "draw.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "driver.h"
#include "guest.h"
#include "json.h"

#include "vvs/status.h"

#define MAX_MARKS (3 * GUEST_ROLES + SCN_MAX_SPANS + 1)
#define MAX_DRAWN_ELEMENTS 20u
#define MAX_DRAWN_CHAINS 8u
#define KNOWN_FLAGS                                                                                \
    (VVS_DESC_F_NEXT | VVS_DESC_F_WRITE | VVS_DESC_F_INDIRECT | VVS_PACKED_DESC_F_AVAIL |          \
     VVS_PACKED_DESC_F_USED)
#define MAX_SHOWN_VALUE 48 /* characters of one value as JSON */

/* Whoever gave the stream finds out at its end whether all was written. */
__attribute__((format(printf, 2, 3))) static void say(FILE *out, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vfprintf(out, format, args);
    va_end(args);
}

static const char *role_name(uint32_t role)
{
    return scn_value_name(SCN_ROLE, role);
}

/* A place in guest memory that is worth a line. */
struct mark {
    uint64_t addr;
    uint64_t len;
    char label[48];
};

struct marks {
    struct mark list[MAX_MARKS];
    uint32_t count;
};

/* Keeps the list in order of addresses. */
static void add_mark(struct marks *marks, uint64_t addr, uint64_t len, const char *who,
                     const char *what)
{
    uint32_t at = marks->count++;
    struct mark mark = {addr, len, ""};

    for (; at > 0 && marks->list[at - 1].addr > addr; at--) {
        marks->list[at] = marks->list[at - 1];
    }
    (void)snprintf(mark.label, sizeof mark.label, "%s %s", who, what);
    marks->list[at] = mark;
}

static void collect_marks(struct marks *out, const struct guest *guest,
                          const struct scn_scenario *scenario)
{
    static const char *const parts[2][3] = {
        {"descriptor table", "available ring", "used ring"},
        {"descriptor ring", "driver event suppression", "device event suppression"},
    };
    out->count = 0;
    for (uint32_t i = 0; i < guest->queue_count; i++) {
        const struct guest_queue *queue = &guest->queues[guest->queue_order[i]];
        const char *who = role_name(queue->role);
        add_mark(out, queue->desc, queue->desc_len, who, parts[queue->packed][0]);
        add_mark(out, queue->driver, queue->driver_len, who, parts[queue->packed][1]);
        add_mark(out, queue->device, queue->device_len, who, parts[queue->packed][2]);
    }
    add_mark(out, guest->data_start, guest->data_len, "buffers", "of no said address");
    for (uint32_t i = 0; i < scenario->span_count; i++) {
        const struct scn_record *span = &scenario->spans[i];
        uint64_t len =
            scn_has(span, SCN_SPAN_F_BYTES) ? span->bytes_len : scn_get(span, SCN_SPAN_F_LEN, 0);
        add_mark(out, scn_get(span, SCN_SPAN_F_ADDR, guest->data_start), len, "contents", "said");
    }
}

static void draw_mark(FILE *out, const struct mark *mark)
{
    say(out, "  | %#12" PRIx64 " %10" PRIu64 " B  %s\n", mark->addr, mark->len, mark->label);
}

static void draw_memory(FILE *out, const struct guest *guest, const struct scn_scenario *scenario)
{
    struct marks marks;
    uint64_t drawn = 0;

    collect_marks(&marks, guest, scenario);
    say(out, "memory\n");
    for (uint32_t i = 0; i < guest->region_count; i++) {
        const struct guest_region *region = &guest->regions[i];
        say(out, "  +-- region %u: %#" PRIx64 ", %#" PRIx64 " bytes, %s%s%s\n", i, region->addr,
            region->len, (region->permission & VVS_PERM_READ) != 0 ? "r" : "-",
            (region->permission & VVS_PERM_WRITE) != 0 ? "w" : "-",
            (guest->active >> i & 1u) != 0 ? "" : ", not in the device's table");
        for (uint32_t k = 0; k < marks.count; k++) {
            if (marks.list[k].addr - region->addr < region->len) {
                draw_mark(out, &marks.list[k]);
                drawn |= UINT64_C(1) << k;
            }
        }
        say(out, "  +--\n");
    }
    for (uint32_t k = 0; k < marks.count; k++) {
        if ((drawn >> k & 1u) == 0) {
            draw_mark(out, &marks.list[k]);
            say(out, "      ^ in no region\n");
        }
    }
}
_Static_assert(MAX_MARKS <= 64, "`drawn` is a set of marks");

static void draw_queues(FILE *out, const struct guest *guest)
{
    say(out, "queues\n");
    for (uint32_t i = 0; i < guest->queue_count; i++) {
        const struct guest_queue *queue = &guest->queues[guest->queue_order[i]];
        say(out, "  %s: %s, size %u", role_name(queue->role), queue->packed ? "packed" : "split",
            queue->size);
        if (queue->max_chain != 0) {
            say(out, ", max_chain %u", queue->max_chain);
        }
        if (queue->positioned) {
            say(out, ", starts at avail %u used %u", queue->avail_index, queue->used_index);
        }
        if (queue->positioned && queue->packed) {
            say(out, ", wraps %u %u", queue->avail_wrap, queue->used_wrap);
        }
        say(out, "\n");
    }
}

/* What the record says, as name=value. */
static void draw_said(FILE *out, const struct scn_scenario *scenario,
                      const struct scn_record *record)
{
    cJSON *json = scn_json_record(scenario, record);

    for (const cJSON *member = json->child; member != NULL; member = member->next) {
        char *text = cJSON_PrintUnformatted(member);
        if (text != NULL && strcmp(member->string, "elements") != 0) {
            bool cut = strlen(text) > MAX_SHOWN_VALUE;
            say(out, " %s=%.*s%s", member->string, MAX_SHOWN_VALUE, text, cut ? "..." : "");
        }
        cJSON_free(text);
    }
    cJSON_Delete(json);
    say(out, "\n");
}

static bool is_mapped(const struct guest *guest, uint64_t addr, uint64_t len)
{
    uint64_t room;

    while (len > 0 && guest_at(guest, &room, addr) != NULL) {
        uint64_t piece = room < len ? room : len;
        addr += piece;
        len -= piece;
    }
    return len == 0;
}

/* [44 R @0x101000]: slot, length, direction, address; what is odd about it; whether a next one is
 * named. */
static void draw_element(FILE *out, const struct guest *guest, const struct driver_element *element,
                         const struct driver_element *next, bool packed)
{
    say(out, "%u:[%u %s @%#" PRIx64 "%s", element->slot, element->len,
        (element->flags & VVS_DESC_F_WRITE) != 0 ? "W" : "R", element->addr,
        is_mapped(guest, element->addr, element->len) ? "" : " unmapped");
    if ((element->flags & VVS_DESC_F_INDIRECT) != 0) {
        say(out, " indirect");
    }
    if (packed && element->place != DRIVER_TABLE) {
        say(out, " id %u", element->id);
    }
    if ((element->flags & ~KNOWN_FLAGS) != 0) {
        say(out, " flags %#x", element->flags);
    }
    say(out, "]");
    if ((element->flags & VVS_DESC_F_NEXT) == 0) {
        say(out, "%s", next != NULL ? "  " : "");
    } else if (packed || (next != NULL && next->slot == element->next)) {
        say(out, "->");
    } else {
        say(out, "->%u!  ", element->next);
    }
}

static void draw_elements(FILE *out, const struct driver *driver, const struct driver_chain *chain,
                          bool table)
{
    bool packed = driver->guest->queues[chain->role].packed;
    uint32_t end = chain->first_element + chain->element_count;
    uint32_t drawn = 0;

    for (uint32_t i = chain->first_element; i < end; i++) {
        const struct driver_element *element = &driver->elements[i];
        const struct driver_element *next = i + 1 < end ? element + 1 : NULL;
        if ((element->place == DRIVER_TABLE) != table || drawn++ >= MAX_DRAWN_ELEMENTS) {
            continue;
        }
        if (next != NULL && (next->place == DRIVER_TABLE) != table) {
            next = NULL;
        }
        draw_element(out, driver->guest, element, next, packed);
    }
    if (drawn > MAX_DRAWN_ELEMENTS) {
        say(out, "... and %u more", drawn - MAX_DRAWN_ELEMENTS);
    }
    say(out, "\n");
}

static uint64_t header_field(const uint8_t *bytes, uint32_t len)
{
    uint64_t value = 0;

    for (uint32_t i = len; i > 0; i--) {
        value = value << 8 | bytes[i - 1];
    }
    return value;
}

static void draw_packet(FILE *out, const uint8_t header[VVS_HDR_BYTES])
{
    struct vvs_hdr_wire wire;

    memcpy(&wire, header, sizeof wire);
    say(out,
        "       packet %#" PRIx64 ":%" PRIu64 " -> %#" PRIx64 ":%" PRIu64 ", type %" PRIu64
        ", op %" PRIu64 ", len %" PRIu64 ", flags %#" PRIx64 "\n",
        header_field(wire.src_cid, 8), header_field(wire.src_port, 4),
        header_field(wire.dst_cid, 8), header_field(wire.dst_port, 4), header_field(wire.type, 2),
        header_field(wire.op, 2), header_field(wire.len, 4), header_field(wire.flags, 4));
}

static void draw_chain(FILE *out, const struct driver *driver, const struct driver_chain *chain)
{
    const struct driver_element *last =
        &driver->elements[chain->first_element + chain->element_count - 1];

    say(out, "       %s%s %u  ", chain->held ? "held, " : "",
        driver->guest->queues[chain->role].packed ? "slot" : "head", chain->head);
    draw_elements(out, driver, chain, false);
    if (last->place == DRIVER_TABLE) {
        say(out, "         table @%#" PRIx64 "  ", chain->table_addr);
        draw_elements(out, driver, chain, true);
    }
    if (chain->poured) {
        draw_packet(out, chain->packet.header);
    }
}

static void draw_step(FILE *out, const struct scn_scenario *scenario, uint32_t number)
{
    const struct scn_record *step = &scenario->steps[number];

    say(out, "  %2u  %s", number, scn_type_of(step->tag)->name);
    draw_said(out, scenario, step);
}

/* The driver's steps happen, so that the next chain stands where it will. */
static void draw_effect(FILE *out, struct driver *driver, uint32_t number)
{
    const struct scn_record *step = &driver->scenario->steps[number];
    uint32_t first = driver->chain_count;

    switch (step->tag) {
    case SCN_TAG_ADD_CHAIN:
        driver_add_chain(driver, number);
        break;
    case SCN_TAG_SET_WORD:
        driver_set_word(driver, step);
        break;
    case SCN_TAG_RESTART:
        driver_restart(driver, step);
        break;
    default:
        break;
    }
    for (uint32_t i = first; i < driver->chain_count && i < first + MAX_DRAWN_CHAINS; i++) {
        draw_chain(out, driver, &driver->chains[i]);
    }
    if (driver->chain_count > first + MAX_DRAWN_CHAINS) {
        say(out, "       ... and %u more chains\n", driver->chain_count - first - MAX_DRAWN_CHAINS);
    }
}

static void draw_races(FILE *out, const struct scn_scenario *scenario)
{
    for (uint32_t i = 0; i < scenario->race_count; i++) {
        say(out, "%s", i == 0 ? "races\n  " : "  ");
        draw_said(out, scenario, &scenario->races[i]);
    }
}

static void draw_unmappable(FILE *out, const struct scn_scenario *scenario)
{
    say(out, "memory: more than this host can map, so no step runs\n");
    for (uint32_t i = 0; i < scenario->region_count; i++) {
        say(out, "  region %u:", i);
        draw_said(out, scenario, &scenario->regions[i]);
    }
}

bool draw_scenario(FILE *out, const struct scn_scenario *scenario)
{
    static struct guest guest;
    static struct driver driver;
    enum vvs_status table;
    bool mapped;

    if (!guest_init(&guest)) {
        return false;
    }
    say(out, "image%s", scenario->image.present != 0 ? "" : " of defaults");
    draw_said(out, scenario, &scenario->image);
    mapped = guest_materialise(&guest, &table, scenario);
    if (!mapped) {
        draw_unmappable(out, scenario);
    } else {
        draw_memory(out, &guest, scenario);
        if (table != VVS_OK) {
            say(out, "  the device refuses this memory: %s\n", vvs_status_name(table));
        }
        draw_queues(out, &guest);
        driver_start(&driver, &guest, scenario);
    }
    say(out, "%s", scenario->step_count > 0 ? "steps\n" : "no steps\n");
    for (uint32_t i = 0; i < scenario->step_count; i++) {
        draw_step(out, scenario, i);
        if (mapped) {
            draw_effect(out, &driver, i);
        }
    }
    draw_races(out, scenario);
    guest_fini(&guest);
    return true;
}
