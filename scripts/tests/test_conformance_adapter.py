# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/conformance --adapter and smoke, as someone with an adapter of their own types them."""

import json
import re
import shlex
import xml.etree.ElementTree as ET

import pytest
from vvs_tools import TOP, conformance_adapter

from conformance.runner import planted, results

pytestmark = pytest.mark.slow

SHORT, WHOLE = "tx/framing/split-header-43", "tx/framing/split-header-alone"
TWO = ("--filter", SHORT, "--filter", WHOLE)
# Claims to have written what it only read.
LONG = (planted.PUBLISH, planted.PUBLISH.replace("0)", "44)"))
TAKES_SHORT = [
    ("if room < 0 or length > min(room, self.max_payload)", "if False"),
    (
        "self.memory.read(islice(stream, HEADER_BYTES))",
        "self.memory.read(islice(stream, HEADER_BYTES)).ljust(44, bytes(1))",
    ),
]


@pytest.fixture
def made(tmp_path):
    """The command of an adapter with faults planted."""
    return lambda *changes: shlex.join(planted.adapter(tmp_path, *changes))


def test_the_example_passes_all_that_it_supports(script):
    done = script("conformance", "--adapter", "example")
    assert done.returncode == 0, done.stdout + done.stderr
    passed, line = done.stdout.splitlines()[-1].removeprefix("example 1: ").split(" passed, ")
    assert int(passed) > 300
    assert line.startswith("0 failed (")
    assert line.endswith(" unsupported)")
    reasons = re.findall(r"^unsupported +(\d+)  ", done.stdout, re.MULTILINE)
    assert sum(map(int, reasons)) == int(line.split()[-2].removeprefix("("))


def test_a_failure_is_told_whole_and_can_be_repeated(script, made):
    command = made(LONG)
    done = script("conformance", "--adapter", command, "--filter", WHOLE)
    assert done.returncode == 1
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert lines[0] == f"fail: {WHOLE}"
    assert "safety: steps[1].used" in lines
    assert "Expected: [{'id': 0, 'len': 0}]" in lines
    assert "Actual:   [{'id': 0, 'len': 44}]" in lines
    (again,) = (line.removeprefix("Repeat: ") for line in lines if line.startswith("Repeat: "))
    assert lines[-1] == "example 1: 0 passed, 1 failed"
    name, *argv = shlex.split(again)
    assert name == "scripts/conformance"
    assert script("conformance", *argv).stdout == done.stdout


ENDS = {
    "crash": ("import os; os.kill(os.getpid(), 11)", "crash", "1 passed, 1 failed (1 crash)"),
    "error": ("print('garbage', flush=True)", "error", "1 passed, 1 failed (1 adapter error)"),
}


@pytest.mark.parametrize("kind", ENDS)
def test_each_end_is_counted_apart(script, made, tmp_path, kind):
    statement, verdict, line = ENDS[kind]
    command = made(planted.on_short_chain(statement))
    junit = tmp_path / "j.xml"
    done = script("conformance", "--adapter", command, *TWO, "--junit", str(junit))
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == f"example 1: {line}"
    assert f"{'adapter error' if kind == 'error' else kind}: {SHORT}" in done.stdout
    cases = {case.get("name"): case for case in ET.parse(junit).iter("testcase")}
    assert cases[SHORT].find("properties/property[@name='verdict']").get("value") == verdict
    assert [child.tag for child in cases[SHORT]] == ["properties", "error" if kind == "error" else "failure"]
    assert [child.tag for child in cases[WHOLE]] == ["properties"]


