# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What fails of an adapter as SARIF: one result for each requirement."""

from pathlib import Path
from typing import TYPE_CHECKING

from vvs_tools import atomic, conformance_adapter, gate_failure, gate_sarif
from vvs_tools.gate_failure import Held

if TYPE_CHECKING:
    from conformance.runner.results import Results


def write(path: Path, found: "Results") -> None:
    held = [
        Held(
            case.id,
            case.verdict,
            case.outcome.vector.requirements,
            case.outcome.vector.title,
            conformance_adapter.report(found, case),
        )
        for case in found.failing()
    ]
    options = ["--adapter", found.adapter, *(["--strict"] if found.strict else [])]
    failures = gate_failure.of_vectors(held, "new", options=options)
    code = conformance_adapter.EXITS[found.verdict]
    atomic.write_json(path, gate_sarif.log(failures, "", code, f"conformance/{found.adapter}/"))
