# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/conformance --adapter: another implementation under the vectors; and the first steps with one."""

import shlex
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from vvs_tools import OUT, TOP, build, process, results, sanitizers
from vvs_tools.console import Exit, Progress, Stop

sys.path.append(str(TOP))  # the suite is a package beside scripts/
from conformance.runner import adapters, deviations, iut, request, session, smoke, vectors
from conformance.runner.client import Client

if TYPE_CHECKING:
    from conformance.runner.adapters import Adapter
    from conformance.runner.results import Case, Results

LOGS = OUT / "conformance"
BUILD_TIMEOUT_S = 1800
EXITS = {"pass": Exit.CLEAN, "fail": Exit.FINDINGS, "inconclusive": Exit.INCONCLUSIVE, "not run": Exit.SETUP}
ADAPTER_ERROR = "adapter error"
REASONS_TOLD = 8
NOT_BUILT = "not built"


def find(wanted: str) -> "Adapter":
    """The adapter that is meant; ends the command if there is none."""
    try:
        return adapters.find(wanted)
    except adapters.Unusable as error:
        raise Stop(Exit.USAGE, f"--adapter: {error}; see conformance/adapters/PROTOCOL.md") from error


def prepare(adapter: "Adapter", progress: Progress) -> str:
    """Build the scenario tools and the adapter; why it can't be run, or nothing."""
    build.build("unit", [*adapters.TOOLS, *adapter.targets], tick=lambda: progress.tick("building"))
    lacking = adapter.missing()
    if lacking:
        return f"{NOT_BUILT}: there is no {lacking} here"
    log = LOGS / f"{adapter.name}-build.log" if adapter.listed else LOGS / "build.log"
    if adapter.build and process.run(
        adapter.build, log, timeout=BUILD_TIMEOUT_S, tick=lambda: progress.tick("building")
    ):
        return f"{NOT_BUILT}: {process.tail(log, 1)} (log: {log.relative_to(TOP)})"
    if adapter.object and not adapter.object.is_file():
        return f"{NOT_BUILT}: there is no {adapter.object}"
    return ""


def run(
    adapter: "Adapter",
    chosen: Sequence[vectors.Vector],
    console: Console,
    strict: bool,
    known: Sequence[str] = (),
) -> "Results":
    """The results of an adapter, which say so if it could not be run."""
    with Progress(console, adapter.name) as progress:
        why = prepare(adapter, progress)
        if not why:
            env = sanitizers.environment()
            try:
                return session.run(adapter, chosen, strict=strict, known=known, env=env, tick=progress.tick)
            except session.NoHello as error:
                why = str(error)
            except deviations.Invalid as error:
                raise Stop(
                    Exit.USAGE, f"conformance/deviations/{error}; see conformance/deviations/README.md"
                ) from error
            except request.Unresolved as error:
                raise Stop(Exit.SETUP, str(error)) from error
    return session.Results(adapter.name, strict=strict, not_run=why)


