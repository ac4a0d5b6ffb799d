# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""TAB, as a shell asks for it."""

import os
import shutil
import subprocess

import pytest
from vvs_tools import TOP, completion, console


@pytest.fixture
def offered(script):
    """What is offered at the end of a line, as bash asks for it."""

    def ask(line: str) -> list[str]:
        words = line.split(" ")
        said = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1), console.COMPLETE: "bash_complete"}
        done = script(words[0].removeprefix("scripts/"), **said)
        assert (done.returncode, done.stderr) == (0, "")
        return [line.partition(",")[2] for line in done.stdout.splitlines() if line]

    return ask


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("scripts/fuzz tx", ["tx_packet"]),
        ("scripts/fuzz tx_packet diff", ["differential"]),
        ("scripts/fuzz --sanitizer ", ["address", "memory", "thread"]),
        ("scripts/fuzz --wat", ["--watch"]),
        ("scripts/bench fu", ["fuzz"]),
        ("scripts/bench fuzz round", ["round_trip"]),
        ("scripts/repro x --target device", ["device"]),
        ("scripts/minimise x --preset unit-gcc-", ["unit-gcc-m32"]),
        ("scripts/zoo tx-", ["tx-inline-len", "tx-size-from-desc"]),
        ("scripts/zoo kin", ["kinds"]),
        ("scripts/conformance --filter SPLIT-DESC-008", ["SPLIT-DESC-008"]),
        ("scripts/conformance --filter tx/frami", ["tx/framing"]),
        ("scripts/conformance --filter tx/spill/", ["tx/spill/packed", "tx/spill/split"]),
        ("scripts/conformance --filter no-such/", []),
        ("scripts/conformance smoke --adapter exam", ["example"]),
        ("scripts/mutate cha", ["chain.c"]),
        ("scripts/test --stage corpus-m", ["corpus-msan", "corpus-m32"]),
        ("scripts/setup --group re", ["readers"]),
        ("scripts/setup --ch", ["--check"]),
        ("scripts/completion z", ["zsh"]),
    ],
)
def test_names_are_offered(offered, line, wanted):
    assert offered(line) == wanted


def test_findings_of_the_campaign_are_offered(offered, write):
    box = write("weekend/findings/used-len-01234567/finding.json", "{}").parent
    write("weekend/findings/.undone-used-len-89/finding.json", "{}")
    assert offered(f"scripts/triage {box.parents[1]} --promote used") == [box.name]


def test_it_does_not_set_up(tmp_path, write):
    """A shell is not kept waiting, nor does it install packages."""
    for name in ("launch.bash", "fuzz", "completion"):
        shutil.copy(TOP / "scripts" / name, write(f"scripts/{name}", ""))
    write("scripts/setup", f"#!/bin/sh\ntouch {tmp_path}/ran\n", 0o755)
    argv = [tmp_path / "scripts" / "fuzz"]
    done = subprocess.run(argv, env=os.environ | {console.COMPLETE: "bash_complete"}, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (3, b"", b"")
    done = subprocess.run([tmp_path / "scripts" / "completion", "bash"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "scripts/completion: not set up yet; first: scripts/setup\n"
    assert not (tmp_path / "ran").exists()
    # The same pieces do set up where no shell asks.
    subprocess.run(argv, capture_output=True)
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", completion.SHELLS)
def test_each_command_is_in_the_script(name):
    text = completion.script(name)
    assert all(f" {each}" in text or f"/{each}" in text for each in completion.names())
