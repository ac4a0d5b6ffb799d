/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The observer: what a test build calls around each access to guest memory.
 *
 * A library compiled with VVS_OBSERVE defined calls vvs_observe_before and vvs_observe_after, which
 * the program provides. A release build has neither. Accesses carry the name of the item, because
 * addresses may alias: "descriptor 3", not "0x1030". */
#ifndef VVS_OBSERVE_H
#define VVS_OBSERVE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The items of guest memory. Values are permanent: scenarios name them in races. */
enum vvs_item {
    VVS_ITEM_BEGIN_POP = 0,     /* no access: a pop begins (index: unused) */
    VVS_ITEM_BEGIN_NOTIFY = 1,  /* no access: a notification decision begins */
    VVS_ITEM_BEGIN_ARM = 2,     /* no access: arming begins */
    VVS_ITEM_AVAIL_IDX = 3,     /* split: available idx */
    VVS_ITEM_AVAIL_SLOT = 4,    /* split: available ring[index] */
    VVS_ITEM_AVAIL_FLAGS = 5,   /* split: available flags */
    VVS_ITEM_USED_EVENT = 6,    /* split: used_event */
    VVS_ITEM_DESC = 7,          /* split: descriptor [index]; packed: its addr, len, id */
    VVS_ITEM_TABLE_ENTRY = 8,   /* indirect table entry [index] */
    VVS_ITEM_HEADER = 9,        /* header bytes from [index] of the stream on */
    VVS_ITEM_PACKED_FLAGS = 10, /* packed: flags of descriptor [index] */
    VVS_ITEM_EVENT_FLAGS = 11,  /* packed: driver event suppression flags */
    VVS_ITEM_EVENT_OFFSET = 12, /* packed: driver event suppression offset and wrap */
    VVS_ITEM_USED_ELEM = 13, /* split: used ring[index]; packed: id and len of descriptor [index] */
    VVS_ITEM_USED_IDX = 14,  /* split: used idx */
    VVS_ITEM_USED_FLAGS = 15,          /* split: used flags */
    VVS_ITEM_AVAIL_EVENT = 16,         /* split: avail_event */
    VVS_ITEM_DEVICE_EVENT_FLAGS = 17,  /* packed: device event suppression flags */
    VVS_ITEM_DEVICE_EVENT_OFFSET = 18, /* packed: device event suppression offset and wrap */
    VVS_ITEM_PAYLOAD = 19, /* payload bytes copied by vvs_packet_read or _write, from [index] on */
    VVS_ITEM_EVENT = 20,   /* bytes of an event, from [index] on */
    VVS_ITEM_COUNT = 21
};

enum vvs_access_kind {
    VVS_ACCESS_LOAD = 0,
    VVS_ACCESS_STORE = 1,
    VVS_ACCESS_MARK = 2, /* no access */
    VVS_ACCESS_FENCE = 3 /* no access: a full fence; of the fields only `kind` means anything */
};

struct vvs_access {
    const void *queue; /* the struct vvs_queue, or NULL for a packet's own access */
    const void *host;  /* first byte; NULL where nothing is accessed */
    uint32_t len;      /* bytes */
    uint32_t index;    /* which one of its kind */
    enum vvs_item item;
    enum vvs_access_kind kind;
};

/* vvs_observe_before is called before each access to guest memory, and for each mark and fence. */
void vvs_observe_before(const struct vvs_access *access);

/* vvs_observe_after is called after each access to guest memory: here a test plays the racing
 * guest. */
void vvs_observe_after(const struct vvs_access *access);

#ifdef __cplusplus
}
#endif

#endif