def test_json_has_the_adapter_and_every_verdict(script, made):
    done = script("conformance", "--adapter", made(LONG), *TWO, "--filter", "rx/framing/split-*", "--json")
    assert done.returncode == 1
    data = json.loads(done.stdout)
    assert data["adapter"]["name"] == "example"
    assert data["adapter"]["supports"] == ["serve", "split", "tx"]
    assert (data["verdict"], list(data["counts"])) == ("fail", list(results.VERDICTS))
    assert (data["counts"]["fail"], data["counts"]["pass"]) == (2, 0)
    assert data["counts"]["unsupported"] == len(data["vectors"]) - 2 > 0
    by_id = {each["id"]: each for each in data["vectors"]}
    assert by_id[WHOLE]["faults"][0]["scope"] == "safety"
    assert by_id[WHOLE]["answer"]["setup"] == {"tx": "VVS_OK"}
    assert by_id[SHORT]["repeat"].endswith(SHORT)


def test_what_is_not_in_the_text_is_told_and_fails_nothing(script, made):
    command = made(*TAKES_SHORT)
    for strict in ((), ("--strict",)):
        done = script("conformance", "--adapter", command, *TWO, *strict)
        assert done.returncode == 0, done.stdout
        lines = done.stdout.splitlines()
        assert lines[0].split() == [
            "non-strict",
            SHORT,
            "(derived:",
            "not",
            "in",
            "the",
            "text,",
            "no",
            "violation)",
        ]
        assert lines[-1] == "example 1: 1 passed, 0 failed (1 non-strict)"


def test_strict_fails_what_is_advised_against():
    from conformance.runner import vectors
    from conformance.runner.iut import Outcome

    outcome = Outcome(*vectors.select((SHORT,)), "non-strict")
    found = [results.Results("x", strict=strict, cases=[results.Case(outcome)]) for strict in (False, True)]
    assert [each.verdict for each in found] == ["pass", "fail"]
    assert [conformance_adapter.summary(each) for each in found] == [
        "0 passed, 0 failed (1 non-strict)",
        "0 passed, 1 failed (1 non-strict)",
    ]


def test_known_failures_fail_nothing_until_they_pass(script, made, write):
    known = str(write("known.txt", f"{SHORT}  # the length\n{WHOLE}\n"))
    done = script("conformance", "--adapter", made(LONG), *TWO, "--known", known)
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1] == "example 1: 0 passed, 0 failed (2 as listed)"
    done = script("conformance", "--adapter", "example", *TWO, "--known", known)
    assert done.returncode == 1
    assert f"stale: {SHORT}: known to fail, but it passes" in done.stdout
    assert done.stdout.splitlines()[-1] == "example 1: 2 passed, 0 failed (2 stale)"
    known = str(write("known.txt", "tx/no-such-vector\n"))
    done = script("conformance", "--adapter", "example", *TWO, "--known", known)
    assert done.returncode == 1
    assert "stale: tx/no-such-vector: known to fail, but there is no such vector" in done.stdout


def test_known_is_for_the_library_too(script, write):
    done = script("conformance", "--filter", WHOLE, "--known", str(write("known.txt", WHOLE)))
    assert done.returncode == 1
    assert "known to fail, but it passes" in done.stdout
    done = script("conformance", "--adapter", "vvs", *TWO)
    assert (done.returncode, done.stdout) == (0, "vvs: 2 passed, 0 failed\n")


def test_what_is_listed_is_left_out_of_the_failures_of_junit(script, made, write, tmp_path):
    known, junit = str(write("known.txt", SHORT)), tmp_path / "j.xml"
    done = script("conformance", "--adapter", made(LONG), *TWO, "--known", known, "--junit", str(junit))
    assert done.returncode == 1
    suite = ET.parse(junit).getroot()[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "0")
    tags = {case.get("name"): [child.tag for child in case][1:] for case in suite}
    assert tags == {SHORT: ["system-out"], WHOLE: ["failure"]}


