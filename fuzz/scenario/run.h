/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Runs a scenario against the library and keeps its answers. Oracles and tools plug in as hooks.
 *
 * Everything is bounded and lies in struct run, which is large: make it static. Nothing
 * allocates. */
#ifndef SCN_RUN_H
#define SCN_RUN_H

#include <vvs/observe.h>
#include <vvs/vvs.h>

#include "driver.h"
#include "guest.h"

#define RUN_MAX_CHAINS 1024u /* answers kept; further ones are only counted */
#define RUN_MAX_USED 2048u
#define RUN_MAX_POPPED 32u         /* chains popped and not returned, a queue */
#define RUN_SLICES 2048u           /* of each packet: a chain of more gives VVS_E_SLICES */
#define RUN_MAX_PAYLOAD (1u << 20) /* bytes of one payload that are read */
#define RUN_MAX_READ (1u << 22)    /* bytes of all payloads that are read in one run */
#define RUN_MAX_LOADS (1u << 22) /* descriptor loads that all pops of a run may come to at worst */
#define RUN_QUEUE_MAX 65536u
#define RUN_NOT_STORED UINT32_MAX

enum run_kind { RUN_PACKET, RUN_REJECT, RUN_EVENT };

/* What became of one chain in one step. */
struct run_chain {
    uint8_t kind; /* enum run_kind */
    uint8_t role;
    bool has_header; /* `header` is set: packets, and a reject for VVS_E_PAYLOAD_LIMIT */
    bool has_id;     /* false only where serve's chain and the used ring disagree */
    bool has_event;
    uint16_t id;
    enum vvs_status status;
    uint8_t header[VVS_HDR_BYTES];
    uint32_t capacity;
    uint32_t used_len;
    uint32_t event;
    const char *reason;    /* of a refusal by another implementation; else NULL */
    uint32_t payload_len;  /* bytes that were hashed: up to the bounds above */
    uint32_t payload_at;   /* where they are in payload_store, or RUN_NOT_STORED */
    uint64_t payload_hash; /* run_fold over the bytes */
};

/* What one step answered. */
struct run_answer {
    uint32_t step;
    uint32_t first_chain;
    uint32_t chain_count;
    uint32_t first_used;
    uint32_t used_count;
    uint32_t published_count; /* serve's own counts */
    uint32_t refused_count;
    enum vvs_status status;
    uint8_t role;
    bool has_role;
    bool none;    /* nothing to act on: no such queue, nothing popped, bounds used up */
    bool decided; /* a notification decision was made: `notify` */
    bool notify;
    bool armed; /* `more` is set */
    bool more;
    bool used_lost; /* used idx moved by more than the queue size, or too many entries */
    bool strayed;   /* a tool's (stray.h): memory changed that was granted nobody, first here: */
    uint64_t stray_addr;
};

struct run;

/* Where oracles and tools plug in. Each may be NULL. */
struct run_hooks {
    void *context;
    void (*start)(void *context, struct run *run); /* materialised, queues set up */
    void (*before_step)(void *context, struct run *run, uint32_t step);
    void (*after_step)(void *context, struct run *run, uint32_t step,
                       const struct run_answer *answer); /* NULL for a step without one */
    /* A pop step got a chain; `chain` is NULL when it was refused. */
    void (*popped)(void *context, struct run *run, uint32_t role, const struct vvs_token *token,
                   enum vvs_status status, const struct vvs_chain *chain);
    /* tx: the packet was parsed; rx: it was filled and is about to be committed. Live in both. */
    void (*packet)(void *context, struct run *run, uint32_t role, const struct vvs_packet *packet);
    /* A publish or abort step returned a chain (serve's are in its answer). */
    void (*returned)(void *context, struct run *run, uint32_t role, const struct vvs_token *token,
                     uint32_t used_len, bool staged);
};

struct run_popped {
    struct vvs_token token;
    enum vvs_status status; /* of pop, or of parsing */
    struct vvs_packet packet;
    struct vvs_chain chain;         /* event */
    struct vvs_element elements[4]; /* of `chain`: 4 bytes lie in no more */
    uint32_t used_len;
    bool has_packet;
    bool filled; /* rx, event: done, `used_len` is what to publish */
    bool stale;  /* popped under an older memory table: published with 0 */
    struct vvs_slice slices[RUN_SLICES];
};

struct run_queue {
    struct vvs_queue queue;
    enum vvs_status setup;
    struct vvs_queue_state saved;
    struct vvs_token last_returned;
    bool has_returned;
    uint32_t popped_count;
    uint8_t popped_order[RUN_MAX_POPPED]; /* oldest first: numbers in `popped`; free ones behind */
    struct run_popped popped[RUN_MAX_POPPED];
    struct vvs_slot slots[RUN_QUEUE_MAX];
    struct vvs_element elements[RUN_QUEUE_MAX];
};

