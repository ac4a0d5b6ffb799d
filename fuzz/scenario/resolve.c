/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "resolve.h"

#include <stdlib.h>

#include "iut.h"
#include "json_build.h"
#include "resolve_read.h"

bool resolve_init(struct resolve *resolve)
{
    return guest_init(&resolve->guest);
}

void resolve_fini(struct resolve *resolve)
{
    guest_fini(&resolve->guest);
}

static void add_number(cJSON *object, const char *name, uint64_t value)
{
    json_add(object, name, cJSON_CreateNumber((double)value));
}

static void add_text(cJSON *object, const char *name, const char *text)
{
    json_add(object, name, cJSON_CreateString(text));
}

static void add_role(cJSON *object, const char *name, uint32_t role)
{
    add_text(object, name, scn_value_name(SCN_ROLE, role));
}

static cJSON *needs_json(uint32_t needs)
{
    cJSON *list = json_made(cJSON_CreateArray());
    for (; needs != 0; needs &= needs - 1) {
        json_append(list, cJSON_CreateString(iut_support_name(needs)));
    }
    return list;
}

static cJSON *send_json(const struct scn_scenario *scenario, const struct scn_record *record)
{
    cJSON *object = json_made(cJSON_CreateObject());
    struct vvs_iut_send send;
    uint8_t *payload;
    iut_send_init(&send, scenario, record);
    payload = malloc(send.payload_len + 1);
    if (payload == NULL) {
        abort();
    }
    iut_send_payload(&send, payload, scenario, record);
    json_add(object, "header", json_hex_bytes(send.header, sizeof send.header));
    json_add(object, "payload", json_hex_bytes(payload, send.payload_len));
    add_number(object, "written", send.written);
    if (send.fit != 0) {
        json_add(object, "fit", cJSON_CreateTrue());
    }
    free(payload);
    return object;
}

/* The regions of a set, as the device has them. */
static cJSON *regions_json(const struct guest *guest, uint64_t active)
{
    cJSON *list = json_made(cJSON_CreateArray());
    for (uint32_t i = 0; i < guest->region_count; i++) {
        const struct guest_region *region = &guest->regions[i];
        if ((active >> i & 1u) != 0) {
            cJSON *entry = json_made(cJSON_CreateObject());
            json_add(entry, "addr", json_hex_number(region->addr));
            json_add(entry, "len", json_hex_number(region->len));
            add_number(entry, "permission", region->permission);
            json_append(list, entry);
        }
    }
    return list;
}

static void add_position(cJSON *object, const struct guest_queue *queue)
{
    if (queue->positioned) {
        add_number(object, "avail_index", queue->avail_index);
        add_number(object, "used_index", queue->used_index);
        if (queue->packed) {
            add_number(object, "avail_wrap", queue->avail_wrap);
            add_number(object, "used_wrap", queue->used_wrap);
        }
    }
}

static cJSON *queue_json(const struct guest_queue *queue)
{
    cJSON *object = json_made(cJSON_CreateObject());
    add_role(object, "role", queue->role);
    add_text(object, "format", queue->packed ? "packed" : "split");
    add_number(object, "size", queue->size);
    add_number(object, "max_chain", queue->max_chain);
    json_add(object, "desc", json_hex_number(queue->desc));
    json_add(object, "driver", json_hex_number(queue->driver));
    json_add(object, "device", json_hex_number(queue->device));
    add_position(object, queue);
    return object;
}

static void add_writes(struct resolve *resolve, cJSON *object)
{
    cJSON *writes = writes_take(&resolve->writes);
    if (writes != NULL) {
        json_add(object, "write", writes);
    }
}

