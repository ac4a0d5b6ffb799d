# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
import subprocess

import pytest
from vvs_tools import build, sanitizers

FAULT = """
#include <stdio.h>
int main(int argc, char **argv)
{
    (void)argv;
    int value = 1 << (31 + argc);
    printf("went on with %d\\n", value);
    return 0;
}
"""


@pytest.mark.parametrize("own", ["", "halt_on_error=0", "print_stacktrace=0:halt_on_error=0"])
def test_undefined_behaviour_halts_whatever_the_caller_sets(write, monkeypatch, own):
    monkeypatch.setenv("UBSAN_OPTIONS", own)
    program = write("fault.c", FAULT).with_suffix("")
    # Without -fno-sanitize-recover, which our builds have: the options must do alone.
    clang = build.llvm_tool("clang")
    subprocess.run([clang, "-fsanitize=undefined", f"{program}.c", "-o", program], check=True)
    done = subprocess.run([program], capture_output=True, text=True, env=sanitizers.environment())
    assert done.returncode != 0
    assert "shift exponent 32" in done.stderr
    assert "went on" not in done.stdout


def test_the_caller_s_other_options_win(monkeypatch):
    monkeypatch.setenv("ASAN_OPTIONS", "detect_leaks=0")
    told = sanitizers.environment()["ASAN_OPTIONS"].split(":")
    assert told.index("detect_leaks=1") < told.index("detect_leaks=0")
    assert told[-1] == "halt_on_error=1"
