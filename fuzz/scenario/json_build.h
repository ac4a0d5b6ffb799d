/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* JSON values as the project spells them, for tools. All abort when out of memory: a tool has
 * nothing better to do then. */
#ifndef SCN_JSON_BUILD_H
#define SCN_JSON_BUILD_H

#include <stdint.h>

#include <cjson/cJSON.h>

/* json_made passes a value on that was made. */
cJSON *json_made(cJSON *json);

/* json_add puts a value into an object, json_append onto a list. Both take NULL for one that could
 * not be made. */
void json_add(cJSON *object, const char *name, cJSON *value);
void json_append(cJSON *list, cJSON *value);

/* json_hex_number makes "0x..." of a number of 64 bits. */
cJSON *json_hex_number(uint64_t value);

/* json_hex_bytes makes a string of two digits a byte. */
cJSON *json_hex_bytes(const uint8_t *bytes, size_t len);

#endif
