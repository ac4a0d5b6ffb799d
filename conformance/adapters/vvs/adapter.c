/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* This project's library as an implementation under test: what vvs_iut.h wants exported. */
#include "adapter.h"

#ifdef VVS_OBSERVE
#include <vvs/observe.h>

#define OBSERVE VVS_IUT_OBSERVE

static const struct vvs_iut_image *observed;

void vvs_observe_before(const struct vvs_access *access)
{
    (void)access;
}

void vvs_observe_after(const struct vvs_access *access)
{
    if (access->kind == VVS_ACCESS_LOAD && observed != NULL && observed->loaded != NULL) {
        observed->loaded(observed->context, (uint32_t)access->item, access->index, access->host,
                         access->len);
    }
}
#else
#define OBSERVE 0
#endif

static void *open_device(const struct vvs_iut_image *image, uint32_t out_setup[VVS_IUT_ROLES])
{
#ifdef VVS_OBSERVE
    observed = image;
#endif
    return device_new(image, out_setup);
}

static void step_device(void *device, const struct vvs_iut_step *step,
                        struct vvs_iut_answer *answer)
{
    device_step(device, step, answer);
}

static void close_device(void *device)
{
#ifdef VVS_OBSERVE
    observed = NULL;
#endif
    device_free(device);
}

__attribute__((visibility("default"))) const struct vvs_iut *vvs_iut(void)
{
    static const struct vvs_iut exported = {
        .abi = VVS_IUT_ABI,
        .supports = VVS_IUT_SPLIT | VVS_IUT_PACKED | VVS_IUT_TX | VVS_IUT_RX | VVS_IUT_EVENT |
                    VVS_IUT_INDIRECT | VVS_IUT_EVENT_IDX | VVS_IUT_IN_ORDER | VVS_IUT_SERVE |
                    VVS_IUT_POP | VVS_IUT_NOTIFY | VVS_IUT_STATE | VVS_IUT_MEMORY | OBSERVE,
        .name = "vvs",
        .version = ADAPTER_VERSION,
        .open = open_device,
        .step = step_device,
        .close = close_device,
    };
    return &exported;
}
