# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""lib/test/mutants.json: mutants that no test can kill, each with the reason."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from vvs_tools import TOP
from vvs_tools.console import Exit, Stop
from vvs_tools.mutate_operators import Mutant

LIST = TOP / "lib" / "test" / "mutants.json"
MIN_REASON = 20  # characters; less explains nothing


@dataclass(frozen=True)
class Entry:
    """Some changes in a function that share their reason."""

    file: str
    function: str
    reason: str
    changes: tuple[str, ...]
    chance: bool = False  # a run may kill them by luck, as where two threads have to meet

    def each(self) -> list[tuple[str, str, str]]:
        return [(self.file, self.function, change) for change in self.changes]


def key_of(mutant: Mutant) -> tuple[str, str, str]:
    return mutant.file, mutant.function, mutant.change.label


def read(path: Path) -> list[Entry]:
    """The entries; ends the command where the file is wrong."""
    try:
        entries = [
            Entry(**(each | {"changes": tuple(each["changes"])})) for each in json.loads(path.read_text())
        ]
    except (ValueError, TypeError, KeyError, OSError) as error:
        raise Stop(Exit.USAGE, f"{path} is no list, mend it: {error}") from error
    seen: set[tuple[str, str, str]] = set()
    for entry in entries:
        if len(entry.reason) < MIN_REASON or not entry.changes:
            raise Stop(
                Exit.USAGE,
                f"{path}: an entry of {entry.function} without a reason, or without a change: say both",
            )
        for key in entry.each():
            if key in seen:
                raise Stop(Exit.USAGE, f"{path}: twice, take one out: {' '.join(key)}")
            seen.add(key)
    return entries


def reasons(entries: Iterable[Entry]) -> dict[tuple[str, str, str], str]:
    return {key: entry.reason for entry in entries for key in entry.each()}


def stale(entries: Iterable[Entry], states: Mapping[Mutant, str], everything: Iterable[Mutant]) -> list[str]:
    """Listed changes that are no mutants any more, or no survivors. Only what ran is judged by its state."""
    there = {key_of(mutant) for mutant in everything}
    ended = {key_of(mutant): state for mutant, state in states.items()}
    found = []
    for entry in entries:
        for key in entry.each():
            place = f"{key[0]} {key[1]}: {key[2]}"
            if key not in there:
                found.append(f"{place}: there is no such mutant")
            elif ended.get(key, "survived") not in ("survived", "killed" if entry.chance else "survived"):
                found.append(f"{place}: {ended[key]}")
    return found
