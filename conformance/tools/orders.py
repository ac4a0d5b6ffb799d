# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Order in packed rings, and of IN_ORDER in both: where a device looks, what comes first, which id counts."""

from collections.abc import Iterator
from itertools import permutations

from conformance.runner.vectors import JSON
from conformance.tools.shapes import FORMATS, accepting, ring, safe, taken, vector, words

FOLDERS = ("packed/poll", "packed/order", "packed/ids", "packed/free", "queue/in-order")
SIZE = 8
BEGUN = (3, 1, 2)  # elements of three lists in flight


def pieces(count: int, **more: object) -> list[JSON]:
    """Elements of a packet with 10 bytes of payload behind its header, in `count` pieces."""
    if count == 1:
        return [{"len": 54} | more]
    spare = [{"len": 1, "repeat": count - 2}] if count > 2 else []
    return [{"len": 44} | more, *spare, {"len": 12 - count}]


def packed(size: int, *steps: JSON, **start: int) -> JSON:
    queue: JSON = {"role": "tx", "size": size} | start
    return {"image": {"features": FORMATS["packed"][0]}, "queues": [queue], "steps": list(steps)}


def polls() -> Iterator[JSON]:
    """The next slot is not available; one behind it looks as if it were, and waits until its turn."""
    for at, gap in ((0, 1), (0, 2), (3, 1), (6, 1), (7, 1), (6, 2)):
        start = {"avail_index": at, "used_index": at, "avail_wrap": 1, "used_wrap": 1}
        held = {"add_chain": {"payload_fill": 1, "hold": 1, "elements": pieces(gap)}}
        ahead = {"add_chain": {"payload_fill": 2, "elements": pieces(1)}}
        # Slot `at` becomes available: its flags have AVAIL, and NEXT where a second element follows.
        flags = 0x80 | (1 if gap > 1 else 0)
        shown = {"write": {"addr": f"{0x100000 + 16 * at + 14:#x}", "bytes": f"{flags:02x}00"}}
        yield vector(
            f"packed/poll/gap-{gap}-at-{at}",
            f"An available descriptor behind {gap} that are not, from slot {at}, waits for them",
            ["PACK-POLL-001"],
            packed(SIZE, held, ahead, {"serve": {"max": 2}}, shown, {"serve": {"max": 2}}, **start),
            accepting(
                {"step": 2, "chains": [], "used": []},
                {"step": 4, "chains": [taken(10, 1, id=0), taken(10, 2, id=1)]},
            ),
        )


def serving() -> Iterator[JSON]:
    """Lists of every kind come in the order of the ring, one by one and all at once."""
    indirect = {"features": FORMATS["packed-indirect"][0]}
    kinds = [(1, 0), (3, 0), (2, 1), (1, 1), (2, 0)]
    for at in (0, 4, 7):
        start = {"avail_index": at, "used_index": at, "avail_wrap": 1, "used_wrap": 1}
        offered: list[JSON] = [
            {"add_chain": {"payload_fill": n + 1, "indirect": table, "elements": pieces(count)}}
            for n, (count, table) in enumerate(kinds)
        ]
        chains = [taken(10, n + 1, id=n) for n in range(len(kinds))]
        for batch in (1, len(kinds)):
            rounds = len(kinds) // batch
            steps = offered + [{"serve": {"max": batch}}] * rounds
            answers = [
                {"step": len(offered) + turn, "chains": chains[turn * batch : (turn + 1) * batch]}
                for turn in range(rounds)
            ]
            yield vector(
                f"packed/order/serve-{batch}-from-{at}",
                f"Direct and indirect lists come in ring order from slot {at}, {batch} at a time",
                ["PACK-DEV-001", "SPLIT-FRM-004"],
                packed(9, *steps, **start) | {"image": indirect},
                accepting(*answers),
            )


