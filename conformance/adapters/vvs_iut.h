/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* An implementation under test as a shared object: PROTOCOL.md's requests as C structures.
 *
 * The object exports `vvs_iut`. Guest memory is the harness's and is shared: what the device
 * stores is seen at once. One device at a time, one thread. Nothing here may end the process; a
 * panic or an exception must be caught and answered as VVS_IUT_CRASHED. */
#ifndef VVS_IUT_H
#define VVS_IUT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VVS_IUT_ABI 1u

/* Bits of `supports`: PROTOCOL.md's names. */
enum {
    VVS_IUT_SPLIT = 1u << 0,
    VVS_IUT_PACKED = 1u << 1,
    VVS_IUT_TX = 1u << 2,
    VVS_IUT_RX = 1u << 3,
    VVS_IUT_EVENT = 1u << 4,
    VVS_IUT_INDIRECT = 1u << 5,
    VVS_IUT_EVENT_IDX = 1u << 6,
    VVS_IUT_IN_ORDER = 1u << 7,
    VVS_IUT_SERVE = 1u << 8,
    VVS_IUT_POP = 1u << 9,
    VVS_IUT_NOTIFY = 1u << 10,
    VVS_IUT_STATE = 1u << 11,
    VVS_IUT_MEMORY = 1u << 12,
    VVS_IUT_OBSERVE = 1u << 13 /* announces its loads: races can be played */
};

enum vvs_iut_status {
    VVS_IUT_OK,
    VVS_IUT_EMPTY,
    VVS_IUT_BROKEN,
    VVS_IUT_CALLER,
    VVS_IUT_NONE,
    VVS_IUT_REFUSED, /* of a set-up */
    VVS_IUT_UNSUPPORTED,
    VVS_IUT_CRASHED
};

enum vvs_iut_role { VVS_IUT_QUEUE_RX, VVS_IUT_QUEUE_TX, VVS_IUT_QUEUE_EVENT };
enum { VVS_IUT_ROLES = 3 };

struct vvs_iut_region {
    uint64_t addr;
    uint64_t len;
    uint8_t *host;
    uint32_t permission; /* bit 0: the device may read, bit 1: write */
    uint32_t reserved;
};

struct vvs_iut_position {
    uint16_t avail_index; /* packed: a slot */
    uint16_t used_index;
    uint8_t avail_wrap; /* packed */
    uint8_t used_wrap;
    uint8_t given; /* 0: fresh, else 15; restore: bit n, that field n is given, not as saved */
    uint8_t reserved;
};

struct vvs_iut_queue {
    uint64_t desc;
    uint64_t driver;
    uint64_t device;
    uint32_t role;
    uint32_t size; /* as the driver said it: possibly none that a queue may have */
    uint32_t max_chain;
    struct vvs_iut_position start;
};

struct vvs_iut_image {
    uint64_t features; /* RING_PACKED makes every queue packed */
    const struct vvs_iut_region *regions;
    const struct vvs_iut_queue *queues;
    uint32_t region_count;
    uint32_t queue_count;
    uint32_t max_payload;
    uint32_t reserved;
    /* With VVS_IUT_OBSERVE: to be called after each load of an item (FORMAT.md, Races), before its
     * value is used. `item` is the number FORMAT.md gives it. */
    void (*loaded)(void *context, uint32_t item, uint32_t index, const void *host, uint32_t len);
    void *context;
};

enum vvs_iut_do {
    VVS_IUT_DO_SERVE,
    VVS_IUT_DO_POP,
    VVS_IUT_DO_PUBLISH,
    VVS_IUT_DO_FLUSH,
    VVS_IUT_DO_UNDO,
    VVS_IUT_DO_ABORT,
    VVS_IUT_DO_ARM,
    VVS_IUT_DO_DISARM,
    VVS_IUT_DO_NOTIFY,
    VVS_IUT_DO_SAVE,
    VVS_IUT_DO_RESTORE,
    VVS_IUT_DO_RESTART,
    VVS_IUT_DO_MEMORY
};

#define VVS_IUT_NEWEST UINT32_MAX

/* A packet for an rx chain. */
struct vvs_iut_send {
    uint8_t header[44];
    uint32_t payload_len;
    const uint8_t *payload;
    uint32_t written; /* payload bytes that are written, cut at the buffer's room */
    uint32_t fit;     /* 1: payload and header `len` are cut to the buffer's room */
};

struct vvs_iut_step {
    uint32_t kind; /* enum vvs_iut_do */
    uint32_t role;
    uint32_t max;   /* serve */
    uint32_t which; /* publish, undo, abort: 0 is the oldest, modulo those popped; VVS_IUT_NEWEST */
    uint8_t stage;
    uint8_t quiet;
    uint8_t again;
    uint8_t reserved;
    struct vvs_iut_position position; /* restore, restart */
    const struct vvs_iut_send *sends; /* taken from the first on */
    uint32_t send_count;              /* as many as can be asked for, default ones at the end */
    uint32_t event_count;
    const uint32_t *events;
    const struct vvs_iut_region *regions; /* memory; they live until close */
    uint32_t region_count;
    uint32_t reserved_2;
};

enum vvs_iut_kind { VVS_IUT_PACKET, VVS_IUT_REJECT, VVS_IUT_EVENT_SENT };

struct vvs_iut_chain {
    uint32_t kind; /* enum vvs_iut_kind; popped and not written yet (rx, event): as it will be */
    uint32_t id;
    uint32_t used_len;
    uint32_t capacity; /* rx: room for payload, all that a pop says of a packet */
    uint32_t event;
    uint32_t payload_len;
    uint8_t *payload; /* in the answer's `payload`, where there was room; else NULL */
    uint8_t header[44];
    char reason[60]; /* of a reject, any text, ended by 0 */
};

/* What a step answers. The harness sets the arrays and their capacities, and zeroes the rest. */
struct vvs_iut_answer {
    uint32_t status; /* enum vvs_iut_status */
    uint32_t chain_count;
    uint32_t chain_capacity;
    uint32_t sends_taken;
    uint32_t events_taken;
    uint8_t decided; /* `notify` is set */
    uint8_t notify;
    uint8_t more; /* arm */
    uint8_t reserved;
    struct vvs_iut_chain *chains;
    uint8_t *payload; /* for payload bytes, one chain's behind the other's */
    size_t payload_capacity;
    size_t payload_used;
};

struct vvs_iut {
    uint32_t abi; /* VVS_IUT_ABI */
    uint32_t supports;
    const char *name;
    const char *version;

    /* Makes a device. `image` and what it points to live until close, guest memory too.
     *
     * Out  out_setup: VVS_IUT_OK or VVS_IUT_REFUSED of each role of a queue in the image. Steps on
     *      a queue that was refused answer VVS_IUT_NONE.
     * Returns  the device, or NULL when it can't be made at all: unsupported. */
    void *(*open)(const struct vvs_iut_image *image, uint32_t out_setup[VVS_IUT_ROLES]);
    void (*step)(void *device, const struct vvs_iut_step *step, struct vvs_iut_answer *answer);
    void (*close)(void *device);
};

/* vvs_iut is what the object exports; the structure lives as long as the object is loaded. */
const struct vvs_iut *vvs_iut(void);

#ifdef __cplusplus
}
#endif

#endif
