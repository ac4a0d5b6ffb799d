# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Runs mutants: which differ from the library, and what tells them from it. What was found out is kept, and
is found out again only for code, tests or inputs that are new."""

import json
import queue
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vvs_tools import TOP, corpus, process, sanitizers
from vvs_tools.console import Exit, Stop
from vvs_tools.mutate_build import PROGRAMS, WORK, Objects, Recipe, Store, Tree, digest, link, reaches
from vvs_tools.mutate_operators import Mutant, Texts

CPU_S = {"mutant": 2, "mutant-asan": 20}  # the library itself takes a twentieth of that
WALL_S = 90
BEGUN = re.compile(r"^(answers|unit|oracles of) .*$", re.MULTILINE)


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant: killed and by what, survived, or dropped and why."""

    state: str  # killed, survived, same, twin, broken
    by: str = ""


class Notebook:
    """What was found out, one JSON line each, kept over interruptions."""

    def __init__(self, name: str) -> None:
        self.path = WORK / name
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.lock = threading.Lock()
        self.known: dict[str, object] = {}
        for line in self.path.read_text().splitlines() if self.path.exists() else ():
            try:
                key, value = json.loads(line)
            except ValueError:
                continue  # the line that an interruption cut
            self.known[key] = value

    def note(self, key: str, value: object) -> None:
        self.known[key] = value
        with self.lock, self.path.open("a") as file:
            file.write(json.dumps([key, value]) + "\n")


def environment() -> dict[str, str]:
    """That of the sanitizers, without names in stacks, which take longer than the run."""
    env = sanitizers.environment()
    return env | {name: f"{env[name]}:symbolize=0" for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS")}


def cause(code: int, text: str) -> str:
    """What ended a program, after what it had said."""
    begun = [match[0] for match in BEGUN.finditer(text)]
    where = begun[-1] if begun else "start"
    if code in (-signal.SIGXCPU, -signal.SIGKILL, process.TIMED_OUT):
        return f"{where} (hangs)"
    return where if code == 1 else f"{where} ({signal.Signals(-code).name if code < 0 else f'exit {code}'})"


class Bench:
    """The library itself, built and recorded, and the workers that try mutants against it."""

    def __init__(self, recipe: Recipe, texts: Texts, jobs: int) -> None:
        self.recipe = recipe
        self.texts = texts
        self.jobs = jobs
        headers = (path.read_bytes() for path in sorted((TOP / "lib" / "include").rglob("*.h")))
        flags = json.dumps(recipe.compilers).encode()
        sources = (texts[path].encode() for path in sorted(texts))
        self.sources_hash = digest(flags, *headers, *sources)
        self.forget_others()
        self.store = Store(f"{recipe.preset}-objects")
        self.trees: queue.Queue[Tree] = queue.Queue()
        for number in range(jobs):
            self.trees.put(Tree(number, texts))
        tree = Tree(jobs, texts)
        self.reached = reaches(recipe, tree)
        objects = {source: tree.compile(recipe, source) for source in recipe.compilers}
        broken = [source for source, content in objects.items() if content is None]
        if broken:
            raise Stop(
                Exit.SETUP,
                f"{broken[0]} does not compile as in the preset; "
                f"repeat: scripts/launch.bash build {recipe.preset}",
            )
        self.base = self.store.keep_all({name: content for name, content in objects.items() if content})
        self.record = WORK / f"{recipe.preset}.answers"
        self.compiled = Notebook(f"{recipe.preset}.compiled")
        self.verdicts = Notebook(f"{recipe.preset}.verdicts")

    def forget_others(self) -> None:
        """What was found out about another library says nothing of this one, and takes place."""
        stamp = WORK / f"{self.recipe.preset}.sources"
        if stamp.exists() and stamp.read_text() == self.sources_hash:
            return
        stamp.unlink(missing_ok=True)
        shutil.rmtree(WORK / f"{self.recipe.preset}-objects", ignore_errors=True)
        for name in ("compiled", "verdicts"):
            (WORK / f"{self.recipe.preset}.{name}").unlink(missing_ok=True)
        stamp.write_text(self.sources_hash)

    def check_base(self) -> None:
        """Record the library's answers, and see that nothing tells it from itself."""
        self.record.unlink(missing_ok=True)
        inputs = [path.relative_to(TOP) for target in corpus.targets() for path in corpus.files(target)]
        if not inputs:
            raise Stop(
                Exit.NOTHING_RAN,
                "no input in corpus/: nothing could tell a mutant; get it back: git checkout corpus",
            )
        program = WORK / f"{self.recipe.preset}-base"
        for name in PROGRAMS:
            link(self.recipe, name, self.store.paths(self.base), program)
            if name == "mutant-answers":
                code, text = self.execute([program, self.record, *inputs])
                if code:
                    raise Stop(
                        Exit.INCONCLUSIVE,
                        f"{name} can't record answers; repeat: scripts/test --stage corpus\n{text}",
                    )
            code, text = self.execute(self.argv(name, program))
            if code:
                raise Stop(
                    Exit.INCONCLUSIVE,
                    f"the library itself fails in {cause(code, text)}; repeat: scripts/test --quick",
                )
        self.runner_hash = digest(self.recipe.inputs(), self.record.read_bytes())

    def argv(self, name: str, program: Path) -> list[str | Path]:
        return [program, self.record] if name == "mutant-answers" else [program]

    def execute(self, argv: Sequence[str | Path]) -> tuple[int, str]:
        """Exit code and output; a program that takes too much time is ended."""
        limit = CPU_S[self.recipe.preset]
        limited = ["prlimit", "--core=0", f"--cpu={limit}:{limit + 1}", "--", *argv]
        try:
            done = subprocess.run(
                process.command_line(limited),
                cwd=TOP,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=WALL_S,
            )
        except subprocess.TimeoutExpired as late:
            return process.TIMED_OUT, (late.stdout or b"").decode(errors="replace")
        return done.returncode, done.stdout.decode(errors="replace")

    def objects_of(self, mutant: Mutant) -> Objects | None:
        """The hashes of the objects that differ from the library's; None where it does not compile."""
        change = mutant.change
        what = json.dumps([change.span.file.name, change.span.begin, change.span.end, change.text])
        key = digest(self.sources_hash.encode(), what.encode())
        known = self.compiled.known.get(key, self)
        if known is not self and all(path.exists() for path in self.store.paths(known or {})):
            return known
        tree = self.trees.get()
        try:
            made = tree.mutated(self.recipe, mutant, self.reached[mutant.file])
        finally:
            self.trees.put(tree)
        kept = None if made is None else self.store.keep_all(made)
        found = kept and {name: each for name, each in kept.items() if each != self.base[name]}
        self.compiled.note(key, found)
        return found

    def try_out(self, objects: Objects, number: int) -> Verdict:
        """Link and run, cheapest first, until something differs."""
        whole = self.base | objects
        key = digest(self.runner_hash.encode(), json.dumps(whole, sort_keys=True).encode())
        known = self.verdicts.known.get(key)
        if known:
            return Verdict(*known)
        program = WORK / f"{self.recipe.preset}-{number}"
        verdict = Verdict("survived")
        for name in PROGRAMS:
            link(self.recipe, name, self.store.paths(whole), program)
            code, text = self.execute(self.argv(name, program))
            program.unlink()
            if code == 3:
                raise Stop(
                    Exit.INCONCLUSIVE,
                    f"{name} could not run; try scripts/mutate again, with fewer --jobs: {text.strip()}",
                )
            if code:
                verdict = Verdict("killed", cause(code, text))
                break
        self.verdicts.note(key, [verdict.state, verdict.by])
        return verdict
