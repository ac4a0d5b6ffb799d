# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Each kind of adapter under the vectors, and those that never say who they are."""

import dataclasses
import os
import sys
from pathlib import Path

import pytest

from conformance.runner import adapters, deviations, iut, planted, session, vectors
from conformance.runner.adapters import Adapter

SOME = [vector for vector in vectors.load() if vector.id.startswith(("tx/framing/split", "rx/framing/split"))]
SHORT = "tx/framing/split-header-43"


def objects(name):
    return iut.tool().parents[1] / "conformance" / name


def program(command):
    return Adapter("mine", "program", tuple(command))


def verdicts(results):
    return {case.id: case.verdict for case in results.cases}


def test_a_program(tmp_path):
    results = session.run(program(planted.adapter(tmp_path)), SOME)
    assert (results.name, results.version, results.supports) == ("example", "1", ["serve", "split", "tx"])
    assert verdicts(results)[SHORT] == "pass"
    assert set(verdicts(results).values()) == {"pass", "unsupported"}
    assert results.verdict == "pass"


def test_an_object():
    results = session.run(Adapter("x", "object", object=objects("adapters/vvs/libvvs_iut.so")), SOME)
    assert results.name == "vvs"
    assert "pop" in results.supports
    assert set(verdicts(results).values()) == {"pass"}


FAULTS = {"id": "fail", "crash": "crash", "says-it-crashed": "crash", "no-device": "unsupported"}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_object_that_is_wrong(fault):
    env = os.environ | {"FAULTY": fault, "FAULTY_OBJECT": str(objects("adapters/vvs/libvvs_iut.so"))}
    adapter = Adapter("x", "object", object=objects("libvvs_iut_faulty.so"))
    results = session.run(adapter, [vector for vector in SOME if vector.id == SHORT], env=env)
    assert verdicts(results) == {SHORT: FAULTS[fault]}


def test_the_library():
    results = session.run(adapters.find("vvs"), SOME)
    assert set(verdicts(results).values()) == {"pass"}


NO_HELLO = {
    "dies": (["-c", "import sys; sys.exit('no such device')"], "it ended: exit code 1"),
    "garbage": (
        ["-c", "print('Welcome!', flush=True); input(); input()"],
        "it is no adapter: not JSON: Welcome!",
    ),
    "another version": (
        ["-c", 'input(); print(\'{"hello": {"protocol": 2}}\', flush=True); input()'],
        "hello.protocol is 2, not 1",
    ),
    "no words": (
        ["-c", 'input(); print(\'{"hello": {"protocol": 1, "name": "x", "supports": [1]}}\'); input()'],
        "it is no adapter",
    ),
    "an answer of another kind": (["-c", "input(); print('{}', flush=True); input()"], "has no hello"),
}


@pytest.mark.parametrize("kind", NO_HELLO)
def test_without_a_hello_nothing_is_run(kind):
    code, said = NO_HELLO[kind]
    with pytest.raises(session.NoHello) as caught:
        session.run(program([sys.executable, "-u", *code]), SOME)
    assert said in str(caught.value)


def test_an_object_that_is_none_has_no_hello(tmp_path):
    (tmp_path / "x.so").write_text("no object")
    with pytest.raises(session.NoHello, match=r"x\.so"):
        session.run(Adapter("x", "object", object=tmp_path / "x.so"), SOME)


def test_deviations_are_applied_to_adapters_of_the_tree(tmp_path, monkeypatch):
    monkeypatch.setattr(deviations, "FOLDER", tmp_path)
    entry = f'requirement = "VSOCK-HDR-004"\nvectors = ["{SHORT}"]\n'
    entry += 'reason = "r"\nevidence = "e"\nlinux_guest = "no: w"\n'
    (tmp_path / "mine.toml").write_text(f"[[deviation]]\n{entry}")
    takes_all = (
        'raise Refused("the chain is too short',
        'return {"header": "00" * 44} or ("the chain is too short',
    )
    adapter = program(planted.adapter(tmp_path, takes_all))
    listed = session.run(dataclasses.replace(adapter, listed=True), SOME)
    assert {case.id: case.deviation for case in listed.cases if case.deviation} == {SHORT: "VSOCK-HDR-004"}
    assert listed.stale == []
    assert not any(case.deviation for case in session.run(adapter, SOME).cases)
    (tmp_path / "mine.toml").write_text(f"[[deviation]]\n{entry.replace('-43', '-alone')}")
    (said,) = session.run(dataclasses.replace(adapter, listed=True), SOME).stale
    assert "passed" in said or "names it" in said


def test_every_adapter_of_the_tree_is_well_formed():
    known = adapters.registry()
    assert known.keys() >= {"vvs", "example"}
    for name, adapter in known.items():
        assert adapter.listed
        assert adapters.find(name) == adapter


WRONG = {
    "no kind": '[x]\ncommand = ["a"]\n',
    "another kind": '[x]\nkind = "remote"\n',
    "no command": '[x]\nkind = "program"\n',
    "no object": '[x]\nkind = "object"\n',
    "another key": '[x]\nkind = "library"\ncolour = "red"\n',
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_registry_that_is_wrong_says_so(tmp_path, monkeypatch, kind):
    (tmp_path / "adapters.toml").write_text(WRONG[kind])
    monkeypatch.setattr(adapters, "REGISTRY", tmp_path / "adapters.toml")
    with pytest.raises(adapters.Unusable, match="x is no adapter"):
        adapters.registry()


def test_what_is_given_may_be_a_command_or_an_object(tmp_path):
    (tmp_path / "a.so").touch()
    assert adapters.find(str(tmp_path / "a.so")).object == tmp_path / "a.so"
    assert adapters.find("sh -c 'exit 3'").command == ("sh", "-c", "exit 3")
    for wrong in ("no-such-program --x", "no-such.so", "", "sh 'open"):
        with pytest.raises(adapters.Unusable) as caught:
            adapters.find(wrong)
        assert len(str(caught.value).splitlines()) == 1
    assert not Path("no-such.so").exists()


def test_what_a_build_needs_is_looked_for():
    assert Adapter("x", "object", requires=("sh", "no-such-tool")).missing() == "no-such-tool"
    assert Adapter("x", "object", requires=("sh",)).missing() == ""
