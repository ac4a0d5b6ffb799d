/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "driver.h"

#include <vvs/spec.h>

#define NO_TABLE UINT32_MAX

void driver_start(struct driver *driver, struct guest *guest, const struct scn_scenario *scenario)
{
    driver->guest = guest;
    driver->scenario = scenario;
    driver->run++;
    driver->chain_count = 0;
    driver->element_count = 0;
    driver->poured_len = 0;
    for (uint32_t role = 0; role < GUEST_ROLES; role++) {
        const struct guest_queue *queue = &guest->queues[role];
        if (queue->present) {
            driver->queues[role] = (struct driver_queue){
                .avail_index = queue->avail_index,
                .used_index = queue->used_index,
                .avail_wrap = queue->avail_wrap,
                .used_wrap = queue->used_wrap,
            };
        }
    }
}

/* A chain while it is laid out. */
struct build {
    struct driver *driver;
    const struct scn_record *record;
    const struct guest_queue *queue;
    struct driver_queue *place;
    struct driver_chain *chain;
    uint32_t ring_count; /* elements in the ring, the referrer included */
    uint32_t referrer;   /* number of the element that refers to the table, or NO_TABLE */
    uint32_t table_from; /* elements before this one are direct */
    uint16_t slot;       /* packed: where the next ring element goes */
};

static struct driver_element *element_of(const struct build *build, uint32_t number)
{
    return &build->driver->elements[build->chain->first_element + number];
}

/* Takes the next element of the pool; NULL when it is used up. */
static struct driver_element *take(struct build *build)
{
    if (build->driver->element_count == DRIVER_MAX_ELEMENTS) {
        return NULL;
    }
    build->driver->element_count++;
    return element_of(build, build->chain->element_count++);
}

/* The ring slot of the next direct descriptor. */
static uint16_t take_slot(struct build *build)
{
    uint32_t size = build->queue->size;
    uint16_t *next = build->queue->packed ? &build->slot : &build->place->next_slot;
    uint16_t slot = *next;
    *next = (uint16_t)((slot + 1u) % size);
    build->ring_count++;
    return slot;
}

static bool add_referrer(struct build *build)
{
    struct driver_element *element = take(build);
    if (element == NULL) {
        return false;
    }
    build->referrer = build->chain->element_count - 1;
    *element = (struct driver_element){
        .flags = (uint16_t)(VVS_DESC_F_INDIRECT ^
                            scn_get(build->record, SCN_ADD_CHAIN_F_TABLE_FLAGS_XOR, 0)),
        .id = build->chain->id,
        .slot = take_slot(build),
        .place = DRIVER_REFERRER,
    };
    return true;
}

/* Adds copy number `copy` of what `said` describes. */
static bool add_element(struct build *build, const struct scn_record *said, uint64_t addr,
                        uint32_t len, uint32_t copy)
{
    bool writable = scn_get(said, SCN_ELEMENT_F_WRITABLE, build->queue->role != VVS_QUEUE_TX) != 0;
    bool last = copy + 1 >= scn_get(said, SCN_ELEMENT_F_REPEAT, 1);
    if (build->referrer == NO_TABLE && build->chain->element_count == build->table_from &&
        !add_referrer(build)) {
        return false;
    }
    struct driver_element *element = take(build);
    if (element == NULL) {
        return false;
    }
    bool direct = build->referrer == NO_TABLE;
    *element = (struct driver_element){
        .addr = addr,
        .len = len,
        .flags = (uint16_t)((writable ? VVS_DESC_F_WRITE : 0) ^
                            scn_get(said, SCN_ELEMENT_F_FLAGS_XOR, 0)),
        .next = (uint16_t)scn_get(said, SCN_ELEMENT_F_NEXT, 0),
        .id = (uint16_t)scn_get(said, SCN_ELEMENT_F_ID, direct ? build->chain->id : 0),
        .place = direct ? DRIVER_DIRECT : DRIVER_TABLE,
        .writable = writable,
        .next_said = last && scn_has(said, SCN_ELEMENT_F_NEXT),
    };
    if (!direct) {
        element->slot = (uint16_t)(build->chain->element_count - 1 - build->ring_count);
    } else if (scn_has(said, SCN_ELEMENT_F_SLOT) && !build->queue->packed) {
        element->slot = (uint16_t)(said->value[SCN_ELEMENT_F_SLOT] + copy);
        build->ring_count++;
    } else {
        element->slot = take_slot(build);
    }
    *(writable ? &build->chain->writable_len : &build->chain->readable_len) += len;
    return true;
}

