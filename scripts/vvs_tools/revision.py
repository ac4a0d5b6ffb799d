# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Which revision of the project this checkout is."""

import subprocess

from vvs_tools import TOP


def here() -> str:
    """With a word where it was changed; nothing where it is no checkout."""
    argv = ["git", "-C", str(TOP), "describe", "--always", "--dirty"]
    return subprocess.run(argv, capture_output=True, text=True).stdout.strip()
