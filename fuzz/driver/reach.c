/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "reach.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>

#include "shared.h"

#define PLACES_MAX 16384u /* more than the library has by far */

/* An entry of the compiler's table, one for each counter. */
struct place {
    uintptr_t pc;
    uintptr_t flags;
};

/* Made by the linker where there are such sections. */
#define MADE_BY_LINKER __attribute__((weak, visibility("hidden")))
extern const uint8_t __start___sancov_cntrs[] MADE_BY_LINKER;
extern const uint8_t __stop___sancov_cntrs[] MADE_BY_LINKER;
extern const struct place __start___sancov_pcs[] MADE_BY_LINKER;
extern const uint8_t __ehdr_start[] MADE_BY_LINKER;

static uint8_t own[PLACES_MAX]; /* all bits set, or none */
static uint8_t *reached = own;

static size_t place_count(void)
{
    if (!__start___sancov_cntrs || !__start___sancov_pcs) {
        return 0;
    }
    size_t count = (size_t)(__stop___sancov_cntrs - __start___sancov_cntrs);
    return count < PLACES_MAX ? count : PLACES_MAX;
}

void reach_forks(void)
{
    uint8_t *shared = shared_with_forks(sizeof own);
    if (shared) {
        reached = shared;
    }
}

void reach_note(void)
{
    const uint8_t *counters = __start___sancov_cntrs;
    size_t count = place_count();
    uint8_t fresh = 0;
    /* Nearly always nothing is new: one pass that compilers make wide. */
    for (size_t i = 0; i < count; i++) {
        fresh |= counters[i] & (uint8_t)~reached[i];
    }
    for (size_t i = 0; fresh != 0 && i < count; i++) {
        reached[i] |= counters[i] != 0 ? UINT8_MAX : 0;
    }
}

void reach_write(FILE *file)
{
    const char *separator = "";
    size_t count = place_count();
    fputc('[', file);
    for (size_t i = 0; i < count; i++) {
        if (reached[i] != 0) {
            uintptr_t offset = __start___sancov_pcs[i].pc - (uintptr_t)__ehdr_start;
            fprintf(file, "%s%" PRIuPTR, separator, offset);
            separator = ", ";
        }
    }
    fputc(']', file);
}
