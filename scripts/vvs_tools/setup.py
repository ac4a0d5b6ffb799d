# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/setup as click has a command, read from its --help: itself, it runs where there is no Python."""

import os
import re
import subprocess

import click

from vvs_tools import TOP, console, offers

# An option, the name of its value if it takes one, and a text that may go on below.
OPTION = re.compile(r"^  (--\w+)(?: ([A-Z]+))? +(.*(?:\n {8,}.*)*)", re.MULTILINE)


def help_text() -> str:
    env = {name: value for name, value in os.environ.items() if name != console.COMPLETE}
    argv = [TOP / "scripts" / "setup", "--help"]
    return subprocess.run(argv, capture_output=True, text=True, env=env).stdout


def groups() -> dict[str, str]:
    """Of the list of packages, those that --group takes."""
    lines = (TOP / "scripts" / "packages.txt").read_text().splitlines()
    named = (line.split()[0] for line in lines if line and not line.startswith("#"))
    return {name: "" for name in named if name != "sysroot"}


def read(text: str) -> click.Command:
    options: list[click.Parameter] = [
        click.Option(
            [name],
            is_flag=not value,
            metavar=value or None,
            multiple=bool(value),
            help=" ".join(said.split()),
            shell_complete=offers.of(groups) if value else None,
        )
        for name, value, said in OPTION.findall(text)
    ]
    return click.Command("setup", params=options, help=text)


cli = read(help_text())

if __name__ == "__main__":
    console.main(cli, "setup")
