# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Whoever is stopped is told what to do: a command, a choice, a place to read, an advice."""

import ast
import re
import subprocess

import pytest
from vvs_tools import TOP, build

ADVICE = re.compile(
    r"scripts/\w+"
    r"|(?:[;:,?] |\n|^)(?:repeat|there (?:are|is in)|(?:its|the whole)? ?log(?: tells why)?|did you mean)\b"
    r"|(?:[;:,] |\bor )(?:see|try|name|choose|give|make|mend|take|leave|begin|build)\b"
    r"|(?:[;:,] |\bor )(?:get|install|wait|put|say)\b"
)
# What these stop with was said by another, who is looked at as well, or is a program's own message.
PASSED_ON = {
    "bench_oracles.py: what",
    "bench_peer.py: the peer is not built: {missing}",
    "conformance_matrix.py: scn draw: {error}",
    "conformance_adapter.py: str(error)",
    "conformance_adapter.py: {adapter.name}: {why}; {remedy(why, adapter.name)}",
    "conformance_adapter.py: {found.adapter}: {found.not_run}; {remedy(found.not_run, found.adapter)}",
    "conformance_matrix.py: str(error)",
    "conformance_wrong.py: str(error)",
    "fuzz.py: message + first_error(failure.log)",
    "fuzz.py: str(error)",
    "fuzz.py: the peers are not built: {missing}",
    "folder.py: {worker} works in {folder}; {hint}",
    "gate.py: str(error)",
    "gate_replay.py: why",
    "promote.py: {slug} is no slug: {why}",
    "repro.py: complaint.replace('-:', f'{name}:', 1) if name else complaint",
    "repro.py: the peers of {target.name} are not built: {missing}",
    "repro.py: {findings.shown(path)} {why}",
    "report.py: {findings.shown(page)} {why}",
    "rust_vmm.py: str(missing)",
    "test.py: process.tail(report.log, 1)",
    "zoo.py: str(unusable)",
    "zoo.py: {bug.id}: {unusable}",
}
STOPS = {"Stop": 1, "NotBuilt": 0}  # and which of the arguments is the message
TOOLS = build.directory("unit") / "fuzz"


def words_of(node: ast.expr) -> str:
    """A message as the code has it, the names of what is filled in in braces."""
    if isinstance(node, ast.JoinedStr):
        return "".join(words_of(part) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return f"{{{ast.unparse(node.value)}}}"
    return str(node.value) if isinstance(node, ast.Constant) else ast.unparse(node)


def messages() -> list[str]:
    found = []
    for path in sorted((TOP / "scripts" / "vvs_tools").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if name in STOPS:
                found.append(f"{path.name}: {words_of(node.args[STOPS[name]])}")
    return sorted(set(found))


@pytest.mark.parametrize("message", [each for each in messages() if each not in PASSED_ON])
def test_it_says_what_to_do(message):
    assert ADVICE.search(message.partition(": ")[2])


def test_what_is_passed_on_is_there():
    assert set(messages()) >= PASSED_ON


def test_setup_says_what_to_do():
    text = (TOP / "scripts" / "setup").read_text()
    said = re.findall(r'die \d "(.*?)"(?:$| ;;)', text, re.MULTILINE | re.DOTALL)
    assert len(said) == len(re.findall(r"\bdie \d", text))
    assert all(
        re.search(r"install by|as root: |log: |there are: |: \$\(known|see scripts|packages", each)
        for each in said
    )


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["scn", "json", "no-such-file"], 3),
        (["scn", "bytes", "README.md"], 1),
        (["scn", "bogus"], 2),
        (["vvs-run", "--bogus"], 2),
        (["vvs-run", "--iut", "no-such.so"], 3),
        (["vvs-run", "--iut", "README.md"], 3),
        (["replay-tx_packet", "no-such-file"], 3),
        (["replay-tx_packet", "--bogus"], 2),
        (["replay-tx_packet"], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_c_tools_say_what_to_do(argv, code):
    done = subprocess.run([TOOLS / argv[0], *argv[1:]], cwd=TOP, capture_output=True, text=True)
    assert done.returncode == code
    assert re.search(r"[;,:] (?:name|see|build|mend|want)|^usage: ", done.stderr, re.MULTILINE)
