# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What makes two findings one."""

import pytest
from vvs_tools import tokens

STACK = """==7==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x602000000010
READ of size 1 at 0x602000000010 thread T0
    #0 0x55d0 in __asan_memcpy (/x/build/unit/fuzz/replay+0x1)
    #1 0x55d1 in vvs_copy_in /x/lib/src/memory_access.h:12:5
    #2 0x55d2 in vvs_split_walk_on /x/lib/src/split.c:{line}:9
    #3 0x55d3 in vvs_queue_pop /x/lib/src/queue.c:44:9
    #4 0x55d4 in run_step /x/fuzz/scenario/run_step.c:9:1

0x602000000010 is located 0 bytes after 16-byte region
allocated by thread T0 here:
    #0 0x55d5 in other /x/lib/src/other.c:1:1

SUMMARY: AddressSanitizer: heap-buffer-overflow x.c:1 in f
"""
ORACLE = "\noracle used-len: used length {} for id {}, expected 0\noracle used-len: in step 4\n"


def test_an_oracle_s_words_without_numbers():
    token = tokens.token_of(ORACLE.format(44, 0) + STACK)
    assert str(token) == "used-len: used length # for id #, expected #"
    assert token == tokens.token_of(ORACLE.format(7, 65535))
    assert token.id == tokens.token_of(ORACLE.format(1, 2)).id
    assert token.id.startswith("used-len-")


def test_other_words_are_another_finding():
    other = tokens.token_of("\noracle used-len: used length 44 for id 0, but 3 bytes were written\n")
    assert other.id != tokens.token_of(ORACLE.format(44, 0)).id


def test_a_status_is_one_finding_whatever_oracle_sees_it_and_wherever_it_is_met():
    words = ("model: chain 3 is refused ({}), expected accepted", "device-model: a check of 2 bytes gives {}")
    met = {
        tokens.token_of(f"\noracle {each.format('VVS_E_' + where)}\n")
        for each in words
        for where in ("ADDR", "TABLE_ADDR", "RING_ADDR")
    }
    assert [str(token) for token in met] == ["status: ADDR"]
    other = tokens.token_of("\noracle model: the step gives VVS_E_HEADER_SHORT, expected VVS_OK\n")
    assert str(other) == "status: SHORT"


def test_all_reports_of_a_replay_that_went_on():
    text = ORACLE.format(44, 0) + "\noracle model: 3 chains\noracle model: in step 4\n" + ORACLE.format(1, 2)
    assert tokens.all_of(text) == ["used-len: used length # for id #, expected #", "model: # chains"]
    assert tokens.all_of(text + STACK)[-1].startswith("heap-buffer-overflow: vvs_copy_in < ")


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        ("byte 12 of 0x1f is ff, not 0a", "byte # of # is #, not #"),
        ("memory (region -1) at 7fff", "memory (region #) at #"),
        ("queue tx2 of vvs_queue_init", "queue tx2 of vvs_queue_init"),
    ],
)
def test_numbers(said, detail):
    assert tokens.token_of(f"\noracle x: {said}\n").detail == detail


def test_a_sanitizer_s_report_is_its_kind_and_the_library_s_functions_whatever_the_line():
    token = tokens.token_of(STACK.format(line=1))
    assert str(token) == "heap-buffer-overflow: vvs_copy_in < vvs_split_walk_on < vvs_queue_pop"
    assert token == tokens.token_of(STACK.format(line=99))


def test_without_the_library_it_is_the_harness():
    stack = "x: runtime error: y\n    #0 0x1 in f /x/fuzz/oracle/a.c:1\n"
    stack += (
        "    #1 0x2 in LLVMFuzzerTestOneInput /x/fuzz/t.c:1\n    #2 0x3 in main /x/fuzz/driver/replay.c:1\n"
    )
    assert (
        str(tokens.token_of(stack.replace("x: runtime", "==7==ERROR: a")))
        == "crash: f < LLVMFuzzerTestOneInput"
    )
    assert str(tokens.token_of(stack)) == "undefined-behavior: f"  # wrong where it stands


def test_without_a_word_it_is_a_crash():
    assert str(tokens.token_of("")) == "crash"