static bool add_copies(struct build *build, const struct scn_record *said, uint32_t default_len)
{
    uint32_t len = (uint32_t)scn_get(said, SCN_ELEMENT_F_LEN, default_len);
    uint64_t stride = scn_get(said, SCN_ELEMENT_F_STRIDE, len);
    uint32_t count = (uint32_t)scn_get(said, SCN_ELEMENT_F_REPEAT, 1);
    uint64_t addr = 0;
    if (scn_has(said, SCN_ELEMENT_F_ADDR)) {
        addr = said->value[SCN_ELEMENT_F_ADDR];
    } else if (count != 0) {
        addr = guest_alloc(build->driver->guest, stride * (count - 1) + len);
    }
    for (uint32_t copy = 0; copy < count; copy++) {
        if (!add_element(build, said, addr + stride * copy, len, copy)) {
            return false;
        }
    }
    return true;
}

/* What one element of a chain without elements holds. */
static uint32_t whole_len(const struct build *build)
{
    struct packet_source packet;
    switch (build->queue->role) {
    case VVS_QUEUE_RX:
        return 3776; /* as Linux offers */
    case VVS_QUEUE_EVENT:
        return VVS_EVENT_BYTES;
    default:
        packet_source_init(&packet, build->driver->scenario, build->record, true, 0);
        return VVS_HDR_BYTES + packet.payload_len;
    }
}

static void expand(struct build *build)
{
    static const struct scn_record nothing_said;
    const struct scn_scenario *scenario = build->driver->scenario;
    const struct scn_record *record = build->record;
    bool room = true;
    if (record->element_count == 0) {
        room = add_copies(build, &nothing_said, whole_len(build));
    }
    for (uint32_t i = 0; i < record->element_count && room; i++) {
        const struct scn_record *said = &scenario->elements[record->element_first + i];
        room = add_copies(build, said, VVS_HDR_BYTES);
    }
    if (room && build->referrer == NO_TABLE && scn_get(record, SCN_ADD_CHAIN_F_INDIRECT, 0) != 0) {
        add_referrer(build);
    }
}

/* NEXT and `next`, once it is known what follows; the same for the ring's part and for the
 * table's. */
static void link_part(const struct build *build, uint32_t from, uint32_t end)
{
    bool packed = build->queue->packed;
    for (uint32_t i = from; i < end; i++) {
        struct driver_element *element = element_of(build, i);
        bool last = i + 1 == end;
        if (!last && !(packed && element->place == DRIVER_TABLE)) {
            element->flags ^= VVS_DESC_F_NEXT;
        }
        if (!last && !element->next_said) {
            element->next = element_of(build, i + 1)->slot;
        }
    }
}

static void link_chain(const struct build *build)
{
    const struct scn_record *record = build->record;
    struct driver_chain *chain = build->chain;
    link_part(build, 0, build->ring_count);
    link_part(build, build->ring_count, chain->element_count);
    if (build->referrer != NO_TABLE) {
        uint32_t bytes = (chain->element_count - build->ring_count) * VVS_DESC_BYTES;
        struct driver_element *referrer = element_of(build, build->referrer);
        referrer->addr = scn_has(record, SCN_ADD_CHAIN_F_TABLE_ADDR)
                             ? record->value[SCN_ADD_CHAIN_F_TABLE_ADDR]
                             : guest_alloc(build->driver->guest, bytes);
        referrer->len = (uint32_t)scn_get(record, SCN_ADD_CHAIN_F_TABLE_LEN, bytes);
        chain->table_addr = referrer->addr;
    }
}

/* Writes bytes `offset` to `offset + len` of header and payload to guest memory, as far as it is
 * mapped. */
