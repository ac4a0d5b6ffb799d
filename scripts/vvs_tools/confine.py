# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Run a program that may read what is named, write to named folders, and open nothing else (Landlock).

    python -m vvs_tools.confine NAME READ[:READ]... WRITE[:WRITE]... PROGRAM [ARGUMENT]...

NAME is what the program finds as its argv[0]. It needs no privilege; children are confined too.
"""

import ctypes
import os
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

from vvs_tools.console import Exit

# Of the kernel's interface (linux/landlock.h, first version), the same on every architecture.
CREATE, ADD, RESTRICT = 444, 445, 446
ONLY_VERSION = 1
PATH_BENEATH = 1
NO_NEW_PRIVILEGES = 38
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
EVERYTHING = (1 << 13) - 1
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE

# What a program needs that brings nothing with it: libc, and what a sanitizer asks of itself.
SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", "/proc")

libc = ctypes.CDLL(None, use_errno=True)


def _call(number: int, *words: int | bytes | None) -> int:
    """A system call; the arguments are as wide as the kernel's own."""
    given = [ctypes.c_long(word) if isinstance(word, int) else word for word in words]
    done = libc.syscall(ctypes.c_long(number), *given)
    if done < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return done


def available() -> bool:
    try:
        return _call(CREATE, None, 0, ONLY_VERSION) > 0
    except OSError:
        return False


def confine(read: Sequence[str], write: Sequence[str]) -> None:
    """This process and all that it starts, for good."""
    attributes = struct.pack("=Q", EVERYTHING)
    rules = _call(CREATE, attributes, len(attributes), 0)
    allowed = {path: EXECUTE | READ_FILE | READ_DIR for path in read if Path(path).exists()}
    for path, access in {**allowed, **dict.fromkeys(write, EVERYTHING)}.items():
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        usable = access if Path(path).is_dir() else access & OF_FILES
        _call(ADD, rules, PATH_BENEATH, struct.pack("=Qi", usable, place), 0)
        os.close(place)
    if libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs")
    _call(RESTRICT, rules, 0)


def command(
    argv: Sequence[str | Path], *, read: Sequence[Path], write: Sequence[Path], name: str = ""
) -> list[str | Path]:
    """`argv` confined so; `name` for its argv[0] where that is to be another one."""
    places = [":".join(map(str, paths)) for paths in ([*SYSTEM, *read], write)]
    return [sys.executable, "-P", "-m", "vvs_tools.confine", name or str(argv[0]), *places, *argv]


def main(name: str, read: str, write: str, program: str, *arguments: str) -> None:
    try:
        confine(read.split(":"), write.split(":"))
        os.execv(program, [name, *arguments])  # noqa: S606
    except OSError as error:
        print(f"confine: {program}: {error}", file=sys.stderr)
        sys.exit(Exit.SETUP)


if __name__ == "__main__":
    main(*sys.argv[1:])
