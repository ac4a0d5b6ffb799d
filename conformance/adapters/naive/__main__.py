# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""python3 conformance/adapters/naive: the adapter. It needs nothing but Python 3.11."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from conformance.adapters.naive import protocol

protocol.serve(sys.stdin, sys.stdout, "naive")
