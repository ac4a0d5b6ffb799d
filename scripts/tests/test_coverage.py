# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
from pathlib import Path

import pytest
from vvs_tools import coverage

LCOV = "SF:/a/x.c\nDA:3,2\nDA:4,0\nLF:2\nend_of_record\nSF:/a/y.c\nDA:1,1\nend_of_record\n"


def branch(line: int, column: int, taken: int, not_taken: int) -> list[int]:
    return [line, column, line, column + 1, taken, not_taken, 0, 0, 4]


def test_lines_are_counted_by_file():
    files = coverage.read_lcov(LCOV)
    assert files[Path("/a/x.c")] == coverage.File(lines=2, lines_hit=1, missed_lines=[4])
    assert files[Path("/a/y.c")] == coverage.File(lines=1, lines_hit=1)


def test_an_outcome_counts_once_and_is_reached_by_any_instance():
    files = coverage.read_lcov(LCOV)
    branches = [branch(3, 5, 1, 0), branch(3, 5, 0, 1), branch(4, 9, 0, 6)]
    coverage.add_branches(files, {"data": [{"files": [{"filename": "/a/x.c", "branches": branches}]}]})
    assert (files[Path("/a/x.c")].branches_hit, files[Path("/a/x.c")].branches) == (3, 4)
    assert files[Path("/a/x.c")].missed_branches == [(4, 9, "true")]


def test_percent_of_nothing_is_no_number():
    assert coverage.percent(0, 0) == "-"
    assert coverage.percent(1, 3) == "1/3  33.3 %"


@pytest.mark.parametrize("place", ["/proc/nowhere", "file/below"])
def test_a_place_for_the_sources_that_can_not_be_made_is_told_at_once(script, write, place):
    folder = write("file", "").parent / place
    done = script("coverage", "--html", str(folder))
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert f"'--html': {folder} can't be made" in done.stderr
    assert "\x1b" not in done.stderr
