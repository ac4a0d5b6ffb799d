/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* How many inputs of a campaign came how far, and what of the library those generated reached:
 * written as JSON to the file that VVS_STATS names. */
#ifndef VVS_FUZZ_STATS_H
#define VVS_FUZZ_STATS_H

#include <stdbool.h>
#include <stdint.h>

/* How a packet lay in its chain. One packet may have several. */
enum stats_tag {
    STATS_ONE, /* one descriptor */
    STATS_TWO,
    STATS_MANY, /* three or more */
    STATS_CUT,  /* the header over two elements or more */
    STATS_INDIRECT,
    STATS_CROSSING, /* an element over a region border */
    STATS_TAG_COUNT
};

/* stats_generated says that the next input comes from the mutator. */
void stats_generated(void);

/* stats_forks says that forks of this process run the inputs, and that a mutator in another process
 * marks what it generates (shared.h): counts go on from fork to fork. */
void stats_forks(void);

/* stats_begin and stats_end stand around each input; stats_packet says that it reached a parsed
 * packet with the tags of `tags` (bit n: tag n). */
void stats_begin(void);
void stats_packet(bool rx, bool packed, uint32_t tags);
void stats_end(void);

/* stats_compared says that the input's answers were compared with those of another form of it. */
void stats_compared(void);

/* stats_start finds out where to write; statistics are written once a second from then on, at exit,
 * and when a sanitizer or an oracle reports. */
void stats_start(void);

/* stats_write writes them now. */
void stats_write(void);

#endif