static void pour_piece(struct guest *guest, const struct packet_source *packet, uint32_t offset,
                       uint64_t addr, uint32_t len)
{
    uint64_t room;
    for (uint8_t *host; len > 0 && (host = guest_at(guest, &room, addr)) != NULL;) {
        uint32_t piece = room < len ? (uint32_t)room : len;
        if (offset < VVS_HDR_BYTES) {
            piece = piece < VVS_HDR_BYTES - offset ? piece : VVS_HDR_BYTES - offset;
            guest_write(guest, addr, packet->header + offset, piece);
        } else {
            packet_source_bytes(packet, host, offset - VVS_HDR_BYTES, piece);
            guest_touch(guest, host, piece);
        }
        offset += piece;
        addr += piece;
        len -= piece;
    }
}

static void pour(struct build *build)
{
    struct driver *driver = build->driver;
    struct driver_chain *chain = build->chain;
    uint64_t behind = chain->readable_len < VVS_HDR_BYTES ? 0 : chain->readable_len - VVS_HDR_BYTES;
    uint32_t default_len = behind < (1u << 20) ? (uint32_t)behind : 1u << 20;
    packet_source_init(&chain->packet, driver->scenario, build->record, true, default_len);
    chain->poured = true;
    uint32_t total = VVS_HDR_BYTES + chain->packet.payload_len;
    uint32_t offset = 0;
    for (uint32_t i = 0; i < chain->element_count && offset < total; i++) {
        const struct driver_element *element = element_of(build, i);
        if (element->place == DRIVER_REFERRER || element->writable) {
            continue;
        }
        uint32_t piece = element->len < total - offset ? element->len : total - offset;
        if (piece > DRIVER_MAX_POURED - driver->poured_len) {
            break;
        }
        driver->poured_len += piece;
        pour_piece(driver->guest, &chain->packet, offset, element->addr, piece);
        offset += piece;
    }
}

static void write_descriptor(struct guest *guest, uint64_t addr,
                             const struct driver_element *element, bool packed, uint16_t flags)
{
    uint8_t bytes[VVS_DESC_BYTES];
    uint16_t sixth = packed ? element->id : flags;
    uint16_t seventh = packed ? flags : element->next;
    for (uint32_t i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(element->addr >> 8 * i);
    }
    for (uint32_t i = 0; i < 4; i++) {
        bytes[8 + i] = (uint8_t)(element->len >> 8 * i);
    }
    bytes[12] = (uint8_t)sixth;
    bytes[13] = (uint8_t)(sixth >> 8);
    bytes[14] = (uint8_t)seventh;
    bytes[15] = (uint8_t)(seventh >> 8);
    guest_write(guest, addr, bytes, sizeof bytes);
}

/* Table first, then the ring from its last descriptor to the head, as a driver must on a packed
 * ring. */
static void write_chain(const struct build *build)
{
    const struct driver_chain *chain = build->chain;
    const struct guest_queue *queue = build->queue;
    struct guest *guest = build->driver->guest;
    for (uint32_t i = chain->element_count; i > 0; i--) {
        struct driver_element *element = element_of(build, i - 1);
        if (element->place == DRIVER_TABLE) {
            write_descriptor(guest, chain->table_addr + UINT64_C(16) * element->slot, element,
                             queue->packed, element->flags);
            continue;
        }
        if (queue->packed) {
            uint32_t laps = (build->place->avail_index + i - 1) / queue->size;
            bool wrap = (build->place->avail_wrap ^ (laps & 1u)) != 0;
            bool withheld = chain->held && i == 1;
            element->flags ^= wrap ? VVS_PACKED_DESC_F_AVAIL : VVS_PACKED_DESC_F_USED;
            element->flags ^= withheld ? VVS_PACKED_DESC_F_AVAIL : 0;
        }
        write_descriptor(guest, queue->desc + UINT64_C(16) * element->slot, element, queue->packed,
                         element->flags);
    }
}

/* Moves a place in a packed ring on by `count` slots. */
static void advance(uint16_t *index, uint8_t *wrap, uint32_t count, uint32_t size)
{
    uint32_t end = *index + count;
    *index = (uint16_t)(end % size);
    *wrap = (uint8_t)((*wrap ^ end / size) & 1u);
}

