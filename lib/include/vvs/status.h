/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a call found, and what a device must do about it.
 *
 * A status says what was found. vvs_status_fault says whose fault it is, vvs_status_reaction what
 * the device does next. Neither decides a protocol answer (an RST, say): that is the monitor's. */
#ifndef VVS_STATUS_H
#define VVS_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define VVS_MUST_USE __attribute__((warn_unused_result))
#else
#define VVS_MUST_USE
#endif

/* Values are stable: a value is never given a second meaning. */
enum vvs_status {
    VVS_OK = 0,
    /* Nothing is available. Not an error. */
    VVS_EMPTY = 1,

    /* Driver faults that cost one chain: VVS_REACT_RETURN. */
    VVS_E_NEXT = 100, /* split: `next` is outside the table it belongs to */
    /* More descriptors than the table has; VVS_E_CHAIN_LIMIT where max_chain is met before. */
    VVS_E_LOOP = 101,
    VVS_E_ORDER = 102,            /* device-readable element after a device-writable one */
    VVS_E_CHAIN_BYTES = 103,      /* the chain describes more than 2^32 bytes */
    VVS_E_INDIRECT_FEATURE = 104, /* INDIRECT without VIRTIO_F_INDIRECT_DESC */
    VVS_E_INDIRECT_NEXT = 105,    /* INDIRECT and NEXT in one descriptor */
    VVS_E_INDIRECT_NESTED = 106,  /* split: INDIRECT inside an indirect table */
    VVS_E_INDIRECT_MIXED = 107,   /* packed: direct elements and a table in one list */
    VVS_E_TABLE_LEN = 108,        /* table length is 0 or no multiple of 16 */
    VVS_E_TABLE_ADDR = 109,       /* table is not wholly in readable guest memory */
    VVS_E_ADDR = 110,             /* element is not wholly in guest memory of that permission */
    VVS_E_DIRECTION = 111,     /* device-writable element on tx, device-readable on rx or event */
    VVS_E_HEADER_SHORT = 112,  /* tx: fewer than 44 device-readable bytes */
    VVS_E_PAYLOAD_SHORT = 113, /* tx: `len` exceeds the bytes behind the header */
    VVS_E_BUFFER_SHORT = 114,  /* rx: fewer than 44 device-writable bytes; event: fewer than 4 */

    /* Driver faults after which the ring itself can't be trusted: VVS_REACT_BROKEN. */
    VVS_E_AVAIL_INDEX = 150,      /* split: available idx is more than the queue size ahead */
    VVS_E_HEAD = 151,             /* split: an available slot names no descriptor */
    VVS_E_LIST_UNAVAILABLE = 152, /* packed: the head is available, a later element is not */
    VVS_E_LIST_ENDLESS = 153,     /* packed: a list longer than the slots that are free */
    VVS_E_OUTSTANDING = 154, /* split: more chains outstanding, staged ones too, than entries */

    /* Driver faults at set-up, the queue does not start: VVS_REACT_BROKEN. */
    VVS_E_QUEUE_SIZE = 170, /* 0, over 32768, or (split) no power of two */
    VVS_E_RING_ALIGN = 171, /* a ring part is not aligned as the specification demands */
    VVS_E_RING_ADDR = 172,  /* a ring part is not wholly in guest memory of that permission */

    /* What is asked for is not supported: VVS_REACT_BROKEN. */
    VVS_E_FEATURE = 200,   /* a feature bit this library does not know how to honour */
    VVS_E_VERSION_1 = 201, /* VIRTIO_F_VERSION_1 is missing: there are no legacy rings here */

