# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""python3 conformance/adapters/wrong NAME: an adapter that is wrong in one way; --list names all."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from conformance.adapters.naive import protocol
from conformance.adapters.wrong import FAMILY


def main(arguments: list[str]) -> int:
    if arguments == ["--list"]:
        for each in FAMILY.values():
            print(f"{each.name:28} {each.what} ({' '.join(each.requirements)})")
        return 0
    if len(arguments) != 1 or arguments[0] not in FAMILY:
        print("wrong: takes the name of one device, or --list", file=sys.stderr)
        return 2
    protocol.serve(sys.stdin, sys.stdout, arguments[0], FAMILY[arguments[0]].device)
    return 0


sys.exit(main(sys.argv[1:]))
