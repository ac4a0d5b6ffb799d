# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Adapters that lie, crash, hang, garble, or write where they may not: each gets the verdict it deserves."""

import time

import pytest

from conformance.runner import adapter_run, planted, protocol, smoke
from conformance.runner.adapter_run import Attempt
from conformance.runner.client import Client
from conformance.runner.request import prepare

CASES = {case.title: case for case in smoke.cases()}
GOOD, SHORT, LOOP = "header and payload in one element", "43 bytes are no packet", "a chain without an end"
CUT, MIXED = "a header cut anywhere, over three elements", "a refused chain, then a good one"
BINDING, DERIVED, SHOULD = "VSOCK-HDR-001", "VSOCK-HDR-004", "SPLIT-USUP-002"


def attempt(title, *requirements):
    case = CASES[title]
    request = prepare(case.run, case.needs)
    vector = smoke.vector(case, *(requirements or [BINDING]))
    return Attempt(vector, "", lambda client: protocol.run(client, request))


def outcomes(folder, *titles, changes=()):
    with Client(planted.adapter(folder, *changes)) as client:
        return list(adapter_run.run(client, [attempt(title) for title in titles]))


def outcome(folder, title, *changes, requirements=()):
    with Client(planted.adapter(folder, *changes)) as client:
        (found,) = adapter_run.run(client, [attempt(title, *requirements)])
    return found


def text(found):
    return "\n".join([found.text, *(f"{f.scope}: {f.where}: {f.expected} {f.actual}" for f in found.faults)])


TX = [case.title for case in smoke.cases() if case.needs == smoke.LEAST]


def test_the_example_passes(tmp_path):
    found = outcomes(tmp_path, *TX)
    assert [(each.vector.id, text(each)) for each in found if each.verdict != "pass"] == []


LIES = {
    "used length": (GOOD, [(planted.PUBLISH, planted.PUBLISH.replace("0)", "8)"))], "safety: steps[0].used"),
    "another id": (
        GOOD,
        [(planted.PUBLISH, planted.PUBLISH.replace("head", "head + 1"))],
        "safety: steps[0].used",
    ),
    "not returned": (GOOD, [(planted.PUBLISH, "")], "safety: steps[0].used"),
    "returned twice": (GOOD, [(planted.PUBLISH, planted.PUBLISH * 2)], "safety: steps[0].used"),
    "a chain kept quiet": (
        MIXED,
        [
            (
                '                chains.append({"id": head, "kind": "reject"',
                "                continue\n" + '                chains.append({"id": head, "kind": "reject"',
            )
        ],
        "safety",
    ),
    "index beyond the ring": (
        GOOD,
        [("self.next_used = (self.next_used + 1)", "self.next_used = (self.next_used + 100)")],
        "an index near 0",
    ),
    "a readable buffer is written": (
        GOOD,
        [(planted.PUBLISH, planted.PUBLISH + "            self.memory.write(0x102004, 7, 1)\n")],
        "safety: memory at 0x102004",
    ),
    "a byte behind a buffer": (
        GOOD,
        [(planted.PUBLISH, planted.PUBLISH + "            self.memory.write(0x102000 + 44 + 8, 7, 1)\n")],
        "safety: memory at 0x102034",
    ),
    "the available ring is written": (
        GOOD,
        [(planted.PUBLISH, planted.PUBLISH + "            self.memory.write(self.avail, 1, 2)\n")],
        "safety: memory at 0x100400",
    ),
    "flags that there are not": (
        GOOD,
        [(planted.PUBLISH, planted.PUBLISH + "            self.memory.write(self.used, 2, 2)\n")],
        "flags for kicks: one of (0, 1) 2",
    ),
    "a header field": (
        GOOD,
        [('header.hex(), "payload"', '"00" + header[1:].hex(), "payload"')],
        "fields.src_cid",
    ),
    "payload": (
        GOOD,
        [("(islice(stream, length)).hex()", "(islice(stream, length)).hex()[2:]")],
        "chains[0].payload",
    ),
    "a good one refused": (
        CUT,
        [("        room =", "        if len(elements) > 2: raise Refused('too many')\n        room =")],
        "packet reject too many",
    ),
}


@pytest.mark.parametrize("kind", LIES)
def test_a_lie_is_a_fail(tmp_path, kind):
    title, changes, said = LIES[kind]
    found = outcome(tmp_path, title, *changes)
    assert found.verdict == "fail", text(found)
    assert said in text(found)


