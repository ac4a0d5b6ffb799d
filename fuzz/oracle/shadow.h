/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What the oracles know about each queue, learnt from the layout and from what the device was seen
 * to load: independent of the library's own state. */
#ifndef VVS_FUZZ_SHADOW_H
#define VVS_FUZZ_SHADOW_H

#include <stdbool.h>
#include <stdint.h>

#include <vvs/observe.h>
#include <vvs/vvs.h>

#define SHADOW_ROLES 3u
#define SHADOW_MAX_CHAINS 64u /* in flight in one queue; run.h allows 32 and the one being served */
#define SHADOW_MAX_GRANTS (1u << 17)
#define SHADOW_NOTHING UINT32_MAX

/* A buffer that the driver granted by a descriptor which the device loaded. */
struct shadow_grant {
    uint64_t addr;
    uint32_t len;
    bool writable;
};

/* A chain that was taken from the ring and not yet given back. */
struct shadow_chain {
    const struct shadow_grant *grants;
    uint32_t grant_count;
    uint32_t sequence;  /* of its token, where one was seen */
    uint64_t len[2];    /* bytes, by writable */
    uint32_t count[2];  /* elements, by writable */
    uint32_t cursor[2]; /* by writable: a grant, and the stream position where it begins */
    uint64_t cursor_at[2];
    uint32_t header_loaded;        /* bytes, from 0 on */
    uint32_t header_stored;        /* bytes, from 0 on */
    uint32_t payload_stored;       /* bytes, from 0 on */
    uint32_t event_stored;         /* bytes, from 0 on */
    uint8_t header[VVS_HDR_BYTES]; /* as stored */
    uint16_t id;
    uint16_t span; /* ring slots (packed) */
    bool indirect;
    bool known; /* all of its grants were kept */
};

enum shadow_phase { SHADOW_IDLE, SHADOW_POP, SHADOW_NOTIFY, SHADOW_ARM };

struct shadow_queue {
    struct vvs_queue *queue; /* identity, and what it is bound to; NULL when the role has none */
    const uint8_t *desc;     /* host, worked out from guest addresses */
    const uint8_t *driver;
    const uint8_t *device;
    uint32_t size;
    uint32_t max_chain;
    uint32_t role;
    bool packed;
    bool features_indirect;

    uint16_t avail_index; /* next to pop */
    uint16_t used_index;  /* next to show */
    uint8_t avail_wrap;
    uint8_t used_wrap;

    enum shadow_phase phase;
    uint32_t seen;       /* bit n: item n was loaded in this phase */
    uint32_t ring_next;  /* the descriptor the walk is at, or SHADOW_NOTHING */
    uint32_t flags_next; /* packed: the one whose flags come next, or SHADOW_NOTHING */
    uint16_t flags;      /* packed: of ring_next, as loaded */
    uint32_t walked;     /* ring descriptors of this pop */
    uint64_t table_addr;
    uint32_t table_count; /* entries; 0: no table is open */
    uint32_t table_next;
    uint32_t table_done; /* bytes of that entry */
    uint8_t entry[VVS_DESC_BYTES];
    uint32_t loads; /* descriptors and entries of this pop */

    struct shadow_chain *building; /* packed: not at its end yet; split: the newest */
    struct shadow_chain chains[SHADOW_MAX_CHAINS]; /* in flight, oldest first */
    uint32_t chain_count;
    uint32_t span_count; /* packed: ring slots of those, and of what is staged */
    uint32_t staged_count;
    uint32_t staged_span;
    uint32_t staged_len; /* packed: of the first */
    uint32_t last_place; /* packed: of the newest, and its len */
    uint32_t last_len;
    uint32_t popped;    /* chains since the step began */
    uint32_t published; /* entries shown since the step began */
};

struct shadow {
    struct shadow_queue queues[SHADOW_ROLES];
    struct shadow_queue *handling_queue; /* whose chain is being parsed or filled */
    struct shadow_chain *handling;
    struct shadow_grant grants[SHADOW_MAX_GRANTS];
    uint32_t grant_count;
};

extern struct shadow shadow;

/* shadow_clear forgets everything. */
void shadow_clear(void);

/* shadow_bind learns where the rings of `queue` lie; it starts at the library's position. */
struct shadow_queue *shadow_bind(uint32_t role, struct vvs_queue *queue,
                                 const struct vvs_queue_config *config);

/* shadow_locate works the host addresses of the rings out anew, after the memory table changed. */
void shadow_locate(struct shadow_queue *q, const struct vvs_queue_config *config);

/* shadow_resume forgets what was in flight and starts at `state`. */
void shadow_resume(struct shadow_queue *q, const struct vvs_queue_state *state);

/* shadow_of finds the queue of an access; NULL for a packet's own access. */
static inline struct shadow_queue *shadow_of(const struct vvs_access *access)
{
    for (uint32_t i = 0; i < SHADOW_ROLES; i++) {
        if (shadow.queues[i].queue == access->queue) {
            return access->queue ? &shadow.queues[i] : NULL;
        }
    }
    return NULL;
}

/* shadow_mark takes note of a mark, shadow_loaded of what a load gave: the bytes are still
 * there. */
void shadow_mark(struct shadow_queue *q, const struct vvs_access *access);
void shadow_loaded(struct shadow_queue *q, const struct vvs_access *access);

/* shadow_drop takes `chain`, whose used entry was written, out of those in flight. */
void shadow_drop(struct shadow_queue *q, struct shadow_chain *chain);

/* shadow_undone puts back the newest chain. */
void shadow_undone(struct shadow_queue *q, struct shadow_chain *chain);

/* shadow_find finds a chain in flight by its token's sequence. */
struct shadow_chain *shadow_find(struct shadow_queue *q, uint32_t sequence);

/* shadow_translate finds a guest address in the memory that `memory` has with `permission`.
 *
 * Returns  NULL when it has not; else how many bytes follow in that region in `*out_len`. */
const uint8_t *shadow_translate(const struct vvs_memory *memory, uint64_t *out_len, uint64_t addr,
                                uint32_t permission);

/* shadow_stream finds byte `at` of the chain's device-readable or device-writable bytes.
 *
 * Returns  its host address and in `*out_len` how many bytes are contiguous there; NULL when there
 *          is no such byte. */
const uint8_t *shadow_stream(const struct vvs_memory *memory, struct shadow_chain *chain,
                             uint64_t *out_len, bool writable, uint64_t at);

#endif
