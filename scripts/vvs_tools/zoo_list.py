# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The bugs of fuzz/zoo, or any patch against lib/: what each is, and which targets are likely to see it."""

import difflib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import click

from vvs_tools import TOP, targets

ZOO = TOP / "fuzz" / "zoo"
LISTS = ("bugs", "kinds")

# Where a patch says nothing of its targets: what it touches does. The first that matches comes first.
LIKELY = (
    (r"lib/src/header\.c", ("packet_header",)),
    (r"lib/src/payload\.c", ("packet_header", "round_trip", "tx_packet", "rx_packet")),
    (r"lib/src/chain\.c", ("tx_packet", "split_queue", "packed_queue")),
    (
        r"vvs_memory_(?:init|check|from_frontend|set_log)|vvs_regions?_(?:check|sort|last)|vvs_config_read|"
        r"vvs_cid_valid|vvs_features_check",
        ("device",),
    ),
    (r"vvs_queue_(?:state_to_base|base_to_state)", ("round_trip",)),
    (r"lib/src/packed\.c|vvs_packed_", ("packed_queue",)),
    (r"lib/src/split\.[ch]|vvs_split_|vvs_queue_(?:arm|needs_notify)", ("split_queue",)),
    (r"vvs_packet_from_rx|vvs_rx_|vvs_handle_rx|vvs_packet_(?:commit|abort|write)", ("rx_packet",)),
    (r"lib/src/device\.c|vvs_handle_event", ("split_queue", "packed_queue", "device")),
    (r"lib/src/(?:queue\.c|access\.h)", ("split_queue", "packed_queue", "threads")),
    (r"lib/src/(?:memory|status)\.c", ("device", "tx_packet", "rx_packet")),
    (r"lib/src/(?:packet|chain|payload|serve)\.c|\.h", ("tx_packet", "rx_packet")),
)


@dataclass(frozen=True)
class Bug:
    """One entry of a list, or a patch from the command line."""

    id: str
    kind: str  # its class
    targets: tuple[str, ...]  # likely to see it, the likeliest first
    patch: Path | None
    arguments: tuple[str, ...]  # how a command line names it
    not_plantable: str = ""


def patch_of(group: str, id_: str) -> Path:
    return ZOO / group / f"{id_}.patch"


@cache
def listed(group: str) -> list[Bug]:
    """The bugs of fuzz/zoo/`group`.json, in its order."""
    entries = json.loads((ZOO / f"{group}.json").read_text())["bugs"]
    return [
        Bug(
            entry["id"],
            entry["class"],
            tuple(entry["targets"]),
            None if "not_plantable" in entry else patch_of(group, entry["id"]),
            (entry["id"],),
            entry.get("not_plantable", ""),
        )
        for entry in entries
    ]


def likely(text: str) -> tuple[str, ...]:
    """Targets for a patch that says none, from the files and functions that it names."""
    # What is context only behind "@@" is the function that is changed.
    named = "\n".join(re.findall(r"^(?:\+\+\+ .*|@@.*|[-+].*)$", text, re.MULTILINE))
    found = [target for pattern, names in LIKELY if re.search(pattern, named) for target in names]
    return tuple(dict.fromkeys(found)) or tuple(targets.campaign())


def from_file(path: Path) -> Bug:
    text = path.read_text(errors="replace")
    return Bug(path.stem, "patch", likely(text), path.absolute(), ("--patch", str(path)))


def chosen(names: Sequence[str], patches: Iterable[Path]) -> list[Bug]:
    """Those named (bugs, or whole lists) and the patches; the historic ones when nothing is named."""
    given = [from_file(path) for path in patches]
    every = {bug.id: bug for group in LISTS for bug in listed(group)}
    found: dict[str, Bug] = {}
    for name in names or (() if given else ("bugs",)):
        if name not in every and name not in LISTS:
            near = difflib.get_close_matches(name, every, 3)
            hint = (
                f"did you mean {' or '.join(near)}" if near else "fuzz/zoo/bugs.json and kinds.json have them"
            )
            raise click.UsageError(f"no bug {name}: {hint}")
        found |= {bug.id: bug for bug in (listed(name) if name in LISTS else [every[name]])}
    for bug in given:
        # Two files of one name are told apart by a number, in the order given.
        id_, number = bug.id, 2
        while id_ in found:
            id_, number = f"{bug.id}-{number}", number + 1
        found[id_] = Bug(id_, bug.kind, bug.targets, bug.patch, bug.arguments)
    return list(found.values())
