/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* libc's memcpy, memmove and memset for the harness of a campaign, past AddressSanitizer's.
 *
 * What is instrumented (lib/, and what lends memory to it) calls the sanitizer's functions by
 * other names and keeps every check. The rest is not instrumented there, and these calls alone
 * would still be looked at: a tenth of all time. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <stddef.h>

typedef void *copy_function(void *, const void *, size_t);
typedef void *set_function(void *, int, size_t);

/* For what runs before libc's are found, as the sanitizer's own start does. The empty statements
 * keep the compiler from making calls of memmove and memset out of the loops. */
static void *move_early(void *to, const void *from, size_t len)
{
    char *out = to;
    const char *in = from;
    for (size_t i = 0; i < len; i++) {
        size_t at = out < in ? i : len - 1 - i;
        out[at] = in[at];
        __asm__ volatile("" ::: "memory");
    }
    return to;
}

static void *set_early(void *to, int value, size_t len)
{
    char *out = to;
    for (size_t i = 0; i < len; i++) {
        out[i] = (char)value;
        __asm__ volatile("" ::: "memory");
    }
    return to;
}

static copy_function *libc_copy = move_early;
static copy_function *libc_move = move_early;
static set_function *libc_set = set_early;

/* Before other constructors. */
__attribute__((constructor(101))) static void find_libc(void)
{
    *(void **)&libc_copy = dlsym(RTLD_NEXT, "memcpy");
    *(void **)&libc_move = dlsym(RTLD_NEXT, "memmove");
    *(void **)&libc_set = dlsym(RTLD_NEXT, "memset");
}

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
    return libc_copy(to, from, len);
}

void *memmove(void *to, const void *from, size_t len)
{
    return libc_move(to, from, len);
}

void *memset(void *to, int value, size_t len)
{
    return libc_set(to, value, len);
}
