# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Kicks without chains, chains without kicks, and chains that are not shown yet."""

from collections.abc import Iterator

from conformance.runner.vectors import JSON
from conformance.tools.shapes import accepting, ring, taken, vector

FOLDERS = ("split/kick", "packed/kick")
SIZE = 8
ROLES = ("tx", "rx", "event")


def answered(role: str, id_: int = 0) -> JSON:
    """What comes of the default chain of a queue."""
    if role == "tx":
        return taken(0, id=id_) | {"payload": ""}
    if role == "rx":
        return {"kind": "packet", "id": id_, "fields": {"len": 10}, "used_len": 54}
    return {"kind": "event", "id": id_, "event": 0, "used_len": 4}


def idle(name: str, features: tuple[str, ...], role: str) -> JSON:
    """Kicks before, between and behind two chains: an old chain is no new one."""
    serve = {"serve": {"queue": role}}
    offer: list[JSON] = [{"add_chain": {"queue": role}}]
    if role == "rx":
        offer.append({"send": {"payload_len": 10}})
    steps: list[JSON] = []
    answers: list[JSON] = []
    for turn in range(2):
        for _ in range(3):
            answers.append({"step": len(steps), "chains": [], "used": []})
            steps.append(serve)
        steps += [*offer, serve]
        chain = answered(role, turn)
        used = [{"id": chain["id"], "len": chain["used_len"]}]
        answers.append({"step": len(steps) - 1, "chains": [chain], "used": used})
    for _ in range(2):
        answers.append({"step": len(steps), "chains": [], "used": []})
        steps.append(serve)
    more = "-event-idx" if features else ""
    needs = ["DEV-NTF-002", "SPLIT-ASUP-005"] if name == "split" else ["DEV-NTF-002", "PACK-DESC-005"]
    return vector(
        f"{name}/kick/idle-{role}{more}",
        f"Kicks of an idle {role} queue do nothing in a {name} ring{' with EVENT_IDX' if features else ''}",
        needs,
        {"image": ring(name, *features), "queues": [{"role": role}], "steps": steps},
        accepting(*answers),
    )


def unkicked(name: str, features: tuple[str, ...], count: int) -> JSON:
    """The device asks for no kicks; what comes meanwhile it finds when it asks for them again."""
    steps: list[JSON] = [{"disarm": {}}]
    steps += [{"add_chain": {"payload_fill": n + 1, "elements": [{"len": 54}]}} for n in range(count)]
    steps += [{"arm": {}}, {"serve": {"max": count}}]
    more = "-event-idx" if features else ""
    chains = [taken(10, n + 1, id=n) for n in range(count)]
    return vector(
        f"{name}/kick/none-for-{count}{more}",
        f"{count} chains added without a kick are found and served in a {name} ring"
        f"{' with EVENT_IDX' if features else ''}",
        # The rule is said of split rings; a packed one has the same suppression by its event structure.
        ["SPLIT-ASUP-006", "SPLIT-OP-002"] if name == "split" else ["PACK-EVT-001"],
        {"image": ring(name, *features), "steps": steps},
        accepting({"step": count + 1, "more": True}, {"step": count + 2, "chains": chains}),
    )


def polled(features: tuple[str, ...]) -> Iterator[JSON]:
    """A split chain counts from the moment at which idx says so, with or without a kick."""
    more = "-event-idx" if features else ""
    said = " with EVENT_IDX" if features else ""
    held = [{"add_chain": {"payload_fill": n + 1, "hold": 1, "elements": [{"len": 54}]}} for n in range(3)]
    none = {"chains": [], "used": []}
    steps: list[JSON] = [*held, {"serve": {"max": 3}}]
    answers: list[JSON] = [{"step": 3} | none]
    for shown in (1, 3):
        steps += [{"set_word": {"word": "avail_idx", "value": shown}}, {"serve": {"max": 3}}]
        first = 0 if shown == 1 else 1
        chains = [taken(10, n + 1, id=n) for n in range(first, shown)]
        answers.append({"step": len(steps) - 1, "chains": chains})
    yield vector(
        f"split/kick/idx-shows{more}",
        f"Of three chains in the ring those that idx covers are taken{said}",
        ["SPLIT-OP-002"],
        {"image": ring("split", *features), "steps": steps},
        accepting(*answers),
    )
    for count in (1, SIZE):
        served = {"serve": {"max": count}}
        yield vector(
            f"split/kick/hidden-{count}{more}",
            f"{count} chains in the ring that idx does not cover are not taken{said}",
            ["SPLIT-OP-002"],
            {
                "image": ring("split", *features),
                "steps": [{"add_chain": {"hold": 1, "count": count}}, served, served],
            },
            {"spec": {"verdict": "empty"}, "vvs": {"verdict": "empty"}},
        )


def generate() -> Iterator[JSON]:
    for features in ((), ("EVENT_IDX",)):
        for name in ("split", "packed"):
            for role in ROLES:
                yield idle(name, features, role)
            for count in (1, SIZE - 1, SIZE):
                yield unkicked(name, features, count)
        yield from polled(features)