def returning() -> Iterator[JSON]:
    """Three lists in flight come back in each order; the driver finds them one behind the other."""
    for order in permutations(range(3)):
        steps: list[JSON] = [
            {"add_chain": {"payload_fill": n + 1, "elements": pieces(count)}} for n, count in enumerate(BEGUN)
        ]
        steps += [{"pop": {}}] * 3
        answers: list[JSON] = [{"step": 3 + n, "chains": [taken(10, n + 1, id=n)]} for n in range(3)]
        held = [0, 1, 2]
        for id_ in order:
            answers.append({"step": len(steps), "used": [{"id": id_, "len": 0}]})
            steps.append({"publish": {"which": held.index(id_)}})
            held.remove(id_)
        yield vector(
            f"packed/order/back-{'-'.join(str(id_) for id_ in order)}",
            f"Lists that come back as {', '.join(str(id_) for id_ in order)} leave no gap",
            ["PACK-DEV-002", "DEV-VQ-002", "SPLIT-FRM-004"],
            packed(SIZE, *steps),
            accepting(*answers),
        )


def ids() -> Iterator[JSON]:
    """Each element has an id of its own; that of the last one is the list's."""
    for count in (1, 2, 3, 7, 8):
        elements = [{"len": 44, "id": 100}, *({"len": 10, "id": 100 + n} for n in range(1, count))]
        payload = 10 * (count - 1)
        packet = taken(payload, 5, id=99 + count)
        if not payload:
            packet["payload"] = ""
        yield vector(
            f"packed/ids/list-of-{count}",
            f"A list of {count} elements with ids from 100 on comes back once, as {99 + count}",
            ["PACK-MULTI-001", "PACK-NEXT-002", *(["SPLIT-FRM-004"] if count > 2 else [])],
            packed(SIZE, {"add_chain": {"payload_fill": 5, "elements": elements}}, {"serve": {"max": 2}}),
            accepting({"step": 1, "chains": [packet], "used": [{"id": 99 + count, "len": 0}]}),
        )


def free_slots() -> Iterator[JSON]:
    """A list beside one in flight that fits into the free slots; and one whose tail lies on it."""
    for size, first in ((4, 3), (8, 6), (5, 4)):
        for more in (size - first, size - first + 1):
            fits = first + more <= size
            steps: list[JSON] = [
                {"add_chain": {"payload_fill": 1, "elements": pieces(first)}},
                {"pop": {}},
                {"add_chain": {"payload_fill": 2, "elements": pieces(more)}},
                {"pop": {}},
                {"publish": {}},
                {"publish": {}},
            ]
            answers = (
                {"step": 1, "chains": [taken(10, 1, id=0)]},
                {"step": 3, "chains": [taken(10, 2, id=1)]},
                {"step": 4, "used": [{"id": 0, "len": 0}]},
                {"step": 5, "used": [{"id": 1, "len": 0}]},
            )
            yield vector(
                f"packed/free/{more}-beside-{first}-of-{size}",
                f"A list of {more} beside {first} in flight {'fits' if fits else 'overruns'} {size} slots",
                ["PACK-SG-005", *(["SPLIT-FRM-004"] if fits else [])],
                packed(size, *steps),
                accepting(*answers) if fits else safe("queue-error", "VVS_E_LIST_ENDLESS"),
                **({} if fits else {"twin": f"packed/free/{size - first}-beside-{first}-of-{size}"}),
            )


def in_order() -> Iterator[JSON]:
    """Buffers that are not full can't be passed over in a batch: each has a used length of its own."""
    for name in ("split", "packed"):
        lengths = (0, 10, 100, 10)
        steps: list[JSON] = [{"add_chain": {"queue": "rx", "elements": [{"len": 200}]}} for _ in lengths]
        steps += [{"send": {"payload_len": length}} for length in lengths]
        steps.append({"serve": {"queue": "rx", "max": len(lengths)}})
        chains = [
            {"kind": "packet", "id": n, "fields": {"len": length}, "used_len": 44 + length}
            for n, length in enumerate(lengths)
        ]
        used = [{"id": n, "len": 44 + length} for n, length in enumerate(lengths)]
        yield vector(
            f"queue/in-order/{name}-rx-partly-filled",
            f"Buffers that are partly filled come back one by one with IN_ORDER in {words(name)}",
            ["DEV-RF-004", *(["SPLIT-ORD-003"] if name == "split" else [])],
            {"image": ring(name, "IN_ORDER"), "queues": [{"role": "rx"}], "steps": steps},
            accepting({"step": len(steps) - 1, "chains": chains, "used": used}),
        )


def generate() -> Iterator[JSON]:
    for family in (polls, serving, returning, ids, free_slots, in_order):
        yield from family()
