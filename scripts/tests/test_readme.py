# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The README tells the truth: its commands run, its C is the example's, its links lead somewhere. So do the
other files that are read first."""

import json
import re
import shlex
import subprocess
from collections.abc import Sequence

import click
import pytest
from vvs_tools import TOP, completion

README = (TOP / "README.md").read_text()
FILES = ("README.md", "CONTRIBUTING.md", "SECURITY.md")
TYPED = re.compile(r"(?:scripts/\w+|\.venv/bin/python)( |$)")
# Stages of scripts/test, which runs this test, or what takes far longer: only their words are checked.
OWN_STAGES = {
    "scripts/test",
    "scripts/lint",
    "scripts/coverage",
    "scripts/mutate",
    "scripts/zoo",
    "scripts/merge",
    "scripts/gate",
}
WORDS = {
    "scripts/test": {"--quick", "--all", "--stage", "unit", "--filter", "chain", "oracle"},
    "scripts/lint": {"--fix", "--quick"},
    "scripts/coverage": set(),
    "scripts/mutate": set(),
    "scripts/merge": set(),
    "scripts/zoo": {"--quick"},
    "scripts/gate": {"--base", "main", "--sarif", "gate.sarif"},
}
LONG = ("scripts/bench", "scripts/fuzz")
CAMPAIGN = "scripts/fuzz tx_packet --seconds 10"


def commands(names: Sequence[str] = ("README.md",)) -> list[str]:
    """What a line of these files that begins with scripts/ asks to type."""
    lines = [line.strip() for name in names for line in (TOP / name).read_text().splitlines()]
    found = [line.split("#")[0].strip() for line in lines if TYPED.match(line)]
    return list(dict.fromkeys(found))


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_the_two_commands_come_first():
    assert commands()[:2] == ["scripts/fuzz", "scripts/test"]


def test_every_script_is_named():
    there = {
        f"scripts/{path.name}" for path in (TOP / "scripts").iterdir() if path.is_file() and not path.suffix
    }
    assert there == {shlex.split(command)[0] for command in commands()}


@pytest.mark.parametrize("command", [c for c in commands(FILES) if shlex.split(c)[0] in OWN_STAGES])
def test_own_stage_is_worded_right(command):
    name, *words = shlex.split(command)
    assert set(words) <= WORDS[name]


def opts(command: click.Command) -> list[str]:
    return [option for param in command.params for option in param.opts]


def typed() -> list[object]:
    """What can be run here; benchmarks take long, and so do campaigns but for the one that others show."""
    found = [command for command in commands(FILES) if shlex.split(command)[0] not in OWN_STAGES]
    marks = {True: pytest.mark.long, False: pytest.mark.slow}
    return [pytest.param(each, marks=marks[each.startswith(LONG) and each != CAMPAIGN]) for each in found]


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


@pytest.mark.parametrize("name", FILES)
def test_links_lead_somewhere(name):
    found = set(re.findall(r"\]\(([^)#]+)\)", (TOP / name).read_text()))
    assert found
    assert [target for target in found if not (TOP / target).exists()] == []


@pytest.mark.parametrize("name", FILES)
def test_paths_and_options_in_the_text_are_there(name):
    """What is named in passing: a path of the tree, an option of a command."""
    text = re.sub(r"^```.*?^```$", "", (TOP / name).read_text(), flags=re.MULTILINE | re.DOTALL)
    named = re.findall(r"`((?:conformance|corpus|fuzz|lib|scripts)/[^` :*<>]+)(?: [^`]*)?`", text)
    gone = [path for path in named if not re.search(r"[A-Z]{2}", path) and not (TOP / path).exists()]
    assert gone == []
    for typed in re.findall(r"`(scripts/\w+ [^`]*)`", text):
        command, _, rest = typed.partition(" ")
        known = completion.command(command.removeprefix("scripts/"))
        options = {
            option for each in (known, *getattr(known, "commands", {}).values()) for option in opts(each)
        }
        assert set(re.findall(r"(?<!\S)--?[a-z-]+", rest)) <= options, typed


def test_scenario_of_the_finding_is_one():
    """The finding shown is real: its JSON still says what the library answers when it is not broken."""
    shown = re.search(r"^    (\{.*?^    \})$", README, re.MULTILINE | re.DOTALL)
    assert shown, "no scenario in the README"
    assert json.loads(shown[1])["steps"]
