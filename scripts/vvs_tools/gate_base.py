# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The revision that a change is compared with: what has changed since, and whether it fails too."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from vvs_tools import BUILD, TOP, atomic, engine, process, targets, triaging, zoo_hunt, zoo_list
from vvs_tools.boxes import Box
from vvs_tools.console import Exit, Stop
from vvs_tools.zoo_copy import Copy, Unusable

GIT_TIMEOUT_S = 120
# Checkouts of former bases that stay: building one takes most of what a comparison costs.
KEPT = 2
DIGITS = 12
# Whose change says which of the library's functions may have changed.
LIBRARY = ("lib/src", "lib/include")


def _git(*argv: str) -> subprocess.CompletedProcess[str]:
    line = process.command_line(["git", "-C", TOP, *argv])
    try:
        return subprocess.run(line, capture_output=True, text=True, errors="replace", timeout=GIT_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        raise Stop(Exit.SETUP, f"git {argv[0]} has not ended after {GIT_TIMEOUT_S} s; try again") from None


def git(*argv: str) -> str:
    done = _git(*argv)
    if done.returncode:
        raise Stop(Exit.SETUP, f"git {argv[0]} fails; try git status: {done.stderr.strip()}")
    return done.stdout


def find(revision: str) -> str:
    """The commit that HEAD and `revision` have in common, `revision` itself where the history is cut off."""
    inside = _git("rev-parse", "--show-prefix")
    if inside.returncode:
        why = inside.stderr.strip().splitlines()[0].removeprefix("fatal: ")
        raise Stop(Exit.USAGE, f"--base wants a git checkout; leave it out here: {why}")
    found = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if found.returncode:
        raise Stop(Exit.USAGE, f"--base: there is no revision {revision} here; name another, or git fetch it")
    sha = found.stdout.strip()
    return _git("merge-base", sha, "HEAD").stdout.strip() or sha


def changed(base: str) -> list[str]:
    """The files that are not as they were, new ones too."""
    names = git("diff", "--name-only", "--no-ext-diff", "--relative", "-z", base, "--")
    fresh = git("ls-files", "--others", "--exclude-standard", "-z")
    return sorted({name for name in (names + fresh).split("\0") if name})


def affected(base: str, names: Sequence[str]) -> list[str]:
    """The targets that are likely to see what has changed, the likeliest first."""
    found: list[str] = []
    library = [name for name in names if name.startswith(LIBRARY)]
    if library:
        text = git("diff", "--no-color", "--no-ext-diff", "--relative", base, "--", *LIBRARY)
        found += zoo_list.likely("\n".join([text, *(f"+++ b/{name}" for name in library)]))
    for target in targets.campaign():
        own = re.compile(rf"corpus/{target}/|fuzz/targets/fuzz_{target}\.c$")
        found += [target for name in names if own.match(name)]
    return [name for name in dict.fromkeys(found) if name in targets.campaign()]


class Base:
    """A checkout of the revision, built as far as something has to be compared."""

    def __init__(self, sha: str, work: Path, tick: Callable[[], None]) -> None:
        self.sha = sha
        self.name = sha[:DIGITS]
        self.work = work
        self.tick = tick
        self.copy = Copy(BUILD / f"base-{self.name}")

    def fetch(self) -> None:
        """What git has of it, and no more than some former ones beside it."""
        folder = self.copy.folder
        if not folder.is_dir():
            fresh = folder.with_name(f"{atomic.UNDONE}{folder.name}")
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir(parents=True)
            archive = self.work / "base.tar"
            git("archive", "--format=tar", f"--output={archive}", self.sha)
            if process.run(["tar", "-xf", archive, "-C", fresh], self.work / "tar.log", tick=self.tick):
                raise Stop(
                    Exit.SETUP,
                    f"the base can't be unpacked; make room: {process.tail(self.work / 'tar.log', 1)}",
                )
            archive.unlink()
            (fresh / ".venv").symlink_to(TOP / ".venv")
            fresh.rename(folder)
        os.utime(folder)
        newest = sorted(BUILD.glob("base-*"), key=lambda path: -path.stat().st_mtime)
        for old in newest[KEPT:]:
            shutil.rmtree(old, ignore_errors=True)

    def build(self, program: str) -> Path:
        """A program of the preset that replays; Unusable where the base has none."""
        self.fetch()
        preset = zoo_hunt.PLAIN_PRESET
        self.copy.build(preset, [program], self.work / f"base-{program}.log", self.tick)
        return self.copy.build_folder(preset) / "fuzz" / program

    def judge(self, box: Box) -> tuple[bool, str]:
        """Whether it fails with the same token there, and what it says."""
        target = targets.every()[box.target]
        try:
            self.build(target.replay(zoo_hunt.PLAIN_PRESET).name)
        except Unusable as unusable:
            return False, f"base {self.name}: {unusable}"
        log = self.work / "base-replay.log"
        seen = "does not fail"
        for path in (box.input, box.original):
            for _ in range(triaging.RUNS):
                code = zoo_hunt.replay(self.copy, target, path, log, self.tick)
                token = triaging.said(code, engine.log_tail(log))
                if str(token) == box.token:
                    return True, f"base {self.name} fails with the same token"
                if token:
                    seen = f"fails in another way, {token}"
        return False, f"base {self.name}: {seen}"

    def runner(self) -> Path | str:
        """The program that vectors are run by; why there is none."""
        try:
            return self.build("vvs-run")
        except Unusable as unusable:
            return f"base {self.name}: {unusable}"
