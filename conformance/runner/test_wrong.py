# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The vectors notice each wrong device, and the survey notices when they do not."""

import json
import subprocess
import sys

import pytest

from conformance.adapters.naive.device import Device
from conformance.adapters.wrong import FAMILY, Wrong
from conformance.runner import adapter_run, protocol, vectors, wrong
from conformance.runner.client import Client
from conformance.runner.vectors import TOP

pytestmark = pytest.mark.slow

FOLDER = "conformance/adapters/wrong"
REQUIREMENT = "SPLIT-DESC-010"  # a loop ends the walk
ENDLESS = FAMILY["chain-walk-endless"]
RIGHT = Wrong("right", "nothing", (REQUIREMENT,), Device)


def named(*requirements):
    return [each for each in vectors.load() if set(requirements) & set(each.requirements)]


@pytest.mark.timeout(600)
def test_each_tested_requirement_is_failed():
    found = wrong.survey(vectors.load(), wrong.read_reasons())
    assert (found.not_failed, found.unnoticed, found.stale) == ([], [], [])
    assert len(found.reasons) <= len(found.failed) / 20


@pytest.mark.timeout(600)
def test_naive_itself_fails_nothing():
    attempts = adapter_run.of_program(wrong.HELLO, vectors.load())
    outcomes = list(adapter_run.run(wrong.Local(Device), attempts))
    assert {each.verdict for each in outcomes} == {"pass", "unsupported"}
    assert all(each.vector.scenario.get("races") for each in outcomes if each.verdict == "unsupported")


@pytest.mark.parametrize("each", FAMILY.values(), ids=FAMILY)
def test_a_wrong_device_says_what_it_violates(each):
    assert each.what
    assert each.requirements
    assert set(each.requirements) <= vectors.requirements().keys()


def survey(family, reasons, requirement=REQUIREMENT):
    return wrong.survey(named(requirement), reasons, {each.name: each for each in family}, {requirement})


def test_a_requirement_that_nothing_fails_is_named():
    found = survey([], {})
    assert found.not_failed == [REQUIREMENT]
    assert not found.clean


def test_a_wrong_device_that_passes_is_named():
    found = survey([RIGHT, ENDLESS], {})
    assert found.unnoticed == [("right", REQUIREMENT)]
    assert not found.clean
    assert survey([ENDLESS], {}).clean


def test_a_reason_stands_for_what_nothing_fails():
    found = survey([], {REQUIREMENT: "why"})
    assert found.reasons == {REQUIREMENT: "why"}
    assert found.clean


@pytest.mark.parametrize("id_", [REQUIREMENT, "VSOCK-NONE-001"])
def test_a_reason_that_is_not_needed_is_stale(id_):
    found = wrong.survey(named(REQUIREMENT), {id_: "why"}, {ENDLESS.name: ENDLESS})
    assert found.stale == [id_]
    assert not found.clean


@pytest.mark.parametrize(
    ("name", "id_", "verdict"),
    [
        ("chain-walk-endless", "split/desc/loop-on-head", "timeout"),
        ("dies-of-next", "split/desc/next-8", "crash"),
        ("used-len-read", "packed/used/tx-length-0", "fail"),
    ],
)
def test_a_process_of_its_own_has_the_same_verdict(name, id_, verdict):
    chosen = vectors.select((id_,))
    attempts = adapter_run.of_program(wrong.HELLO, chosen)
    with Client([sys.executable, FOLDER, name], timeout=2) as client:
        assert protocol.hello(client).name == name
        (outcome,) = adapter_run.run(client, attempts)
    (local,) = adapter_run.run(wrong.Local(FAMILY[name].device), attempts)
    assert (outcome.verdict, local.verdict) == (verdict, verdict)


def start(*arguments):
    return subprocess.run(
        [sys.executable, FOLDER, *arguments], capture_output=True, text=True, timeout=60, cwd=TOP, check=False
    )


def test_the_list_names_all():
    lines = start("--list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(FAMILY)


@pytest.mark.parametrize("arguments", [(), ("none-such",), ("--list", "more")])
def test_what_is_no_name_is_refused(arguments):
    done = start(*arguments)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)


def command(*arguments):
    argv = [TOP / "scripts/conformance", "--adapter", "wrong", *arguments]
    return subprocess.run(argv, capture_output=True, text=True, timeout=600, cwd=TOP, check=False)


@pytest.mark.timeout(600)
def test_the_command_answers_for_one_requirement():
    done = command("--filter", REQUIREMENT, "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["verdict"]) == (0, "pass")
    assert [entry["id"] for entry in found["requirements"]] == [REQUIREMENT]


@pytest.mark.parametrize("arguments", [("--filter", "tx/framing"), ("--strict",), ("--junit", "x.xml")])
def test_the_command_takes_requirements_alone(arguments):
    assert command(*arguments).returncode == 2