def test_a_chain_is_lost_where_the_queue_is_called_empty_and_not_later(tmp_path):
    whole = smoke.packet(b"")
    late = smoke.Driver().chain(whole).does(max=2).chain(whole)
    late.steps.append({"write": late.writes})  # after the last that the device does
    request = prepare(late.run(), smoke.LEAST)
    deaf = ("        if waiting == 0:", "        if waiting == 0 or self.next_avail:")
    lost = prepare(smoke.Driver().chain(whole).chain(whole).does(max=3).run(), smoke.LEAST)
    vector = smoke.vector(smoke.Case("x", late.run(), {"verdict": "safe"}), BINDING)
    with Client(planted.adapter(tmp_path, deaf)) as client:
        asked = [
            Attempt(vector, "", lambda client, run=run: protocol.run(client, run)) for run in (request, lost)
        ]
        first, second = adapter_run.run(client, asked)
    assert first.verdict == "pass", text(first)
    assert second.verdict == "fail"
    assert "all chains back, as the queue is empty 1 chains missing" in text(second)


def test_memory_that_may_only_be_read_is_not_granted(tmp_path):
    """An element says writable; the region says otherwise."""
    run = smoke.Driver().chain(smoke.packet(b""), 8).does().run()
    region = run["image"]["regions"][0]
    rings, buffers = region | {"len": "0x2000"}, region | {"addr": "0x102000", "permission": 1}
    vector = smoke.vector(smoke.Case("x", run, {"verdict": "safe"}), BINDING)
    writes = [("if flags & (WRITE | INDIRECT)", "if False"), ("self.check(at, WRITABLE)", "pass")]
    writes += [(planted.PUBLISH, planted.PUBLISH + "            self.memory.write(0x102040, 7, 1)\n")]
    for regions, verdict in (([region], "pass"), ([rings, buffers], "fail")):
        request = prepare(run | {"image": run["image"] | {"regions": regions}}, smoke.LEAST)
        with Client(planted.adapter(tmp_path, *writes)) as client:
            ask = Attempt(vector, "", lambda client, request=request: protocol.run(client, request))
            (found,) = adapter_run.run(client, [ask])
        assert found.verdict == verdict, text(found)


ENDS = {
    "crash": ("import os; os.kill(os.getpid(), 11)", "crash", "SIGSEGV"),
    "an exception": ("raise RuntimeError('what it was')", "crash", "what it was"),
    "garbage": ("print('Segmentation fault', flush=True)", "error", "not JSON"),
}


@pytest.mark.parametrize("kind", ENDS)
def test_an_end_is_a_verdict_and_the_others_go_on(tmp_path, kind):
    statement, verdict, said = ENDS[kind]
    found = outcomes(tmp_path, GOOD, SHORT, GOOD, changes=[planted.on_short_chain(statement)])
    assert [each.verdict for each in found] == ["pass", verdict, "pass"]
    assert said in found[1].text


def test_a_hang_is_a_timeout_and_the_others_go_on(tmp_path):
    changes = [planted.on_short_chain("import time; time.sleep(600)")]
    with Client(planted.adapter(tmp_path, *changes)) as client:
        assert [each.verdict for each in adapter_run.run(client, [attempt(GOOD)])] == ["pass"]
        client.timeout = 0.5
        began = time.monotonic()
        (found,) = adapter_run.run(client, [attempt(SHORT)])
        assert time.monotonic() - began < 60
        client.timeout = 60
        assert [each.verdict for each in adapter_run.run(client, [attempt(GOOD)])] == ["pass"]
    assert (found.verdict, found.text) == ("timeout", "no answer in 0.5 s")


SHAPES = {
    "no chains' kind": ([('"kind": "packet", ', "")], "chains[0].kind is none of"),
    "a short header": ([("header.hex()", "header.hex()[2:]")], "header has 43 bytes"),
    "no hex": ([("header.hex()", "'xy'")], "no text of hex digits"),
    "no memory": ([('"memory": shown', '"memory": shown[1:]')], "memory has not one entry for each"),
    "memory cut": ([('each["len"]) for each', 'each["len"])[2:] for each')], "bytes of"),
    "no status": ([('"status": status', '"status": "fine"')], "status is 'fine'"),
    "no setup": ([('queue["role"]: setup', "")], "setup.tx is None"),
    "too many answers": (
        [('"answers": answers', '"answers": answers * 2')],
        "2 answers to 1 steps with a do",
    ),
    "its own error": (
        [("    memory = Memory", "    raise ValueError('unreadable')\n    memory = Memory")],
        "unreadable",
    ),
}


