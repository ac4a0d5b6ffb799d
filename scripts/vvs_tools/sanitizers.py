# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Run-time options of the sanitizers, for every program that we start."""

import os

OPTIONS = {
    "ASAN_OPTIONS": {
        "detect_leaks": 1,
        "detect_stack_use_after_return": 1,
        "strict_string_checks": 1,
        "allocator_may_return_null": 1,
        "handle_abort": 1,
    },
    "UBSAN_OPTIONS": {"halt_on_error": 1, "print_stacktrace": 1, "report_error_type": 1},
    "MSAN_OPTIONS": {"halt_on_error": 1, "handle_abort": 1},
    # The engine's handlers do in a signal what one should not; a report of that hangs the process.
    "TSAN_OPTIONS": {"halt_on_error": 1, "second_deadlock_stack": 1, "report_signal_unsafe": 0},
}
# A report that the program goes on from ends with exit code 0: no campaign and no test would see it.
ALWAYS = "halt_on_error=1"


def environment(extra: dict[str, str] | None = None) -> dict[str, str]:
    """The environment for a sanitized child. What the caller's own environment sets comes behind ours, and
    wins, but for ALWAYS."""
    env = dict(os.environ)
    for name, options in OPTIONS.items():
        ours = ":".join(f"{key}={value}" for key, value in options.items())
        env[name] = ":".join(part for part in (ours, env.get(name, ""), ALWAYS) if part)
    symbolizer = next((path for path in symbolizers() if os.access(path, os.X_OK)), None)
    if symbolizer:
        env.setdefault("ASAN_SYMBOLIZER_PATH", symbolizer)
        env.setdefault("MSAN_SYMBOLIZER_PATH", symbolizer)
        env.setdefault("TSAN_SYMBOLIZER_PATH", symbolizer)
    return env | (extra or {})


def symbolizers() -> list[str]:
    """Where the packaged LLVM of each version keeps its symbolizer, newest first."""
    return [f"/usr/bin/llvm-symbolizer-{version}" for version in range(19, 13, -1)]
