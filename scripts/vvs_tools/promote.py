# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A finding made a regression, which the tests run from then on: an entry of its target's corpus, and where
one can say it a vector."""

import json
import re
from pathlib import Path
from typing import Any

from vvs_tools import TOP, atomic, findings
from vvs_tools.boxes import SCENARIO, Box
from vvs_tools.conformance import vectors
from vvs_tools.console import Exit, Stop

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST = 60
AREA = "regression"


def vector_of(box: Box, slug: str, scenario: dict[str, Any]) -> dict[str, Any]:
    """What holds for every vector is all that it demands: a broken library can't tell the right answer."""
    requirements = vectors().requirements()
    return {
        "id": f"{AREA}/{slug}",
        "title": f"What was found as {box.kind} and is called {slug} fails no more",
        "requirements": [name for name in box.requirements if name in requirements],
        "note": f"Found by target {box.target}: {box.token}",
        "scenario": {key: value for key, value in scenario.items() if key != "version"},
        "expect": {"spec": {"verdict": "safe"}, "vvs": {"verdict": "safe"}},
    }


def can_say(box: Box) -> bool:
    """Whether the vector of a finding fails as long as the finding does."""
    suite = vectors()
    from conformance.runner import iut

    scenario = json.loads((box.folder / SCENARIO).read_text())
    data = vector_of(box, "x", scenario)
    if not suite.validator().is_valid(data):
        return False
    (outcome,) = iut.run([suite.Vector(box.folder, data)])
    return outcome.verdict in ("fail", "crash", "timeout")


def put(path: Path, content: bytes, scratch: Path) -> None:
    """A name that is taken by something else is a usage error; the same again is not."""
    if path.exists() and path.read_bytes() != content:
        raise Stop(
            Exit.USAGE, f"{findings.shown(path)} is there already, with other content: choose another SLUG"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic.write(path, content, scratch)


def promote(box: Box, slug: str) -> list[Path]:
    """What was written. Cut off in the middle, it may be done again."""
    if not SLUG.fullmatch(slug) or len(slug) > LONGEST:
        why = f"at most {LONGEST} small letters and digits, in words joined by -"
        raise Stop(Exit.USAGE, f"{slug!r} is no slug: {why}")
    corpus = TOP / "corpus" / box.target
    atomic.sweep(corpus)
    entry = corpus / AREA / slug
    put(entry, box.input.read_bytes(), corpus)
    if not box.vector:
        return [entry]
    suite = vectors()
    from conformance.tools import files

    scenario = json.loads((box.folder / SCENARIO).read_text())
    path = suite.VECTORS / AREA / f"{slug}.json"
    atomic.sweep(suite.VECTORS)
    put(path, files.render(vector_of(box, slug, scenario)).encode(), suite.VECTORS)
    return [entry, path]
