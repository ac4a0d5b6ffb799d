# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A copy of this checkout in which something can be broken."""

import shutil
import subprocess
from pathlib import Path

from vvs_tools import TOP

PARTS = (
    "CMakeLists.txt",
    "CMakePresets.json",
    "cmake",
    "conformance",
    "fuzz",
    "lib",
    "requirements.txt",
    "scripts",
)


class Checkout:
    """Builds and runs for itself; Python's packages are ours."""

    def __init__(self, top: Path) -> None:
        self.top = top
        for part in PARTS:
            copy = shutil.copytree if (TOP / part).is_dir() else shutil.copy
            copy(TOP / part, top / part)
        (top / ".venv").symlink_to(TOP / ".venv")
        self.source = top / "lib" / "src" / "serve.c"

    def replace(self, old: str, new: str) -> None:
        text = self.source.read_text()
        assert text.count(old) == 1
        self.source.write_text(text.replace(old, new))

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(argv, cwd=self.top, capture_output=True, text=True, timeout=100)

    def findings(self) -> list[Path]:
        return list((self.top / "build/out/fuzz/tx_packet/findings").glob("*"))
