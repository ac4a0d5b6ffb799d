/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#define _XOPEN_SOURCE 700 /* realpath */
#include "iut_load.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct vvs_iut *export_of(void *object)
{
    const struct vvs_iut *(*get)(void);
    void *symbol = dlsym(object, "vvs_iut");
    if (symbol == NULL) {
        return NULL;
    }
    /* C knows no cast to a pointer to a function. */
    memcpy((void *)&get, (const void *)&symbol, sizeof get);
    return get();
}

const struct vvs_iut *iut_load(const char *tool, const char *path)
{
    char *whole = realpath(path, NULL); /* without a slash it would be looked for elsewhere */
    if (whole == NULL) {
        fprintf(stderr, "%s: %s: %s; build it first\n", tool, path, strerror(errno));
        return NULL;
    }
    void *object = dlopen(whole, RTLD_NOW | RTLD_LOCAL);
    const struct vvs_iut *iut = object != NULL ? export_of(object) : NULL;
    if (object == NULL) {
        fprintf(stderr, "%s: can't be loaded, mend its build: %s\n", tool, dlerror());
    } else if (iut == NULL) {
        fprintf(stderr, "%s: %s exports no vvs_iut, see conformance/adapters/vvs_iut.h\n", tool,
                path);
    } else if (iut->abi != VVS_IUT_ABI) {
        fprintf(stderr, "%s: %s has ABI %u, wanted is %u: build it anew\n", tool, path, iut->abi,
                VVS_IUT_ABI);
        iut = NULL;
    }
    free(whole);
    return iut;
}
