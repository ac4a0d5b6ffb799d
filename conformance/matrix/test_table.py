# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What results add up to, as rows and as Markdown; drawings taken apart."""

import re

import pytest

from conformance.matrix import drawing, page, sample, table
from conformance.runner.deviations import Deviation
from conformance.runner.iut import Outcome
from conformance.runner.results import Case, Results
from conformance.runner.vectors import catalogue, load, requirements

BY_ID = {vector.id: vector for vector in load()}


@pytest.mark.parametrize(
    ("verdicts", "cell"),
    [
        ([], table.Cell("not run")),
        (["pass"] * 3, table.Cell("pass", 3, 3)),
        (["pass", "fail", "pass"], table.Cell("fail", 1, 3)),
        (["fail", "crash", "timeout"], table.Cell("crash", 1, 3)),
        (["adapter error", "pass"], table.Cell("adapter error", 1, 2)),
        (["deviation", "non-strict"], table.Cell("deviation", 1, 2)),
        (["pass", "unsupported", "pass"], table.Cell("pass", 2, 2, 1)),
        (["unsupported"] * 2, table.Cell("unsupported", 2, 2)),
    ],
)
def test_the_worst_verdict_counts(verdicts, cell):
    assert table.cell(verdicts) == cell


def test_every_verdict_has_a_word_a_symbol_and_a_column():
    assert set(table.VERDICTS) == set(table.COLUMNS)
    assert len({table.SYMBOLS[name] for name in table.VERDICTS}) == len(table.VERDICTS)
    assert {*table.VERDICTS, table.NOT_TESTED, table.NOT_RUN} == table.SYMBOLS.keys()


def case(verdict, vector, deviation=""):
    return Case(Outcome(vector, verdict), deviation)


def vector_with(wanted):
    """The first vector whose requirements, each by whether it binds, are as wanted."""
    return next(
        vector
        for vector in load()
        if wanted({table.binds(requirements()[id_]) for id_ in vector.requirements})
    )


def test_an_adapter_s_error_and_a_deviation_are_words_of_their_own():
    vector = load()[0]
    assert table.verdict(case("error", vector)) == "adapter error"
    assert table.verdict(case("fail", vector, "SPLIT-FRM-001")) == "deviation"
    assert table.verdict(case("pass", vector, "SPLIT-FRM-001")) == "pass"  # stale, which fails the run
    assert table.verdict(case("error", vector, "SPLIT-FRM-001")) == "adapter error"


def test_what_does_not_bind_is_not_violated():
    both = vector_with(lambda binding: binding == {True, False})
    for id_ in both.requirements:
        said = requirements()[id_]
        assert table.in_row(said, case("fail", both)) == ("fail" if table.binds(said) else "non-strict")
    alone = vector_with(lambda binding: binding == {False})
    assert table.in_row(requirements()[alone.requirements[0]], case("fail", alone)) == "fail"
    assert not table.binds(requirements()["VSOCK-HDR-004"]), "derived"


def test_runs_have_names_of_their_own():
    found = [Results("vvs", name="vvs"), Results("./a.so", name="a"), Results("python3 x.py", name="a")]
    assert [run.name for run in table.runs(found)] == ["vvs", "a", "python3 x.py"]


@pytest.fixture(scope="module")
def parts():
    return sample.page_parts()


def test_each_requirement_has_a_row_and_each_of_its_vectors_counts(parts):
    picked, rows, runs = parts
    asked = {vector.id for vector in picked}
    assert [row.id for row in rows] == list(requirements())
    for row, entry in zip(rows, catalogue(), strict=True):
        assert set(row.vectors) == asked & set(entry["vectors"])
        assert bool(row.reason) == (not row.vectors)
        for run in runs:
            counted = row.cells[run.name]
            assert counted.total + counted.unsupported == (0 if run.results.not_run else len(row.vectors))
    assert {run.cases and table.verdict(run.cases[sample.FAILS]) for run in runs[:2]} == {"pass", "fail"}


def test_markdown_says_it_all(parts):
    _, rows, runs = parts
    text = page.markdown(rows, runs, {"version": "1.4"})
    lines = text.splitlines()
    tables = [line for line in lines if line.startswith("|")]
    assert len([line for line in tables if re.match(r"\| [A-Z]+-", line)]) == sum(
        bool(r.vectors) for r in rows
    )
    assert "| other&lt;1> 0.1 |" in text
    assert "absent was not run: not built: there is no cargo here." in lines
    failed = next(row for row in rows if row.cells[sample.OTHER].verdict == "fail")
    cell = failed.cells[sample.OTHER]
    line = next(line for line in lines if line.startswith(f"| {failed.id} |"))
    assert re.search(rf"pass \d+ \| . fail {cell.count} of {cell.total}[^|]* \| . not run \|$", line)
    widths = {line.count("|") - line.count("\\|") for line in tables}
    assert len(widths) == 2, "a cell has a bar that ends it"


def test_a_page_is_the_same_each_time(parts):
    spec = {"version": "1.4", "title": "t", "date": "d", "commit": "0" * 40}
    assert page.html(*parts, spec) == page.html(*parts, spec)


# --- drawings


def boxes(drawn):
    chains = [chain for step in drawn.get("steps", []) for chain in step.get("chains", [])]
    lists = [chain["boxes"] for chain in chains] + [
        chain["table"]["boxes"] for chain in chains if "table" in chain
    ]
    return [box for found in lists for box in found if "slot" in box]


# Here and there one, and what is odd: races, endless chains, repeated elements, memory in no region.
DRAWN = [
    vector for number, vector in enumerate(load()) if number % 50 == 0 or vector.id.startswith("split/desc/")
]


@pytest.mark.parametrize("each", DRAWN, ids=lambda each: each.id)
def test_nothing_of_a_drawing_is_lost(each):
    text = drawing.draw(each.scenario)
    drawn = drawing.take_apart(text)
    assert len(boxes(drawn)) == len(re.findall(r"\d+:\[", text))
    assert sum("to" in box for box in boxes(drawn)) == text.count("!")
    assert len(drawn["steps"]) == len(each.scenario["steps"])
    assert len(drawn.get("races", [])) == len(each.scenario.get("races", []))
    marks = sum(len(region["marks"]) for region in drawn["regions"])
    assert marks + len([line for line in drawn.get("loose", []) if " B " in line]) == len(
        re.findall(r"^  \| ", text, re.MULTILINE)
    )


def test_a_chain_is_boxes():
    (drawn,) = drawing.draw_all([BY_ID[sample.FAILS].scenario])
    first, second = boxes(drawn)[:2]
    assert (first["len"], first["way"], first["next"]) == (44, "R", True)
    assert second["slot"] == 1


def test_what_can_not_be_drawn_is_told():
    with pytest.raises(drawing.NotDrawn, match="steps"):
        drawing.draw({"steps": 1})


def test_deviations_show_why(parts):
    _, _, runs = parts
    entry = runs[1].deviation(runs[1].cases[sample.DEVIATES])
    assert isinstance(entry, Deviation)
    assert runs[1].deviation(runs[1].cases[sample.FAILS]) is None
