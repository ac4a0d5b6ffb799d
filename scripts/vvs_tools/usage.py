# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What each --help ends with: examples, and the exit codes, whose words are these and no others."""

from vvs_tools.console import Exit

WORDS = {
    Exit.CLEAN: "clean",
    Exit.FINDINGS: "findings",
    Exit.USAGE: "usage",
    Exit.SETUP: "setup failed",
    Exit.INCONCLUSIVE: "inconclusive",
    Exit.NOTHING_RAN: "nothing ran",
    Exit.INTERRUPTED: "interrupted",
}
# Whatever a command does.
ALWAYS = {Exit.CLEAN, Exit.USAGE, Exit.SETUP, Exit.INTERRUPTED}


def exits(*codes: Exit) -> str:
    """The codes of a command, those that all have besides `codes`, in words."""
    return ", ".join(f"{code.value} {WORDS[code]}" for code in Exit if code in ALWAYS | set(codes))


def epilog(examples: str, *codes: Exit, notes: str = "") -> str:
    """For click. An example is a line, its remark two blanks behind it; `notes` say what else there is to
    know, and what a code means here."""
    text = "\n".join(line for part in (examples, notes) for line in part.strip("\n").splitlines())
    return f"\b\nExamples:\n{text}\nExit: {exits(*codes)}\n"