static cJSON *image_json(struct resolve *resolve)
{
    const struct guest *guest = &resolve->guest;
    const struct scn_record *said = &resolve->scenario->image;
    cJSON *image = json_made(cJSON_CreateObject());
    cJSON *queues = json_made(cJSON_CreateArray());
    for (uint32_t i = 0; i < guest->queue_count; i++) {
        json_append(queues, queue_json(&guest->queues[guest->queue_order[i]]));
    }
    json_add(image, "features", json_hex_number(guest->features));
    add_number(image, "max_payload", guest->max_payload);
    json_add(image, "regions", regions_json(guest, scn_get(said, SCN_IMAGE_F_ACTIVE, UINT8_MAX)));
    json_add(image, "queues", queues);
    json_add(image, "send", send_json(resolve->scenario, NULL));
    add_writes(resolve, image);
    return image;
}

/* What waits goes to the first step that can take it. */
static void add_sends(struct resolve *resolve, cJSON *object)
{
    cJSON *list = json_made(cJSON_CreateArray());
    for (uint32_t i = 0; i < resolve->send_count; i++) {
        json_append(list, send_json(resolve->scenario, resolve->sends[i]));
    }
    json_add(object, "send", list);
    resolve->send_count = 0;
}

static void add_events(struct resolve *resolve, cJSON *object)
{
    cJSON *list = json_made(cJSON_CreateArray());
    for (uint32_t i = 0; i < resolve->event_count; i++) {
        json_append(list, cJSON_CreateNumber(resolve->events[i]));
    }
    json_add(object, "events", list);
    resolve->event_count = 0;
}

static void add_waiting(struct resolve *resolve, cJSON *object, uint32_t role)
{
    if (role == VVS_QUEUE_RX && resolve->send_count != 0) {
        add_sends(resolve, object);
    }
    if (role == VVS_QUEUE_EVENT && resolve->event_count != 0) {
        add_events(resolve, object);
    }
}

static void add_true(cJSON *object, const char *name, const struct scn_record *step, uint32_t field)
{
    if (scn_get(step, field, 0) != 0) {
        json_add(object, name, cJSON_CreateTrue());
    }
}

/* A field under its own name, where it was said. */
static void add_said(cJSON *object, const struct scn_record *step, uint32_t field)
{
    if (scn_has(step, field)) {
        add_number(object, scn_type_of(step->tag)->fields[field].name, step->value[field]);
    }
}

static void add_restore(cJSON *object, const struct scn_record *step)
{
    for (uint32_t i = SCN_RESTORE_F_AVAIL_INDEX; i <= SCN_RESTORE_F_USED_WRAP; i++) {
        add_said(object, step, i);
    }
}

static void device_step(struct resolve *resolve, cJSON *object, const struct scn_record *step)
{
    uint32_t role = scn_role_of(resolve->scenario, step);
    add_text(object, "do", scn_type_of(step->tag)->name);
    add_role(object, "queue", role);
    switch (step->tag) {
    case SCN_TAG_SERVE:
        add_number(object, "max", scn_get(step, SCN_SERVE_F_MAX, 1));
        add_waiting(resolve, object, role);
        break;
    case SCN_TAG_PUBLISH:
        add_number(object, "which", scn_get(step, SCN_PUBLISH_F_WHICH, 0));
        add_true(object, "stage", step, SCN_PUBLISH_F_STAGE);
        add_true(object, "quiet", step, SCN_PUBLISH_F_QUIET);
        add_true(object, "again", step, SCN_PUBLISH_F_AGAIN);
        add_waiting(resolve, object, role);
        break;
    case SCN_TAG_FLUSH:
        add_true(object, "quiet", step, SCN_FLUSH_F_QUIET);
        break;
    case SCN_TAG_UNDO:
        add_said(object, step, SCN_UNDO_F_WHICH);
        break;
    case SCN_TAG_ABORT:
        add_number(object, "which", scn_get(step, SCN_ABORT_F_WHICH, 0));
        break;
    case SCN_TAG_RESTART:
        add_position(object, &resolve->guest.queues[role]);
        break;
    case SCN_TAG_RESTORE:
        add_restore(object, step);
        break;
    default:
        break;
    }
}

