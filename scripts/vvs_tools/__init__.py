# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What the commands in scripts/ do."""

from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BUILD = TOP / "build"
OUT = BUILD / "out"
