# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Writes conformance/schema/scenario.schema.json from the table of scenario fields in C.

Repeat with: .venv/bin/python -m conformance.tools.schema
"""

import json
import re
from typing import Any

import click

from conformance.runner.vectors import TOP
from conformance.tools import files

FIELDS = TOP / "fuzz/scenario/fields.h"
SCENARIO = TOP / "fuzz/scenario/scenario.h"
OBSERVE = TOP / "lib/include/vvs/observe.h"
SPEC = TOP / "lib/include/vvs/spec.h"
OUT = TOP / "conformance/schema/scenario.schema.json"

RECORD = re.compile(r'X\((\w+), 0x[0-9a-f]{2}, "(\w+)"\)')
TABLE = re.compile(r"#define SCN_(\w+)\(X\)((?:.*\\\n)*.*)")
FIELD = re.compile(r'X\(\w+, "(\w+)", (\w+), ([^()]+)\)|SCN_(HEADER)\(X\)')
LISTS = {"region": "regions", "queue": "queues", "span": "spans", "race": "races"}
BITS = {"U8": 8, "U16": 16, "U32": 32, "UINT8_MAX": 8, "UINT16_MAX": 16, "UINT32_MAX": 32}
JSON = dict[str, Any]


def number(text: str) -> int:
    """A maximum as fields.h spells it: a constant, a literal, or 1 << n."""
    if match := re.fullmatch(r"UINT(\d+)_MAX", text):
        return 2 ** int(match[1]) - 1
    if match := re.fullmatch(r"1 << (\d+)", text):
        return 1 << int(match[1])
    return int(text, 0)


def enumerators(path: str, prefix: str) -> list[str]:
    """The names of an enumeration in C, without prefix, in lower case."""
    names = re.findall(rf"^\s+{prefix}_([A-Z0-9_]+)\b[^\n]*?,?", path, re.MULTILINE)
    return [name.lower() for name in names if name != "COUNT"]


def feature_names() -> list[str]:
    return re.findall(r"^#define VVS_F_(\w+) \d+$", SPEC.read_text(), re.MULTILINE)


def field_schema(kind: str, maximum: int) -> JSON:
    if kind in ("U8", "U16", "U32"):
        return {"type": "integer", "minimum": 0, "maximum": maximum}
    simple = {
        "U64": {"type": "string", "pattern": "^0x[0-9a-f]{1,16}$"},
        "BYTES": {"type": "string", "pattern": "^([0-9a-f]{2})*$", "maxLength": 2 * maximum},
        "ROLE": {"enum": ["rx", "tx", "event"]},
        "WORD": {"enum": enumerators(SCENARIO.read_text(), "SCN_WORD")},
        "ITEM": {"enum": enumerators(OBSERVE.read_text(), "VVS_ITEM")},
        "FEATURES": {
            "type": "array",
            "items": {
                "anyOf": [{"enum": feature_names()}, {"type": "string", "pattern": "^bit-[0-9]{1,2}$"}]
            },
            "uniqueItems": True,
        },
    }
    return simple[kind]


def tables() -> dict[str, JSON]:
    """The properties of each record, by its JSON name, in the order of the table."""
    text = FIELDS.read_text()
    names = dict(RECORD.findall(text))
    bodies = dict(TABLE.findall(text))

    def properties(body: str) -> JSON:
        found: JSON = {}
        for name, kind, maximum, nested in FIELD.findall(body):
            found |= properties(bodies["HEADER"]) if nested else {name: field_schema(kind, number(maximum))}
        return found

    return {json_name: properties(bodies[tag]) for tag, json_name in names.items()}


def closed(properties: JSON) -> JSON:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def generate() -> str:
    records = tables()
    records["add_chain"]["elements"] = {"type": "array", "items": {"$ref": "#/$defs/element"}}
    parts = ["image", "region", "queue", "span", "race", "element"]
    steps = [name for name in records if name not in parts]
    top: JSON = {"version": {"const": 1}, "image": {"$ref": "#/$defs/image"}}
    top |= {plural: {"type": "array", "items": {"$ref": f"#/$defs/{name}"}} for name, plural in LISTS.items()}
    top["steps"] = {
        "type": "array",
        "items": closed({name: {"$ref": f"#/$defs/{name}"} for name in steps})
        | {"minProperties": 1, "maxProperties": 1},
    }
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "scenario.schema.json",
        "description": "A scenario; generated from fuzz/scenario/fields.h by conformance/tools/schema.py",
        **closed(top),
        "$defs": {name: closed(properties) for name, properties in records.items()},
    }
    return json.dumps(schema, indent=2) + "\n"


@click.command(epilog="Repeat with: .venv/bin/python -m conformance.tools.schema")
def cli() -> None:
    """Write the schema of scenarios from the table of their fields in C."""
    click.echo(files.summary(files.put({OUT: generate().encode()}), 1, "schemas"))


if __name__ == "__main__":
    cli()
