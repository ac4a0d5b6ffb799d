/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* mutant-units: every unit case of the library in one program, up to the first that fails. */
#include <stdio.h>
#include <stdlib.h>

/* mutant_units.inc has UNIT(NAME) for each lib/test/test_NAME.c, whose main is unit_NAME. */
#define UNIT(name) int unit_##name(void);
#include "mutant_units.inc"
#undef UNIT

static const struct {
    const char *name;
    int (*run)(void);
} units[] = {
#define UNIT(name) {#name, unit_##name},
#include "mutant_units.inc"
#undef UNIT
};

int main(void)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        /* Out before the mutant can end the program. */
        printf("unit %s\n", units[i].name);
        (void)fflush(stdout);
        if (units[i].run() != 0) {
            return EXIT_FAILURE;
        }
    }
    return EXIT_SUCCESS;
}
