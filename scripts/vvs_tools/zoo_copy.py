# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A copy of the checkout to plant bugs in, kept from run to run: only what a patch changes is built anew."""

import filecmp
import itertools
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from vvs_tools import TOP, build, process

# What no build reads, or is large and read from the checkout.
LEFT_OUT = {".git", ".venv", "build", "vectors", "corpus", "__pycache__"}
# Where a patch may have been made, and how many leading parts its paths may have too many.
FOLDERS = (".", "lib", "lib/src")
STRIP = (1, 0, *range(2, 10))
# Lines of context that may differ: none, and where that fails two, as patch(1) itself would have it.
FUZZ = (0, 2)
PATCHED = re.compile(r"^(?:checking|patching) file '?(.+?)'?(?: \(.*\))?$", re.MULTILINE)
ERROR = re.compile(r"^.*\b(?:error:|CMake Error\b|undefined reference).*$", re.MULTILINE)


class Unusable(Exception):
    """A patch that does not apply or does not build, in one line."""


def _files(top: Path) -> Iterator[Path]:
    for folder, names, files in os.walk(top):
        names[:] = [name for name in names if name not in LEFT_OUT]
        yield from (Path(folder, name).relative_to(top) for name in files if name not in LEFT_OUT)


class Copy:
    """One folder, for one job."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def refresh(self) -> None:
        """As the checkout is now; a file with the right content keeps its time."""
        self.folder.mkdir(parents=True, exist_ok=True)
        wanted = set(_files(TOP))
        for path in set(_files(self.folder)) - wanted:
            (self.folder / path).unlink()
        for path in wanted:
            there = self.folder / path
            if not there.exists() or not filecmp.cmp(TOP / path, there, shallow=False):
                there.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(TOP / path, there)
                shutil.copymode(TOP / path, there)
        venv = self.folder / ".venv"
        if not venv.is_symlink():
            venv.symlink_to(TOP / ".venv")

    def _patch(self, patch: Path, folder: str, strip: int, *options: str) -> set[Path] | None:
        """The files that it changes, or None where it does not apply."""
        argv = ["patch", f"-p{strip}", "--batch", "--forward", "--reject-file=-", "--no-backup-if-mismatch"]
        argv += [f"--directory={self.folder / folder}", f"--input={patch}", *options]
        done = subprocess.run(process.command_line(argv), capture_output=True, text=True, errors="replace")
        names = PATCHED.findall(done.stdout)
        return {Path(os.path.normpath(Path(folder, name))) for name in names} if not done.returncode else None

    def plant(self, patch: Path) -> None:
        """Apply `patch` to a fresh copy; Unusable if it is none for lib/."""
        self.refresh()
        for fuzz, folder, strip in itertools.product(FUZZ, FOLDERS, STRIP):
            how = (patch, folder, strip, f"--fuzz={fuzz}")
            changed = self._patch(*how, "--dry-run")
            if changed:
                outside = sorted(str(path) for path in changed if path.parts[0] != "lib")
                if outside:
                    raise Unusable(f"{patch}: changes {', '.join(outside)}, and has to change lib/ alone")
                self._patch(*how)
                return
        raise Unusable(f"{patch}: does not apply to this lib/; make it anew")

    def build_folder(self, preset: str) -> Path:
        return self.folder / "build" / preset

    def own(self, word: str | Path, preset: str) -> str:
        """`word` with the preset's folder in this copy for the one in the checkout."""
        return str(word).replace(f"{build.directory(preset)}/", f"{self.build_folder(preset)}/")

    def build(self, preset: str, programs: Sequence[str], log: Path, tick: Callable[[], None]) -> None:
        """Build `programs` of the preset here; Unusable with the compiler's first error."""
        folder = self.build_folder(preset)
        steps: list[list[str]] = []
        if not (folder / "build.ninja").exists():
            compiler = f"-DCMAKE_C_COMPILER={build.compiler(preset)}"
            # What a bug leaves unused is no reason not to hunt it.
            options = [compiler, "-DVVS_WERROR=OFF"]
            steps.append(["cmake", "-S", str(self.folder), "--preset", preset, *options])
        steps.append(["cmake", "--build", str(folder), "--target", *programs])
        for step in steps:
            if process.run(step, log, tick=tick):
                found = ERROR.search(log.read_text(errors="replace"))
                why = found[0].strip() if found else f"{shlex.join(step)} fails"
                raise Unusable(f"does not build: {why}; mend the patch, log: {log}")
