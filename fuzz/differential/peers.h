/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The other implementations that are in the process: shared objects by vvs_iut.h. */
#ifndef DIFFERENTIAL_PEERS_H
#define DIFFERENTIAL_PEERS_H

#include "run_iut.h"

#define PEERS_MAX 4u

struct peer {
    struct run_iut iut;
    const char *file; /* of its name, what deviations are listed under */
};

/* peers_load loads those that VVS_PEERS names, paths with colons between them; else rust-vmm's
 * crates. Ends the process when one can't be loaded: a campaign without it would prove nothing.
 *
 * Returns  how many there are, in *out_peers. */
uint32_t peers_load(struct peer **out_peers);

#endif
