/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#define _DEFAULT_SOURCE /* mkstemp, setenv */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "shared.h"
#include "stats.h"

static uint8_t *mark;

/* Runs an input of a fork server: it reaches a packet, and the fork then ends without a word, or
 * writes first. */
static void run_in_fork(bool generated, bool writes)
{
    *mark = generated;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        stats_start();
        stats_begin();
        stats_packet(false, true, 1u << STATS_TWO);
        stats_end();
        if (writes) {
            stats_write();
        }
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void test_forks_count_on(void **state)
{
    (void)state;
    char path[64] = "stats-XXXXXX";
    char text[4096] = "";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    (void)close(descriptor);
    assert_int_equal(setenv("VVS_STATS", path, 1), 0);
    mark = shared_mark();
    assert_non_null(mark);
    stats_forks();
    run_in_fork(true, false);
    run_in_fork(false, false);
    run_in_fork(true, true);
    assert_int_equal(*mark, 0);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    (void)fclose(file);
    (void)remove(path);
    assert_true(snprintf(path, sizeof path, "%s.mark", getenv("VVS_STATS")) > 0);
    (void)remove(path);
    assert_non_null(strstr(text, "\"inputs\": 3, \"generated\": 2, \"parsed_inputs\": 2"));
    assert_non_null(strstr(text, "\"tx/packed/two\": 2"));
    assert_non_null(strstr(text, "\"tx/split/two\": 0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forks_count_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