    /* The caller's own mistakes: VVS_REACT_CALLER_BUG. */
    VVS_E_ARGUMENT = 300,       /* an argument outside what the declaration allows */
    VVS_E_REGION_EMPTY = 301,   /* a memory region of length 0 */
    VVS_E_REGION_WRAP = 302,    /* a memory region that wraps around 2^64 */
    VVS_E_REGION_OVERLAP = 303, /* two memory regions share a guest address */
    VVS_E_TOKEN = 304,          /* the token is not in flight on this queue */
    VVS_E_IN_ORDER = 305,       /* VIRTIO_F_IN_ORDER: an older chain has to be published first */
    VVS_E_UNDO_ORDER = 306,     /* only the newest pop can be undone */
    VVS_E_STATE = 307,          /* a saved queue state that no queue of this size can have */
    VVS_E_STAGED = 308,         /* staged entries have to be flushed first */
    VVS_E_READ_ONLY = 309,      /* commit or write on a packet that came from the driver */
    VVS_E_CAPACITY = 310,       /* the range or `len` exceeds what the packet's buffer can take */
    VVS_E_UNWRITTEN = 311,      /* commit of payload bytes that nobody has written */
    VVS_E_DONE = 312,           /* the packet was committed or aborted already */

    /* Limits of this library or of its caller: VVS_REACT_RETURN where they are met in a chain (the
     * first three), else VVS_REACT_CALLER_BUG. */
    VVS_E_CHAIN_LIMIT = 400,   /* more elements than max_chain */
    VVS_E_PAYLOAD_LIMIT = 401, /* tx: `len` exceeds the caller's maximum; the header is readable */
    VVS_E_SLICES = 402,        /* the caller's slice array is too small */
    VVS_E_STORAGE = 403,       /* the caller's queue storage is too small */
    VVS_E_RING_HOST = 404,     /* a ring part is not contiguous or not aligned in host memory */
    VVS_E_LOG_SIZE = 405,      /* the dirty log does not reach the end of guest memory */
    VVS_E_REGION_COUNT = 406,  /* more regions than VVS_MAX_REGIONS */

    /* Reserved for translation through an IOMMU, VVS_REACT_RETRY: nothing returns it yet. */
    VVS_E_TRANSLATION_MISS = 500
};

/* Whose fault a status is. */
enum vvs_fault {
    VVS_FAULT_NONE,
    VVS_FAULT_DRIVER,
    VVS_FAULT_UNSUPPORTED,
    VVS_FAULT_CALLER,
    VVS_FAULT_LIMIT
};

/* What a device must do about a status. */
enum vvs_reaction {
    VVS_REACT_OK,        /* go on */
    VVS_REACT_RETURN,    /* publish the chain with length 0 and go on */
    VVS_REACT_BROKEN,    /* touch the queue no more until it is reset (DEVICE_NEEDS_RESET) */
    VVS_REACT_RETRY,     /* undo the pop and try again later */
    VVS_REACT_CALLER_BUG /* nothing the driver did: mend the caller */
};

/* vvs_status_name names `status` as it is spelled here, without a prefix change ("VVS_E_LOOP").
 *
 * Returns  a static string; "VVS_UNKNOWN" for a value that is no status. */
const char *vvs_status_name(enum vvs_status status);

/* vvs_status_fault says whose fault `status` is.
 *
 * Returns  VVS_FAULT_NONE for VVS_OK, VVS_EMPTY and VVS_E_TRANSLATION_MISS; VVS_FAULT_CALLER for a
 *          value that is no status. */
enum vvs_fault vvs_status_fault(enum vvs_status status);

/* vvs_status_reaction says what a device must do about `status`.
 *
 * Returns  VVS_REACT_RETURN for faults and limits that cost one chain, VVS_REACT_BROKEN for ring
 *          and set-up faults and what is unsupported, VVS_REACT_CALLER_BUG for the caller's
 *          mistakes, for limits met at set-up and for a value that is no status.
 * Spec     Device Status Field (DEVICE_NEEDS_RESET); The Virtqueue Used Ring. */
enum vvs_reaction vvs_status_reaction(enum vvs_status status);

#ifdef __cplusplus
}
#endif

#endif
