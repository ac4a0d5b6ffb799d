# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
from vvs_tools.results import Result, closing_line, count, read_ctest, read_pytest, write_junit


def ctest(status: str, output: str, name: str = "chain") -> str:
    return (
        f'<testsuite><testcase name="{name}" status="{status}" time="0.5">'
        f"<system-out>{output}</system-out></testcase></testsuite>"
    )


def test_closing_line_names_skipped_only_if_any():
    passed, failed, skipped = (Result("x", outcome) for outcome in ("passed", "failed", "skipped"))
    assert closing_line([passed, passed, failed]) == "2 passed, 1 failed"
    assert closing_line([skipped]) == "0 passed, 0 failed, 1 skipped"


def test_each_cmocka_test_counts(write):
    tap = "1..3\nok 1 - a\nnot ok 2 - b\n# why\nnot ok 3 # SKIP c\n"
    found = read_ctest(write("r.xml", ctest("fail", tap)))
    assert [(r.name, r.outcome) for r in found] == [
        ("chain.a", "passed"),
        ("chain.b", "failed"),
        ("chain.c", "skipped"),
    ]


def test_a_program_that_crashes_after_passing_tests_is_a_failure(write):
    found = read_ctest(write("r.xml", ctest("fail", "1..2\nok 1 - a\n==1==ERROR: AddressSanitizer")))
    assert count(found, "passed") == 1
    assert count(found, "failed") == 1
    assert "AddressSanitizer" in found[-1].text


def test_a_failing_test_fails_even_if_its_program_exits_0(write):
    assert count(read_ctest(write("r.xml", ctest("run", "not ok 1 - a\n"))), "failed") == 1


def test_a_program_without_tap_is_one_test(write):
    assert read_ctest(write("r.xml", ctest("run", "hello"))) == [Result("chain", "passed", 0.5)]
    assert count(read_ctest(write("r.xml", ctest("fail", "hello"))), "failed") == 1


def test_no_file_is_no_result(tmp_path):
    assert read_ctest(tmp_path / "none.xml") == []
    assert read_pytest(tmp_path / "none.xml") == []


def test_pytest_outcomes(write):
    path = write(
        "r.xml",
        '<testsuites><testsuite><testcase classname="m" name="a" time="1"/>'
        '<testcase classname="m" name="b"><failure>why</failure></testcase>'
        '<testcase classname="m" name="c"><error>where</error></testcase>'
        '<testcase classname="m" name="d"><skipped/></testcase></testsuite></testsuites>',
    )
    assert [(r.name, r.outcome, r.text) for r in read_pytest(path)] == [
        ("m.a", "passed", ""),
        ("m.b", "failed", "why"),
        ("m.c", "failed", "where"),
        ("m.d", "skipped", ""),
    ]


def test_written_junit_reads_back(tmp_path):
    every = [Result("a", "passed"), Result("b", "failed", 0.25, "bad \x00 byte <&>"), Result("c", "skipped")]
    path = tmp_path / "deep" / "junit.xml"
    write_junit(path, {"unit": every})
    assert [(r.name, r.outcome) for r in read_pytest(path)] == [(r.name, r.outcome) for r in every]
    assert "bad ? byte" in read_pytest(path)[1].text
