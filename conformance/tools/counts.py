# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Chains of one element less than a queue has entries, of as many, and of one more; rings of odd sizes."""

from collections.abc import Iterator

from conformance.runner.vectors import JSON
from conformance.tools.shapes import FORMATS, accepting, either, safe, taken, vector, words

FOLDERS = ("split/count", "packed/count", "packed/size")
SPLIT_SIZES = (2, 4, 8, 16, 64, 256)
PACKED_SIZES = (2, 3, 5, 7, 8, 16, 100, 257)
ODD_SIZES = (1, 3, 5, 7, 9, 11, 13, 15, 17)
ANY_DEVICE = 46  # elements that a device takes: what Linux can be built to send
PIECE = 5
REFUSED = {"verdict": "reject", "status": "VVS_E_CHAIN_LIMIT"}


def chain(name: str, size: int, count: int) -> JSON:
    """A header and as many pieces of payload as make `count` elements."""
    pieces = [{"len": PIECE, "repeat": count - 1}] if count > 1 else []
    add = {**FORMATS[name][1], "elements": [{"len": 44}, *pieces]}
    return {
        "image": {"features": FORMATS[name][0]},
        "queues": [{"role": "tx", "size": size}],
        "steps": [{"add_chain": add}, {"serve": {}}],
    }


def whole(count: int) -> JSON:
    return {"step": 1, "chains": [taken(PIECE * (count - 1))]}


def framing(count: int) -> list[str]:
    """What a device that refuses `count` elements within the queue size has to answer for as well."""
    return ["SPLIT-FRM-004"] if count > 2 else []


def fits(count: int) -> JSON:
    """What comes of a chain that keeps within the queue size: a device may still have its own maximum."""
    if count <= ANY_DEVICE:
        return accepting(whole(count))
    return either("limit", {"verdict": "accept"}, whole(count))


def direct(name: str, sizes: tuple[int, ...], needs: list[str], over: JSON, fault: str) -> Iterator[JSON]:
    for size in sizes:
        for count in (size - 1, size):
            yield vector(
                f"{name}/count/direct-{count}-of-{size}",
                f"A chain of {count} elements parses in {words(name)} of {size} entries",
                [*needs, "SPLIT-FRM-007" if name == "split" else "PACK-SG-007", *framing(count)],
                chain(name, size, count),
                fits(count),
            )
        yield vector(
            f"{name}/count/direct-{size + 1}-of-{size}",
            f"A chain of {size + 1} elements {fault} in {words(name)} of {size} entries",
            needs,
            chain(name, size, size + 1),
            over,
            twin=f"{name}/count/direct-{size}-of-{size}",
        )


def tables(name: str, sizes: tuple[int, ...], need: str) -> Iterator[JSON]:
    """Whether the descriptor that refers to the table counts is open in split rings, so the queue size is the
    first count that a device may refuse there; packed lists are bounded by the queue size itself."""
    indirect = f"{name}-indirect"
    for size in sizes:
        for count in (size - 1, size, size + 1):
            if count < size or (count == size and name == "packed"):
                expect = fits(count)
            elif count == size:
                expect = either("undefined", {"verdict": "accept"}, whole(count))
            else:
                expect = either("limit", REFUSED, whole(count))
            more = {"twin": f"{name}/count/table-{size - 1}-of-{size}"} if count > size else {}
            bound = "is one more than its queue has entries" if count > size else "parses"
            yield vector(
                f"{name}/count/table-{count}-of-{size}",
                f"A table of {count} entries {bound} in {words(name)} of {size} entries",
                [need, *(framing(count) if count <= size else [])],
                chain(indirect, size, count),
                expect,
                **more,
            )


def laps(size: int) -> JSON:
    """Lists of two and of one through a ring, two laps and more; a ring of one takes lists of one."""
    lists = (2, 1) if size > 2 else (1,)
    steps: list[JSON] = []
    answers: list[JSON] = []
    rounds = 2 * size // sum(lists) + 1
    for turn in range(rounds):
        ids = [(turn * len(lists) + number) % size for number in range(len(lists))]
        fills = [(turn * len(lists) + number) % 255 + 1 for number in range(len(lists))]
        for count, fill in zip(lists, fills, strict=True):
            pieces = [{"len": 48}] if count == 1 else [{"len": 44}, {"len": 4}]
            steps.append({"add_chain": {"payload_fill": fill, "elements": pieces}})
        steps.append({"serve": {"max": len(lists)}})
        chains = [taken(4, fill, id=id_) for id_, fill in zip(ids, fills, strict=True)]
        answers.append({"step": len(steps) - 1, "chains": chains})
    return vector(
        f"packed/size/laps-of-{size}",
        f"{rounds * len(lists)} lists go twice around a packed ring of {size} entries, and come once each",
        ["PACK-LAY-002", "PACK-WRAP-001", "PACK-NEXT-003"],
        {
            "image": {"features": FORMATS["packed"][0]},
            "queues": [{"role": "tx", "size": size}],
            "steps": steps,
        },
        accepting(*answers),
    )


def generate() -> Iterator[JSON]:
    yield from direct(
        "split",
        SPLIT_SIZES,
        ["SPLIT-DESC-003", "SPLIT-DESC-010"],
        safe("reject", "VVS_E_LOOP"),
        "comes back to its head",
    )
    yield from direct(
        "packed",
        PACKED_SIZES,
        ["PACK-SG-002"],
        safe("queue-error", "VVS_E_LIST_ENDLESS"),
        "has no end",
    )
    yield from tables("split", SPLIT_SIZES, "SPLIT-IND-009")
    yield from tables("packed", PACKED_SIZES, "PACK-IND-010")
    yield from map(laps, ODD_SIZES)
