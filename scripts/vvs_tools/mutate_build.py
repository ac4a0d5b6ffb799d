# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Compiles and links mutants: only what a changed file reaches, in a copy of lib/src for each worker."""

import hashlib
import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vvs_tools import OUT, TOP, build, process
from vvs_tools.console import Exit, Stop
from vvs_tools.mutate_operators import Mutant, Texts

WORK = OUT / "mutate"
SOURCES = TOP / "lib" / "src"
PROGRAMS = ("mutant-answers", "mutant-units")
COMPILE_TIMEOUT_S = 120
UNWANTED = re.compile(r"-(g|W|I\S*/lib/src$|c$|o$)")

Objects = dict[str, str]  # by source, the hash of its object


def digest(*parts: bytes) -> str:
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "little") + part)
    return found.hexdigest()


def run(argv: Sequence[str | Path], folder: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        process.command_line(argv), cwd=folder, capture_output=True, timeout=COMPILE_TIMEOUT_S, check=False
    )


def output(argv: Sequence[str | Path], folder: Path) -> str:
    done = run(argv, folder)
    if done.returncode:
        text = done.stderr.decode(errors="replace").strip()
        raise Stop(Exit.SETUP, f"repeat: {shlex.join(map(str, argv))}: {text}")
    return done.stdout.decode(errors="replace")


@dataclass(frozen=True)
class Recipe:
    """How a preset compiles a source of the library, and links the programs with it."""

    preset: str
    compilers: dict[str, list[str]]  # by source
    links: dict[str, list[str]]  # by program

    @property
    def folder(self) -> Path:
        return build.directory(self.preset)

    def inputs(self) -> bytes:
        """All that is linked besides the library."""
        named = {
            self.folder / part for argv in self.links.values() for part in argv if part.endswith((".o", ".a"))
        }
        files = sorted(path for path in named if path.name != "libvvs.a")
        return digest(*(path.read_bytes() for path in files)).encode()


def recipe(preset: str, tick: Callable[[], None]) -> Recipe:
    """Build the preset's programs once, and read from the build files how."""
    folder = build.build(preset, PROGRAMS, tick=tick)
    compilers = {}
    for entry in json.loads((folder / "compile_commands.json").read_text()):
        path = Path(entry["file"])
        if path.parent == SOURCES:
            argv = shlex.split(entry["command"])
            kept = [part for part in argv if not UNWANTED.match(part) and not part.endswith((".c", ".o"))]
            # No debug information: lines are no part of what a mutant does.
            compilers[path.name] = [*kept, "-I.", "-w", "-g0"]
    links = {}
    for program in PROGRAMS:
        last = output(["ninja", "-t", "commands", program], folder).strip().splitlines()[-1]
        argv = shlex.split(last.removeprefix(": && ").removesuffix(" && :"))
        at = argv.index("-o")
        links[program] = argv[:at] + argv[at + 2 :]
    return Recipe(preset, dict(sorted(compilers.items())), links)


class Tree:
    """A worker's copy of lib/src, where one mutant at a time is written."""

    def __init__(self, number: int, texts: Texts) -> None:
        self.folder = WORK / f"tree-{number}"
        self.texts = texts
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        for path, text in texts.items():
            (self.folder / path.name).write_text(text)

    def compile(self, recipe: Recipe, source: str) -> bytes | None:
        """The object of one source as it is now; None where it does not compile."""
        target = self.folder / "out.o"
        done = run([*recipe.compilers[source], "-c", source, "-o", target], self.folder)
        return target.read_bytes() if done.returncode == 0 else None

    def mutated(self, recipe: Recipe, mutant: Mutant, reached: Sequence[str]) -> dict[str, bytes] | None:
        """The objects of the sources that the mutant's file reaches."""
        span = mutant.change.span
        path = self.folder / span.file.name
        text = self.texts[span.file]
        path.write_text(text[: span.begin] + mutant.change.text + text[span.end :])
        try:
            found: dict[str, bytes] = {}
            for source in reached:
                made = self.compile(recipe, source)
                if made is None:
                    return None
                found[source] = made
            return found
        finally:
            path.write_text(text)


class Store:
    """Objects by their hash, so that equal ones are one."""

    def __init__(self, name: str) -> None:
        self.folder = WORK / name
        self.folder.mkdir(parents=True, exist_ok=True)

    def keep(self, content: bytes) -> str:
        name = digest(content)[:32]
        path = self.folder / f"{name}.o"
        if not path.exists():
            part = path.with_suffix(f".{id(content)}")
            part.write_bytes(content)
            part.replace(path)
        return name

    def keep_all(self, objects: dict[str, bytes]) -> Objects:
        return {source: self.keep(content) for source, content in objects.items()}

    def paths(self, objects: Objects) -> list[Path]:
        return [self.folder / f"{objects[source]}.o" for source in sorted(objects)]


def reaches(recipe: Recipe, tree: Tree) -> dict[str, list[str]]:
    """By file of lib/src, the sources whose objects depend on it."""
    found: dict[str, list[str]] = {path.name: [] for path in tree.texts}
    for source, argv in recipe.compilers.items():
        rule = output([*argv, "-MM", source], tree.folder)
        for name in {Path(part).name for part in rule.replace("\\\n", " ").split()[1:]}:
            if name in found:
                found[name].append(source)
    return found


def link(recipe: Recipe, program: str, objects: Sequence[Path], target: Path) -> None:
    """The program with these objects for the library."""
    argv = recipe.links[program]
    at = argv.index("lib/libvvs.a")
    rest = [part for part in argv if part != "lib/libvvs.a"]
    output([*rest[:at], *objects, *rest[at:], "-o", target], recipe.folder)
