# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The matrix as one page that needs nothing else, and as Markdown."""

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from conformance.matrix import drawing, markup, table
from conformance.runner.vectors import JSON, Vector

HERE = Path(__file__).parent
LONGEST_TEXT = 64  # bytes of a payload or of memory that the page shows, in hex
LEVELS = ("MUST", "SHOULD", "MAY", "FACT")


def html(vectors: Sequence[Vector], rows: Sequence[table.Row], runs: Sequence[table.Run], spec: JSON) -> str:
    """The page."""
    return (
        markup.environment()
        .get_template("page.html")
        .render(
            **_common(rows, runs, spec),
            levels=LEVELS,
            meanings=table.MEANINGS,
            verdicts=[*table.COLUMNS, table.NOT_RUN, table.NOT_TESTED],
            css=markup.joined(markup.SHARED_STYLE, HERE / "page.css"),
            script=markup.joined(markup.SHARED_SCRIPT, HERE / "page.js"),
            data=markup.script_json(_index(vectors, rows, runs)),
            vectors=vectors,
        )
    )


def markdown(rows: Sequence[table.Row], runs: Sequence[table.Run], spec: JSON) -> str:
    """The same without vectors."""
    template = markup.environment(autoescape=False).get_template("matrix.md")
    return template.render(**_common(rows, runs, spec), table_text=_table_text)


def _common(rows: Sequence[table.Row], runs: Sequence[table.Run], spec: JSON) -> dict[str, object]:
    return {
        "rows": rows,
        "runs": runs,
        "spec": spec,
        "tested": sum(bool(row.vectors) for row in rows),
        "columns": table.COLUMNS,
        "not_tested": table.NOT_TESTED,
        "symbols": table.SYMBOLS,
    }


def _table_text(text: str) -> str:
    """Text that keeps a Markdown table whole."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _index(vectors: Sequence[Vector], rows: Sequence[table.Row], runs: Sequence[table.Run]) -> JSON:
    """What filters and lists need; the rest of each vector is packed, and looked at when one is opened."""
    return {
        "symbols": table.SYMBOLS,
        "runs": [run.name for run in runs],
        "rows": {
            row.id: {
                "level": row.level,
                "section": row.section,
                "summary": row.summary,
                "vectors": list(row.vectors),
            }
            for row in rows
        },
        "vectors": {
            vector.id: {
                "title": vector.title,
                "verdicts": {
                    run.name: table.verdict(run.cases[vector.id]) for run in runs if vector.id in run.cases
                },
            }
            for vector in vectors
        },
        "packed": _packed(_details(vectors, runs)),
    }


def _packed(details: Mapping[str, JSON]) -> str:
    text = json.dumps(details, separators=(",", ":"), ensure_ascii=False)
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def _details(vectors: Sequence[Vector], runs: Sequence[table.Run]) -> dict[str, JSON]:
    drawn = drawing.draw_all(vector.scenario for vector in vectors)
    return {
        vector.id: _short(
            {
                key: vector.data[key]
                for key in ("requirements", "twin", "note", "scenario", "expect")
                if key in vector.data
            }
            | {
                "drawing": picture,
                "given": {run.name: _given(run, vector.id) for run in runs if vector.id in run.cases},
            }
        )
        for vector, picture in zip(vectors, drawn, strict=True)
    }


def _given(run: table.Run, vector_id: str) -> JSON:
    case = run.cases[vector_id]
    entry, outcome = run.deviation(case), case.outcome
    why = {
        "Known deviation": f"{entry.requirement}: {entry.reason}" if entry else "",
        "Triggered by a Linux guest": entry.linux_guest if entry else "",
        "Evidence": entry.evidence if entry else "",
        "Expected to fail": "by the list of known failures" if case.known else "",
        "No violation": "what it differs from is not in the text" if outcome.derived else "",
    }
    found = {
        "why": {key: text for key, text in why.items() if text},
        "faults": [vars(fault) for fault in outcome.faults],
        "text": outcome.text,
        "answer": outcome.answer,
    }
    found = {key: value for key, value in found.items() if value}
    return found | {"verdict": table.verdict(case), "repeat": run.results.repeat(case)}


def _short(value: object) -> object:
    """Long runs of hex digits cut, their length said: a page is not where one compares them."""
    if isinstance(value, dict):
        return {key: _short(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_short(item) for item in value]
    if isinstance(value, str) and len(value) > 2 * LONGEST_TEXT and not value.strip("0123456789abcdef"):
        return f"{value[: 2 * LONGEST_TEXT]}... ({len(value) // 2} bytes)"
    return value
