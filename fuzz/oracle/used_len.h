/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A wrong used length: several oracles see it, and it is one finding, since all say it in these
 * words: the length, an id, the length expected and why. */
#ifndef VVS_FUZZ_USED_LEN_H
#define VVS_FUZZ_USED_LEN_H

#define USED_LEN "used-len"
#define USED_LEN_IS "used length %u for id %u, expected %u%s"
#define USED_LEN_WHY(expected) ((expected) == 0 ? ", as nothing is in it" : "")

#endif
