/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "answer.h"

#include "json_build.h"

static uint64_t wire(const uint8_t *bytes, uint32_t len)
{
    uint64_t value = 0;
    for (uint32_t i = len; i > 0; i--) {
        value = value << 8 | bytes[i - 1];
    }
    return value;
}

static void add_wide(cJSON *object, const char *name, const uint8_t *bytes)
{
    json_add(object, name, json_hex_number(wire(bytes, 8)));
}

static void add_number(cJSON *object, const char *name, uint64_t value)
{
    cJSON_AddNumberToObject(object, name, (double)value);
}

static void add_fields(cJSON *object, const uint8_t *header)
{
    const struct vvs_hdr_wire *packet = (const struct vvs_hdr_wire *)header; /* bytes only */
    cJSON *fields = cJSON_AddObjectToObject(object, "fields");
    add_wide(fields, "src_cid", packet->src_cid);
    add_wide(fields, "dst_cid", packet->dst_cid);
    add_number(fields, "src_port", wire(packet->src_port, 4));
    add_number(fields, "dst_port", wire(packet->dst_port, 4));
    add_number(fields, "len", wire(packet->len, 4));
    add_number(fields, "type", wire(packet->type, 2));
    add_number(fields, "op", wire(packet->op, 2));
    add_number(fields, "flags", wire(packet->flags, 4));
    add_number(fields, "buf_alloc", wire(packet->buf_alloc, 4));
    add_number(fields, "fwd_cnt", wire(packet->fwd_cnt, 4));
}

static void add_payload(cJSON *object, const struct run *run, const struct run_chain *chain)
{
    const uint8_t *bytes = run->payload_store + chain->payload_at;
    json_add(object, "payload", json_hex_bytes(bytes, chain->payload_len));
}

static cJSON *chain_json(const struct run *run, const struct run_chain *chain)
{
    static const char *const kinds[] = {"packet", "reject", "event"};
    cJSON *object = cJSON_CreateObject();
    if (chain->has_id) {
        add_number(object, "id", chain->id);
    }
    cJSON_AddStringToObject(object, "kind", kinds[chain->kind]);
    if (chain->reason != NULL) {
        cJSON_AddStringToObject(object, "reason", chain->reason);
    } else if (chain->kind != RUN_EVENT) {
        cJSON_AddStringToObject(object, "status", vvs_status_name(chain->status));
    }
    if (chain->has_header) {
        add_fields(object, chain->header);
    }
    if (chain->kind == RUN_PACKET) {
        if (chain->has_header && chain->payload_at != RUN_NOT_STORED) {
            add_payload(object, run, chain);
        }
        add_number(object, "capacity", chain->capacity);
    }
    if (chain->has_event) {
        add_number(object, "event", chain->event);
    }
    add_number(object, "used_len", chain->used_len);
    return object;
}

static cJSON *answer_json(const struct run *run, const struct run_answer *answer)
{
    cJSON *object = cJSON_CreateObject();
    add_number(object, "step", answer->step);
    if (answer->has_role) {
        cJSON_AddStringToObject(object, "queue", scn_value_name(SCN_ROLE, answer->role));
    }
    cJSON_AddStringToObject(object, "status",
                            answer->none ? "none" : run->device->status_name(answer->status));
    if (answer->chain_count != 0) {
        cJSON *chains = cJSON_AddArrayToObject(object, "chains");
        for (uint32_t i = 0; i < answer->chain_count; i++) {
            cJSON_AddItemToArray(chains, chain_json(run, &run->chains[answer->first_chain + i]));
        }
    }
    if (answer->used_count != 0) {
        cJSON *entries = cJSON_AddArrayToObject(object, "used");
        for (uint32_t i = 0; i < answer->used_count; i++) {
            const struct driver_used *used = &run->used[answer->first_used + i];
            cJSON *entry = cJSON_CreateObject();
            add_number(entry, "id", used->id);
            add_number(entry, "len", used->len);
            cJSON_AddItemToArray(entries, entry);
        }
    }
    if (answer->used_lost) {
        cJSON_AddTrueToObject(object, "used_lost");
    }
    if (answer->strayed) {
        json_add(object, "stray", json_hex_number(answer->stray_addr));
    }
    if (answer->decided) {
        cJSON_AddBoolToObject(object, "notify", answer->notify);
    }
    if (answer->armed) {
        cJSON_AddBoolToObject(object, "more", answer->more);
    }
    return object;
}

char *answer_to_json(const struct run *run)
{
    cJSON *all = cJSON_CreateObject();
    if (run->unmappable) {
        cJSON_AddTrueToObject(all, "unmappable");
    } else {
        cJSON *setup = cJSON_AddObjectToObject(all, "setup");
        for (uint32_t i = 0; i < run->guest.queue_count; i++) {
            uint32_t role = run->guest.queue_order[i];
            cJSON_AddStringToObject(setup, scn_value_name(SCN_ROLE, role),
                                    run->device->status_name(run->queues[role].setup));
        }
        cJSON *answers = cJSON_AddArrayToObject(all, "answers");
        for (uint32_t i = 0; i < run->answer_count; i++) {
            cJSON_AddItemToArray(answers, answer_json(run, &run->answers[i]));
        }
        if (run->chain_total != run->chain_count) {
            add_number(all, "chains_lost", run->chain_total - run->chain_count);
        }
    }
    char *text = cJSON_PrintUnformatted(all);
    cJSON_Delete(all);
    return text;
}
