# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What --help of each command and subcommand says: examples that are true, each option, the exit codes."""

import ast
import re
import shlex
import subprocess
from collections.abc import Iterator

import click
import pytest
from test_commands import COMMANDS
from vvs_tools import TOP, build, completion, setup, usage
from vvs_tools.console import Exit

TOOLS = TOP / "scripts" / "vvs_tools"
# What scripts/launch.bash runs besides.
LAUNCHED = sorted(
    path.stem
    for path in TOOLS.glob("*.py")
    if re.search(r'^    main\(cli, "launch\.bash ', path.read_text(), re.MULTILINE)
)
EXIT_LINE = re.compile(r"^ *Exit: (.*)$", re.MULTILINE)
COMMITTED = ("corpus/", "conformance/", "fuzz/", "lib/")
C_TOOLS = ("scn", "vvs-run", "replay-tx_packet")
SENTENCES = ("README.md", "CONTRIBUTING.md")


def tree(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from tree(below, (*path, name))


def every() -> dict[str, click.Command]:
    """By what a person types."""
    tops = {f"scripts/{name}": completion.command(name) for name in COMMANDS}
    tops |= {f"scripts/launch.bash {name}": completion.command(name) for name in LAUNCHED}
    return {" ".join(path): found for name, top in tops.items() for path, found in tree(top, (name,))}


EVERY = every()


def help_of(name: str) -> str:
    command = EVERY[name]
    if name == "scripts/setup":
        return setup.help_text()
    return command.get_help(click.Context(command, info_name=name))


def examples(text: str) -> list[list[str]]:
    """The words of each, without its remark and where its output goes."""
    part = re.search(r"^ *Examples:\n(.*?)^ *Exit:", text, re.MULTILINE | re.DOTALL)
    lines = [line.strip() for line in part[1].splitlines()] if part else []
    typed = [re.split(r"\s{2,}| [>|]", line)[0] for line in lines if re.match(r"(\w+=\S+ )?scripts/", line)]
    return [[word for word in shlex.split(each) if not re.match(r"[A-Z_]+=", word)] for each in typed]


def take(words: list[str]) -> click.Command:
    """The command that is named; its words are taken up as a run would, but for what is on the disk."""
    depth = 2 if words[0] == "scripts/launch.bash" else 1
    name, rest = " ".join(words[:depth]), words[depth:]
    command = EVERY[name]
    while True:
        context = click.Context(command, info_name=name)
        values, left, _ = command.make_parser(context).parse_args(list(rest))
        for param in command.params:
            check_value(context, param, values.get(param.name))
        if not (isinstance(command, click.Group) and left):
            return command
        assert left[0] in command.commands, f"no {name} {left[0]}"
        name, command, rest = f"{name} {left[0]}", command.commands[left[0]], left[1:]


def check_value(context: click.Context, param: click.Parameter, value: object) -> None:
    """A name that completion knows is one of those that it offers."""
    given = [value] if isinstance(value, str) else value if isinstance(value, (list, tuple)) else []
    for each in given if not isinstance(param.type, click.Path) else ():
        if isinstance(param, click.Argument) and param._custom_shell_complete:
            assert each in [item.value for item in param.shell_complete(context, each)]
        elif param.nargs == 1:
            param.type.convert(each, param, context)


@pytest.mark.parametrize("name", EVERY)
def test_examples_are_true(name):
    found = examples(help_of(name))
    assert found, "no example"
    assert all(take(words) for words in found)
    if not isinstance(EVERY[name], click.Group) or EVERY[name].invoke_without_command:
        assert any(take(words) is EVERY[name] for words in found), "none is of this command"


@pytest.mark.parametrize("name", EVERY)
def test_examples_name_what_is_there(name):
    named = [word for words in examples(help_of(name)) for word in words if word.startswith(COMMITTED)]
    assert all((TOP / word).exists() for word in named if "*" not in word)


@pytest.mark.parametrize("name", EVERY)
def test_each_option_has_its_help(name):
    bare = [param.opts for param in EVERY[name].params if isinstance(param, click.Option) and not param.help]
    assert not bare
    assert EVERY[name].help


def codes_said(text: str) -> list[int]:
    lines = EXIT_LINE.findall(text)
    assert len(lines) == 1
    parts = [part.split(" ", 1) for part in lines[0].removesuffix(".").split(", ")]
    assert all(words == usage.WORDS[Exit(int(number))] for number, words in parts), lines
    return [int(number) for number, _ in parts]


def codes_used(name: str) -> set[int]:
    """Those that the command's own modules name: NAME.py and NAME_*.py."""
    used = set()
    for path in [TOOLS / f"{name}.py", *TOOLS.glob(f"{name}_*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "Exit":
                used.add(int(Exit[node.attr]))
    return used


@pytest.mark.parametrize("name", EVERY)
def test_exit_codes_are_those_of_all_commands(name):
    said = codes_said(help_of(name))
    assert said == sorted(said)
    assert set(said) >= {int(code) for code in usage.ALWAYS}


@pytest.mark.parametrize("name", [*COMMANDS, *LAUNCHED])
def test_each_exit_code_in_the_code_is_said(name):
    if name == "setup":
        used = {
            int(found) for found in re.findall(r"\b(?:die|exit) (\d+)", (TOP / "scripts/setup").read_text())
        }
    else:
        used = codes_used(name)
    top = f"scripts/{name}" if name in COMMANDS else f"scripts/launch.bash {name}"
    said = set(codes_said(help_of(top)))
    assert used <= said
    for below, command in EVERY.items():
        if below.startswith(f"{top} ") and command is not EVERY[top]:
            assert set(codes_said(help_of(below))) <= said


@pytest.mark.parametrize("name", SENTENCES)
def test_documents_have_the_same_words(name):
    text = " ".join((TOP / name).read_text().split())
    assert usage.exits(*Exit) in text


@pytest.mark.parametrize("name", C_TOOLS)
def test_c_tools_say_as_much(name):
    """Their examples run, with what they say of it."""
    tool = build.directory("unit") / "fuzz" / name
    text = subprocess.run([tool, "--help"], capture_output=True, text=True, check=True).stdout
    said = re.search(r"^exit: 0 .*\b2 .*\b3 ", text, re.MULTILINE | re.IGNORECASE)
    assert said, text
    lines = text.lower().partition("example")[2].splitlines()[1:] or [text.rpartition("example: ")[2]]
    assert lines
    for path in re.findall(r"(?:corpus|conformance)/\S+", text.partition("xample")[2]):
        assert (TOP / path).exists()