static void make_available(const struct build *build)
{
    struct driver_chain *chain = build->chain;
    struct driver_queue *place = build->place;
    const struct guest_queue *queue = build->queue;
    struct guest *guest = build->driver->guest;
    chain->head = element_of(build, 0)->slot;
    if (queue->packed) {
        chain->id = element_of(build, build->ring_count - 1)->id;
        build->driver->spans[queue->role][chain->id] =
            (struct driver_span){build->driver->run, build->ring_count};
        advance(&place->avail_index, &place->avail_wrap, build->ring_count, queue->size);
        return;
    }
    chain->head = (uint16_t)scn_get(build->record, SCN_ADD_CHAIN_F_HEAD, chain->head);
    chain->id = chain->head;
    uint64_t slot = place->avail_index % queue->size;
    guest_put16(guest, queue->driver + VVS_AVAIL_RING_OFFSET + VVS_AVAIL_SLOT_BYTES * slot,
                chain->head);
    place->avail_index++;
    if (!chain->held) {
        guest_put16(guest, queue->driver + VVS_AVAIL_IDX_OFFSET, place->avail_index);
    }
}

static void add_one(struct driver *driver, const struct scn_record *record,
                    const struct guest_queue *queue, uint32_t step)
{
    struct driver_queue *place = &driver->queues[queue->role];
    struct driver_chain *chain = &driver->chains[driver->chain_count];
    bool indirect = scn_get(record, SCN_ADD_CHAIN_F_INDIRECT, 0) != 0;
    uint16_t next_id = place->next_id;
    *chain = (struct driver_chain){
        .first_element = driver->element_count,
        .step = step,
        .id = (uint16_t)scn_get(record, SCN_ADD_CHAIN_F_ID, next_id),
        .role = queue->role,
        .held = scn_get(record, SCN_ADD_CHAIN_F_HOLD, 0) != 0,
    };
    struct build build = {
        .driver = driver,
        .record = record,
        .queue = queue,
        .place = place,
        .chain = chain,
        .referrer = NO_TABLE,
        .table_from =
            indirect ? (uint32_t)scn_get(record, SCN_ADD_CHAIN_F_DIRECT_COUNT, 0) : UINT32_MAX,
        .slot = (uint16_t)(place->avail_index % queue->size),
    };
    expand(&build);
    if (build.ring_count == 0) {
        return;
    }
    if (!scn_has(record, SCN_ADD_CHAIN_F_ID)) {
        place->next_id = (uint16_t)((next_id + 1u) % queue->size);
    }
    driver->chain_count++;
    link_chain(&build);
    if (queue->role == VVS_QUEUE_TX && chain->readable_len != 0) {
        pour(&build);
    }
    write_chain(&build);
    make_available(&build);
}

void driver_add_chain(struct driver *driver, uint32_t step)
{
    const struct scn_record *record = &driver->scenario->steps[step];
    const struct guest_queue *queue = &driver->guest->queues[scn_role_of(driver->scenario, record)];
    uint32_t count = (uint32_t)scn_get(record, SCN_ADD_CHAIN_F_COUNT, 1);
    if (!queue->present || queue->size == 0) {
        return;
    }
    for (uint32_t i = 0; i < count && driver->chain_count < DRIVER_MAX_CHAINS; i++) {
        add_one(driver, record, queue, step);
    }
}

void driver_set_word(struct driver *driver, const struct scn_record *step)
{
    uint32_t role = scn_role_of(driver->scenario, step);
    const struct guest_queue *queue = &driver->guest->queues[role];
    struct driver_queue *place = &driver->queues[role];
    uint16_t value = (uint16_t)scn_get(step, SCN_SET_WORD_F_VALUE, 0);
    uint64_t word = scn_get(step, SCN_SET_WORD_F_WORD, SCN_WORD_AVAIL_IDX);
    bool packed_word = word == SCN_WORD_EVENT_OFFSET || word == SCN_WORD_EVENT_FLAGS;
    if (!queue->present || queue->size == 0) {
        return;
    }
    if (word == SCN_WORD_NEXT_AVAIL) {
        place->avail_index = (uint16_t)(queue->packed ? (value & 0x7fffu) % queue->size : value);
        place->avail_wrap = queue->packed ? (uint8_t)(value >> 15) : 0;
        return;
    }
    if (packed_word != queue->packed) {
        return;
    }
    const uint64_t offsets[] = {
        [SCN_WORD_AVAIL_IDX] = VVS_AVAIL_IDX_OFFSET,
        [SCN_WORD_AVAIL_FLAGS] = 0,
        [SCN_WORD_USED_EVENT] = VVS_AVAIL_RING_OFFSET + UINT64_C(2) * queue->size,
        [SCN_WORD_EVENT_OFFSET] = 0,
        [SCN_WORD_EVENT_FLAGS] = VVS_PACKED_EVENT_FLAGS_OFFSET,
    };
    guest_put16(driver->guest, queue->driver + offsets[word], value);
}

