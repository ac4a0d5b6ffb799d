# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What TAB offers where a name is wanted. Nothing here builds or runs anything."""

import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from vvs_tools import OUT, TOP, boxes, targets, zoo_list

Offer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

SUITE = TOP / "conformance"
VECTORS = SUITE / "vectors"


def beginning(found: Mapping[str, str], typed: str) -> list[CompletionItem]:
    """Names, each with a word on it for the shells that show one."""
    return [CompletionItem(name, help=word or None) for name, word in found.items() if name.startswith(typed)]


def of(names: Callable[[], Mapping[str, str]]) -> Offer:
    """For click: those of `names` that begin with what is typed."""
    return lambda _context, _param, typed: beginning(names(), typed)


TARGETS = of(lambda: {target.name: target.description for target in targets.nameable().values()})
SOURCES = of(lambda: {path.name: "" for path in sorted((TOP / "lib" / "src").glob("*.[ch]"))})
ADAPTERS = of(lambda: dict.fromkeys(tomllib.loads((SUITE / "adapters" / "adapters.toml").read_text()), ""))


def bugs() -> dict[str, str]:
    """The lists too."""
    found = {group: f"all of fuzz/zoo/{group}.json" for group in zoo_list.LISTS}
    return found | {bug.id: bug.kind for group in zoo_list.LISTS for bug in zoo_list.listed(group)}


BUGS = of(bugs)


def vectors(_context: click.Context, _param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Requirements, and folders of vectors; a folder that is typed is opened."""
    listed = json.loads((SUITE / "requirements" / "virtio-1.4.json").read_text())["requirements"]
    found = {each["id"]: each["summary"] for each in listed}
    place = VECTORS / typed.rpartition("/")[0]
    there = place.iterdir() if place.is_dir() else ()
    names = sorted(path.relative_to(VECTORS).with_suffix("").as_posix() for path in there)
    return beginning(found | dict.fromkeys(names, ""), typed)


def findings(context: click.Context, _param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Those of the campaign that is named before, or of the usual one."""
    # While an option lacks its value click has not given the arguments their names.
    out = context.params.get("out") or next(iter(context.args), OUT / "fuzz")
    boxed = sorted(boxes.folder_of(Path(out)).glob(f"*/{boxes.ABOUT}"))
    return beginning({path.parent.name: "" for path in boxed if boxes.is_whole(path.parent)}, typed)
