# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The judge: right answers pass, and each kind of wrong one is a fault in the right scope."""

import copy

import pytest

from conformance.runner import iut
from conformance.runner.judge import judge, payload_bytes, traffic
from conformance.runner.vectors import Vector, load

PACKET = {
    "id": 3,
    "kind": "packet",
    "status": "VVS_OK",
    "fields": {"src_cid": "0x3", "len": 4},
    "payload": "00830689",
    "capacity": 4,
    "used_len": 0,
}
REJECT = {"id": 3, "kind": "reject", "status": "VVS_E_LOOP", "used_len": 0}
EVENT = {"id": 3, "kind": "event", "event": 7, "used_len": 4}
TRAFFIC = {"pattern": "traffic", "len": 4}


def vector(spec, vvs, steps=({"add_chain": {}}, {"serve": {}})):
    return Vector(
        None, {"id": "a/b", "scenario": {"steps": list(steps)}, "expect": {"spec": spec, "vvs": vvs}}
    )


def answer(*chains, setup="VVS_OK", **more):
    used = [{"id": chain["id"], "len": chain["used_len"]} for chain in chains]
    step = {"step": 1, "queue": "tx", "status": "VVS_OK", "chains": list(chains), "used": used} | more
    return {"setup": {"tx": setup}, "answers": [step]}


def wants(*chains, **more):
    return [{"step": 1, "chains": list(chains)} | more]


def put(value, *path):
    """An answer in which the item at `path` is `value` (None: left out)."""

    def change(whole):
        at = whole
        for key in path[:-1]:
            at = at[key]
        if value is None:
            del at[path[-1]]
        else:
            at[path[-1]] = value

    return change


STEP = ("answers", 0)
CHAIN = (*STEP, "chains", 0)
SAID = {"kind": "packet", "id": 3, "fields": {"src_cid": "0x3", "len": 4}, "payload": TRAFFIC, "used_len": 0}
ACCEPT = {"verdict": "accept"}
REFUSE = {"verdict": "reject", "status": "VVS_E_LOOP"}