USAGE = {
    "no such": (["--adapter", "no-such-adapter"], 2, "none of the adapters of the tree"),
    "no object": (["--adapter", "./none.so"], 2, "no shared object ./none.so"),
    "no list": (["--adapter", "example", "--known", "none.txt"], 2, "none.txt"),
    "a listing": (["--list", "--adapter", "example"], 2, "--list runs nothing"),
    "smoke alone": (["smoke"], 2, "smoke needs --adapter"),
    "smoke of an object": (["smoke", "--adapter", "vvs"], 2, "speaks PROTOCOL.md"),
    "options before smoke": (["--strict", "smoke", "--adapter", "example"], 2, "go behind its name"),
    "no such subcommand": (["smok"], 2, "smok"),
    "no hello": (["--adapter", "sh -c 'exit 7'", "--filter", WHOLE], 3, "no hello: it ended: exit code 7"),
    "no adapter": (["--adapter", "cat", "--filter", WHOLE], 3, "no hello: it is no adapter"),
    "nothing supported": (["--adapter", "example", "--filter", "rx/framing/*"], 4, ""),
    "nothing matched": (["--adapter", "example", "--filter", "no/such"], 5, "no vector matches no/such"),
}


@pytest.mark.parametrize("kind", USAGE)
def test_what_can_not_be_run_is_one_line(script, kind):
    argv, code, said = USAGE[kind]
    done = script("conformance", *argv)
    assert done.returncode == code, done.stdout + done.stderr
    assert len(done.stderr.splitlines()) == bool(said)
    assert said in done.stderr


def test_json_of_what_does_not_start_says_why(script):
    done = script("conformance", "--adapter", "sh -c 'exit 7'", "--filter", WHOLE, "--json")
    assert done.returncode == 3
    data = json.loads(done.stdout)
    assert (data["verdict"], data["vectors"]) == ("not run", [])
    assert "exit code 7" in data["not_run"]


def test_what_lacks_a_tool_or_does_not_build_is_not_built(monkeypatch):
    from conformance.runner.adapters import Adapter

    monkeypatch.setattr(conformance_adapter.build, "build", lambda *_, **__: None)
    console = conformance_adapter.Console(quiet=True)
    lacking = Adapter("x", "object", object=TOP / "none.so", requires=("no-such-tool",), listed=True)
    found = conformance_adapter.run(lacking, [], console, strict=False)
    assert (found.verdict, found.not_run) == ("not run", "not built: there is no no-such-tool here")
    failing = Adapter(
        "x", "object", object=TOP / "none.so", build=("sh", "-c", "echo why; exit 1"), listed=True
    )
    assert "not built: why" in conformance_adapter.run(failing, [], console, strict=False).not_run
    absent = Adapter("x", "object", object=TOP / "none.so", build=("true",), listed=True)
    assert "none.so" in conformance_adapter.run(absent, [], console, strict=False).not_run


def test_smoke_says_what_is_there_and_what_to_type_next(script, made):
    command = made()
    done = script("conformance", "smoke", "--adapter", command)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "ok         hello: example 1, serve split tx"
    assert sum(line.startswith("ok  ") for line in lines) >= 12
    assert "not tried  rx: a packet is written into the chain  (hello has no rx)" in lines
    assert lines[-1] == f"Next: scripts/conformance --adapter {shlex.quote(command)}"


def test_smoke_says_what_is_missing(script, made):
    done = script(
        "conformance", "smoke", "--adapter", made(("len(elements) == self.size", "len(elements) == 1"))
    )
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    at = lines.index("missing    header and payload in two elements")
    assert lines[at + 1].split(maxsplit=1) == ["wanted:", "steps[0].chains[0].kind: packet"]
    assert lines[at + 2].split(maxsplit=1) == ["answered:", "reject a next outside the table, or a loop"]
    assert "1 ok" not in lines[-1]
    assert not lines[-1].startswith("Next: ")


def test_smoke_begins_with_hello(script):
    done = script("conformance", "smoke", "--adapter", "cat")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0] == "missing    hello"
    assert '"supports": [...]' in lines[1]
    assert "has no name" in lines[2]
