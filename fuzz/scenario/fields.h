/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Every record of a scenario and every field of it: the one table behind the binary codec, JSON,
 * the mutator and FORMAT.md. Tags and the order of fields are permanent: add at the end, never
 * reuse.
 *
 * SCN_RECORDS(X)   X(TAG_NAME, tag byte, "json name")
 * SCN_<TAG>(X)     X(FIELD_NAME, "json name", type, maximum)
 * A value above the maximum is taken modulo maximum + 1 when bytes are decoded. */
#ifndef SCN_FIELDS_H
#define SCN_FIELDS_H

/* Types: U8 U16 U32 U64 (little-endian, JSON numbers up to 32 bits, "0x..." strings for 64),
 * ROLE and the other enumerations (one byte, JSON strings), FEATURES (64 bits, JSON list of names),
 * BYTES (a length of 16 bits, then that many bytes; JSON hex). At most one BYTES a record. */

#define SCN_RECORDS(X)                                                                             \
    X(IMAGE, 0x01, "image")                                                                        \
    X(REGION, 0x02, "region")                                                                      \
    X(QUEUE, 0x03, "queue")                                                                        \
    X(SPAN, 0x04, "span")                                                                          \
    X(RACE, 0x05, "race")                                                                          \
    X(ELEMENT, 0x06, "element")                                                                    \
    X(ADD_CHAIN, 0x10, "add_chain")                                                                \
    X(SET_WORD, 0x11, "set_word")                                                                  \
    X(WRITE, 0x12, "write")                                                                        \
    X(SET_MEMORY, 0x13, "set_memory")                                                              \
    X(RESTART, 0x14, "restart")                                                                    \
    X(SERVE, 0x20, "serve")                                                                        \
    X(POP, 0x21, "pop")                                                                            \
    X(PUBLISH, 0x22, "publish")                                                                    \
    X(FLUSH, 0x23, "flush")                                                                        \
    X(UNDO, 0x24, "undo")                                                                          \
    X(ARM, 0x25, "arm")                                                                            \
    X(DISARM, 0x26, "disarm")                                                                      \
    X(SEND, 0x27, "send")                                                                          \
    X(SEND_EVENT, 0x28, "send_event")                                                              \
    X(ABORT, 0x29, "abort")                                                                        \
    X(SAVE, 0x2a, "save")                                                                          \
    X(RESTORE, 0x2b, "restore")                                                                    \
    X(NOTIFY, 0x2c, "notify")

/* What holds for the whole scenario. */
#define SCN_IMAGE(X)                                                                               \
    X(FEATURES, "features", FEATURES, UINT64_MAX)                                                  \
    X(MAX_PAYLOAD, "max_payload", U32, UINT32_MAX)                                                 \
    X(ACTIVE, "active", U8, 0xff)

/* Guest memory. `active` (above, and in set_memory) is a bit mask over regions: which are in the
 * table. */
#define SCN_REGION(X)                                                                              \
    X(ADDR, "addr", U64, UINT64_MAX)                                                               \
    X(LEN, "len", U64, UINT64_MAX)                                                                 \
    X(PERMISSION, "permission", U8, 3)                                                             \
    X(FRONTEND_ADDR, "frontend_addr", U64, UINT64_MAX)

#define SCN_QUEUE(X)                                                                               \
    X(ROLE, "role", ROLE, 2)                                                                       \
    X(SIZE, "size", U32, 65536)                                                                    \
    X(DESC, "desc", U64, UINT64_MAX)                                                               \
    X(DRIVER, "driver", U64, UINT64_MAX)                                                           \
    X(DEVICE, "device", U64, UINT64_MAX)                                                           \
    X(MAX_CHAIN, "max_chain", U32, 65536)                                                          \
    X(AVAIL_INDEX, "avail_index", U16, UINT16_MAX)                                                 \
    X(USED_INDEX, "used_index", U16, UINT16_MAX)                                                   \
    X(AVAIL_WRAP, "avail_wrap", U8, 1)                                                             \
    X(USED_WRAP, "used_wrap", U8, 1)

/* Contents of guest memory before the first step: `bytes`, or `len` bytes of a pattern. */
#define SCN_SPAN(X)                                                                                \
    X(ADDR, "addr", U64, UINT64_MAX)                                                               \
    X(BYTES, "bytes", BYTES, 4096)                                                                 \
    X(LEN, "len", U32, 1 << 20)                                                                    \
    X(FILL, "fill", U8, 0xff)

/* After load number `after` (from 0) of item `index` in the run, `bytes` go to `offset` of that
 * item. */
#define SCN_RACE(X)                                                                                \
    X(ITEM, "item", ITEM, 20)                                                                      \
    X(INDEX, "index", U32, UINT32_MAX)                                                             \
    X(AFTER, "after", U16, UINT16_MAX)                                                             \
    X(OFFSET, "offset", U16, UINT16_MAX)                                                           \
    X(BYTES, "bytes", BYTES, 64)

/* One element of add_chain. */
#define SCN_ELEMENT(X)                                                                             \
    X(LEN, "len", U32, UINT32_MAX)                                                                 \
    X(ADDR, "addr", U64, UINT64_MAX)                                                               \
    X(WRITABLE, "writable", U8, 1)                                                                 \
    X(REPEAT, "repeat", U32, 65536)                                                                \
    X(STRIDE, "stride", U32, UINT32_MAX)                                                           \
    X(SLOT, "slot", U16, UINT16_MAX)                                                               \
    X(NEXT, "next", U16, UINT16_MAX)                                                               \
    X(FLAGS_XOR, "flags_xor", U16, UINT16_MAX)                                                     \
    X(ID, "id", U16, UINT16_MAX)

