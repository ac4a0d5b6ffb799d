# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Look into the objects of lib/: each access to a word shared with the driver is one 16-bit access, and each
decision that weighs such words against each other has its full fence.

The library reaches shared words through two inline functions alone. The debug information says which
instructions came from them, and from which call. Each call must have a 16-bit access, no access by bytes and
no wider store; wider loads are those of the arguments, a ring pointer kept in the queue.

The fence is one inline function too. That it is missed shows at run time only where two cores meet within
nanoseconds."""

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from vvs_tools import TOP, build, process, usage
from vvs_tools.console import Exit, Stop, main

ACCESSORS = ("vvs_load_word", "vvs_store_word")
FENCE = "vvs_full_fence"
# Who stores words that the driver reads, and then loads words that the driver stores.
FENCED = {"vvs_queue_needs_notify", "vvs_split_arm", "vvs_packed_arm"}
LEVELS = ("-O2", "-Os")
FLAGS = ("-std=c11", "-g", "-c", f"-I{TOP}/lib/include", f"-I{TOP}/lib/src")
INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\s+(\S+)(?:\s+(.*))?$")

# By mnemonic and operands, as llvm-objdump writes them.
X86_MEMORY = re.compile(r"\(")
X86_ADDRESS_ONLY = re.compile(r"^(lea|nop|prefetch)")
X86_16 = re.compile(r"^(mov[sz]w[lq]|[a-z]+w)$")
X86_8 = re.compile(r"^(mov[sz]b[wlq]|[a-z]+b)$")
X86_STORE = re.compile(r"^mov\w* [^(]*, \S*\(.*\)$")
S390X_16 = re.compile(r"^(llh|lh|lhy|llgh|lgh|lrvh|sth|sthy|strvh|mvhhi|chhsi|clhhsi)$")
S390X_8 = re.compile(r"^(icy?|llg?c|lg?b|stcy?|mviy?|cliy?|tmy?|[nox]iy?|[nox]c|mvc|clc)$")
S390X_STORE = re.compile(r"^(st|mvh|mvg)")
X86_BARRIER = re.compile(r"^(mfence|lock|xchg\w*)$")
S390X_BARRIER = re.compile(r"^(br|bnor|bcr)$")
STACK = re.compile(r"\(%(rsp|esp|r15)\)")


@dataclass(frozen=True)
class Instruction:
    """One that touches memory, not counting the stack."""

    mnemonic: str
    operands: str
    s390x: bool

    @property
    def is_16(self) -> bool:
        return bool((S390X_16 if self.s390x else X86_16).match(self.mnemonic))

    @property
    def is_wrong(self) -> bool:
        if (S390X_8 if self.s390x else X86_8).match(self.mnemonic):
            return True
        stores = S390X_STORE if self.s390x else X86_STORE
        return not self.is_16 and bool(stores.match(str(self)))

    def __str__(self) -> str:
        return f"{self.mnemonic} {self.operands}"


@dataclass(frozen=True)
class Target:
    """One compiler for one machine."""

    name: str
    argv: tuple[str, ...]
    s390x: bool = False

    def is_barrier(self, mnemonic: str) -> bool:
        return bool((S390X_BARRIER if self.s390x else X86_BARRIER).match(mnemonic))

    def touches_memory(self, mnemonic: str, operands: str) -> bool:
        if STACK.search(operands):
            return False
        if self.s390x:
            return "(%r" in operands and not re.match(r"^(lay?|b\w*)$", mnemonic)
        return bool(X86_MEMORY.search(operands)) and not X86_ADDRESS_ONLY.match(mnemonic)


def targets() -> list[Target]:
    clang = build.llvm_tool("clang")
    return [
        Target("clang x86-64", (clang, "-m64")),
        Target("gcc x86-64", ("gcc", "-m64")),
        Target("clang i386", (clang, "-m32")),
        Target("gcc i386", ("gcc", "-m32")),
        Target("gcc s390x", ("s390x-linux-gnu-gcc",), s390x=True),
    ]


def run(argv: list[str | Path], text: str = "") -> str:
    done = subprocess.run(process.command_line(argv), input=text, capture_output=True, text=True)
    if done.returncode:
        raise Stop(Exit.SETUP, f"{argv[0]} fails; try scripts/setup: {done.stderr.strip()}")
    return done.stdout


def installed(target: Target, scratch: Path) -> bool:
    """The cross compilers and 32-bit headers come with `scripts/setup --group cross` only."""
    if not shutil.which(target.argv[0]):
        return False
    probe = scratch / "probe.c"
    probe.write_text("#include <stdint.h>\n#include <string.h>\n")
    argv = [*target.argv, "-c", probe, "-o", scratch / "probe.o"]
    return subprocess.run(process.command_line(argv), capture_output=True).returncode == 0


def instructions(target: Target, obj: Path) -> tuple[dict[int, Instruction], list[int]]:
    """Those that touch memory, by address; and where there are barriers."""
    listing = run([build.llvm_tool("llvm-objdump"), "-d", "--no-show-raw-insn", obj])
    found = {}
    barriers = []
    for line in listing.splitlines():
        match = INSTRUCTION.match(line)
        if match and target.is_barrier(match[2]):
            barriers.append(int(match[1], 16))
        elif match and target.touches_memory(match[2], match[3] or ""):
            found[int(match[1], 16)] = Instruction(match[2], match[3], target.s390x)
    return found, barriers


def stacks(obj: Path, addresses: Iterable[int]) -> list[list[dict[str, Any]]]:
    """Whose instruction is at each address: an inlined function first, behind it who called it."""
    argv = [build.llvm_tool("llvm-symbolizer"), f"--obj={obj}", "--output-style=JSON"]
    lines = run(argv, "".join(f"{address:#x}\n" for address in addresses)).splitlines()
    return [json.loads(line)["Symbol"] for line in lines]


def by_call(obj: Path, code: dict[int, Instruction]) -> dict[str, list[Instruction]]:
    """The instructions that came from an accessor, by the place of its call."""
    calls: dict[str, list[Instruction]] = {}
    for stack, instruction in zip(stacks(obj, code), code.values(), strict=True):
        if len(stack) > 1 and stack[0]["FunctionName"] in ACCESSORS:
            caller = stack[1]
            place = f"{Path(caller['FileName']).name}:{caller['Line']}:{caller['Column']}"
            calls.setdefault(place, []).append(instruction)
    return calls


def defined(source: Path) -> set[str]:
    """Those of the functions with a fence whose definition is in `source`."""
    return FENCED.intersection(re.findall(r"^\w[\w ]* (vvs_\w+)\(", source.read_text(), re.MULTILINE))


def fenced(obj: Path, barriers: list[int]) -> set[str]:
    """The functions that a barrier came into from the fence, whatever they were inlined into."""
    found = [[each["FunctionName"] for each in stack] for stack in stacks(obj, barriers)]
    return {caller for names in found if names[0] == FENCE for caller in names[1:]}


def faults(target: Target, level: str, source: Path, scratch: Path) -> tuple[int, list[str]]:
    """How many calls of an accessor the object has, and what is wrong with them."""
    obj = scratch / "object.o"
    run([*target.argv, *FLAGS, level, source, "-o", obj])
    code, barriers = instructions(target, obj)
    calls = by_call(obj, code)
    wrong = []
    for place, found in calls.items():
        if not any(instruction.is_16 for instruction in found):
            wrong.append(f"{level} {place}: no 16-bit access")
        wrong += [f"{level} {place}: {instruction}" for instruction in found if instruction.is_wrong]
    missing = defined(source) - fenced(obj, barriers)
    wrong += [f"{level} {source.name}: {name} has no full fence" for name in sorted(missing)]
    return len(calls), wrong


def check(target: Target, scratch: Path) -> list[str]:
    total = 0
    wrong: list[str] = []
    sources = sorted((TOP / "lib" / "src").glob("*.c"))
    unknown = FENCED.difference(*(defined(source) for source in sources))
    wrong += [f"{name} is defined nowhere" for name in sorted(unknown)]
    for level in LEVELS:
        for source in sources:
            count, found = faults(target, level, source, scratch)
            total += count
            wrong += found
    if not total:
        wrong.append("no access to a shared word was found at all")
    print(f"{target.name}: shared words are accessed in {total} places, wrongly: {len(wrong) or 'none'}")
    for line in wrong:
        print(f"  {line}")
    return wrong


EPILOG = usage.epilog("  scripts/launch.bash shared_words", Exit.FINDINGS)


@click.command(epilog=EPILOG)
def cli() -> Exit:
    """Look at each access of lib/ to a word that the driver shares, in the code of each compiler."""
    code = Exit.CLEAN
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        for target in targets():
            if not installed(target, scratch):
                print(f"{target.name}: skipped, not installed (scripts/setup --group cross)")
            elif check(target, scratch):
                code = Exit.FINDINGS
    if code:
        print("repeat: scripts/launch.bash shared_words")
    return code


if __name__ == "__main__":
    main(cli, "launch.bash shared_words")
