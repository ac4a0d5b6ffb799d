# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Scenarios as `scn draw` draws them, taken apart so that a page can show boxes."""

import json
import os
import re
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from conformance.runner.vectors import JSON
from conformance.tools import seeds

TIMEOUT_S = 20
REGION = re.compile(r"^  \+-- region (.*)$")
MARK = re.compile(r"^  \| +(0x[0-9a-f]+|0) +(\d+) B  (.*)$")
STEP = re.compile(r"^ +(\d+)  (\w+)(.*)$")
CHAIN = re.compile(r"^ {7}((?:held, )?(?:head|slot) \d+)  (.*)$")
TABLE = re.compile(r"^ {9}table @(0x[0-9a-f]+|0)  (.*)$")
ELEMENT = re.compile(r"(\d+):\[(\d+) ([RW]) @(0x[0-9a-f]+|0)([^\]]*)\](->(?:(\d+)!)?)?")
MORE = re.compile(r"\.\.\. and (\d+) more$")
EDGE = "  +--"
DEVICE = (
    "serve", "pop", "publish", "flush", "undo", "arm", "disarm", "send", "send_event", "abort", "save",
    "restore", "notify",
)  # fmt: skip


class NotDrawn(Exception):
    """The scenario tool does not draw it."""


def draw(scenario: JSON) -> str:
    """The drawing as text."""
    text = json.dumps({"version": 1, **scenario})
    done = subprocess.run(
        [seeds.tool(), "draw", "-"],
        input=text,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        raise NotDrawn(done.stderr.strip() or f"exit code {done.returncode}")
    return done.stdout


def draw_all(scenarios: Iterable[JSON]) -> list[JSON]:
    """The drawings of scenarios, in their order, taken apart."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [take_apart(text) for text in pool.map(draw, scenarios)]


def elements(text: str) -> list[JSON]:
    """The boxes of one line of descriptors. `to`: where a `next` leads that does not lead to the next box."""
    found = []
    for slot, length, way, addr, odd, arrow, stray in ELEMENT.findall(text):
        box: JSON = {"slot": int(slot), "len": int(length), "way": way, "addr": addr}
        box |= {"odd": odd.strip()} if odd else {}
        box |= {"to": int(stray)} if stray else {"next": True} if arrow else {}
        found.append(box)
    if more := MORE.search(text):
        found.append({"more": int(more[1])})
    return found


def take_apart(text: str) -> JSON:
    """Regions with what lies in them, queues, steps with their chains, races."""
    drawn: JSON = {"image": "", "regions": [], "loose": [], "queues": [], "steps": [], "races": []}
    part = "image"
    for line in text.splitlines():
        if not line.startswith(" "):
            part = line.split()[0].rstrip(":")
            if part == "image":
                drawn["image"] = line.removeprefix("image").strip()
            elif line.startswith("memory:"):
                drawn["loose"].append(line)
        elif part == "memory":
            _memory(drawn, line)
        elif part == "steps":
            _step(drawn["steps"], line)
        else:
            drawn[part].append(line.strip())
    return {key: value for key, value in drawn.items() if value}


def _memory(drawn: JSON, line: str) -> None:
    if match := REGION.match(line):
        drawn["regions"].append({"title": match[1], "marks": [], "open": True})
    elif (match := MARK.match(line)) and drawn["regions"] and drawn["regions"][-1].get("open"):
        mark = {"addr": match[1], "len": int(match[2]), "what": match[3]}
        drawn["regions"][-1]["marks"].append(mark)
    elif line == EDGE:
        drawn["regions"][-1].pop("open")
    else:
        drawn["loose"].append(" ".join(line.split()).lstrip("| "))


def _step(steps: list[JSON], line: str) -> None:
    if match := CHAIN.match(line):
        steps[-1].setdefault("chains", []).append({"head": match[1], "boxes": elements(match[2])})
    elif match := TABLE.match(line):
        steps[-1]["chains"][-1]["table"] = {"addr": match[1], "boxes": elements(match[2])}
    elif line.startswith(" " * 7):
        steps[-1].setdefault("notes", []).append(line.strip())
    elif match := STEP.match(line):
        steps.append({"step": int(match[1]), "does": match[2], "said": match[3].strip()})
        if match[2] in DEVICE:
            steps[-1]["device"] = True
