/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vvs/status.h"

#include <stddef.h>
#include <stdint.h>

/* One row a status; what it means stands in the header. */
struct vvs_status_row {
    uint16_t status;
    uint8_t fault;
    uint8_t reaction;
    const char *name;
};

#define VVS_ROW(status, fault, reaction) {status, VVS_FAULT_##fault, VVS_REACT_##reaction, #status}

static const struct vvs_status_row vvs_status_rows[] = {
    VVS_ROW(VVS_OK, NONE, OK),
    VVS_ROW(VVS_EMPTY, NONE, OK),
    VVS_ROW(VVS_E_NEXT, DRIVER, RETURN),
    VVS_ROW(VVS_E_LOOP, DRIVER, RETURN),
    VVS_ROW(VVS_E_ORDER, DRIVER, RETURN),
    VVS_ROW(VVS_E_CHAIN_BYTES, DRIVER, RETURN),
    VVS_ROW(VVS_E_INDIRECT_FEATURE, DRIVER, RETURN),
    VVS_ROW(VVS_E_INDIRECT_NEXT, DRIVER, RETURN),
    VVS_ROW(VVS_E_INDIRECT_NESTED, DRIVER, RETURN),
    VVS_ROW(VVS_E_INDIRECT_MIXED, DRIVER, RETURN),
    VVS_ROW(VVS_E_TABLE_LEN, DRIVER, RETURN),
    VVS_ROW(VVS_E_TABLE_ADDR, DRIVER, RETURN),
    VVS_ROW(VVS_E_ADDR, DRIVER, RETURN),
    VVS_ROW(VVS_E_DIRECTION, DRIVER, RETURN),
    VVS_ROW(VVS_E_HEADER_SHORT, DRIVER, RETURN),
    VVS_ROW(VVS_E_PAYLOAD_SHORT, DRIVER, RETURN),
    VVS_ROW(VVS_E_BUFFER_SHORT, DRIVER, RETURN),
    VVS_ROW(VVS_E_AVAIL_INDEX, DRIVER, BROKEN),
    VVS_ROW(VVS_E_HEAD, DRIVER, BROKEN),
    VVS_ROW(VVS_E_LIST_UNAVAILABLE, DRIVER, BROKEN),
    VVS_ROW(VVS_E_LIST_ENDLESS, DRIVER, BROKEN),
    VVS_ROW(VVS_E_OUTSTANDING, DRIVER, BROKEN),
    VVS_ROW(VVS_E_QUEUE_SIZE, DRIVER, BROKEN),
    VVS_ROW(VVS_E_RING_ALIGN, DRIVER, BROKEN),
    VVS_ROW(VVS_E_RING_ADDR, DRIVER, BROKEN),
    VVS_ROW(VVS_E_FEATURE, UNSUPPORTED, BROKEN),
    VVS_ROW(VVS_E_VERSION_1, UNSUPPORTED, BROKEN),
    VVS_ROW(VVS_E_ARGUMENT, CALLER, CALLER_BUG),
    VVS_ROW(VVS_E_REGION_EMPTY, CALLER, CALLER_BUG),
    VVS_ROW(VVS_E_REGION_WRAP, CALLER, CALLER_BUG),
    VVS_ROW(VVS_E_REGION_OVERLAP, CALLER, CALLER_BUG),
    VVS_ROW(VVS_E_TOKEN, CALLER, CALLER_BUG),
    VVS_ROW(VVS_E_IN_ORDER, CALLER, CALLER_BUG),
    VVS_ROW(VVS_E_UNDO_ORDER, CALLER, CALLER_BUG),
    VVS_ROW(VVS_E_STATE, CALLER, CALLER_BUG),
    VVS_ROW(VVS_E_STAGED, CALLER, CALLER_BUG),
    VVS_ROW(VVS_E_READ_ONLY, CALLER, CALLER_BUG),
    VVS_ROW(VVS_E_CAPACITY, CALLER, CALLER_BUG),
    VVS_ROW(VVS_E_UNWRITTEN, CALLER, CALLER_BUG),
    VVS_ROW(VVS_E_DONE, CALLER, CALLER_BUG),
    VVS_ROW(VVS_E_CHAIN_LIMIT, LIMIT, RETURN),
    VVS_ROW(VVS_E_PAYLOAD_LIMIT, LIMIT, RETURN),
    VVS_ROW(VVS_E_SLICES, LIMIT, RETURN),
    VVS_ROW(VVS_E_STORAGE, LIMIT, CALLER_BUG),
    VVS_ROW(VVS_E_RING_HOST, LIMIT, CALLER_BUG),
    VVS_ROW(VVS_E_LOG_SIZE, LIMIT, CALLER_BUG),
    VVS_ROW(VVS_E_REGION_COUNT, LIMIT, CALLER_BUG),
    VVS_ROW(VVS_E_TRANSLATION_MISS, NONE, RETRY),
};

static const struct vvs_status_row *vvs_status_row(enum vvs_status status)
{
    for (size_t i = 0; i < sizeof(vvs_status_rows) / sizeof(vvs_status_rows[0]); i++) {
        if (vvs_status_rows[i].status == (uint32_t)status) {
            return &vvs_status_rows[i];
        }
    }
    return NULL;
}

const char *vvs_status_name(enum vvs_status status)
{
    const struct vvs_status_row *row = vvs_status_row(status);
    return row ? row->name : "VVS_UNKNOWN";
}

enum vvs_fault vvs_status_fault(enum vvs_status status)
{
    const struct vvs_status_row *row = vvs_status_row(status);
    return row ? (enum vvs_fault)row->fault : VVS_FAULT_CALLER;
}

enum vvs_reaction vvs_status_reaction(enum vvs_status status)
{
    const struct vvs_status_row *row = vvs_status_row(status);
    return row ? (enum vvs_reaction)row->reaction : VVS_REACT_CALLER_BUG;
}