static cJSON *step_json(struct resolve *resolve, uint32_t number)
{
    const struct scn_scenario *scenario = resolve->scenario;
    const struct scn_record *step = &scenario->steps[number];
    cJSON *object = json_made(cJSON_CreateObject());
    bool device = step->tag >= SCN_TAG_SET_MEMORY;
    add_number(object, "step", number);
    switch (step->tag) {
    case SCN_TAG_ADD_CHAIN:
        driver_add_chain(&resolve->driver, number);
        break;
    case SCN_TAG_SET_WORD:
        driver_set_word(&resolve->driver, step);
        break;
    case SCN_TAG_WRITE:
        guest_write_record(&resolve->guest, scenario, step);
        break;
    case SCN_TAG_SEND:
        resolve->sends[resolve->send_count++] = step;
        device = false;
        break;
    case SCN_TAG_SEND_EVENT:
        resolve->events[resolve->event_count++] =
            (uint32_t)scn_get(step, SCN_SEND_EVENT_F_EVENT, 0);
        device = false;
        break;
    case SCN_TAG_SET_MEMORY:
        add_text(object, "do", "memory");
        json_add(object, "regions",
                 regions_json(&resolve->guest, scn_get(step, SCN_SET_MEMORY_F_ACTIVE, UINT8_MAX)));
        break;
    case SCN_TAG_RESTART:
        driver_restart(&resolve->driver, step);
        device_step(resolve, object, step);
        break;
    default:
        device_step(resolve, object, step);
        break;
    }
    add_writes(resolve, object);
    if (device) {
        json_add(object, "read", resolve_reads(resolve));
    }
    return object;
}

/* A request's memory has one byte an address: no two regions can take turns there. */
static bool shares_addresses(const struct resolve *resolve)
{
    const struct guest *guest = &resolve->guest;
    bool shared = false;
    for (uint32_t i = 0; i < guest->region_count; i++) {
        for (uint32_t k = 0; k < guest->region_count; k++) {
            const struct guest_region *region = &guest->regions[i];
            uint64_t at = guest->regions[k].addr - region->addr;
            shared = shared || (k != i && at < region->len && guest->regions[k].len != 0);
        }
    }
    return shared && (iut_needs(resolve->scenario) & VVS_IUT_MEMORY) != 0;
}

static cJSON *unsupported(const char *reason, const char *mark)
{
    cJSON *line = json_made(cJSON_CreateObject());
    add_text(line, "unsupported", reason);
    if (mark != NULL) {
        json_add(line, mark, cJSON_CreateTrue());
    }
    return line;
}

static cJSON *request(struct resolve *resolve)
{
    cJSON *run = json_made(cJSON_CreateObject());
    cJSON *steps = json_made(cJSON_CreateArray());
    resolve->send_count = resolve->event_count = 0;
    driver_start(&resolve->driver, &resolve->guest, resolve->scenario);
    json_add(run, "image", image_json(resolve));
    for (uint32_t i = 0; i < resolve->scenario->step_count; i++) {
        json_append(steps, step_json(resolve, i));
    }
    json_add(run, "steps", steps);
    return run;
}

cJSON *resolve_scenario(struct resolve *resolve, const struct scn_scenario *scenario)
{
    enum vvs_status table; /* the device's own to find */
    cJSON *line;
    resolve->scenario = scenario;
    writes_start(&resolve->writes, &resolve->guest);
    if (!guest_materialise(&resolve->guest, &table, scenario)) {
        line = unsupported("this host can't map the guest memory of the scenario", "unmappable");
    } else if (shares_addresses(resolve)) {
        line = unsupported("regions that share addresses and take turns", NULL);
    } else if (scenario->race_count != 0) {
        line = unsupported("races", "races");
    } else {
        line = json_made(cJSON_CreateObject());
        json_add(line, "run", request(resolve));
    }
    json_add(line, "needs", needs_json(iut_needs(scenario)));
    writes_stop(&resolve->writes);
    return line;
}
