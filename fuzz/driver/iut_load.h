/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#ifndef SCN_IUT_LOAD_H
#define SCN_IUT_LOAD_H

#include <vvs_iut.h>

/* iut_load loads a shared object that exports vvs_iut. It stays loaded.
 *
 * Returns  what it exports; NULL with one line on stderr, which begins with `tool`. */
const struct vvs_iut *iut_load(const char *tool, const char *path);

#endif
