# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The example adapter with a fault planted, for tests of what judges it."""

import sys
from pathlib import Path

from conformance.runner.vectors import TOP

EXAMPLE = TOP / "conformance/adapters/example/adapter.py"

PUBLISH = "            self.publish(head, 0)\n"
SHORT = "room < 0"  # where a chain under 44 bytes is refused
ANSWER = "print(json.dumps(answer(json.loads(line))), flush=True)"


def adapter(folder: Path, *changes: tuple[str, str]) -> list[str]:
    """The command that starts the example with each `old` of the changes replaced by its `new`."""
    text = EXAMPLE.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, f"the example has no {old!r} any more"
        text = text.replace(old, new)
    path = folder / "adapter.py"
    path.write_text(text, encoding="utf-8")
    return [sys.executable, str(path)]


def on_short_chain(statement: str) -> tuple[str, str]:
    """A change that has `statement` run where a chain holds less than a header."""
    line = "        header = self.memory.read"
    return line, f"        if room < 0:\n            {statement}\n{line}"