/* The header fields, wherever a packet is said. */
#define SCN_HEADER(X)                                                                              \
    X(SRC_CID, "src_cid", U64, UINT64_MAX)                                                         \
    X(DST_CID, "dst_cid", U64, UINT64_MAX)                                                         \
    X(SRC_PORT, "src_port", U32, UINT32_MAX)                                                       \
    X(DST_PORT, "dst_port", U32, UINT32_MAX)                                                       \
    X(HDR_LEN, "hdr_len", U32, UINT32_MAX)                                                         \
    X(TYPE, "type", U16, UINT16_MAX)                                                               \
    X(OP, "op", U16, UINT16_MAX)                                                                   \
    X(FLAGS, "flags", U32, UINT32_MAX)                                                             \
    X(BUF_ALLOC, "buf_alloc", U32, UINT32_MAX)                                                     \
    X(FWD_CNT, "fwd_cnt", U32, UINT32_MAX)                                                         \
    X(PAYLOAD, "payload", BYTES, 4096)                                                             \
    X(PAYLOAD_LEN, "payload_len", U32, 1 << 20)                                                    \
    X(PAYLOAD_FILL, "payload_fill", U8, 0xff)

/* The driver makes a chain available. Its elements follow as a list of ELEMENT records. */
#define SCN_ADD_CHAIN(X)                                                                           \
    SCN_HEADER(X)                                                                                  \
    X(ROLE, "queue", ROLE, 2)                                                                      \
    X(INDIRECT, "indirect", U8, 1)                                                                 \
    X(DIRECT_COUNT, "direct_count", U16, UINT16_MAX)                                               \
    X(TABLE_ADDR, "table_addr", U64, UINT64_MAX)                                                   \
    X(TABLE_LEN, "table_len", U32, UINT32_MAX)                                                     \
    X(TABLE_FLAGS_XOR, "table_flags_xor", U16, UINT16_MAX)                                         \
    X(HEAD, "head", U16, UINT16_MAX)                                                               \
    X(ID, "id", U16, UINT16_MAX)                                                                   \
    X(HOLD, "hold", U8, 1)                                                                         \
    X(COUNT, "count", U16, 1024)

#define SCN_SET_WORD(X)                                                                            \
    X(ROLE, "queue", ROLE, 2)                                                                      \
    X(WORD, "word", WORD, 5)                                                                       \
    X(VALUE, "value", U16, UINT16_MAX)

#define SCN_WRITE(X)                                                                               \
    X(ADDR, "addr", U64, UINT64_MAX)                                                               \
    X(BYTES, "bytes", BYTES, 4096)                                                                 \
    X(LEN, "len", U32, 1 << 20)                                                                    \
    X(FILL, "fill", U8, 0xff)

#define SCN_SET_MEMORY(X) X(ACTIVE, "active", U8, 0xff)

/* Driver and device start over at these positions; ring memory is cleared. */
#define SCN_RESTART(X)                                                                             \
    X(ROLE, "queue", ROLE, 2)                                                                      \
    X(AVAIL_INDEX, "avail_index", U16, UINT16_MAX)                                                 \
    X(USED_INDEX, "used_index", U16, UINT16_MAX)                                                   \
    X(AVAIL_WRAP, "avail_wrap", U8, 1)                                                             \
    X(USED_WRAP, "used_wrap", U8, 1)

#define SCN_SERVE(X)                                                                               \
    X(ROLE, "queue", ROLE, 2)                                                                      \
    X(MAX, "max", U16, 1024)

#define SCN_POP(X) X(ROLE, "queue", ROLE, 2)

/* Returns chain number `which` (from 0, oldest first) of those popped and not yet returned. */
#define SCN_PUBLISH(X)                                                                             \
    X(ROLE, "queue", ROLE, 2)                                                                      \
    X(WHICH, "which", U16, UINT16_MAX)                                                             \
    X(STAGE, "stage", U8, 1)                                                                       \
    X(QUIET, "quiet", U8, 1)                                                                       \
    X(AGAIN, "again", U8, 1)

#define SCN_FLUSH(X)                                                                               \
    X(ROLE, "queue", ROLE, 2)                                                                      \
    X(QUIET, "quiet", U8, 1)

#define SCN_UNDO(X) X(ROLE, "queue", ROLE, 2) X(WHICH, "which", U16, UINT16_MAX)
#define SCN_ARM(X) X(ROLE, "queue", ROLE, 2)
#define SCN_DISARM(X) X(ROLE, "queue", ROLE, 2)

/* The device has a packet for the driver: it goes into the next rx chain that is served or
 * published. */
#define SCN_SEND(X) SCN_HEADER(X) X(WRITTEN, "written", U32, 1 << 20) X(IN_PLACE, "in_place", U8, 2)
#define SCN_SEND_EVENT(X) X(EVENT, "event", U32, UINT32_MAX)
#define SCN_ABORT(X) X(ROLE, "queue", ROLE, 2) X(WHICH, "which", U16, UINT16_MAX)
#define SCN_SAVE(X) X(ROLE, "queue", ROLE, 2)

/* Restarts the device alone, where `save` left it or where these fields say; ring memory stays. */
#define SCN_RESTORE(X)                                                                             \
    X(ROLE, "queue", ROLE, 2)                                                                      \
    X(AVAIL_INDEX, "avail_index", U16, UINT16_MAX)                                                 \
    X(USED_INDEX, "used_index", U16, UINT16_MAX)                                                   \
    X(AVAIL_WRAP, "avail_wrap", U8, 0xff)                                                          \
    X(USED_WRAP, "used_wrap", U8, 0xff)

#define SCN_NOTIFY(X) X(ROLE, "queue", ROLE, 2)

#endif
