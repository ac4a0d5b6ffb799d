# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A campaign's folder as one leaves it, without the campaign."""

import json
import subprocess
from collections import Counter
from pathlib import Path

from vvs_tools import TOP, atomic, boxes, build
from vvs_tools.engine import Numbers
from vvs_tools.floors import TAGS, WAYS
from vvs_tools.status import SERIES, Options, Seen, Standing, Status

TARGETS = ["tx_packet", "rx_packet", "device"]
HOSTILE = "</script><b id=planted>bold</b> & more"
SCENARIO = {
    "version": 1,
    "image": {"features": ["INDIRECT_DESC", "VERSION_1"]},
    "steps": [
        {"add_chain": {"elements": [{"len": 20}, {"len": 88}]}},
        {"serve": {}},
        {"add_chain": {"indirect": 1, "elements": [{"len": 44}, {"len": 64}]}},
        {"serve": {}},
    ],
}
REPORT = "oracle used-len: used length 108 for id 0, expected 0"
STACK = f"""{REPORT}
oracle used-len: in step 1
    #0 0x1 in vvs_serve_one {TOP}/lib/src/serve.c:86:19
"""


def numbers(seconds: float, executions: int) -> Numbers:
    tags = Counter({f"{way}/{tag}": executions // 10 for way in WAYS for tag in TAGS})
    return Numbers(seconds, executions, 400, executions, executions * 7 // 10, tags)


def status(seconds: float, ended: str, targets: list[str] = TARGETS) -> Status:
    canary = {"found": ended != "inconclusive", "seconds": 0.2, "executions": 83}
    return Status(
        Options(targets, "address", "libfuzzer", 1, 5, 60.0, True),
        seconds,
        ended,
        [Standing(name, numbers(seconds, int(seconds * 9000)), 1, 0, int(seconds), 1.0) for name in targets],
        canary=canary,
        revision="1a2b3c4",
    )


def campaign(folder: Path, ended: str = "clean", targets: list[str] = TARGETS) -> Path:
    """Of a minute, without a finding."""
    folder.mkdir(parents=True, exist_ok=True)
    for seconds in range(5, 61, 5):
        atomic.append_line(folder / SERIES, status(seconds, "", targets).point())
    status(60, ended, targets).write(folder)
    return folder


def encoded(scenario: dict) -> bytes:
    """By the scenario tool, which has to be built."""
    program = build.directory("unit") / "fuzz" / "scn"
    argv = [program, "bytes", "-"]
    return subprocess.run(argv, input=json.dumps(scenario).encode(), capture_output=True, check=True).stdout


def finding(
    out: Path, content: bytes, target: str = "tx_packet", id_: str = "used-len-1", **more: object
) -> boxes.Box:
    """Laid down in a campaign's folder."""
    folder = boxes.folder_of(out) / id_
    folder.mkdir(parents=True)
    told = {
        "id": folder.name,
        "kind": "used-len",
        "token": "used-len: used length # for id #, expected #",
        "target": target,
        "preset": "unit",
        "report": REPORT,
        "places": ["vvs_serve_one", "vvs_serve"],
        "requirements": boxes.requirements_of("used-len"),
        "began_s": 3.0,
        "command": "scripts/repro",
        "targets": {target: 83},
        "bytes_found": 44,
        "bytes_small": len(content),
        "runs": 10,
        "failed": 9,
        "builds": {"unit-gcc": boxes.Build(False, HOSTILE)},
        "triaged": True,
    }
    box = boxes.Box(**told | more, folder=folder)
    box.input.write_bytes(content)
    box.original.write_bytes(content)
    (folder / "replay.txt").write_text(STACK)
    box.write()
    now = Status.read(out)
    now.ended, now.findings = "findings", [Seen.of(box)]
    now.targets[0].findings, now.targets[0].inputs = 1, 83
    now.write(out)
    return box