void driver_restart(struct driver *driver, const struct scn_record *step)
{
    uint32_t role = scn_role_of(driver->scenario, step);
    struct guest *guest = driver->guest;
    struct guest_queue *queue = &guest->queues[role];
    if (!queue->present) {
        return;
    }
    guest_fill(guest, queue->desc, queue->desc_len, 0);
    guest_fill(guest, queue->driver, queue->driver_len, 0);
    guest_fill(guest, queue->device, queue->device_len, 0);
    guest_start_queue(guest, queue, step, SCN_RESTART_F_AVAIL_INDEX);
    driver->queues[role] = (struct driver_queue){
        .avail_index = queue->avail_index,
        .used_index = queue->used_index,
        .avail_wrap = queue->avail_wrap,
        .used_wrap = queue->used_wrap,
    };
}

uint16_t driver_used_index(const struct driver *driver, uint32_t role)
{
    const struct guest_queue *queue = &driver->guest->queues[role];
    return guest_get16(driver->guest, queue->device + VVS_USED_IDX_OFFSET);
}

static uint32_t get32(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static uint32_t collect_split(const struct driver *driver, struct driver_used *out_used,
                              uint32_t capacity, const struct guest_queue *queue, uint16_t from)
{
    uint32_t count = (uint16_t)(driver_used_index(driver, queue->role) - from);
    for (uint32_t i = 0; count <= queue->size && i < count && i < capacity; i++) {
        uint8_t raw[VVS_USED_ELEM_BYTES] = {0};
        uint64_t slot = (uint16_t)(from + i) % queue->size;
        guest_read(driver->guest, raw,
                   queue->device + VVS_USED_RING_OFFSET + VVS_USED_ELEM_BYTES * slot, sizeof raw);
        out_used[i] = (struct driver_used){get32(raw), get32(raw + 4)};
    }
    return count;
}

static uint32_t collect_packed(struct driver *driver, struct driver_used *out_used,
                               uint32_t capacity, const struct guest_queue *queue)
{
    struct driver_queue *place = &driver->queues[queue->role];
    uint32_t count = 0;
    for (; count < queue->size; count++) {
        uint8_t raw[VVS_DESC_BYTES] = {0};
        guest_read(driver->guest, raw, queue->desc + UINT64_C(16) * place->used_index, sizeof raw);
        uint16_t flags = (uint16_t)(raw[14] | raw[15] << 8);
        bool avail = (flags & VVS_PACKED_DESC_F_AVAIL) != 0;
        bool used = (flags & VVS_PACKED_DESC_F_USED) != 0;
        if (avail != used || used != (place->used_wrap != 0)) {
            break;
        }
        uint16_t id = (uint16_t)(raw[12] | raw[13] << 8);
        if (count < capacity) {
            /* Without WRITE the length is reserved: whatever is there counts as nothing written. */
            uint32_t len = (flags & VVS_DESC_F_WRITE) != 0 ? get32(raw + 8) : 0;
            out_used[count] = (struct driver_used){id, len};
        }
        const struct driver_span *span = &driver->spans[queue->role][id];
        advance(&place->used_index, &place->used_wrap, span->run == driver->run ? span->count : 1,
                queue->size);
    }
    return count;
}

uint32_t driver_collect(struct driver *driver, struct driver_used *out_used, uint32_t capacity,
                        uint32_t role, uint16_t from)
{
    const struct guest_queue *queue = &driver->guest->queues[role];
    return queue->packed ? collect_packed(driver, out_used, capacity, queue)
                         : collect_split(driver, out_used, capacity, queue, from);
}
