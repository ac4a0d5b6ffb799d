# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Failures that are let through, by a list in which nothing may go stale."""

import datetime
import fnmatch
import json
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vvs_tools import atomic, boxes, engine, findings, process, sanitizers, targets, triaging
from vvs_tools.boxes import Box
from vvs_tools.console import Exit, Stop

KEYS = {"finding": {"finding", "target", "input", "reason", "since"}, "vector": {"vector", "reason", "since"}}
PRESET = "unit"


@dataclass(frozen=True)
class Known:
    """One entry: a finding with an input that shows it, or vectors."""

    name: str  # the finding's id, or a glob of vectors
    kind: str  # finding or vector
    reason: str
    since: str
    target: str = ""
    input: bytes = b""

    def matches(self, id_: str) -> bool:
        return fnmatch.fnmatchcase(id_, self.name)


def read(path: Path) -> list[Known]:
    """The entries of a file; a usage error in one line where it is none."""
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Stop(Exit.USAGE, f"{findings.shown(path)}: {error}; see fuzz/README.md") from None
    if told.keys() - {"known"} or not isinstance(told.get("known", []), list):
        raise Stop(
            Exit.USAGE,
            f"{findings.shown(path)}: it has [[known]] entries, and nothing else; see fuzz/README.md",
        )
    entries = told.get("known", [])
    return [_entry(f"{findings.shown(path)}: entry {n}", each) for n, each in enumerate(entries, 1)]


def _entry(where: str, told: Mapping[str, Any]) -> Known:
    kind = next((kind for kind in KEYS if kind in told), "")
    if not kind:
        raise Stop(Exit.USAGE, f"{where}: neither finding nor vector; say which")
    if wrong := told.keys() ^ KEYS[kind]:
        word = "lacks" if min(wrong) in KEYS[kind] else "has no key"
        raise Stop(Exit.USAGE, f"{where}: it {word} {min(wrong)}; there are: {', '.join(sorted(KEYS[kind]))}")
    words = {key: str(value).strip() for key, value in told.items()}
    if empty := [key for key, value in words.items() if not value]:
        raise Stop(Exit.USAGE, f"{where}: {empty[0]} is empty; say it")
    try:
        content = bytes.fromhex(words.get("input", ""))
    except ValueError:
        raise Stop(
            Exit.USAGE,
            f"{where}: input is no row of hexadecimal digits; take it from the command of the finding",
        ) from None
    target = words.get("target", "")
    if target and target not in targets.campaign():
        raise Stop(Exit.USAGE, f"{where}: no target {target}; there are: {', '.join(targets.campaign())}")
    return Known(words[kind], kind, words["reason"], words["since"], target, content)


def of_finding(known: Iterable[Known], id_: str) -> Known | None:
    return next((each for each in known if each.kind == "finding" and each.name == id_), None)


def stale_finding(entry: Known, work: Path, tick: Callable[[], None]) -> str:
    """Why the entry is stale; nothing while its input fails as it says."""
    work.mkdir(parents=True, exist_ok=True)
    path, log = work / entry.name, work / "replay.log"
    atomic.write(path, entry.input)
    argv = [targets.campaign()[entry.target].replay(PRESET), path]
    seen = "its input fails no more"
    for _ in range(triaging.RUNS):
        code = process.run(
            argv, log, timeout=triaging.REPLAY_SECONDS, env=sanitizers.environment(), tick=tick
        )
        token = triaging.said(code, engine.log_tail(log))
        if token and token.id == entry.name:
            return ""
        if token:
            seen = f"its input is {token.id} now"
    return f"{entry.name}: {seen}; repeat: {boxes.repro_command(path, entry.target, PRESET)}"


def stale_vectors(entry: Known, every: Sequence[str], failed: Iterable[str]) -> str:
    """The same of vectors: each that it names has to fail."""
    named = [id_ for id_ in every if entry.matches(id_)]
    if not named:
        return f"{entry.name}: there is no such vector; repeat: scripts/conformance --list --json"
    fine = sorted(set(named) - set(failed))
    if not fine:
        return ""
    more = f" and {len(fine) - 1} more" if len(fine) > 1 else ""
    return f"{entry.name}: {fine[0]}{more} passes; repeat: scripts/conformance --filter {fine[0]}"


def draft(found: Iterable[Box], vectors: Iterable[str]) -> str:
    """Entries to be copied, once somebody has given the reasons."""
    today = datetime.date.today().isoformat()
    entries = [
        {"finding": box.id, "target": box.target, "input": box.input.read_bytes().hex()} for box in found
    ]
    entries += [{"vector": id_} for id_ in vectors]
    blocks = []
    for entry in entries:
        lines = [
            f"{key} = {json.dumps(value)}" for key, value in (entry | {"reason": "", "since": today}).items()
        ]
        blocks.append("\n".join(["[[known]]", *lines]))
    return "\n\n".join(blocks) + "\n"
