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


@pytest.mark.slow
def test_what_a_campaign_instruments_keeps_the_sanitizer_s_memcpy():
    """fuzz/driver/plain_memory.c takes it from the rest of the harness alone."""
    build.build("fuzz", ["fuzz_tx_packet"])
    folder = build.directory("fuzz")
    objects = [
        *folder.glob("lib/CMakeFiles/vvs_static.dir/src/*.o"),
        *folder.rglob("run_step.c.o"),
        *folder.rglob("run_packet.c.o"),
    ]
    assert len(objects) > 10
    told = subprocess.run(
        [build.llvm_tool("llvm-nm"), "-u", *objects], capture_output=True, text=True, check=True
    )
    called = {line.split()[-1] for line in told.stdout.splitlines() if line.startswith(" ")}
    assert {"__asan_memcpy", "__asan_memset"} <= called
    assert not {"memcpy", "memmove", "memset"} & called
