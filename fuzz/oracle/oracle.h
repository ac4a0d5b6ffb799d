/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Oracles: what must hold on every run, whatever the guest does. */
#ifndef VVS_FUZZ_ORACLE_H
#define VVS_FUZZ_ORACLE_H

#include <stddef.h>
#include <stdint.h>

#include "restrict.h"
#include "run.h"

/* oracle_fail reports a finding of oracle `name` and aborts, so that an engine keeps the input. */
void oracle_fail(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A catcher, of a test or of a run that goes on: oracle_fail calls it with the report instead, and
 * returns if it does. */
extern void (*oracle_catch)(const char *name, const char *report);

/* oracle_say prints a report, and in which step that is; oracle_end aborts then. */
void oracle_say(const char *name, const char *report);
_Noreturn void oracle_end(const char *name, const char *report);

/* Costly oracles look at one input in so many, chosen by its bytes: the same input, the same
 * oracles. Where speed is no matter it may be 1. */
extern uint32_t oracle_costly_one_in;

/* Whether oracle_run appends steps to a scenario, to see whether its queues still serve. Without,
 * what is written is what runs. */
extern bool oracle_appends;

/* oracle_appended writes the scenario that runs, with the steps that were appended, if it has come
 * to these.
 *
 * Returns  its length, or 0. */
size_t oracle_appended(uint8_t *out_bytes, size_t capacity);

/* oracle_run runs the scenario in `bytes`, as far as `rule` allows, under every oracle. */
void oracle_run(const uint8_t *bytes, size_t len, const struct rule *rule);

/* Every hook of the oracles, for a run that decodes for itself. */
extern const struct run_hooks oracle_hooks;

/* oracle_start makes ready what all runs share: once, before oracle_play. */
void oracle_start(void);

/* oracle_play runs a scenario under the oracles of single runs: `hooks` are oracle_hooks, or call
 * them.
 *
 * Returns  the run, which the next call uses again. */
const struct run *oracle_play(const struct scn_scenario *played, const struct run_hooks *hooks,
                              bool costly);

#endif
