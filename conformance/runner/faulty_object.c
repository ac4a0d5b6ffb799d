/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A shared object in front of another one, whose answers it spoils: the environment says which
 * object (FAULTY_OBJECT) and how (FAULTY). For tests of what looks at answers. */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <vvs_iut.h>

static const struct vvs_iut *behind;
static struct vvs_iut front;
static const struct vvs_iut_image *image;

static bool fault_is(const char *name)
{
    const char *fault = getenv("FAULTY");
    return fault != NULL && strcmp(fault, name) == 0;
}

static const struct vvs_iut_region *region_of(uint64_t addr)
{
    for (uint32_t i = 0; i < image->region_count; i++) {
        if (addr - image->regions[i].addr < image->regions[i].len) {
            return &image->regions[i];
        }
    }
    return NULL;
}

static uint8_t *host_of(uint64_t addr)
{
    const struct vvs_iut_region *region = region_of(addr);
    return region != NULL ? region->host + (addr - region->addr) : NULL;
}

static bool is_packed(void)
{
    return (image->features >> 34 & 1) != 0;
}

static uint64_t number_at(const uint8_t *bytes, uint32_t len)
{
    uint64_t value = 0;
    while (len-- > 0) {
        value = value << 8 | bytes[len];
    }
    return value;
}

static void flip(uint8_t *host)
{
    if (host != NULL) {
        *host ^= 1;
    }
}

/* Writes around the first descriptor of the first queue: to itself, if split; behind its element;
 * or into an element that is in memory for reading. */
static void write_astray(void)
{
    const uint8_t *first = host_of(image->queues[0].desc);
    if (first == NULL) {
        return;
    }
    uint64_t addr = number_at(first, 8);
    const struct vvs_iut_region *region = region_of(addr);
    if (fault_is("descriptor") && !is_packed()) {
        flip(host_of(image->queues[0].desc + 8));
    } else if (fault_is("behind-element")) {
        flip(host_of(addr + number_at(first + 8, 4)));
    } else if (fault_is("read-only") && region != NULL && (region->permission & 2) == 0) {
        flip(host_of(addr));
    }
}

/* Takes the mark of used elements away that something was written. */
static void unmark(void)
{
    for (uint32_t i = 0; i < image->queues[0].size && is_packed(); i++) {
        uint8_t *flags = host_of(image->queues[0].desc + UINT64_C(16) * i + 14);
        if (flags != NULL) {
            *flags &= (uint8_t)~2u;
        }
    }
}

/* Unseen by a sanitizer, as an implementation is that was built without. */
__attribute__((no_sanitize("address"))) static void write_behind(void)
{
    image->regions[0].host[image->regions[0].len] = 1;
}

static void *open_device(const struct vvs_iut_image *said, uint32_t out_setup[VVS_IUT_ROLES])
{
    image = said;
    return fault_is("no-device") ? NULL : behind->open(said, out_setup);
}

static void spoil_chain(struct vvs_iut_answer *answer)
{
    struct vvs_iut_chain *chain = &answer->chains[0];
    if (fault_is("payload") && chain->payload != NULL && chain->payload_len != 0) {
        chain->payload[chain->payload_len - 1] ^= 1;
    } else if (fault_is("header")) {
        chain->header[30] ^= 1;
    } else if (fault_is("id")) {
        chain->id++;
    } else if (fault_is("used-len")) {
        chain->used_len++;
    } else if (fault_is("kind")) {
        chain->kind = chain->kind == VVS_IUT_REJECT ? VVS_IUT_PACKET : VVS_IUT_REJECT;
    } else if (fault_is("lost")) {
        answer->chain_count--;
    }
}

static void step_device(void *device, const struct vvs_iut_step *step,
                        struct vvs_iut_answer *answer)
{
    if (fault_is("crash")) {
        abort();
    }
    behind->step(device, step, answer);
    if (answer->chain_count != 0) {
        spoil_chain(answer);
    }
    if (fault_is("notify")) {
        answer->notify = !answer->notify;
    } else if (fault_is("more")) {
        answer->more = !answer->more;
    } else if (fault_is("status")) {
        answer->status = VVS_IUT_BROKEN;
    } else if (fault_is("says-it-crashed")) {
        answer->status = VVS_IUT_CRASHED;
    } else if (fault_is("unmarked")) {
        unmark();
    } else if (fault_is("behind")) {
        write_behind();
    }
    write_astray();
}

const struct vvs_iut *vvs_iut(void)
{
    const struct vvs_iut *(*get)(void);
    const char *path = getenv("FAULTY_OBJECT");
    void *object = path != NULL ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    void *symbol = object != NULL ? dlsym(object, "vvs_iut") : NULL;
    if (symbol == NULL) {
        return NULL;
    }
    memcpy((void *)&get, (const void *)&symbol, sizeof get);
    behind = get();
    front = *behind;
    front.open = open_device;
    front.step = step_device;
    front.name = "faulty";
    if (fault_is("abi")) {
        front.abi++;
    } else if (fault_is("split-only")) {
        front.supports &= ~(uint32_t)VVS_IUT_PACKED;
    }
    return &front;
}