# what is expected, an answer that is right, and changes of it with the scopes that have to object
CASES = {
    "accept": (
        vector(ACCEPT | {"steps": wants(SAID, notify=True)}, ACCEPT),
        answer(PACKET, notify=True),
        [
            (put("0x1000000003", *CHAIN, "fields", "src_cid"), {"spec"}),
            (put(5, *CHAIN, "fields", "len"), {"spec"}),
            (put(None, *CHAIN, "fields", "len"), {"spec"}),
            (put("00830688", *CHAIN, "payload"), {"spec"}),
            (put("008306", *CHAIN, "payload"), {"spec"}),
            (put("0083068900", *CHAIN, "payload"), {"spec"}),
            (put(None, *CHAIN, "payload"), {"spec"}),
            (put(48, *CHAIN, "used_len"), {"safety", "spec"}),
            (put(48, *STEP, "used", 0, "len"), {"safety"}),
            (put(2, *STEP, "used", 0, "id"), {"safety"}),
            (put([], *STEP, "used"), {"safety"}),
            (put([{"id": 3, "len": 0}] * 2, *STEP, "used"), {"safety"}),
            (put([], *STEP, "chains"), {"safety", "spec"}),
            (put(REJECT, *CHAIN), {"spec", "vvs"}),
            (put(False, *STEP, "notify"), {"spec"}),
            (put(None, *STEP, "notify"), {"spec"}),
            (put("VVS_E_HEAD", *STEP, "status"), {"spec", "vvs"}),
            (put("VVS_E_RING_ADDR", "setup", "tx"), {"spec", "vvs"}),
            (put([], "answers"), {"safety", "spec"}),
        ],
    ),
    "reject": (
        vector({"verdict": "reject"}, REFUSE),
        answer(REJECT),
        [
            (put("VVS_E_NEXT", *CHAIN, "status"), {"vvs"}),
            (put(PACKET, *CHAIN), {"spec", "vvs"}),
            (put([], *STEP, "chains"), {"safety", "spec", "vvs"}),
            (put(44, *STEP, "used", 0, "len"), {"safety"}),
            (put([], *STEP, "used"), {"safety"}),
            (put([], "answers"), {"safety", "spec", "vvs"}),
            (put("VVS_E_HEAD", *STEP, "status"), {"vvs"}),
        ],
    ),
    "reject with the header": (
        vector({"verdict": "safe"}, REFUSE | {"steps": wants(REJECT | {"fields": {"len": 9}})}),
        answer(REJECT | {"fields": {"len": 9}}),
        [
            (put(8, *CHAIN, "fields", "len"), {"vvs"}),
            (put(None, *CHAIN, "fields"), {"vvs"}),
            (put("VVS_E_NEXT", *CHAIN, "status"), {"vvs"}),
        ],
    ),
    "either, accepted": (
        vector({"verdict": "either", "reason": "undefined", "steps": wants(SAID)}, ACCEPT),
        answer(PACKET),
        [
            (put("00830688", *CHAIN, "payload"), {"spec", "vvs"}),
            (put(REJECT, *CHAIN), {"vvs"}),
            (put([], *STEP, "used"), {"safety"}),
        ],
    ),
    "either, refused": (
        vector({"verdict": "either", "reason": "limit", "steps": wants(SAID)}, REFUSE),
        answer(REJECT),
        [
            (put(PACKET, *CHAIN), {"vvs"}),
            (put(PACKET | {"payload": "ff"}, *CHAIN), {"spec", "vvs"}),
        ],
    ),
    "empty": (
        vector({"verdict": "empty"}, {"verdict": "empty", "steps": [{"step": 1, "status": "VVS_EMPTY"}]}),
        answer(status="VVS_EMPTY"),
        [
            (put([PACKET], *STEP, "chains"), {"safety", "spec", "vvs"}),
            (put([REJECT], *STEP, "chains"), {"safety", "spec", "vvs"}),
            (put([{"id": 0, "len": 0}], *STEP, "used"), {"safety"}),
            (put("VVS_OK", *STEP, "status"), {"vvs"}),
        ],
    ),
    "queue error": (
        vector(
            {"verdict": "safe"},
            {"verdict": "queue-error", "status": "VVS_E_HEAD"},
            ({"add_chain": {}}, {"serve": {}}, {"serve": {}}),
        ),
        {
            "setup": {"tx": "VVS_OK"},
            "answers": [{"step": number, "queue": "tx", "status": "VVS_E_HEAD"} for number in (1, 2)],
        },
        [
            (put("VVS_E_AVAIL_INDEX", *STEP, "status"), {"vvs"}),
            (put("VVS_EMPTY", "answers", 1, "status"), {"vvs"}),
            (put([{"id": 8, "len": 0}], *STEP, "used"), {"safety", "vvs"}),
            (put([], "answers"), {"safety", "vvs"}),
        ],
    ),
    "set-up error": (
        vector({"verdict": "safe"}, {"verdict": "setup-error", "status": "VVS_E_RING_ADDR"}),
        answer(setup="VVS_E_RING_ADDR", status="VVS_E_RING_ADDR"),
        [(put("VVS_OK", "setup", "tx"), {"vvs"}), (put("VVS_E_RING_ALIGN", "setup", "tx"), {"vvs"})],
    ),
    "caller error": (
        vector({"verdict": "safe"}, {"verdict": "caller-error", "status": "VVS_E_TOKEN"}),
        answer(status="VVS_E_TOKEN"),
        [(put("VVS_OK", *STEP, "status"), {"vvs"})],
    ),
    "mixed": (
        vector(
            {"verdict": "safe"},
            {"verdict": "mixed", "steps": wants({"kind": "reject", "status": "VVS_E_LOOP"})},
        ),
        answer(REJECT),
        [(put("VVS_E_NEXT", *CHAIN, "status"), {"vvs"}), (put(PACKET, *CHAIN), {"vvs"})],
    ),
    "event": (
        vector(ACCEPT | {"steps": wants({"kind": "event", "event": 7, "used_len": 4})}, ACCEPT),
        answer(EVENT),
        [
            (put(0, *CHAIN, "event"), {"spec"}),
            (put(8, *CHAIN, "used_len"), {"safety", "spec"}),
            (put(PACKET, *CHAIN), {"safety", "spec"}),
        ],
    ),
    "used, more and status of a step": (
        vector(
            ACCEPT | {"steps": [{"step": 1, "used": [], "more": True}]},
            ACCEPT | {"steps": [{"step": 1, "status": "VVS_EMPTY"}]},
            ({"add_chain": {}}, {"arm": {}}),
        ),
        answer(status="VVS_EMPTY", more=True),
        [
            (put(False, *STEP, "more"), {"spec"}),
            (put(None, *STEP, "more"), {"spec"}),
            (put("VVS_OK", *STEP, "status"), {"vvs"}),
            (put([{"id": 1, "len": 0}], *STEP, "used"), {"safety", "spec"}),
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_right_answer_passes(name):
    expected, right, _ = CASES[name]
    assert judge(expected, right) == []


@pytest.mark.parametrize(
    ("name", "number"), [(name, number) for name, case in CASES.items() for number in range(len(case[2]))]
)
def test_a_wrong_answer_is_caught(name, number):
    expected, right, wrong = CASES[name]
    change, scopes = wrong[number]
    altered = copy.deepcopy(right)
    change(altered)
    assert {fault.scope for fault in judge(expected, altered)} == scopes


def test_a_stopped_queue_is_any_device_s_right_after_a_driver_s_fault():
    expected = vector({"verdict": "reject"}, REFUSE)
    assert judge(expected, answer(status="VVS_E_AVAIL_INDEX"), ("safety", "spec")) == []


def test_a_verdict_that_does_not_exist_is_not_a_pass():
    for expected in (vector({"verdict": "acept"}, ACCEPT), vector(ACCEPT, {"verdict": "acept"})):
        with pytest.raises(ValueError, match="acept"):
            judge(expected, answer(PACKET))


def test_what_comes_back_was_popped():
    steps = ({"add_chain": {"count": 2}}, {"pop": {}}, {"publish": {}}, {"publish": {}})
    expected = vector({"verdict": "safe"}, {"verdict": "mixed", "steps": []}, steps)
    used = [{"id": 3, "len": 0}]
    twice = {
        "setup": {"tx": "VVS_OK"},
        "answers": [
            {"step": 1, "queue": "tx", "status": "VVS_OK", "chains": [PACKET]},
            {"step": 2, "queue": "tx", "status": "VVS_OK", "used": used},
            {"step": 3, "queue": "tx", "status": "VVS_OK", "used": used},
        ],
    }
    assert [fault.where for fault in judge(expected, twice)] == ["steps[3].used"]


def test_payload_forms():
    assert payload_bytes("0102") == b"\x01\x02"
    assert payload_bytes({"fill": 90, "len": 3}) == b"ZZZ"
    assert payload_bytes({"pattern": "traffic", "len": 258})[254:] == bytes([250, 125, 1, 132])
    assert traffic(4, 256) == traffic(260)[256:]


# What a faulty device might answer: each change is to be caught wherever it can be made.
def _drop_chain(chain, step):
    step["chains"].remove(chain)


def _drop_used(chain, step):
    step["used"] = step["used"][1:]


def _flip_kind(chain, step):
    chain["kind"] = "reject" if chain["kind"] != "reject" else "packet"
    chain["status"] = "VVS_E_ADDR" if chain["kind"] == "reject" else "VVS_OK"


def _return_twice(chain, step):
    step["used"] = step["used"][:1] + step["used"]


DEVICE_FAULTS = (_drop_chain, _drop_used, _flip_kind, _return_twice)


@pytest.fixture(scope="module")
def answers():
    """What the library answers to each vector."""
    found = {}
    vectors = load()
    for start in range(0, len(vectors), iut.BATCH):
        batch = vectors[start : start + iut.BATCH]
        lines, _, code = iut._run(batch, iut.BATCH_TIMEOUT_S)
        assert code == 0
        found |= {vector.id: line for vector, line in zip(batch, lines, strict=True)}
    return found


@pytest.mark.parametrize("fault", DEVICE_FAULTS)
def test_a_faulty_device_is_caught_by_every_vector(answers, fault):
    tried, missed = 0, []
    for expected in load():
        altered = copy.deepcopy(answers[expected.id])
        step = next((s for s in altered.get("answers", []) if s.get("chains") and s.get("used")), None)
        if step is None:
            continue
        tried += 1
        fault(step["chains"][0], step)
        if not judge(expected, altered):
            missed.append(expected.id)
    assert tried > 1000
    assert missed == []


def test_every_wanted_field_and_payload_is_compared(answers):
    """One wrong bit in the first packet that a vector describes is a fault of it."""
    missed = []
    for expected in load():
        described = [
            (step["step"], number, key)
            for step in expected.spec.get("steps", [])
            for number, chain in enumerate(step.get("chains", []))
            for key in chain.get("fields", {})
        ]
        for step, number, key in described[:10]:
            altered = copy.deepcopy(answers[expected.id])
            chain = next(a for a in altered["answers"] if a["step"] == step).get("chains", [])
            chain = chain[number : number + 1]
            if not chain or chain[0]["kind"] != "packet":
                continue
            value = chain[0]["fields"][key]
            wrong = hex(int(value, 16) ^ 1 << 32) if isinstance(value, str) else value ^ 1
            chain[0]["fields"][key] = wrong
            if not judge(expected, altered):
                missed.append((expected.id, key))
    assert missed == []


def test_a_notification_that_nobody_needs_is_no_more_than_that():
    quiet = {"verdict": "mixed", "steps": [{"step": 1, "notify": False}]}
    empty = vector({"verdict": "empty"}, quiet)
    loud = answer(notify=True)
    assert [(f.where, f.expected, f.actual) for f in judge(empty, loud, ("safety", "spec", "strict"))] == [
        ("steps[1].notify", False, True)
    ]
    assert judge(empty, loud, ("safety", "spec")) == []
    assert judge(empty, answer(notify=False), ("strict",)) == []
    at_fault = vector({"verdict": "safe"}, quiet)
    assert judge(at_fault, loud, ("strict",)) == []


def test_an_index_that_runs_away_and_a_stray_byte_are_faults_of_safety():
    safe = vector({"verdict": "safe"}, {"verdict": "mixed"})
    for more in ({"used_lost": True}, {"stray": "0x1000"}):
        assert [fault.scope for fault in judge(safe, answer(**more), ("safety",))] == ["safety"]
    assert judge(safe, answer(), ("safety",)) == []
