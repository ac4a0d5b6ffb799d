/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "packets.h"

#include "driver.h"
#include "guest.h"

static void print_hex(FILE *out, const uint8_t *bytes, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        (void)fprintf(out, "%02x", bytes[i]);
    }
}

static void print_packet(FILE *out, uint32_t step, bool tx, const struct packet_source *packet)
{
    static uint8_t payload[PACKETS_MAX_PAYLOAD];
    uint32_t len = packet->payload_len < sizeof payload ? packet->payload_len : sizeof payload;

    packet_source_bytes(packet, payload, 0, len);
    (void)fprintf(out, "{\"step\": %u, \"direction\": \"%s\", \"bytes\": \"", step,
                  tx ? "tx" : "rx");
    print_hex(out, packet->header, sizeof packet->header);
    print_hex(out, payload, len);
    (void)fputs("\"}\n", out);
}

static void print_step(FILE *out, struct driver *driver, uint32_t number)
{
    const struct scn_record *step = &driver->scenario->steps[number];
    uint32_t first = driver->chain_count;
    struct packet_source packet;

    switch (step->tag) {
    case SCN_TAG_ADD_CHAIN:
        driver_add_chain(driver, number);
        break;
    case SCN_TAG_SEND:
        packet_source_init(&packet, driver->scenario, step, false, 0);
        print_packet(out, number, false, &packet);
        break;
    case SCN_TAG_RESTART:
        driver_restart(driver, step);
        break;
    default:
        break;
    }
    for (uint32_t i = first; i < driver->chain_count; i++) {
        if (driver->chains[i].poured) {
            print_packet(out, number, true, &driver->chains[i].packet);
        }
    }
}

bool packets_print(FILE *out, const struct scn_scenario *scenario)
{
    static struct guest guest;
    static struct driver driver;
    enum vvs_status table;

    if (!guest_init(&guest)) {
        return false;
    }
    if (guest_materialise(&guest, &table, scenario)) {
        driver_start(&driver, &guest, scenario);
        for (uint32_t i = 0; i < scenario->step_count; i++) {
            print_step(out, &driver, i);
        }
    }
    guest_fini(&guest);
    return true;
}
