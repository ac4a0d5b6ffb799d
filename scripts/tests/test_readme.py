# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The README tells the truth: its commands run, its C is the example's, its links lead somewhere."""

import json
import re
import shlex
import subprocess

import pytest
from vvs_tools import TOP

README = (TOP / "README.md").read_text()
# Stages of scripts/test, which runs this test, or what takes far longer: only their words are checked.
OWN_STAGES = {
    "scripts/test",
    "scripts/lint",
    "scripts/coverage",
    "scripts/mutate",
    "scripts/zoo",
    "scripts/merge",
}
WORDS = {
    "scripts/test": {"--quick", "--all"},
    "scripts/lint": {"--fix"},
    "scripts/coverage": set(),
    "scripts/mutate": set(),
    "scripts/merge": set(),
    "scripts/zoo": {"--quick"},
}


def commands() -> list[str]:
    """What a line of the README that begins with scripts/ asks to type."""
    lines = [line.strip() for line in README.splitlines()]
    return [line.split("#")[0].strip() for line in lines if re.match(r"scripts/\w+( |$)", line)]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_the_two_commands_come_first():
    assert commands()[:2] == ["scripts/fuzz", "scripts/test"]


def test_every_script_is_named():
    there = {
        f"scripts/{path.name}" for path in (TOP / "scripts").iterdir() if path.is_file() and not path.suffix
    }
    assert there == {shlex.split(command)[0] for command in commands()}


@pytest.mark.parametrize("command", [c for c in commands() if shlex.split(c)[0] in OWN_STAGES])
def test_own_stage_is_worded_right(command):
    name, *words = shlex.split(command)
    assert set(words) <= WORDS[name]


def typed() -> list[object]:
    """What can be run here; a benchmark takes its time, and so does a minute's campaign."""
    found = [command for command in commands() if shlex.split(command)[0] not in OWN_STAGES]
    marks = {True: pytest.mark.long, False: pytest.mark.slow}
    return [
        pytest.param(each, marks=marks[each == "scripts/fuzz" or each.startswith("scripts/bench")])
        for each in found
    ]


@pytest.mark.parametrize("command", typed())
def test_command_runs(command):
    done = subprocess.run(
        ["bash", "-c", command],  # as typed
        cwd=TOP,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=110,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def test_install_lines_install(tmp_path):
    lines = "".join(block for block in blocks("sh") if block.startswith("cmake "))
    assert lines, "no install lines in the README"
    typed = lines.replace("build/install", f"{tmp_path}/build").replace("/opt/vvs", f"{tmp_path}/prefix")
    done = subprocess.run(["bash", "-ec", typed], cwd=TOP, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    for name in (
        "include/vvs/vvs.h",
        "lib/pkgconfig/vvs.pc",
        "lib/libvvs.a",
        "lib/cmake/vvs/vvs-config.cmake",
    ):
        assert list((tmp_path / "prefix").rglob(name.split("/", 1)[1])), name


@pytest.mark.parametrize("code", blocks("c"))
def test_c_is_the_examples(code):
    assert code.strip() in (TOP / "lib/example/monitor.c").read_text()


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#]+)\)", README))))
def test_link_leads_somewhere(target):
    assert (TOP / target).exists()


def test_scenario_of_the_finding_is_one():
    """The finding shown is real: its JSON still says what the library answers when it is not broken."""
    shown = re.search(r"^    (\{.*?^    \})$", README, re.MULTILINE | re.DOTALL)
    assert shown, "no scenario in the README"
    assert json.loads(shown[1])["steps"]
