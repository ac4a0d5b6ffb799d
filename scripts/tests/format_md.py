# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A second decoder of scenario bytes, with nothing but FORMAT.md to go by: it reads the tables there."""

import re
from typing import Any, NamedTuple

from vvs_tools import TOP

FORMAT = (TOP / "fuzz/scenario/FORMAT.md").read_text()
WIDTHS = {"U8": 1, "U16": 2, "U32": 4, "U64": 8, "FEATURES": 8, "ROLE": 1, "WORD": 1, "ITEM": 1}
LISTS = {"region": "regions", "queue": "queues", "span": "spans", "race": "races"}
FIRST_STEP_TAG = 0x10
JSON = dict[str, Any]


class Field(NamedTuple):
    name: str
    type: str
    maximum: int


def table(section: str) -> list[Field]:
    """The fields of the section's table; a row of several numbers stands for the packet fields."""
    found: list[Field] = []
    for row in re.findall(r"^\| ([\d-]+) \| ([\w ]+) \| ?(\w*) ?\| ?([\w-]*) ?\|", section, re.MULTILINE):
        if "-" in row[0]:
            found += PACKET_FIELDS
            continue
        assert int(row[0]) == len(found), row
        largest = 2 ** (8 * WIDTHS.get(row[2], 0)) - 1
        found.append(Field(row[1], row[2], largest if row[3] == "-" else int(row[3])))
    return found


def sections() -> dict[str, str]:
    """The text below each heading, up to the next."""
    parts = re.split(r"^#+ (.+)$", FORMAT, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def named(kind: str) -> dict[int, str]:
    row = next(line for line in FORMAT.splitlines() if line.startswith(f"| {kind} |"))
    return {int(value): name for value, name in re.findall(r"(\d+) `(\w+)`", row)}


SECTIONS = sections()
PACKET_FIELDS = table(SECTIONS["Packet fields"])
RECORDS = {
    int(match[2], 16): (match[1], table(text))
    for title, text in SECTIONS.items()
    if (match := re.fullmatch(r"(\w+) 0x([0-9a-f]{2})", title))
}
TAGS = {name: tag for tag, (name, _) in RECORDS.items()}
BOUNDS = {name: int(bound) for name, bound in re.findall(r"^\| (.+) \| (\d+) \|$", SECTIONS["Bounds"], re.M)}
NAMES = {"ROLE": named("roles"), "WORD": named("words"), "ITEM": named("items")}
FEATURES = named("features")


class Decoder:
    def __init__(self, data: bytes) -> None:
        self.data = data if data[:1] == b"\x01" else b""
        self.at = 1
        self.literal_left = BOUNDS["literal bytes"]
        self.elements_left = BOUNDS["elements"]

    def uleb(self) -> int:
        value = 0
        for shift in range(0, 35, 7):
            if self.at >= len(self.data):
                break
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
        return value & 0xFFFFFFFF

    def take(self, count: int) -> bytes:
        """Raises EOFError, with the input used up, where less is left."""
        self.at += count
        if self.at > len(self.data):
            self.at = len(self.data)
            raise EOFError
        return self.data[self.at - count : self.at]

    def value(self, field: Field) -> int | str | list[str]:
        if field.type == "BYTES":
            return self.take(int.from_bytes(self.take(2), "little"))[: field.maximum].hex()
        value = int.from_bytes(self.take(WIDTHS[field.type]), "little") % (field.maximum + 1)
        if field.type == "U64":
            return f"{value:#x}"
        if field.type == "FEATURES":
            return [FEATURES.get(bit, f"bit-{bit}") for bit in range(64) if value >> bit & 1]
        return NAMES[field.type][value] if field.type in NAMES else value

    def fields(self, tag: int) -> JSON:
        mask = self.uleb()
        said: JSON = {}
        for number, field in enumerate(RECORDS[tag][1]):
            if mask >> number & 1:
                try:
                    said[field.name] = self.value(field)
                except EOFError:
                    break
        return said

    def elements(self, kept: bool) -> list[JSON]:
        found: list[JSON] = []
        for _ in range(self.uleb()):
            if self.at >= len(self.data):
                break
            element = self.fields(TAGS["element"])
            if kept and self.elements_left:
                self.elements_left -= 1
                found.append(element)
        return found

    def cut_literal(self, said: JSON) -> None:
        for name in ("bytes", "payload"):
            if name in said:
                said[name] = said[name][: 2 * self.literal_left]
                self.literal_left -= len(said[name]) // 2

    def record(self, tag: int, into: JSON) -> None:
        name = RECORDS[tag][0]
        records = into.setdefault("steps" if tag >= FIRST_STEP_TAG else LISTS.get(name, name), [])
        said = self.fields(tag)
        if name == "image":
            into[name] = [said]
        elif name == "queue":
            roles = [queue.get("role", "tx") for queue in records]
            place = roles.index(role) if (role := said.get("role", "tx")) in roles else len(records)
            records[place:] = [said, *records[place + 1 :]]
        else:
            kept = len(records) < BOUNDS.get("steps" if tag >= FIRST_STEP_TAG else LISTS.get(name, ""), 0)
            if kept:
                self.cut_literal(said)
            if name == "add_chain" and (elements := self.elements(kept)):
                said["elements"] = elements
            if kept:
                records.append({name: said} if tag >= FIRST_STEP_TAG else said)

    def scenario(self) -> JSON:
        found: JSON = {}
        while self.at < len(self.data):
            tag = self.data[self.at]
            self.at += 1
            if tag in RECORDS:
                self.record(tag, found)
        image = found.pop("image", [{}])[0]
        said = {"image": image} if image else {}
        return {"version": 1} | said | {name: records for name, records in found.items() if records}
