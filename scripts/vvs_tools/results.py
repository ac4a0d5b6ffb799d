# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Test results: read from what ctest, cmocka and pytest write, counted, written as JUnit."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vvs_tools import atomic

Outcome = Literal["passed", "failed", "skipped"]

# cmocka's lines with CMOCKA_MESSAGE_OUTPUT=TAP; its version 1.1.5 says "not ok" of a skipped test.
TAP_LINE = re.compile(r"^(?P<bad>not )?ok \d+ (?:-\s+)?(?P<skip># SKIP )?(?P<name>\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Result:
    """One test and how it ended."""

    name: str
    outcome: Outcome
    seconds: float = 0.0
    text: str = ""


def count(results: Iterable[Result], outcome: Outcome) -> int:
    return sum(result.outcome == outcome for result in results)


def closing_line(results: Iterable[Result]) -> str:
    """`N passed, N failed[, N skipped]`."""
    every = list(results)
    line = f"{count(every, 'passed')} passed, {count(every, 'failed')} failed"
    skipped = count(every, "skipped")
    return f"{line}, {skipped} skipped" if skipped else line


def _cases(path: Path) -> Iterable[ET.Element]:
    # The file was written by a program that we started.
    return ET.parse(path).iter("testcase") if path.exists() else ()  # noqa: S314


def _tap_outcome(match: re.Match[str]) -> Outcome:
    if match["skip"]:
        return "skipped"
    return "failed" if match["bad"] else "passed"


def read_ctest(path: Path) -> list[Result]:
    """The cmocka tests inside each program of a ctest JUnit file. A program that fails without one of
    its tests failing (it crashed) adds a failed test; one that prints no TAP is a test itself."""
    results = []
    for case in _cases(path):
        program = case.get("name", "?")
        text = case.findtext("system-out") or ""
        inner = [Result(f"{program}.{m['name']}", _tap_outcome(m)) for m in TAP_LINE.finditer(text)]
        status = case.get("status")
        if status == "disabled" or case.find("skipped") is not None:
            inner.append(Result(program, "skipped"))
        elif status != "run" and not count(inner, "failed"):
            inner.append(Result(program, "failed", float(case.get("time", 0)), text))
        elif not inner:
            inner.append(Result(program, "passed", float(case.get("time", 0))))
        results += inner
    return results


def read_pytest(path: Path) -> list[Result]:
    """The tests of a pytest JUnit file."""
    results = []
    for case in _cases(path):
        name = f"{case.get('classname', '')}.{case.get('name', '?')}".lstrip(".")
        seconds = float(case.get("time", 0))
        fault = next((child for child in case if child.tag in ("failure", "error")), None)
        if fault is not None:
            results.append(Result(name, "failed", seconds, fault.text or ""))
        else:
            skipped = case.find("skipped") is not None
            results.append(Result(name, "skipped" if skipped else "passed", seconds))
    return results


def write_junit(path: Path, suites: Mapping[str, Iterable[Result]]) -> None:
    """One testsuite for each of `suites`."""
    root = ET.Element("testsuites")
    for name, results in suites.items():
        every = list(results)
        suite = ET.SubElement(
            root,
            "testsuite",
            name=name,
            tests=str(len(every)),
            failures=str(count(every, "failed")),
            skipped=str(count(every, "skipped")),
        )
        for result in every:
            case = ET.SubElement(suite, "testcase", name=result.name, time=f"{result.seconds:.3f}")
            if result.outcome == "failed":
                ET.SubElement(case, "failure").text = printable(result.text)
            elif result.outcome == "skipped":
                ET.SubElement(case, "skipped").text = printable(result.text) or None
    ET.indent(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic.write(path, ET.tostring(root, encoding="utf-8", xml_declaration=True))


def printable(text: str) -> str:
    """`text` without the control characters that XML can't hold."""
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "?", text)
