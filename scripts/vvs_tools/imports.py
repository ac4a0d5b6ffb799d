# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Anybody's inputs taken into a campaign's working corpus."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console

from vvs_tools import atomic, findings
from vvs_tools.targets import Target


def files(folder: Path) -> Iterator[Path]:
    """All below a folder, without following links to others."""
    for place, names, found in os.walk(folder):
        names.sort()
        yield from (Path(place, name) for name in sorted(found))


def wanted_by(path: Path, folder: Path, targets: Sequence[Target]) -> list[Target]:
    """A file in a folder that has a target's name is for that one, any other for all."""
    parts = path.relative_to(folder).parts[:-1]
    named = [target for target in targets if target.name in (folder.name, *parts)]
    return named or list(targets)


def read(path: Path, most: int) -> tuple[bytes, str]:
    """Its content, or why it is not taken."""
    try:
        if not path.is_file():
            return b"", "no file"
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        return b"", (error.strerror or str(error)).lower()
    return (b"", f"more than {most} bytes") if len(content) > most else (content, "")


def take(folder: Path, targets: Sequence[Target], out: Path, console: Console) -> int:
    """Copy what `targets` can read to their working corpora in `out`; names what it skips. How many."""
    taken = 0
    for path in files(folder):
        for target in wanted_by(path, folder, targets):
            content, why = read(path, target.max_len)
            if why:
                console.print(f"skipped {findings.shown(path)} for {target.name}: {why}")
                continue
            corpus = out / target.name / "corpus"
            corpus.mkdir(parents=True, exist_ok=True)
            entry = corpus / findings.name_of(content)
            if not entry.exists():
                atomic.write(entry, content, scratch=out / target.name)
                taken += 1
    return taken
