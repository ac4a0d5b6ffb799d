# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What two findings have in common that are one: the kind of verdict, and where or how it shows."""

import hashlib
import re
from dataclasses import dataclass

from vvs_tools import findings

# As a symbolizer writes a stack; of ours are the library, and behind it the harness.
PLACE = re.compile(r"^\s*#\d+ 0x[0-9a-f]+ in (\w+) \S*?/(lib/src|lib/include|fuzz)/", re.MULTILINE)
# An oracle's words; its further lines describe the input.
WHOSE = re.compile(r"^oracle ([\w-]+): (.+)$", re.MULTILINE)
SAID = re.compile(r"^oracle [\w-]+: (.+)$", re.MULTILINE)
# Which step that was, behind each.
STEP = re.compile(r"in step \d+")
# A word that begins with a digit, or of two that may be hexadecimal ones.
NUMBER = re.compile(r"-?\b(?:\d\w*|[0-9a-f]{2}\b)")
# An error status of the library, of which the last word counts: the same check gives ADDR for an element,
# TABLE_ADDR for a table and RING_ADDR for a ring, and several oracles see it, each in its words.
STATUS = re.compile(r"\bVVS_E_(?:[A-Z0-9]+_)*([A-Z0-9]+)")
STATUS_KIND = "status"  # stands for the oracle's name then
TOP_PLACES = 3
ENTRY = "LLVMFuzzerTestOneInput"
ID_DIGITS = 8


@dataclass(frozen=True)
class Token:
    """Of a report: equal for findings that are one."""

    kind: str
    detail: str  # what the oracle said is wrong, without numbers; else the functions at the top of the stack

    @property
    def id(self) -> str:
        """As a folder may be called."""
        both = f"{self.kind}\n{self.detail}".encode()
        return f"{self.kind}-{hashlib.sha256(both).hexdigest()[:ID_DIGITS]}"

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}" if self.detail else self.kind


def is_said(text: str) -> bool:
    """By an oracle, which is a call that can return; behind a sanitizer's report there is no going on."""
    return SAID.search(text) is not None


def all_of(text: str) -> list[str]:
    """The tokens of each report in what a replay printed that went on behind those of oracles."""
    found = [of_said(said[1], said[2]) for said in WHOSE.finditer(text) if not STEP.fullmatch(said[2])]
    rest = SAID.sub("", text)
    if findings.REPORT.search(rest):
        found.append(token_of(rest))
    return list(dict.fromkeys(map(str, found)))


def places(text: str) -> list[str]:
    """Our own functions of the first stack, the innermost first; those of the library where there are any."""
    stack = text[max(0, text.find("#0 0x")) :].partition("\n\n")[0]
    found = PLACE.findall(stack)
    library = [name for name, folder in found if folder != "fuzz"]
    harness = [name for name, _ in found]
    return library or harness[: harness.index(ENTRY) + 1 if ENTRY in harness else None]


def of_said(kind: str, said: str) -> Token:
    """As fuzz/driver/token.c has it."""
    status = STATUS.search(said)
    # Before a colon stands of what, behind it what is wrong with that.
    wrong = said.partition(": ")[2] or said
    return Token(STATUS_KIND, status[1]) if status else Token(kind, NUMBER.sub("#", wrong))


def token_of(text: str) -> Token:
    """From what a failing replay printed. The compiler's choice of what to inline changes a stack, so an
    oracle's words go before it."""
    kind = findings.kind_of(text)
    if said := SAID.search(text):
        return of_said(kind, said[1])
    # Wrong arithmetic is wrong where it stands, whoever calls it.
    top = 1 if " runtime error: " in text else TOP_PLACES
    return Token(kind, " < ".join(places(text)[:top]))
