# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Queues that start just before their indices wrap, and event positions around them."""

from collections.abc import Iterator

from conformance.runner.vectors import JSON
from conformance.tools.shapes import FORMATS, accepting, deciding, ring, safe, taken, vector

FOLDERS = ("split/index", "split/event", "packed/index", "packed/event")
WRAP = 1 << 16
SPLIT_SIZES = (1, 2, 8, 256, 32768)
PACKED_SIZES = (1, 2, 3, 5, 8, 100, 32768)
EVENT_SIZE = 8
PACKED_EVENT_SIZE = 5


def split_queue(size: int, at: int) -> JSON:
    return {"role": "tx", "size": size, "avail_index": at, "used_index": at}


def packed_queue(size: int, slot: int, wrap: int) -> JSON:
    queue = {"role": "tx", "size": size, "avail_index": slot, "used_index": slot}
    return queue | {"avail_wrap": wrap, "used_wrap": wrap}


def split_starts(size: int) -> list[int]:
    """Where the slot wraps, where the sign of an index would, and where the index itself does."""
    return sorted({0, size - 1, size % WRAP, WRAP // 2 - 1, WRAP // 2, WRAP - size, WRAP - 2, WRAP - 1})


def split_indices() -> Iterator[JSON]:
    for size in SPLIT_SIZES:
        batch = min(size, 3)
        for start in split_starts(size):
            steps: list[JSON] = []
            answers: list[JSON] = []
            for turn in range(2):
                fills = range(turn * batch + 1, (turn + 1) * batch + 1)
                steps += [{"add_chain": {"payload_fill": fill, "elements": [{"len": 144}]}} for fill in fills]
                steps.append({"serve": {"max": batch}})
                chains = [taken(100, fill, id=(fill - 1) % size) for fill in fills]
                used = [{"id": chain["id"], "len": 0} for chain in chains]
                answers.append({"step": len(steps) - 1, "chains": chains, "used": used})
            yield vector(
                f"split/index/from-{start}-of-{size}",
                f"Two batches of {batch} from index {start} come in order, in a split ring of {size} entries",
                ["SPLIT-AVAIL-002", "SPLIT-USED-004"],
                {"queues": [split_queue(size, start)], "steps": steps},
                accepting(*answers),
            )
        yield from _too_far(size)


def _too_far(size: int) -> Iterator[JSON]:
    """One index further than the ring has entries, from the last index before the wrap."""
    start = WRAP - 1
    for ahead in (size, size + 1):
        steps: list[JSON] = [{"add_chain": {"elements": [{"len": 44, "slot": 0}]}}]
        steps += [
            {"set_word": {"word": "avail_idx", "value": (start + ahead) % WRAP}},
            {"serve": {}},
        ]
        whole = ahead == size
        expect = accepting({"step": 2, "chains": [taken(0, id=0) | {"payload": ""}]})
        yield vector(
            f"split/index/{ahead}-ahead-of-{size}",
            f"Index {start} and {ahead} is {'' if whole else 'over '}a whole ring of {size} ahead",
            ["SPLIT-AVAIL-005"],
            {"queues": [split_queue(size, start)], "steps": steps},
            expect if whole else safe("queue-error", "VVS_E_AVAIL_INDEX"),
            **({} if whole else {"twin": f"split/index/{size}-ahead-of-{size}"}),
        )


def packed_indices() -> Iterator[JSON]:
    for size in PACKED_SIZES:
        lists = (2, 1) if size > 2 else (1,)
        for start in sorted({0, max(size - 2, 0), size - 1}):
            for wrap in (0, 1):
                yield _packed_index(size, start, wrap, lists)


def _packed_index(size: int, start: int, wrap: int, lists: tuple[int, ...]) -> JSON:
    steps: list[JSON] = []
    answers: list[JSON] = []
    fill = 0
    for _ in range(2):
        chains = []
        for count in lists:
            fill += 1
            pieces = [{"len": 144}] if count == 1 else [{"len": 44}, {"len": 100}]
            steps.append({"add_chain": {"payload_fill": fill, "elements": pieces}})
            chains.append(taken(100, fill, id=(fill - 1) % size))
        steps.append({"serve": {"max": len(lists)}})
        used = [{"id": chain["id"], "len": 0} for chain in chains]
        answers.append({"step": len(steps) - 1, "chains": chains, "used": used})
    needs = ["PACK-WRAP-001", "PACK-WRAP-003"] + (["PACK-WRAP-005"] if len(lists) > 1 else [])
    return vector(
        f"packed/index/slot-{start}-wrap-{wrap}-of-{size}",
        f"Lists from slot {start} with wrap counter {wrap} come in order, in a packed ring of {size} entries",
        needs,
        {
            "image": {"features": FORMATS["packed"][0]},
            "queues": [packed_queue(size, start, wrap)],
            "steps": steps,
        },
        accepting(*answers),
    )


def _batch(count: int, first: int, size: int) -> tuple[list[JSON], list[JSON]]:
    """Steps that add `count` packets and serve them at once, and their answers; `first` were there before."""
    steps = [
        {"add_chain": {"payload_fill": first + number + 1, "elements": [{"len": 54}]}}
        for number in range(count)
    ]
    chains = [taken(10, first + number + 1, id=(first + number) % size) for number in range(count)]
    return [*steps, {"serve": {"max": count}}], chains


def _event(id_: str, title: str, needs: list[str], scenario: JSON, batch: int, size: int, yes: bool) -> JSON:
    """A packet first, so that the device knows what it signalled; then a batch, and the decision about it.
    The driver is told after the batch that reaches its event; after another one, it should be left alone."""
    once, one = _batch(1, 0, size)
    more, many = _batch(batch, 1, size)
    steps = [*scenario["steps"], *once, *more]
    before = {"step": len(scenario["steps"]) + len(once) - 1, "chains": one}
    after = {"step": len(steps) - 1, "chains": many}
    return vector(
        id_,
        title,
        needs,
        scenario | {"steps": steps},
        deciding(before, last=after, yes=yes),
    )


def split_events() -> Iterator[JSON]:
    """The device has used entries up to `at`; the driver waits for entry `event` to be used."""
    for at in (7, WRAP - 2, WRAP - 1):
        for batch in (1, 3):
            for ahead in range(-1, batch + 1):
                event = (at + ahead) % WRAP
                yes = 0 <= ahead < batch
                start = (at - 1) % WRAP
                yield _event(
                    f"split/event/{event}-batch-{at}-{batch}",
                    f"{batch} used from index {at} {'reach' if yes else 'miss'} a used_event of {event}",
                    ["SPLIT-USUP-005" if yes else "SPLIT-USUP-006"],
                    {
                        "image": ring("split", "EVENT_IDX"),
                        "queues": [split_queue(EVENT_SIZE, start)],
                        "steps": [{"set_word": {"word": "used_event", "value": event}}],
                    },
                    batch,
                    EVENT_SIZE,
                    yes,
                )


def packed_events() -> Iterator[JSON]:
    """The same in slots, with the wrap counter of the lap in bit 15."""
    size = PACKED_EVENT_SIZE
    for at, batch in ((1, 3), (size - 1, 1), (size - 1, 3)):
        reached = {(at + number) % size | (at + number < size) << 15 for number in range(batch)}
        for slot in range(size):
            for wrap in (0, 1):
                yes = (slot | wrap << 15) in reached
                yield _event(
                    f"packed/event/slot-{slot}-wrap-{wrap}-batch-{at}-{batch}",
                    f"{batch} used from slot {at} {'reach' if yes else 'miss'} event {slot} of wrap {wrap}",
                    ["PACK-EVT-003"],
                    {
                        "image": ring("packed", "EVENT_IDX"),
                        "queues": [packed_queue(size, at - 1, 1)],
                        "steps": [
                            {"set_word": {"word": "event_flags", "value": 2}},
                            {"set_word": {"word": "event_offset", "value": slot | wrap << 15}},
                        ],
                    },
                    batch,
                    size,
                    yes,
                )


def generate() -> Iterator[JSON]:
    for family in (split_indices, packed_indices, split_events, packed_events):
        yield from family()