def read_known(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        return deviations.read_known(path)
    except (OSError, deviations.Invalid) as error:
        raise Stop(Exit.USAGE, f"--known: {error}; see conformance/deviations/README.md") from error


# --- what is shown


def remedy(why: str, name: str) -> str:
    """What to do about an adapter that could not be run."""
    if why.startswith(NOT_BUILT):
        return "see conformance/adapters/adapters.toml for what it needs"
    return f"try scripts/conformance smoke --adapter {shlex.quote(name)}"


def report(found: "Results", case: "Case") -> str:
    """A failure whole: the vector, each difference, and the command that repeats it."""
    lines = iut.report(case.outcome).splitlines()[:-1]
    if case.verdict == "error":
        lines[0] = lines[0].replace("error", ADAPTER_ERROR, 1)
    return "\n".join([*lines, f"Repeat: {found.repeat(case)}"])


def show(found: "Results", console: Console) -> Exit:
    """What fails, what else was seen in a line each, and what it comes to."""
    code = EXITS[found.verdict]
    if found.not_run:
        raise Stop(code, f"{found.adapter}: {found.not_run}; {remedy(found.not_run, found.adapter)}")
    for case in found.failing():
        console.print(report(found, case) + "\n")
    for case in found.cases:
        note = _note(case)
        if note and not case.fails(found.strict):
            console.print(f"{case.verdict:12}{case.id}  ({note})")
    for entry in found.stale:
        console.print(f"stale: {entry}", style="bold red")
    for count, reason in lacking(found):
        console.print(f"unsupported {count:>5}  {reason}")
    who = " ".join(part for part in (found.name, found.version) if part)
    console.print(f"{who}: {summary(found)}", style="green" if code is Exit.CLEAN else "bold red")
    return code


def lacking(found: "Results") -> list[tuple[int, str]]:
    """Why vectors are unsupported, and how many, the most first; rare reasons are one."""
    reasons = Counter(case.outcome.text for case in found.cases if case.verdict == "unsupported")
    told = [(count, reason) for reason, count in reasons.most_common(REASONS_TOLD)]
    rest = reasons.total() - sum(count for count, _ in told)
    return [*told, (rest, f"for {len(reasons) - len(told)} other reasons: --json")] if rest else told


def _note(case: "Case") -> str:
    if case.verdict in ("pass", "unsupported"):
        return ""
    if case.deviation:
        return f"deviation {case.deviation}"
    if case.known:
        return "known"
    return (
        "derived: not in the text, no violation" if case.outcome.derived else "harmless, but advised against"
    )


def summary(found: "Results") -> str:
    """`N passed, N failed`, then what else there was."""
    failing = found.failing()
    line = f"{found.counts['pass']} passed, {len(failing)} failed"
    parts = {name: sum(case.verdict == name for case in failing) for name in ("crash", "timeout")}
    parts[ADAPTER_ERROR] = sum(case.verdict == "error" for case in failing)
    parts["stale"] = len(found.stale)
    listed = [case for case in found.cases if case.verdict in deviations.DIFFERENT]
    parts["as listed"] = sum(bool(case.deviation or case.known) for case in listed)
    parts["non-strict"] = sum(
        case.verdict == "non-strict" and not case.deviation and not case.known for case in found.cases
    )
    parts["unsupported"] = found.counts["unsupported"]
    extra = ", ".join(f"{count} {name}" for name, count in parts.items() if count)
    return f"{line} ({extra})" if extra else line


def write_junit(path: Path, found: "Results") -> None:
    """A test for each vector: its verdict is a property, whatever JUnit has words for."""
    suite = ET.Element("testsuite", name=f"conformance {found.adapter}", tests=str(len(found.cases)))
    suite.set("failures", str(sum(case.verdict != "error" for case in found.failing())))
    suite.set("errors", str(sum(case.verdict == "error" for case in found.failing())))
    for case in found.cases:
        test = ET.SubElement(suite, "testcase", classname=found.adapter, name=case.id)
        told = {"verdict": case.verdict, "deviation": case.deviation, "known": "yes" if case.known else ""}
        properties = ET.SubElement(test, "properties")
        for name, value in told.items():
            if value:
                ET.SubElement(properties, "property", name=name, value=value)
        text = results.printable(report(found, case))
        if case.fails(found.strict):
            kind = "error" if case.verdict == "error" else "failure"
            ET.SubElement(test, kind, message=case.verdict).text = text
        elif case.verdict == "unsupported":
            ET.SubElement(test, "skipped", message=case.outcome.text)
        elif case.verdict != "pass":
            ET.SubElement(test, "system-out").text = text
    for entry in found.stale:
        test = ET.SubElement(suite, "testcase", classname=found.adapter, name=f"stale: {entry}")
        ET.SubElement(test, "failure", message="stale").text = entry
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


# --- the first steps


def run_smoke(adapter: "Adapter", console: Console) -> Exit:
    """One line a case: what is there, and what is missing."""
    with Progress(console, "smoke") as progress:
        why = prepare(adapter, progress) if adapter.listed else ""
    if why:
        raise Stop(Exit.SETUP, f"{adapter.name}: {why}; {remedy(why, adapter.name)}")
    with Client(session.argv(adapter), sanitizers.environment()) as client:
        try:
            hello = session.greet(client, adapter)
        except session.NoHello as error:
            console.print(
                f"missing    hello\n             wanted:   {smoke.HELLO}\n             answered: {error}"
            )
            return Exit.FINDINGS
        console.print(f"ok         hello: {hello.name} {hello.version}, {' '.join(sorted(hello.supports))}")
        reports = list(smoke.ask(client, hello))
    for each in reports:
        console.print(f"{each.state:11}{each.title}" + (f"  ({each.why})" if each.why else ""))
        if each.state == "missing":
            console.print(f"             wanted:   {each.wanted}\n             answered: {each.answered}")
    states = [each.state for each in reports]
    missing, untried = states.count("missing"), states.count("not tried")
    console.print(f"{states.count('ok') + 1} ok, {missing} missing, {untried} not tried")
    if not missing:
        console.print(f"Next: scripts/conformance --adapter {shlex.quote(adapter.name)}")
    return Exit.FINDINGS if missing else Exit.CLEAN
