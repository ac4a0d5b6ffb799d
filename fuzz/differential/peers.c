/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iut_load.h"

#define TOOL "differential"

static const char by_default[] =
    PEERS_FOLDER "/rust-vmm-0.8.0" PEERS_SUFFIX ":" PEERS_FOLDER "/rust-vmm-latest" PEERS_SUFFIX;

static struct peer peers[PEERS_MAX];
static char paths[4096];

static void give_up(const char *what)
{
    fprintf(stderr, TOOL ": %s (scripts/fuzz " TOOL " builds them)\n", what);
    exit(3);
}

uint32_t peers_load(struct peer **out_peers)
{
    const char *said = getenv("VVS_PEERS");
    uint32_t count = 0;
    said = said != NULL ? said : by_default;
    if (strlen(said) >= sizeof paths) {
        give_up("VVS_PEERS is too long");
    }
    memcpy(paths, said, strlen(said) + 1);
    for (char *path = paths; path != NULL && count < PEERS_MAX;) {
        char *behind = strchr(path, ':');
        if (behind != NULL) {
            *behind++ = '\0';
        }
        const struct vvs_iut *iut = iut_load(TOOL, path);
        if (iut == NULL) {
            give_up("a peer can't be loaded");
        }
        run_iut_init(&peers[count].iut, iut);
        const char *slash = strrchr(path, '/');
        peers[count].file = slash != NULL ? slash + 1 : path;
        count++;
        path = behind;
    }
    *out_peers = peers;
    return count;
}