@pytest.mark.parametrize("kind", SHAPES)
def test_an_answer_of_another_shape_is_the_adapters_error(tmp_path, kind):
    changes, said = SHAPES[kind]
    found = outcome(tmp_path, GOOD, *changes)
    assert found.verdict == "error", text(found)
    assert said in found.text


def test_who_errs_from_the_start_is_asked_no_more(tmp_path):
    broken = ('"answers": answers', '"answers": answers * 2')
    count = adapter_run.HOPELESS
    found = outcomes(tmp_path, *[GOOD] * (count + 1), changes=[broken])
    assert {each.verdict for each in found} == {"error"}
    assert [("not asked" in each.text) for each in found] == [False] * count + [True]


def test_who_errs_after_a_good_start_is_asked_on(tmp_path):
    found = outcomes(
        tmp_path,
        GOOD,
        *[SHORT] * (adapter_run.HOPELESS + 1),
        GOOD,
        changes=[planted.on_short_chain("print('what', flush=True)")],
    )
    assert [each.verdict for each in (found[0], found[-1])] == ["pass", "pass"]


def test_a_missing_answer_is_a_fail(tmp_path):
    found = outcome(tmp_path, GOOD, ('"answers": answers', '"answers": []'))
    assert found.verdict == "fail"
    assert "safety: steps[0] (serve): an answer nothing" in text(found)


def test_what_it_says_it_can_not_do_is_unsupported(tmp_path):
    found = outcome(
        tmp_path,
        GOOD,
        ("    memory = Memory", "    return {'unsupported': 'not today'}\n    memory = Memory"),
    )
    assert (found.verdict, found.text) == ("unsupported", "not today")
    found = outcome(tmp_path, GOOD, ('"status": status', '"status": "unsupported"'))
    assert found.verdict == "unsupported"


def test_what_it_lacks_is_not_sent():
    hello = protocol.Hello("x", "1", frozenset({"split", "tx", "serve"}))
    assert adapter_run.lacks(frozenset({"serve", "rx", "pop"}), hello) == "needs pop, rx"
    assert adapter_run.lacks(frozenset({"serve"}), hello) == ""
    with Client(["false"]) as client:
        (found,) = adapter_run.run(client, [Attempt(attempt(GOOD).vector, "needs rx", lambda _: None)])
        assert (found.verdict, found.text) == ("unsupported", "needs rx")
        assert client.child is None


def test_of_a_requirement_that_binds_a_difference_is_a_fail_and_else_it_is_not(tmp_path):
    accepts_short = [
        ("if room < 0 or length > min(room, self.max_payload)", "if False"),
        (
            "self.memory.read(islice(stream, HEADER_BYTES))",
            "self.memory.read(islice(stream, HEADER_BYTES))[:24] + bytes(20)",
        ),
    ]
    found = {
        id_: outcome(tmp_path, SHORT, *accepts_short, requirements=[id_])
        for id_ in (BINDING, DERIVED, SHOULD)
    }
    assert {id_: (each.verdict, each.derived) for id_, each in found.items()} == {
        BINDING: ("fail", False),
        DERIVED: ("non-strict", True),
        SHOULD: ("non-strict", False),
    }
    both = outcome(tmp_path, SHORT, *accepts_short, requirements=[DERIVED, SHOULD])
    assert (both.verdict, both.derived) == ("non-strict", False)


def test_safety_is_a_fail_whatever_the_requirement(tmp_path):
    change = (planted.PUBLISH, planted.PUBLISH.replace("0)", "8)"))
    assert outcome(tmp_path, GOOD, change, requirements=[DERIVED]).verdict == "fail"


def test_of_a_drivers_fault_the_same_answer_is_demanded(tmp_path):
    counter = ("for line in sys.stdin:", "turn = 0\nfor line in sys.stdin:\n    turn += 1")
    changing = 'raise Refused("a next outside the table, or a loop")'
    whims = changing.replace('"a next', 'f"{turn}, a next')
    assert outcome(tmp_path, LOOP, counter, (changing, whims)).verdict == "pass"  # a reason is only text
    whims = "if turn % 2:\n                    break\n                " + changing
    found = outcome(tmp_path, LOOP, counter, (changing, whims))
    assert found.verdict == "fail"
    assert "a second run" in text(found)


def test_what_only_happens_behind_others_is_the_adapters_error(tmp_path):
    """It has kept something that it had to forget."""
    changes = [(planted.ANSWER, planted.ANSWER + "\n    if 'run' in line:\n        Memory = None")]
    found = outcomes(tmp_path, GOOD, GOOD, changes=changes)
    assert [each.verdict for each in found] == ["pass", "error"]
    assert "only behind 1 other requests" in found[1].text
