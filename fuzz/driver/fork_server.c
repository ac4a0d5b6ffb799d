/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a target does before AFL++ makes it a fork server. */
#define _DEFAULT_SOURCE /* pthread_atfork, unsetenv */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "stats.h"

/* The engine sets it for a second target that logs operands, of an input that the first one ran. */
#define LOGS_OPERANDS "___AFL_EINS_ZWEI_POLIZEI___"

int LLVMFuzzerInitialize(int *argc, char ***argv);

/* The engine gives the target a session of its own, so no signal to its own group comes here; and
 * between two inputs a fork is stopped. */
static void die_with_parent(void)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    if (getenv(LOGS_OPERANDS)) {
        (void)unsetenv("VVS_STATS");
    }
    stats_forks();
    die_with_parent();
    (void)pthread_atfork(NULL, NULL, die_with_parent);
    return 0;
}
