# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What pages that need nothing else are made with; a campaign's report is one too."""

import json
from pathlib import Path

import jinja2
from markupsafe import Markup

HERE = Path(__file__).parent
SHARED_STYLE, SHARED_SCRIPT = HERE / "shared.css", HERE / "shared.js"


def environment(*folders: Path, autoescape: bool = True) -> jinja2.Environment:
    """Templates in `folders`, then those here."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader([*folders, HERE]),
        autoescape=autoescape,  # noqa: S701
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )


def joined(*paths: Path) -> Markup:
    """Our own styles or scripts, as one."""
    return Markup("\n".join(path.read_text() for path in paths))  # noqa: S704


def script_json(value: object) -> Markup:
    """JSON that may stand in a script element: nothing in it can end the element or begin a comment."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704
