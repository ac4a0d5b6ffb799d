# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""naive and the library, written apart from each other, answer alike whatever the scenario."""

import itertools

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from conformance.adapters.naive.device import Device
from conformance.runner import iut, protocol, request
from conformance.runner.alike import plain
from conformance.runner.client import Client
from conformance.runner.wrong import Local

# --- scenarios: near what works, with something odd now and then


def rarely(value):
    return st.one_of(st.none(), st.none(), st.none(), value)


def entry(**fields):
    """An object in which what is None is not said."""
    return st.fixed_dictionaries(fields).map(
        lambda found: {name: value for name, value in found.items() if value is not None}
    )


LENGTHS = st.sampled_from([0, 1, 3, 4, 20, 24, 43, 44, 45, 100, 200, 300])
ODD_ADDRESSES = st.sampled_from(["0x0", "0x4fffd8", "0x4ffff0", "0x500000", "0xfffffffffffffff0"])
ELEMENT = entry(
    len=LENGTHS,
    addr=rarely(rarely(ODD_ADDRESSES)),
    writable=rarely(st.integers(0, 1)),
    next=rarely(rarely(st.integers(0, 9))),
    flags_xor=rarely(rarely(st.sampled_from([1, 2, 4, 5, 0x80, 0x8000]))),
    id=rarely(st.integers(0, 20)),
)
ADD_CHAIN = entry(
    elements=st.one_of(st.none(), st.lists(ELEMENT, min_size=1, max_size=5)),
    payload_len=rarely(st.integers(0, 400)),
    hdr_len=rarely(st.sampled_from([0, 1, 56, 100, 101, 200, 201, 0xFFFFFFFF])),
    indirect=st.one_of(st.none(), st.integers(0, 1)),
    direct_count=rarely(st.integers(0, 3)),
    table_len=rarely(rarely(st.sampled_from([0, 8, 16, 32, 40, 160]))),
    table_flags_xor=rarely(rarely(st.sampled_from([1, 2, 4]))),
    head=rarely(rarely(st.integers(0, 9))),
    hold=rarely(rarely(st.just(1))),
    count=rarely(st.integers(1, 9)),
)
SET_WORD = entry(
    word=st.sampled_from(["avail_flags", "used_event", "event_offset", "event_flags"] * 3 + ["avail_idx"]),
    value=st.one_of(st.integers(0, 9), st.integers(0x8000, 0x8009), st.integers(0, 0xFFFF)),
)
WHICH = rarely(st.integers(0, 3))
FLAG = rarely(st.just(1))
SERVE = entry(max=st.integers(1, 5))
RETURNS = {
    "publish": entry(which=WHICH, stage=FLAG, quiet=FLAG, again=rarely(FLAG)),
    "flush": entry(quiet=FLAG),
    "undo": entry(which=rarely(WHICH)),
    "abort": entry(which=WHICH),
}
SEND = entry(
    payload_len=st.one_of(st.none(), st.integers(0, 400)),
    hdr_len=rarely(st.integers(0, 400)),
    written=rarely(rarely(st.integers(0, 400))),
)
OTHERS = {
    "arm": entry(),
    "disarm": entry(),
    "notify": entry(),
    "set_word": SET_WORD,
    "send": SEND,
    "send_event": entry(event=st.integers(0, 0xFFFFFFFF)),
}


def joined(lists):
    return list(itertools.chain.from_iterable(lists))


def step(name, fields):
    return fields.map(lambda found: [{name: found}])


PUBLISH = step("publish", RETURNS["publish"])
RETURN = st.one_of([PUBLISH, PUBLISH, *[step(name, fields) for name, fields in RETURNS.items()]])
POPS = st.integers(1, 3).map(lambda count: [{"pop": {}}] * count)


def steps(role, size):
    # An event chain that was popped is judged when it is filled, by the library.
    taken = [step("serve", SERVE)] * 2 + ([] if role == "event" else [POPS] * 2)
    offered = st.lists(step("add_chain", ADD_CHAIN), min_size=1, max_size=2)
    often = [st.tuples(offered, st.one_of(taken)).map(lambda found: [*joined(found[0]), *found[1]])] * 3
    seldom = [step(name, fields) for name, fields in OTHERS.items()]
    # The driver stands where it restarts, and sees what comes back: so these places are real ones.
    places = st.integers(0, size - 1).map(lambda index: {"avail_index": index, "used_index": index})
    seldom += [step("restart", places), st.just([{"save": {}}, {"restore": {}}])]
    moves = [*often, *([] if role == "event" else [RETURN] * 3), st.one_of(seldom)]
    found = st.lists(st.one_of(moves), min_size=2, max_size=12)
    return found.map(joined)


@st.composite
def scenarios(draw):
    chosen = draw(st.sets(st.sampled_from(["INDIRECT_DESC", "EVENT_IDX", "RING_PACKED", "IN_ORDER"])))
    packed = "RING_PACKED" in chosen
    role = draw(st.sampled_from(["tx", "tx", "rx", "event"]))
    queue = {"role": role, "size": draw(st.sampled_from([5, 8, 9, 3, 1] if packed else [8, 16, 4, 2, 1]))}
    if draw(st.booleans()):
        queue["max_chain"] = draw(st.sampled_from([20, 8, 4, 2, 1]))
    if draw(st.booleans()):
        index = draw(st.integers(0, queue["size"] - 1) if packed else st.sampled_from([5, 0x7FFF, 0xFFFD]))
        queue |= {"avail_index": index, "used_index": index}
        if packed:
            wrap = draw(st.integers(0, 1))
            queue |= {"avail_wrap": wrap, "used_wrap": wrap}
    image = {"features": ["VERSION_1", *sorted(chosen)], "max_payload": draw(st.sampled_from([100, 65536]))}
    return {"image": image, "queues": [queue], "steps": draw(steps(role, queue["size"]))}


@pytest.fixture(scope="module")
def tools():
    with Client([str(iut.tool())]) as library, Client([str(request.tool()), "resolve"]) as resolver:
        yield library, resolver


@settings(
    max_examples=300,
    deadline=None,
    database=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
@given(scenario=scenarios())
def test_naive_and_the_library_agree(tools, scenario):
    library, resolver = tools
    scenario = {"version": 1, **scenario}
    expected = library.ask(scenario)
    resolved = request.prepare(resolver.ask(scenario)["run"], frozenset())
    found = protocol.run(Local(Device), resolved).answer
    assert [status == "VVS_OK" for status in found["setup"].values()] == [
        status == "VVS_OK" for status in expected["setup"].values()
    ]
    for mine, its in zip(found["answers"], expected["answers"], strict=True):
        if not all("id" in chain for chain in its.get("chains") or []):
            break  # the used ring is such that vvs-run can't tell which entry is whose
        assert plain(mine) == plain(its), f"step {its['step']}"
