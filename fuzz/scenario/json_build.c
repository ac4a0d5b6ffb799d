/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "json_build.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

cJSON *json_made(cJSON *json)
{
    if (json == NULL) {
        abort();
    }
    return json;
}

void json_add(cJSON *object, const char *name, cJSON *value)
{
    if (!cJSON_AddItemToObject(object, name, json_made(value))) {
        abort();
    }
}

void json_append(cJSON *list, cJSON *value)
{
    if (!cJSON_AddItemToArray(list, json_made(value))) {
        abort();
    }
}

cJSON *json_hex_number(uint64_t value)
{
    char text[2 + 16 + 1];

    (void)snprintf(text, sizeof text, "0x%" PRIx64, value);
    return cJSON_CreateString(text);
}

cJSON *json_hex_bytes(const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    char *text = malloc(2 * len + 1);
    cJSON *json;

    if (text == NULL) {
        abort();
    }
    for (size_t i = 0; i < len; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15u];
    }
    text[2 * len] = '\0';
    json = cJSON_CreateString(text);
    free(text);
    return json;
}
