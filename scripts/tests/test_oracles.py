# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""fuzz/oracle/README.md names each oracle that can report, with its file."""

import re

from vvs_tools import TOP

FOLDER = TOP / "fuzz" / "oracle"
ROWS = re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \|", (FOLDER / "README.md").read_text(), re.MULTILINE)
FOLDERS = ("oracle", "targets", "threads", "differential")
SOURCES = [path for folder in FOLDERS for path in (TOP / "fuzz" / folder).glob("*.c")]
OUR_OWN = {"shadow"}  # a bound of the harness, no oracle


def reporting():
    for path in SOURCES:
        text = path.read_text()
        yield from re.findall(r'#define NAME "([a-z-]+)"', text)
        yield from re.findall(r'(?:oracle_fail\(|plan_fail\([^,]+, )"([a-z-]+)"', text)


def test_each_oracle_is_listed_and_each_listed_one_reports():
    assert {name for name, _ in ROWS} == set(reporting()) - OUR_OWN


def test_each_file_is_there():
    for _, files in ROWS:
        for name in files.split(", "):
            assert list(FOLDER.glob(name)), name
