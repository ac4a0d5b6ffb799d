# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Findings as SARIF 2.1.0, for whoever shows them beside the code."""

from collections.abc import Sequence
from typing import Any

from vvs_tools.console import Exit
from vvs_tools.gate_failure import Failure, summary

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
VERSION = "2.1.0"
ROOT = "SRCROOT"
FINGERPRINT = "vvsToken/v1"
STATES = {"new": "new", "old": "unchanged", "known": "unchanged"}


def rule(failure: Failure) -> dict[str, Any]:
    """What is to hold: a requirement, or those that an oracle is about."""
    texts = [f"{name}: {summary(name)}" for name in failure.requirements]
    return {
        "id": failure.rule,
        "shortDescription": {"text": failure.rule},
        "fullDescription": {"text": " ".join(texts) or failure.rule},
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["fuzzing" if failure.targets else "conformance", *failure.requirements]},
    }


def result(failure: Failure, index: int, base: str) -> dict[str, Any]:
    new = failure.verdict == "new"
    text = "\n".join(
        part
        for part in (
            failure.report,
            f"Requirements: {', '.join(failure.requirements)}",
            f"Seen by: {failure.where}",
            failure.why,
            f"Repeat: {failure.command}",
        )
        if part
    )
    told: dict[str, Any] = {
        "ruleId": failure.rule,
        "ruleIndex": index,
        "level": "error" if new else "note",
        "message": {"text": text},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": failure.file, "uriBaseId": ROOT},
                    "region": {"startLine": failure.line},
                }
            }
        ],
        "partialFingerprints": {FINGERPRINT: failure.id},
        "properties": {
            "command": failure.command,
            "verdict": failure.verdict,
            "base": failure.why if base else "",
            "requirements": failure.requirements,
            "targets": failure.targets,
            "vectors": failure.vectors,
        },
    }
    if base:
        told["baselineState"] = STATES[failure.verdict]
    if failure.verdict == "known":
        told["suppressions"] = [{"kind": "external", "status": "accepted", "justification": failure.why}]
    return told


def log(failures: Sequence[Failure], base: str, code: Exit, run: str = "gate/") -> dict[str, Any]:
    """`run` names what is compared from one time to the next."""
    rules = {failure.rule: rule(failure) for failure in failures}
    index = {name: number for number, name in enumerate(rules)}
    return {
        "$schema": SCHEMA,
        "version": VERSION,
        "runs": [
            {
                "tool": {"driver": {"name": "vsock-anvil", "rules": list(rules.values())}},
                "automationDetails": {"id": run},
                "originalUriBaseIds": {ROOT: {"description": {"text": "The top of the checkout."}}},
                "invocations": [
                    {
                        "executionSuccessful": code in (Exit.CLEAN, Exit.FINDINGS),
                        "exitCode": int(code),
                    }
                ],
                "results": [result(failure, index[failure.rule], base) for failure in failures],
                "properties": {"base": base},
            }
        ],
    }
