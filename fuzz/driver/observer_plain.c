/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The observer of tools without oracles: races happen, and stores are noted for clearing. */
#include "run.h"

void vvs_observe_before(const struct vvs_access *access)
{
    run_note_store(access);
}

void vvs_observe_after(const struct vvs_access *access)
{
    run_race_loaded(access);
}
