# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Dictionaries of the engines (-dict of libFuzzer, -x of AFL++), made from lib/include/vvs/spec.h."""

import re
from pathlib import Path

import click

from vvs_tools import TOP, usage
from vvs_tools.console import Exit, Stop, main

LICENCE = "SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause"
SPEC = TOP / "lib" / "include" / "vvs" / "spec.h"
FOLDER = TOP / "fuzz" / "dict"
NUMBER = r"(?:UINT64_C\()?(0x[0-9a-f]+|\d+)u?\)?"
DEFINED = re.compile(rf"^#define (VVS_\w+) \(?{NUMBER}(?: << (\d+))?\)?$", re.MULTILINE)
ENUM = re.compile(r"^enum \w+ \{(.*?)\};", re.MULTILINE | re.DOTALL)
MEMBER = re.compile(rf"(VVS_\w+) = {NUMBER}")
STRUCT = re.compile(r"^struct (\w+) \{(.*?)^\};", re.MULTILINE | re.DOTALL)
FIELD = re.compile(r"uint8_t (\w+)\[(\d+)\]")
# A constant that begins so is a value of this field.
FIELD_OF = {
    "VVS_OP_": "vvs_hdr_wire.op",
    "VVS_TYPE_": "vvs_hdr_wire.type",
    "VVS_CID_": "vvs_hdr_wire.src_cid",
    "VVS_SHUTDOWN_F_": "vvs_hdr_wire.flags",
    "VVS_SEQ_": "vvs_hdr_wire.flags",
    "VVS_HDR_BYTES": "vvs_hdr_wire.len",
    "VVS_DESC_F_": "vvs_split_desc_wire.flags",
    "VVS_DESC_BYTES": "vvs_split_desc_wire.len",
    "VVS_PACKED_DESC_F_": "vvs_packed_desc_wire.flags",
}
# Of ring words there is no struct.
WORDS = re.compile(r"^VVS_(AVAIL_F|USED_F|PACKED_EVENT_(ENABLE|DISABLE|DESC|WRAP)$)")
WORD_BYTES = 2
FEATURE = re.compile(r"^VVS_F_[A-Z]")
FEATURE_BYTES = 8
# Those of a packet in the caller's memory: what concerns rings and features is noise there.
HEADER = "vvs_hdr_wire."


def constants(text: str) -> dict[str, int]:
    """Those with a plain number, by name."""
    found = {name: int(number, 0) << int(shift or 0) for name, number, shift in DEFINED.findall(text)}
    for body in ENUM.findall(text):
        found |= {name: int(number, 0) for name, number in MEMBER.findall(body)}
    return found


def widths(text: str) -> dict[str, int]:
    """Bytes of each field on the wire, by struct.field."""
    return {
        f"{struct}.{name}": int(size)
        for struct, body in STRUCT.findall(text)
        for name, size in FIELD.findall(body)
    }


def entry(name: str, value: int, size: int) -> str:
    told = "".join(f"\\x{byte:02x}" for byte in value.to_bytes(size, "little"))
    return f'{name.removeprefix("VVS_").lower()}="{told}"'


def entries(text: str, prefix: str = "") -> list[str]:
    """A token for each value of a field that begins with `prefix`, as wide as the field; without a prefix,
    of each ring word and feature bit too."""
    size_of = widths(text)
    made = []
    for name, value in constants(text).items():
        field = next((field for start, field in FIELD_OF.items() if name.startswith(start)), None)
        if field and field.startswith(prefix):
            made.append(entry(name, value, size_of[field]))
        elif WORDS.match(name) and not prefix:
            made.append(entry(name, value, WORD_BYTES))
        elif FEATURE.match(name) and not prefix:
            made.append(entry(name, 1 << value, FEATURE_BYTES))
    return made


def written(text: str) -> dict[Path, str]:
    """What each file is to hold. One serves both kinds of engine; a target has the one of its input."""
    head = f"# {LICENCE}\n# Made from lib/include/vvs/spec.h by scripts/launch.bash dictionary.\n"
    parts = {"scenario": entries(text), "bytes": entries(text, HEADER)}
    return {FOLDER / f"{kind}.dict": head + "\n".join(lines) + "\n" for kind, lines in parts.items()}


EPILOG = usage.epilog(
    """
  scripts/launch.bash dictionary
  scripts/launch.bash dictionary --check
""",
    Exit.FINDINGS,
)


@click.command(epilog=EPILOG)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where a file is not what it would be.")
def cli(check: bool) -> Exit:
    """Write fuzz/dict/*.dict from lib/include/vvs/spec.h."""
    files = written(SPEC.read_text())
    stale = [path for path, text in files.items() if not path.exists() or path.read_text() != text]
    if check and stale:
        names = ", ".join(str(path.relative_to(TOP)) for path in stale)
        raise Stop(Exit.FINDINGS, f"{names}: not as spec.h has it; mend with: scripts/launch.bash dictionary")
    for path in [] if check else stale:
        path.parent.mkdir(exist_ok=True)
        path.write_text(files[path])
    return Exit.CLEAN


if __name__ == "__main__":
    main(cli, "launch.bash dictionary")