struct run_race {
    const struct scn_record *record;
    uint32_t seen;
};

/* What plays the device: the library, or another implementation (run_iut.h). Whose statuses are
 * not enum vvs_status has VVS_OK and VVS_EMPTY nevertheless, and names the others itself. */
struct run_device {
    void *context;
    const char *(*status_name)(enum vvs_status status);
    /* The guest is materialised: sets each queue up, and says in run->queues[].setup how that went.
     * `table` is what vvs_memory_init said about the regions. */
    void (*set_up)(void *context, struct run *run, enum vvs_status table);
    enum vvs_status (*set_memory)(void *context, struct run *run, uint32_t active);
    /* The queue starts where guest_queue says. */
    enum vvs_status (*restart)(void *context, struct run *run, uint32_t role);
    /* Executes a device step on a queue that is set up. */
    void (*step)(void *context, struct run *run, struct run_answer *answer,
                 const struct scn_record *step);
    void (*end)(void *context, struct run *run); /* behind the last step; may be NULL */
};

struct run {
    const struct scn_scenario *scenario;
    const struct run_hooks *hooks;
    const struct run_device *device;
    struct guest guest;
    struct driver driver;
    struct run_queue queues[GUEST_ROLES];
    bool unmappable;
    struct run_answer answers[SCN_MAX_STEPS];
    uint32_t answer_count;
    struct run_chain chains[RUN_MAX_CHAINS + 1]; /* the last takes what is not kept */
    uint32_t chain_count;                        /* kept */
    uint32_t chain_total;
    struct driver_used used[RUN_MAX_USED];
    uint32_t used_count;
    uint32_t current_step;
    uint32_t read_left;
    uint32_t loads_left;
    struct run_race races[SCN_MAX_RACES];
    const struct scn_record *sends[SCN_MAX_STEPS];
    uint32_t send_count;
    uint32_t send_next;
    uint32_t events[SCN_MAX_STEPS];
    uint32_t event_count;
    uint32_t event_next;
    struct vvs_slice serve_slices[RUN_SLICES];
    uint8_t *payload_store; /* a tool's: payload bytes are kept here too */
    uint32_t payload_capacity;
    uint32_t payload_used;
    const char
        *spoiled; /* the call that was refused and changed its output all the same, or NULL */
};

/* run_init prepares `run` once: the guest's arena.
 *
 * Returns  false when the host grants none. */
bool run_init(struct run *run);

/* run_fini gives the arena back. */
void run_fini(struct run *run);

/* run_scenario materialises `scenario`, runs its steps and leaves answers in `run`, guest memory
 * as it is then. A hook may append steps to the scenario: they are run too. Both arguments must
 * live until the next call. `hooks` may be NULL. */
void run_scenario(struct run *run, const struct scn_scenario *scenario,
                  const struct run_hooks *hooks);

/* run_scenario_on does the same with another device than the library. */
void run_scenario_on(struct run *run, const struct scn_scenario *scenario,
                     const struct run_hooks *hooks, const struct run_device *device);

/* run_digest folds set-up and all answers, the same on every host. */
uint64_t run_digest(const struct run *run);

/* run_fold adds a number to a digest that began as RUN_FOLD_START; run_fold_bytes a string of
 * bytes. */
#define RUN_FOLD_START UINT64_C(0x9e3779b97f4a7c15)
static inline uint64_t run_fold(uint64_t digest, uint64_t value)
{
    digest = (digest ^ value) * UINT64_C(0xff51afd7ed558ccd);
    return digest ^ digest >> 32;
}
uint64_t run_fold_bytes(uint64_t digest, const uint8_t *bytes, size_t len);

/* What runs now, for the observer; NULL outside run_scenario. */
extern struct run *run_current;

/* Races of what runs now that are yet to happen. */
extern uint32_t run_races_left;

/* run_race_due says whether run_race_apply would write something. */
bool run_race_due(const struct vvs_access *access);

/* run_race_apply looks for races on `access` (below). */
void run_race_apply(const struct vvs_access *access);

/* run_race_loaded plays the racing guest: the observer calls it after each access. */
static inline void run_race_loaded(const struct vvs_access *access)
{
    if (run_races_left != 0 && access->kind == VVS_ACCESS_LOAD) {
        run_race_apply(access);
    }
}

/* run_note_store notes a store of the library, so that it is cleared: the observer calls it. */
static inline void run_note_store(const struct vvs_access *access)
{
    if (access->kind == VVS_ACCESS_STORE && run_current != NULL) {
        guest_touch(&run_current->guest, access->host, access->len);
    }
}

#endif
